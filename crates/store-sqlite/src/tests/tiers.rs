//! What orders are found by, in both tiers and on the way from one to the other.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use souk_app::ports::Store;
use souk_app::ports::contract::Engine;
use souk_app::ports::contract::fixtures::{
    assert_sound, buy, command, commit, customer, place, placed, shop_with,
};
use souk_app::ports::store::OrderFilter;
use souk_domain::order::commit::{Action, Command, Outcome, PlaceOrder};
use souk_domain::order::{Order, OrderError};
use souk_domain::stream::Author;
use souk_domain::{OrderId, OrderNumber, VariantId};

use super::{OnDisk, group, start, start_merging};
use crate::failure::Failure;
use crate::merge::{self, MergeOptions, Run};
use crate::{Access, SqliteOptions, SqliteStore};

/// Takes a step of so many rows; nothing, when the run is over.
async fn step(store: &SqliteStore, run: Option<Run>, rows: u32) -> Option<Run> {
    let step = move |connection: &Connection| {
        let run = match run {
            Some(run) => run,
            None => merge::begin(connection)?,
        };
        merge::advance(connection, &run, rows)
    };
    store.inner.write(step).await.expect("merged")
}

async fn merge_all(store: &SqliteStore) {
    let mut run = step(store, None, 3).await;
    while run.is_some() {
        run = step(store, run, 3).await;
    }
}

/// Rows of the three tables: fresh orders, keys, numbers.
async fn rows(store: &SqliteStore) -> [u32; 3] {
    let count = |connection: &Connection| {
        let sql = "SELECT (SELECT count(*) FROM fresh_orders), (SELECT count(*) FROM order_keys), (SELECT count(*) FROM order_numbers)";
        Ok(connection.query_row(sql, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?)
    };
    store.inner.read(count).await.expect("counted")
}

/// Waits until no order is fresh, and all of so many are merged.
async fn until_merged(store: &SqliteStore, orders: u32) {
    let started = Instant::now();
    while rows(store).await != [0, orders, orders] {
        assert!(started.elapsed() < Duration::from_secs(20), "not merged");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Buys under keys that are not in the order of time; the orders, in that of time.
async fn buy_many(store: &dyn Store, buyer: &Author, variant: VariantId, many: u32) -> Vec<Order> {
    let mut orders = Vec::new();
    for n in 0..many {
        let key = format!("key-{}-{n}", n * 7 % 10);
        orders.push(placed(store, buyer, &key, variant, 1).await);
    }
    orders
}

/// Every key is known and gives its order again; with another request it is refused.
async fn assert_known(store: &dyn Store, buyer: &Author, variant: VariantId, orders: &[Order]) {
    for (n, order) in orders.iter().enumerate() {
        let key = format!("key-{}-{n}", n * 7 % 10);
        let again = commit(store, buy(buyer, &key, &[(variant, 1)])).await;
        let same = Outcome::Placed {
            order: Box::new(order.clone()),
            replayed: true,
        };
        assert_eq!(again, Ok(same), "{key}");
        let mut other = place(buyer, &key, &[(variant, 2)]);
        other.request_hash = [9; 32];
        let refused = commit(store, command(Action::Place(Box::new(other)))).await;
        assert!(
            matches!(refused, Err(OrderError::KeyReused)),
            "{key}: {refused:?}"
        );
    }
}

async fn found(store: &dyn Store, filter: &OrderFilter) -> Vec<OrderId> {
    let page = store.orders(filter, None, 100).await.expect("listed");
    page.items.iter().map(|order| order.id).collect()
}

#[tokio::test]
async fn a_key_is_known_before_during_and_after_a_run() {
    let mut engine = start().await;
    let (buyer, store) = (customer("Sara"), engine.store());
    let variant = shop_with(&*store, 100).await;
    let orders = buy_many(&*store, &buyer, variant, 8).await;
    drop(store);
    assert_known(&*engine.store(), &buyer, variant, &orders).await;
    let (mut run, mut steps) = (step(engine.now(), None, 3).await, 1);
    while run.is_some() {
        assert_known(&*engine.store(), &buyer, variant, &orders).await;
        assert_sound(&*engine.store()).await;
        run = step(engine.now(), run, 3).await;
        steps += 1;
    }
    assert_eq!(
        steps, 8,
        "three for the keys, three for the numbers, two to leave"
    );
    assert_eq!(rows(engine.now()).await, [0, 8, 8]);
    assert_known(&*engine.store(), &buyer, variant, &orders).await;
    engine.restart().await;
    assert_known(&*engine.store(), &buyer, variant, &orders).await;
    assert_sound(&*engine.store()).await;
}

#[tokio::test]
async fn a_run_that_was_cut_off_anywhere_begins_again() {
    for cut in 1..8 {
        let mut engine = start().await;
        let (buyer, store) = (customer("Sara"), engine.store());
        let variant = shop_with(&*store, 100).await;
        let mut orders = buy_many(&*store, &buyer, variant, 8).await;
        drop(store);
        let mut run = None;
        for _ in 0..cut {
            run = step(engine.now(), run, 3).await;
        }
        assert!(run.is_some(), "the run is under way");
        engine.restart().await;
        assert_sound(&*engine.store()).await;
        assert_known(&*engine.store(), &buyer, variant, &orders).await;
        orders.push(placed(&*engine.store(), &buyer, "key-6-8", variant, 1).await);
        merge_all(engine.now()).await;
        assert_eq!(rows(engine.now()).await, [0, 9, 9], "cut after {cut}");
        assert_known(&*engine.store(), &buyer, variant, &orders).await;
        assert_sound(&*engine.store()).await;
    }
}

#[tokio::test]
async fn orders_that_come_during_a_run_stay_for_the_next() {
    let engine = start().await;
    let (buyer, store) = (customer("Sara"), engine.store());
    let variant = shop_with(&*store, 100).await;
    buy_many(&*store, &buyer, variant, 4).await;
    let mut run = step(engine.now(), None, 3).await;
    for key in ["a", "key-3", "z"] {
        placed(&*store, &buyer, key, variant, 1).await;
        run = step(engine.now(), run, 3).await;
    }
    while run.is_some() {
        run = step(engine.now(), run, 3).await;
    }
    assert_eq!(rows(engine.now()).await, [3, 4, 4]);
    assert_sound(&*store).await;
    merge_all(engine.now()).await;
    assert_eq!(rows(engine.now()).await, [0, 7, 7]);
    assert_sound(&*store).await;
}

#[tokio::test]
async fn lists_are_exact_while_a_run_goes_on_between_their_pages() {
    let engine = start().await;
    let (buyer, store) = (customer("Sara"), engine.store());
    let variant = shop_with(&*store, 100).await;
    let orders = buy_many(&*store, &buyer, variant, 20).await;
    placed(&*store, &customer("Omar"), "other", variant, 1).await;
    let newest_first: Vec<_> = orders.iter().rev().map(|order| order.id).collect();
    let mine = OrderFilter {
        user: Some(buyer.id),
        ..OrderFilter::default()
    };
    let mut run = None;
    for _ in 0..8 {
        let (mut ids, mut cursor) = (Vec::new(), None);
        loop {
            let page = store
                .orders(&mine, cursor.as_deref(), 3)
                .await
                .expect("listed");
            ids.extend(page.items.iter().map(|order| order.id));
            for order in &page.items {
                let number = OrderFilter {
                    number: Some(order.number),
                    ..mine.clone()
                };
                assert_eq!(found(&*store, &number).await, [order.id]);
            }
            run = step(engine.now(), run, 4).await;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(ids, newest_first);
    }
    assert_eq!(rows(engine.now()).await, [0, 21, 21], "several runs ended");
}

#[tokio::test]
async fn a_number_that_is_taken_is_replaced() {
    let engine = start().await;
    let (buyer, store) = (customer("Sara"), engine.store());
    let variant = shop_with(&*store, 100).await;
    let wish = |key: &str| -> Command {
        let order = PlaceOrder {
            number: OrderNumber::from_random(42),
            ..place(&buyer, key, &[(variant, 1)])
        };
        command(Action::Place(Box::new(order)))
    };
    let mut numbers = std::collections::BTreeSet::new();
    // Two at once, one beside fresh ones, one beside merged ones.
    for (keys, merged) in [(&["a", "b"][..], false), (&["c"], true), (&["d"], false)] {
        let batch = keys.iter().map(|key| wish(key)).collect();
        for result in store.commit(batch).await.expect("committed").results {
            let Ok(Outcome::Placed { order, .. }) = result else {
                panic!("not placed: {result:?}");
            };
            numbers.insert(order.number);
            let filter = OrderFilter {
                number: Some(order.number),
                ..OrderFilter::default()
            };
            assert_eq!(found(&*store, &filter).await, [order.id]);
        }
        if merged {
            merge_all(engine.now()).await;
        }
    }
    assert_eq!(numbers.len(), 4);
    assert!(numbers.contains(&OrderNumber::from_random(42)));
    assert_sound(&*store).await;
}

#[tokio::test]
async fn a_command_that_is_rolled_back_leaves_its_key_free() {
    // Alone, the first of a group, and after another: the engine undoes each in its own way.
    for beside in [None, Some(false), Some(true)] {
        let engine = start().await;
        let (buyer, store) = (customer("Sara"), engine.now());
        let variant = shop_with(store, 100).await;
        let (go, holding) = group::hold(store).await;
        let wish = buy(&buyer, "k", &[(variant, 1)]);
        let doomed = vec![wish.clone()];
        let fails = store.inner.write(move |connection| {
            crate::commit::commit(connection, &doomed)?;
            Err::<(), _>(Failure::Refused("no"))
        });
        let other = async |wanted| {
            if beside == Some(wanted) {
                placed(store, &buyer, "other", variant, 1).await;
            }
        };
        let release = async { drop(go) };
        // They are sent in this order.
        let ((), failed, (), ()) = tokio::join!(other(true), fails, other(false), release);
        assert!(failed.is_err());
        holding.await.expect("ran").expect("committed");
        let tried = commit(store, wish).await.expect("placed");
        assert!(
            matches!(
                tried,
                Outcome::Placed {
                    replayed: false,
                    ..
                }
            ),
            "{tried:?}"
        );
        let orders = 1 + u32::from(beside.is_some());
        merge_all(store).await;
        assert_eq!(rows(store).await, [0, orders, orders]);
        assert_sound(store).await;
    }
}

#[tokio::test]
async fn a_writer_that_is_not_busy_merges() {
    let mut engine = start_merging(MergeOptions {
        few: 5,
        many: u64::MAX,
        rows: 2,
    })
    .await;
    let (buyer, store) = (customer("Sara"), engine.store());
    let variant = shop_with(&*store, 100).await;
    let mut orders = buy_many(&*store, &buyer, variant, 4).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        rows(engine.now()).await,
        [4, 0, 0],
        "they are too few to begin"
    );
    drop(store);
    engine.restart().await;
    orders.push(placed(&*engine.store(), &buyer, "key-8-4", variant, 1).await);
    until_merged(engine.now(), 5).await;
    assert_known(&*engine.store(), &buyer, variant, &orders).await;
    assert_sound(&*engine.store()).await;
}

#[tokio::test]
async fn a_busy_writer_merges_when_it_must() {
    let engine = start_merging(MergeOptions {
        few: u64::MAX,
        many: 40,
        rows: 8,
    })
    .await;
    let (buyer, store) = (customer("Sara"), engine.store());
    let variant = shop_with(&*store, 1_000).await;
    let mut most = 0;
    for batch in 0..100 {
        let wishes = (0..4).map(|n| buy(&buyer, &format!("{batch}-{n}"), &[(variant, 1)]));
        let done = store.commit(wishes.collect()).await.expect("committed");
        assert!(done.results.iter().all(Result::is_ok));
        most = most.max(rows(engine.now()).await[0]);
    }
    assert!((40..=100).contains(&most), "{most} were fresh");
    assert_sound(&*store).await;
}

#[tokio::test]
async fn what_another_process_sold_is_known() {
    let engine: OnDisk = start().await;
    let (buyer, store) = (customer("Sara"), engine.store());
    let variant = shop_with(&*store, 100).await;
    let share = SqliteOptions {
        access: Access::Share,
        ..SqliteOptions::default()
    };
    let path = engine.folder.path().join("souk.db");
    let beside = SqliteStore::open(&path, share).expect("opens");
    let mut orders = Vec::new();
    for round in 0..4_usize {
        let seller: &dyn Store = if round % 2 == 0 { &*store } else { &beside };
        let key = format!("key-{}-{round}", round * 7 % 10);
        orders.push(placed(seller, &buyer, &key, variant, 1).await);
        assert_known(&beside, &buyer, variant, &orders).await;
        assert_known(&*store, &buyer, variant, &orders).await;
        if round == 1 {
            merge_all(engine.now()).await;
        }
    }
    merge_all(engine.now()).await;
    assert_known(&beside, &buyer, variant, &orders).await;
    assert_sound(&beside).await;
}
