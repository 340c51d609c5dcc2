//! `souk`: see `souk --help`.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use souk::cli::Cli;

/// Under load the C library's own allocator took a quarter of a worker's time (decision 14).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    souk::cli::run(Cli::parse())
}
