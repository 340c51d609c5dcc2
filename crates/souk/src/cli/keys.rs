//! `souk keys`

use std::process::ExitCode;

use clap::Subcommand;
use souk_app::ports::Clock as _;

use crate::config::EngineOptions;
use crate::wire::{SystemClock, SystemIds, keys};

/// Keeps the keys that tokens are signed with.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a new key; servers sign with it from their next start on, and still read what the old ones signed.
    Rotate,
}

impl Keys {
    pub(super) fn run(self, engines: &EngineOptions) -> anyhow::Result<ExitCode> {
        match self {
            Self::Rotate => {
                let file = engines.signing_keys()?;
                let keys = keys::rotate(&file, &SystemIds, SystemClock.now())?;
                super::say(&format!(
                    "{} keys in {}; restart the servers to sign with the new one",
                    keys.len(),
                    file.display()
                ));
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}
