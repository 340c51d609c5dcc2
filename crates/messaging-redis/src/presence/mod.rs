//! Who is there, on any instance. Each instance counts its own sockets and keeps its own people in Redis, under a key that
//! goes when the instance does not say for a while that it lives; changes are told over a channel.
//!
//! While Redis is away an instance knows its own people alone. Nobody waits for Redis here.

mod people;
mod share;

use std::sync::Arc;

use souk_app::ports::{Ids, Presence};
use souk_domain::UserId;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use self::people::People;
use self::share::Share;
use crate::connection::Redis;

/// Who is there in the fleet.
pub struct RedisPresence {
    people: Arc<People>,
    bye: (Redis, Vec<u8>),
    task: JoinHandle<()>,
}

impl Drop for RedisPresence {
    /// The others need not wait until they miss this instance.
    fn drop(&mut self) {
        self.task.abort();
        let (redis, bye) = &self.bye;
        redis.publish(share::CHANNEL, bye.clone());
    }
}

impl RedisPresence {
    /// Begins to tell and to listen, in the background; must be called within a runtime.
    #[must_use]
    pub fn start(redis: Redis, ids: &Arc<dyn Ids>) -> Self {
        let people = Arc::new(People::default());
        let share = Share::new(redis.clone(), ids.uuid(), people.clone());
        let bye = (redis, share.bye());
        let task = tokio::spawn(share.run());
        Self { people, bye, task }
    }
}

impl Presence for RedisPresence {
    fn enter(&self, user: UserId) -> bool {
        self.people.enter(user)
    }

    fn leave(&self, user: UserId) -> bool {
        self.people.leave(user)
    }

    fn is_online(&self, user: UserId) -> bool {
        self.people.is_online(user)
    }

    fn online(&self) -> Vec<UserId> {
        self.people.online()
    }

    fn changes(&self) -> broadcast::Receiver<UserId> {
        self.people.changes()
    }
}
