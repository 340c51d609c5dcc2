//! Tells socket servers that are not ours what is new in streams, as the npm emitter would say it.
//!
//! Every instance of the shop ignores what is said so: its own sockets are served from the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use redis::{ErrorKind, RedisError, Script, ServerErrorKind, cmd};
use serde_json::Value;
use souk_app::ports::{EngineError, Mirror};
use souk_domain::stream::StreamKey;
use souk_socketio::Encoded;
use souk_socketio::adapter::Target;
use tokio::task::JoinHandle;

use super::channels::Channels;
use super::frame::Broadcast;
use crate::connection::Redis;

/// Who says it.
pub(super) const UID: &str = "souk-mirror";
/// The one namespace of the shop.
const NAMESPACE: &str = "/";
/// How often it is asked whether anybody listens.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Seconds for which it is remembered how far a stream was told. Past it only the newest entry is.
const REMEMBERED: u64 = 600;

/// Moves a stream's mark up to a head; tells where it was, or nothing when it is there already.
const CLAIM: &str = r"
local head = tonumber(ARGV[1])
local told = tonumber(redis.call('GET', KEYS[1]) or head - 1)
if told >= head then return false end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return told";

/// Tells other socket servers on the same Redis.
pub struct StreamMirror {
    redis: Redis,
    channels: Channels,
    claim: Script,
    watched: Arc<AtomicBool>,
    looking: JoinHandle<()>,
}

impl Drop for StreamMirror {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

impl std::fmt::Debug for StreamMirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamMirror")
            .field("watched", &self.watched)
            .finish_non_exhaustive()
    }
}

impl StreamMirror {
    /// Begins to look whether anybody listens; must be called within a runtime. `prefix` is what the names of the other
    /// servers' channels begin with, `socket.io` unless they say otherwise.
    #[must_use]
    pub fn start(redis: &Redis, prefix: &str) -> Self {
        let watched = Arc::new(AtomicBool::new(false));
        Self {
            redis: redis.clone(),
            channels: Channels::new(prefix.to_owned()),
            claim: Script::new(CLAIM),
            looking: tokio::spawn(look(redis.clone(), watched.clone())),
            watched,
        }
    }
}

/// Node's servers listen by a pattern to all rooms; nothing of ours listens by patterns.
async fn look(redis: Redis, watched: Arc<AtomicBool>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told = false;
    loop {
        ticks.tick().await;
        let patterns = redis.query::<u64>(cmd("PUBSUB").arg("NUMPAT")).await;
        if let Err(error) = &patterns
            && error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm)
            && !std::mem::replace(&mut told, true)
        {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "Redis does not say whether other socket servers listen: they are told nothing"
            );
        }
        watched.store(patterns.is_ok_and(|count| count > 0), Ordering::Relaxed);
    }
}

#[async_trait]
impl Mirror for StreamMirror {
    fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    async fn claim(&self, stream: StreamKey, head: u64) -> Result<Option<u64>, EngineError> {
        self.claim
            .key(format!("souk:mirror:{stream}"))
            .arg(head)
            .arg(REMEMBERED)
            .invoke_async(&mut self.redis.clone())
            .await
            .map_err(unavailable)
    }

    fn tell(&self, stream: StreamKey, entry: &Value) {
        let room = stream.to_string();
        let channel = self.channels.broadcast(NAMESPACE, Some(&room));
        let target = Target {
            rooms: vec![room],
            ..Target::default()
        };
        let event = Encoded::event(NAMESPACE, "entry", &[entry]);
        let message = event
            .ok()
            .and_then(|event| Broadcast::write(UID, NAMESPACE, &event, &target).ok());
        if let Some(message) = message
            && self.redis.publish(channel, message)
        {
            metrics::counter!("souk_mirrored_entries_total").increment(1);
        }
    }
}

fn unavailable(error: RedisError) -> EngineError {
    EngineError::Unavailable(Box::new(error))
}
