//! The shapes of what goes over sockets, as `contract/events.schema.json` says them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use souk_domain::stream::{self, StreamKey};
use souk_domain::user::Role;
use uuid::Uuid;

/// Client to server: follow a stream.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subscribe {
    /// Which stream.
    pub(crate) stream: StreamKey,
    /// The last number that the client has; left out: from now on.
    pub(crate) after: Option<u64>,
}

/// Client to server: follow a stream no more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unsubscribe {
    /// Which stream.
    pub(crate) stream: StreamKey,
}

/// Client to server: say something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Post {
    /// Where.
    pub(crate) stream: StreamKey,
    /// Chosen by the client, the same for every try.
    pub(crate) id: Uuid,
    /// `message`, `edit` or `delete`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// What belongs to it.
    pub(crate) data: Value,
}

/// Client to server: this much was read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    /// Which stream.
    pub(crate) stream: StreamKey,
    /// The last number that was read.
    pub(crate) seq: u64,
}

/// Client to server: somebody is writing. No answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typing {
    /// Where.
    pub(crate) stream: StreamKey,
}

/// Client to server: tell me of these products' stock, and no others'.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Watch {
    /// At most 100.
    pub(crate) product_ids: Vec<Uuid>,
}

/// Client to server: a fresh access token of the same person.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    /// The token.
    pub(crate) token: String,
}

/// Who caused an entry, as they were called then.
#[derive(Debug, Serialize)]
pub(crate) struct Author {
    id: Uuid,
    name: String,
    role: Role,
}

/// Server to client: an entry of a stream that the socket follows.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    /// Which stream; left out in the entries of an answer to `subscribe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<StreamKey>,
    /// Its place in the stream, from 1, with no holes.
    seq: u64,
    /// Its id; once in its stream.
    id: Uuid,
    /// What kind of thing.
    #[serde(rename = "type")]
    kind: String,
    /// Who caused it; null for the shop itself.
    author: Option<Author>,
    /// When.
    at: Timestamp,
    /// What happened, by type; null when it was deleted or erased.
    data: Value,
}

impl Entry {
    pub(crate) fn new(stream: Option<StreamKey>, entry: &stream::Entry) -> Self {
        // The stored form of the content is the contract: `type` and `data`.
        let data = entry
            .content
            .body()
            .and_then(|body| serde_json::to_value(body).ok())
            .map_or(Value::Null, |mut body| body["data"].take());
        Self {
            stream,
            seq: entry.seq,
            id: entry.id.0,
            kind: entry.content.kind().to_owned(),
            author: entry.author.as_ref().map(|author| Author {
                id: author.id.0,
                name: author.name.clone(),
                role: author.role,
            }),
            at: entry.at,
            data,
        }
    }
}

/// Answer to `subscribe`.
#[derive(Debug, Serialize)]
pub(crate) struct Subscribed {
    /// The number of the stream's last entry.
    pub(crate) head: u64,
    /// What came after `after`, at most 200 entries.
    pub(crate) entries: Vec<Entry>,
    /// There is more, and nothing is sent live yet: ask again with the last number as `after`.
    pub(crate) more: bool,
}

/// Answer to `subscribe` when `after` is past the stream's end: what the client has is of another stream. Nothing is
/// sent live.
#[derive(Debug, Serialize)]
pub(crate) struct Reset {
    /// Always true.
    pub(crate) reset: bool,
    /// The number of the stream's last entry.
    pub(crate) head: u64,
}

/// Answer to `post`.
#[derive(Debug, Serialize)]
pub(crate) struct Posted {
    /// Its place in the stream.
    pub(crate) seq: u64,
    /// When it was posted, the first time.
    pub(crate) at: Timestamp,
}

/// Answer to `read`: where the mark is now.
#[derive(Debug, Serialize)]
pub(crate) struct Marked {
    /// The last number that was read.
    pub(crate) seq: u64,
}

/// Server to client: whether a variant can be bought.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stock {
    /// Which.
    pub(crate) variant_id: Uuid,
    /// Whether it can be bought.
    pub(crate) available: bool,
}

/// Answer to `watch`: how it is now.
#[derive(Debug, Serialize)]
pub(crate) struct Watching {
    /// The variants of the products that are on sale.
    pub(crate) stock: Vec<Stock>,
}

/// Answer to `auth`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Renewed {
    /// Seconds for which the token is good.
    pub(crate) expires_in: i64,
}

/// Server to client, every two seconds for a stream that grew: so that a lost last entry is noticed.
#[derive(Debug, Serialize)]
pub(crate) struct Head {
    /// Which stream.
    pub(crate) stream: StreamKey,
    /// The number of its last entry.
    pub(crate) seq: u64,
}

/// Server to client: somebody read a stream up to here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadNews {
    /// Which stream.
    pub(crate) stream: StreamKey,
    /// Who.
    pub(crate) user_id: Uuid,
    /// How far.
    pub(crate) seq: u64,
}

/// Server to client: somebody is writing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypingNews {
    /// Where.
    pub(crate) stream: StreamKey,
    /// Who.
    pub(crate) user_id: Uuid,
    /// What they are called.
    pub(crate) name: String,
}

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PresenceState {
    /// They have a socket that answers.
    Online,
    /// They have none.
    Offline,
}

/// Server to staff: whether somebody is there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Presence {
    /// Who.
    pub(crate) user_id: Uuid,
    /// Whether they are there.
    pub(crate) state: PresenceState,
}

/// Server to client: the token ends soon; send `auth` with a fresh one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Expiring {
    /// Seconds until the socket is closed.
    pub(crate) in_seconds: i64,
}

/// A field that cannot be taken.
#[derive(Debug, Serialize)]
pub(crate) struct FieldError {
    /// Where.
    pub(crate) path: String,
    /// What kind of fault.
    pub(crate) code: &'static str,
    /// What it must be, in English.
    pub(crate) detail: String,
}

/// Answer to an event that was not done: `{ok: false, …}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refusal {
    /// Always false.
    pub(crate) ok: bool,
    /// The stable name of what is wrong.
    pub(crate) code: &'static str,
    /// The same for people, in their language.
    pub(crate) message: &'static str,
    /// After so many milliseconds it may work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_ms: Option<u64>,
    /// Fields that cannot be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldError>,
}
