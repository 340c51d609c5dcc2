//! The catalogue and sales at once.

use mongodb::bson::{Document, doc};
use souk_app::ports::EngineError;
use souk_app::ports::contract::fixtures::{
    assert_sound, at, buy, customer, left, product, put, shop_with,
};
use souk_app::ports::store::{CatalogStore, OrderStore, ProductFilter, ProductRef, Written};
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

/// A question of words reads the words that begin so, and no others; categories are counted from an index alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn questions_are_answered_from_indexes() {
    let engine = start().await;
    let store = engine.now();
    for n in 0..60 {
        let mut one = product(&format!("p{n}"), &format!("Thing{n} قهوة{n}"));
        one.category = Some("Things".into());
        put(store, &one, 0).await;
    }
    let explain = async |command: Document| {
        let asked = doc! { "explain": command, "verbosity": "executionStats" };
        let plan = store.inner.database.run_command(asked).await;
        let plan = plan.expect("explained");
        let stats = plan.get_document("executionStats").cloned();
        let cursor = || {
            let stages = plan.get_array("stages").expect("stages");
            let first = stages[0].as_document().expect("a stage");
            first
                .get_document("$cursor")
                .and_then(|cursor| cursor.get_document("executionStats"))
                .cloned()
        };
        let stats = stats.or_else(|_| cursor()).expect("stats");
        let read = |field: &str| stats.get_i32(field).expect("a number");
        (read("totalKeysExamined"), read("totalDocsExamined"))
    };
    for word in ["thing17", "قهوه17"] {
        let filter = ProductFilter {
            words: vec![word.to_owned()],
            ..ProductFilter::default()
        };
        let asked = crate::catalog::search::Question::new(&filter, None, 10).expect("a question");
        let (keys, documents) =
            explain(doc! { "find": "products", "filter": asked.words_in("words") }).await;
        assert!(
            (1..=2).contains(&keys) && documents == 1,
            "{word}: {keys} keys, {documents} documents"
        );
    }
    let steps = crate::catalog::category_steps();
    let (keys, documents) =
        explain(doc! { "aggregate": "products", "pipeline": steps, "cursor": {} }).await;
    assert_eq!((keys, documents), (60, 0));
}
