//! Several processes sell the same thing at once.

use std::time::Duration;

use futures::future::join_all;
use mongodb::bson::{Document, doc};
use souk_app::ports::contract::Engine;
use souk_app::ports::contract::fixtures::{
    assert_sound, at, buy, customer, event, id, left, place, product, put, shop_with,
};
use souk_app::ports::store::{ChatStore, OrderStore, OutboxStore, ProductRef, StreamStore};
use souk_app::ports::{EngineError, Store};
use souk_domain::order::OrderError;
use souk_domain::order::commit::{Action, Command, Outcome};
use souk_domain::stream::{EntryBody, NewEntry, StreamKey};
use souk_domain::{EntryId, OrderId};

use super::start;
use crate::{MongoOptions, MongoStore};

/// Commits as the committer does: conflicts are tried again.
async fn committed(store: &MongoStore, command: &Command) -> Result<Outcome, OrderError> {
    loop {
        match store.commit(vec![command.clone()]).await {
            Ok(mut committed) => return committed.results.remove(0),
            Err(EngineError::Conflict) => tokio::time::sleep(Duration::from_millis(3)).await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rivals_sell_no_unit_twice() {
    let engine = start().await;
    let variant = shop_with(engine.now(), 10).await;
    let stores = (0..4).map(|_| MongoStore::open(&engine.url, MongoOptions::default()));
    let stores: Vec<_> = join_all(stores).await;
    let sales = stores.iter().map(|store| {
        let store = store.as_ref().expect("opens").clone();
        async move {
            let mut sold = 0;
            for _ in 0..5 {
                let command = buy(&customer("Sara"), "k", &[(variant, 1)]);
                sold += usize::from(committed(&store, &command).await.is_ok());
            }
            sold
        }
    });
    assert_eq!(join_all(sales).await.into_iter().sum::<usize>(), 10);
    let mug = ProductRef::Handle("mug".into());
    assert_eq!(left(engine.now(), mug, variant).await, 0);
    assert_sound(engine.now()).await;
}

/// One key, sent to several processes at once, makes one order; each gets the same answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_in_many_processes_makes_one_order() {
    let engine = start().await;
    shop_with(engine.now(), 100).await;
    // Untracked, so that nothing but the key is in the way.
    let mut poster = product("poster", "Poster");
    poster.variants[0].inventory = souk_domain::catalog::Inventory::Untracked;
    put(engine.now(), &poster, 0).await;
    let variant = poster.variants[0].id;
    let stores = (0..4).map(|_| MongoStore::open(&engine.url, MongoOptions::default()));
    let stores: Vec<_> = join_all(stores).await;
    let buyer = customer("Sara");
    let answers = stores.iter().map(|store| {
        let store = store.as_ref().expect("opens").clone();
        let command = buy(&buyer, "k", &[(variant, 1)]);
        async move {
            match committed(&store, &command).await {
                Ok(Outcome::Placed { order, .. }) => order.id,
                other => panic!("{other:?}"),
            }
        }
    });
    let answers: Vec<OrderId> = join_all(answers).await;
    assert!(
        answers.iter().all(|order| *order == answers[0]),
        "{answers:?}"
    );
    assert_sound(engine.now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_number_that_is_taken_is_given_once() {
    let engine = start().await;
    let variant = shop_with(engine.now(), 100).await;
    let store = engine.store();
    let number = souk_domain::OrderNumber::from_random(77);
    let numbered = |key: &str| {
        let mut place = place(&customer("Sara"), key, &[(variant, 1)]);
        place.number = number;
        souk_app::ports::contract::fixtures::command(Action::Place(Box::new(place)))
    };
    let mut numbers = std::collections::BTreeSet::new();
    for batch in [vec![numbered("a")], vec![numbered("b"), numbered("c")]] {
        let committed = store.commit(batch).await.expect("committed");
        for result in committed.results {
            match result {
                Ok(Outcome::Placed { order, .. }) => numbers.insert(order.number),
                other => panic!("{other:?}"),
            };
        }
    }
    assert_eq!(numbers.len(), 3);
    assert!(numbers.contains(&number));
    assert_sound(&*store).await;
}

/// A transaction that stands still with the variant's count in its hands: its rival is told, and does not wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_conflict_is_told_at_once() {
    let engine = start().await;
    let variant = shop_with(engine.now(), 10).await;
    let inner = &engine.now().inner;
    let mut session = inner.client.start_session().await.expect("a session");
    session.start_transaction().await.expect("begins");
    inner
        .collection::<Document>("stock")
        .update_many(
            doc! {},
            doc! { "$inc": { "sold": 0_i64, "received": 1_i64 } },
        )
        .session(&mut session)
        .await
        .expect("written");
    let command = buy(&customer("Sara"), "k", &[(variant, 1)]);
    let began = std::time::Instant::now();
    let refused = engine.now().commit(vec![command.clone()]).await;
    assert!(matches!(refused, Err(EngineError::Conflict)), "{refused:?}");
    assert!(began.elapsed() < MongoOptions::default().deadline / 2);
    session.abort_transaction().await.expect("aborted");
    assert!(committed(engine.now(), &command).await.is_ok());
    assert_sound(engine.now()).await;
}

/// Two processes append to one stream, each in groups: no number is given twice, and none is left out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_append_to_one_stream() {
    let engine = start().await;
    let other = MongoStore::open(&engine.url, MongoOptions::default())
        .await
        .expect("opens");
    let appends = (0..60).map(|n| {
        let store = if n % 2 == 0 { engine.now() } else { &other };
        let entry = NewEntry {
            stream: StreamKey::Store,
            id: EntryId(id()),
            author: None,
            at: at(1),
            body: EntryBody::message(n.to_string()),
        };
        async move { store.append(vec![entry]).await.expect("appended") }
    });
    join_all(appends).await;
    assert_eq!(other.heads(&[StreamKey::Store]).await.expect("read"), [60]);
    assert_sound(&other).await;
}

/// What one caller of a group asks is refused; its neighbours get what they asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_callers_fault_is_not_anothers() {
    let engine = start().await;
    let store = engine.now();
    let append = |text: &str| {
        let entry = NewEntry {
            stream: StreamKey::Store,
            id: EntryId(id()),
            author: None,
            at: at(1),
            body: EntryBody::message(text.to_owned()),
        };
        async move { store.append(vec![entry]).await }
    };
    // A document of more than 16 MiB is more than the server takes.
    let huge = "x".repeat(17 << 20);
    let texts: Vec<&str> = (0..9)
        .map(|n| if n == 4 { huge.as_str() } else { "a" })
        .collect();
    let results = join_all(texts.iter().map(|text| append(text))).await;
    for (n, result) in results.iter().enumerate() {
        assert_eq!(result.is_ok(), n != 4, "{n}: {:?}", result.as_ref().err());
    }
    assert_eq!(store.heads(&[StreamKey::Store]).await.expect("read"), [8]);
    let waiting = event(1);
    souk_app::ports::store::AccountStore::state(store, vec![waiting.clone()])
        .await
        .expect("stated");
    store
        .handed_on(&[(waiting.id, 0)], at(2))
        .await
        .expect("noted");
    assert_eq!(store.outbox_size().await.expect("size"), (0, None));
    Store::check(store).await.expect("answers");
    assert_sound(store).await;
}
