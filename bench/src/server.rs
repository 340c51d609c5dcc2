//! The binary under load: started on a folder and a free port, stopped by its own process id.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use souk_app::ports::Queue as _;
use souk_app::ports::store::OutboxStore as _;
use souk_store_sqlite::SqliteStore;

use crate::process::Cost;
use crate::world::World;

/// How long it may take to stop.
const STOPPING: Duration = Duration::from_secs(30);

/// A running `souk serve`.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Beside it, to see what it has still to do.
    store: SqliteStore,
}

impl Server {
    /// Starts it on a folder and waits until it listens; its log goes to `souk.log` in the folder.
    pub fn start(souk: &Path, folder: &Path, options: &[&str]) -> anyhow::Result<Self> {
        Self::start_on(None, souk, folder, options)
    }

    /// The same on a core of its own.
    pub fn start_on(
        core: Option<&str>,
        souk: &Path,
        folder: &Path,
        options: &[&str],
    ) -> anyhow::Result<Self> {
        let log = folder.join("souk.log");
        let mut child = match core {
            Some(core) => on_core(core, &command(souk)),
            None => command(souk),
        };
        let mut child = child
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--rate-limits",
                "off",
                "--data-dir",
            ])
            .arg(folder)
            .args(options)
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log)?)
            .spawn()
            .with_context(|| format!("{} cannot be started", souk.display()))?;
        let address = child.stdout.take().and_then(|stdout| {
            let mut lines = BufReader::new(stdout).lines();
            lines.find_map(|line| {
                line.ok()?
                    .strip_prefix("listening on http://")?
                    .parse()
                    .ok()
            })
        });
        let Some(address) = address else {
            let status = child.wait()?;
            anyhow::bail!(
                "souk serve ended with {status}: {}",
                std::fs::read_to_string(&log)?
            );
        };
        let store = match SqliteStore::open_beside(&folder.join("souk.db")) {
            Ok(store) => store,
            Err(error) => {
                end(&mut child)?;
                return Err(error.into());
            }
        };
        Ok(Self {
            child,
            address,
            store,
        })
    }

    /// What it has cost so far.
    pub fn cost(&self) -> anyhow::Result<Cost> {
        Cost::of(self.child.id())
    }

    /// Waits until everything that follows from the orders is done; how long that took.
    pub async fn drain(&self, most: Duration) -> anyhow::Result<Duration> {
        let started = Instant::now();
        loop {
            let (events, _) = self.store.outbox_size().await?;
            let jobs = self.store.queue().counts(World::now()).await?;
            if events == 0 && jobs.ready + jobs.delayed + jobs.active == 0 {
                return Ok(started.elapsed());
            }
            anyhow::ensure!(
                started.elapsed() < most,
                "after {most:?} there is work left: {events} events, {jobs:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks it to stop, and waits until it did.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status()?;
        anyhow::ensure!(asked.success(), "kill -TERM {pid}: {asked}");
        let started = Instant::now();
        while started.elapsed() < STOPPING {
            if let Some(status) = self.child.try_wait()? {
                anyhow::ensure!(status.success(), "souk serve ended with {status}");
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        anyhow::bail!("souk serve did not stop within {STOPPING:?}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already unless something went wrong.
        let _ = end(&mut self.child);
    }
}

fn end(child: &mut Child) -> std::io::Result<()> {
    if child.try_wait()?.is_none() {
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

/// Makes an admin in a folder that nobody serves yet, or on the engines of these options; mails about new orders go to
/// them.
pub fn make_admin(
    souk: &Path,
    folder: &Path,
    engines: &[String],
    email: &str,
    password: &str,
) -> anyhow::Result<()> {
    let file = folder.join("password");
    std::fs::write(&file, password)?;
    let output = command(souk)
        .args([
            "user",
            "create",
            "--role",
            "admin",
            "--email",
            email,
            "--password-file",
        ])
        .arg(&file)
        .arg("--data-dir")
        .arg(folder)
        .args(engines)
        .output()
        .with_context(|| format!("{} cannot be started", souk.display()))?;
    anyhow::ensure!(
        output.status.success(),
        "souk user create: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// A command that runs on one core alone.
fn on_core(core: &str, command: &Command) -> Command {
    let mut pinned = Command::new("taskset");
    pinned.env_clear();
    pinned.args(["-c", core]).arg(command.get_program());
    pinned
}

/// The binary, without any option that this process's environment may hold.
pub fn command(souk: &Path) -> Command {
    let mut command = Command::new(souk.canonicalize().unwrap_or_else(|_| PathBuf::from(souk)));
    command.env_clear();
    command
}
