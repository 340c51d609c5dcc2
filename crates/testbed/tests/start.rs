//! What the tests of other crates stand on.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use mongodb::bson::doc;
use souk_testbed::{Redis, ReplicaSet};

#[tokio::test]
async fn a_primary_that_is_killed_is_replaced() -> anyhow::Result<()> {
    let mut set = ReplicaSet::start(3).await?;
    let before = set.primary().await?;
    set.kill(before);
    let after = set.primary().await?;
    assert_ne!(before, after);
    set.start_member(before)?;
    let client = mongodb::Client::with_uri_str(set.url("test")).await?;
    let things = client.database("test").collection("things");
    things.insert_one(doc! { "_id": 1 }).await?;
    assert_eq!(things.count_documents(doc! {}).await?, 1);
    Ok(())
}

/// What Redis answers to a command; one line, or the value.
fn ask(redis: &Redis, command: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port()))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line)?;
    if line.starts_with('$') && line.trim() != "$-1" {
        line.clear();
        stream.read_line(&mut line)?;
    }
    Ok(line.trim().to_owned())
}

#[tokio::test]
async fn redis_comes_back_with_its_data_or_without() -> anyhow::Result<()> {
    let mut redis = Redis::start().await?;
    assert_eq!(ask(&redis, "SET key value")?, "+OK");
    redis.restart().await?;
    assert_eq!(ask(&redis, "GET key")?, "value");
    redis.restart_empty().await?;
    assert_eq!(ask(&redis, "GET key")?, "$-1");
    Ok(())
}

#[tokio::test]
async fn a_redis_without_a_port_does_not_start() -> anyhow::Result<()> {
    let first = Redis::start().await?;
    let port = first.port().to_string();
    let started = Instant::now();
    let second = Redis::start_with(&["--port", &port]).await;
    assert!(second.is_err());
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "its end is seen"
    );
    assert_eq!(ask(&first, "PING")?, "+PONG");
    Ok(())
}
