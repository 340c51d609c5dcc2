//! The Node process: its packages are installed when they are missing, and it runs the pieces of programs it is given.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use souk_testbed::Process;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, OnceCell};

/// A Socket.IO server, an emitter and clients of Node, on one Redis.
pub struct Peer {
    control: Mutex<BufReader<TcpStream>>,
    /// Where its server is.
    pub url: String,
    _process: Process,
}

impl Peer {
    pub async fn start(redis: &str) -> Self {
        let folder = installed().await;
        let program = folder.join("peer.js").display().to_string();
        let arguments = [program, redis.to_owned()];
        let mut process = Process::start("node", &arguments, |command| {
            command.stdout(Stdio::piped());
        })
        .unwrap();
        let output = process.take_stdout().unwrap();
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            std::io::BufReader::new(output)
                .read_line(&mut line)
                .unwrap();
            line
        });
        let ports: Value = serde_json::from_str(&line.await.unwrap()).unwrap();
        let port = |name: &str| u16::try_from(ports[name].as_u64().unwrap()).unwrap();
        let control = TcpStream::connect(("127.0.0.1", port("control"))).await;
        Self {
            control: Mutex::new(BufReader::new(control.unwrap())),
            url: format!("http://127.0.0.1:{}", port("site")),
            _process: process,
        }
    }

    /// Runs a piece of a program there, and gives what it returns.
    pub async fn run(&self, code: &str) -> Value {
        let mut control = self.control.lock().await;
        let line = format!("{}\n", json!({ "code": code }));
        control.write_all(line.as_bytes()).await.unwrap();
        let mut answer = String::new();
        control.read_line(&mut answer).await.unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.get("error").is_none(), "{code}\n{answer:#}");
        answer["value"].clone()
    }

    /// Connects a client that is put into rooms, and gives its socket's id.
    pub async fn connect(&self, name: &str, url: &str, rooms: &[&str]) -> String {
        let auth = json!({ "rooms": rooms });
        let id = self
            .run(&format!("return connect('{name}', '{url}', {auth})"))
            .await;
        id.as_str().unwrap().to_owned()
    }

    /// The next so many things that a client hears.
    pub async fn heard(&self, name: &str, count: usize) -> Value {
        self.run(&format!("return heard('{name}', {count})")).await
    }
}

/// The folder of the peer, with its packages.
async fn installed() -> PathBuf {
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node-sockets");
    let install = || async {
        if folder.join("node_modules").exists() {
            return;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder);
        let output = tokio::task::spawn_blocking(move || npm.output().unwrap());
        let output = output.await.unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    INSTALLED.get_or_init(install).await;
    folder
}
