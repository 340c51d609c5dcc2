//! Tells socket servers that are not ours what is new in streams. It never serves the sockets of this process: `hub` does,
//! from the store.
//!
//! Every instance hears of a stream's new head; one of them claims the entries that nobody has claimed, reads them and
//! tells them. An instance that ends between the two leaves a gap, which clients see by the numbers and ask for.

use std::collections::HashMap;
use std::sync::Arc;

use souk_app::ports::{EngineError, Mirror, News, Store};
use souk_domain::stream::{MAX_PAGE, Span, StreamKey};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use crate::news::value;
use crate::payload::Entry;

/// Streams that are told of side by side. One stream is never told of by two tasks of an instance.
const TOGETHER: usize = 16;

/// Tells what is heard, until nobody says anything any more.
pub(crate) async fn run(store: Arc<dyn Store>, mut heard: Receiver<News>, mirror: Arc<dyn Mirror>) {
    let mut heads = HashMap::new();
    loop {
        match heard.recv().await {
            Ok(news) => note(&mut heads, &news),
            // What was missed is told with the next entry of its stream.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
        while let Ok(news) = heard.try_recv() {
            note(&mut heads, &news);
        }
        if mirror.is_watched() {
            tell_all(&store, &mirror, heads.drain()).await;
        } else {
            heads.clear();
        }
    }
}

fn note(heads: &mut HashMap<StreamKey, u64>, news: &News) {
    if let News::Head { stream, seq } = news {
        let head = heads.entry(*stream).or_default();
        *head = (*head).max(*seq);
    }
}

async fn tell_all(
    store: &Arc<dyn Store>,
    mirror: &Arc<dyn Mirror>,
    heads: impl Iterator<Item = (StreamKey, u64)>,
) {
    let mut tasks = JoinSet::new();
    for (stream, head) in heads {
        if tasks.len() >= TOGETHER {
            tasks.join_next().await;
        }
        let (store, mirror) = (store.clone(), mirror.clone());
        tasks.spawn(async move {
            if let Err(error) = tell(&*store, &*mirror, stream, head).await {
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
    store: &dyn Store,
    mirror: &dyn Mirror,
    stream: StreamKey,
    head: u64,
) -> Result<(), EngineError> {
    let Some(mut told) = mirror.claim(stream, head).await? else {
        return Ok(());
    };
    while told < head {
        let page = store.entries(stream, Span::After(told, MAX_PAGE)).await?;
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

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Mutex, PoisonError};

    use async_trait::async_trait;
    use serde_json::{Value, json};
    use souk_domain::stream::{EntryBody, NewEntry};
    use souk_domain::{EntryId, Timestamp, UserId};
    use souk_store_sqlite::{SqliteOptions, SqliteStore};
    use tokio::sync::{broadcast, mpsc};
    use uuid::Uuid;

    use super::*;

    /// Marks of streams that instances share, and what was told.
    struct Others {
        watched: AtomicBool,
        marks: Mutex<HashMap<StreamKey, u64>>,
        told: mpsc::UnboundedSender<(StreamKey, Value)>,
    }

    #[async_trait]
    impl Mirror for Others {
        fn is_watched(&self) -> bool {
            self.watched.load(Ordering::Relaxed)
        }

        async fn claim(&self, stream: StreamKey, head: u64) -> Result<Option<u64>, EngineError> {
            let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
            let mark = marks.entry(stream).or_insert(head - 1);
            Ok((*mark < head).then(|| std::mem::replace(mark, head)))
        }

        fn tell(&self, stream: StreamKey, entry: &Value) {
            self.told.send((stream, entry.clone())).unwrap();
        }
    }

    async fn append(store: &dyn Store, stream: StreamKey, numbers: RangeInclusive<u64>) {
        let entry = |number: u64| NewEntry {
            stream,
            id: EntryId(Uuid::from_u128(number.into())),
            author: None,
            at: Timestamp::UNIX_EPOCH,
            body: EntryBody::Message {
                text: number.to_string(),
                automatic: false,
                edited: false,
            },
        };
        store.append(numbers.map(entry).collect()).await.unwrap();
    }

    #[tokio::test]
    async fn entries_are_told_once_by_all_instances_and_in_order_and_only_while_somebody_listens() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("souk.db"), SqliteOptions::default());
        let store: Arc<dyn Store> = Arc::new(store.unwrap());
        let (told, mut tells) = mpsc::unbounded_channel();
        let others = Arc::new(Others {
            watched: AtomicBool::new(false),
            marks: Mutex::default(),
            told,
        });
        let (bus, heard) = broadcast::channel(64);
        // One instance alone at first, so that what it does not tell is known to be untold.
        let one = tokio::spawn(run(store.clone(), heard, others.clone()));
        let (busy, quiet) = (StreamKey::Store, StreamKey::User(UserId(Uuid::nil())));
        append(&*store, busy, 1..=3).await;
        bus.send(News::Head {
            stream: busy,
            seq: 3,
        })
        .unwrap();
        while !bus.is_empty() {
            tokio::task::yield_now().await;
        }
        others.watched.store(true, Ordering::Relaxed);
        let two = tokio::spawn(run(store.clone(), bus.subscribe(), others.clone()));
        let mut head = 3;
        for count in [1, 4, 450, 2] {
            let new = head + 1..=head + count;
            head += count;
            append(&*store, busy, new.clone()).await;
            append(&*store, quiet, head..=head).await;
            bus.send(News::Head {
                stream: busy,
                seq: head,
            })
            .unwrap();
            // The same again, and late news of what was told: they change nothing.
            bus.send(News::Head {
                stream: busy,
                seq: head,
            })
            .unwrap();
            bus.send(News::Head {
                stream: busy,
                seq: 2,
            })
            .unwrap();
            for seq in new {
                let (stream, entry) = tells.recv().await.unwrap();
                assert_eq!((stream, &entry["seq"]), (busy, &json!(seq)));
                assert_eq!(entry["type"], "message");
                assert_eq!(entry["stream"], "store");
            }
        }
        // Of the other stream nothing was said, until it was; then from the newest on.
        bus.send(News::Head {
            stream: quiet,
            seq: 4,
        })
        .unwrap();
        let (stream, entry) = tells.recv().await.unwrap();
        assert_eq!((stream, &entry["seq"]), (quiet, &json!(4)));
        drop(bus);
        one.await.unwrap();
        two.await.unwrap();
        assert!(tells.try_recv().is_err(), "nothing was told twice");
    }
}
