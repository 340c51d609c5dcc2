//! Who is known to be where. Every change of it is told after it was made, under the same lock.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use souk_domain::UserId;
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;

/// Changes that a slow listener may be behind.
const KEPT: usize = 4_096;

/// The people of all instances.
pub(super) struct People {
    known: Mutex<Known>,
    changes: broadcast::Sender<UserId>,
    /// Rings when somebody of ours came or went.
    pub(super) to_tell: Notify,
}

#[derive(Default)]
struct Known {
    /// Our sockets.
    own: HashMap<UserId, u32>,
    /// Those of ours who came or went since it was told.
    untold: HashSet<UserId>,
    others: HashMap<Uuid, HashSet<UserId>>,
    /// On how many other instances somebody is.
    elsewhere: HashMap<UserId, u32>,
}

impl Known {
    fn is_online(&self, user: UserId) -> bool {
        self.own.contains_key(&user) || self.elsewhere.contains_key(&user)
    }

    fn set(&mut self, instance: Uuid, user: UserId, there: bool) {
        let people = self.others.entry(instance).or_default();
        if there && people.insert(user) {
            *self.elsewhere.entry(user).or_default() += 1;
        } else if !there
            && people.remove(&user)
            && let Some(count) = self.elsewhere.get_mut(&user)
        {
            *count -= 1;
            if *count == 0 {
                self.elsewhere.remove(&user);
            }
        }
    }
}

impl Default for People {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
            changes: broadcast::Sender::new(KEPT),
            to_tell: Notify::new(),
        }
    }
}

impl People {
    pub(super) fn enter(&self, user: UserId) -> bool {
        let mut known = self.known();
        let was_online = known.is_online(user);
        let count = known.own.entry(user).or_default();
        *count += 1;
        let is_first = *count == 1;
        if is_first {
            self.own_changed(&mut known, user, was_online);
        }
        is_first
    }

    pub(super) fn leave(&self, user: UserId) -> bool {
        let mut known = self.known();
        let Some(count) = known.own.get_mut(&user) else {
            return false;
        };
        *count -= 1;
        let is_last = *count == 0;
        if is_last {
            known.own.remove(&user);
            self.own_changed(&mut known, user, true);
        }
        is_last
    }

    pub(super) fn is_online(&self, user: UserId) -> bool {
        self.known().is_online(user)
    }

    pub(super) fn online(&self) -> Vec<UserId> {
        let known = self.known();
        let elsewhere = known.elsewhere.keys();
        let elsewhere = elsewhere.filter(|user| !known.own.contains_key(user));
        known.own.keys().chain(elsewhere).copied().collect()
    }

    pub(super) fn changes(&self) -> broadcast::Receiver<UserId> {
        self.changes.subscribe()
    }

    /// Our people.
    pub(super) fn own(&self) -> Vec<UserId> {
        self.known().own.keys().copied().collect()
    }

    /// Those of ours who came or went since this was asked, and whether they are there.
    pub(super) fn take_untold(&self) -> Vec<(UserId, bool)> {
        let mut known = self.known();
        let untold = std::mem::take(&mut known.untold);
        untold
            .into_iter()
            .map(|user| (user, known.own.contains_key(&user)))
            .collect()
    }

    /// What another instance says of some of its people.
    pub(super) fn heard(&self, instance: Uuid, said: &[(UserId, bool)]) {
        self.change(|known| {
            for (user, there) in said {
                known.set(instance, *user, *there);
            }
            said.iter().map(|(user, _)| *user).collect()
        });
    }

    /// All the people of another instance.
    pub(super) fn are(&self, instance: Uuid, people: &HashSet<UserId>) {
        self.change(|known| {
            let before = known.others.entry(instance).or_default().clone();
            for user in before.difference(people) {
                known.set(instance, *user, false);
            }
            for user in people.difference(&before) {
                known.set(instance, *user, true);
            }
            before.symmetric_difference(people).copied().collect()
        });
    }

    /// Only these other instances are there.
    pub(super) fn only(&self, instances: &HashSet<Uuid>) {
        self.change(|known| {
            let gone: Vec<_> = known
                .others
                .keys()
                .filter(|instance| !instances.contains(instance))
                .copied()
                .collect();
            let mut changed = Vec::new();
            for instance in gone {
                let people = known.others.get(&instance).cloned().unwrap_or_default();
                for user in people {
                    known.set(instance, user, false);
                    changed.push(user);
                }
                known.others.remove(&instance);
            }
            changed
        });
    }

    /// The other instances of which something is known.
    pub(super) fn instances(&self) -> HashSet<Uuid> {
        self.known().others.keys().copied().collect()
    }

    fn own_changed(&self, known: &mut Known, user: UserId, was_online: bool) {
        known.untold.insert(user);
        self.to_tell.notify_one();
        if was_online != known.is_online(user) {
            // Nobody listens: nobody needs to know.
            let _ = self.changes.send(user);
        }
    }

    fn change(&self, make: impl FnOnce(&mut Known) -> Vec<UserId>) {
        let mut known = self.known();
        for user in make(&mut known) {
            // Who is here too has not changed.
            if !known.own.contains_key(&user) {
                let _ = self.changes.send(user);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
