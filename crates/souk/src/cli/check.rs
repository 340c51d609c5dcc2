//! `souk check`

use std::process::ExitCode;

use crate::config::EngineOptions;
use crate::wire;

pub(super) fn run(engines: &EngineOptions) -> anyhow::Result<ExitCode> {
    let findings = super::block_on(wire::check(engines))?;
    let mut good = true;
    for finding in findings {
        if let Some(advice) = &finding.advice {
            super::say(&format!("note  {:<13} {advice}", finding.what));
        }
        match finding.wrong {
            None => super::say(&format!("ok    {:<13} {}", finding.what, finding.detail)),
            Some(wrong) => {
                good = false;
                super::say(&format!(
                    "WRONG {:<13} {}: {wrong}",
                    finding.what, finding.detail
                ));
            }
        }
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
