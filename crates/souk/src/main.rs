//! `souk`: see `souk --help`.

use std::process::ExitCode;

use clap::Parser;
use souk::cli::Cli;

fn main() -> ExitCode {
    souk::cli::run(Cli::parse())
}
