//! Answers kept for keys, so that a repeated mutation is answered and not done again.
//!
//! A key is one document, written by one statement: whoever inserts it, or puts theirs in its place as it was read, has
//! it.

use async_trait::async_trait;
use mongodb::bson::{Binary, Document, doc};
use serde::{Deserialize, Serialize};
use souk_app::ports::EngineError;
use souk_app::ports::store::{IdempotencyStore, KeptAnswer, KeptKey, KeyState};
use souk_domain::{Timestamp, UserId};

use crate::MongoStore;
use crate::failure::Failure;
use crate::records::{binary, hash, nanos, time};
use crate::single::document;

/// Keys, by whose they are and what they are called.
pub(crate) const KEPT: &str = "kept_answers";

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(rename = "_id")]
    name: String,
    request_hash: Binary,
    taken_at: i64,
    /// None while the request is worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Binary>,
}

#[async_trait]
impl IdempotencyStore for MongoStore {
    async fn take_key(
        &self,
        user: UserId,
        key: &str,
        request_hash: [u8; 32],
        now: Timestamp,
        abandoned_before: Timestamp,
    ) -> Result<KeyState, EngineError> {
        let mine = Kept {
            name: name(user, key),
            request_hash: binary(request_hash),
            taken_at: nanos(now),
            status: None,
            content_type: None,
            etag: None,
            body: None,
        };
        // Whoever loses sees what the winner wrote.
        loop {
            match self.inner.insert_one(KEPT, &mine).await {
                Ok(()) => return Ok(KeyState::Taken),
                Err(failure) if failure.duplicate().is_some() => {}
                Err(failure) => return Err(failure.into()),
            }
            let named = doc! { "_id": &mine.name };
            let Some(kept) = self.inner.find_one::<Kept>(KEPT, named).await? else {
                continue;
            };
            let seen = as_seen(&kept);
            if let Some(state) = kept.key()?.judge(&request_hash, now, abandoned_before) {
                return Ok(state);
            }
            let mine = document(&mine)?;
            if self.inner.replace_one(KEPT, seen, mine).await? {
                return Ok(KeyState::Taken);
            }
        }
    }

    async fn keep_answer(
        &self,
        user: UserId,
        key: &str,
        answer: KeptAnswer,
    ) -> Result<(), EngineError> {
        let mut set = doc! { "status": i64::from(answer.status), "body": binary(answer.body) };
        if let Some(content_type) = answer.content_type {
            set.insert("content_type", content_type);
        }
        if let Some(etag) = answer.etag {
            set.insert("etag", etag);
        }
        let kept = self.inner.collection::<Document>(KEPT);
        let keep = kept.update_one(running(user, key), doc! { "$set": set });
        self.inner.within(keep.into_future()).await?;
        Ok(())
    }

    async fn release_key(&self, user: UserId, key: &str) -> Result<(), EngineError> {
        self.inner.delete_one(KEPT, running(user, key)).await?;
        Ok(())
    }
}

impl Kept {
    /// The key that it keeps.
    fn key(self) -> Result<KeptKey, Failure> {
        let status = self.status.map(u16::try_from).transpose();
        let status = status.map_err(|_| Failure::Refused("a stored status is none of HTTP"))?;
        Ok(KeptKey {
            request_hash: hash(&self.request_hash)?,
            taken_at: time(self.taken_at),
            answer: status.map(|status| KeptAnswer {
                status,
                content_type: self.content_type,
                etag: self.etag,
                body: self.body.map(|body| body.bytes).unwrap_or_default(),
            }),
        })
    }
}

/// A key's id: an id of a person is as long as any other, so that no two keys are called the same.
fn name(user: UserId, key: &str) -> String {
    format!("{user}:{key}")
}

/// The key while its request is worked on.
fn running(user: UserId, key: &str) -> Document {
    doc! { "_id": name(user, key), "status": { "$exists": false } }
}

/// The key as it was read. Whoever takes it writes another time or another request; an answer is written once.
fn as_seen(kept: &Kept) -> Document {
    doc! {
        "_id": &kept.name,
        "request_hash": kept.request_hash.clone(),
        "taken_at": kept.taken_at,
        "status": { "$exists": kept.status.is_some() },
    }
}
