//! Trying again what failed for good, because somebody asked for it.

use souk_domain::{Event, EventId, EventRecord, JobId};

use crate::App;
use crate::ports::EngineError;

/// Why a job is not tried again.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// No such job has failed, or it is being tried again already.
    #[error("no such failed job")]
    NotFound,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Has a failed job tried again, once for each time it failed. It keeps its trace; without one it gets the asker's.
pub async fn retry(app: &App, id: JobId, trace: Option<String>) -> Result<(), RetryError> {
    let job = app
        .store
        .failed_job(id)
        .await?
        .ok_or(RetryError::NotFound)?;
    let event = EventRecord {
        id: EventId(app.ids.uuid()),
        event: Event::JobRetryRequested {
            job_id: id,
            payload: job.payload,
        },
        at: app.now(),
        trace: job.trace.or(trace),
    };
    // Somebody else may have asked between the two.
    if !app.store.retry_failed(id, event.clone()).await? {
        return Err(RetryError::NotFound);
    }
    app.relay.hand_over(vec![event]);
    Ok(())
}
