//! The real binary, started and killed as an operator or a power cut would.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The log of a server, in its folder.
const LOG: &str = "souk.log";

/// A running `souk serve`.
pub struct Server {
    child: Child,
    pub url: String,
    /// Where its log is, when it is in a file.
    log: Option<PathBuf>,
}

impl Server {
    /// Starts it on a folder and waits until it listens. Its log goes to `souk.log` in the folder.
    pub fn start(folder: &Path, more: &[&str]) -> Self {
        let path = folder.join(LOG);
        let log = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .unwrap();
        let mut server = Self::start_logging_to(log.into(), folder, more);
        server.log = Some(path);
        server
    }

    /// The same with a log that goes elsewhere.
    pub fn start_logging_to(stderr: Stdio, folder: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_souk"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--rate-limits",
                "off",
                "--data-dir",
            ])
            .arg(folder)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let url = stdout.lines().find_map(|line| {
            line.unwrap()
                .strip_prefix("listening on ")
                .map(str::to_owned)
        });
        let Some(url) = url else {
            let status = child.wait().unwrap();
            panic!(
                "souk serve ended with {status}: {}",
                std::fs::read_to_string(folder.join(LOG)).unwrap_or_default()
            );
        };
        Self {
            child,
            url,
            log: None,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, at once.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.assert_no_panic();
    }

    /// SIGTERM; whether it ended with success.
    pub fn terminate(mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let ended = self.child.wait().unwrap().success();
        self.assert_no_panic();
        ended
    }

    fn assert_no_panic(&self) {
        let Some(log) = &self.log else { return };
        let log = std::fs::read_to_string(log).unwrap();
        assert!(!log.contains("panicked at"), "{log}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of souk on a folder.
pub fn souk(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_souk"))
        .args(arguments)
        .arg("--data-dir")
        .arg(folder)
        .output()
        .unwrap()
}

/// Asserts that `souk verify` finds nothing on a folder.
#[track_caller]
pub fn assert_verified(folder: &Path) {
    let output = souk(folder, &["verify"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}
