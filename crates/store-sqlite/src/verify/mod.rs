//! x
use async_trait::async_trait;
use souk_app::ports::EngineError;
use souk_app::ports::store::{Fault, VerifyStore};
use crate::SqliteStore;
#[async_trait]
impl VerifyStore for SqliteStore { async fn verify(&self) -> Result<Vec<Fault>, EngineError> { Ok(vec![]) } }
