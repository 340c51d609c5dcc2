//! Posting: what people say where they talk.

use std::time::Duration;

use serde_json::Value;
use souk_domain::stream::{Post, PostError, PostFault, Said, StreamKey};
use souk_domain::{EntryId, UserId};

use super::{StreamError, buyer, refused};
use crate::ports::store::Posted;
use crate::ports::{EngineError, News};
use crate::{Actor, App};

/// What somebody wants to post, as it came.
#[derive(Debug, Clone)]
pub struct PostRequest {
    /// Where.
    pub stream: StreamKey,
    /// Chosen by the client; the same for every try.
    pub id: EntryId,
    /// `message`, `edit` or `delete`.
    pub kind: String,
    /// What belongs to it.
    pub data: Value,
    /// The trace that it belongs to (W3C `traceparent`).
    pub trace: Option<String>,
}

/// Why something is not posted.
#[derive(Debug, thiserror::Error)]
pub enum PostFailure {
    /// A field that cannot be taken.
    #[error("{0:?}")]
    Field(PostFault),
    /// They post too much; how long to wait.
    #[error("too many posts of one account")]
    TooMany(Duration),
    /// The rules refuse it.
    #[error(transparent)]
    Post(#[from] PostError),
    /// Not theirs.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl From<EngineError> for PostFailure {
    fn from(error: EngineError) -> Self {
        Self::Stream(error.into())
    }
}

/// Posts, at most once for the id.
pub async fn post(app: &App, author: &Actor, request: PostRequest) -> Result<Posted, PostFailure> {
    let said = Said::read(&request.kind, &request.data).map_err(PostFailure::Field)?;
    let quota = app.options.quotas.posts_by_account;
    app.limits
        .take(quota, &author.id().to_string())
        .await
        .map_err(PostFailure::TooMany)?;
    let key = request.stream;
    let buyer = buyer(app, key).await?;
    if !key.may_post(author.reader(), buyer) {
        return Err(refused(buyer).into());
    }
    let now = app.now();
    let mut post = Post {
        stream: key,
        id: request.id,
        author: author.author(),
        at: now,
        said,
        away: None,
        mail_if_unread: None,
        trace: request.trace,
    };
    if let Said::Message { .. } = post.said {
        let desk = app.shop().await?.support;
        if author.role().is_staff() {
            let to = other_side(key, buyer);
            let minutes = desk.mail_after_minutes;
            post.mail_if_unread = to.zip(minutes).and_then(|(to, minutes)| {
                let wait = Duration::from_secs(u64::from(minutes) * 60);
                Some((to, now.checked_add(wait).ok()?))
            });
        } else if let StreamKey::Support(_) = key {
            post.away = desk
                .away_reply_in(author.user.locale, now)
                .map(str::to_owned);
        }
    }
    let posted = app.store.post(post).await??;
    if !posted.repeated {
        app.bus.publish(News::Head {
            stream: key,
            seq: posted.head,
        });
        app.relay.hand_over(posted.events.clone());
        if let Some(waited) = posted.first_response_ms {
            metrics::histogram!("souk_support_first_response_seconds")
                .record(Duration::from_millis(waited));
        }
    }
    Ok(posted)
}

/// Who reads on the other side of staff.
fn other_side(key: StreamKey, buyer: Option<UserId>) -> Option<UserId> {
    match key {
        StreamKey::Order(_) => buyer,
        StreamKey::Support(user) => Some(user),
        _ => None,
    }
}
