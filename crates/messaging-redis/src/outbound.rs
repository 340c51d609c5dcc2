//! Publishing without waiting: what is to be said goes through a bounded queue to one task, which says what waits there
//! in one round trip. It never keeps anything for a Redis that is away: news that is late is worth nothing.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::connection::{Doubt, Link};
use crate::dial::PATIENCE;

/// Messages that may wait.
const WAITING: usize = 16_384;
/// Messages in one round trip.
const TOGETHER: usize = 256;

/// A message on its way.
pub(crate) struct Outbound {
    pub(crate) channel: Bytes,
    pub(crate) payload: Bytes,
}

/// What is handed over.
pub(crate) enum Order {
    /// Say this.
    Say(Outbound),
    /// Answer when all that was to be said before this was said, or lost.
    Answer(oneshot::Sender<()>),
}

pub(crate) fn channel() -> (mpsc::Sender<Order>, mpsc::Receiver<Order>) {
    mpsc::channel(WAITING)
}

/// Says what comes, in order, until everybody who publishes is gone.
pub(crate) async fn run(
    mut waiting: mpsc::Receiver<Order>,
    link: watch::Receiver<Option<Link>>,
    doubt: Arc<Doubt>,
) {
    let mut batch = Vec::with_capacity(TOGETHER);
    while waiting.recv_many(&mut batch, TOGETHER).await > 0 {
        let (mut to_say, mut to_answer) = (Vec::with_capacity(batch.len()), Vec::new());
        for order in batch.drain(..) {
            match order {
                Order::Say(message) => to_say.push(message),
                Order::Answer(answer) => to_answer.push(answer),
            }
        }
        let current = link.borrow().clone();
        let count = to_say.len() as u64;
        let said = match current {
            _ if to_say.is_empty() => true,
            Some(link) => say(link, to_say.into_iter()).await,
            None => false,
        };
        if !said {
            doubt.raise();
            metrics::counter!("souk_redis_unpublished_total").increment(count);
        }
        for answer in to_answer {
            // Whoever asked may not wait any more.
            let _ = answer.send(());
        }
    }
}

async fn say(mut link: Link, batch: impl Iterator<Item = Outbound>) -> bool {
    let mut pipeline = redis::pipe();
    for one in batch {
        pipeline
            .cmd("PUBLISH")
            .arg(&one.channel[..])
            .arg(&one.payload[..])
            .ignore();
    }
    matches!(
        timeout(PATIENCE, pipeline.query_async::<()>(&mut link)).await,
        Ok(Ok(()))
    )
}
