//! Publishing without waiting: what is to be said goes through a bounded queue to one task, which says what waits there
//! in one round trip. It never keeps anything for a Redis that is away: news that is late is worth nothing.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
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

pub(crate) fn channel() -> (mpsc::Sender<Outbound>, mpsc::Receiver<Outbound>) {
    mpsc::channel(WAITING)
}

/// Says what comes, in order, until everybody who publishes is gone.
pub(crate) async fn run(
    mut waiting: mpsc::Receiver<Outbound>,
    link: watch::Receiver<Option<Link>>,
    doubt: Arc<Doubt>,
) {
    let mut batch = Vec::with_capacity(TOGETHER);
    while waiting.recv_many(&mut batch, TOGETHER).await > 0 {
        let current = link.borrow().clone();
        let count = batch.len() as u64;
        let said = match current {
            Some(link) => say(link, batch.drain(..)).await,
            None => false,
        };
        batch.clear();
        if !said {
            doubt.raise();
            metrics::counter!("souk_redis_unpublished_total").increment(count);
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
