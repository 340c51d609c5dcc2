//! Waiting until all work is done: for tests, and for tools that end when it is.

use std::time::Duration;

use souk_app::App;
use tokio::time::{Instant, sleep};

/// Waits until the outbox and the queue are empty, at most for `deadline`; whether they were. Engines that do not answer
/// count as not empty.
pub async fn drained(app: &App, deadline: Duration) -> bool {
    let end = Instant::now() + deadline;
    loop {
        // The queue before and after: a job is pushed before its event leaves the outbox, and finished after.
        if queue_is_empty(app).await && outbox_is_empty(app).await && queue_is_empty(app).await {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn outbox_is_empty(app: &App) -> bool {
    app.store
        .outbox_size()
        .await
        .is_ok_and(|(events, _)| events == 0)
}

async fn queue_is_empty(app: &App) -> bool {
    app.queue
        .counts(app.now())
        .await
        .is_ok_and(|counts| counts.ready + counts.delayed + counts.active == 0)
}
