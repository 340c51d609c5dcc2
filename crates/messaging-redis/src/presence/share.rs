//! Telling the other instances, and hearing of theirs.
//!
//! `souk:{presence}` holds which instances live, by when they last said so; `souk:{presence}:ID` the people of one. The
//! channel says what changes; the keys are read when an instance is new, when we were deaf, and now and then.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::{RedisResult, Script};
use serde::{Deserialize, Serialize};
use souk_domain::UserId;
use tokio::time::{Instant, MissedTickBehavior, interval};
use uuid::Uuid;

use super::people::People;
use crate::connection::Redis;
use crate::subscriber::{Heard, Subscriber};

/// Where changes are told.
pub(super) const CHANNEL: &str = "souk:presence";
/// Which instances live. The braces keep the keys of a cluster together.
const INSTANCES: &str = "souk:{presence}";
/// The form of messages.
const VERSION: u64 = 1;
/// How often an instance says that it lives.
const BEAT: Duration = Duration::from_secs(2);
/// An instance that has not said so for this long does not live.
const LIFE: Duration = Duration::from_secs(6);
/// How often the people of the others are read anew, in beats.
const READ_ANEW_EVERY: u32 = 15;
/// People of one command.
const TOGETHER: usize = 1_000;

/// KEYS: the instances, our people; ARGV: our name, how long we live in ms. Says whether our people are known, and who
/// lives.
const SAY_ALIVE: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {redis.call('PEXPIRE', KEYS[2], ARGV[2]), redis.call('ZRANGE', KEYS[1], 0, -1)}";

static ALIVE: LazyLock<Script> = LazyLock::new(|| Script::new(SAY_ALIVE));

/// What one instance says to the others.
#[derive(Serialize, Deserialize)]
enum Said {
    /// These came (true) or went.
    #[serde(rename = "c")]
    Changed(Vec<(UserId, bool)>),
    /// Read all of mine.
    #[serde(rename = "a")]
    Anew,
    /// I go.
    #[serde(rename = "b")]
    Bye,
}

pub(super) struct Share {
    redis: Redis,
    instance: Uuid,
    people: Arc<People>,
    /// Our people in Redis are not those that we have.
    untrue: bool,
    /// Instances that said goodbye; they are not asked for again.
    gone: HashSet<Uuid>,
    answered: Instant,
    beats: u32,
}

impl Share {
    pub(super) fn new(redis: Redis, instance: Uuid, people: Arc<People>) -> Self {
        Self {
            redis,
            instance,
            people,
            untrue: true,
            gone: HashSet::new(),
            answered: Instant::now(),
            beats: 0,
        }
    }

    pub(super) fn bye(&self) -> Vec<u8> {
        self.message(&Said::Bye)
    }

    pub(super) async fn run(mut self) {
        let (subscriber, mut heard) = Subscriber::open(&self.redis);
        subscriber.subscribe(CHANNEL);
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let people = self.people.clone();
        loop {
            let done = tokio::select! {
                _ = beat.tick() => self.beat(false).await,
                () = people.to_tell.notified() => self.tell().await,
                heard = heard.recv() => match heard {
                    Some(Heard::Message { payload, .. }) => self.heard(&payload).await,
                    Some(Heard::Listening) => self.beat(true).await,
                    Some(Heard::Deaf) => Ok(()),
                    None => return,
                },
            };
            match done {
                Ok(()) => self.answered = Instant::now(),
                Err(error) => {
                    self.untrue = true;
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "presence cannot be shared"
                    );
                    if self.answered.elapsed() > LIFE {
                        // Nothing is known of the others any more.
                        self.people.only(&HashSet::new());
                    }
                }
            }
        }
    }

    /// Says that we live, and looks who else does.
    async fn beat(&mut self, all_anew: bool) -> RedisResult<()> {
        self.beats += 1;
        let (known, alive): (bool, Vec<String>) = ALIVE
            .key(INSTANCES)
            .key(key_of(self.instance))
            .arg(self.instance.to_string())
            .arg(u64::try_from(LIFE.as_millis()).unwrap_or(u64::MAX))
            .invoke_async(&mut self.redis.clone())
            .await?;
        if !known || self.untrue {
            self.write_all().await?;
        }
        let others: HashSet<Uuid> = alive
            .iter()
            .filter_map(|id| Uuid::try_parse(id).ok())
            .filter(|id| *id != self.instance && !self.gone.contains(id))
            .collect();
        self.gone.retain(|id| alive.contains(&id.to_string()));
        self.people.only(&others);
        let known = self.people.instances();
        let anew = all_anew || self.beats.is_multiple_of(READ_ANEW_EVERY);
        for instance in others {
            if anew || !known.contains(&instance) {
                self.read(instance).await?;
            }
        }
        Ok(())
    }

    /// Tells who of ours came or went.
    async fn tell(&mut self) -> RedisResult<()> {
        let untold = self.people.take_untold();
        if untold.is_empty() {
            return Ok(());
        }
        if self.untrue {
            return self.beat(false).await;
        }
        let key = key_of(self.instance);
        for some in untold.chunks(TOGETHER) {
            let mut pipeline = redis::pipe();
            for (user, there) in some {
                let member = user.0.as_bytes();
                if *there {
                    pipeline.sadd(&key, &member[..]).ignore();
                } else {
                    pipeline.srem(&key, &member[..]).ignore();
                }
            }
            pipeline.query_async::<()>(&mut self.redis.clone()).await?;
            self.say(&Said::Changed(some.to_vec()));
        }
        Ok(())
    }

    /// Writes all of ours, in place of what is there.
    async fn write_all(&mut self) -> RedisResult<()> {
        self.people.take_untold();
        let key = key_of(self.instance);
        let own = self.people.own();
        let mut pipeline = redis::pipe();
        // The empty member keeps the key of an instance without people.
        pipeline.atomic().del(&key).ignore().sadd(&key, "").ignore();
        for some in own.chunks(TOGETHER) {
            let members: Vec<&[u8]> = some.iter().map(|user| &user.0.as_bytes()[..]).collect();
            pipeline.sadd(&key, members).ignore();
        }
        let life = i64::try_from(LIFE.as_millis()).unwrap_or(i64::MAX);
        pipeline.pexpire(&key, life).ignore();
        pipeline.query_async::<()>(&mut self.redis.clone()).await?;
        self.untrue = false;
        self.say(&Said::Anew);
        Ok(())
    }

    async fn read(&self, instance: Uuid) -> RedisResult<()> {
        let members: Vec<Vec<u8>> = self
            .redis
            .query(redis::cmd("SMEMBERS").arg(key_of(instance)))
            .await?;
        let people = members
            .iter()
            .filter_map(|member| Uuid::from_slice(member).ok())
            .map(UserId)
            .collect();
        self.people.are(instance, &people);
        Ok(())
    }

    async fn heard(&mut self, payload: &[u8]) -> RedisResult<()> {
        let Ok((version, instance, said)) =
            serde_json::from_slice::<(u64, Uuid, serde_json::Value)>(payload)
        else {
            return Ok(());
        };
        if version != VERSION || instance == self.instance {
            return Ok(());
        }
        match serde_json::from_value(said) {
            // Of an instance of which nothing is known, a part is not enough.
            Ok(Said::Changed(said)) if self.people.instances().contains(&instance) => {
                self.people.heard(instance, &said);
            }
            Ok(Said::Changed(_) | Said::Anew) => self.read(instance).await?,
            Ok(Said::Bye) => {
                self.gone.insert(instance);
                let mut left = self.people.instances();
                left.remove(&instance);
                self.people.only(&left);
            }
            // A later version says what this one does not know.
            Err(_) => {}
        }
        Ok(())
    }

    fn say(&self, said: &Said) {
        self.redis.publish(CHANNEL, self.message(said));
    }

    fn message(&self, said: &Said) -> Vec<u8> {
        serde_json::to_vec(&(VERSION, self.instance, said)).unwrap_or_default()
    }
}

fn key_of(instance: Uuid) -> String {
    format!("{INSTANCES}:{instance}")
}
