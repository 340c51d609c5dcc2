//! What happens around every request. Outermost first: `observe`, `headers`, `cors`, compression, problems, `panics`,
//! `idempotency`.

mod compression;
mod cors;
mod headers;
mod idempotency;
mod observe;
mod panics;

pub(crate) use compression::{Compressible, weaken_tags};
pub(crate) use cors::share_with_known_origins;
pub(crate) use headers::{guard_pages, page_policy};
#[cfg(test)]
pub(crate) use idempotency::request_hash;
pub(crate) use idempotency::{API, REPLAYED, answer_once, takes_keys};
pub(crate) use observe::observe;
pub(crate) use panics::OnPanic;
