//! Streams: who may see which, reading them, and what people say in them.

mod post;
mod read;

pub use post::{PostFailure, PostRequest, post};
pub use read::{mark_read, read, unread};

use souk_domain::UserId;
use souk_domain::stream::StreamKey;

use crate::ports::EngineError;
use crate::ports::store::{AuditRecord, ReadMark};
use crate::{Actor, App};

/// Why a stream is not shown.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// No such stream, or its order is not theirs.
    #[error("no such stream")]
    NotFound,
    /// Not for them.
    #[error("not theirs to read")]
    Forbidden,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Whose order a stream is about, where it is about one.
async fn buyer(app: &App, key: StreamKey) -> Result<Option<UserId>, StreamError> {
    let StreamKey::Order(order) = key else {
        return Ok(None);
    };
    let order = app.store.order(order).await?.ok_or(StreamError::NotFound)?;
    Ok(Some(order.user_id))
}

/// Refuses a reader who may not read a stream.
pub async fn authorise(app: &App, reader: &Actor, key: StreamKey) -> Result<(), StreamError> {
    let buyer = buyer(app, key).await?;
    if key.may_read(reader.reader(), buyer) {
        Ok(())
    } else {
        Err(refused(buyer))
    }
}

/// Whether somebody else's order exists is nobody's business.
fn refused(buyer: Option<UserId>) -> StreamError {
    if buyer.is_some() {
        StreamError::NotFound
    } else {
        StreamError::Forbidden
    }
}

/// How far everybody has read a stream, if the reader may read it.
pub async fn marks(
    app: &App,
    reader: &Actor,
    key: StreamKey,
) -> Result<Vec<ReadMark>, StreamError> {
    authorise(app, reader, key).await?;
    Ok(app.store.marks(key).await?)
}

/// What was done to the messages of a stream, for staff.
pub async fn audit(
    app: &App,
    reader: &Actor,
    key: StreamKey,
) -> Result<Vec<AuditRecord>, StreamError> {
    if !reader.role().is_staff() {
        return Err(StreamError::Forbidden);
    }
    authorise(app, reader, key).await?;
    Ok(app.store.audit(key).await?)
}
