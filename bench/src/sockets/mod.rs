//! Sockets: the library beside Node's `socket.io`, and the whole shop; what is measured on one core, the driver on another.

mod bare;
mod crowd;
mod heard;
mod peers;
mod posting;
mod report;
mod scene;
mod side_by_side;
mod whole;
mod wire;

use std::path::Path;
use std::time::Duration;

pub use bare::serve as serve_bare;
pub use crowd::Crowd;
pub use heard::HeardBy;
use peers::Cores;
pub use posting::{post_numbered, post_on};
use side_by_side::Side;
use whole::Whole;
pub use wire::Wire;

/// How much is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct SocketPlan {
    /// Pairs of measurements.
    #[arg(long, default_value_t = 5)]
    pub socket_rounds: u32,
    /// Of these rounds, how many measure memory; each starts fresh processes.
    #[arg(long, default_value_t = 2)]
    pub memory_rounds: u32,
    /// Idle sockets whose memory is measured.
    #[arg(long, default_value_t = 5_000)]
    pub idle_sockets: usize,
    /// Sockets that every message goes to.
    #[arg(long, default_value_t = 1_000)]
    pub fan_out_sockets: usize,
    /// Clients that wait for acks.
    #[arg(long, default_value_t = 100)]
    pub ack_clients: usize,
    /// Seconds of each measurement of a rate.
    #[arg(long, default_value_t = 2)]
    pub rate_seconds: u64,
    /// Orders whose entry staff wait for.
    #[arg(long, default_value_t = 100)]
    pub orders_seen: u32,
    /// Messages a second where latencies are measured.
    #[arg(long, default_value_t = 50)]
    pub messages_a_second: u32,
    /// Orders a second beside them.
    #[arg(long, default_value_t = 25)]
    pub orders_a_second: u32,
    /// Seconds of each measurement of latencies.
    #[arg(long, default_value_t = 10)]
    pub latency_seconds: u64,
}

impl SocketPlan {
    fn window(&self) -> Duration {
        Duration::from_secs(self.rate_seconds)
    }
}

/// What was measured of sockets.
pub struct SocketResult {
    plan: SocketPlan,
    /// The library alone, and Node's.
    sides: [Side; 2],
    whole: Whole,
}

/// Measures all of it.
pub async fn run(
    plan: &SocketPlan,
    souk: &Path,
    peer: &Path,
    folder: &Path,
    say: impl Fn(&str) + Copy,
) -> anyhow::Result<SocketResult> {
    let files = open_files()?;
    anyhow::ensure!(
        plan.idle_sockets + 500 < files,
        "{files} files may be open, too few for {} sockets: give --idle-sockets",
        plan.idle_sockets
    );
    let cores = Cores::look()?;
    let _pinned = cores.pin_driver()?;
    let sides = side_by_side::run(plan, peer, &cores, say).await?;
    let whole = whole::run(plan, souk, folder, &cores, say).await?;
    Ok(SocketResult {
        plan: plan.clone(),
        sides,
        whole,
    })
}

/// Files that this process may have open at a time.
fn open_files() -> anyhow::Result<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    Ok(soft
        .and_then(|soft| soft.parse().ok())
        .unwrap_or(usize::MAX))
}
