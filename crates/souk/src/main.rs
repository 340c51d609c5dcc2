//! `souk`: see `souk --help`.

use std::process::ExitCode;

use clap::Parser;
use souk::cli::Cli;
use tikv_jemallocator::Jemalloc;

/// Under load the C library's own allocator took a quarter of a worker's time (decision 14).
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    souk::cli::run(Cli::parse())
}
