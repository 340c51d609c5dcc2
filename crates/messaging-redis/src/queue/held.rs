//! The jobs that this process has, with the locks that BullMQ knows them by. A token of the port stands for one of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bullmq::Job;
use souk_domain::{JobId, Timestamp};
use uuid::Uuid;

/// What outlived its lock by so much is forgotten: its attempt ended without a word.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(10);

/// A job that we have, as far as we know.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) job: Job,
    pub(super) token: u64,
    pub(super) lock: String,
    pub(super) until: Timestamp,
    pub(super) attempt: u32,
}

pub(super) struct HeldJobs {
    instance: Uuid,
    last: AtomicU64,
    jobs: Mutex<HashMap<JobId, Held>>,
}

impl HeldJobs {
    pub(super) fn new(instance: Uuid) -> Self {
        Self {
            instance,
            last: AtomicU64::new(0),
            jobs: Mutex::default(),
        }
    }

    /// A token and its lock that nobody had before. Tokens are microseconds, so that they grow over restarts; what fences
    /// is the lock, which names this process.
    pub(super) fn next_lock(&self, now: Timestamp) -> (u64, String) {
        let now = u64::try_from(now.as_microsecond()).unwrap_or(0);
        let next = |last: u64| now.max(last + 1);
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(next(last))
            })
            .unwrap_or(0);
        let token = next(last);
        (token, format!("souk:{}:{token}", self.instance))
    }

    pub(super) fn get(&self, id: JobId, token: u64) -> Option<Held> {
        self.jobs()
            .get(&id)
            .filter(|held| held.token == token)
            .cloned()
    }

    pub(super) fn insert(&self, id: JobId, held: Held) {
        self.jobs().insert(id, held);
    }

    pub(super) fn prolong(&self, id: JobId, token: u64, until: Timestamp) {
        if let Some(held) = self.jobs().get_mut(&id).filter(|held| held.token == token) {
            held.until = until;
        }
    }

    pub(super) fn remove(&self, id: JobId, token: u64) {
        let mut jobs = self.jobs();
        if jobs.get(&id).is_some_and(|held| held.token == token) {
            jobs.remove(&id);
        }
    }

    pub(super) fn forget_before(&self, now: Timestamp) {
        let Ok(before) = now.checked_sub(FORGOTTEN_AFTER) else {
            return;
        };
        self.jobs().retain(|_, held| held.until > before);
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<JobId, Held>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
