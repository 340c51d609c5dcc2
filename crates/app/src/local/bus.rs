//! News within one process.

use tokio::sync::broadcast;

use crate::ports::bus::{Bus, News};

/// News that a slow listener may be behind.
const KEPT: usize = 8_192;

/// A channel to everybody in this process who listens.
pub struct LocalBus(broadcast::Sender<News>);

impl Default for LocalBus {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

impl Bus for LocalBus {
    fn publish(&self, news: News) {
        // Nobody listens: nobody needs to know.
        let _ = self.0.send(news);
    }

    fn listen(&self) -> broadcast::Receiver<News> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use souk_domain::stream::StreamKey;

    use super::*;

    #[tokio::test]
    async fn everybody_hears_and_who_is_behind_is_told() {
        let bus = LocalBus::default();
        let head = |seq| News::Head {
            stream: StreamKey::Store,
            seq,
        };
        bus.publish(head(1));
        let (mut one, mut two) = (bus.listen(), bus.listen());
        bus.publish(head(2));
        assert_eq!(one.recv().await, Ok(head(2)));
        assert_eq!(two.recv().await, Ok(head(2)));
        for seq in 0..=KEPT as u64 {
            bus.publish(head(seq));
        }
        assert_eq!(
            one.recv().await,
            Err(broadcast::error::RecvError::Lagged(1))
        );
    }
}
