//! A Redis server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::{Folder, Process, free_port};

/// Redis, set as production wants it: append-only file, and nothing evicted.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    folder: Folder,
    options: Vec<String>,
    process: Option<Process>,
}

impl Redis {
    /// Starts one.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(&[]).await
    }

    /// Starts one with further options (`--requirepass`, `--tls-port`, …).
    pub async fn start_with(options: &[&str]) -> anyhow::Result<Self> {
        let mut redis = Self {
            port: free_port()?,
            folder: Folder::new("redis")?,
            options: options.iter().map(ToString::to_string).collect(),
            process: None,
        };
        redis.run().await?;
        Ok(redis)
    }

    /// `redis://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The running server.
    pub fn process(&mut self) -> Option<&mut Process> {
        self.process.as_mut()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again on the data that it had.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.kill();
        self.run().await
    }

    /// Starts it again without any data.
    pub async fn restart_empty(&mut self) -> anyhow::Result<()> {
        self.kill();
        for entry in std::fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            if path.is_dir() {
                std::fs::remove_dir_all(path)?;
            } else {
                std::fs::remove_file(path)?;
            }
        }
        self.run().await
    }

    async fn run(&mut self) -> anyhow::Result<()> {
        let folder = self.folder.path().display().to_string();
        let port = self.port.to_string();
        let mut arguments: Vec<String> = [
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--dir",
            &folder,
            "--appendonly",
            "yes",
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.extend(self.options.iter().cloned());
        let mut process = Process::start("redis-server", &arguments, |command| {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        })?;
        let until = Instant::now() + Duration::from_secs(20);
        // One that could not listen ends, and another server that has the port by now may answer in its place.
        while !answers(self.port, process.pid()) {
            anyhow::ensure!(
                process.is_running() && Instant::now() < until,
                "Redis does not answer on the port {}",
                self.port
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.process = Some(process);
        Ok(())
    }
}

/// Whether this process answers there by anything but `LOADING`. One that wants a password does not say which it is.
fn answers(port: u16, process: u32) -> bool {
    let ask = || -> anyhow::Result<bool> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        let mut stream = BufReader::new(stream);
        stream.get_mut().write_all(b"PING\r\nINFO server\r\n")?;
        let mut line = String::new();
        stream.read_line(&mut line).context("no answer")?;
        if line.starts_with("-LOADING") {
            return Ok(false);
        }
        loop {
            line.clear();
            anyhow::ensure!(stream.read_line(&mut line)? > 0, "half an answer");
            if let Some(id) = line.strip_prefix("process_id:") {
                return Ok(id.trim() == process.to_string());
            }
            if line.starts_with('-') {
                return Ok(true);
            }
        }
    };
    ask().unwrap_or(false)
}
