//! What the tests of other crates stand on.

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

#[tokio::test]
async fn redis_comes_back_with_its_data_or_without() -> anyhow::Result<()> {
    let mut redis = Redis::start().await?;
    redis.restart().await?;
    redis.restart_empty().await?;
    assert!(
        redis
            .process()
            .is_some_and(souk_testbed::Process::is_running)
    );
    Ok(())
}
