//! `souk verify`

use std::process::ExitCode;

use souk_store_sqlite::Access;

use crate::config::EngineOptions;
use crate::wire;

pub(super) fn run(engines: &EngineOptions) -> anyhow::Result<ExitCode> {
    let database = engines.database()?;
    let faults = super::block_on(async {
        let store = wire::open_whole(&database, Access::Read).await?;
        Ok(store.verify().await?)
    })?;
    for fault in &faults {
        super::say(&format!("invariant {}: {}", fault.invariant, fault.detail));
    }
    if faults.is_empty() {
        super::say("verify: clean");
        return Ok(ExitCode::SUCCESS);
    }
    super::say_wrong(&format!("verify: {} faults", faults.len()));
    Ok(ExitCode::FAILURE)
}
