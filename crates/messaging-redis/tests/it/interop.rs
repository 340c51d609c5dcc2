//! Node programs on the same queue, with unmodified packages of `tests/node`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use souk_app::jobs::Job;
use souk_app::ports::store::{JobOutcome, OutboxStore as _, Settlement};
use souk_app::ports::{Clock as _, LeasedJob, NewJob, Queue as _};
use souk_domain::{EventId, JobId, OrderId};
use uuid::Uuid;

use crate::queue::OnRedis;
use crate::support::SystemClock;

static INSTALLED: LazyLock<Mutex<bool>> = LazyLock::new(Mutex::default);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node")
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new("timeout")
        .args(["-k", "5", "300", program])
        .args(arguments)
        .current_dir(folder())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
            .chars()
            .take(2_000)
            .collect::<String>()
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the script; installs its packages the first time.
async fn node(engine: &OnRedis, what: &str, more: &[&str]) -> Value {
    let port = engine.server.port().to_string();
    let mut arguments = vec!["interop.mjs".to_owned(), what.into(), port];
    arguments.push(engine.options.name.clone());
    arguments.extend(more.iter().map(ToString::to_string));
    let printed = tokio::task::spawn_blocking(move || {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if !*installed && !folder().join("node_modules/.package-lock.json").exists() {
            run(
                "npm",
                &["ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            );
        }
        *installed = true;
        drop(installed);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        run("node", &arguments)
    })
    .await
    .unwrap();
    serde_json::from_str(printed.trim()).unwrap()
}

async fn start() -> OnRedis {
    OnRedis::start(Duration::from_secs(1)).await
}

pub fn receipt(order: u128) -> NewJob {
    let now = SystemClock.now();
    let work = Job::SendReceipt {
        order_id: OrderId(Uuid::from_u128(order)),
    };
    NewJob {
        id: JobId(Uuid::from_u128(order)),
        kind: work.kind().into(),
        payload: work.encode(),
        priority: work.priority(),
        run_at: now,
        event_id: EventId(Uuid::from_u128(order + 1_000)),
        trace: Some("trace".into()),
        created_at: now,
    }
}

pub async fn lease_one(engine: &OnRedis) -> LeasedJob {
    let queue = engine.now();
    for _ in 0..200 {
        let now = SystemClock.now();
        let lease = engine.options.lease;
        if let Some(leased) = queue.lease(1, now, lease).await.unwrap().pop() {
            return leased;
        }
        queue.wait(Duration::from_millis(50)).await;
    }
    panic!("no job");
}

/// What the store is told.
pub fn settlement(leased: &LeasedJob, outcome: &JobOutcome) -> Settlement {
    let job = &leased.job;
    Settlement {
        job_id: job.id,
        event_id: job.event_id,
        kind: job.kind.clone(),
        payload: job.payload.clone(),
        outcome: outcome.clone(),
        attempts: leased.attempt,
        trace: None,
        created_at: job.created_at,
        at: SystemClock.now(),
        events: vec![],
    }
}

/// Ends a job as a worker does: the store first.
pub async fn end(engine: &OnRedis, leased: &LeasedJob, outcome: JobOutcome) {
    let job = &leased.job;
    let settlement = settlement(leased, &outcome);
    engine.store.settle(vec![settlement]).await.unwrap();
    let queue = engine.now();
    let ended = match &outcome {
        JobOutcome::Done => queue.finish(job.id, leased.token).await,
        JobOutcome::Failed(error) => queue.fail(job.id, leased.token, error).await,
    };
    assert!(ended.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_in_node_takes_what_souk_added() {
    let engine = start().await;
    let job = receipt(7);
    engine.now().push(vec![job.clone()]).await.unwrap();
    let taken = node(&engine, "work", &["1"]).await;
    assert_eq!(taken[0]["id"], json!(format!("ob-{}", job.id.0)));
    assert_eq!(taken[0]["name"], "SendReceiptV1");
    assert_eq!(
        taken[0]["data"]["orderId"],
        json!(Uuid::from_u128(7).to_string())
    );
    assert_eq!(taken[0]["data"]["origin"]["trace"], "trace");
    let counts = engine.now().counts(SystemClock.now()).await.unwrap();
    assert_eq!((counts.ready, counts.active, counts.delayed), (0, 0, 0));
    // Node may fail it too: it comes back to whoever is there.
    let job = receipt(8);
    engine.now().push(vec![job.clone()]).await.unwrap();
    node(&engine, "work", &["1", "SendReceiptV1"]).await;
    assert_eq!(lease_one(&engine).await.job, job);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_shows_counts_and_failures_and_a_retry_from_it_runs_once() {
    let engine = start().await;
    let queue = engine.now();
    let mut later = receipt(3);
    later.run_at = SystemClock
        .now()
        .checked_add(Duration::from_hours(1))
        .unwrap();
    let bad = receipt(1);
    queue.push(vec![bad.clone()]).await.unwrap();
    let leased = lease_one(&engine).await;
    let soon = SystemClock.now();
    assert!(
        queue
            .retry(bad.id, leased.token, soon, "the server hung up")
            .await
            .unwrap()
    );
    let leased = lease_one(&engine).await;
    assert_eq!(leased.attempt, 2);
    end(
        &engine,
        &leased,
        JobOutcome::Failed("no such address".into()),
    )
    .await;
    queue.push(vec![receipt(2), later]).await.unwrap();
    let seen = node(&engine, "board", &[]).await;
    assert_eq!(seen["name"], "souk-mail");
    let counts = &seen["counts"];
    assert_eq!(
        (
            &counts["failed"],
            &counts["delayed"],
            &counts["prioritized"]
        ),
        (&json!(1), &json!(1), &json!(1)),
        "{counts}"
    );
    let failed = &seen["failed"][0];
    assert_eq!(failed["reason"], "no such address");
    assert_eq!(failed["name"], "SendReceiptV1");
    assert!(
        failed["logs"].to_string().contains("the server hung up"),
        "{failed}"
    );

    let waiting = lease_one(&engine).await;
    end(&engine, &waiting, JobOutcome::Done).await;
    let id = failed["id"].as_str().unwrap();
    let seen = node(&engine, "board", &[id]).await;
    assert_eq!(seen["retried"], 204);
    let again = lease_one(&engine).await;
    assert_eq!((again.job.id, again.attempt), (bad.id, 1));
    assert_eq!(again.job.payload, bad.payload);
    assert_ne!(
        again.job.event_id, bad.event_id,
        "asked for by another event"
    );
    assert_eq!(engine.store.failed_job(bad.id).await.unwrap(), None);
    end(&engine, &again, JobOutcome::Done).await;
    // A repeat of what asked for it changes nothing.
    queue.push(vec![bad.clone()]).await.unwrap();
    assert_eq!(queue.counts(soon).await.unwrap().ready, 0);
    let seen = node(&engine, "board", &[]).await;
    assert_eq!(
        (&seen["counts"]["failed"], &seen["counts"]["completed"]),
        (&json!(0), &json!(2))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_node_adds_runs_here_and_what_nobody_knows_is_refused_where_all_see_it() {
    let engine = start().await;
    let queue = engine.now();
    let order = Uuid::from_u128(9).to_string();
    let data = json!({ "orderId": order }).to_string();
    let options = r#"{"attempts":3,"backoff":{"type":"exponential","delay":1000}}"#;
    node(&engine, "add", &["SendReceiptV1", &data, options]).await;
    let leased = lease_one(&engine).await;
    let work = Job::SendReceipt {
        order_id: OrderId(Uuid::from_u128(9)),
    };
    assert_eq!(Job::decode(&leased.job.payload).ok(), Some(work));
    assert_eq!(leased.job.kind, "SendReceiptV1");
    let now = SystemClock.now();
    let held = queue.postpone(leased.job.id, leased.token, now).await;
    assert!(held.unwrap());
    let again = lease_one(&engine).await;
    assert_eq!(
        (again.job.id, again.attempt),
        (leased.job.id, 1),
        "it keeps its id"
    );
    end(&engine, &again, JobOutcome::Done).await;

    let mut bad = Vec::new();
    for (name, data) in [
        ("SendReceiptV1", r#"{"order":1}"#),
        ("SendReceiptV1", r#""not an object""#),
        ("SendReceiptV1", "[1]"),
        ("SendReceiptV1", "null"),
        ("LaunchRocketV1", "{}"),
    ] {
        node(&engine, "add", &[name, data]).await;
        let leased = lease_one(&engine).await;
        let why = Job::decode(&leased.job.payload).unwrap_err().to_string();
        end(&engine, &leased, JobOutcome::Failed(why)).await;
        bad.push(leased.job);
    }
    let seen = node(&engine, "board", &[]).await;
    let failed = seen["failed"].as_array().unwrap();
    assert_eq!(failed.len(), bad.len());
    let reason = |job: &Value| job["reason"].as_str().unwrap_or_default().to_owned();
    let names_what = |why: &String| {
        why.contains("`order`") || why.contains("`data`") || why.contains("LaunchRocketV1")
    };
    assert!(
        failed.iter().map(reason).all(|why| names_what(&why)),
        "{failed:?}"
    );

    // Staff have each of them tried again: all of them wait as they were.
    for (job, n) in bad.into_iter().zip(100..) {
        let event = EventId(Uuid::from_u128(n));
        let again = NewJob {
            id: JobId(Uuid::from_u128(n)),
            event_id: event,
            ..job.clone()
        };
        queue.push(vec![again]).await.unwrap();
        let leased = lease_one(&engine).await;
        assert_eq!(leased.job.payload, job.payload);
        end(&engine, &leased, JobOutcome::Done).await;
    }
}
