//! `make fleet`: a whole fleet on this machine, until Ctrl-C.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use anyhow::Context as _;
use souk_testbed::{Fleet, Plan};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let usage = "usage: fleet SOUK DATA-FOLDER [PORT]";
    let souk = arguments.next().context(usage)?;
    let data = arguments.next().context(usage)?;
    std::fs::create_dir_all(&data)?;
    let mut plan = Plan::usual(&souk.canonicalize()?, &data.canonicalize()?);
    let port: u16 = match arguments.next() {
        Some(port) => port.to_str().context(usage)?.parse().context(usage)?,
        None => 8080,
    };
    // 0 takes a free one.
    plan.port = (port != 0).then_some(port);
    plan.api = vec!["--demo".to_owned()];
    println!(
        "starting three members of MongoDB, Redis, nginx, and two of each: api, realtime, worker"
    );
    let fleet = Fleet::start(&plan).await?;
    println!("logs, mails and pictures: {}", plan.data.display());
    println!("MongoDB: {}", fleet.mongo.url("souk"));
    println!("Redis: {}", fleet.redis.url());
    for server in &fleet.servers {
        println!("{}: {}", server.role.name(), server.url());
    }
    println!(
        "the shop: {} (Ctrl-C ends it; what is in the databases goes with it)",
        fleet.url()
    );
    println!(
        "demo sign-ins: admin@demo.souk, staff@demo.souk, customer@demo.souk, password demo-souk-2026"
    );
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        asked = tokio::signal::ctrl_c() => asked?,
        _ = terminated.recv() => {}
    }
    Ok(())
}
