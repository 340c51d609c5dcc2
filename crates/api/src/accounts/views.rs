//! People and sessions as the API shows them.

use jiff::Timestamp;
use serde::Serialize;
use souk_app::accounts::SignedIn;
use souk_domain::SessionId;
use souk_domain::user::{self, Email};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::values::{Locale, mirrored};

mirrored! {
    /// What a person may do.
    Role = souk_domain::user::Role { Guest, Customer, Staff, Admin }
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    /// Who.
    id: Uuid,
    /// Where to write; a guest may have none.
    #[schema(required)]
    email: Option<String>,
    /// What they are called; may be empty for guests.
    name: String,
    /// What they may do.
    role: Role,
    /// The language of their mails.
    locale: Locale,
    /// Whether the address answered to a verification mail.
    email_verified: bool,
    /// When they came.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<user::User> for User {
    fn from(user: user::User) -> Self {
        Self {
            id: user.id.0,
            email: user.email.as_ref().map(Email::as_str).map(str::to_owned),
            name: user.name,
            role: user.role.into(),
            locale: user.locale.into(),
            email_verified: user.email_verified,
            created_at: user.created_at,
        }
    }
}

/// Somebody who is signed in now. The refresh token is in the cookie.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthResponse {
    /// Who.
    user: User,
    /// For the `Authorization` header.
    access_token: String,
    /// Seconds for which the access token is good.
    expires_in: u64,
}

impl From<SignedIn> for AuthResponse {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            user: signed_in.user.into(),
            access_token: signed_in.access_token,
            expires_in: signed_in.expires_in.as_secs(),
        }
    }
}

/// A signed-in device.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    /// Which.
    id: Uuid,
    /// When it signed in.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last refreshed its session.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    /// The device in its own words (`User-Agent`).
    user_agent: String,
    /// The network address it was last seen at.
    address: String,
    /// Whether it is the one that asks.
    current: bool,
}

impl Session {
    pub(super) fn seen_from(current: SessionId, session: user::Session) -> Self {
        Self {
            id: session.id.0,
            created_at: session.created_at,
            last_seen_at: session.rotated_at,
            user_agent: session.device,
            address: session.address,
            current: session.id == current,
        }
    }
}

/// All sessions of a person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionList {
    /// The one used last first.
    pub(super) items: Vec<Session>,
    /// Always null: the list is whole.
    #[schema(required)]
    pub(super) next_cursor: Option<String>,
}
