//! People. Their sessions are in [`crate::sessions`].
//!
//! A password's hash stands beside the person, never in their `body`, so that it does not leave by accident.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use souk_app::ports::EngineError;
use souk_app::ports::store::{AccountStore, Credentials, NewAccount, NewUser, SessionState};
use souk_domain::user::{Email, Role, Rotation, Session, User};
use souk_domain::{EventRecord, Locale, SessionId, Timestamp, UserId};

use crate::failure::Failure;
use crate::{SqliteStore, outbox, records, sessions};

#[async_trait]
impl AccountStore for SqliteStore {
    async fn create_user(&self, new: NewUser) -> Result<NewAccount, EngineError> {
        self.inner
            .write(move |connection| create(connection, &new))
            .await
    }

    async fn promote_guest(&self, new: NewUser) -> Result<NewAccount, EngineError> {
        self.inner
            .write(move |connection| promote(connection, &new))
            .await
    }

    async fn set_up(&self, code_hash: [u8; 32], new: NewUser) -> Result<NewAccount, EngineError> {
        self.inner
            .write(move |connection| set_up(connection, code_hash, &new))
            .await
    }

    async fn offer_setup_code(&self, code_hash: [u8; 32]) -> Result<bool, EngineError> {
        self.inner
            .write(move |connection| {
                if has_admin(connection)? {
                    return Ok(false);
                }
                let sql = "INSERT INTO setup_code (id, hash) VALUES (1, ?1) ON CONFLICT DO UPDATE SET hash = excluded.hash";
                connection.prepare_cached(sql)?.execute([code_hash])?;
                Ok(true)
            })
            .await
    }

    async fn has_admin(&self) -> Result<bool, EngineError> {
        self.inner.read(has_admin).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, EngineError> {
        self.inner
            .read(move |connection| load(connection, id))
            .await
    }

    async fn credentials(&self, email: &Email) -> Result<Option<Credentials>, EngineError> {
        let key = email.key();
        self.inner
            .read(move |connection| {
                credentials(
                    connection,
                    "SELECT body, password_hash FROM users WHERE email_key = ?1",
                    key,
                )
            })
            .await
    }

    async fn credentials_of(&self, id: UserId) -> Result<Option<Credentials>, EngineError> {
        let id = id.0.into_bytes();
        self.inner
            .read(move |connection| {
                credentials(
                    connection,
                    "SELECT body, password_hash FROM users WHERE id = ?1",
                    id,
                )
            })
            .await
    }

    async fn staff(&self) -> Result<Vec<User>, EngineError> {
        self.inner
            .read(|connection| {
                let mut statement = connection
                    .prepare_cached("SELECT body FROM users WHERE role >= 2 ORDER BY id")?;
                let bodies = statement.query_map([], |row| row.get::<_, String>(0))?;
                bodies
                    .map(|body| Ok(serde_json::from_str(&body?)?))
                    .collect()
            })
            .await
    }

    async fn change_profile(
        &self,
        id: UserId,
        name: Option<String>,
        locale: Option<Locale>,
    ) -> Result<Option<User>, EngineError> {
        self.inner
            .write(move |connection| {
                let Some(mut user) = load(connection, id)? else {
                    return Ok(None);
                };
                if let Some(name) = name {
                    user.name = name;
                }
                user.locale = locale.unwrap_or(user.locale);
                save(connection, &user)?;
                Ok(Some(user))
            })
            .await
    }

    async fn change_role(&self, id: UserId, role: Role) -> Result<bool, EngineError> {
        self.inner
            .write(move |connection| {
                let Some(mut user) = load(connection, id)? else {
                    return Ok(false);
                };
                user.role = role;
                save(connection, &user)?;
                Ok(true)
            })
            .await
    }

    async fn change_password(
        &self,
        id: UserId,
        before: Option<&str>,
        after: &str,
        keep: Option<SessionId>,
    ) -> Result<bool, EngineError> {
        let (before, after) = (before.map(str::to_owned), after.to_owned());
        self.inner
            .write(move |connection| {
                let sql =
                    "UPDATE users SET password_hash = ?2 WHERE id = ?1 AND password_hash IS ?3";
                let changed = connection.prepare_cached(sql)?.execute(params![
                    id.0.as_bytes(),
                    after,
                    before
                ])?;
                if changed == 1 {
                    sessions::end_all(connection, id, keep)?;
                }
                Ok(changed == 1)
            })
            .await
    }

    async fn verify_email(&self, id: UserId, email: &Email) -> Result<bool, EngineError> {
        let email = email.clone();
        self.inner
            .write(move |connection| {
                let Some(mut user) = load(connection, id)? else {
                    return Ok(false);
                };
                if user.email.as_ref().map(Email::key) != Some(email.key()) {
                    return Ok(false);
                }
                if !user.email_verified {
                    user.email_verified = true;
                    save(connection, &user)?;
                }
                Ok(true)
            })
            .await
    }

    async fn state(&self, events: Vec<EventRecord>) -> Result<(), EngineError> {
        self.inner
            .write(move |connection| outbox::state(connection, &events))
            .await
    }

    async fn open_session(&self, session: &Session) -> Result<(), EngineError> {
        let session = session.clone();
        self.inner
            .write(move |connection| sessions::open(connection, &session))
            .await
    }

    async fn rotate_session(
        &self,
        id: SessionId,
        generation: u32,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<(Rotation, User)>, EngineError> {
        let address = address.to_owned();
        self.inner
            .write(move |connection| sessions::rotate(connection, id, generation, &address, now))
            .await
    }

    async fn session_state(&self, id: SessionId) -> Result<Option<SessionState>, EngineError> {
        self.inner
            .read(move |connection| sessions::state(connection, id))
            .await
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, EngineError> {
        self.inner
            .read(move |connection| sessions::of_user(connection, user))
            .await
    }

    async fn end_session(&self, user: UserId, session: SessionId) -> Result<bool, EngineError> {
        self.inner
            .write(move |connection| sessions::end(connection, user, session))
            .await
    }

    async fn end_sessions(
        &self,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, EngineError> {
        self.inner
            .write(move |connection| sessions::end_all(connection, user, keep))
            .await
    }
}

/// Reads one person.
pub(crate) fn load(connection: &Connection, id: UserId) -> Result<Option<User>, Failure> {
    let mut statement = connection.prepare_cached("SELECT body FROM users WHERE id = ?1")?;
    let body: Option<String> = statement
        .query_row([id.0.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

fn credentials(
    connection: &Connection,
    sql: &str,
    key: impl rusqlite::ToSql,
) -> Result<Option<Credentials>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let row: Option<(String, Option<String>)> = statement
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((body, password_hash)) = row else {
        return Ok(None);
    };
    Ok(Some(Credentials {
        user: serde_json::from_str(&body)?,
        password_hash,
    }))
}

/// The form under which the person's address is unique; none for guests.
fn email_key(user: &User) -> Option<String> {
    user.email
        .as_ref()
        .filter(|_| user.role != Role::Guest)
        .map(Email::key)
}

/// The form under which a guest is looked for by their address; none for accounts.
fn guest_key(user: &User) -> Option<String> {
    user.email
        .as_ref()
        .filter(|_| user.role == Role::Guest)
        .map(Email::key)
}

/// Whether another account than this person's has their address.
fn is_taken(connection: &Connection, user: &User) -> Result<bool, Failure> {
    let Some(key) = email_key(user) else {
        return Ok(false);
    };
    let sql = "SELECT 1 FROM users WHERE email_key = ?1 AND id != ?2";
    Ok(connection
        .prepare_cached(sql)?
        .exists(params![key, user.id.0.as_bytes()])?)
}

/// Writes what may have changed of a person who is there; the password stays.
fn save(connection: &Connection, user: &User) -> Result<(), Failure> {
    let sql = "UPDATE users SET email_key = ?2, guest_key = ?3, role = ?4, body = ?5 WHERE id = ?1";
    let role = records::role(user.role);
    let values = params![
        user.id.0.as_bytes(),
        email_key(user),
        guest_key(user),
        role,
        serde_json::to_string(user)?
    ];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn create(connection: &Connection, new: &NewUser) -> Result<NewAccount, Failure> {
    if is_taken(connection, &new.user)? {
        return Ok(NewAccount::EmailTaken);
    }
    insert(connection, &new.user, new.password_hash.as_deref())?;
    follow(connection, new)
}

/// Keeps a person who is new.
pub(crate) fn insert(
    connection: &Connection,
    user: &User,
    password_hash: Option<&str>,
) -> Result<(), Failure> {
    let sql = "INSERT INTO users (id, email_key, guest_key, role, password_hash, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    connection.prepare_cached(sql)?.execute(params![
        user.id.0.as_bytes(),
        email_key(user),
        guest_key(user),
        records::role(user.role),
        password_hash,
        serde_json::to_string(user)?,
    ])?;
    Ok(())
}

fn promote(connection: &Connection, new: &NewUser) -> Result<NewAccount, Failure> {
    let guest = load(connection, new.user.id)?.filter(|known| known.role == Role::Guest);
    if guest.is_none() {
        return Ok(NewAccount::NotAGuest);
    }
    if is_taken(connection, &new.user)? {
        return Ok(NewAccount::EmailTaken);
    }
    save(connection, &new.user)?;
    let sql = "UPDATE users SET password_hash = ?2 WHERE id = ?1";
    connection
        .prepare_cached(sql)?
        .execute(params![new.user.id.0.as_bytes(), new.password_hash])?;
    // Whoever had the guest's tokens has not the account's.
    connection
        .prepare_cached("DELETE FROM sessions WHERE user_id = ?1")?
        .execute([new.user.id.0.as_bytes()])?;
    follow(connection, new)
}

fn set_up(
    connection: &Connection,
    code_hash: [u8; 32],
    new: &NewUser,
) -> Result<NewAccount, Failure> {
    let code = connection
        .prepare_cached("SELECT 1 FROM setup_code WHERE hash = ?1")?
        .exists([code_hash])?;
    if !code || has_admin(connection)? {
        return Ok(NewAccount::SetupCodeWrong);
    }
    let account = create(connection, new)?;
    if account == NewAccount::Done {
        connection
            .prepare_cached("DELETE FROM setup_code")?
            .execute([])?;
    }
    Ok(account)
}

/// What follows from a new account: its session, its events.
fn follow(connection: &Connection, new: &NewUser) -> Result<NewAccount, Failure> {
    if let Some(session) = &new.session {
        sessions::open(connection, session)?;
    }
    outbox::state(connection, &new.events)?;
    Ok(NewAccount::Done)
}

fn has_admin(connection: &Connection) -> Result<bool, Failure> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM users WHERE role >= 2 AND role = 3")?
        .exists([])?)
}
