//! Jobs that failed for good, as staff look after them.

use axum::http::StatusCode;
use serde_json::json;
use souk_app::ports::store::{JobOutcome, Settlement};
use souk_domain::user::Role;
use souk_domain::{Event, EventId, JobId};
use uuid::Uuid;

use super::{TestApi, is};

/// A job that failed so many milliseconds after the shop was founded.
fn failure(api: &TestApi, n: i64) -> Settlement {
    let at = api.app.now();
    let id = |kind: u128| Uuid::from_u128((kind << 64) + u128::from(n.unsigned_abs()));
    Settlement {
        job_id: JobId(id(1)),
        event_id: EventId(id(2)),
        kind: "SendReceiptV1".into(),
        payload: format!(r#"{{"job":"SendReceiptV1","orderId":"{}"}}"#, id(3)),
        outcome: JobOutcome::Failed("550 no such user".into()),
        attempts: 3,
        trace: (n == 0).then(|| "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        created_at: at,
        at: at + std::time::Duration::from_millis(n.unsigned_abs()),
        events: vec![],
    }
}

#[tokio::test]
async fn a_failed_job_is_tried_again_once_however_many_failed_after_it() {
    let api = TestApi::start().await;
    let staff = api.token(Role::Staff).await;
    let failures: Vec<_> = (0..250).map(|n| failure(&api, n)).collect();
    api.app.store.settle(failures.clone()).await.unwrap();
    let retry = |job: JobId| {
        api.post(&format!("/api/v1/admin/jobs/{job}/retry"))
            .token(&staff)
            .header(
                "traceparent",
                "00-11111111111111111111111111111111-2222222222222222-01",
            )
            .send()
    };
    // The one that failed first, and one without a trace of its own.
    for job in [&failures[0], &failures[100]] {
        assert_eq!(retry(job.job_id).await.status, StatusCode::ACCEPTED);
        is(&retry(job.job_id).await, 404, "not_found");
    }
    is(&retry(JobId(Uuid::nil())).await, 404, "not_found");
    let later = api.app.now() + std::time::Duration::from_secs(1);
    let asked = api.app.store.overdue(later, later, 10).await.unwrap();
    let of = |job: &Settlement| Event::JobRetryRequested {
        job_id: job.job_id,
        payload: job.payload.clone(),
    };
    let mut events: Vec<_> = asked.iter().map(|record| record.event.clone()).collect();
    events.sort_by_key(|event| *event != of(&failures[0]));
    assert_eq!(events, [of(&failures[0]), of(&failures[100])]);
    for record in asked {
        let trace = record.trace.unwrap();
        let trace_id = if record.event == of(&failures[0]) {
            "0af7651916cd43dd8448eb211c80319c"
        } else {
            "11111111111111111111111111111111"
        };
        assert!(trace.contains(trace_id), "{trace}");
    }
    let mut left = 0;
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/admin/jobs?limit=100{cursor}");
        let page = api.get(&path).token(&staff).send().await.json();
        left += page["items"].as_array().unwrap().len();
        if page["nextCursor"] == json!(null) {
            break;
        }
        cursor = format!("&cursor={}", page["nextCursor"].as_str().unwrap());
    }
    assert_eq!(left, 248);
}
