//! The command line: one file for each command.

mod backup;
mod check;
mod import;
mod keys;
mod openapi;
mod serve;
mod transfer;
mod user;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::EngineOptions;
use crate::telemetry;

/// A shop that never oversells, in one process.
///
/// Every option is also an environment variable, SOUK_… in capitals.
#[derive(Debug, Parser)]
#[command(name = "souk", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    engines: EngineOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the shop.
    Serve(Box<serve::Serve>),
    /// Bring data in.
    Import {
        #[command(subcommand)]
        what: import::Import,
    },
    /// Keep accounts.
    User {
        #[command(subcommand)]
        what: user::User,
    },
    /// Check that nothing is lost, doubled or oversold; names every row that is at fault.
    Verify,
    /// Try every configured engine and say what is wrong.
    Check,
    /// Copy everything into a new folder, while the shop runs; `souk serve --data-dir FOLDER` serves the copy.
    Backup(backup::Backup),
    /// Write all data to one file, from which `souk restore` fills an empty database of any engine. Pictures, signing
    /// keys and sessions are not in it.
    Export(transfer::Export),
    /// Fill an empty database from a file of `souk export`.
    Restore(transfer::Restore),
    /// Keep the keys that tokens are signed with.
    Keys {
        #[command(subcommand)]
        what: keys::Keys,
    },
    /// Print the description of the HTTP API (OpenAPI 3.1).
    Openapi,
}

/// Runs a command; what goes wrong is said on standard error, with exit code 1.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let engines = &cli.engines;
    let _log = match telemetry::start_logs(&engines.log, engines.log_format) {
        Ok(log) => log,
        Err(error) => return failed(&error),
    };
    let done = match cli.command {
        Command::Serve(serve) => serve.run(engines),
        Command::Import { what } => what.run(engines),
        Command::User { what } => what.run(engines),
        Command::Verify => verify::run(engines),
        Command::Check => check::run(engines),
        Command::Backup(backup) => backup.run(engines),
        Command::Export(export) => export.run(engines),
        Command::Restore(restore) => restore.run(engines),
        Command::Keys { what } => what.run(engines),
        Command::Openapi => openapi::run(),
    };
    done.unwrap_or_else(|error| failed(&error))
}

fn failed(error: &anyhow::Error) -> ExitCode {
    say_wrong(&format!("souk: {error:#}"));
    ExitCode::FAILURE
}

/// A line for the person at the terminal.
#[allow(clippy::print_stdout)]
fn say(line: &str) {
    println!("{line}");
}

/// A line about what went wrong.
#[allow(clippy::print_stderr)]
fn say_wrong(line: &str) {
    eprintln!("{line}");
}

/// Runs an async command on a small runtime of its own.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let done = runtime.block_on(work);
    // What engines' clients do in the background ends with the process. Ended one by one, tasks of MongoDB's driver panic
    // over others that are gone.
    std::mem::forget(runtime);
    done
}
