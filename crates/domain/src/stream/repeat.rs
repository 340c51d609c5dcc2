//! Repeats: a post whose id is in its stream already is the same one again if the same author says the same. What was
//! edited or deleted since is compared with what it said at first, which the audit knows.

use super::{Entry, EntryBody, Post};

/// Where it is found what an entry said at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// It says so itself.
    Itself,
    /// The audit has what the first change of this message took away; without one, it says so itself.
    BeforeFirstChange,
    /// It is an edit, emptied with the message that it changed. What it wrote there is what the next change of that
    /// message took away.
    BeforeNextChange,
}

impl Entry {
    /// Where it is found what it said at first.
    #[must_use]
    pub fn first(&self) -> First {
        match (self.content.kind(), self.content.body()) {
            ("message", _) => First::BeforeFirstChange,
            ("edit", None) => First::BeforeNextChange,
            _ => First::Itself,
        }
    }

    /// Whether a post with its id is the same one again. `before` is what the audit has where
    /// [`Self::first`] says: the number of the message that was changed, and the text that this took away.
    #[must_use]
    pub fn is_repeated_by(&self, post: &Post, before: Option<(u64, String)>) -> bool {
        let at_first = before.map(|(seq, text)| match self.first() {
            First::BeforeNextChange => EntryBody::Edit { seq, text },
            _ => EntryBody::message(text),
        });
        let at_first = at_first.or_else(|| self.content.body().cloned());
        let author = self.author.as_ref().map(|author| author.id);
        author == Some(post.author.id) && at_first == Some(post.said.body())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::stream::{Author, Content, Said, StreamKey};
    use crate::user::Role;
    use crate::{EntryId, Timestamp, UserId};

    fn post(by: u128, said: Said) -> Post {
        Post {
            stream: StreamKey::Store,
            id: EntryId(Uuid::from_u128(9)),
            author: Author {
                id: UserId(Uuid::from_u128(by)),
                name: "Sara".into(),
                role: Role::Customer,
            },
            at: Timestamp::UNIX_EPOCH,
            said,
            away: None,
            mail_if_unread: None,
            trace: None,
        }
    }

    fn says(by: u128, text: &str) -> Post {
        post(by, Said::Message { text: text.into() })
    }

    fn entry(of: &Post) -> Entry {
        Entry {
            seq: 3,
            id: of.id,
            author: Some(of.author.clone()),
            at: of.at,
            content: Content::Said(of.said.body()),
        }
    }

    #[test]
    fn a_repeat_is_by_the_same_author_and_says_the_same() {
        let first = says(1, "hello");
        let there = entry(&first);
        assert!(there.is_repeated_by(&first, None));
        assert!(!there.is_repeated_by(&says(1, "good day"), None));
        assert!(!there.is_repeated_by(&says(2, "hello"), None));
        let of_the_shop = Entry {
            author: None,
            ..there
        };
        assert!(!of_the_shop.is_repeated_by(&first, None));
    }

    #[test]
    fn what_was_changed_since_is_compared_with_what_it_said_at_first() {
        let first = says(1, "hello");
        let edit = post(
            1,
            Said::Edit {
                seq: 3,
                text: "good day".into(),
            },
        );
        let edited = Entry {
            content: Content::Said(EntryBody::message("good day".into())),
            ..entry(&first)
        };
        assert_eq!(edited.first(), First::BeforeFirstChange);
        assert!(edited.is_repeated_by(&first, Some((3, "hello".into()))));
        assert!(!edited.is_repeated_by(&says(1, "good day"), Some((3, "hello".into()))));
        let kept = entry(&edit);
        assert_eq!(kept.first(), First::Itself);
        assert!(kept.is_repeated_by(&edit, None));
        let emptied = Entry {
            content: kept.content.emptied(),
            ..kept
        };
        assert_eq!(emptied.first(), First::BeforeNextChange);
        assert!(emptied.is_repeated_by(&edit, Some((3, "good day".into()))));
        assert!(!emptied.is_repeated_by(&edit, Some((4, "good day".into()))));
        assert!(!emptied.is_repeated_by(&edit, None));
    }
}
