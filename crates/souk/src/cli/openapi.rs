//! `souk openapi`

use std::process::ExitCode;

pub(super) fn run() -> anyhow::Result<ExitCode> {
    super::say(&serde_json::to_string_pretty(&souk_api::openapi())?);
    Ok(ExitCode::SUCCESS)
}
