//! The queue.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use souk_domain::{EventId, JobId, Timestamp};

use super::fixtures::{event, id};
use super::{Pace, QueueEngine};
use crate::ports::store::{JobOutcome, Settlement};
use crate::ports::{LeasedJob, NewJob, Queue, QueueCounts};

/// Seconds of a lease.
const LEASE: u32 = 30;
/// How late what falls due may be where an engine goes by its own time.
const LATE: Duration = Duration::from_secs(5);

/// The time of a test: seconds that are only told, or that really pass.
#[derive(Clone, Copy)]
struct Times {
    start: Timestamp,
    second: Duration,
    real: bool,
}

impl Times {
    fn of(engine: &dyn QueueEngine) -> Self {
        match engine.pace() {
            Pace::Told => Self {
                start: super::fixtures::at(0),
                second: Duration::from_secs(1),
                real: false,
            },
            Pace::Real(second) => Self {
                start: now(),
                second,
                real: true,
            },
        }
    }

    fn at(&self, seconds: u32) -> Timestamp {
        self.start
            .checked_add(self.second * seconds)
            .expect("in range")
    }

    fn lease_time(&self) -> Duration {
        self.second * LEASE
    }

    fn job(&self, priority: u8, seconds: u32) -> NewJob {
        NewJob {
            id: JobId(id()),
            kind: "TestV1".into(),
            payload: r#"{"job":"TestV1"}"#.into(),
            priority,
            run_at: self.at(seconds),
            event_id: EventId(id()),
            trace: Some("trace".into()),
            created_at: self.at(seconds),
        }
    }

    /// Lets the time come.
    async fn reach(&self, seconds: u32) {
        if self.real {
            let left = self.at(seconds).as_millisecond() - now().as_millisecond();
            tokio::time::sleep(Duration::from_millis(u64::try_from(left).unwrap_or(0))).await;
        }
    }

    /// Leases what there is at that time.
    async fn lease(&self, queue: &dyn Queue, most: usize, seconds: u32) -> Vec<LeasedJob> {
        self.reach(seconds).await;
        queue
            .lease(most, self.at(seconds), self.lease_time())
            .await
            .expect("leased")
    }

    /// Leases what there is to be at that time, in one call where time is told.
    async fn lease_due(
        &self,
        queue: &dyn Queue,
        most: usize,
        seconds: u32,
        expected: usize,
    ) -> Vec<LeasedJob> {
        let mut leased = self.lease(queue, most, seconds).await;
        let until = Instant::now() + LATE;
        while self.real && leased.len() < expected && Instant::now() < until {
            queue.wait(self.second / 10).await;
            leased.extend(self.lease(queue, most - leased.len(), seconds).await);
        }
        leased
    }

    async fn lease_one(&self, queue: &dyn Queue, seconds: u32) -> LeasedJob {
        self.lease_due(queue, 1, seconds, 1).await.remove(0)
    }

    /// The counts at that time are these, or soon will be where an engine goes by its own.
    async fn counts_are(&self, queue: &dyn Queue, seconds: u32, expected: QueueCounts) {
        self.counts_become(queue, seconds, |counts| *counts == expected)
            .await;
    }

    async fn counts_become(
        &self,
        queue: &dyn Queue,
        seconds: u32,
        are_right: impl Fn(&QueueCounts) -> bool,
    ) {
        self.reach(seconds).await;
        let until = Instant::now() + LATE;
        loop {
            let counts = queue.counts(self.at(seconds)).await.expect("counted");
            if are_right(&counts) {
                return;
            }
            assert!(
                self.real && Instant::now() < until,
                "at {seconds}: {counts:?}"
            );
            tokio::time::sleep(self.second / 10).await;
        }
    }
}

impl Times {
    /// Leases everything there is, long after, and finishes it: nothing is left.
    async fn still(&self, queue: &dyn Queue, expected: &[JobId]) {
        let leased = self.lease_due(queue, 10, 45, expected.len()).await;
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
        let until = Instant::now() + LATE;
        while self.real && Instant::now() < until {
            assert_eq!(self.lease(queue, 10, 45).await, []);
            if queue.counts(self.at(45)).await.expect("counted") == QueueCounts::default() {
                return;
            }
            queue.wait(self.second / 10).await;
        }
        self.counts_are(queue, 45, QueueCounts::default()).await;
    }
}

/// Now, to the millisecond.
#[allow(
    clippy::disallowed_methods,
    reason = "an engine that goes by its own time has this one"
)]
fn now() -> Timestamp {
    Timestamp::from_millisecond(Timestamp::now().as_millisecond()).expect("in range")
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
        at: super::fixtures::at(50),
        events: vec![],
    }
}

/// The same one twice is one, waiting or running.
pub async fn jobs_are_known_by_their_id(engine: &mut dyn QueueEngine) {
    let time = Times::of(engine);
    let queue = engine.queue();
    queue.check().await.expect("answers");
    let one = time.job(1, 0);
    queue
        .push(vec![one.clone(), one.clone()])
        .await
        .expect("added");
    queue.push(vec![one.clone()]).await.expect("added");
    let leased = time.lease(&*queue, 10, 1).await;
    assert_eq!(
        leased.iter().map(|leased| &leased.job).collect::<Vec<_>>(),
        [&one]
    );
    assert_eq!((leased[0].attempt, leased[0].lease_until), (1, time.at(31)));
    queue.push(vec![one]).await.expect("added");
    assert_eq!(time.lease(&*queue, 10, 2).await, []);
    let active = QueueCounts {
        active: 1,
        ..QueueCounts::default()
    };
    time.counts_are(&*queue, 2, active).await;
}

/// Urgent before old, old before new, and no more than asked for.
pub async fn the_most_urgent_come_first(engine: &mut dyn QueueEngine) {
    let time = Times::of(engine);
    let queue = engine.queue();
    let jobs = [
        time.job(2, 0),
        time.job(1, 5),
        time.job(1, 3),
        time.job(0, 9),
        time.job(255, 0),
        time.job(1, 4),
    ];
    queue.push(jobs.to_vec()).await.expect("added");
    let ready = QueueCounts {
        ready: 6,
        oldest_ready_at: Some(time.at(0)),
        ..QueueCounts::default()
    };
    time.counts_are(&*queue, 10, ready).await;
    let mut order = Vec::new();
    for (most, expected) in [(2, 2), (3, 3), (3, 1)] {
        order.extend(
            time.lease_due(&*queue, most, 10, expected)
                .await
                .into_iter()
                .map(|leased| leased.job.id),
        );
    }
    assert_eq!(order, [3, 2, 5, 1, 0, 4].map(|n: usize| jobs[n].id));
}

/// Not before.
pub async fn jobs_wait_for_their_time(engine: &mut dyn QueueEngine) {
    let time = Times::of(engine);
    let queue = engine.queue();
    let (early, late) = (time.job(5, 10), time.job(0, 20));
    queue
        .push(vec![late.clone(), early.clone()])
        .await
        .expect("added");
    assert_eq!(time.lease(&*queue, 10, 8).await, []);
    let delayed = QueueCounts {
        delayed: 2,
        ..QueueCounts::default()
    };
    time.counts_are(&*queue, 8, delayed).await;
    let first = time.lease_due(&*queue, 10, 10, 1).await;
    assert_eq!(first[0].job, early);
    assert!(
        queue
            .retry(early.id, first[0].token, time.at(40), "no")
            .await
            .expect("answered")
    );
    let second = time.lease_due(&*queue, 10, 38, 1).await;
    assert_eq!((second.len(), second[0].job.id), (1, late.id));
    let third = time.lease_due(&*queue, 10, 40, 1).await;
    assert_eq!((third.len(), third[0].job.id), (1, early.id));
}

/// The older token is void for everything.
pub async fn a_lease_that_ran_out_is_somebody_elses(engine: &mut dyn QueueEngine) {
    let time = Times::of(engine);
    let queue = engine.queue();
    let one = time.job(0, 0);
    queue.push(vec![one.clone()]).await.expect("added");
    let first = time.lease_one(&*queue, 0).await;
    assert_eq!(time.lease(&*queue, 1, 28).await, []);
    assert!(
        queue
            .renew(one.id, first.token, time.at(60))
            .await
            .expect("answered")
    );
    assert_eq!(time.lease(&*queue, 1, 58).await, []);
    time.counts_become(&*queue, 61, |counts| counts.ready == 1)
        .await;
    let second = time.lease_one(&*queue, 61).await;
    assert!(second.token > first.token);
    assert_eq!(second.attempt, 2, "an attempt that was lost counts");
    for token in [first.token, 0, u64::MAX, second.token + 1] {
        assert!(
            !queue
                .renew(one.id, token, time.at(99))
                .await
                .expect("answered")
        );
        assert!(
            !queue
                .retry(one.id, token, time.at(0), "")
                .await
                .expect("answered")
        );
        assert!(
            !queue
                .postpone(one.id, token, time.at(0))
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
    assert_eq!(time.lease(&*queue, 1, 85).await, [], "nothing was changed");
    assert!(queue.finish(one.id, second.token).await.expect("answered"));
    assert!(!queue.finish(one.id, second.token).await.expect("answered"));
    assert_eq!(
        queue.counts(time.at(999)).await.expect("counted"),
        QueueCounts::default()
    );
}

/// A failed attempt counts, a postponed one does not; a lease that was given back is no lease.
pub async fn attempts_are_counted(engine: &mut dyn QueueEngine) {
    let time = Times::of(engine);
    let queue = engine.queue();
    let one = time.job(0, 0);
    queue.push(vec![one.clone()]).await.expect("added");
    let mut tokens = Vec::new();
    for (seconds, attempt) in [(0, 1), (10, 2), (20, 2), (30, 3)] {
        let leased = time.lease_one(&*queue, seconds).await;
        assert_eq!(
            (leased.attempt, leased.job.kind.as_str()),
            (attempt, "TestV1"),
            "at {seconds}"
        );
        tokens.push(leased.token);
        let next = time.at(seconds + 10);
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
                .renew(one.id, leased.token, time.at(900))
                .await
                .expect("answered"),
            "it was given back"
        );
    }
    assert!(tokens.is_sorted() && tokens[0] < tokens[3]);
}

/// Once the store knows the end: not added, and not leased though it was never finished.
pub async fn what_is_done_is_never_handed_out_again(engine: &mut dyn QueueEngine) {
    let time = Times::of(engine);
    let (store, queue) = (engine.store(), engine.queue());
    let (one, two) = (time.job(0, 0), time.job(0, 1));
    queue
        .push(vec![one.clone(), two.clone()])
        .await
        .expect("added");
    let leased = time.lease_one(&*queue, 5).await;
    store.settle(vec![done(&one)]).await.expect("settled");
    // Its worker is killed here.
    time.still(&*queue, &[two.id]).await;
    assert!(
        !queue.finish(one.id, leased.token).await.expect("answered"),
        "the row went when its lease ran out"
    );
    queue.push(vec![one.clone()]).await.expect("added");
    time.still(&*queue, &[]).await;
    let bad = time.job(0, 0);
    let failed = Settlement {
        outcome: JobOutcome::Failed("no".into()),
        ..done(&bad)
    };
    store.settle(vec![failed]).await.expect("settled");
    queue.push(vec![bad.clone()]).await.expect("added");
    time.still(&*queue, &[]).await;
    assert!(store.retry_failed(bad.id, event(90)).await.expect("stated"));
    queue.push(vec![bad.clone()]).await.expect("added");
    time.still(&*queue, &[bad.id]).await;
}

/// A job that failed, went, and was asked for again has new tokens.
pub async fn tokens_of_an_earlier_life_are_void(engine: &mut dyn QueueEngine) {
    let time = Times::of(engine);
    let queue = engine.queue();
    let one = time.job(0, 0);
    queue.push(vec![one.clone()]).await.expect("added");
    let first = time.lease_one(&*queue, 0).await;
    assert!(queue.finish(one.id, first.token).await.expect("answered"));
    drop(queue);
    engine.restart().await;
    let queue = engine.queue();
    queue.push(vec![one.clone()]).await.expect("added");
    let second = time.lease_one(&*queue, 0).await;
    assert!(second.token > first.token);
    assert!(!queue.finish(one.id, first.token).await.expect("answered"));
    assert!(queue.finish(one.id, second.token).await.expect("answered"));
}

/// Many workers at once.
pub async fn nobody_gets_what_another_has(engine: &mut dyn QueueEngine) {
    let time = Times::of(engine);
    let queue = engine.queue();
    let jobs: Vec<_> = (0..200_u8).map(|n| time.job(n % 3, 0)).collect();
    queue.push(jobs.clone()).await.expect("added");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let queue = engine.queue();
        tasks.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let leased = time.lease(&*queue, 7, 5).await;
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
    let time = Times::of(engine);
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
    let one = time.job(0, 0);
    queue.push(vec![one.clone()]).await.expect("added");
    assert!(waiting.await.expect("waited") < soon, "a push wakes");
    let leased = queue
        .lease(1, time.at(0), Duration::from_millis(200))
        .await
        .expect("leased");
    assert_eq!(leased.len(), 1);
    let started = Instant::now();
    queue.wait(long).await;
    assert!(started.elapsed() < soon, "the end of a lease wakes");
    let leased = time.lease_one(&*queue, 1).await;
    let soon_again = time
        .at(1)
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
    let time = Times::of(engine);
    let (one, two) = (time.job(0, 0), time.job(1, 40));
    let queue = engine.queue();
    queue
        .push(vec![one.clone(), two.clone()])
        .await
        .expect("added");
    let leased = time.lease_one(&*queue, 0).await;
    drop(queue);
    engine.restart().await;
    let queue = engine.queue();
    // An engine that knows that the worker is gone may end its lease; another waits for the lease to run out.
    let counts = queue.counts(time.at(20)).await.expect("counted");
    assert_eq!((counts.active + counts.ready, counts.delayed), (1, 1));
    let both: BTreeSet<_> = time
        .lease_due(&*queue, 9, 50, 2)
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
