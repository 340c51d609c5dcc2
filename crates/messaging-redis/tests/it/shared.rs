//! What instances share: news, cached values, limits, who is there; with Redis, without it, and when it comes and goes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use souk_app::ports::{Bus, Cache, Ids, Limits, News, Presence, Quota};
use souk_domain::stream::StreamKey;
use souk_domain::{SessionId, UserId};
use souk_messaging_redis::{Redis, RedisBus, RedisCache, RedisLimits, RedisPresence};
use souk_testbed::Redis as Server;
use tokio::sync::broadcast::Receiver;
use uuid::Uuid;

use crate::support::{TestIds, connect, share, take_in_turn, until};

const SOON: Duration = Duration::from_secs(5);

fn ids() -> Arc<dyn Ids> {
    Arc::new(TestIds::default())
}

/// Two instances on one server.
async fn two(server: &Server) -> [Redis; 2] {
    let both = [connect(&server.url()), connect(&server.url())];
    for redis in &both {
        redis.until_up().await;
    }
    both
}

fn head(seq: u64) -> News {
    News::Head {
        stream: StreamKey::Store,
        seq,
    }
}

async fn heard(listener: &mut Receiver<News>) -> News {
    tokio::time::timeout(SOON, listener.recv())
        .await
        .expect("in time")
        .expect("news")
}

/// Says something until the other hears it: subscriptions are made in the background.
async fn hear_each_other(from: &RedisBus, to: &mut Receiver<News>) {
    until("they hear each other", SOON, async || {
        from.publish(head(0));
        tokio::time::sleep(Duration::from_millis(20)).await;
        to.try_recv().is_ok()
    })
    .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    while to.try_recv().is_ok() {}
}

#[tokio::test]
async fn news_reach_every_instance_once_and_in_order() {
    let server = Server::start().await.unwrap();
    let [a, b] = two(&server).await;
    let (a, b) = (RedisBus::start(a, &ids()), RedisBus::start(b, &ids()));
    let (mut at_a, mut at_b) = (a.listen(), b.listen());
    hear_each_other(&a, &mut at_b).await;
    hear_each_other(&b, &mut at_a).await;
    while at_a.try_recv().is_ok() || at_b.try_recv().is_ok() {}
    let ended = News::SessionEnded {
        session: SessionId(Uuid::from_u128(4)),
    };
    for seq in 1..=500 {
        a.publish(head(seq));
    }
    a.publish(ended.clone());
    for listener in [&mut at_a, &mut at_b] {
        for seq in 1..=500 {
            assert_eq!(heard(listener).await, head(seq));
        }
        assert_eq!(heard(listener).await, ended);
        assert!(listener.try_recv().is_err(), "once");
    }
}

#[tokio::test]
async fn without_redis_news_stay_in_the_process_and_when_it_is_back_all_look_everywhere() {
    let mut server = Server::start().await.unwrap();
    let [a, b] = two(&server).await;
    let (a, b) = (RedisBus::start(a, &ids()), RedisBus::start(b, &ids()));
    let (mut at_a, mut at_b) = (a.listen(), b.listen());
    hear_each_other(&a, &mut at_b).await;
    while at_a.try_recv().is_ok() {}
    server.kill();
    let started = Instant::now();
    for seq in 1..=1_000 {
        a.publish(head(seq));
    }
    assert!(started.elapsed() < SOON, "publishing waits for nothing");
    for seq in 1..=1_000 {
        assert_eq!(heard(&mut at_a).await, head(seq));
    }
    assert!(at_b.try_recv().is_err());
    server.restart().await.unwrap();
    assert_eq!(heard(&mut at_b).await, News::Missed);
    assert_eq!(heard(&mut at_a).await, News::Missed);
    hear_each_other(&a, &mut at_b).await;
}

const TTL: Duration = Duration::from_mins(1);

fn value(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[tokio::test]
async fn a_value_is_shared_and_a_removal_is_known_everywhere_at_once() {
    let server = Server::start().await.unwrap();
    let [a, b] = two(&server)
        .await
        .map(|redis| RedisCache::start(redis, 1 << 20));
    share(&a, &b, "k", &value("1"), TTL).await;
    // Both now have it in their own layer; listening begins in the background.
    until("b hears of a removal at once", SOON, async || {
        b.remove("warm").await;
        a.put("k", value("1"), TTL).await;
        b.get("k").await;
        a.remove("k").await;
        assert_eq!(a.get("k").await, None, "here at once");
        tokio::time::sleep(Duration::from_millis(50)).await;
        b.get("k").await.is_none()
    })
    .await;
    // Somebody who read before the removal does not bring it back.
    until("what was removed stays so", SOON, async || {
        a.remove("k").await;
        a.put("k", value("old"), TTL).await;
        b.put("k", value("old"), TTL).await;
        (a.get("k").await, b.get("k").await) == (None, None)
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    share(&b, &a, "k", &value("new"), TTL).await;
}

#[tokio::test]
async fn values_live_no_longer_than_they_may() {
    let server = Server::start().await.unwrap();
    let [a, b] = two(&server)
        .await
        .map(|redis| RedisCache::start(redis, 1 << 20));
    share(&a, &b, "k", &value("1"), Duration::from_millis(400)).await;
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!((a.get("k").await, b.get("k").await), (None, None));
}

#[tokio::test]
async fn without_redis_a_value_lives_a_second_and_a_removal_is_told_when_it_is_back() {
    let mut server = Server::start().await.unwrap();
    let [redis, other] = two(&server).await;
    let (a, b) = (
        RedisCache::start(redis.clone(), 1 << 20),
        RedisCache::start(other, 1 << 20),
    );
    share(&a, &b, "k", &value("1"), TTL).await;
    share(&a, &b, "gone", &value("1"), TTL).await;
    server.kill();
    until("its end is seen", SOON, async || !redis.is_up()).await;
    until(
        "its own layer is emptied, since it hears nothing",
        SOON,
        async || a.get("k").await.is_none(),
    )
    .await;
    let started = Instant::now();
    for _ in 0..200 {
        assert_eq!(a.get("k").await, None);
    }
    assert!(started.elapsed() < SOON, "nobody waits, let alone each");
    until("a value is kept here", SOON, async || {
        a.put("own", value("2"), TTL).await;
        a.get("own").await == Some(value("2"))
    })
    .await;
    a.remove("gone").await;
    assert_eq!(b.get("own").await, None);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    assert_eq!(a.get("own").await, None);
    server.restart().await.unwrap();
    until("k is there again", SOON, async || {
        b.get("k").await == Some(value("1"))
    })
    .await;
    until("the removal was told", SOON, async || {
        b.get("gone").await.is_none()
    })
    .await;
}

#[tokio::test]
async fn limits_are_shared_and_count_alone_without_redis() {
    let mut server = Server::start().await.unwrap();
    let [redis, other] = two(&server).await;
    let (a, b) = (RedisLimits::new(redis.clone()), RedisLimits::new(other));
    let quota = Quota {
        name: "test",
        burst: 3,
        period: Duration::from_mins(3),
    };
    for wait in take_in_turn(&a, &b, quota).await {
        assert!(
            wait > Duration::from_secs(50) && wait <= Duration::from_mins(1),
            "{wait:?}"
        );
    }
    assert_eq!(b.take(quota, "y").await, Ok(()), "others are not held up");
    let quick = Quota {
        name: "quick",
        burst: 2,
        period: Duration::from_millis(400),
    };
    let [_, wait] = take_in_turn(&a, &b, quick).await;
    assert!(wait <= Duration::from_millis(200), "{wait:?}");

    server.kill();
    until("its end is seen", SOON, async || !redis.is_up()).await;
    for _ in 0..3 {
        assert_eq!(a.take(quota, "x").await, Ok(()));
    }
    let started = Instant::now();
    for _ in 0..200 {
        assert!(a.take(quota, "x").await.is_err(), "its own count decides");
    }
    assert!(started.elapsed() < SOON, "nobody waits, let alone each");
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

async fn sees(presence: &RedisPresence, expected: &[u128], most: Duration) -> Duration {
    until("they see who is there", most, async || {
        let mut online = presence.online();
        online.sort();
        online == expected.iter().map(|n| user(*n)).collect::<Vec<_>>()
    })
    .await
}

#[tokio::test]
async fn people_are_seen_on_every_instance_from_their_first_socket_to_their_last() {
    let server = Server::start().await.unwrap();
    let [a, b] = two(&server).await;
    let (a, b) = (
        RedisPresence::start(a, &ids()),
        RedisPresence::start(b, &ids()),
    );
    let mut at_b = b.changes();
    assert!(a.enter(user(1)));
    assert!(!a.enter(user(1)));
    assert!(b.enter(user(2)));
    sees(&a, &[1, 2], SOON).await;
    sees(&b, &[1, 2], SOON).await;
    // The same person on both; one of them goes.
    b.enter(user(1));
    sees(&a, &[1, 2], SOON).await;
    a.leave(user(1));
    assert!(a.leave(user(1)));
    sees(&a, &[1, 2], SOON).await;
    sees(&b, &[1, 2], SOON).await;
    b.leave(user(1));
    sees(&a, &[2], SOON).await;
    let mut changed = Vec::new();
    while let Ok(user) = at_b.try_recv() {
        changed.push(user);
    }
    assert!(changed.contains(&user(1)) && changed.contains(&user(2)));
    // A late instance sees who was there before; one that stops is missed at once.
    let redis = connect(&server.url());
    redis.until_up().await;
    let c = RedisPresence::start(redis.clone(), &ids());
    c.enter(user(3));
    sees(&c, &[2, 3], SOON).await;
    sees(&a, &[2, 3], SOON).await;
    drop(c);
    sees(&a, &[2], SOON).await;
}

#[tokio::test]
async fn people_of_an_instance_that_died_are_gone_within_ten_seconds() {
    let server = Server::start().await.unwrap();
    let alive = connect(&server.url());
    let a = RedisPresence::start(alive, &ids());
    a.enter(user(1));
    // An instance of its own runtime, which ends without a word.
    let url = server.url();
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let dying = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let presence = runtime.block_on(async {
            let redis = connect(&url);
            redis.until_up().await;
            let presence = RedisPresence::start(redis, &ids());
            presence.enter(user(2));
            presence
        });
        told.recv().unwrap();
        runtime.shutdown_background();
        std::mem::forget(presence);
    });
    sees(&a, &[1, 2], SOON).await;
    tell.send(()).unwrap();
    dying.join().unwrap();
    let took = sees(&a, &[1], Duration::from_secs(10)).await;
    assert!(took > Duration::from_secs(1), "it did not say goodbye");
}

#[tokio::test]
async fn without_redis_an_instance_knows_its_own_and_when_it_is_back_all_again() {
    let mut server = Server::start().await.unwrap();
    let [a, b] = two(&server).await;
    let (a, b) = (
        RedisPresence::start(a, &ids()),
        RedisPresence::start(b, &ids()),
    );
    a.enter(user(1));
    b.enter(user(2));
    sees(&a, &[1, 2], SOON).await;
    server.kill();
    sees(&a, &[1], Duration::from_secs(12)).await;
    a.enter(user(3));
    b.leave(user(2));
    b.enter(user(4));
    assert!(a.is_online(user(3)));
    server.restart_empty().await.unwrap();
    sees(&a, &[1, 3, 4], SOON).await;
    sees(&b, &[1, 3, 4], SOON).await;
}
