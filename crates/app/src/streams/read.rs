//! Reading streams, and noting how far somebody has read.

use souk_domain::stream::{Page, Span, StreamKey};

use super::{StreamError, authorise};
use crate::ports::News;
use crate::ports::store::Unread;
use crate::{Actor, App};

/// A part of a stream, if the reader may read it.
pub async fn read(
    app: &App,
    reader: &Actor,
    key: StreamKey,
    span: Span,
) -> Result<Page, StreamError> {
    authorise(app, reader, key).await?;
    Ok(app.store.entries(key, span).await?)
}

/// Moves the reader's mark forward; where it stands then. Their other devices hear of it, and so do those they talk to.
pub async fn mark_read(
    app: &App,
    reader: &Actor,
    key: StreamKey,
    seq: u64,
) -> Result<u64, StreamError> {
    authorise(app, reader, key).await?;
    let (mark, moved) = app.store.mark_read(key, reader.id(), seq).await?;
    if moved {
        app.bus.publish(News::Read {
            stream: key,
            user_id: reader.id(),
            seq: mark,
        });
    }
    Ok(mark)
}

/// What the reader has not read: of the streams asked for, or of their own ones.
pub async fn unread(
    app: &App,
    reader: &Actor,
    streams: Option<Vec<StreamKey>>,
) -> Result<Vec<Unread>, StreamError> {
    let streams = match streams {
        Some(asked) => {
            for key in &asked {
                authorise(app, reader, *key).await?;
            }
            asked
        }
        None if reader.role().is_staff() => {
            vec![StreamKey::User(reader.id()), StreamKey::Store]
        }
        None => vec![
            StreamKey::Support(reader.id()),
            StreamKey::User(reader.id()),
        ],
    };
    Ok(app.store.unread(reader.id(), &streams).await?)
}
