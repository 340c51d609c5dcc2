//! Who is there, within one process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use souk_domain::UserId;
use tokio::sync::broadcast;

use crate::ports::Presence;

/// Changes that a slow listener may be behind.
const KEPT: usize = 4_096;

/// Sockets of each person.
pub struct LocalPresence {
    sockets: Mutex<HashMap<UserId, u32>>,
    changes: broadcast::Sender<UserId>,
}

impl Default for LocalPresence {
    fn default() -> Self {
        Self {
            sockets: Mutex::default(),
            changes: broadcast::Sender::new(KEPT),
        }
    }
}

impl LocalPresence {
    fn sockets(&self) -> MutexGuard<'_, HashMap<UserId, u32>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presence for LocalPresence {
    fn enter(&self, user: UserId) -> bool {
        let mut sockets = self.sockets();
        let count = sockets.entry(user).or_default();
        *count += 1;
        let is_first = *count == 1;
        if is_first {
            // Nobody listens: nobody needs to know.
            let _ = self.changes.send(user);
        }
        is_first
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
            let _ = self.changes.send(user);
        }
        is_last
    }

    fn is_online(&self, user: UserId) -> bool {
        self.sockets().contains_key(&user)
    }

    fn online(&self) -> Vec<UserId> {
        self.sockets().keys().copied().collect()
    }

    fn changes(&self) -> broadcast::Receiver<UserId> {
        self.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_there_from_the_first_socket_to_the_last() {
        let presence = LocalPresence::default();
        let user = UserId(uuid::Uuid::from_u128(1));
        let mut changes = presence.changes();
        assert!(!presence.leave(user));
        assert!(presence.enter(user));
        assert!(!presence.enter(user));
        assert!(!presence.leave(user));
        assert!(presence.is_online(user));
        assert!(presence.leave(user));
        assert!(!presence.is_online(user));
        assert!(presence.online().is_empty());
        let heard = [changes.try_recv(), changes.try_recv()];
        assert_eq!(heard, [Ok(user), Ok(user)], "came and went");
        assert!(changes.try_recv().is_err());
    }
}
