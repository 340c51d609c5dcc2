//! The HTTP API: what the use cases of `souk-app` look like from outside.
//!
//! It turns requests into use cases and their answers into views, decides who may ask, and says what went wrong. It never
//! decides about prices, stock or orders, never reads configuration, and reaches data through `souk-app` alone.
//!
//! - `router` puts everything together; `state` is what all handlers share; `openapi` is the document made of the code.
//! - `problem` is the one mapping from errors to `application/problem+json`; `messages` says field faults in Arabic.
//! - `extract` reads requests; `middleware` is what happens around every one of them; `conditional` is `ETag` and caching.
//! - `accounts`, `catalog`, `orders`, `shop`, `staff`, `streams` are the routes, named as the aggregates are.
//! - `health` and `media` stand outside `/api/v1`.

mod accounts;
mod catalog;
mod conditional;
mod extract;
mod health;
mod media;
mod messages;
mod middleware;
mod openapi;
mod orders;
mod problem;
mod router;
mod shop;
mod staff;
mod state;
mod streams;
mod support;
mod texts;
mod values;

pub use extract::client_address;
pub use health::health_router;
pub use ipnet::IpNet;
pub use openapi::openapi;
pub use router::router;
pub use state::{ApiOptions, RenderMetrics};

#[cfg(test)]
mod tests;
