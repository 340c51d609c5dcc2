//! Sessions. What a refresh token leads to is decided by `souk_domain::user::rotate`; here it is written.

use rusqlite::{Connection, OptionalExtension, params};
use souk_app::ports::store::{MOST_SESSIONS, SessionState};
use souk_domain::user::{Rotation, Session, User, rotate as judge};
use souk_domain::{SessionId, Timestamp, UserId};

use crate::accounts;
use crate::failure::Failure;
use crate::records::{nanos, time_at, uuid};

pub(crate) fn open(connection: &Connection, session: &Session) -> Result<(), Failure> {
    let sql = "INSERT INTO sessions (id, user_id, rotated_at, expires_at, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute(params![
        session.id.0.as_bytes(),
        session.user_id.0.as_bytes(),
        nanos(session.rotated_at),
        nanos(session.expires_at),
        serde_json::to_string(session)?,
    ])?;
    Ok(())
}

pub(crate) fn rotate(
    connection: &Connection,
    id: SessionId,
    generation: u32,
    address: &str,
    now: Timestamp,
) -> Result<Option<(Rotation, User)>, Failure> {
    let mut statement = connection.prepare_cached("SELECT body FROM sessions WHERE id = ?1")?;
    let body: Option<String> = statement
        .query_row([id.0.as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(body) = body else { return Ok(None) };
    let session: Session = serde_json::from_str(&body)?;
    let Some(user) = accounts::load(connection, session.user_id)? else {
        return Ok(None);
    };
    let rotation = judge(&session, generation, address, now);
    match &rotation {
        Rotation::Rotated(next) => {
            let sql =
                "UPDATE sessions SET rotated_at = ?2, expires_at = ?3, body = ?4 WHERE id = ?1";
            let values = params![
                id.0.as_bytes(),
                nanos(next.rotated_at),
                nanos(next.expires_at),
                serde_json::to_string(next)?
            ];
            connection.prepare_cached(sql)?.execute(values)?;
        }
        Rotation::Reused => {
            connection
                .prepare_cached("DELETE FROM sessions WHERE id = ?1")?
                .execute([id.0.as_bytes()])?;
        }
        Rotation::Repeated(_) | Rotation::Expired => {}
    }
    Ok(Some((rotation, user)))
}

pub(crate) fn state(
    connection: &Connection,
    id: SessionId,
) -> Result<Option<SessionState>, Failure> {
    let sql = "SELECT u.body, s.expires_at FROM sessions AS s JOIN users AS u ON u.id = s.user_id WHERE s.id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let row: Option<(String, Timestamp)> = statement
        .query_row([id.0.as_bytes()], |row| Ok((row.get(0)?, time_at(row, 1)?)))
        .optional()?;
    let Some((body, expires_at)) = row else {
        return Ok(None);
    };
    Ok(Some(SessionState {
        user: serde_json::from_str(&body)?,
        expires_at,
    }))
}

pub(crate) fn of_user(connection: &Connection, user: UserId) -> Result<Vec<Session>, Failure> {
    let sql = "SELECT body FROM sessions WHERE user_id = ?1 ORDER BY rotated_at DESC LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let bodies = statement.query_map(params![user.0.as_bytes(), MOST_SESSIONS], |row| {
        row.get::<_, String>(0)
    })?;
    bodies
        .map(|body| Ok(serde_json::from_str(&body?)?))
        .collect()
}

pub(crate) fn end(
    connection: &Connection,
    user: UserId,
    session: SessionId,
) -> Result<bool, Failure> {
    let sql = "DELETE FROM sessions WHERE id = ?1 AND user_id = ?2";
    Ok(connection
        .prepare_cached(sql)?
        .execute(params![session.0.as_bytes(), user.0.as_bytes()])?
        == 1)
}

/// Ends all sessions of a person but `keep`; those that ended.
pub(crate) fn end_all(
    connection: &Connection,
    user: UserId,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, Failure> {
    let sql = "DELETE FROM sessions WHERE user_id = ?1 AND id IS NOT ?2 RETURNING id";
    let mut statement = connection.prepare_cached(sql)?;
    let keep = keep.map(|session| session.0.into_bytes());
    let ended = statement.query_map(params![user.0.as_bytes(), keep], |row| {
        uuid(row, 0).map(SessionId)
    })?;
    Ok(ended.collect::<rusqlite::Result<_>>()?)
}
