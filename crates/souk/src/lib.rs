//! The binary's inside, so that tests and benches can start a whole Souk in their own process.
//!
//! `config` reads options, `wire` chooses engines and puts the application together, `server` listens, `supervisor`
//! tells the service manager, `dump` is the file of all data, `cli` has one file for each command. Nothing else in the workspace reads the environment, the clock or the system's randomness.

pub mod assets;
pub mod cli;
pub mod config;
pub mod demo;
pub mod dump;
pub mod server;
pub mod supervisor;
pub mod telemetry;
pub mod wire;
