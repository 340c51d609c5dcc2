//! The outbox, and what became of jobs.

use souk_domain::{Event, EventId, EventRecord, JobId};

use super::Engine;
use super::fixtures::{assert_sound, at, event, id};
use crate::ports::Store;
use crate::ports::store::{JobOutcome, ListError, Settlement};

fn end(job: JobId, event: EventId, outcome: JobOutcome, seconds: i64) -> Settlement {
    Settlement {
        job_id: job,
        event_id: event,
        kind: "TestV1".into(),
        payload: r#"{"job":"TestV1"}"#.into(),
        outcome,
        attempts: 3,
        trace: Some("trace".into()),
        created_at: at(0),
        at: at(seconds),
        events: vec![],
    }
}

fn failed() -> JobOutcome {
    JobOutcome::Failed("the provider said no".into())
}

async fn size(store: &dyn Store) -> u64 {
    store.outbox_size().await.expect("size").0
}

/// Handed on once, and again when overdue, until all jobs are settled.
pub async fn events_wait_until_their_work_is_done(engine: &mut dyn Engine) {
    let store = engine.store();
    let (with_jobs, without) = (event(10), event(20));
    store
        .state(vec![with_jobs.clone(), without.clone()])
        .await
        .expect("stated");
    assert_eq!(store.outbox_size().await.expect("size"), (2, Some(at(10))));
    assert_eq!(
        store.overdue(at(10), at(0), 10).await.expect("read"),
        [],
        "stated before, not at"
    );
    assert_eq!(
        store.overdue(at(11), at(0), 10).await.expect("read"),
        std::slice::from_ref(&with_jobs)
    );
    store
        .handed_on(&[(with_jobs.id, 2), (without.id, 0)], at(30))
        .await
        .expect("noted");
    assert_eq!(size(&*store).await, 1, "an event without jobs is done");
    assert_eq!(store.overdue(at(100), at(30), 10).await.expect("read"), []);
    assert_eq!(
        store.overdue(at(100), at(31), 10).await.expect("read"),
        std::slice::from_ref(&with_jobs)
    );
    store
        .handed_on(
            &[(with_jobs.id, 2), (without.id, 0), (EventId(id()), 1)],
            at(40),
        )
        .await
        .expect("noted");
    assert_eq!(store.overdue(at(100), at(31), 10).await.expect("read"), []);
    store
        .settle(vec![end(JobId(id()), with_jobs.id, JobOutcome::Done, 50)])
        .await
        .expect("settled");
    assert_eq!(size(&*store).await, 1);
    store
        .settle(vec![end(JobId(id()), with_jobs.id, failed(), 51)])
        .await
        .expect("settled");
    assert_eq!(store.outbox_size().await.expect("size"), (0, None));
}

/// Those never handed on and those handed on long ago, mixed, up to a limit.
pub async fn late_events_come_oldest_first(engine: &mut dyn Engine) {
    let store = engine.store();
    let events: Vec<EventRecord> = (0..10).map(event).collect();
    let mut shuffled = events.clone();
    shuffled.reverse();
    store.state(shuffled).await.expect("stated");
    // Every other one was handed on, the oldest last.
    for (n, seconds) in [(8, 100), (6, 101), (4, 102), (2, 103), (0, 104)] {
        store
            .handed_on(&[(events[n].id, 1)], at(seconds))
            .await
            .expect("noted");
    }
    assert_eq!(
        store.overdue(at(1_000), at(1_000), 4).await.expect("read"),
        events[..4]
    );
    let some = store.overdue(at(1_000), at(103), 20).await.expect("read");
    let expected: Vec<_> = [1, 3, 4, 5, 6, 7, 8, 9]
        .map(|n: usize| events[n].clone())
        .into();
    assert_eq!(some, expected);
    drop(store);
    engine.restart().await;
    assert_eq!(
        engine
            .store()
            .overdue(at(1_000), at(103), 20)
            .await
            .expect("read"),
        expected
    );
}

/// Jobs may end before the relay says how many there are, and at the same time.
pub async fn settling_and_handing_on_may_come_in_any_order(engine: &mut dyn Engine) {
    let store = engine.store();
    let early = event(0);
    store.state(vec![early.clone()]).await.expect("stated");
    store
        .settle(vec![
            end(JobId(id()), early.id, JobOutcome::Done, 1),
            end(JobId(id()), early.id, failed(), 1),
        ])
        .await
        .expect("settled");
    assert_eq!(
        size(&*store).await,
        1,
        "nobody knows yet how many jobs there are"
    );
    store
        .handed_on(&[(early.id, 2)], at(2))
        .await
        .expect("noted");
    assert_eq!(size(&*store).await, 0);
    let mut tasks = tokio::task::JoinSet::new();
    let events: Vec<_> = (0..50).map(event).collect();
    store.state(events.clone()).await.expect("stated");
    for one in &events {
        let id_of = one.id;
        let handing = engine.store();
        tasks.spawn(async move {
            handing
                .handed_on(&[(id_of, 3)], at(5))
                .await
                .expect("noted");
        });
        for _ in 0..3 {
            let settling = engine.store();
            tasks.spawn(async move {
                settling
                    .settle(vec![end(JobId(id()), id_of, JobOutcome::Done, 5)])
                    .await
                    .expect("settled");
            });
        }
    }
    tasks.join_all().await;
    assert_eq!(size(&*store).await, 0);
}

/// A second record changes nothing: not the count, not the outcome, not the outbox.
pub async fn an_end_is_recorded_once(engine: &mut dyn Engine) {
    let store = engine.store();
    let (one, job) = (event(0), JobId(id()));
    store.state(vec![one.clone()]).await.expect("stated");
    store.handed_on(&[(one.id, 2)], at(1)).await.expect("noted");
    let told = event(2);
    let first = Settlement {
        events: vec![told.clone()],
        ..end(job, one.id, failed(), 2)
    };
    store
        .settle(vec![first.clone(), first])
        .await
        .expect("settled");
    store
        .settle(vec![end(job, one.id, JobOutcome::Done, 3)])
        .await
        .expect("settled");
    let waiting = store.overdue(at(100), at(100), 10).await.expect("read");
    assert_eq!(
        waiting,
        [one, told],
        "one job of two has ended, and stated its event once"
    );
    let other = JobId(id());
    assert_eq!(store.settled(&[other, job]).await.expect("read"), [job]);
    assert_eq!(
        store
            .failed_jobs(None, 10)
            .await
            .expect("listed")
            .items
            .len(),
        1
    );
}

/// The latest first, whole, by pages; tried again once.
pub async fn failed_jobs_are_listed_and_tried_again(engine: &mut dyn Engine) {
    let store = engine.store();
    let jobs: Vec<JobId> = (0..7).map(|_| JobId(id())).collect();
    for (n, job) in (0..).zip(&jobs) {
        store
            .settle(vec![end(*job, EventId(id()), failed(), n / 2)])
            .await
            .expect("settled");
    }
    store
        .settle(vec![end(JobId(id()), EventId(id()), JobOutcome::Done, 9)])
        .await
        .expect("settled");
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = store
            .failed_jobs(cursor.as_deref(), 2)
            .await
            .expect("listed");
        seen.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let mut expected = jobs.clone();
    expected.reverse();
    assert_eq!(seen.iter().map(|job| job.id).collect::<Vec<_>>(), expected);
    let first = &seen[0];
    assert_eq!(
        (first.kind.as_str(), first.payload.as_str()),
        ("TestV1", r#"{"job":"TestV1"}"#)
    );
    assert_eq!(
        (first.error.as_str(), first.attempts, first.failed_at),
        ("the provider said no", 3, at(3))
    );
    assert_eq!(
        (first.trace.as_deref(), first.created_at),
        (Some("trace"), at(0))
    );
    assert!(matches!(
        store.failed_jobs(Some("nonsense"), 2).await,
        Err(ListError::Cursor)
    ));
    for job in &seen {
        let found = store.failed_job(job.id).await.expect("read");
        assert_eq!(found.as_ref(), Some(job), "one is found as it is listed");
    }
    assert_eq!(store.failed_job(JobId(id())).await.expect("read"), None);
    let again = retry(jobs[0]);
    assert!(
        store
            .retry_failed(jobs[0], again.clone())
            .await
            .expect("stated")
    );
    assert_eq!(
        store.failed_job(jobs[0]).await.expect("read"),
        None,
        "what is tried again has not failed"
    );
    assert!(
        !store
            .retry_failed(jobs[0], retry(jobs[0]))
            .await
            .expect("answered")
    );
    assert!(
        !store
            .retry_failed(JobId(id()), retry(jobs[0]))
            .await
            .expect("answered")
    );
    assert_eq!(
        store.overdue(at(1_000), at(0), 10).await.expect("read"),
        [again]
    );
    assert_eq!(
        store
            .failed_jobs(None, 10)
            .await
            .expect("listed")
            .items
            .len(),
        6
    );
}

fn retry(job: JobId) -> EventRecord {
    let event = Event::JobRetryRequested {
        job_id: job,
        payload: r#"{"job":"TestV1"}"#.into(),
    };
    EventRecord {
        id: EventId(id()),
        event,
        at: at(60),
        trace: None,
    }
}

/// A job that is tried again may still run in the name of its first event; both events end, neither too early.
pub async fn a_retried_job_counts_once_for_each_event(engine: &mut dyn Engine) {
    let store = engine.store();
    for in_name_of_first in [true, false] {
        let (first, job, other) = (event(0), JobId(id()), JobId(id()));
        store.state(vec![first.clone()]).await.expect("stated");
        store
            .handed_on(&[(first.id, 2)], at(1))
            .await
            .expect("noted");
        store
            .settle(vec![end(job, first.id, failed(), 2)])
            .await
            .expect("settled");
        let again = retry(job);
        assert!(
            store
                .retry_failed(job, again.clone())
                .await
                .expect("stated")
        );
        store
            .handed_on(&[(again.id, 1)], at(3))
            .await
            .expect("noted");
        let name = if in_name_of_first { first.id } else { again.id };
        store
            .settle(vec![end(job, name, JobOutcome::Done, 4)])
            .await
            .expect("settled");
        let waiting = store.overdue(at(1_000), at(1_000), 10).await.expect("read");
        assert_eq!(
            waiting,
            std::slice::from_ref(&first),
            "the retry is done; the first event waits for its other job"
        );
        store
            .settle(vec![end(other, first.id, JobOutcome::Done, 5)])
            .await
            .expect("settled");
        assert_eq!(size(&*store).await, 0);
    }
    assert_sound(&*store).await;
}

/// Thirty days for those that were done.
pub async fn failed_jobs_outlive_those_that_were_done(engine: &mut dyn Engine) {
    let store = engine.store();
    let (done, bad) = (JobId(id()), JobId(id()));
    let event = EventId(id());
    store
        .settle(vec![
            end(done, event, JobOutcome::Done, 0),
            end(bad, event, failed(), 0),
        ])
        .await
        .expect("settled");
    let days = |days: i64| at(days * 86_400);
    assert_eq!(store.trim(days(29)).await.expect("trimmed"), 0);
    assert_eq!(store.trim(days(31)).await.expect("trimmed"), 1);
    let listed = store.failed_jobs(None, 10).await.expect("listed").items;
    assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), [bad]);
}
