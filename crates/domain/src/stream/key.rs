//! Names of streams, and who may read them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::user::Role;
use crate::{OrderId, UserId};

/// A stream's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKey {
    /// `order:{orderId}`: status changes, and what buyer and staff say about it.
    Order(OrderId),
    /// `support:{userId}`: the support conversation.
    Support(UserId),
    /// `notes:{userId}`: internal notes about a customer.
    Notes(UserId),
    /// `user:{userId}`: in-app notifications.
    User(UserId),
    /// `store`: what staff need to know.
    Store,
    /// `campaign:{id}`: a campaign's progress.
    Campaign(Uuid),
}

/// The text names no stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a stream")]
pub struct NotAStream;

/// Somebody who wants to read a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub id: UserId,
    /// What they may do.
    pub role: Role,
}

impl StreamKey {
    /// Whether `reader` may read; `buyer` is the buyer of the order where the stream is an order's.
    #[must_use]
    pub fn may_read(&self, reader: Reader, buyer: Option<UserId>) -> bool {
        match self {
            Self::Order(_) => reader.role.is_staff() || buyer == Some(reader.id),
            Self::Support(user) => reader.role.is_staff() || *user == reader.id,
            Self::User(user) => *user == reader.id,
            Self::Notes(_) | Self::Store | Self::Campaign(_) => reader.role.is_staff(),
        }
    }
}

impl StreamKey {
    /// Whether people talk here. The other streams are written by the shop alone.
    #[must_use]
    pub fn is_talk(&self) -> bool {
        matches!(self, Self::Order(_) | Self::Support(_) | Self::Notes(_))
    }

    /// Whether `reader` may say something here: where people talk, and they may read.
    #[must_use]
    pub fn may_post(&self, reader: Reader, buyer: Option<UserId>) -> bool {
        self.is_talk() && self.may_read(reader, buyer)
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(id) => write!(f, "order:{id}"),
            Self::Support(id) => write!(f, "support:{id}"),
            Self::Notes(id) => write!(f, "notes:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Store => f.write_str("store"),
            Self::Campaign(id) => write!(f, "campaign:{id}"),
        }
    }
}

impl FromStr for StreamKey {
    type Err = NotAStream;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "store" {
            return Ok(Self::Store);
        }
        let (kind, id) = text.split_once(':').ok_or(NotAStream)?;
        let uuid = Uuid::parse_str(id).map_err(|_| NotAStream)?;
        // One stream, one name: the capital or braced forms of a UUID would be others.
        if uuid.to_string() != id {
            return Err(NotAStream);
        }
        match kind {
            "order" => Ok(Self::Order(OrderId(uuid))),
            "support" => Ok(Self::Support(UserId(uuid))),
            "notes" => Ok(Self::Notes(UserId(uuid))),
            "user" => Ok(Self::User(UserId(uuid))),
            "campaign" => Ok(Self::Campaign(uuid)),
            _ => Err(NotAStream),
        }
    }
}

impl Serialize for StreamKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StreamKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_have_one_form() {
        let id = Uuid::from_u128(0x1234_abcd);
        let keys = [
            StreamKey::Order(OrderId(id)),
            StreamKey::Support(UserId(id)),
            StreamKey::Notes(UserId(id)),
            StreamKey::User(UserId(id)),
            StreamKey::Store,
            StreamKey::Campaign(id),
        ];
        for key in keys {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        let capital = format!("order:{}", id.to_string().to_uppercase());
        for wrong in [
            "",
            "store:",
            "order:",
            "order:1",
            "shop:00000000-0000-0000-0000-00001234abcd",
            &capital,
        ] {
            assert_eq!(wrong.parse::<StreamKey>(), Err(NotAStream), "{wrong}");
        }
    }

    #[test]
    fn nobody_reads_what_is_not_theirs() {
        let me = UserId(Uuid::from_u128(1));
        let other = UserId(Uuid::from_u128(2));
        let reader = |role| Reader { id: me, role };
        let order = StreamKey::Order(OrderId(Uuid::from_u128(3)));
        for role in [Role::Guest, Role::Customer] {
            assert!(order.may_read(reader(role), Some(me)));
            assert!(!order.may_read(reader(role), Some(other)));
            assert!(!order.may_read(reader(role), None));
            assert!(StreamKey::Support(me).may_read(reader(role), None));
            assert!(!StreamKey::Support(other).may_read(reader(role), None));
            assert!(!StreamKey::Notes(me).may_read(reader(role), None));
            assert!(!StreamKey::Store.may_read(reader(role), None));
            assert!(StreamKey::Support(me).may_post(reader(role), None));
            assert!(!StreamKey::Support(other).may_post(reader(role), None));
            assert!(order.may_post(reader(role), Some(me)));
            assert!(!order.may_post(reader(role), Some(other)));
            assert!(!StreamKey::User(me).may_post(reader(role), None));
        }
        for role in [Role::Staff, Role::Admin] {
            assert!(order.may_read(reader(role), Some(other)));
            assert!(StreamKey::Notes(other).may_read(reader(role), None));
            assert!(StreamKey::Notes(other).may_post(reader(role), None));
            assert!(StreamKey::Support(other).may_post(reader(role), None));
            assert!(!StreamKey::Store.may_post(reader(role), None));
            assert!(StreamKey::Store.may_read(reader(role), None));
            assert!(!StreamKey::User(other).may_read(reader(role), None));
        }
    }
}
