//! Tells socket servers that are not ours what is new in streams. It never serves the sockets of this process: `hub` does,
//! from the store.
//!
//! Every instance hears of a stream's new head; one of them claims the entries that nobody has claimed, reads them and
//! tells them. An instance that ends between the two leaves a gap, which clients see by the numbers and ask for.

use std::collections::HashMap;
use std::sync::Arc;

use souk_app::ports::{EngineError, Mirror, News};
use souk_domain::stream::{MAX_PAGE, Span, StreamKey};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use crate::news::value;
use crate::payload::Entry;
use crate::sockets::Shared;

/// Streams that are told of side by side. One stream is never told of by two tasks of an instance.
const TOGETHER: usize = 16;

/// Tells what is heard, until nobody says anything any more.
pub(crate) async fn run(shared: Arc<Shared>, mut heard: Receiver<News>, mirror: Arc<dyn Mirror>) {
    let mut heads = HashMap::new();
    loop {
        match heard.recv().await {
            Ok(news) => note(&mut heads, news),
            // What was missed is told with the next entry of its stream.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
        while let Ok(news) = heard.try_recv() {
            note(&mut heads, news);
        }
        if mirror.is_watched() {
            tell_all(&shared, &mirror, heads.drain()).await;
        } else {
            heads.clear();
        }
    }
}

fn note(heads: &mut HashMap<StreamKey, u64>, news: News) {
    if let News::Head { stream, seq } = news {
        let head = heads.entry(stream).or_default();
        *head = seq.max(*head);
    }
}

async fn tell_all(
    shared: &Arc<Shared>,
    mirror: &Arc<dyn Mirror>,
    heads: impl Iterator<Item = (StreamKey, u64)>,
) {
    let mut tasks = JoinSet::new();
    for (stream, head) in heads {
        if tasks.len() >= TOGETHER {
            tasks.join_next().await;
        }
        let (shared, mirror) = (shared.clone(), mirror.clone());
        tasks.spawn(async move {
            if let Err(error) = tell(&shared, &*mirror, stream, head).await {
                metrics::counter!("souk_mirror_failures_total").increment(1);
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    %stream,
                    "others are not told of entries"
                );
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

async fn tell(
    shared: &Shared,
    mirror: &dyn Mirror,
    stream: StreamKey,
    head: u64,
) -> Result<(), EngineError> {
    let Some(mut told) = mirror.claim(stream, head).await? else {
        return Ok(());
    };
    while told < head {
        let page = shared
            .app
            .store
            .entries(stream, Span::After(told, MAX_PAGE))
            .await?;
        // What is past the head is another claim's.
        for entry in page.entries.iter().take_while(|entry| entry.seq <= head) {
            mirror.tell(stream, &value(&Entry::new(Some(stream), entry)));
        }
        let Some(last) = page.entries.last() else {
            return Ok(());
        };
        told = last.seq;
    }
    Ok(())
}
