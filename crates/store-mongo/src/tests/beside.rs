//! `verify` while the shop is used: what it compares is of one moment, so a sound shop stays sound to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use souk_app::ports::contract::fixtures::{at, commit, customer, id, placed, shop_with, step};
use souk_app::ports::store::{StreamStore, VerifyStore};
use souk_domain::EntryId;
use souk_domain::order::OrderStatus;
use souk_domain::stream::{EntryBody, NewEntry, StreamKey};

use super::start;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shop_in_use_is_sound_whenever_it_is_looked_at() {
    let engine = start().await;
    let store = engine.now();
    let variant = shop_with(store, 1_000_000).await;
    let (ended, sold) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let buyers = (0..4).map(|_| {
        let (store, ended, sold) = (store.clone(), Arc::clone(&ended), Arc::clone(&sold));
        tokio::spawn(async move {
            let buyer = customer("Sara");
            while !ended.load(Ordering::Relaxed) {
                let key = sold.fetch_add(1, Ordering::Relaxed).to_string();
                let order = placed(&store, &buyer, &key, variant, 1).await;
                let packed = step(order.id, OrderStatus::Packed, None);
                commit(&store, packed).await.expect("packed");
            }
        })
    });
    let buyers: Vec<_> = buyers.collect();
    let talker = {
        let (store, ended) = (store.clone(), Arc::clone(&ended));
        tokio::spawn(async move {
            while !ended.load(Ordering::Relaxed) {
                let entry = NewEntry {
                    stream: StreamKey::Store,
                    id: EntryId(id()),
                    author: None,
                    at: at(1),
                    body: EntryBody::message("hello".into()),
                };
                store.append(vec![entry]).await.expect("said");
            }
        })
    };
    let until = Instant::now() + Duration::from_mins(1);
    let mut looked = 0;
    // As often as it takes for many sales to fall between two readings.
    while looked < 50 || sold.load(Ordering::Relaxed) < 100 {
        assert_eq!(store.verify().await.expect("verified"), []);
        assert!(Instant::now() < until, "nothing is sold any more");
        looked += 1;
    }
    ended.store(true, Ordering::Relaxed);
    talker.await.expect("talked");
    for buyer in buyers {
        buyer.await.expect("bought");
    }
    assert_eq!(store.verify().await.expect("verified"), []);
}
