//! Turns of instances on one Redis, and what becomes of them when somebody dies, or Redis does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use souk_app::ports::turns::ORDERS;
use souk_app::ports::{Turn, Turns};
use souk_messaging_redis::{Redis, RedisTurns};
use souk_testbed::Redis as Server;
use tokio::time::{sleep, timeout};

use crate::support::{TestIds, connect, until};

const SOON: Duration = Duration::from_secs(10);

/// An instance: turns, and the connection under them.
async fn instance(server: &Server) -> (Redis, RedisTurns) {
    let redis = connect(&server.url());
    redis.until_up().await;
    let turns = RedisTurns::new(redis.clone(), Arc::new(TestIds::default()));
    (redis, turns)
}

/// A turn that nobody else wants. On a busy machine Redis may be slower than whoever takes one waits for.
async fn taken(turns: &RedisTurns) -> Box<dyn Turn> {
    loop {
        if let Some(turn) = turns.take(ORDERS).await {
            return turn;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_at_a_time_and_nobody_is_passed_over() {
    let server = Server::start().await.unwrap();
    let inside = AtomicU32::new(0);
    let instances = join_all((0..4).map(|_| instance(&server))).await;
    let takers = instances.iter().map(async |(_, turns)| {
        let mut had = 0;
        for _ in 0..20 {
            // A machine that is very busy may answer too late; then one goes without a turn.
            let Some(turn) = turns.take(ORDERS).await else {
                continue;
            };
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two at once");
            sleep(Duration::from_millis(5)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            drop(turn);
            had += 1;
        }
        had
    });
    let had: Vec<u32> = join_all(takers).await;
    assert!(had.iter().all(|had| *had >= 5), "{had:?}");
}

#[tokio::test]
async fn everybody_sees_that_a_turn_is_taken() {
    let server = Server::start().await.unwrap();
    let ((_, one), (_, other)) = (instance(&server).await, instance(&server).await);
    assert!(!other.is_taken(ORDERS).await);
    let turn = taken(&one).await;
    until("it is seen", SOON, async || other.is_taken(ORDERS).await).await;
    drop(turn);
    until("it is passed on", SOON, async || {
        !other.is_taken(ORDERS).await
    })
    .await;
}

#[tokio::test]
async fn who_dies_in_a_turn_or_waiting_for_it_holds_nobody_up_for_long() {
    let server = Server::start().await.unwrap();
    let (_, waits) = instance(&server).await;
    let (_, gives_up) = instance(&server).await;
    let (_, dies) = instance(&server).await;
    loop {
        std::mem::forget(taken(&dies).await);
        // It is in the queue before the other, and then never asks again; unless Redis was too slow for it.
        let asking = timeout(Duration::from_millis(300), gives_up.take(ORDERS));
        if asking.await.is_err() {
            break;
        }
    }
    until("the turn comes", SOON, async || {
        waits.take(ORDERS).await.is_some()
    })
    .await;
}

#[tokio::test]
async fn without_redis_nobody_waits() {
    let mut server = Server::start().await.unwrap();
    let (redis, turns) = instance(&server).await;
    server.kill();
    until("its absence is noticed", SOON, async || !redis.is_up()).await;
    let started = Instant::now();
    for _ in 0..200 {
        assert!(turns.take(ORDERS).await.is_none());
        assert!(!turns.is_taken(ORDERS).await);
    }
    assert!(started.elapsed() < SOON, "nobody waits, let alone each");
    server.restart().await.unwrap();
    until("turns are taken again", SOON, async || {
        turns.take(ORDERS).await.is_some()
    })
    .await;
}
