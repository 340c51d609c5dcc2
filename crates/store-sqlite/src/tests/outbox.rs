//! Events in the outbox that this version cannot read: a newer one wrote them, or the file was hurt.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use souk_app::ports::contract::Engine;
use souk_app::ports::contract::fixtures::{at, event};
use souk_app::ports::store::{OutboxStore, VerifyStore as _};
use souk_domain::EventRecord;

use super::{OnDisk, start};

/// An outbox of so many events, of which those with these numbers cannot be read.
async fn outbox(events: i64, unreadable: &[usize]) -> (OnDisk, Vec<EventRecord>) {
    let engine = start().await;
    let events: Vec<EventRecord> = (0..events).map(event).collect();
    engine.store().state(events.clone()).await.expect("stated");
    let ids: Vec<_> = unreadable.iter().map(|n| events[*n].id).collect();
    let hurt = move |connection: &Connection| {
        let bodies = [r#"{"type":"ThingOfTomorrow","thing":1}"#, "{", ""];
        for (id, body) in ids.iter().zip(bodies.iter().cycle()) {
            let sql = "UPDATE outbox SET body = ?2 WHERE id = ?1";
            let hurt = connection.execute(sql, (id.0.as_bytes(), body))?;
            assert_eq!(hurt, 1);
        }
        Ok(())
    };
    engine.now().inner.write(hurt).await.expect("hurt");
    (engine, events)
}

#[tokio::test]
async fn what_cannot_be_read_holds_nobody_up() {
    let (engine, events) = outbox(20, &[0, 1, 2, 3, 4, 9, 19]).await;
    let store = engine.now();
    let late = async |limit| store.overdue(at(99), at(99), limit).await.expect("read");
    let readable: Vec<_> = [5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18]
        .map(|n: usize| events[n].clone())
        .into();
    assert_eq!(late(100).await, readable);
    assert_eq!(
        late(4).await,
        readable[..4],
        "more that cannot be read come first than are looked at in one go"
    );
    assert_eq!(late(5).await, readable[..5]);
    assert_eq!(late(0).await, []);
    // What can be read goes its way; the rest stays for a version that knows it, and `verify` says so.
    let done: Vec<_> = readable.iter().map(|event| (event.id, 0)).collect();
    store.handed_on(&done, at(50)).await.expect("noted");
    assert_eq!(late(100).await, []);
    assert_eq!(store.outbox_size().await.expect("size").0, 7);
    let faults = store.verify().await.expect("verified");
    assert_eq!(faults.len(), 7, "{faults:#?}");
    for fault in faults {
        assert_eq!(fault.invariant, 4);
        assert!(fault.detail.contains("cannot be read"), "{}", fault.detail);
    }
}

#[tokio::test]
async fn what_was_handed_on_and_cannot_be_read_holds_nobody_up() {
    let (engine, events) = outbox(6, &[0, 1, 2]).await;
    let store = engine.now();
    let handed: Vec<_> = events.iter().map(|event| (event.id, 1)).collect();
    store.handed_on(&handed, at(50)).await.expect("noted");
    let late = store.overdue(at(99), at(99), 2).await.expect("read");
    assert_eq!(late, events[3..5]);
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("whole").write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_said_in_the_log() {
    let (engine, events) = outbox(3, &[1]).await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let connection = Connection::open(engine.folder.path().join("souk.db")).expect("opens");
    let late = tracing::subscriber::with_default(subscriber, || {
        crate::outbox::overdue(&connection, at(99), at(99), 10).expect("read")
    });
    assert_eq!(late.len(), 2);
    let said = String::from_utf8(log.0.lock().expect("whole").clone()).expect("text");
    let errors: Vec<_> = said.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 1, "{said}");
    assert!(errors[0].contains(&events[1].id.to_string()), "{said}");
    assert!(
        !errors[0].contains("\"thing\":1"),
        "the body may hold what is nobody's business: {said}"
    );
}
