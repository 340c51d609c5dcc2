//! `souk keys`

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use souk_app::ports::Clock as _;

use crate::config::EngineOptions;
use crate::wire::{SystemClock, SystemIds, keys};

/// Keeps the keys that tokens are signed with.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a new key. Servers know it from their next start on, sign with it when its time has come, and still read what
    /// the old ones signed.
    Rotate {
        /// Minutes until it signs, up to a week: until then every server must have the file and be started anew. One that
        /// has not refuses who signed in with the new key.
        #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u64).range(0..=10_080))]
        after: u64,
    },
}

impl Keys {
    pub(super) fn run(self, engines: &EngineOptions) -> anyhow::Result<ExitCode> {
        match self {
            Self::Rotate { after } => {
                let file = engines.signing_keys()?;
                let after = Duration::from_secs(60 * after);
                let keys = keys::rotate(&file, &SystemIds, SystemClock.now(), after)?;
                let from = keys.iter().filter_map(|key| key.signs_from).max();
                let shown = file.display();
                super::say(&match from {
                    None => format!("a key in {shown}"),
                    Some(from) => format!(
                        "{} keys in {shown}; the new one signs from {from:.0} on: restart every server with this file before",
                        keys.len()
                    ),
                });
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}
