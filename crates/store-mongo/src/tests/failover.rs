//! A primary that is killed while orders are committed: nothing that was answered is lost, nothing is done twice, and
//! the store goes on by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use souk_app::ports::contract::fixtures::{assert_sound, buy, customer, shop_with};
use souk_app::ports::store::{OrderFilter, OrderStore, StreamStore};
use souk_app::ports::{EngineError, Store};
use souk_domain::order::commit::{Command, Outcome};
use souk_domain::stream::{EntryBody, NewEntry, Span, StreamKey};
use souk_domain::{EntryId, OrderId};
use souk_testbed::ReplicaSet;

use crate::{MongoOptions, MongoStore};

/// Commits a command until it is known what became of it, as clients do: under the same key.
async fn until_known(store: &MongoStore, command: &Command) -> (OrderId, bool) {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        match store.commit(vec![command.clone()]).await {
            Ok(mut committed) => match committed.results.remove(0) {
                Ok(Outcome::Placed { order, replayed }) => return (order.id, replayed),
                other => panic!("not placed: {other:?}"),
            },
            Err(EngineError::Refused(cause)) => panic!("refused: {cause}"),
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_primary_costs_seconds_and_no_order() {
    let mut set = ReplicaSet::start(3).await.expect("starts");
    let url = set.url("souk");
    let store = MongoStore::open(&url, MongoOptions::default())
        .await
        .expect("opens");
    let variant = shop_with(&store, 1_000_000).await;
    let (ended, done) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let buyers = (0..4).map(|_| {
        let (store, ended, done) = (store.clone(), Arc::clone(&ended), Arc::clone(&done));
        tokio::spawn(async move {
            let mut placed = Vec::new();
            while !ended.load(Ordering::Relaxed) {
                let command = buy(&customer("Sara"), "k", &[(variant, 1)]);
                let (order, _) = until_known(&store, &command).await;
                placed.push((command, order));
                done.fetch_add(1, Ordering::Relaxed);
            }
            placed
        })
    });
    let buyers: Vec<_> = buyers.collect();
    let talker = {
        let (store, ended) = (store.clone(), Arc::clone(&ended));
        tokio::spawn(async move {
            let mut said = 0_u64;
            while !ended.load(Ordering::Relaxed) {
                let entry = NewEntry {
                    stream: StreamKey::Store,
                    id: EntryId(souk_app::ports::contract::fixtures::id()),
                    author: None,
                    at: souk_app::ports::contract::fixtures::at(1),
                    body: EntryBody::message("hello".into()),
                };
                let until = Instant::now() + Duration::from_mins(1);
                while let Err(error) = store.append(vec![entry.clone()]).await {
                    assert!(Instant::now() < until, "{error}");
                }
                said += 1;
            }
            said
        })
    };
    // Who only reads waits for the end of the election, and is answered.
    let reader = {
        let (store, ended) = (store.clone(), Arc::clone(&ended));
        tokio::spawn(async move {
            while !ended.load(Ordering::Relaxed) {
                store.heads_of_store().await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
    };
    let more = async |than: u64| {
        let until = Instant::now() + Duration::from_mins(1);
        while done.load(Ordering::Relaxed) <= than {
            assert!(Instant::now() < until, "nothing is committed any more");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    more(20).await;
    let primary = set.primary().await.expect("a primary");
    set.kill(primary);
    let killed = Instant::now();
    more(done.load(Ordering::Relaxed) + 4).await;
    let away = killed.elapsed();
    more(done.load(Ordering::Relaxed) + 20).await;
    ended.store(true, Ordering::Relaxed);
    let mut placed = Vec::new();
    for buyer in buyers {
        placed.extend(buyer.await.expect("bought"));
    }
    let said = talker.await.expect("talked");
    reader.await.expect("read");
    assert!(away < Duration::from_secs(15), "away for {away:?}");

    store.check().await.expect("answers");
    set.start_member(primary).expect("starts");
    assert_sound(&store).await;
    assert_eq!(store.heads_of_store().await, said);
    let mut orders = 0;
    let mut cursor = None;
    loop {
        let page = store
            .orders(&OrderFilter::default(), cursor.as_deref(), 100)
            .await
            .expect("listed");
        orders += page.items.len();
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(orders, placed.len(), "one order for each key");
    for (command, order) in placed {
        assert_eq!(until_known(&store, &command).await, (order, true));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_majority_each_question_is_refused_soon() {
    let mut set = ReplicaSet::start(3).await.expect("starts");
    let options = MongoOptions::default();
    let longest = options.deadline;
    let store = MongoStore::open(&set.url("souk"), options)
        .await
        .expect("opens");
    store.heads_of_store().await;
    let primary = set.primary().await.expect("a primary");
    let others: Vec<usize> = (0..3).filter(|member| *member != primary).collect();
    for member in &others {
        set.kill(*member);
    }
    // The one that is left steps down when it misses the others, and then answers nobody.
    let until = Instant::now() + Duration::from_mins(1);
    while store.check().await.is_ok() {
        assert!(Instant::now() < until, "it still writes, alone");
    }
    let asked = Instant::now();
    for _ in 0..4 {
        let refused = store.entries(StreamKey::Store, Span::Latest(1)).await;
        assert!(
            matches!(refused, Err(EngineError::Unavailable(_))),
            "{refused:?}"
        );
    }
    assert!(asked.elapsed() < longest * 2, "each waits as long as one");
    for member in others {
        set.start_member(member).expect("starts");
    }
    let until = Instant::now() + Duration::from_mins(1);
    while store.check().await.is_err() {
        assert!(Instant::now() < until, "it does not come back");
    }
    store.heads_of_store().await;
}

impl MongoStore {
    async fn heads_of_store(&self) -> u64 {
        let heads = souk_app::ports::store::ChatStore::heads(self, &[StreamKey::Store]);
        heads.await.expect("read")[0]
    }
}
