//! Accounts: who somebody is, and how they prove it.

mod guard;
mod passwords;
mod profile;
mod quotas;
mod recovery;
mod sessions;
mod sign_in;
mod sign_up;
pub mod tokens;

use std::time::Duration;

use souk_domain::user::{Email, NotAnEmail, UserError};
use souk_domain::{Locale, Timestamp};

pub use guard::{authenticate, authenticate_until};
pub use passwords::Passwords;
pub use profile::{change_password, change_profile};
pub use quotas::LoginQuotas;
pub use recovery::{forgot_password, request_verification, reset_password, verify_email};
pub use sessions::{end_other_sessions, end_session, list_sessions, refresh, sign_out};
pub use sign_in::sign_in;
pub use sign_up::{
    GuestRequest, NewUserRequest, RegisterRequest, create_guest, create_user, offer_setup_code,
    register, set_up,
};
pub use tokens::{SigningKey, Tokens};

use crate::ports::EngineError;

/// The device that somebody signs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its own words (`User-Agent`).
    pub description: String,
    /// The address it is seen at.
    pub address: String,
}

/// Somebody who is signed in now.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person.
    pub user: souk_domain::user::User,
    /// For the `Authorization` header.
    pub access_token: String,
    /// How long the access token is good.
    pub expires_in: Duration,
    /// For the refresh cookie.
    pub refresh_token: String,
    /// When the refresh token stops being good.
    pub refresh_expires_at: Timestamp,
}

/// A field that cannot be taken as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Where, as contracts name it: `variants[2].price`.
    pub path: String,
    /// What it must be, in English; the api says it in the reader's language.
    pub must: String,
}

impl FieldFault {
    /// A fault of a field.
    pub fn new(path: impl Into<String>, must: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            must: must.into(),
        }
    }
}

/// Why an account's wish is refused.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Fields that cannot be taken.
    #[error("some fields cannot be taken")]
    Fields(Vec<FieldFault>),
    /// Another account has this address.
    #[error("another account has this address")]
    EmailTaken,
    /// Wrong address or password; which of them is not said.
    #[error("wrong address or password")]
    BadCredentials,
    /// Too many tries; how long to wait.
    #[error("too many tries")]
    TooMany(Duration),
    /// No session, or one that ended.
    #[error("the session ended")]
    SessionExpired,
    /// The refresh token was used up before: the session is ended, since somebody may have a copy.
    #[error("the refresh token was used before")]
    TokenReused,
    /// A token that is not ours, or for something else.
    #[error("not a valid token")]
    TokenInvalid,
    /// A token that was good once.
    #[error("the token is too old")]
    TokenExpired,
    /// The set-up code is wrong.
    #[error("the set-up code is wrong")]
    SetupCodeWrong,
    /// Somebody runs the shop already.
    #[error("the shop is set up")]
    AlreadySetUp,
    /// No such thing, or not theirs.
    #[error("not found")]
    NotFound,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Reads fields and gathers what is wrong with them.
#[derive(Debug, Default)]
struct Fields(Vec<FieldFault>);

impl Fields {
    fn email(&mut self, path: &str, text: &str) -> Option<Email> {
        self.keep(
            path,
            text.parse().map_err(|error: NotAnEmail| error.to_string()),
        )
    }

    fn name(&mut self, path: &str, text: &str) -> Option<String> {
        self.keep(
            path,
            souk_domain::user::parse_name(text).map_err(|error| error.to_string()),
        )
    }

    fn password(&mut self, path: &str, text: &str) {
        let checked = souk_domain::user::check_password(text);
        self.keep(path, checked.map_err(|error: UserError| error.to_string()));
    }

    fn keep<T>(&mut self, path: &str, parsed: Result<T, String>) -> Option<T> {
        parsed
            .map_err(|must| self.0.push(FieldFault::new(path, must)))
            .ok()
    }

    fn done(self) -> Result<(), AccountError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(AccountError::Fields(self.0))
        }
    }
}

/// The language of somebody new: the one they say, else the one they read.
fn locale_or(said: Option<Locale>, reading: Locale) -> Locale {
    said.unwrap_or(reading)
}
