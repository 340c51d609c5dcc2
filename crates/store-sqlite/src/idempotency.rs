//! Answers kept for keys, so that a repeated mutation is answered and not done again.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_app::ports::EngineError;
use souk_app::ports::store::{IdempotencyStore, KeptAnswer, KeyState};
use souk_domain::{Timestamp, UserId};

use crate::SqliteStore;
use crate::failure::Failure;
use crate::records::{nanos, time_at};
use crate::trim::ANSWERS;

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

struct Kept {
    seq: i64,
    request_hash: [u8; 32],
    taken_at: Timestamp,
    answer: Option<KeptAnswer>,
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
    if let Some(kept) = connection
        .prepare_cached(sql)?
        .query_row(params![user.0.as_bytes(), key], kept)
        .optional()?
    {
        let outlived = kept.taken_at < now.saturating_sub(ANSWERS).unwrap_or(Timestamp::MIN);
        let same = kept.request_hash == request_hash;
        let abandoned = kept.answer.is_none() && kept.taken_at < abandoned_before && same;
        if !outlived && !abandoned {
            return Ok(match kept.answer {
                _ if !same => KeyState::OtherRequest,
                Some(answer) => KeyState::Answered(answer),
                None => KeyState::Running,
            });
        }
        connection
            .prepare_cached("DELETE FROM kept_answers WHERE seq = ?1")?
            .execute([kept.seq])?;
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

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
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
    Ok(Kept {
        seq: row.get(0)?,
        request_hash: row.get(1)?,
        taken_at: time_at(row, 2)?,
        answer,
    })
}
