//! The queue.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use souk_domain::{EventId, JobId};

use super::QueueEngine;
use super::fixtures::{at, event, id};
use crate::ports::store::{JobOutcome, Settlement};
use crate::ports::{LeasedJob, NewJob, Queue, QueueCounts};

const LEASE: Duration = Duration::from_secs(30);

fn job(priority: u8, seconds: i64) -> NewJob {
    NewJob {
        id: JobId(id()),
        kind: "TestV1".into(),
        payload: r#"{"job":"TestV1"}"#.into(),
        priority,
        run_at: at(seconds),
        event_id: EventId(id()),
        trace: Some("trace".into()),
        created_at: at(seconds),
    }
}

async fn lease(queue: &dyn Queue, most: usize, seconds: i64) -> Vec<LeasedJob> {
    queue.lease(most, at(seconds), LEASE).await.expect("leased")
}

fn done(job: &NewJob) -> Settlement {
    Settlement {
        job_id: job.id,
        event_id: job.event_id,
        kind: job.kind.clone(),
        payload: job.payload.clone(),
        outcome: JobOutcome::Done,
        attempts: 1,
        trace: None,
        created_at: job.created_at,
        at: at(50),
        events: vec![],
    }
}

/// The same one twice is one, waiting or running.
pub async fn jobs_are_known_by_their_id(engine: &mut dyn QueueEngine) {
    let queue = engine.queue();
    queue.check().await.expect("answers");
    let one = job(1, 0);
    queue
        .push(vec![one.clone(), one.clone()])
        .await
        .expect("added");
    queue.push(vec![one.clone()]).await.expect("added");
    let leased = lease(&*queue, 10, 1).await;
    assert_eq!(
        leased.iter().map(|leased| &leased.job).collect::<Vec<_>>(),
        [&one]
    );
    assert_eq!((leased[0].attempt, leased[0].lease_until), (1, at(31)));
    queue.push(vec![one]).await.expect("added");
    assert_eq!(lease(&*queue, 10, 2).await, []);
    assert_eq!(
        queue.counts(at(2)).await.expect("counted"),
        QueueCounts {
            active: 1,
            ..QueueCounts::default()
        }
    );
}

/// Urgent before old, old before new, and no more than asked for.
pub async fn the_most_urgent_come_first(engine: &mut dyn QueueEngine) {
    let queue = engine.queue();
    let jobs = [
        job(2, 0),
        job(1, 5),
        job(1, 3),
        job(0, 9),
        job(255, 0),
        job(1, 4),
    ];
    queue.push(jobs.to_vec()).await.expect("added");
    let counts = queue.counts(at(10)).await.expect("counted");
    assert_eq!(
        counts,
        QueueCounts {
            ready: 6,
            oldest_ready_at: Some(at(0)),
            ..QueueCounts::default()
        }
    );
    let mut order = Vec::new();
    for most in [2, 3, 3] {
        order.extend(
            lease(&*queue, most, 10)
                .await
                .into_iter()
                .map(|leased| leased.job.id),
        );
    }
    assert_eq!(order, [3, 2, 5, 1, 0, 4].map(|n: usize| jobs[n].id));
}

/// Not before.
pub async fn jobs_wait_for_their_time(engine: &mut dyn QueueEngine) {
    let queue = engine.queue();
    let (early, late) = (job(5, 10), job(0, 20));
    queue
        .push(vec![late.clone(), early.clone()])
        .await
        .expect("added");
    assert_eq!(lease(&*queue, 10, 9).await, []);
    assert_eq!(
        queue.counts(at(9)).await.expect("counted"),
        QueueCounts {
            delayed: 2,
            ..QueueCounts::default()
        }
    );
    let first = lease(&*queue, 10, 10).await;
    assert_eq!(first[0].job, early);
    assert!(
        queue
            .retry(early.id, first[0].token, at(40), "no")
            .await
            .expect("answered")
    );
    assert_eq!(lease(&*queue, 10, 39).await[0].job.id, late.id);
    assert_eq!(lease(&*queue, 10, 40).await[0].job.id, early.id);
}

/// The older token is void for everything.
pub async fn a_lease_that_ran_out_is_somebody_elses(engine: &mut dyn QueueEngine) {
    let queue = engine.queue();
    let one = job(0, 0);
    queue.push(vec![one.clone()]).await.expect("added");
    let first = lease(&*queue, 1, 0).await.remove(0);
    assert_eq!(lease(&*queue, 1, 29).await, []);
    assert!(
        queue
            .renew(one.id, first.token, at(60))
            .await
            .expect("answered")
    );
    assert_eq!(lease(&*queue, 1, 59).await, []);
    assert_eq!(queue.counts(at(61)).await.expect("counted").ready, 1);
    let second = lease(&*queue, 1, 61).await.remove(0);
    assert!(second.token > first.token);
    assert_eq!(second.attempt, 2, "an attempt that was lost counts");
    for token in [first.token, 0, u64::MAX, second.token + 1] {
        assert!(!queue.renew(one.id, token, at(99)).await.expect("answered"));
        assert!(
            !queue
                .retry(one.id, token, at(0), "")
                .await
                .expect("answered")
        );
        assert!(
            !queue
                .postpone(one.id, token, at(0))
                .await
                .expect("answered")
        );
        assert!(!queue.finish(one.id, token).await.expect("answered"));
    }
    assert!(
        !queue
            .finish(JobId(id()), second.token)
            .await
            .expect("answered")
    );
    assert_eq!(lease(&*queue, 1, 90).await, [], "nothing was changed");
    assert!(queue.finish(one.id, second.token).await.expect("answered"));
    assert!(!queue.finish(one.id, second.token).await.expect("answered"));
    assert_eq!(
        queue.counts(at(999)).await.expect("counted"),
        QueueCounts::default()
    );
}

/// A failed attempt counts, a postponed one does not; a lease that was given back is no lease.
pub async fn attempts_are_counted(engine: &mut dyn QueueEngine) {
    let queue = engine.queue();
    let one = job(0, 0);
    queue.push(vec![one.clone()]).await.expect("added");
    let mut tokens = Vec::new();
    for (seconds, attempt) in [(0, 1), (10, 2), (20, 2), (30, 3)] {
        let leased = lease(&*queue, 1, seconds).await.remove(0);
        assert_eq!(
            (leased.attempt, leased.job.kind.as_str()),
            (attempt, "TestV1"),
            "at {seconds}"
        );
        tokens.push(leased.token);
        let next = at(seconds + 10);
        let held = if seconds == 10 {
            queue.postpone(one.id, leased.token, next).await
        } else {
            queue
                .retry(one.id, leased.token, next, &"long ".repeat(10_000))
                .await
        };
        assert!(held.expect("answered"));
        assert!(
            !queue
                .renew(one.id, leased.token, at(900))
                .await
                .expect("answered"),
            "it was given back"
        );
    }
    assert!(tokens.is_sorted() && tokens[0] < tokens[3]);
}

/// Once the store knows the end: not added, and not leased though it was never finished.
pub async fn what_is_done_is_never_handed_out_again(engine: &mut dyn QueueEngine) {
    let (store, queue) = (engine.store(), engine.queue());
    let (one, two) = (job(0, 0), job(0, 1));
    queue
        .push(vec![one.clone(), two.clone()])
        .await
        .expect("added");
    let leased = lease(&*queue, 1, 5).await.remove(0);
    store.settle(vec![done(&one)]).await.expect("settled");
    // Its worker is killed here.
    engine_is_still(&*queue, &[two.id]).await;
    assert!(
        !queue.finish(one.id, leased.token).await.expect("answered"),
        "the row went when its lease ran out"
    );
    queue.push(vec![one.clone()]).await.expect("added");
    engine_is_still(&*queue, &[]).await;
    let bad = job(0, 0);
    let failed = Settlement {
        outcome: JobOutcome::Failed("no".into()),
        ..done(&bad)
    };
    store.settle(vec![failed]).await.expect("settled");
    queue.push(vec![bad.clone()]).await.expect("added");
    engine_is_still(&*queue, &[]).await;
    assert!(store.retry_failed(bad.id, event(90)).await.expect("stated"));
    queue.push(vec![bad.clone()]).await.expect("added");
    engine_is_still(&*queue, &[bad.id]).await;
}

/// Leases everything there is, long after, and finishes it.
async fn engine_is_still(queue: &dyn Queue, expected: &[JobId]) {
    let leased = lease(queue, 10, 1_000).await;
    assert_eq!(
        leased
            .iter()
            .map(|leased| leased.job.id)
            .collect::<Vec<_>>(),
        expected
    );
    for one in leased {
        assert!(queue.finish(one.job.id, one.token).await.expect("answered"));
    }
}

/// A job that failed, went, and was asked for again has new tokens.
pub async fn tokens_of_an_earlier_life_are_void(engine: &mut dyn QueueEngine) {
    let queue = engine.queue();
    let one = job(0, 0);
    queue.push(vec![one.clone()]).await.expect("added");
    let first = lease(&*queue, 1, 0).await.remove(0);
    assert!(queue.finish(one.id, first.token).await.expect("answered"));
    drop(queue);
    engine.restart().await;
    let queue = engine.queue();
    queue.push(vec![one.clone()]).await.expect("added");
    let second = lease(&*queue, 1, 0).await.remove(0);
    assert!(second.token > first.token);
    assert!(!queue.finish(one.id, first.token).await.expect("answered"));
    assert!(queue.finish(one.id, second.token).await.expect("answered"));
}

/// Many workers at once.
pub async fn nobody_gets_what_another_has(engine: &mut dyn QueueEngine) {
    let queue = engine.queue();
    let jobs: Vec<_> = (0..200_u8).map(|n| job(n % 3, 0)).collect();
    queue.push(jobs.clone()).await.expect("added");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let queue = engine.queue();
        tasks.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let leased = lease(&*queue, 7, 5).await;
                if leased.is_empty() {
                    return mine;
                }
                for one in leased {
                    assert!(queue.finish(one.job.id, one.token).await.expect("answered"));
                    mine.push(one.job.id);
                }
            }
        });
    }
    let all: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(all.len(), jobs.len());
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), jobs.len());
}

/// A push, a retry, a job whose time comes, a lease that runs out.
pub async fn waiting_ends_with_news(engine: &mut dyn QueueEngine) {
    let queue = engine.queue();
    let long = Duration::from_secs(30);
    let soon = Duration::from_secs(10);
    let started = Instant::now();
    queue.wait(Duration::from_millis(50)).await;
    assert!(
        started.elapsed() >= Duration::from_millis(40),
        "nothing happened"
    );
    let waiter = engine.queue();
    let waiting = tokio::spawn(async move {
        let started = Instant::now();
        waiter.wait(long).await;
        started.elapsed()
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let one = job(0, 0);
    queue.push(vec![one.clone()]).await.expect("added");
    assert!(waiting.await.expect("waited") < soon, "a push wakes");
    let leased = queue
        .lease(1, at(0), Duration::from_millis(200))
        .await
        .expect("leased")
        .remove(0);
    let started = Instant::now();
    queue.wait(long).await;
    assert!(started.elapsed() < soon, "the end of a lease wakes");
    let soon_again = at(0)
        .checked_add(Duration::from_millis(400))
        .expect("in range");
    assert!(
        queue
            .retry(one.id, leased.token, soon_again, "")
            .await
            .expect("answered")
    );
    let started = Instant::now();
    queue.wait(long).await;
    assert!(started.elapsed() < soon, "a job whose time comes wakes");
}

/// Waiting and running ones.
pub async fn jobs_survive_a_restart(engine: &mut dyn QueueEngine) {
    let (one, two) = (job(0, 0), job(1, 100));
    let queue = engine.queue();
    queue
        .push(vec![one.clone(), two.clone()])
        .await
        .expect("added");
    let leased = lease(&*queue, 1, 0).await.remove(0);
    drop(queue);
    engine.restart().await;
    let queue = engine.queue();
    // An engine that knows that the worker is gone may end its lease; another waits for the lease to run out.
    let counts = queue.counts(at(50)).await.expect("counted");
    assert_eq!((counts.active + counts.ready, counts.delayed), (1, 1));
    let both: BTreeSet<_> = lease(&*queue, 9, 200)
        .await
        .into_iter()
        .map(|leased| leased.job.id)
        .collect();
    assert_eq!(both, BTreeSet::from([one.id, two.id]));
    assert!(
        !queue.finish(one.id, leased.token).await.expect("answered"),
        "the worker from before the restart is fenced out"
    );
}
