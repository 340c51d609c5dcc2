//! Removes what has outlived its retention, in small steps.

use std::sync::Arc;
use std::time::Duration;

use souk_app::App;
use tokio_util::sync::CancellationToken;

/// A breath between two steps, so that sales go first.
const BREATH: Duration = Duration::from_millis(20);

/// Trims at once, then every so often, until told to stop.
pub(crate) async fn run(app: Arc<App>, every: Duration, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = trim(&app) => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

async fn trim(app: &App) {
    let mut removed = 0;
    loop {
        match app.store.trim(app.now()).await {
            Ok(0) => break,
            Ok(rows) => removed += rows,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "trimming the store failed"
                );
                break;
            }
        }
        tokio::time::sleep(BREATH).await;
    }
    if removed > 0 {
        tracing::info!(
            rows = removed,
            "rows that outlived their retention are gone"
        );
        metrics::counter!("souk_trimmed_rows_total").increment(removed);
    }
}
