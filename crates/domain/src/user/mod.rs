//! People: who they are, what they may do, and the sessions of their devices.

mod email;
mod session;

use serde::{Deserialize, Serialize};

pub use email::{Email, NotAnEmail};
pub use session::{DEVICE_LENGTH, ROTATION_GRACE, Rotation, SESSION_LIFETIME, Session, rotate};

use crate::{Locale, Timestamp, UserId};

/// What a person may do; each role may do all that the one before it may, guests and customers alike with their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys or asks without an account; made on a first order or message.
    Guest,
    /// Has an account.
    Customer,
    /// Works here: sees all orders, moves them on.
    Staff,
    /// Runs the shop: catalogue, stock, settings, people.
    Admin,
}

impl Role {
    /// The name used in contracts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }

    /// Works for the shop.
    #[must_use]
    pub fn is_staff(self) -> bool {
        self >= Self::Staff
    }
}

impl std::str::FromStr for Role {
    type Err = UserError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Guest, Self::Customer, Self::Staff, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UserError::Role)
    }
}

/// A person known to the shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Who.
    pub id: UserId,
    /// Where to write; a guest may have none. Unique among accounts, free among guests.
    pub email: Option<Email>,
    /// The address answered to a verification mail.
    pub email_verified: bool,
    /// What they are called; may be empty for guests.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The language of their mails.
    pub locale: Locale,
    /// When they came.
    pub created_at: Timestamp,
}

/// What can be wrong about a person's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// Not a role.
    #[error("must be one of: guest, customer, staff, admin")]
    Role,
    /// A name that is empty, too long, or holds control characters.
    #[error("must be 1 to 100 characters, without control characters")]
    Name,
    /// Too short or too long to be a password.
    #[error("must be 8 to 256 characters")]
    Password,
}

/// A name as it will be kept: trimmed, 1 to 100 characters, no control characters.
pub fn parse_name(text: &str) -> Result<String, UserError> {
    let name = text.trim();
    let fits = (1..=100).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(UserError::Name)
    }
}

/// Checks a new password: 8 to 256 characters of any kind (NIST SP 800-63B: length, not composition).
pub fn check_password(text: &str) -> Result<(), UserError> {
    if (8..=256).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(UserError::Password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_grow() {
        assert!(Role::Admin.is_staff() && Role::Staff.is_staff());
        assert!(!Role::Customer.is_staff() && !Role::Guest.is_staff());
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(parse_name("  سارة  "), Ok("سارة".to_owned()));
        assert_eq!(parse_name(" "), Err(UserError::Name));
        assert_eq!(parse_name("a\nb"), Err(UserError::Name));
        assert_eq!(parse_name(&"x".repeat(101)), Err(UserError::Name));
        assert_eq!(check_password("1234567"), Err(UserError::Password));
        assert_eq!(check_password("١٢٣٤٥٦٧٨"), Ok(()));
    }
}
