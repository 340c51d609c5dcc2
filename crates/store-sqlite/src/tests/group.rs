//! The group commit: what one command does to its neighbours.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use souk_app::ports::{EngineError, Store};

use super::start;
use crate::failure::Failure;
use crate::{Access, SqliteOptions, SqliteStore};

fn note(connection: &Connection, name: &str) -> Result<(), Failure> {
    connection.execute("INSERT INTO engine (name, value) VALUES (?1, 1)", [name])?;
    Ok(())
}

async fn notes(store: &SqliteStore) -> Vec<String> {
    let read = |connection: &Connection| {
        let mut statement =
            connection.prepare("SELECT name FROM engine WHERE name LIKE 'note%' ORDER BY name")?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<Vec<String>>>()?)
    };
    store.inner.read(read).await.expect("read")
}

/// Holds the writer, so that what comes from now on is one group; let go by dropping the sender.
pub(super) async fn hold(
    store: &SqliteStore,
) -> (
    std::sync::mpsc::Sender<()>,
    tokio::task::JoinHandle<Result<(), EngineError>>,
) {
    let (go, held) = std::sync::mpsc::channel::<()>();
    let (tell, holds) = tokio::sync::oneshot::channel();
    let inner = Arc::clone(&store.inner);
    let holding = tokio::spawn(async move {
        inner
            .write(move |_| {
                let _ = tell.send(());
                let _ = held.recv();
                Ok(())
            })
            .await
    });
    holds.await.expect("it holds");
    (go, holding)
}

#[tokio::test]
async fn a_bad_command_hurts_nobody_else() {
    let engine = start().await;
    let store = engine.now();
    let (go, holding) = hold(store).await;
    let good = |name: &'static str| store.inner.write(move |connection| note(connection, name));
    let fails = store.inner.write(|connection| {
        note(connection, "note-fails")?;
        Err::<(), _>(Failure::Refused("no"))
    });
    let panics = store.inner.write(|connection| {
        note(connection, "note-panics")?;
        panic!("a defect of a command");
        #[allow(unreachable_code)]
        Ok(())
    });
    let twice = store.inner.write(|connection| note(connection, "note-a"));
    let tried = store
        .inner
        .rehearse(|connection| note(connection, "note-tried"));
    drop(go);
    let (a, failed, panicked, again, b, rehearsed) =
        tokio::join!(good("note-a"), fails, panics, twice, good("note-b"), tried);
    holding.await.expect("ran").expect("committed");
    assert!(a.is_ok() && b.is_ok() && rehearsed.is_ok());
    for refused in [failed, panicked, again] {
        assert!(
            matches!(refused, Err(EngineError::Refused(_))),
            "{refused:?}"
        );
    }
    assert_eq!(notes(store).await, ["note-a", "note-b"]);
    store.check().await.expect("the writer lives");
}

#[tokio::test]
async fn what_waits_is_one_group_and_is_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = SqliteOptions {
        waiting: 10,
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open(&folder.path().join("souk.db"), options).expect("opens");
    let (go, holding) = hold(&store).await;
    // Everybody in a group is inside the same transaction: its first command cannot be read before the last ran.
    let seen = Arc::new(AtomicU32::new(0));
    let beside = crate::open::reader(&folder.path().join("souk.db"), &SqliteOptions::default())
        .expect("opens");
    let beside = Arc::new(std::sync::Mutex::new(beside));
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..10 {
        let (inner, seen, beside) = (
            Arc::clone(&store.inner),
            Arc::clone(&seen),
            Arc::clone(&beside),
        );
        waiting.spawn(async move {
            inner
                .write(move |connection| {
                    note(connection, &format!("note-{n}"))?;
                    let sql = "SELECT count(*) FROM engine WHERE name LIKE 'note%'";
                    let others: u32 = beside
                        .lock()
                        .expect("whole")
                        .query_row(sql, [], |row| row.get(0))?;
                    seen.fetch_add(others, Ordering::Relaxed);
                    Ok(())
                })
                .await
        });
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let refused = store
        .inner
        .write(|connection| note(connection, "note-past"))
        .await;
    assert!(
        matches!(refused, Err(EngineError::Unavailable(_))),
        "{refused:?}"
    );
    drop(go);
    holding.await.expect("ran").expect("committed");
    assert!(
        waiting
            .join_all()
            .await
            .into_iter()
            .all(|written| written.is_ok())
    );
    assert_eq!(seen.load(Ordering::Relaxed), 0, "one commit for all");
    assert_eq!(notes(&store).await.len(), 10);
}

#[tokio::test]
async fn a_group_that_wrote_nothing_touches_no_disk() {
    let engine = start().await;
    let store = engine.now();
    let log = engine.folder.path().join("souk.db-wal");
    let size = || std::fs::metadata(&log).expect("a log").len();
    let before = size();
    store
        .inner
        .rehearse(|connection| note(connection, "note-tried"))
        .await
        .expect("tried");
    let failed = store
        .inner
        .write(|connection| note(connection, "note").and(Err::<(), _>(Failure::Refused("no"))))
        .await;
    assert!(failed.is_err());
    store
        .inner
        .write(|connection| Ok(connection.execute("DELETE FROM engine WHERE name = 'nobody'", [])?))
        .await
        .expect("ran");
    assert_eq!(size(), before);
    store
        .inner
        .write(|connection| note(connection, "note"))
        .await
        .expect("written");
    assert!(size() > before);
}

#[tokio::test]
async fn another_process_that_writes_for_too_long_is_a_conflict() {
    let engine = start().await;
    let path = engine.folder.path().join("souk.db");
    let options = SqliteOptions {
        access: Access::Share,
        busy: Duration::from_millis(50),
        ..SqliteOptions::default()
    };
    let beside = SqliteStore::open(&path, options).expect("opens");
    let other = Connection::open(&path).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let refused = beside
        .inner
        .write(|connection| note(connection, "note-b"))
        .await;
    assert!(matches!(refused, Err(EngineError::Conflict)), "{refused:?}");
    let waiting = engine
        .now()
        .inner
        .write(|connection| note(connection, "note-a"));
    let release = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        other.execute_batch("ROLLBACK").expect("let go");
    };
    let (waited, ()) = tokio::join!(waiting, release);
    waited.expect("a short wait is waited for");
    beside
        .inner
        .write(|connection| note(connection, "note-b"))
        .await
        .expect("written");
    assert_eq!(notes(engine.now()).await, ["note-a", "note-b"]);
}

#[tokio::test]
async fn a_question_that_panics_leaves_its_thread_alive() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = SqliteOptions {
        readers: 1,
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open(&folder.path().join("souk.db"), options).expect("opens");
    let asked = store
        .inner
        .read(|_| -> Result<(), Failure> { panic!("a defect of a question") })
        .await;
    assert!(matches!(asked, Err(EngineError::Refused(_))));
    assert_eq!(notes(&store).await, Vec::<String>::new());
}
