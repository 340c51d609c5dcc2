//! The load driver of Souk and the tables it makes. It starts what it measures, takes turns between what it compares,
//! and ends by itself: every part is bounded in count and time.
//!
//! `store` and `grow` (with `fill`) load the store, `http` and `http_grown` (with `turns`, `server`, `people`, `client`,
//! `load`) the whole binary, `sockets` what is live, `fleet` many processes beside the same design in Node; `shop` and `follow` are what both sell and what follows from it; `machine`, `process`,
//! `stats`, `table` are facts and numbers; `world` is the only place that asks for time and ids.

mod client;
mod fill;
mod fleet;
mod follow;
mod grow;
mod http;
mod http_grown;
mod load;
mod machine;
mod people;
mod process;
mod server;
mod shop;
mod sockets;
mod stats;
mod store;
mod table;
mod turns;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use tikv_jemallocator::Jemalloc;

use crate::fleet::FleetPlan;
use crate::grow::GrowPlan;
use crate::machine::{Disk, Machine};
use crate::sockets::SocketPlan;
use crate::store::StorePlan;
use crate::turns::HttpPlan;

/// What is measured without the binary has the binary's allocator.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[derive(Parser)]
#[command(
    name = "souk-bench",
    about = "Measures Souk and prints Markdown",
    max_term_width = 100
)]
struct Cli {
    /// A folder on a real disk; what is measured is made in temporary folders in it, and removed at the end.
    #[arg(long, global = true, default_value_os_t = std::env::temp_dir(), value_name = "DIR")]
    folder: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Orders over HTTP: group commit against batches of 1, closed and open loop, cost of an order.
    Http {
        #[command(flatten)]
        binary: Binary,
        #[command(flatten)]
        plan: HttpPlan,
    },
    /// Commits at the store: batches of 64 against batches of 1.
    Store {
        #[command(flatten)]
        plan: StorePlan,
    },
    /// Orders at stores that hold more and more of them; with --souk over HTTP too.
    Grow {
        #[command(flatten)]
        plan: GrowPlan,
        /// The release binary.
        #[arg(long, value_name = "PATH")]
        souk: Option<PathBuf>,
        #[command(flatten)]
        http: HttpPlan,
    },
    /// Sockets: memory, fan-out and acks beside Node's socket.io, and how soon the shop shows what happened.
    Sockets {
        #[command(flatten)]
        binary: Binary,
        #[command(flatten)]
        peer: Peer,
        #[command(flatten)]
        plan: SocketPlan,
    },
    /// A fleet on MongoDB and Redis beside the same design in Node: orders, reads, jobs, fan-out, and the limit.
    Fleet {
        #[command(flatten)]
        binary: Binary,
        #[command(flatten)]
        peer: Peer,
        #[command(flatten)]
        plan: FleetPlan,
    },
    /// A bare socket server, which `sockets` starts.
    #[command(hide = true)]
    ServeBare,
    /// A worker that has nothing to do for its jobs, which `fleet` starts.
    #[command(hide = true)]
    ServeJobs {
        #[arg(long)]
        database: String,
        #[arg(long)]
        redis: String,
        #[arg(long)]
        jobs: u64,
    },
    /// Everything, in one file.
    All(Box<All>),
}

#[derive(Args)]
struct Binary {
    /// The release binary.
    #[arg(long, value_name = "PATH")]
    souk: PathBuf,
}

#[derive(Args)]
struct Peer {
    /// The folder of the peer programs, where `npm ci` was run.
    #[arg(long, default_value = "bench/peer-node", value_name = "DIR")]
    peer: PathBuf,
}

#[derive(Args)]
struct All {
    #[command(flatten)]
    binary: Binary,
    #[command(flatten)]
    peer: Peer,
    /// Where the tables go.
    #[arg(long, value_name = "FILE")]
    write: PathBuf,
    #[command(flatten)]
    store: StorePlan,
    #[command(flatten)]
    grow: GrowPlan,
    #[command(flatten)]
    http: HttpPlan,
    #[command(flatten)]
    sockets: SocketPlan,
    #[command(flatten)]
    fleet: FleetPlan,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The driver has one thread of its own, so that it takes one core at most from what it measures. A worker is what is
    // measured, and has as many as it has when it serves a shop.
    let mut runtime = match cli.what {
        What::ServeJobs { .. } => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let done = runtime
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(cli)));
    let Err(error) = done else {
        return ExitCode::SUCCESS;
    };
    say_wrong(&format!("souk-bench: {error:#}"));
    ExitCode::FAILURE
}

async fn run(Cli { folder, what }: Cli) -> anyhow::Result<()> {
    match &what {
        What::ServeBare => return sockets::serve_bare(say).await,
        What::ServeJobs {
            database,
            redis,
            jobs,
        } => return fleet::serve_jobs(database, redis, *jobs, say).await,
        _ => {}
    }
    let machine = Machine::look(&folder)?;
    let text = match what {
        What::Http { binary, plan } => http::run(&plan, &binary.souk, &folder, say)
            .await?
            .markdown(),
        What::Store { plan } => store::run(plan, &folder).await?.markdown(),
        What::Grow { plan, souk, http } => grow(&plan, souk.as_deref(), &http, &folder).await?,
        What::Sockets { binary, peer, plan } => {
            sockets::run(&plan, &binary.souk, &peer.peer, &folder, say)
                .await?
                .markdown()
        }
        What::Fleet { binary, peer, plan } => {
            fleet::run(&plan, &binary.souk, &peer.peer, &folder, say)
                .await?
                .markdown()
        }
        What::ServeBare | What::ServeJobs { .. } => String::new(),
        What::All(all) => {
            let text = everything(&all, &folder, &machine).await?;
            return std::fs::write(&all.write, text)
                .with_context(|| format!("{}", all.write.display()));
        }
    };
    say(&format!(
        "{}\n{text}",
        machine.markdown(Disk::measure(&folder)?)
    ));
    Ok(())
}

async fn grow(
    plan: &GrowPlan,
    souk: Option<&Path>,
    http: &HttpPlan,
    folder: &Path,
) -> anyhow::Result<String> {
    let folder = tempfile::tempdir_in(folder)?;
    let mut grown = fill::fill_all(&plan.sizes, &folder, say).await?;
    let mut text = grow::run(plan, &mut grown).await?.markdown();
    if let Some(souk) = souk {
        text.push('\n');
        text.push_str(&http_grown::run(http, souk, &grown, say).await?.markdown());
    }
    Ok(text)
}

async fn everything(all: &All, folder: &Path, machine: &Machine) -> anyhow::Result<String> {
    say("group commit at the store …");
    let store = store::run(all.store, folder).await?.markdown();
    say(&format!("{store}\nas orders gather …"));
    let grow = grow(&all.grow, Some(&all.binary.souk), &all.http, folder).await?;
    say(&format!("{grow}\norders over HTTP …"));
    let http = http::run(&all.http, &all.binary.souk, folder, say)
        .await?
        .markdown();
    say(&format!("{http}\nsockets …"));
    let (souk, peer) = (&all.binary.souk, &all.peer.peer);
    let sockets = sockets::run(&all.sockets, souk, peer, folder, say)
        .await?
        .markdown();
    say(&format!("{sockets}\na fleet …"));
    let fleet = fleet::run(&all.fleet, souk, peer, folder, say)
        .await?
        .markdown();
    let machine = machine.markdown(Disk::measure(folder)?);
    let head = "# What was measured\n\nMade by `make bench` (see [README.md](README.md)); all numbers are of one run. Numbers are medians, with the \
         lowest and the highest in brackets.\n";
    Ok([head, &machine, &store, &grow, &http, &sockets, &fleet].join("\n"))
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
