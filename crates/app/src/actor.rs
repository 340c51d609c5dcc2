//! Who is asking.

use souk_domain::stream::{Author, Reader};
use souk_domain::user::{Role, User};
use souk_domain::{SessionId, UserId};

/// A signed-in person, as the store knows them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub user: User,
    /// The session of the access token.
    pub session: SessionId,
}

impl Actor {
    /// Their id.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.user.id
    }

    /// What they may do.
    #[must_use]
    pub fn role(&self) -> Role {
        self.user.role
    }

    /// As the author of what they cause.
    #[must_use]
    pub fn author(&self) -> Author {
        Author {
            id: self.user.id,
            name: self.user.name.clone(),
            role: self.user.role,
        }
    }

    /// As a reader of streams.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader {
            id: self.user.id,
            role: self.user.role,
        }
    }
}
