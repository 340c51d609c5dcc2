//! What is measured side by side: processes on a core of their own, and the driver on another.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use crate::process::Cost;

/// Who serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `souk-socketio` alone.
    Bare,
    /// Node's `socket.io`.
    Node,
}

impl Kind {
    /// Both, the one that is compared first.
    pub const ALL: [Self; 2] = [Self::Bare, Self::Node];

    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "`souk-socketio` alone",
            Self::Node => "Node's `socket.io`",
        }
    }
}

/// The cores that are shared out.
#[derive(Debug, Clone)]
pub struct Cores {
    /// Of what is measured.
    pub server: String,
    driver: String,
    all: String,
}

impl Cores {
    /// Two of those that this process may use; an error when there is one.
    pub fn look() -> anyhow::Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let all = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
            .context("/proc/self/status names no cores")?
            .trim();
        let cores = listed(all).context("cores of another form")?;
        let [server, driver, ..] = cores[..] else {
            anyhow::bail!("two cores are needed: one for the server, one for the driver");
        };
        Ok(Self {
            server: server.to_string(),
            driver: driver.to_string(),
            all: all.to_owned(),
        })
    }

    /// Keeps the driver on its core until the guard goes.
    pub fn pin_driver(&self) -> anyhow::Result<Pinned<'_>> {
        pin(&self.driver)?;
        Ok(Pinned(self))
    }
}

/// The driver is on its core for as long as this lives.
pub struct Pinned<'a>(&'a Cores);

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        // What is measured after this would be slower, and says so by its numbers.
        let _ = pin(&self.0.all);
    }
}

fn pin(cores: &str) -> anyhow::Result<()> {
    let itself = std::process::id().to_string();
    let output = Command::new("taskset")
        .args(["-a", "-c", "-p", cores, &itself])
        .output()
        .context("taskset (of util-linux) is needed")?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "taskset: {said}");
    Ok(())
}

/// The numbers of `0,2-4`.
fn listed(text: &str) -> Option<Vec<u32>> {
    let mut cores = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        cores.extend(from.parse().ok()?..=to.parse::<u32>().ok()?);
    }
    Some(cores)
}

/// A running process.
pub struct Peer {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Peer {
    /// Starts it on a core and waits until it listens. `node` is the folder of the peer program.
    pub fn start(kind: Kind, node: &Path, cores: &Cores) -> anyhow::Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", &cores.server]);
        match kind {
            Kind::Bare => command.arg(std::env::current_exe()?).arg("serve-bare"),
            Kind::Node => command
                .args(["node", "--expose-gc", "server.mjs"])
                .env("NODE_ENV", "production")
                .current_dir(node),
        };
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", kind.name()))?;
        let address = child.stdout.take().and_then(|stdout| {
            let mut lines = BufReader::new(stdout).lines();
            lines.find_map(|line| {
                let line = line.ok()?;
                line.strip_prefix("listening on http://")?.parse().ok()
            })
        });
        let Some(address) = address else {
            let status = child.wait()?;
            anyhow::bail!(
                "{} ended with {status}; was `npm ci` run in {}?",
                kind.name(),
                node.display()
            );
        };
        Ok(Self { child, address })
    }

    /// What it has cost so far.
    pub fn cost(&self) -> anyhow::Result<Cost> {
        Cost::of(self.child.id())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_counted() {
        assert_eq!(listed("0-1"), Some(vec![0, 1]));
        assert_eq!(listed("3,5-7"), Some(vec![3, 5, 6, 7]));
        assert_eq!(listed("x"), None);
    }
}
