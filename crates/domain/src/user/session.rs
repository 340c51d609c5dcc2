//! Sessions: a signed-in device, and the rotation of its refresh token (RFC 9700 §4.14.2).

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{SessionId, Timestamp, UserId};

/// A session that is not used for this long ends.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// For this long after a rotation the previous token still gets the same successor: two tabs that refresh at once.
pub const ROTATION_GRACE: SignedDuration = SignedDuration::from_secs(20);

/// Characters kept of a device's description (its `User-Agent`).
pub const DEVICE_LENGTH: usize = 200;

/// One signed-in device. Its refresh tokens are numbered by `generation`; only the newest is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Which session.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// Number of the newest refresh token, from 1.
    pub generation: u32,
    /// When that token was made.
    pub rotated_at: Timestamp,
    /// When the device signed in.
    pub created_at: Timestamp,
    /// When the session ends unless it is refreshed before.
    pub expires_at: Timestamp,
    /// The device in its own words (`User-Agent`, cut to [`DEVICE_LENGTH`] characters).
    pub device: String,
    /// The address it was last seen at.
    pub address: String,
}

impl Session {
    /// A session that starts now.
    #[must_use]
    pub fn open(
        id: SessionId,
        user_id: UserId,
        device: &str,
        address: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            user_id,
            generation: 1,
            rotated_at: now,
            created_at: now,
            expires_at: now.saturating_add(SESSION_LIFETIME).unwrap_or(now),
            device: device.chars().take(DEVICE_LENGTH).collect(),
            address: address.to_owned(),
        }
    }
}

/// What presenting a refresh token leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The token was the newest: here is the session with its successor's number. To be written.
    Rotated(Session),
    /// The token is the one before the newest, within the grace: the same successor again. Nothing to write.
    Repeated(Session),
    /// The token was used up earlier: somebody has a copy. The session must be ended.
    Reused,
    /// The session ran out.
    Expired,
}

/// Judges a presented refresh token of `generation` against its session.
#[must_use]
pub fn rotate(session: &Session, generation: u32, address: &str, now: Timestamp) -> Rotation {
    if now >= session.expires_at {
        return Rotation::Expired;
    }
    if generation == session.generation {
        let mut next = session.clone();
        next.generation += 1;
        next.rotated_at = now;
        next.expires_at = now.saturating_add(SESSION_LIFETIME).unwrap_or(now);
        address.clone_into(&mut next.address);
        return Rotation::Rotated(next);
    }
    let in_grace = now.duration_since(session.rotated_at) <= ROTATION_GRACE;
    if generation.checked_add(1) == Some(session.generation) && in_grace {
        return Rotation::Repeated(session.clone());
    }
    Rotation::Reused
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn a_token_is_good_once_and_for_two_tabs() {
        let session = Session::open(
            SessionId(Uuid::nil()),
            UserId(Uuid::nil()),
            "tab",
            "::1",
            at(0),
        );
        let Rotation::Rotated(second) = rotate(&session, 1, "::1", at(100)) else {
            panic!("the newest token is good");
        };
        assert_eq!(second.generation, 2);
        assert_eq!(
            rotate(&second, 1, "::1", at(120)),
            Rotation::Repeated(second.clone())
        );
        assert_eq!(rotate(&second, 1, "::1", at(121)), Rotation::Reused);
        let Rotation::Rotated(third) = rotate(&second, 2, "::1", at(101)) else {
            panic!("the newest token is good");
        };
        assert_eq!(rotate(&third, 1, "::1", at(102)), Rotation::Reused);
        assert_eq!(rotate(&third, 9, "::1", at(102)), Rotation::Reused);
        assert_eq!(
            rotate(&third, 3, "::1", third.expires_at),
            Rotation::Expired
        );
    }
}
