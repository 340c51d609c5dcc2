//! The invariants, checked page by page: memory does not grow with the data. Reads only. `stock` is invariant 1, `found`
//! 2, `orders` what hangs on each order, `streams` 3, `work` 4.
//!
//! Each page is a snapshot of its own (see [`view`]), so that no snapshot is held for longer than servers keep one. What
//! is asked of a page and of what belongs to it is therefore as it was at one moment; where a later moment is asked of as
//! well, what is looked for there never goes.

mod found;
mod orders;
mod stock;
mod streams;
mod view;
mod work;

use async_trait::async_trait;
use souk_app::ports::EngineError;
use souk_app::ports::store::verify::Faults;
use souk_app::ports::store::{Fault, VerifyStore};

use crate::failure::Failure;
use crate::store::{Inner, MongoStore};

#[async_trait]
impl VerifyStore for MongoStore {
    async fn verify(&self) -> Result<Vec<Fault>, EngineError> {
        let mut faults = Faults::default();
        let checked = check(&self.inner, &mut faults).await;
        checked.map_err(Failure::of_moment)?;
        Ok(faults.into_found())
    }
}

async fn check(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    stock::check(inner, faults).await?;
    found::check(inner, faults).await?;
    orders::check(inner, faults).await?;
    streams::check(inner, faults).await?;
    work::check(inner, faults).await
}
