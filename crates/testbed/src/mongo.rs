//! A MongoDB replica set.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use tokio::sync::OnceCell;

use crate::{Folder, Process, free_port, tools};

/// A replica set whose members elect a new primary within about two seconds.
#[derive(Debug)]
pub struct ReplicaSet {
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    port: u16,
    folder: Folder,
    process: Option<Process>,
}

/// The one replica set that all tests of a process share, each with a database of its own.
pub async fn shared_replica_set() -> &'static ReplicaSet {
    static SHARED: OnceCell<ReplicaSet> = OnceCell::const_new();
    let start = || async {
        match ReplicaSet::start(3).await {
            Ok(set) => set,
            Err(error) => panic!("no replica set: {error:?}"),
        }
    };
    SHARED.get_or_init(start).await
}

impl ReplicaSet {
    /// Starts one of so many members, and waits for its primary.
    pub async fn start(members: usize) -> anyhow::Result<Self> {
        let members = (0..members).map(|number| {
            Ok(Member {
                port: free_port()?,
                folder: Folder::new(&format!("mongo{number}"))?,
                process: None,
            })
        });
        let mut set = Self {
            members: members.collect::<anyhow::Result<_>>()?,
        };
        for number in 0..set.members.len() {
            set.start_member(number)?;
        }
        set.initiate().await?;
        set.primary().await?;
        Ok(set)
    }

    /// The URL of a database on it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let hosts: Vec<_> = self.members.iter().map(Member::host).collect();
        format!("mongodb://{}/{database}?replicaSet=rs0", hosts.join(","))
    }

    /// How many members it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The number of the member that is primary now, after waiting for one.
    pub async fn primary(&self) -> anyhow::Result<usize> {
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            for (number, member) in self.members.iter().enumerate() {
                if member.process.is_some()
                    && let Ok(hello) = member.ask(doc! { "hello": 1 }).await
                    && hello.get_bool("isWritablePrimary").unwrap_or(false)
                {
                    return Ok(number);
                }
            }
            anyhow::ensure!(Instant::now() < until, "the replica set elects no primary");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The running member, unless it was killed.
    pub fn member(&mut self, number: usize) -> Option<&mut Process> {
        self.members.get_mut(number)?.process.as_mut()
    }

    /// `kill -9`.
    pub fn kill(&mut self, number: usize) {
        self.members[number].process = None;
    }

    /// Starts a member that was killed again, on the data that it had.
    pub fn start_member(&mut self, number: usize) -> anyhow::Result<()> {
        let member = &mut self.members[number];
        let folder = member.folder.path().display().to_string();
        let port = member.port.to_string();
        let log = format!("{folder}/mongod.log");
        // A lock file of a killed server is no hindrance; its data is recovered from the journal.
        let arguments = [
            "--replSet",
            "rs0",
            "--port",
            &port,
            "--bind_ip",
            "127.0.0.1",
            "--dbpath",
            &folder,
            "--logpath",
            &log,
            "--logappend",
            "--wiredTigerCacheSizeGB",
            "0.25",
            "--oplogSize",
            "256",
            "--setParameter",
            "transactionLifetimeLimitSeconds=3",
            "--setParameter",
            "diagnosticDataCollectionEnabled=false",
        ]
        .map(str::to_owned);
        let program = tools().join("mongod");
        anyhow::ensure!(
            program.exists(),
            "{} is missing: run scripts/install.sh test",
            program.display()
        );
        let program = program.display().to_string();
        member.process = Some(Process::start(&program, &arguments, |command| {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        })?);
        Ok(())
    }

    async fn initiate(&self) -> anyhow::Result<()> {
        let members: Vec<Document> = (0_i32..)
            .zip(&self.members)
            .map(|(id, member)| doc! { "_id": id, "host": member.host() })
            .collect();
        let config = doc! {
            "_id": "rs0",
            "members": members,
            "settings": { "electionTimeoutMillis": 2_000, "heartbeatIntervalMillis": 500 },
        };
        let first = self.members.first().context("no members")?;
        let until = Instant::now() + Duration::from_mins(1);
        // All members must answer before they can be told of each other.
        for member in &self.members {
            while member.ask(doc! { "ping": 1 }).await.is_err() {
                anyhow::ensure!(Instant::now() < until, "MongoDB does not answer");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        first.ask(doc! { "replSetInitiate": config }).await?;
        Ok(())
    }
}

impl Member {
    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Asks this member alone.
    async fn ask(&self, command: Document) -> anyhow::Result<Document> {
        let url = format!("mongodb://{}/?directConnection=true", self.host());
        let mut options = ClientOptions::parse(url).await?;
        options.server_selection_timeout = Some(Duration::from_secs(2));
        options.connect_timeout = Some(Duration::from_secs(1));
        let client = Client::with_options(options)?;
        let answer = client.database("admin").run_command(command).await;
        client.shutdown().immediate(true).await;
        Ok(answer?)
    }
}
