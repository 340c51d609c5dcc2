//! Real servers for tests, benches and `make fleet`: a MongoDB replica set, Redis. Each is started on a free port of the
//! loopback, on data of its own, and is gone when its handle is dropped or this process ends, however it ends. They can
//! be killed, frozen and started again, as crash tests want.
//!
//! Nothing that ships may import this.

mod fleet;
mod folder;
mod mongo;
mod nginx;
mod process;
mod redis;

pub use fleet::{Fleet, Plan, Role, Server};
pub use folder::Folder;
pub use mongo::{ReplicaSet, shared_replica_set};
pub use nginx::Nginx;
pub use process::{Ending, Process, free_port};
pub use redis::Redis;

use std::path::PathBuf;

/// The folder of tools that `scripts/install.sh test` fills.
#[must_use]
pub fn tools() -> PathBuf {
    match std::env::var_os("SOUK_TEST_TOOLS") {
        Some(folder) => folder.into(),
        None => PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../target/test-tools"
        )),
    }
}
