//! What may be forgotten at any time.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::OnceCell;

use super::EngineError;

/// How a value is made that the cache does not have.
pub type Make<'a> = Pin<Box<dyn Future<Output = Result<Bytes, EngineError>> + Send + 'a>>;

/// A cache: quick, shared by all instances where the engine is, and allowed to lose anything at any moment. It never
/// fails: what cannot be had is a miss.
#[async_trait]
pub trait Cache: Send + Sync {
    /// The value of a key, if it is still there.
    async fn get(&self, key: &str) -> Option<Bytes>;
    /// Keeps a value for at most `ttl`.
    async fn put(&self, key: &str, value: Bytes, ttl: Duration);
    /// Forgets a key, on every instance.
    async fn remove(&self, key: &str);
    /// The values that are being made in this process.
    fn flights(&self) -> &Flights;

    /// The value of a key. If it is not there, it is made and kept; whoever asks for it meanwhile waits for that one, so
    /// that many misses at once are one making. An error goes to all of them: were each to try again after the one before
    /// it, an engine that is away would keep the last one waiting for as many timeouts as there are others. Only when
    /// whoever makes it goes away is it made by the next one. A value whose key is removed while it is made is not kept,
    /// and not given to those who ask after the removal.
    async fn get_or(&self, key: &str, ttl: Duration, make: Make<'_>) -> Result<Bytes, EngineError> {
        if let Some(value) = self.get(key).await {
            return Ok(value);
        }
        let flight = self.flights().join(key);
        let made = flight.cell.get_or_init(async || {
            let value = make.await.map_err(Failed::from)?;
            if flight.is_wanted() {
                self.put(key, value.clone(), ttl).await;
            }
            Ok(value)
        });
        Ok(made.await.clone()?)
    }
}

/// Why a value was not made, for each of those who waited for it.
#[derive(Clone)]
enum Failed {
    Conflict,
    Unavailable(SharedCause),
    Refused(SharedCause),
}

impl From<EngineError> for Failed {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Conflict => Self::Conflict,
            EngineError::Unavailable(cause) => Self::Unavailable(SharedCause(cause.into())),
            EngineError::Refused(cause) => Self::Refused(SharedCause(cause.into())),
        }
    }
}

impl From<Failed> for EngineError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Conflict => Self::Conflict,
            Failed::Unavailable(cause) => Self::Unavailable(Box::new(cause)),
            Failed::Refused(cause) => Self::Refused(Box::new(cause)),
        }
    }
}

/// One cause, told to several.
#[derive(Debug, Clone)]
pub struct SharedCause(Arc<dyn Error + Send + Sync>);

impl SharedCause {
    /// The cause that whoever made the value gave, if it is of this type.
    #[must_use]
    pub fn of<E: Error + 'static>(error: &EngineError) -> Option<&E> {
        let (EngineError::Unavailable(cause) | EngineError::Refused(cause)) = error else {
            return None;
        };
        cause.downcast_ref::<Self>()?.0.downcast_ref()
    }
}

impl fmt::Display for SharedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for SharedCause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// What came of a making.
type Made = OnceCell<Result<Bytes, Failed>>;

/// What a value weighs where a cache is bounded by bytes: its own, those of its key, and what keeping them takes.
#[must_use]
pub fn weight(key: &str, value: &[u8]) -> u64 {
    (key.len() + value.len() + 128) as u64
}

/// The values that are being made: one making for each key.
#[derive(Default)]
pub struct Flights(Mutex<HashMap<String, Arc<Made>>>);

impl Flights {
    /// The key was removed: what is being made of it is made of what was before.
    pub fn forget(&self, key: &str) {
        self.all().remove(key);
    }

    fn join(&self, key: &str) -> Flight<'_> {
        let cell = self.all().entry(key.to_owned()).or_default().clone();
        Flight {
            flights: self,
            key: key.to_owned(),
            cell,
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Made>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for a value; the last one takes the making away, and whoever has the value, or knows that there is
/// none, ends it for those who come later.
struct Flight<'a> {
    flights: &'a Flights,
    key: String,
    cell: Arc<Made>,
}

impl Flight<'_> {
    fn is_wanted(&self) -> bool {
        let all = self.flights.all();
        all.get(&self.key)
            .is_some_and(|cell| Arc::ptr_eq(cell, &self.cell))
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut all = self.flights.all();
        let is_ours = all
            .get(&self.key)
            .is_some_and(|cell| Arc::ptr_eq(cell, &self.cell));
        // Two: this one, and the map's.
        if is_ours && (self.cell.initialized() || Arc::strong_count(&self.cell) <= 2) {
            all.remove(&self.key);
        }
    }
}
