//! The tier of the newest orders: what they are found by until it is merged (see [`crate::merge`]).
//!
//! A row of `fresh_orders` is written with its order, at the end of the table. The connection that writes also has the
//! rows in temporary tables, in memory, by key and by number: a savepoint or a transaction that is rolled back takes
//! them back too. Nobody else reads those tables. Never insert here what was not looked for in both tiers: no
//! constraint spans them.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};
use souk_domain::order::commit::{Action, Command, OrderKey, PlacedOrder};
use souk_domain::{OrderNumber, UserId, ids};

use crate::failure::Failure;
use crate::records::{natural, number};

/// What an order's key is found by: the buyer in the high half, the key in the low one. It stands in files: never change
/// it.
pub(crate) fn key_hash(user: UserId, key: &str) -> i64 {
    let key = ids::derive(user.0, &[key]).as_u128();
    let low = i64::try_from(key & 0xffff_ffff).unwrap_or_default();
    (high(user) << 32) | low
}

/// The high half of what a buyer's keys are found by. Others may have the same.
pub(crate) fn high(user: UserId) -> i64 {
    // The last bytes of an id are random.
    let id = user.0.as_bytes();
    i64::from(i32::from_be_bytes([id[12], id[13], id[14], id[15]]))
}

/// Makes the temporary tables of a connection that writes; they are filled by [`catch_up`].
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TEMP TABLE fresh_by_key (
            key_hash INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            PRIMARY KEY (key_hash, seq)
        ) STRICT, WITHOUT ROWID;
        CREATE TEMP TABLE fresh_by_number (number INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
        -- The newest order that the two tables know.
        CREATE TEMP TABLE fresh_known (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL) STRICT;
        INSERT INTO fresh_known (id, seq) VALUES (1, 0);",
    )
}

/// Takes in the orders that this connection did not write: all of them after it was opened, and those of another
/// process. Call it inside the transaction that goes on to look for keys or numbers.
pub(crate) fn catch_up(connection: &Connection) -> Result<(), Failure> {
    let known = known(connection)?;
    let newest: Option<i64> = connection
        .prepare_cached("SELECT max(seq) FROM main.fresh_orders")?
        .query_row([], |row| row.get(0))?;
    let Some(newest) = newest.filter(|newest| *newest > known) else {
        return Ok(());
    };
    for sql in [
        "INSERT INTO temp.fresh_by_key (key_hash, seq) SELECT key_hash, seq FROM main.fresh_orders WHERE seq > ?1",
        "INSERT INTO temp.fresh_by_number (number, seq) SELECT number, seq FROM main.fresh_orders WHERE seq > ?1",
    ] {
        connection.prepare_cached(sql)?.execute([known])?;
    }
    know(connection, newest)
}

/// The newest order that the temporary tables know; 0 when there is none.
pub(crate) fn known(connection: &Connection) -> Result<i64, Failure> {
    let mut statement = connection.prepare_cached("SELECT seq FROM temp.fresh_known")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Notes that the temporary tables know all orders up to this one.
pub(crate) fn know(connection: &Connection, seq: i64) -> Result<(), Failure> {
    connection
        .prepare_cached("UPDATE temp.fresh_known SET seq = ?1")?
        .execute([seq])?;
    Ok(())
}

/// The orders that wait to be merged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fresh {
    /// How many they are.
    pub(crate) count: u64,
    /// The newest of them; 0 when there is none.
    pub(crate) newest: i64,
}

/// Counts the orders that wait to be merged.
pub(crate) fn count(connection: &Connection) -> Result<Fresh, Failure> {
    // They are numbered without holes, and leave from the first on: the ends say how many they are.
    let sql =
        "SELECT (SELECT min(seq) FROM main.fresh_orders), (SELECT max(seq) FROM main.fresh_orders)";
    let ends: (Option<i64>, Option<i64>) = connection
        .prepare_cached(sql)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match ends {
        (Some(first), Some(newest)) => Fresh {
            count: natural(newest - first + 1),
            newest,
        },
        _ => Fresh::default(),
    })
}

/// The order that was placed under a key: the hash of its request, and its body.
pub(crate) fn under_key(
    connection: &Connection,
    (user, key): &OrderKey,
) -> Result<Option<([u8; 32], String)>, Failure> {
    let hash = key_hash(*user, key);
    for sql in [
        "SELECT o.request_hash, o.body FROM temp.fresh_by_key AS k CROSS JOIN main.orders AS o USING (seq)
            WHERE k.key_hash = ?1 AND o.user_id = ?2 AND o.key = ?3",
        "SELECT o.request_hash, o.body FROM main.order_keys AS k CROSS JOIN main.orders AS o USING (seq)
            WHERE k.key_hash = ?1 AND o.user_id = ?2 AND o.key = ?3",
    ] {
        let found = connection
            .prepare_cached(sql)?
            .query_row(params![hash, user.0.as_bytes(), key], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn is_taken(connection: &Connection, number: i64) -> Result<bool, Failure> {
    for sql in [
        "SELECT 1 FROM temp.fresh_by_number WHERE number = ?1",
        "SELECT 1 FROM main.order_numbers WHERE number = ?1",
    ] {
        if connection.prepare_cached(sql)?.exists([number])? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Gives other numbers to those of the commands whose number another order has; nothing, when there are none. The new
/// one follows from the order's id, so that a batch that is tried again asks for the same.
pub(crate) fn with_free_numbers(
    connection: &Connection,
    commands: &[Command],
) -> Result<Option<Vec<Command>>, Failure> {
    let mut given = HashSet::new();
    let mut changed = Vec::new();
    for (place, command) in commands.iter().enumerate() {
        let Action::Place(order) = &command.action else {
            continue;
        };
        let mut free = order.number;
        let mut attempt = 0;
        while given.contains(&free) || is_taken(connection, number(free))? {
            attempt += 1;
            free = another(order.id.0.as_u128(), attempt);
        }
        given.insert(free);
        if attempt > 0 {
            changed.push((place, free));
        }
    }
    if changed.is_empty() {
        return Ok(None);
    }
    let mut commands = commands.to_vec();
    for (place, free) in changed {
        if let Action::Place(order) = &mut commands[place].action {
            order.number = free;
        }
    }
    Ok(Some(commands))
}

/// The number of an order's next attempt: the random bits of its id, spread anew each time.
fn another(id: u128, attempt: u64) -> OrderNumber {
    let low = u64::try_from(id & u128::from(u64::MAX)).unwrap_or_default();
    OrderNumber::from_random(
        low.wrapping_add(attempt)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            >> 13,
    )
}

/// Keeps what an order that was just written is found by. It was looked for in both tiers before; [`know`] follows.
pub(crate) fn add(connection: &Connection, seq: i64, placed: &PlacedOrder) -> Result<(), Failure> {
    let hash = key_hash(placed.order.user_id, &placed.key);
    let number = number(placed.order.number);
    connection
        .prepare_cached(
            "INSERT INTO main.fresh_orders (seq, key_hash, number) VALUES (?1, ?2, ?3)",
        )?
        .execute([seq, hash, number])?;
    connection
        .prepare_cached("INSERT INTO temp.fresh_by_key (key_hash, seq) VALUES (?1, ?2)")?
        .execute([hash, seq])?;
    connection
        .prepare_cached("INSERT INTO temp.fresh_by_number (number, seq) VALUES (?1, ?2)")?
        .execute([number, seq])?;
    Ok(())
}
