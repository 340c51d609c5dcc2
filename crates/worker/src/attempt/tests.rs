//! Attempts, on engines in memory and on paused time.

use std::sync::atomic::{AtomicU32, Ordering};

use souk_domain::{EventId, Timestamp};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::*;
use crate::testing::{Engines, FixedIds, RuntimeClock, engines, leased};

/// What the job does.
enum Does {
    Succeed,
    Say(JobError),
    Panic,
    Take(Duration),
}

struct Work {
    does: Does,
    started: AtomicU32,
    ended: AtomicU32,
}

#[async_trait]
impl Handler for Work {
    async fn handle(&self, _job: &NewJob, trace: TraceContext) -> Result<(), JobError> {
        assert_eq!(
            trace.trace_id(),
            "0af7651916cd43dd8448eb211c80319c",
            "the job's trace goes on"
        );
        self.started.fetch_add(1, Ordering::SeqCst);
        let result = match &self.does {
            Does::Succeed => Ok(()),
            Does::Say(error) => Err(error.clone()),
            Does::Panic => panic!("the job is broken"),
            Does::Take(time) => {
                sleep(*time).await;
                Ok(())
            }
        };
        self.ended.fetch_add(1, Ordering::SeqCst);
        result
    }

    fn label(&self, _job: &NewJob) -> &'static str {
        "test"
    }
}

struct Bench {
    engines: Arc<Engines>,
    work: Arc<Work>,
    attempts: Attempts,
    relayed: mpsc::Receiver<Vec<EventRecord>>,
}

fn bench(does: Does) -> Bench {
    let engines = engines();
    let work = Arc::new(Work {
        does,
        started: AtomicU32::new(0),
        ended: AtomicU32::new(0),
    });
    let (relay, relayed) = Relay::channel(8);
    let attempts = Attempts {
        queue: engines.clone(),
        outbox: engines.clone(),
        clock: Arc::new(RuntimeClock::start()),
        ids: Arc::new(FixedIds(0)),
        relay,
        turns: Arc::new(souk_app::local::NoRivals),
        handler: work.clone(),
        options: WorkerOptions::default(),
        recording: Semaphore::new(MOST_RECORDING),
    };
    Bench {
        engines,
        work,
        attempts,
        relayed,
    }
}

impl Bench {
    /// Makes one attempt; what the engines were asked.
    async fn attempt(&self, leased: LeasedJob) -> Vec<String> {
        self.attempts
            .make(leased, (), CancellationToken::new())
            .await;
        self.engines.asked()
    }
}

fn retry(error: &str) -> Does {
    Does::Say(JobError::Retry(error.to_owned()))
}

#[tokio::test(start_paused = true)]
async fn the_store_knows_the_end_before_the_queue_forgets_the_job() {
    assert_eq!(
        bench(Does::Succeed).attempt(leased(1, 1)).await,
        ["settle: done", "finish"]
    );
    let never = Does::Say(JobError::Fail("no such mailbox".to_owned()));
    assert_eq!(
        bench(never).attempt(leased(1, 1)).await,
        ["settle: failed: no such mailbox", "fail: no such mailbox"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_end_that_the_store_refuses_is_seen_in_the_queue() {
    for does in [Does::Succeed, Does::Say(JobError::Fail("no".to_owned()))] {
        let bench = bench(does);
        bench.engines.state().refuses_ends = true;
        let asked = bench.attempt(leased(1, 1)).await;
        let why = "fail: its end is not recorded: the engine refused: too large";
        assert_eq!(asked.last().map(String::as_str), Some(why));
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_of_any_size_ends_and_what_is_kept_of_it_is_small() {
    let bench = bench(Does::Succeed);
    let mut large = leased(1, 1);
    large.job.kind = "x".repeat(MAX_PAYLOAD);
    large.job.payload = json!({ "job": large.job.kind }).to_string();
    let asked = bench.attempt(large).await;
    assert_eq!(bench.work.started.load(Ordering::SeqCst), 0);
    let why = "its data has 1048586 bytes; 1048576 are the most";
    assert_eq!(
        asked,
        [format!("settle: failed: {why}"), format!("fail: {why}")]
    );
    let settled = &bench.engines.state().settled[0];
    assert!(settled.payload.len() < 2 * ERROR_LENGTH && settled.kind.len() == ERROR_LENGTH);
    assert!(
        settled.payload.ends_with(r#""leftOutBytes":1048586}"#),
        "{}",
        settled.payload
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_is_followed_by_another_until_the_last() {
    // The jitter is 0 here: half of the whole wait.
    assert_eq!(
        bench(retry("busy")).attempt(leased(1, 1)).await,
        ["retry at 1970-01-01T00:00:00.5Z: busy"]
    );
    assert_eq!(
        bench(retry("busy")).attempt(leased(1, 4)).await,
        ["retry at 1970-01-01T00:00:04Z: busy"]
    );
    assert_eq!(
        bench(retry("busy")).attempt(leased(1, 10)).await,
        ["settle: failed: busy", "fail: busy"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_final_failure_is_told_once_for_each_event_it_ran_for() {
    let mut bench = bench(Does::Say(JobError::Fail("no".to_owned())));
    let mut again = leased(1, 1);
    again.job.event_id = EventId(Uuid::from_u128(99));
    for job in [leased(1, 1), leased(1, 1), again] {
        bench.attempt(job).await;
    }
    let mut told = Vec::new();
    while let Ok(events) = bench.relayed.try_recv() {
        told.extend(events);
    }
    let recorded: Vec<_> = bench
        .engines
        .state()
        .settled
        .iter()
        .flat_map(|settled| settled.events.clone())
        .collect();
    assert_eq!(
        told, recorded,
        "what is in the outbox is what the relay gets"
    );
    assert_eq!(told[0].id, told[1].id, "the same failure, recorded again");
    assert_ne!(told[0].id, told[2].id, "a later failure of the job");
    assert_eq!(told[0].trace, leased(1, 1).job.trace);
    assert!(matches!(&told[0].event, Event::JobFailed { error, .. } if error == "no"));
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_the_attempt_alone() {
    assert_eq!(
        bench(Does::Panic).attempt(leased(1, 1)).await,
        ["retry at 1970-01-01T00:00:00.5Z: the job panicked: the job is broken"]
    );
    let last = bench(Does::Panic).attempt(leased(1, 10)).await;
    assert_eq!(
        last,
        [
            "settle: failed: the job panicked: the job is broken",
            "fail: the job panicked: the job is broken"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_takes_too_long_is_ended_and_its_lease_held_until_then() {
    let bench = bench(Does::Take(Duration::from_hours(1)));
    let asked = bench.attempt(leased(1, 1)).await;
    assert_eq!(
        asked.last().unwrap(),
        "retry at 1970-01-01T00:01:00.5Z: not done after 60 s"
    );
    assert!(asked.iter().filter(|asked| *asked == "renew").count() >= 5);
    assert_eq!(bench.work.ended.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_long_job_keeps_its_lease() {
    let asked = bench(Does::Take(Duration::from_secs(45)))
        .attempt(leased(1, 1))
        .await;
    assert_eq!(
        asked,
        ["renew", "renew", "renew", "renew", "settle: done", "finish"]
    );
}

#[tokio::test(start_paused = true)]
async fn who_lost_the_lease_changes_nothing() {
    let bench = bench(Does::Take(Duration::from_secs(45)));
    bench.engines.state().renewals = Some(1);
    assert_eq!(bench.attempt(leased(1, 1)).await, ["renew", "renew"]);
    assert_eq!(
        bench.work.ended.load(Ordering::SeqCst),
        0,
        "the work was stopped"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_renewed_ends_in_time() {
    let bench = bench(Does::Take(Duration::from_secs(45)));
    bench.engines.state().queue_is_silent = true;
    let started = Instant::now();
    bench.attempt(leased(1, 1)).await;
    let elapsed = started.elapsed();
    assert!(
        (Duration::from_secs(30)..Duration::from_secs(33)).contains(&elapsed),
        "{elapsed:?}"
    );
    assert!(bench.engines.state().settled.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_end_is_recorded_as_soon_as_the_store_answers() {
    let bench = bench(Does::Succeed);
    bench.engines.state().store_fails = 3;
    let asked = bench.attempt(leased(1, 1)).await;
    assert_eq!(
        asked,
        [
            "settle: done",
            "settle: done",
            "settle: done",
            "settle: done",
            "finish"
        ]
    );
    assert_eq!(bench.engines.state().settled.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_slot_is_free_before_the_end_is_recorded() {
    let bench = bench(Does::Succeed);
    bench.engines.state().store_fails = 3;
    let (slot, mut freed) = tokio::sync::oneshot::channel::<()>();
    let making = bench
        .attempts
        .make(leased(1, 1), slot, CancellationToken::new());
    let looking = async {
        sleep(PATIENCE / 2).await;
        assert!(
            freed
                .try_recv()
                .is_err_and(|error| error == tokio::sync::oneshot::error::TryRecvError::Closed)
        );
        assert!(bench.engines.state().settled.is_empty());
    };
    tokio::join!(making, looking);
    assert_eq!(bench.engines.state().settled.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_provider_is_silent_waits_and_burns_nothing() {
    let wait = || Does::Say(JobError::Wait(Duration::from_secs(30), "silent".to_owned()));
    assert_eq!(
        bench(wait()).attempt(leased(1, 10)).await,
        ["postpone to 1970-01-01T00:00:30Z"]
    );
    let mut old = leased(1, 1);
    old.job.created_at = Timestamp::UNIX_EPOCH - Duration::from_hours(4 * 24 + 1);
    assert_eq!(
        bench(wait()).attempt(old).await,
        ["settle: failed: silent", "fail: silent"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_abandoned_is_given_back_at_once() {
    let bench = bench(Does::Take(Duration::from_secs(45)));
    let abandon = CancellationToken::new();
    let stopping = abandon.clone();
    tokio::spawn(async move {
        sleep(Duration::from_secs(3)).await;
        stopping.cancel();
    });
    bench.attempts.make(leased(1, 1), (), abandon).await;
    assert_eq!(bench.engines.asked(), ["postpone to 1970-01-01T00:00:03Z"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_takes_its_worker_with_it_ends_without_being_tried_once_more() {
    let bench = bench(Does::Succeed);
    let asked = bench.attempt(leased(1, 11)).await;
    assert_eq!(
        asked,
        [
            "settle: failed: 10 attempts ended without a word",
            "fail: 10 attempts ended without a word"
        ]
    );
    assert_eq!(bench.work.started.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn long_errors_are_cut() {
    let asked = bench(retry(&"ب".repeat(5_000))).attempt(leased(1, 1)).await;
    assert_eq!(asked[0].chars().filter(|c| *c == 'ب').count(), ERROR_LENGTH);
}
