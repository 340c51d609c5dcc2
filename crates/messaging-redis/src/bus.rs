//! News to all instances over one channel. It is heard at once in this process, with or without Redis; the others hear
//! it a moment later, or not at all: whoever was deaf is told, and looks at the store.
//!
//! A message is a JSON list: the version of the form, the instance that speaks, and the news. What is not understood is
//! left alone, so that versions of Souk can run side by side.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use souk_app::ports::Ids;
use souk_app::ports::bus::{Bus, News};
use souk_domain::stream::StreamKey;
use souk_domain::{ProductId, SessionId, UserId, VariantId};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::connection::Redis;
use crate::subscriber::{Heard, Subscriber};

/// The channel of news.
const CHANNEL: &str = "souk:news";
/// The form of messages.
const VERSION: u64 = 1;
/// News that a slow listener may be behind.
const KEPT: usize = 8_192;

/// A channel to everybody in the fleet who listens.
pub struct RedisBus {
    redis: Redis,
    instance: String,
    here: broadcast::Sender<News>,
    task: JoinHandle<()>,
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RedisBus {
    /// Begins to listen, in the background; must be called within a runtime.
    #[must_use]
    pub fn start(redis: Redis, ids: &Arc<dyn Ids>) -> Self {
        let instance = ids.uuid().simple().to_string();
        let here = broadcast::Sender::new(KEPT);
        let task = tokio::spawn(hear(redis.clone(), instance.clone(), here.clone()));
        Self {
            redis,
            instance,
            here,
            task,
        }
    }
}

impl Bus for RedisBus {
    fn publish(&self, news: News) {
        if let Some(said) = Said::of(&news)
            && let Ok(message) = serde_json::to_vec(&(VERSION, &self.instance, said))
        {
            self.redis.publish(CHANNEL, message);
        }
        // Nobody listens here: nobody here needs to know.
        let _ = self.here.send(news);
    }

    fn listen(&self) -> broadcast::Receiver<News> {
        self.here.subscribe()
    }
}

/// Passes on what the others say, until the bus is dropped.
async fn hear(redis: Redis, instance: String, here: broadcast::Sender<News>) {
    let (subscriber, mut heard) = Subscriber::open(&redis);
    subscriber.subscribe(CHANNEL);
    // The first connection has missed nothing that anybody here waits for.
    let mut was_deaf = false;
    while let Some(heard) = heard.recv().await {
        let news = match heard {
            Heard::Message { payload, .. } => read(&payload, &instance),
            Heard::Listening if was_deaf => Some(News::Missed),
            Heard::Listening | Heard::Deaf => {
                was_deaf = true;
                None
            }
        };
        if let Some(news) = news {
            let _ = here.send(news);
        }
    }
}

/// What another instance said; none for what is ours, or not understood.
fn read(payload: &[u8], instance: &str) -> Option<News> {
    let (version, speaker, said): (u64, String, serde_json::Value) =
        serde_json::from_slice(payload).ok()?;
    if version != VERSION || speaker == instance {
        return None;
    }
    serde_json::from_value::<Said>(said).ok().map(Said::news)
}

/// News as they are written; the letters stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Said {
    #[serde(rename = "h")]
    Head(StreamKey, u64),
    #[serde(rename = "r")]
    Read(StreamKey, UserId, u64),
    #[serde(rename = "t")]
    Typing(StreamKey, UserId, String),
    #[serde(rename = "s")]
    Stock(ProductId, VariantId, bool),
    #[serde(rename = "c")]
    CatalogueChanged(Uuid, Uuid),
    #[serde(rename = "e")]
    SessionEnded(SessionId),
    #[serde(rename = "p")]
    PersonChanged(UserId),
}

impl Said {
    /// None for what concerns this process alone.
    fn of(news: &News) -> Option<Self> {
        Some(match news {
            News::Head { stream, seq } => Self::Head(*stream, *seq),
            News::Read {
                stream,
                user_id,
                seq,
            } => Self::Read(*stream, *user_id, *seq),
            News::Typing {
                stream,
                user_id,
                name,
            } => Self::Typing(*stream, *user_id, name.clone()),
            News::Stock {
                product_id,
                variant_id,
                available,
            } => Self::Stock(*product_id, *variant_id, *available),
            News::CatalogueChanged { change, by } => Self::CatalogueChanged(*change, *by),
            News::SessionEnded { session } => Self::SessionEnded(*session),
            News::PersonChanged { user_id } => Self::PersonChanged(*user_id),
            News::Missed => return None,
        })
    }

    fn news(self) -> News {
        match self {
            Self::Head(stream, seq) => News::Head { stream, seq },
            Self::Read(stream, user_id, seq) => News::Read {
                stream,
                user_id,
                seq,
            },
            Self::Typing(stream, user_id, name) => News::Typing {
                stream,
                user_id,
                name,
            },
            Self::Stock(product_id, variant_id, available) => News::Stock {
                product_id,
                variant_id,
                available,
            },
            Self::CatalogueChanged(change, by) => News::CatalogueChanged { change, by },
            Self::SessionEnded(session) => News::SessionEnded { session },
            Self::PersonChanged(user_id) => News::PersonChanged { user_id },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_form_stays_and_what_is_unknown_is_left_alone() {
        let one = Uuid::from_u128(1);
        let news = News::Typing {
            stream: StreamKey::Store,
            user_id: UserId(one),
            name: "سارة".into(),
        };
        let said = Said::of(&news).unwrap();
        let written = serde_json::to_string(&(VERSION, "a", &said)).unwrap();
        assert_eq!(
            written,
            format!(r#"[1,"a",{{"t":["store","{one}","سارة"]}}]"#)
        );
        assert_eq!(read(written.as_bytes(), "b"), Some(news));
        assert_eq!(read(written.as_bytes(), "a"), None, "our own");
        for other in [
            r#"[2,"a",{"h":["store",1]}]"#,
            r#"[1,"a",{"z":1}]"#,
            r#"[1,"a",{"h":["nowhere",1]}]"#,
            "[1]",
            "",
        ] {
            assert_eq!(read(other.as_bytes(), "b"), None, "{other}");
        }
    }
}
