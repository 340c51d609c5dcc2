//! A customer's support conversation, as the desk sees it. What was said is in the stream `support:{userId}`; this is
//! what follows from it and from what staff do: where it stands, who answers, who waits.

use serde::{Deserialize, Serialize};

use crate::stream::{Assignee, Author, EntryBody, NewEntry, StreamKey};
use crate::{EntryId, Timestamp, UserId};

/// Characters of a conversation's last message that the desk shows.
pub const PREVIEW_LENGTH: usize = 160;

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConversationStatus {
    /// Somebody waits for an answer, or may go on talking.
    Open,
    /// Done; a new message opens it again.
    Closed,
}

/// Who spoke last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The customer.
    Customer,
    /// The shop.
    Staff,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// Whose.
    pub user_id: UserId,
    /// Where it stands.
    pub status: ConversationStatus,
    /// Who answers.
    pub assignee: Option<UserId>,
    /// When it was begun, or opened again.
    pub opened_at: Timestamp,
    /// When something was said last.
    pub last_at: Timestamp,
    /// The number of what was said last.
    pub last_seq: u64,
    /// Its beginning; empty when it was deleted.
    pub last_text: String,
    /// Who said it.
    pub last_by: Side,
    /// Since when the customer waits for an answer.
    pub waiting_since: Option<Timestamp>,
    /// How long they waited for the first answer since it was opened, in milliseconds.
    pub first_response_ms: Option<u64>,
    /// Whether the shop said by itself, since it was opened, that nobody is there.
    pub away_said: bool,
}

/// What staff do with a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationChange {
    /// Answer it oneself; `force` takes it from a colleague.
    Take {
        /// Whether it is taken from a colleague.
        force: bool,
    },
    /// Give it to a colleague, or back to all.
    HandOver {
        /// To whom.
        to: Option<UserId>,
    },
    /// It is done.
    Close,
    /// It is not.
    Reopen,
}

/// Why a conversation is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConversationError {
    /// Nothing was ever said in it.
    #[error("no such conversation")]
    NotFound,
    /// A colleague answers it.
    #[error("a colleague answers it")]
    Taken(UserId),
    /// The colleague does not work here.
    #[error("not somebody who works here")]
    NotStaff,
}

impl Conversation {
    /// What a conversation is after a message; and whether it was begun or opened again by its customer.
    #[must_use]
    pub fn after_message(
        before: Option<Self>,
        user_id: UserId,
        by: Side,
        at: Timestamp,
        seq: u64,
        text: &str,
    ) -> (Self, bool) {
        let was_open = before
            .as_ref()
            .is_some_and(|conversation| conversation.status == ConversationStatus::Open);
        let mut after = before.unwrap_or(Self {
            user_id,
            status: ConversationStatus::Closed,
            assignee: None,
            opened_at: at,
            last_at: at,
            last_seq: seq,
            last_text: String::new(),
            last_by: by,
            waiting_since: None,
            first_response_ms: None,
            away_said: false,
        });
        if !was_open {
            after.status = ConversationStatus::Open;
            after.opened_at = at;
            after.waiting_since = None;
            after.first_response_ms = None;
            after.away_said = false;
        }
        match by {
            Side::Customer => {
                after.waiting_since.get_or_insert(at);
            }
            Side::Staff => {
                if let Some(since) = after.waiting_since.take() {
                    let waited =
                        u64::try_from(at.as_millisecond() - since.as_millisecond()).unwrap_or(0);
                    after.first_response_ms.get_or_insert(waited);
                }
            }
        }
        after.last_at = at;
        after.last_seq = seq;
        after.last_by = by;
        after.last_text = preview(text);
        (after, !was_open && by == Side::Customer)
    }

    /// Notes that the message `seq` now says `text`, or nothing.
    pub fn message_changed(&mut self, seq: u64, text: Option<&str>) {
        if seq == self.last_seq {
            self.last_text = text.map(preview).unwrap_or_default();
        }
    }

    /// What a conversation is after what `by` does with it.
    pub fn changed(
        mut self,
        by: UserId,
        change: ConversationChange,
    ) -> Result<Self, ConversationError> {
        match change {
            ConversationChange::Take { force } => {
                if let Some(other) = self.assignee.filter(|other| *other != by && !force) {
                    return Err(ConversationError::Taken(other));
                }
                self.assignee = Some(by);
            }
            ConversationChange::HandOver { to } => self.assignee = to,
            ConversationChange::Close => {
                self.status = ConversationStatus::Closed;
                self.waiting_since = None;
            }
            ConversationChange::Reopen => self.status = ConversationStatus::Open,
        }
        Ok(self)
    }

    /// What its stream says once `by` has changed it: where it stands now, and who answers, as they are called.
    #[must_use]
    pub fn entry_of_change(
        &self,
        assignee: Option<Assignee>,
        by: Author,
        id: EntryId,
        at: Timestamp,
    ) -> NewEntry {
        NewEntry {
            stream: StreamKey::Support(self.user_id),
            id,
            author: Some(by),
            at,
            body: EntryBody::Conversation {
                status: self.status,
                assignee,
            },
        }
    }
}

fn preview(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    line.join(" ").chars().take(PREVIEW_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn the_first_answer_is_measured_and_a_new_message_opens_what_was_closed() {
        let user = UserId(Uuid::from_u128(1));
        let sara = UserId(Uuid::from_u128(2));
        let (one, opened) =
            Conversation::after_message(None, user, Side::Customer, at(10), 1, "hello\n there");
        assert!(opened);
        assert_eq!(
            (one.status, one.last_text.as_str()),
            (ConversationStatus::Open, "hello there")
        );
        let (one, opened) =
            Conversation::after_message(Some(one), user, Side::Customer, at(20), 2, "anybody?");
        assert!(!opened);
        assert_eq!(one.waiting_since, Some(at(10)));
        let (one, _) = Conversation::after_message(Some(one), user, Side::Staff, at(25), 3, "yes");
        assert_eq!(
            (one.waiting_since, one.first_response_ms),
            (None, Some(15_000))
        );
        let one = one
            .changed(sara, ConversationChange::Take { force: false })
            .expect("free");
        let closed = one
            .changed(sara, ConversationChange::Close)
            .expect("closed");
        let (again, opened) = Conversation::after_message(
            Some(closed.clone()),
            user,
            Side::Customer,
            at(99),
            4,
            "more",
        );
        assert!(opened);
        assert_eq!(
            (again.assignee, again.first_response_ms),
            (Some(sara), None)
        );
        let (again, opened) =
            Conversation::after_message(Some(closed), user, Side::Staff, at(99), 4, "by the way");
        assert!(!opened, "staff need not be told what staff did");
        assert_eq!(again.status, ConversationStatus::Open);
    }

    #[test]
    fn a_colleagues_conversation_is_taken_only_on_purpose() {
        let (sara, omar) = (UserId(Uuid::from_u128(2)), UserId(Uuid::from_u128(3)));
        let (one, _) =
            Conversation::after_message(None, UserId(Uuid::nil()), Side::Customer, at(1), 1, "a");
        let one = one
            .changed(sara, ConversationChange::Take { force: false })
            .expect("free");
        let take = |force| {
            one.clone()
                .changed(omar, ConversationChange::Take { force })
        };
        assert_eq!(take(false), Err(ConversationError::Taken(sara)));
        assert_eq!(take(true).map(|one| one.assignee), Ok(Some(omar)));
        let back = one
            .clone()
            .changed(omar, ConversationChange::HandOver { to: None });
        assert_eq!(back.map(|one| one.assignee), Ok(None));
        let mut one = one;
        one.message_changed(1, None);
        assert_eq!(one.last_text, "");
        let by = Author {
            id: omar,
            name: "Omar".into(),
            role: crate::user::Role::Staff,
        };
        let said = one.entry_of_change(None, by.clone(), EntryId(Uuid::nil()), at(2));
        let (stream, status) = (StreamKey::Support(one.user_id), one.status);
        assert_eq!(
            (said.stream, said.author, said.at),
            (stream, Some(by), at(2))
        );
        let assignee = None;
        assert_eq!(said.body, EntryBody::Conversation { status, assignee });
    }
}
