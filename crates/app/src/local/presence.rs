//! Who is there, within one process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use souk_domain::UserId;

use crate::ports::Presence;

/// Sockets of each person.
#[derive(Default)]
pub struct LocalPresence(Mutex<HashMap<UserId, u32>>);

impl LocalPresence {
    fn sockets(&self) -> MutexGuard<'_, HashMap<UserId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presence for LocalPresence {
    fn enter(&self, user: UserId) -> bool {
        let mut sockets = self.sockets();
        let count = sockets.entry(user).or_default();
        *count += 1;
        *count == 1
    }

    fn leave(&self, user: UserId) -> bool {
        let mut sockets = self.sockets();
        let Some(count) = sockets.get_mut(&user) else {
            return false;
        };
        *count -= 1;
        let is_last = *count == 0;
        if is_last {
            sockets.remove(&user);
        }
        is_last
    }

    fn is_online(&self, user: UserId) -> bool {
        self.sockets().contains_key(&user)
    }

    fn online(&self) -> Vec<UserId> {
        self.sockets().keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_there_from_the_first_socket_to_the_last() {
        let presence = LocalPresence::default();
        let user = UserId(uuid::Uuid::from_u128(1));
        assert!(!presence.leave(user));
        assert!(presence.enter(user));
        assert!(!presence.enter(user));
        assert!(!presence.leave(user));
        assert!(presence.is_online(user));
        assert!(presence.leave(user));
        assert!(!presence.is_online(user));
        assert!(presence.online().is_empty());
    }
}
