//! `souk export` and `souk restore`: how a shop moves from one engine to another.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use souk_store_sqlite::Access;

use crate::config::EngineOptions;
use crate::{dump, wire};

/// Writes all data to one file, as it is at one moment; a shop may run meanwhile.
#[derive(Debug, Args)]
pub struct Export {
    /// The file to make; it must not be there yet. Only its owner can read it: it holds addresses and password hashes.
    file: PathBuf,
}

/// Brings all data of an exported file into an empty database.
#[derive(Debug, Args)]
pub struct Restore {
    /// A file of `souk export`.
    file: PathBuf,
}

impl Export {
    pub(super) fn run(&self, engines: &EngineOptions) -> anyhow::Result<ExitCode> {
        let database = engines.database()?;
        let rows = super::block_on(async {
            let store = wire::open_whole(&database, Access::Read).await?;
            dump::export(store, &self.file).await
        })
        .with_context(|| format!("{database} was not exported"))?;
        super::say(&format!("{}: {rows} rows", self.file.display()));
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    pub(super) fn run(&self, engines: &EngineOptions) -> anyhow::Result<ExitCode> {
        let database = engines.database()?;
        let rows = super::block_on(async {
            let store = wire::open_data(&database, Access::Serve).await?;
            dump::restore(store, &self.file).await
        })
        .with_context(|| format!("{database} was not restored"))?;
        super::say(&format!("{database}: {rows} rows"));
        Ok(ExitCode::SUCCESS)
    }
}
