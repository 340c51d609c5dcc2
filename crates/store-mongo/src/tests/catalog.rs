//! The catalogue and sales at once.

use souk_app::ports::EngineError;
use souk_app::ports::contract::fixtures::{
    assert_sound, at, buy, customer, left, product, put, shop_with,
};
use souk_app::ports::store::{CatalogStore, OrderStore, ProductRef, Written};
use souk_domain::catalog::Inventory;
use souk_domain::order::commit::Command;

use super::start;
use crate::MongoStore;

/// Commits one command however often others are in the way, as the committer does; whether it was admitted.
async fn admitted(store: &MongoStore, command: Command) -> bool {
    loop {
        match store.commit(vec![command.clone()]).await {
            Err(EngineError::Conflict) => {}
            committed => return committed.expect("the engine works").results[0].is_ok(),
        }
    }
}

/// A sale below zero of a variant that is to be counted from now on comes before that, or does not come at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counting_starts_between_sales_and_not_beside_one() {
    let engine = start().await;
    let store = engine.now();
    shop_with(store, 1).await;
    let (mut before, mut after) = (0, 0);
    for n in 0..24 {
        let mut sold = product(&format!("p{n}"), "Sold below zero");
        sold.variants[0].inventory = Inventory::Backorder;
        // Some have a count already, some get their first.
        put(store, &sold, n % 2).await;
        let mut counted = sold.clone();
        counted.variants[0].inventory = Inventory::Tracked;
        counted.updated_at = at(1);
        let variant = sold.variants[0].id;
        let sale = buy(&customer("Sara"), "k", &[(variant, 3)]);
        // Which of them comes first is left to the moment, and each is given a start.
        let late = |mine: bool| async move {
            for _ in 0..(if mine { n } else { 0 }) {
                tokio::task::yield_now().await;
            }
        };
        let (bought, written) = tokio::join!(
            async {
                late(n % 4 < 2).await;
                admitted(store, sale).await
            },
            async {
                late(n % 4 >= 2).await;
                store.update_product(&counted, &[], "", at(0)).await
            }
        );
        assert_eq!(written.expect("answered"), Written::Done);
        let there = left(store, ProductRef::Id(sold.id), variant).await;
        assert!(there >= 0, "{there} left of what is counted");
        if bought {
            before += 1;
        } else {
            after += 1;
        }
    }
    assert_eq!(before + after, 24);
    assert_sound(store).await;
}
