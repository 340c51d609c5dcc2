//! The flows, against a whole Souk: in this process on a free port (`TestApp`), or as the real binary (`crash`, `command_line`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod accounts;
mod authorisation;
mod bad_input;
mod balancer;
mod binary;
mod buyers;
mod catalogue;
mod command_line;
mod crash;
mod fleet;
mod live;
mod mails;
mod moving;
mod orders;
mod server;
mod soak;
mod soak_talker;
mod socket_client;
mod telemetry;
mod test_app;
mod walls;
