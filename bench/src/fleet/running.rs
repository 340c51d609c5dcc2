//! A process that was started for the bench, and where it listens. It ends with the bench, however that ends.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use souk_testbed::{Ending, Process};
use tokio::sync::mpsc;

/// Longest time until it says something that is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running process, and what it says.
pub struct Running {
    process: Process,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Running {
    /// Starts a command. `prepared` says the program, its arguments, environment, folder and where errors go.
    pub fn start(ending: Ending, prepared: &Prepared) -> anyhow::Result<Self> {
        let text = |value: &std::ffi::OsStr| value.to_string_lossy().into_owned();
        let program = text(prepared.command.get_program());
        let arguments: Vec<String> = prepared.command.get_args().map(text).collect();
        let errors = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&prepared.log)
            .with_context(|| format!("{}", prepared.log.display()))?;
        let mut process = Process::start_to_end(ending, &program, &arguments, |command| {
            if prepared.alone {
                command.env_clear();
            }
            for (name, value) in prepared.command.get_envs() {
                if let Some(value) = value {
                    command.env(name, value);
                }
            }
            if let Some(folder) = prepared.command.get_current_dir() {
                command.current_dir(folder);
            }
            command.stdout(Stdio::piped()).stderr(errors);
        })?;
        let stdout = process.take_stdout().context("no output")?;
        let (said, lines) = mpsc::unbounded_channel();
        // What it says later is read as well, or it would wait for us one day.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = said.send(line);
            }
        });
        Ok(Self { process, lines })
    }

    /// Waits for a line that begins so; the rest of it.
    pub async fn says(&mut self, beginning: &str) -> anyhow::Result<String> {
        let waiting = async {
            while let Some(line) = self.lines.recv().await {
                if let Some(rest) = line.strip_prefix(beginning) {
                    return Some(rest.to_owned());
                }
            }
            None
        };
        let said = tokio::time::timeout(PATIENCE, waiting).await;
        said.ok()
            .flatten()
            .with_context(|| format!("a process never said {beginning:?}"))
    }

    /// Waits until it listens.
    pub async fn listens(&mut self) -> anyhow::Result<SocketAddr> {
        Ok(self.says("listening on http://").await?.parse()?)
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Asks it to end, and waits for that; whether it ended well.
    pub async fn stop(mut self, deadline: Duration) -> anyhow::Result<bool> {
        // Meanwhile sockets that were let go of are closed, which it may wait for.
        let ending = tokio::task::spawn_blocking(move || self.process.terminate(deadline));
        Ok(ending.await?)
    }
}

/// A command, and what a [`Command`] does not say by itself.
pub struct Prepared {
    /// Program, arguments, environment, folder.
    pub command: Command,
    /// Whether it sees nothing of this process's environment.
    pub alone: bool,
    /// Where its errors and its log go.
    pub log: std::path::PathBuf,
}
