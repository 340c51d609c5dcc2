//! `verify` on damaged data: each collection is hurt, the fault is named, and the hurt is undone.

use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReplaceOptions;
use souk_app::ports::Store;
use souk_app::ports::contract::Engine;
use souk_app::ports::contract::fixtures::{
    adjust, at, commit, customer, id as new, pay, placed, shop_with, step,
};
use souk_app::ports::store::{JobOutcome, OutboxStore, Settlement, StreamStore, VerifyStore};
use souk_app::{ports::NewJob, reactions};
use souk_domain::order::{OrderStatus, PaymentStatus};
use souk_domain::{EventRecord, MoveId};

use super::{OnServer, start};
use crate::MongoStore;
use crate::records::id;

fn settlement(job: &NewJob) -> Settlement {
    let fails = job.kind == "SendNewOrderV1";
    Settlement {
        job_id: job.id,
        event_id: job.event_id,
        kind: job.kind.clone(),
        payload: job.payload.clone(),
        outcome: if fails {
            JobOutcome::Failed("no".into())
        } else {
            JobOutcome::Done
        },
        attempts: 1,
        trace: None,
        created_at: job.created_at,
        at: at(300),
        events: vec![],
    }
}

/// Does what follows from events, as the relay and the worker do.
async fn follow(store: &MongoStore, events: &[EventRecord]) {
    for event in events {
        let reactions = reactions::follow(event);
        let expected = u32::try_from(reactions.jobs.len()).expect("few");
        store.append(reactions.entries).await.expect("appended");
        let handed = [(event.id, expected)];
        store.handed_on(&handed, at(200)).await.expect("noted");
        let ends = reactions.jobs.iter().map(settlement).collect();
        store.settle(ends).await.expect("settled");
    }
}

/// A shop in which everything was done once, and one order is still whole in the outbox.
async fn sound() -> OnServer {
    let engine = start().await;
    let store = engine.store();
    let variant = shop_with(&*store, 100).await;
    for (key, steps) in [
        ("a", &[][..]),
        ("b", &[OrderStatus::Cancelled]),
        ("c", &[OrderStatus::Shipped, OrderStatus::Returned]),
    ] {
        let order = placed(&*store, &customer("Sara"), key, variant, 2).await;
        for to in steps {
            commit(&*store, step(order.id, *to, None))
                .await
                .expect("moved");
        }
        let paid = pay(order.id, PaymentStatus::Paid);
        commit(&*store, paid).await.expect("paid");
    }
    let counted = adjust(MoveId(new()), variant, 7);
    commit(&*store, counted).await.expect("counted");
    let events = store.overdue(at(9_999), at(9_999), 99).await.expect("read");
    follow(engine.now(), &events).await;
    assert_eq!(store.outbox_size().await.expect("size").0, 0);
    placed(&*store, &customer("Omar"), "e", variant, 1).await;
    engine
}

/// Changes one document of a collection by hand; what stood there.
async fn hurt(
    store: &MongoStore,
    collection: &str,
    filter: Document,
    change: Document,
) -> Document {
    let rows = store.inner.collection::<Document>(collection);
    let before = if change.is_empty() {
        rows.find_one_and_delete(filter).await
    } else {
        rows.find_one_and_update(filter, change)
            .bypass_document_validation(true)
            .await
    };
    before.expect("done").expect("there")
}

/// Brings it back.
async fn heal(store: &MongoStore, collection: &str, before: Document) {
    let rows = store.inner.collection::<Document>(collection);
    let id = before.get("_id").cloned().unwrap_or(Bson::Null);
    let options = ReplaceOptions::builder().upsert(true).build();
    rows.replace_one(doc! { "_id": id }, before)
        .with_options(options)
        .await
        .expect("healed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_damage_is_named() {
    let engine = sound().await;
    let store = engine.now();
    assert_eq!(
        store.verify().await.expect("verified"),
        [],
        "sound to begin with"
    );
    let order: Document = store
        .inner
        .collection("orders")
        .find_one(doc! { "key": "a" })
        .await
        .expect("read")
        .expect("there");
    let of_a = doc! { "key": "a" };
    let order_id = order.get("_id").cloned().expect("an id");
    let number = order.get("number").cloned().expect("a number");
    let own = mongodb::bson::deserialize_from_bson::<mongodb::bson::Uuid>(order_id.clone());
    let own = format!("order:{}", own.expect("an id"));
    let gone = Document::new;
    let set = |field: &str, value: Bson| doc! { "$set": { field: value } };
    let inc = |field: &str, by: i64| doc! { "$inc": { field: by } };
    let other: Bson = id(new()).into();
    let body = |text: &str| set("body", text.into());
    let first = doc! { "stream": &own, "seq": 1_i64 };
    let paid = doc! { "stream": &own, "seq": 2_i64 };
    let shop = |seq: i64| doc! { "stream": "store", "seq": seq };
    let cases: Vec<(&str, Document, Document, u8, &str)> = vec![
        ("stock", doc! {}, inc("sold", -1), 1, "its moves say"),
        ("stock", doc! {}, gone(), 1, "its moves say"),
        (
            "stock_moves",
            doc! { "reason": "counted" },
            gone(),
            1,
            "its moves say",
        ),
        (
            "stock_moves",
            doc! { "order": &order_id },
            gone(),
            1,
            "its sold stock moves do not say so",
        ),
        (
            "stock_moves",
            doc! { "kind": 2_i64 },
            gone(),
            1,
            "its returned stock moves do not say so",
        ),
        (
            "stock_moves",
            doc! { "kind": 1_i64 },
            inc("quantity", 1),
            1,
            "its sold stock moves do not say so",
        ),
        (
            "stock_moves",
            doc! { "reason": "counted" },
            set("kind", 9_i64.into()),
            1,
            "of no known kind",
        ),
        (
            "stock_moves",
            doc! { "order": &order_id },
            set("order", other.clone()),
            1,
            "which is not there",
        ),
        (
            "orders",
            of_a.clone(),
            set("status", 3_i64.into()),
            2,
            "is not found by what it says",
        ),
        ("orders", of_a.clone(), body("{"), 2, "cannot be read"),
        (
            "orders",
            of_a.clone(),
            set("user", other.clone()),
            2,
            "is not found by what it says",
        ),
        ("orders", of_a.clone(), gone(), 2, "leads to no such order"),
        (
            "order_ids",
            doc! { "_id": &order_id },
            gone(),
            2,
            "is not found by its id",
        ),
        (
            "order_ids",
            doc! { "_id": &number },
            gone(),
            2,
            "is not found by its number",
        ),
        (
            "order_ids",
            doc! { "_id": &number },
            set("order", other.clone()),
            2,
            "leads to no such order",
        ),
        ("entries", shop(2), gone(), 3, "stream store has head"),
        (
            "entries",
            shop(2),
            set("seq", 99_i64.into()),
            3,
            "stream store has head",
        ),
        (
            "streams",
            doc! { "_id": "store" },
            inc("head", 1),
            3,
            "stream store has head",
        ),
        (
            "streams",
            doc! { "_id": "store" },
            inc("head", -1),
            3,
            "stream store has head",
        ),
        (
            "streams",
            doc! { "_id": "store" },
            gone(),
            3,
            "stream store has entries and no head",
        ),
        ("entries", first.clone(), body("{}"), 3, "cannot be read"),
        (
            "entries",
            first.clone(),
            gone(),
            4,
            "the last status in its stream is none",
        ),
        (
            "entries",
            paid,
            gone(),
            4,
            "the last payment in its stream is unpaid",
        ),
        (
            "entries",
            first.clone(),
            body(r#"{"type":"status","data":{"status":"packed"}}"#),
            4,
            "the last status in its stream is packed",
        ),
        (
            "entries",
            first,
            body(r#"{"type":"status","data":{"status":"placed","previous":"packed"}}"#),
            4,
            "is a step from nowhere",
        ),
        (
            "entries",
            shop(1),
            set("id", other.clone()),
            4,
            "and the stream store does not say so",
        ),
        ("outbox", doc! {}, gone(), 4, "was lost"),
        ("outbox", doc! {}, body("x"), 4, "cannot be read"),
        (
            "outbox",
            doc! {},
            set("expected", 0_i64.into()),
            4,
            "is done, and still in the outbox",
        ),
        ("done_jobs", doc! {}, gone(), 4, "was lost"),
        ("failed_jobs", doc! {}, gone(), 4, "was lost"),
    ];
    let mut missed = Vec::new();
    for (collection, filter, change, invariant, detail) in cases {
        let before = hurt(store, collection, filter.clone(), change.clone()).await;
        let faults = store.verify().await.expect("verified");
        heal(store, collection, before).await;
        let named = |fault: &souk_app::ports::store::Fault| {
            fault.invariant == invariant && fault.detail.contains(detail)
        };
        if !faults.iter().any(named) {
            missed.push(format!(
                "{collection} {filter} {change}\nmust say ({invariant}) {detail:?}, says {faults:#?}"
            ));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert_eq!(store.verify().await.expect("verified"), [], "sound again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_there_twice_without_its_index_is_named() {
    let engine = sound().await;
    let store = engine.now();
    for (collection, filter, fresh, index, detail) in [
        (
            "orders",
            doc! { "key": "a" },
            None,
            "user_1_key_1",
            "has 2 orders under the key \"a\"",
        ),
        (
            "entries",
            doc! { "stream": "store", "seq": 1_i64 },
            Some(("seq", 3_i64)),
            "stream_1_id_1",
            "times in stream store",
        ),
    ] {
        let rows = store.inner.collection::<Document>(collection);
        rows.drop_index(index).await.expect("dropped");
        let mut row = rows.find_one(filter).await.expect("read").expect("there");
        row.insert("_id", id(new()));
        if let Some((field, value)) = fresh {
            rows.delete_one(doc! { "stream": "store", field: value })
                .await
                .expect("gone");
            row.insert(field, value);
        }
        rows.insert_one(row).await.expect("there twice");
        let faults = store.verify().await.expect("verified");
        assert!(
            faults.iter().any(|fault| fault.detail.contains(detail)),
            "{detail}: {faults:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn records_of_jobs_are_not_missed_after_their_retention() {
    let engine = sound().await;
    let store = engine.now();
    let late = at(40 * 86_400);
    let kept = Store::trim(store, late).await.expect("trimmed");
    assert_eq!(kept, 0, "an event in the outbox may still count on them");
    let waiting = store.overdue(late, late, 99).await.expect("read");
    follow(store, &waiting).await;
    assert!(Store::trim(store, late).await.expect("trimmed") > 0);
    assert_eq!(store.verify().await.expect("verified"), []);
}
