//! What follows from a post: its entry, what the shop answers by itself, what becomes of the conversation, and the events
//! that are stated with it. It decides; numbering, keeping and stating are an engine's.

use super::{EntryBody, NewEntry, Post, Said, StreamKey};
use crate::support::{Conversation, Side};
use crate::user::User;
use crate::{EntryId, Event, EventId, EventRecord, ids};

/// What follows from a post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Follows {
    /// The conversation as it is now, where the post is part of one.
    pub conversation: Option<Conversation>,
    /// What the shop answers by itself, right after the post.
    pub away: Option<NewEntry>,
    /// What is stated with it.
    pub events: Vec<EventRecord>,
    /// How long the customer waited for this first answer, in milliseconds.
    pub first_response_ms: Option<u64>,
}

impl Post {
    /// The entry that it makes.
    #[must_use]
    pub fn entry(&self) -> NewEntry {
        NewEntry {
            stream: self.stream,
            id: self.id,
            author: Some(self.author.clone()),
            at: self.at,
            body: self.said.body(),
        }
    }

    /// The id of what the shop answers by itself.
    #[must_use]
    pub fn away_id(&self) -> EntryId {
        EntryId(ids::derive(self.id.0, &[&self.stream.to_string(), "away"]))
    }

    /// An event that follows from it. A post is never made twice, and its events' ids never clash with another stream's.
    fn event(&self, name: &str, event: Event) -> EventRecord {
        let stream = self.stream.to_string();
        EventRecord {
            id: EventId(ids::derive(self.id.0, &[&stream, "event", name])),
            event,
            at: self.at,
            trace: self.trace.clone(),
        }
    }
}

/// Says what follows from a post that got the number `seq`. In a support stream `customer` is whose it is, and `before`
/// the conversation as it was; elsewhere neither counts.
#[must_use]
pub fn follow(
    post: &Post,
    seq: u64,
    customer: Option<&User>,
    before: Option<Conversation>,
) -> Follows {
    let mut follows = match (post.stream, customer) {
        (StreamKey::Support(_), Some(customer)) => of_support(post, seq, customer, before),
        _ => Follows::default(),
    };
    if let (Said::Message { .. }, Some((user_id, mail_at))) = (&post.said, post.mail_if_unread) {
        let replied = Event::StaffReplied {
            stream: post.stream,
            seq,
            user_id,
            mail_at,
        };
        follows.events.push(post.event("staff_replied", replied));
    }
    follows
}

fn of_support(post: &Post, seq: u64, customer: &User, before: Option<Conversation>) -> Follows {
    match &post.said {
        Said::Message { text } => of_message(post, text, seq, customer, before),
        Said::Edit { seq, text } => of_change(before, *seq, Some(text)),
        Said::Delete { seq } => of_change(before, *seq, None),
    }
}

fn of_change(before: Option<Conversation>, seq: u64, text: Option<&str>) -> Follows {
    let conversation = before.map(|mut conversation| {
        conversation.message_changed(seq, text);
        conversation
    });
    Follows {
        conversation,
        ..Follows::default()
    }
}

fn of_message(
    post: &Post,
    text: &str,
    seq: u64,
    customer: &User,
    before: Option<Conversation>,
) -> Follows {
    let by = if post.author.id == customer.id {
        Side::Customer
    } else {
        Side::Staff
    };
    let is_first_answer = by == Side::Staff
        && before
            .as_ref()
            .is_none_or(|before| before.first_response_ms.is_none());
    let (mut after, opened) =
        Conversation::after_message(before, customer.id, by, post.at, seq, text);
    let opened = opened.then(|| {
        let event = Event::ConversationOpened {
            user_id: customer.id,
            name: customer.name.clone(),
        };
        post.event("conversation_opened", event)
    });
    let away = post.away.clone();
    let away = away.filter(|_| by == Side::Customer && !after.away_said);
    let away = away.map(|text| NewEntry {
        stream: post.stream,
        id: post.away_id(),
        author: None,
        at: post.at,
        body: EntryBody::Message {
            text,
            automatic: true,
            edited: false,
        },
    });
    after.away_said |= away.is_some();
    Follows {
        first_response_ms: after.first_response_ms.filter(|_| is_first_answer),
        conversation: Some(after),
        away,
        events: opened.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::stream::Author;
    use crate::user::Role;
    use crate::{Locale, Timestamp, UserId};

    const CUSTOMER: UserId = UserId(Uuid::from_u128(1));
    const STAFF: UserId = UserId(Uuid::from_u128(2));

    fn customer() -> User {
        User {
            id: CUSTOMER,
            email: None,
            email_verified: false,
            name: "Layla".into(),
            role: Role::Guest,
            locale: Locale::Ar,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn post(by: UserId, second: i64, said: Said) -> Post {
        Post {
            stream: StreamKey::Support(CUSTOMER),
            id: EntryId(Uuid::from_u128(u128::try_from(second).expect("positive"))),
            author: Author {
                id: by,
                name: "somebody".into(),
                role: Role::Guest,
            },
            at: Timestamp::from_second(second).expect("a time"),
            said,
            away: Some("We are closed.".into()),
            mail_if_unread: None,
            trace: Some("a trace".into()),
        }
    }

    fn says(by: UserId, second: i64, text: &str) -> Post {
        post(by, second, Said::Message { text: text.into() })
    }

    #[test]
    fn a_first_message_opens_a_conversation_and_is_told_once_that_nobody_is_there() {
        let (user, first) = (customer(), says(CUSTOMER, 10, "hello"));
        let one = follow(&first, 1, Some(&user), None);
        let opened = Event::ConversationOpened {
            user_id: CUSTOMER,
            name: "Layla".into(),
        };
        assert_eq!(one.events, [first.event("conversation_opened", opened)]);
        assert_eq!(one.events[0].trace.as_deref(), Some("a trace"));
        let away = one.away.expect("an answer");
        assert_eq!((away.id, away.author), (first.away_id(), None));
        let second = says(CUSTOMER, 20, "anybody?");
        let two = follow(&second, 3, Some(&user), one.conversation);
        assert_eq!((two.away, two.events), (None, vec![]));
        assert_eq!(two.conversation.map(|one| one.last_seq), Some(3));
    }

    #[test]
    fn the_first_answer_alone_says_how_long_the_customer_waited() {
        let user = customer();
        let asked = follow(&says(CUSTOMER, 10, "hello"), 1, Some(&user), None);
        let answer = follow(&says(STAFF, 25, "yes"), 2, Some(&user), asked.conversation);
        assert_eq!(answer.first_response_ms, Some(15_000));
        assert_eq!(answer.away, None, "staff know whether they are there");
        let more = follow(
            &says(STAFF, 30, "well"),
            3,
            Some(&user),
            answer.conversation,
        );
        assert_eq!(more.first_response_ms, None);
    }

    #[test]
    fn a_change_of_the_last_message_changes_what_the_desk_shows_and_nothing_else() {
        let user = customer();
        let before = follow(&says(CUSTOMER, 10, "hello"), 1, Some(&user), None).conversation;
        let edit = Said::Edit {
            seq: 1,
            text: "good day".into(),
        };
        for (said, shown) in [(edit, "good day"), (Said::Delete { seq: 1 }, "")] {
            let after = follow(&post(CUSTOMER, 20, said), 2, Some(&user), before.clone());
            let expected = before.clone().map(|before| Conversation {
                last_text: shown.into(),
                ..before
            });
            let nothing_else = Follows {
                conversation: expected,
                ..Follows::default()
            };
            assert_eq!(after, nothing_else);
        }
    }

    #[test]
    fn a_mail_waits_for_whoever_may_not_read_a_message_wherever_it_stands() {
        let mail_at = Timestamp::from_second(99).expect("a time");
        let order = StreamKey::Order(crate::OrderId(Uuid::from_u128(7)));
        let message = Post {
            stream: order,
            mail_if_unread: Some((CUSTOMER, mail_at)),
            ..says(STAFF, 10, "it is on its way")
        };
        let replied = Event::StaffReplied {
            stream: order,
            seq: 4,
            user_id: CUSTOMER,
            mail_at,
        };
        let told = Follows {
            events: vec![message.event("staff_replied", replied)],
            ..Follows::default()
        };
        assert_eq!(follow(&message, 4, None, None), told);
        let deleted = Post {
            said: Said::Delete { seq: 4 },
            ..message
        };
        assert_eq!(follow(&deleted, 5, None, None), Follows::default());
    }
}
