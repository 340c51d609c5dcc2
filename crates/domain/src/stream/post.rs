//! What people post into streams: messages, edits and deletions, and what each does to the message it points at.
//!
//! An entry keeps its number for ever. An edit puts another text in a message's place, a deletion empties the message
//! and its edits; what stood there before goes to an audit that staff may read.

use serde::Deserialize;
use serde_json::Value;

use super::{Author, Content, Entry, EntryBody, StreamKey};
use crate::{EntryId, Timestamp, UserId};

/// Most characters of a message.
pub const MAX_TEXT: usize = 8_000;

/// What somebody wants to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Something new.
    Message {
        /// What; 1 to [`MAX_TEXT`] characters.
        text: String,
    },
    /// Another text in place of one's own message.
    Edit {
        /// The message's number.
        seq: u64,
        /// What it is to say.
        text: String,
    },
    /// A message is to be taken back.
    Delete {
        /// The message's number.
        seq: u64,
    },
}

/// Something posted, before it has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Where.
    pub stream: StreamKey,
    /// Chosen by who posts; once in its stream.
    pub id: EntryId,
    /// Who.
    pub author: Author,
    /// When.
    pub at: Timestamp,
    /// What.
    pub said: Said,
    /// What the shop answers by itself, since nobody is there; used where a conversation begins.
    pub away: Option<String>,
    /// Whom to write to, and when, if this is not read by then.
    pub mail_if_unread: Option<(UserId, Timestamp)>,
    /// The trace that it belongs to.
    pub trace: Option<String>,
}

/// Why something cannot be posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// Another entry of the stream has this id, by another author or with other content.
    #[error("the id is taken by another entry")]
    IdConflict,
    /// There is no message with this number.
    #[error("no such message")]
    NoSuchMessage,
    /// The message was deleted.
    #[error("the message was deleted")]
    MessageDeleted,
    /// The message is somebody else's.
    #[error("the message is somebody else's")]
    NotTheirs,
    /// There is nobody to have this conversation with.
    #[error("no such stream")]
    NoSuchStream,
}

/// A field that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostFault {
    /// Where: `type`, `data.text`…
    pub path: String,
    /// What it must be.
    pub must: String,
}

impl PostFault {
    fn new(path: &str, must: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            must: must.into(),
        }
    }
}

impl Said {
    /// Reads what a client sent: `type`, and the `data` that belongs to it. Unknown fields are refused.
    pub fn read(kind: &str, data: &Value) -> Result<Self, PostFault> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Message {
            text: String,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Edit {
            seq: u64,
            text: String,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Delete {
            seq: u64,
        }
        fn of<'de, T: Deserialize<'de>>(data: &'de Value, must: &str) -> Result<T, PostFault> {
            T::deserialize(data).map_err(|_| PostFault::new("data", must))
        }
        match kind {
            "message" => {
                let Message { text } = of(data, "must be an object with the text alone")?;
                Ok(Self::Message {
                    text: text_of(&text)?,
                })
            }
            "edit" => {
                let Edit { seq, text } = of(data, "must be an object with seq and text")?;
                Ok(Self::Edit {
                    seq,
                    text: text_of(&text)?,
                })
            }
            "delete" => {
                let Delete { seq } = of(data, "must be an object with the seq alone")?;
                Ok(Self::Delete { seq })
            }
            _ => Err(PostFault::new("type", "must be message, edit or delete")),
        }
    }

    /// As an entry says it.
    #[must_use]
    pub fn body(&self) -> EntryBody {
        match self {
            Self::Message { text } => EntryBody::message(text.clone()),
            Self::Edit { seq, text } => EntryBody::Edit {
                seq: *seq,
                text: text.clone(),
            },
            Self::Delete { seq } => EntryBody::Delete { seq: *seq },
        }
    }

    /// The number of the message that it points at.
    #[must_use]
    pub fn target(&self) -> Option<u64> {
        match self {
            Self::Message { .. } => None,
            Self::Edit { seq, .. } | Self::Delete { seq } => Some(*seq),
        }
    }
}

/// A text as it is kept: without blanks around it, lines ended by a line feed alone.
fn text_of(text: &str) -> Result<String, PostFault> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if !(1..=MAX_TEXT).contains(&text.chars().count()) {
        return Err(PostFault::new(
            "data.text",
            format!("must be 1 to {MAX_TEXT} characters"),
        ));
    }
    if text.contains('\0') {
        return Err(PostFault::new("data.text", "must not contain NUL"));
    }
    Ok(text.to_owned())
}

/// What a post does to the message that it points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What the message holds from now on.
    pub content: Content,
    /// What it said before, for the audit.
    pub before: String,
    /// Whether the texts of its edits go as well.
    pub empties_edits: bool,
}

/// Decides what a post does to its target: `target` is the entry with the number that it names, if it is there.
pub fn decide(post: &Post, target: Option<&Entry>) -> Result<Option<Change>, PostError> {
    if post.said.target().is_none() {
        return Ok(None);
    }
    let target = target.ok_or(PostError::NoSuchMessage)?;
    if target.content.kind() != "message" {
        return Err(PostError::NoSuchMessage);
    }
    let is_own = target
        .author
        .as_ref()
        .is_some_and(|author| author.id == post.author.id);
    let may = match post.said {
        // Nobody's words are changed for them; but staff may take down what must not stand there.
        Said::Delete { .. } => is_own || post.author.role.is_staff(),
        _ => is_own,
    };
    if !may {
        return Err(PostError::NotTheirs);
    }
    let Some(EntryBody::Message { text: before, .. }) = target.content.body() else {
        return Err(PostError::MessageDeleted);
    };
    let (content, empties_edits) = match &post.said {
        Said::Edit { text, .. } => {
            let body = EntryBody::Message {
                text: text.clone(),
                automatic: false,
                edited: true,
            };
            (Content::Said(body), false)
        }
        _ => (target.content.emptied(), true),
    };
    Ok(Some(Change {
        content,
        before: before.clone(),
        empties_edits,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::user::Role;

    fn author(n: u128, role: Role) -> Author {
        Author {
            id: UserId(Uuid::from_u128(n)),
            name: "Sara".into(),
            role,
        }
    }

    fn post(by: Author, said: Said) -> Post {
        Post {
            stream: StreamKey::Support(UserId(Uuid::from_u128(1))),
            id: EntryId(Uuid::from_u128(9)),
            author: by,
            at: Timestamp::UNIX_EPOCH,
            said,
            away: None,
            mail_if_unread: None,
            trace: None,
        }
    }

    fn entry(by: Option<Author>, content: Content) -> Entry {
        Entry {
            seq: 3,
            id: EntryId(Uuid::from_u128(3)),
            author: by,
            at: Timestamp::UNIX_EPOCH,
            content,
        }
    }

    #[test]
    fn what_is_sent_is_read_or_refused_by_name() {
        let read = |kind, data| Said::read(kind, &data);
        assert_eq!(
            read("message", json!({"text": " a\r\nb "})),
            Ok(Said::Message {
                text: "a\nb".into()
            })
        );
        assert_eq!(
            read("delete", json!({"seq": 7})),
            Ok(Said::Delete { seq: 7 })
        );
        let longest = "é".repeat(MAX_TEXT);
        assert!(read("message", json!({"text": longest})).is_ok());
        for (kind, data, path) in [
            (
                "message",
                json!({"text": format!("{longest}é")}),
                "data.text",
            ),
            ("message", json!({"text": " \n "}), "data.text"),
            ("message", json!({"text": "a\u{0}b"}), "data.text"),
            ("message", json!({"text": 1}), "data"),
            ("message", json!({"text": "a", "automatic": true}), "data"),
            ("message", json!(null), "data"),
            ("edit", json!({"seq": -1, "text": "a"}), "data"),
            ("edit", json!({"seq": 1.5, "text": "a"}), "data"),
            ("status", json!({"status": "placed"}), "type"),
        ] {
            assert_eq!(
                read(kind, data.clone()).map_err(|fault| fault.path),
                Err(path.to_owned()),
                "{kind} {data}"
            );
        }
    }

    #[test]
    fn a_message_is_changed_by_its_author_and_taken_down_by_staff_too() {
        let (me, you, staff) = (
            author(1, Role::Customer),
            author(2, Role::Customer),
            author(3, Role::Staff),
        );
        let message = entry(
            Some(me.clone()),
            Content::Said(EntryBody::message("old".into())),
        );
        let edit = Said::Edit {
            seq: 3,
            text: "new".into(),
        };
        let delete = Said::Delete { seq: 3 };
        let by = |who: &Author, said: &Said, target: Option<&Entry>| {
            decide(&post(who.clone(), said.clone()), target)
        };
        let edited = by(&me, &edit, Some(&message))
            .expect("allowed")
            .expect("a change");
        assert_eq!(edited.before, "old");
        assert_eq!(
            edited.content,
            Content::Said(EntryBody::Message {
                text: "new".into(),
                automatic: false,
                edited: true
            })
        );
        for who in [&me, &staff] {
            let gone = by(who, &delete, Some(&message))
                .expect("allowed")
                .expect("a change");
            assert_eq!(gone.content.body(), None);
            let emptied = entry(Some(me.clone()), gone.content);
            assert_eq!(
                by(who, &delete, Some(&emptied)),
                Err(PostError::MessageDeleted)
            );
        }
        assert_eq!(by(&staff, &edit, Some(&message)), Err(PostError::NotTheirs));
        assert_eq!(by(&you, &delete, Some(&message)), Err(PostError::NotTheirs));
        assert_eq!(by(&me, &edit, None), Err(PostError::NoSuchMessage));
        let other = entry(
            Some(me.clone()),
            Content::Said(EntryBody::Delete { seq: 1 }),
        );
        assert_eq!(by(&me, &edit, Some(&other)), Err(PostError::NoSuchMessage));
        let automatic = entry(None, Content::Said(EntryBody::message("away".into())));
        assert_eq!(by(&me, &edit, Some(&automatic)), Err(PostError::NotTheirs));
        assert!(
            by(&me, &Said::Message { text: "a".into() }, None)
                .expect("allowed")
                .is_none()
        );
    }
}
