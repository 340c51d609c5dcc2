//! The file: who may open it, and copies of it.

use souk_app::ports::contract::Engine;
use souk_app::ports::store::{AccountStore, OrderFilter, OrderStore, StreamStore, VerifyStore};
use souk_app::ports::{EngineError, Store};
use souk_domain::shop::ShopSettings;
use souk_domain::stream::{EntryBody, NewEntry, Span, StreamKey};
use souk_domain::{EntryId, JobId, Timestamp};

use super::start;
use crate::{Access, BackupError, OpenError, SqliteOptions, SqliteStore};

fn shop() -> ShopSettings {
    ShopSettings::new("SAR".parse().expect("a known code"))
}

fn entry(n: u128) -> NewEntry {
    let body = EntryBody::JobFailed {
        job_id: JobId(uuid::Uuid::nil()),
        kind: "Test".into(),
        error: "x".repeat(500),
    };
    NewEntry {
        stream: StreamKey::Store,
        id: EntryId(uuid::Uuid::from_u128(n)),
        author: None,
        at: Timestamp::UNIX_EPOCH,
        body,
    }
}

#[tokio::test]
async fn one_process_serves_a_file_and_others_may_share_it() {
    let mut engine = start().await;
    let path = engine.folder.path().join("souk.db");
    let refused = SqliteStore::open(&path, SqliteOptions::default())
        .err()
        .expect("refused");
    assert!(matches!(refused, OpenError::Served(_)), "{refused}");
    let shared = SqliteStore::open(
        &path,
        SqliteOptions {
            access: Access::Share,
            ..SqliteOptions::default()
        },
    )
    .expect("opens");
    shared.keep_shop(&shop()).await.expect("written");
    assert_eq!(engine.now().shop().await.expect("read"), Some(shop()));
    let beside = SqliteStore::open_beside(&path).expect("opens");
    assert_eq!(beside.shop().await.expect("read"), Some(shop()));
    assert_eq!(beside.verify().await.expect("verified"), []);
    assert!(matches!(
        beside.keep_shop(&shop()).await,
        Err(EngineError::Refused(_))
    ));
    assert!(matches!(beside.check().await, Err(EngineError::Refused(_))));
    engine.restart().await;
    drop((shared, beside));
    assert_eq!(engine.now().shop().await.expect("read"), Some(shop()));
}

#[tokio::test]
async fn a_server_may_start_while_others_share_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new/folder/souk.db");
    let share = SqliteOptions {
        access: Access::Share,
        ..SqliteOptions::default()
    };
    assert!(
        SqliteStore::open_beside(&path).is_err(),
        "there is nothing to read"
    );
    let first = SqliteStore::open(&path, share.clone()).expect("makes the file");
    let served = SqliteStore::open(&path, SqliteOptions::default()).expect("serves");
    first.keep_shop(&shop()).await.expect("written");
    assert!(served.shop().await.expect("read").is_some());
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(&path).expect("there").permissions(),
        );
        assert_eq!(mode & 0o777, 0o600, "nobody else reads it");
    }
}

#[test]
fn a_file_of_another_version_is_refused_with_its_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("souk.db");
    drop(SqliteStore::open(&path, SqliteOptions::default()).expect("makes the file"));
    let set = |version: i64| {
        let connection = rusqlite::Connection::open(&path).expect("opens");
        connection
            .pragma_update(None, "user_version", version)
            .expect("set");
    };
    set(7_000);
    for access in [Access::Serve, Access::Share, Access::Read] {
        let refused = SqliteStore::open(
            &path,
            SqliteOptions {
                access,
                ..SqliteOptions::default()
            },
        )
        .err()
        .expect("refused");
        assert!(
            matches!(refused, OpenError::Newer { found: 7_000, .. }),
            "{refused}"
        );
    }
    set(0);
    let refused = SqliteStore::open_beside(&path).err().expect("refused");
    assert!(
        matches!(refused, OpenError::Older { found: 0, .. }),
        "{refused}"
    );
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "not a database, but long enough to look like one to nobody".repeat(100),
    )
    .expect("written");
    assert!(SqliteStore::open(&text, SqliteOptions::default()).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_running_shop_is_whole() {
    let engine = start().await;
    let to = engine.folder.path().join("copy.db");
    let writing = engine.now().clone();
    writing.keep_shop(&shop()).await.expect("kept");
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = std::sync::Arc::clone(&stop);
    let writer = tokio::spawn(async move {
        let mut n = 0;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            n += 10;
            writing
                .append((n..n + 10).map(entry).collect())
                .await
                .expect("appended");
        }
        n
    });
    for _ in 0..5 {
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        let source =
            SqliteStore::open_beside(&engine.folder.path().join("souk.db")).expect("opens");
        source.backup(&to).await.expect("copied");
        let copy = SqliteStore::open(&to, SqliteOptions::default()).expect("opens");
        assert_eq!(copy.verify().await.expect("verified"), []);
        let head = copy
            .entries(StreamKey::Store, Span::Latest(1))
            .await
            .expect("read")
            .head;
        assert_eq!(head % 10, 0, "no part of a transaction");
        assert_eq!(copy.shop().await.expect("read"), Some(shop()));
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(writer.await.expect("wrote") > 0);
    assert!(!crate::open::beside(&to, "partial").exists());
    assert!(!to.with_extension("db-wal").exists(), "one file");
    assert_eq!(
        engine
            .now()
            .orders(&OrderFilter::default(), None, 1)
            .await
            .expect("listed")
            .items,
        []
    );
    assert!(!engine.now().has_admin().await.expect("read"));
}

#[tokio::test]
async fn pages_go_to_their_places_while_the_shop_runs() {
    let engine = start().await;
    let file = engine.folder.path().join("souk.db");
    let size = || std::fs::metadata(&file).expect("there").len();
    let before = size();
    for batch in 0..3 {
        let entries = (batch * 2_000..(batch + 1) * 2_000).map(entry).collect();
        engine.now().append(entries).await.expect("appended");
    }
    let started = std::time::Instant::now();
    while size() < before + 1_000_000 {
        assert!(
            started.elapsed() < std::time::Duration::from_secs(20),
            "the log was not checkpointed"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_backup_that_fails_leaves_nothing_behind() {
    let engine = start().await;
    let path = engine.folder.path().join("souk.db");
    assert!(matches!(
        engine.now().backup(&path).await,
        Err(BackupError::Itself)
    ));
    let other = engine.folder.path().join("other.db");
    let open = SqliteStore::open(&other, SqliteOptions::default()).expect("opens");
    open.keep_shop(&shop()).await.expect("kept");
    assert!(matches!(
        engine.now().backup(&other).await,
        Err(BackupError::InUse(_))
    ));
    drop(open);
    assert!(
        !other.with_extension("db-wal").exists(),
        "what is closed leaves one file"
    );
    engine.now().backup(&other).await.expect("replaced");
    let nowhere = engine.folder.path().join("no/folder/copy.db");
    assert!(matches!(
        engine.now().backup(&nowhere).await,
        Err(BackupError::Io(_))
    ));
    let folder = engine.folder.path().join("taken");
    std::fs::create_dir(&folder).expect("made");
    assert!(matches!(
        engine.now().backup(&folder).await,
        Err(BackupError::Io(_))
    ));
    assert!(!crate::open::beside(&folder, "partial").exists());
    engine.now().check().await.expect("the shop goes on");
}
