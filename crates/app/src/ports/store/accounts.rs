//! People and their sessions.

use async_trait::async_trait;
use souk_domain::user::{Email, Role, Rotation, Session, User};
use souk_domain::{EventRecord, Locale, SessionId, Timestamp, UserId};

use super::EngineError;

/// A person who is new, with what follows from it.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The person. With role `Guest` the address is a contact only; with any other it is unique.
    pub user: User,
    /// Their password's hash (PHC string); none for a guest.
    pub password_hash: Option<String>,
    /// Their first session.
    pub session: Option<Session>,
    /// Events for the outbox.
    pub events: Vec<EventRecord>,
}

/// What became of a new account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewAccount {
    /// It is there.
    Done,
    /// Another account has this address.
    EmailTaken,
    /// The guest that was to become an account is not there, or is one already.
    NotAGuest,
    /// The set-up code is wrong or used up.
    SetupCodeWrong,
}

/// A person and their password's hash.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The person.
    pub user: User,
    /// Their password's hash (PHC string); none for a guest.
    pub password_hash: Option<String>,
}

/// Whether a session's access tokens are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionState {
    /// The person, as they are now.
    pub user: User,
    /// When the session ends unless it is refreshed.
    pub expires_at: Timestamp,
}

/// Most sessions of a person that are listed.
pub const MOST_SESSIONS: u32 = 100;

/// People and their sessions.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Makes an account or a guest.
    async fn create_user(&self, new: NewUser) -> Result<NewAccount, EngineError>;
    /// Makes a guest an account, in place: same id, all that is theirs stays theirs. The guest's sessions end.
    async fn promote_guest(&self, new: NewUser) -> Result<NewAccount, EngineError>;
    /// Makes the first admin, if the hash is that of the set-up code and there is no admin yet; uses the code up.
    async fn set_up(&self, code_hash: [u8; 32], new: NewUser) -> Result<NewAccount, EngineError>;
    /// Offers a set-up code in place of any before, unless there is an admin; whether it was taken.
    async fn offer_setup_code(&self, code_hash: [u8; 32]) -> Result<bool, EngineError>;
    /// Whether somebody runs the shop.
    async fn has_admin(&self) -> Result<bool, EngineError>;
    /// One person.
    async fn user(&self, id: UserId) -> Result<Option<User>, EngineError>;
    /// The account with this address (guests have none).
    async fn credentials(&self, email: &Email) -> Result<Option<Credentials>, EngineError>;
    /// The account with this id.
    async fn credentials_of(&self, id: UserId) -> Result<Option<Credentials>, EngineError>;
    /// People who work here, for the mails they get.
    async fn staff(&self) -> Result<Vec<User>, EngineError>;
    /// Changes what a person says of themselves; the person then.
    async fn change_profile(
        &self,
        id: UserId,
        name: Option<String>,
        locale: Option<Locale>,
    ) -> Result<Option<User>, EngineError>;
    /// Changes what a person may do; whether they are there.
    async fn change_role(&self, id: UserId, role: Role) -> Result<bool, EngineError>;
    /// Replaces the password's hash if it is still `before`, and ends all sessions but `keep`; whether it did.
    async fn change_password(
        &self,
        id: UserId,
        before: Option<&str>,
        after: &str,
        keep: Option<SessionId>,
    ) -> Result<bool, EngineError>;
    /// Notes that the address answered, if it is still theirs; whether it is.
    async fn verify_email(&self, id: UserId, email: &Email) -> Result<bool, EngineError>;
    /// Writes events to the outbox that no other change carries.
    async fn state(&self, events: Vec<EventRecord>) -> Result<(), EngineError>;

    /// Keeps a new session.
    async fn open_session(&self, session: &Session) -> Result<(), EngineError>;
    /// Applies `souk_domain::user::rotate` to a session and writes what it says (`Reused` ends it); none when the session
    /// is not there.
    async fn rotate_session(
        &self,
        id: SessionId,
        generation: u32,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<(Rotation, User)>, EngineError>;
    /// Whether a session is still there, and whose it is.
    async fn session_state(&self, id: SessionId) -> Result<Option<SessionState>, EngineError>;
    /// A person's sessions, the one used last first (at most [`MOST_SESSIONS`]).
    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, EngineError>;
    /// Ends a session of a person; whether it was there.
    async fn end_session(&self, user: UserId, session: SessionId) -> Result<bool, EngineError>;
    /// Ends all sessions of a person but `keep`; those that ended.
    async fn end_sessions(
        &self,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, EngineError>;
}
