//! Answers kept for keys, so that a repeated mutation is answered and not done again.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_app::ports::EngineError;
use souk_app::ports::store::{IdempotencyStore, KeptAnswer, KeptKey, KeyState};
use souk_domain::{Timestamp, UserId};

use crate::SqliteStore;
use crate::failure::Failure;
use crate::records::{nanos, time_at};

#[async_trait]
impl IdempotencyStore for SqliteStore {
    async fn take_key(
        &self,
        user: UserId,
        key: &str,
        request_hash: [u8; 32],
        now: Timestamp,
        abandoned_before: Timestamp,
    ) -> Result<KeyState, EngineError> {
        let key = key.to_owned();
        self.inner
            .write(move |connection| {
                take(connection, user, &key, request_hash, now, abandoned_before)
            })
            .await
    }

    async fn keep_answer(
        &self,
        user: UserId,
        key: &str,
        answer: KeptAnswer,
    ) -> Result<(), EngineError> {
        let key = key.to_owned();
        self.inner
            .write(move |connection| {
                let sql = "UPDATE kept_answers SET status = ?3, content_type = ?4, body = ?5, etag = ?6 WHERE user_id = ?1 AND key = ?2 AND status IS NULL";
                let values = params![user.0.as_bytes(), key, answer.status, answer.content_type, answer.body, answer.etag];
                connection.prepare_cached(sql)?.execute(values)?;
                Ok(())
            })
            .await
    }

    async fn release_key(&self, user: UserId, key: &str) -> Result<(), EngineError> {
        let key = key.to_owned();
        self.inner
            .write(move |connection| {
                let sql =
                    "DELETE FROM kept_answers WHERE user_id = ?1 AND key = ?2 AND status IS NULL";
                connection
                    .prepare_cached(sql)?
                    .execute(params![user.0.as_bytes(), key])?;
                Ok(())
            })
            .await
    }
}

fn take(
    connection: &Connection,
    user: UserId,
    key: &str,
    request_hash: [u8; 32],
    now: Timestamp,
    abandoned_before: Timestamp,
) -> Result<KeyState, Failure> {
    let sql = "SELECT seq, request_hash, taken_at, status, content_type, body, etag FROM kept_answers WHERE user_id = ?1 AND key = ?2";
    if let Some((seq, kept)) = connection
        .prepare_cached(sql)?
        .query_row(params![user.0.as_bytes(), key], kept)
        .optional()?
    {
        if let Some(state) = kept.judge(&request_hash, now, abandoned_before) {
            return Ok(state);
        }
        connection
            .prepare_cached("DELETE FROM kept_answers WHERE seq = ?1")?
            .execute([seq])?;
    }
    let sql =
        "INSERT INTO kept_answers (user_id, key, request_hash, taken_at) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![
        user.0.as_bytes(),
        key,
        request_hash,
        nanos(now)
    ])?;
    Ok(KeyState::Taken)
}

/// A key, and where it stands.
fn kept(row: &Row<'_>) -> rusqlite::Result<(i64, KeptKey)> {
    let status: Option<u16> = row.get(3)?;
    let answer = status
        .map(|status| {
            Ok::<_, rusqlite::Error>(KeptAnswer {
                status,
                content_type: row.get(4)?,
                body: row.get(5)?,
                etag: row.get(6)?,
            })
        })
        .transpose()?;
    let kept = KeptKey {
        request_hash: row.get(1)?,
        taken_at: time_at(row, 2)?,
        answer,
    };
    Ok((row.get(0)?, kept))
}
