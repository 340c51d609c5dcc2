//! A fleet of real processes behind nginx, over a replica set and Redis: `crash` kills its parts, `flows` tries what it promises.

mod crash;
mod flows;

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use souk_testbed::{Fleet, Plan};
use tempfile::TempDir;

use crate::test_app::PASSWORD;

/// How long a server that stops takes to send its sockets away: longer than a busy machine holds anything up.
const DRAIN: Duration = Duration::from_secs(4);

/// A number of the environment, for long rounds.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A fleet with its folder.
pub struct Running {
    pub fleet: Fleet,
    pub folder: TempDir,
}

impl Running {
    /// Starts one. What it says of itself is tuned for tests: no limits, and what was lost is soon handed on again.
    pub async fn start() -> Self {
        // One process plays thousands of clients.
        rlimit::increase_nofile_limit(u64::MAX).unwrap();
        let folder = TempDir::new().unwrap();
        let mut plan = Plan::usual(Path::new(env!("CARGO_BIN_EXE_souk")), folder.path());
        let options = [
            ("SOUK_RATE_LIMITS", "off"),
            ("SOUK_OVERDUE_AFTER", "5"),
            ("SOUK_SOCKET_DRAIN", &DRAIN.as_millis().to_string()),
            // All clients and servers share two cores here: whoever is slow is not dead.
            ("SOUK_SOCKET_PING_INTERVAL", "10000"),
            ("SOUK_SOCKET_PING_TIMEOUT", "10000"),
            ("SOUK_LOG", "info,mongodb=warn"),
        ];
        plan.environment = options
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        let fleet = Fleet::start(&plan).await.unwrap();
        Self { fleet, folder }
    }

    /// Runs a command of souk on the fleet's data.
    pub fn souk(&self, arguments: &[&str]) -> Output {
        self.fleet.command().args(arguments).output().unwrap()
    }

    #[track_caller]
    pub fn assert_verified(&self) {
        let output = self.souk(&["verify"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
    }

    /// Makes an account with the tests' password.
    pub fn make_user(&self, email: &str, role: &str) {
        let password = self.folder.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        let file = password.to_str().unwrap();
        let output = self.souk(&[
            "user",
            "create",
            "--email",
            email,
            "--password-file",
            file,
            "--role",
            role,
        ]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }

    /// No server panicked.
    #[track_caller]
    pub fn assert_no_panic(&self) {
        for server in &self.fleet.servers {
            let log = std::fs::read_to_string(server.log()).unwrap();
            assert!(!log.contains("panicked at"), "{log}");
        }
    }
}
