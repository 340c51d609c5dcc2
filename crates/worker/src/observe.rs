//! Gauges: how much work waits, and for how long.

use std::sync::Arc;
use std::time::Duration;

use souk_app::App;
use souk_domain::Timestamp;
use tokio_util::sync::CancellationToken;

/// Measures the queue and the outbox every so often, until told to stop. One process of a fleet is enough, more do no
/// harm.
pub async fn observe(app: Arc<App>, every: Duration, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = measure(&app) => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Counts are far below 2^52, where a gauge would begin to round.
#[allow(clippy::cast_precision_loss)]
async fn measure(app: &App) {
    let now = app.now();
    match app.queue.counts(now).await {
        Ok(counts) => {
            metrics::gauge!("souk_queue_ready").set(counts.ready as f64);
            metrics::gauge!("souk_queue_delayed").set(counts.delayed as f64);
            metrics::gauge!("souk_queue_active").set(counts.active as f64);
            metrics::gauge!("souk_queue_oldest_seconds").set(age(counts.oldest_ready_at, now));
        }
        Err(error) => tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the queue cannot be measured"
        ),
    }
    match app.store.outbox_size().await {
        Ok((events, oldest)) => {
            metrics::gauge!("souk_outbox_size").set(events as f64);
            metrics::gauge!("souk_outbox_oldest_seconds").set(age(oldest, now));
        }
        Err(error) => tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the outbox cannot be measured"
        ),
    }
}

/// Seconds since then; 0 when there is nothing.
fn age(since: Option<Timestamp>, now: Timestamp) -> f64 {
    since.map_or(0.0, |since| {
        now.duration_since(since).as_secs_f64().max(0.0)
    })
}
