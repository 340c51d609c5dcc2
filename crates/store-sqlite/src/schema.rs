//! The schema's versions. A migration is applied once, whole, and never edited after it was released: the next change
//! is the next file.

use rusqlite::{Connection, TransactionBehavior};

use crate::open::OpenError;

/// All migrations, in order, each with the version that it leads to.
const MIGRATIONS: &[(i64, &str)] = &[(1, include_str!("migrations/0001_start.sql"))];

/// `application_id` of a file of ours ("SOUK").
const APPLICATION: i64 = 0x534f_554b;

/// The version that this program writes.
pub(crate) const VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// The version of a file; an error when it is not ours, or newer than we are.
pub(crate) fn version(connection: &Connection) -> Result<i64, OpenError> {
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION && (application != 0 || tables != 0) {
        return Err(OpenError::NotOurs);
    }
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > VERSION {
        return Err(OpenError::Newer {
            found: version,
            known: VERSION,
        });
    }
    Ok(version)
}

/// Brings a file to [`VERSION`], each step in a transaction of its own.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let at = version(&transaction)?;
        let Some((version, step)) = MIGRATIONS.iter().find(|(version, _)| *version > at) else {
            return Ok(());
        };
        transaction.execute_batch(step)?;
        transaction.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {version}"
        ))?;
        transaction.commit()?;
        tracing::info!(version, "the database's schema was brought forward");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_brought_forward_once() {
        let mut connection = Connection::open_in_memory().expect("memory");
        migrate(&mut connection).expect("migrated");
        assert_eq!(version(&connection).expect("ours"), VERSION);
        migrate(&mut connection).expect("a second time changes nothing");
    }

    #[test]
    fn a_file_of_the_first_version_keeps_what_is_in_it() {
        let mut connection = Connection::open_in_memory().expect("memory");
        connection.execute_batch(MIGRATIONS[0].1).expect("made");
        let first = format!(
            "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = 1;
            INSERT INTO kept_answers (user_id, key, request_hash, taken_at, status, body)
                VALUES (x'00', 'k', x'00', 0, 204, x'')"
        );
        connection.execute_batch(&first).expect("filled");
        migrate(&mut connection).expect("migrated");
        assert_eq!(version(&connection).expect("ours"), VERSION);
        let kept: (u16, Option<String>) = connection
            .query_row(
                "SELECT status, etag FROM kept_answers WHERE key = 'k'",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .expect("kept");
        assert_eq!(kept, (204, None));
    }

    #[test]
    fn what_is_newer_or_foreign_is_refused() {
        let mut connection = Connection::open_in_memory().expect("memory");
        migrate(&mut connection).expect("migrated");
        connection
            .execute_batch("PRAGMA user_version = 99")
            .expect("set");
        let error = migrate(&mut connection).expect_err("newer");
        assert!(error.to_string().contains("99"), "{error}");
        let mut foreign = Connection::open_in_memory().expect("memory");
        foreign
            .execute_batch("CREATE TABLE notes (body TEXT)")
            .expect("made");
        assert!(matches!(migrate(&mut foreign), Err(OpenError::NotOurs)));
    }
}
