//! Reading streams.

use souk_domain::stream::{Page, Span, StreamKey};

use crate::ports::EngineError;
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

/// A part of a stream, if the reader may read it.
pub async fn read(
    app: &App,
    reader: &Actor,
    key: StreamKey,
    span: Span,
) -> Result<Page, StreamError> {
    let buyer = match key {
        StreamKey::Order(order) => Some(
            app.store
                .order(order)
                .await?
                .ok_or(StreamError::NotFound)?
                .user_id,
        ),
        _ => None,
    };
    if !key.may_read(reader.reader(), buyer) {
        // Whether somebody else's order exists is nobody's business.
        return Err(if buyer.is_some() {
            StreamError::NotFound
        } else {
            StreamError::Forbidden
        });
    }
    Ok(app.store.entries(key, span).await?)
}
