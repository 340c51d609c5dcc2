//! `verify` on damaged data: every table is hurt, and the fault is named.

use std::path::Path;

use rusqlite::Connection;
use souk_app::ports::contract::fixtures::{
    adjust, at, commit, customer, id, pay, placed, shop_with, step,
};
use souk_app::ports::contract::{Engine, QueueEngine};
use souk_app::ports::store::{JobOutcome, OutboxStore, Settlement};
use souk_app::ports::{NewJob, Queue, Store};
use souk_app::reactions;
use souk_domain::order::{OrderStatus, PaymentStatus};
use souk_domain::{EventRecord, MoveId};
use tempfile::TempDir;

use super::start;
use crate::SqliteStore;

/// Does what follows from events, as the relay and the worker do; jobs of `fails` fail for good.
async fn follow(store: &dyn Store, queue: &dyn Queue, events: &[EventRecord], fails: &str) {
    for event in events {
        let reactions = reactions::follow(event);
        queue.push(reactions.jobs.clone()).await.expect("added");
        store.append(reactions.entries).await.expect("appended");
        store
            .handed_on(
                &[(event.id, u32::try_from(reactions.jobs.len()).expect("few"))],
                at(200),
            )
            .await
            .expect("noted");
        for leased in queue
            .lease(100, at(300), std::time::Duration::from_secs(9))
            .await
            .expect("leased")
        {
            store
                .settle(vec![settlement(&leased.job, fails)])
                .await
                .expect("settled");
            assert!(
                queue
                    .finish(leased.job.id, leased.token)
                    .await
                    .expect("finished")
            );
        }
    }
}

fn settlement(job: &NewJob, fails: &str) -> Settlement {
    Settlement {
        job_id: job.id,
        event_id: job.event_id,
        kind: job.kind.clone(),
        payload: job.payload.clone(),
        outcome: if job.kind == fails {
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

/// A shop in which everything was done once: the folder of its file.
async fn sound() -> TempDir {
    let mut engine = start().await;
    let (store, queue) = (engine.store(), engine.queue());
    let variant = shop_with(&*store, 100).await;
    let all = |store: std::sync::Arc<dyn Store>| async move {
        store.overdue(at(9_999), at(9_999), 99).await.expect("read")
    };
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
        commit(&*store, pay(order.id, PaymentStatus::Paid))
            .await
            .expect("paid");
    }
    commit(&*store, adjust(MoveId(id()), variant, 7))
        .await
        .expect("counted");
    follow(
        &*store,
        &*queue,
        &all(engine.store()).await,
        "SendNewOrderV1",
    )
    .await;
    assert_eq!(store.outbox_size().await.expect("size").0, 0);
    // One that failed is asked for again and waits; one order is still whole in the outbox, one half done.
    let failed = store
        .failed_jobs(None, 1)
        .await
        .expect("listed")
        .items
        .remove(0);
    let event = souk_domain::Event::JobRetryRequested {
        job_id: failed.id,
        payload: failed.payload.clone(),
    };
    let again = EventRecord {
        id: souk_domain::EventId(id()),
        event,
        at: at(400),
        trace: None,
    };
    assert!(
        store
            .retry_failed(failed.id, again.clone())
            .await
            .expect("stated")
    );
    queue
        .push(reactions::follow(&again).jobs)
        .await
        .expect("added");
    store
        .handed_on(&[(again.id, 1)], at(401))
        .await
        .expect("noted");
    placed(&*store, &customer("Omar"), "d", variant, 1).await;
    let last = placed(&*store, &customer("Omar"), "e", variant, 1).await;
    let events = all(engine.store()).await;
    let event = events
        .iter()
        .find(|event| event.id == souk_domain::event::order_event_id(last.id, OrderStatus::Placed));
    queue
        .push(reactions::follow(event.expect("stated")).jobs)
        .await
        .expect("added");
    drop((store, queue));
    engine.store = None;
    engine.folder
}

/// What `verify` says of a copy of a file after it was hurt.
async fn said(sound: &Path, damage: &str) -> Vec<(u8, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("souk.db");
    std::fs::copy(sound.join("souk.db"), &path).expect("copied");
    let connection = Connection::open(&path).expect("opens");
    connection
        .execute_batch(damage)
        .unwrap_or_else(|error| panic!("{damage}: {error}"));
    connection.close().expect("closes");
    let faults = SqliteStore::open_beside(&path).expect("opens");
    let faults = souk_app::ports::store::VerifyStore::verify(&faults)
        .await
        .expect("verified");
    faults
        .into_iter()
        .map(|fault| (fault.invariant, fault.detail))
        .collect()
}

/// The first order that was returned, placed and done, or is still in the outbox, in SQL.
const RETURNED: &str = "(SELECT id FROM orders WHERE status = 5)";
const DONE: &str = "(SELECT id FROM orders WHERE key = 'a')";

/// Merges all orders but for the end, when they leave the fresh tier: both tiers have them.
const COPIED: &str = "INSERT INTO order_keys SELECT key_hash, seq FROM fresh_orders;
    INSERT INTO order_numbers SELECT number, seq FROM fresh_orders;";
/// The end of that.
const LEFT: &str = "DELETE FROM fresh_orders;";

#[tokio::test(flavor = "multi_thread")]
async fn every_damage_is_named() {
    let sound = sound().await;
    assert_eq!(
        said(sound.path(), "SELECT 1").await,
        [],
        "the data is sound to begin with"
    );
    for merged in [COPIED.to_owned(), format!("{COPIED} {LEFT}")] {
        assert_eq!(said(sound.path(), &merged).await, [], "{merged}");
    }
    let merged = |damage: &str| format!("{COPIED} {LEFT} {damage}");
    let loose = |table: &str| {
        // The same rows without constraints, so that what they forbid can be there.
        format!(
            "CREATE TABLE loose AS SELECT * FROM {table}; DROP TABLE {table}; ALTER TABLE loose RENAME TO {table};"
        )
    };
    let store_stream = "stream = x'00'";
    let own_stream = format!("substr(stream, 2) = {DONE}");
    let cases: Vec<(String, u8, &str)> = vec![
        ("UPDATE stock SET sold = sold - 1".into(), 1, "its moves say"),
        ("UPDATE stock SET received = received + 5".into(), 1, "its moves say"),
        ("DELETE FROM stock".into(), 1, "its moves say"),
        ("DELETE FROM stock_moves WHERE order_id IS NULL AND reason = 'counted'".into(), 1, "its moves say"),
        ("UPDATE stock SET received = received - 200; UPDATE stock_moves SET quantity = quantity - 200 WHERE reason = 'start'".into(), 1, "is tracked, and -"),
        (format!("DELETE FROM stock_moves WHERE order_id = {DONE}"), 1, "its sold stock moves do not say so"),
        (format!("DELETE FROM stock_moves WHERE kind = 2 AND order_id = {RETURNED}"), 1, "its returned stock moves do not say so"),
        (format!("INSERT INTO stock_moves SELECT NULL, id, variant_id, 2, quantity, '', order_id, at FROM stock_moves WHERE order_id = {DONE}; UPDATE stock SET returned = returned + 2"), 1, "its returned stock moves do not say so"),
        (format!("{} INSERT INTO stock_moves SELECT 999, id, variant_id, 2, quantity, '', order_id, at FROM stock_moves WHERE kind = 2 AND order_id = {RETURNED}", loose("stock_moves")), 1, "its returned stock moves do not say so"),
        (format!("UPDATE stock_moves SET id = randomblob(16) WHERE order_id = {DONE}"), 1, "its sold stock moves do not say so"),
        (format!("UPDATE stock_moves SET id = x'00' WHERE order_id = {DONE}"), 1, "its sold stock moves do not say so"),
        ("UPDATE stock_moves SET kind = 9 WHERE reason = 'counted'".into(), 1, "of no known kind"),
        ("UPDATE stock_moves SET order_id = x'00112233445566778899aabbccddeeff' WHERE order_id = (SELECT id FROM orders WHERE key = 'a')".into(), 1, "which is not there"),
        (format!("{} INSERT INTO orders SELECT seq + 100, id, number, user_id, key, request_hash, status, placed_at, body FROM orders WHERE key = 'a'", loose("orders")), 2, "has 2 orders under the key \"a\""),
        (format!("{} UPDATE orders SET number = 5", loose("orders")), 2, "5 orders have the number 5"),
        ("UPDATE orders SET status = 3 WHERE key = 'a'".into(), 2, "is not found by what it says"),
        ("UPDATE orders SET body = '{' WHERE key = 'a'".into(), 2, "cannot be read"),
        ("UPDATE orders SET user_id = id WHERE key = 'a'".into(), 2, "is not found by what it says"),
        ("DELETE FROM orders WHERE key = 'a'".into(), 1, "which is not there"),
        ("DELETE FROM fresh_orders WHERE seq = 2".into(), 2, "is in no tier by its key"),
        ("DELETE FROM fresh_orders WHERE seq = 2".into(), 2, "is in no tier by its number"),
        ("UPDATE fresh_orders SET key_hash = 5 WHERE seq = 2".into(), 2, "the fresh key row 2 leads to no such order"),
        ("UPDATE fresh_orders SET number = 5 WHERE seq = 2".into(), 2, "the fresh number row 2 leads to no such order"),
        ("INSERT INTO fresh_orders SELECT 77, key_hash, number FROM fresh_orders WHERE seq = 2".into(), 2, "the fresh key row 77 leads to no such order"),
        (merged("DELETE FROM order_keys WHERE seq = 2"), 2, "is in no tier by its key"),
        (merged("DELETE FROM order_numbers WHERE seq = 2"), 2, "is in no tier by its number"),
        (merged("UPDATE order_keys SET seq = 1 WHERE seq = 2"), 2, "the key row 1 leads to no such order"),
        (merged("UPDATE order_keys SET key_hash = 5 WHERE seq = 2"), 2, "the key row 2 leads to no such order"),
        (merged("UPDATE order_numbers SET seq = 1 WHERE seq = 2"), 2, "the number row 1 leads to no such order"),
        (merged("UPDATE order_numbers SET number = 5 WHERE seq = 2"), 2, "the number row 2 leads to no such order"),
        (format!("{COPIED} UPDATE order_keys SET seq = 1 WHERE seq = 2"), 2, "the key row 1 leads to no such order"),
        (format!("{} INSERT INTO orders SELECT 6, x'00112233445566778899aabbccddeeff', 5, user_id, key, request_hash, status, placed_at, body FROM orders WHERE key = 'a';
            INSERT INTO fresh_orders SELECT 6, key_hash, 5 FROM order_keys WHERE seq = 1", merged("")), 2, "has 2 orders under the key \"a\""),
        (format!("DELETE FROM entries WHERE {store_stream} AND seq = 2"), 3, "stream store has head"),
        (format!("UPDATE entries SET seq = 99 WHERE {store_stream} AND seq = 2"), 3, "stream store has head"),
        (format!("UPDATE streams SET head = head + 1 WHERE {store_stream}"), 3, "stream store has head"),
        (format!("UPDATE streams SET head = head - 1 WHERE {store_stream}"), 3, "stream store has head"),
        (format!("DELETE FROM streams WHERE {store_stream}"), 3, "stream store has entries and no head"),
        (format!("DELETE FROM entries WHERE {own_stream}"), 3, "has head 2, and 0 entries"),
        (format!("DROP INDEX entries_by_id; UPDATE entries SET id = (SELECT id FROM entries WHERE {store_stream} AND seq = 1) WHERE {store_stream} AND seq = 2"), 3, "is 2 times in stream store"),
        (format!("UPDATE entries SET body = '{{}}' WHERE {own_stream} AND seq = 1"), 3, "cannot be read"),
        (format!("DELETE FROM entries WHERE {own_stream}; DELETE FROM streams WHERE {own_stream}"), 4, "the last status in its stream is none"),
        (format!("UPDATE entries SET body = replace(body, 'placed', 'packed') WHERE {own_stream}"), 4, "is placed, and the last status in its stream is packed"),
        (format!("UPDATE entries SET body = replace(body, 'paid', 'refunded') WHERE {own_stream}"), 4, "is paid, and the last payment in its stream is refunded"),
        (format!("UPDATE entries SET body = replace(body, '\"placed\"', '\"placed\",\"previous\":\"packed\"') WHERE {own_stream} AND seq = 1"), 4, "is a step from nowhere"),
        (format!("UPDATE entries SET id = randomblob(16) WHERE {store_stream} AND seq = 1"), 4, "was placed, and the stream store does not say so"),
        (format!("UPDATE entries SET id = randomblob(16) WHERE {store_stream}"), 4, "became cancelled, and the stream store does not say so"),
        ("DELETE FROM outbox WHERE handed_at IS NULL".into(), 4, "was lost"),
        ("DELETE FROM outbox WHERE retries IS NOT NULL".into(), 4, "was lost"),
        ("DELETE FROM outbox".into(), 4, "which is neither in the outbox nor done"),
        ("UPDATE outbox SET body = 'x'".into(), 4, "cannot be read"),
        ("UPDATE outbox SET settled = 2, expected = 2 WHERE retries IS NULL".into(), 4, "is done, and still in the outbox"),
        ("DELETE FROM done_jobs".into(), 4, "was lost"),
        ("DELETE FROM failed_jobs".into(), 4, "was lost"),
        ("INSERT INTO done_jobs (id, at) SELECT id, at FROM failed_jobs".into(), 4, "was done and failed"),
        ("UPDATE jobs SET event_id = randomblob(16) WHERE seq = (SELECT max(seq) FROM jobs)".into(), 4, "which is neither in the outbox nor done"),
    ];
    let mut missed = Vec::new();
    for (damage, invariant, detail) in cases {
        let faults = said(sound.path(), &damage).await;
        if !faults
            .iter()
            .any(|fault| fault.0 == invariant && fault.1.contains(detail))
        {
            missed.push(format!(
                "{damage}\nmust say ({invariant}) {detail:?}, says {faults:#?}"
            ));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_named() {
    let sound = sound().await;
    let path = sound.path().join("souk.db");
    let connection = Connection::open(&path).expect("opens");
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'orders_by_status'";
    let page: u64 = connection
        .query_row(sql, [], |row| row.get::<_, i64>(0))
        .expect("read")
        .try_into()
        .expect("a page");
    connection.close().expect("closes");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .expect("opens");
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start((page - 1) * 4_096)).expect("there");
    std::io::Write::write_all(&mut file, &[0xff; 4_096]).expect("hurt");
    drop(file);
    let faults = said(sound.path(), "SELECT 1").await;
    assert!(
        faults
            .iter()
            .any(|fault| fault.1.contains("the database file is damaged")),
        "{faults:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_jobs_are_not_missed_after_their_retention() {
    let sound = sound().await;
    let store = SqliteStore::open(
        &sound.path().join("souk.db"),
        crate::SqliteOptions::default(),
    )
    .expect("opens");
    let late = at(40 * 86_400);
    let kept = Store::trim(&store, late).await.expect("trimmed");
    assert_eq!(kept, 0, "an event in the outbox may still count on them");
    let waiting = store.overdue(late, late, 99).await.expect("read");
    follow(&store, &store.queue(), &waiting, "").await;
    assert!(Store::trim(&store, late).await.expect("trimmed") > 0);
    assert_eq!(
        souk_app::ports::store::VerifyStore::verify(&store)
            .await
            .expect("verified"),
        []
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_a_thousand_faults_are_named() {
    let sound = sound().await;
    let many = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
        INSERT INTO stock_moves SELECT NULL, randomblob(16), randomblob(16), 0, 1, '', NULL, 0 FROM n";
    assert_eq!(said(sound.path(), many).await.len(), 1_000);
}
