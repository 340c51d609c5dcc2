//! A fleet of Souk's processes on this machine: a MongoDB replica set, Redis, nginx, and servers of each role behind it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;

use crate::{Folder, Nginx, Process, Redis, ReplicaSet, free_port};

/// Longest time until a server listens.
const START: Duration = Duration::from_mins(1);

/// What a server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// HTTP.
    Api,
    /// Sockets.
    Realtime,
    /// Jobs.
    Worker,
}

impl Role {
    /// As `--roles` calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Realtime => "realtime",
            Self::Worker => "worker",
        }
    }
}

/// What a fleet is made of.
#[derive(Debug)]
pub struct Plan {
    /// The binary.
    pub souk: PathBuf,
    /// Members of the replica set.
    pub members: usize,
    /// Servers of each role.
    pub each: usize,
    /// Where nginx listens; a free port when none is said.
    pub port: Option<u16>,
    /// Where logs, pictures, mails and keys are kept.
    pub data: PathBuf,
    /// More environment of every server.
    pub environment: Vec<(String, String)>,
    /// More arguments of the servers with role api.
    pub api: Vec<String>,
}

impl Plan {
    /// Two servers of each role on a replica set of three.
    #[must_use]
    pub fn usual(souk: &Path, data: &Path) -> Self {
        Self {
            souk: souk.to_owned(),
            members: 3,
            each: 2,
            port: None,
            data: data.to_owned(),
            environment: Vec::new(),
            api: Vec::new(),
        }
    }
}

/// A running fleet. Its parts end with it.
#[derive(Debug)]
pub struct Fleet {
    /// The front door.
    pub nginx: Nginx,
    /// The servers: those of role api first, then realtime, then worker.
    pub servers: Vec<Server>,
    /// Redis.
    pub redis: Redis,
    /// MongoDB.
    pub mongo: ReplicaSet,
    souk: PathBuf,
    environment: Vec<(String, String)>,
    _folder: Folder,
}

impl Fleet {
    /// Starts everything; when it returns, the front door answers.
    pub async fn start(plan: &Plan) -> anyhow::Result<Self> {
        let folder = Folder::new("fleet")?;
        let (mongo, redis) = tokio::try_join!(ReplicaSet::start(plan.members), Redis::start())?;
        let door = match plan.port {
            Some(port) => port,
            None => free_port()?,
        };
        let mut environment = vec![
            ("SOUK_DATABASE".to_owned(), mongo.url("souk")),
            ("SOUK_REDIS".to_owned(), redis.url()),
            (
                "SOUK_PUBLIC_URL".to_owned(),
                format!("http://localhost:{door}"),
            ),
            (
                "SOUK_ORIGINS".to_owned(),
                format!("http://127.0.0.1:{door}"),
            ),
            ("SOUK_TRUSTED_PROXIES".to_owned(), "127.0.0.1/32".to_owned()),
            ("SOUK_DATA_DIR".to_owned(), plan.data.display().to_string()),
        ];
        environment.extend(plan.environment.iter().cloned());
        let mut servers = Vec::new();
        for role in [Role::Api, Role::Realtime, Role::Worker] {
            for number in 1..=plan.each {
                let name = format!("{}-{number}", role.name());
                let more = if role == Role::Api {
                    plan.api.clone()
                } else {
                    Vec::new()
                };
                let mut server = Server {
                    role,
                    port: free_port()?,
                    souk: plan.souk.clone(),
                    more,
                    environment: environment.clone(),
                    log: plan.data.join(format!("{name}.log")),
                    process: None,
                };
                // One after the other: the first one brings the schema and the shop's settings.
                server.start().await?;
                servers.push(server);
            }
        }
        let of = |role| {
            let ports = servers
                .iter()
                .filter(|server: &&Server| server.role == role);
            ports.map(|server| server.port).collect::<Vec<u16>>()
        };
        let nginx = Nginx::start(folder.path(), door, &of(Role::Api), &of(Role::Realtime)).await?;
        Ok(Self {
            nginx,
            servers,
            redis,
            mongo,
            souk: plan.souk.clone(),
            environment,
            _folder: folder,
        })
    }

    /// The address of the front door: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.nginx.port())
    }

    /// A command of souk on the fleet's data: its arguments are yours to add.
    #[must_use]
    pub fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.souk);
        command.envs(self.environment.iter().cloned());
        command
    }

    /// The numbers of the servers of a role.
    #[must_use]
    pub fn of(&self, role: Role) -> Vec<usize> {
        let numbers = 0..self.servers.len();
        numbers
            .filter(|number| self.servers[*number].role == role)
            .collect()
    }
}

/// A server of a fleet.
#[derive(Debug)]
pub struct Server {
    /// What it does.
    pub role: Role,
    port: u16,
    souk: PathBuf,
    more: Vec<String>,
    environment: Vec<(String, String)>,
    log: PathBuf,
    process: Option<Process>,
}

impl Server {
    /// Its own address, past the front door.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where it logs.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The running process, unless it was killed.
    pub fn process(&mut self) -> Option<&mut Process> {
        self.process.as_mut()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// SIGTERM; whether it ended well within the deadline.
    pub fn stop(&mut self, deadline: Duration) -> bool {
        let ended = self
            .process
            .take()
            .map(|mut process| process.terminate(deadline));
        ended.unwrap_or(false)
    }

    /// Starts it, and waits until it listens.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        let arguments = ["serve", "--roles", self.role.name(), "--listen"]
            .map(str::to_owned)
            .into_iter()
            .chain([format!("127.0.0.1:{}", self.port)])
            .chain(self.more.iter().cloned());
        let arguments: Vec<String> = arguments.collect();
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("cannot write {}", self.log.display()))?;
        let program = self.souk.display().to_string();
        let environment = self.environment.clone();
        let mut process = Process::start(&program, &arguments, |command| {
            command.envs(environment).stdout(Stdio::piped()).stderr(log);
        })?;
        let stdout = process.take_stdout().context("no output")?;
        let (told, listening) = mpsc::channel();
        let mut copy = File::options().append(true).open(&self.log)?;
        std::thread::spawn(move || {
            use std::io::Write as _;
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if line.starts_with("listening on ") {
                    let _ = told.send(());
                }
                let _ = writeln!(copy, "{line}");
            }
        });
        let listens =
            tokio::task::spawn_blocking(move || listening.recv_timeout(START).is_ok()).await?;
        anyhow::ensure!(
            listens,
            "{} does not listen: see {}",
            self.role.name(),
            self.log.display()
        );
        self.process = Some(process);
        Ok(())
    }
}
