//! Opening databases: two at once, foreign ones, newer ones, servers that are alone.

use std::process::Stdio;

use mongodb::Client;
use mongodb::bson::{Document, doc};
use souk_testbed::{Folder, Process, free_port, tools};

use super::{new_url, start};
use crate::schema::{VERSION, collections};
use crate::{MongoOptions, MongoStore, OpenError};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_processes_start_at_once() {
    let url = new_url().await;
    let starts = (0..6).map(|_| MongoStore::open(&url, MongoOptions::default()));
    for store in futures::future::join_all(starts).await {
        store.expect("opens");
    }
    let engine = start_on(url).await;
    let database = &engine.now().inner.database;
    let schema = database.collection::<Document>("schema");
    let found = schema
        .find_one(doc! {})
        .await
        .expect("read")
        .expect("there");
    assert_eq!(found.get_i64("version").ok(), Some(VERSION));
    for collection in collections() {
        let indexes = database.collection::<Document>(collection.name);
        let indexes = indexes.list_index_names().await.expect("listed");
        assert_eq!(
            indexes.len(),
            collection.indexes.len() + 1,
            "{}",
            collection.name
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_start_that_was_cut_off_is_finished_by_the_next_one() {
    let engine = start().await;
    let database = &engine.now().inner.database;
    let schema = database.collection::<Document>("schema");
    schema
        .update_one(
            doc! { "_id": "souk" },
            doc! { "$set": { "version": 0_i64 } },
        )
        .await
        .expect("set");
    database
        .collection::<Document>("entries")
        .drop()
        .await
        .expect("dropped");
    MongoStore::open(&engine.url, MongoOptions::default())
        .await
        .expect("opens");
    let indexes = database.collection::<Document>("entries");
    assert_eq!(indexes.list_index_names().await.expect("listed").len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_of_the_first_version_gets_what_is_new() {
    let engine = start().await;
    let database = &engine.now().inner.database;
    let outbox = database.collection::<Document>("outbox");
    outbox.drop_index("at_1__id_1").await.expect("dropped");
    let schema = database.collection::<Document>("schema");
    schema
        .update_one(
            doc! { "_id": "souk" },
            doc! { "$set": { "version": 1_i64 } },
        )
        .await
        .expect("set");
    let beside = MongoOptions {
        migrates: false,
        ..MongoOptions::default()
    };
    let refused = MongoStore::open(&engine.url, beside).await.err();
    assert!(
        matches!(refused, Some(OpenError::Older { found: 1, .. })),
        "{refused:?}"
    );
    MongoStore::open(&engine.url, MongoOptions::default())
        .await
        .expect("opens");
    // The oldest event is found without looking at the others.
    let oldest = doc! { "find": "outbox", "sort": { "at": 1 }, "limit": 1 };
    let plan = database.run_command(doc! { "explain": oldest, "verbosity": "queryPlanner" });
    let plan = plan.await.expect("planned").to_string();
    assert!(
        plan.contains("at_1__id_1") && !plan.contains("\"SORT\""),
        "{plan}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_newer_or_foreign_is_refused() {
    let engine = start().await;
    let schema = engine.now().inner.collection::<Document>("schema");
    schema
        .update_one(
            doc! { "_id": "souk" },
            doc! { "$set": { "version": 99_i64 } },
        )
        .await
        .expect("set");
    let newer = MongoStore::open(&engine.url, MongoOptions::default()).await;
    assert!(matches!(newer, Err(OpenError::Newer { found: 99, .. })));

    for name in ["notes", "schema"] {
        let url = new_url().await;
        let client = Client::with_uri_str(&url).await.expect("a client");
        let database = client.default_database().expect("named");
        let foreign = database.collection::<Document>(name);
        foreign.insert_one(doc! { "a": 1 }).await.expect("kept");
        let refused = MongoStore::open(&url, MongoOptions::default()).await;
        let left = database.list_collection_names().await.expect("listed");
        database.drop().await.expect("dropped");
        assert!(matches!(refused, Err(OpenError::NotOurs(_))), "{name}");
        assert_eq!(left, [name]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_alone_is_refused() {
    let folder = Folder::new("alone").expect("a folder");
    let port = free_port().expect("a port").to_string();
    let path = folder.path().display().to_string();
    let arguments = ["--port", &port, "--bind_ip", "127.0.0.1", "--dbpath", &path];
    let arguments = arguments.map(str::to_owned);
    let program = tools().join("mongod").display().to_string();
    let _server = Process::start(&program, &arguments, |command| {
        command.stdout(Stdio::null());
    })
    .expect("starts");
    let options = MongoOptions {
        selection: std::time::Duration::from_secs(30),
        ..MongoOptions::default()
    };
    let url = format!("mongodb://127.0.0.1:{port}/souk");
    let refused = MongoStore::open(&url, options).await;
    assert!(matches!(refused, Err(OpenError::Standalone)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_not_there_is_named_without_the_password() {
    let options = MongoOptions {
        selection: std::time::Duration::from_millis(300),
        ..MongoOptions::default()
    };
    let url = "mongodb://me:geheim@127.0.0.1:1/souk?replicaSet=rs0";
    let Err(error) = MongoStore::open(url, options).await else {
        panic!("opened");
    };
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("127.0.0.1:1"), "{shown}");
    assert!(!shown.contains("geheim"), "{shown}");
}

async fn start_on(url: String) -> super::OnServer {
    let mut engine = super::OnServer { url, store: None };
    engine.open().await;
    engine
}
