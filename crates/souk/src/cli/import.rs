//! `souk import`

use std::fs::File;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use souk_app::catalog::import::{Progress, import_products};
use souk_domain::Currency;
use souk_domain::catalog::ImportOptions;

use crate::config::EngineOptions;
use crate::wire::Tool;

/// Brings data in.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Products from a Shopify product CSV. A second run changes nothing; rows that are wrong are named, the others come
    /// in.
    Products {
        /// The file.
        file: PathBuf,
        /// Set the stock of variants that are already known to the file's; otherwise it is left alone.
        #[arg(long)]
        stock: bool,
        /// Say what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Currency of the prices, for a shop that has none yet (ISO 4217).
        #[arg(
            long,
            env = "SOUK_CURRENCY",
            value_name = "CODE",
            default_value = "SAR"
        )]
        currency: Currency,
    },
}

impl Import {
    pub(super) fn run(self, engines: &EngineOptions) -> anyhow::Result<ExitCode> {
        let Self::Products {
            file,
            stock,
            dry_run,
            currency,
        } = self;
        let reader =
            File::open(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let options = ImportOptions {
            set_stock: stock,
            dry_run,
        };
        super::block_on(async {
            let tool = Tool::open(engines).await?;
            souk_app::shop::ensure(&tool.app, currency).await?;
            let report = import_products(&tool.app, reader, options, show_progress).await;
            drop(tool);
            let report = report?;
            if std::io::stderr().is_terminal() {
                super::say_wrong("");
            }
            for notice in &report.warnings {
                super::say(&format!(
                    "line {}: warning: {} ({})",
                    notice.line, notice.detail, notice.code
                ));
            }
            for notice in &report.errors {
                super::say(&format!(
                    "line {}: error: {} ({})",
                    notice.line, notice.detail, notice.code
                ));
            }
            let (products, variants) = (&report.products, &report.variants);
            let would = if dry_run { "would be " } else { "" };
            super::say(&format!(
                "{} rows; products: {} {would}created, {} {would}updated, {} unchanged; variants: {} {would}created, {} {would}updated, {} unchanged, {} {would}removed; {} warnings, {} errors",
                report.rows,
                products.created,
                products.updated,
                products.unchanged,
                variants.created,
                variants.updated,
                variants.unchanged,
                variants.removed,
                report.warning_count,
                report.error_count,
            ));
            // The good rows are in; whoever runs this from a script still learns that some were not.
            Ok(if report.error_count == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(2)
            })
        })
    }
}

#[allow(clippy::print_stderr)]
fn show_progress(progress: Progress) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{} rows, {} products", progress.rows, progress.products);
    }
}
