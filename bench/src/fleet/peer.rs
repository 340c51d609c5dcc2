//! The peer as its cluster: one port, a process for each core behind it, and one that does jobs.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;
use souk_domain::VariantId;
use souk_testbed::Ending;

use super::ground::Site;
use super::running::{Prepared, Running};
use super::shop::Size;
use crate::shop::{Catalogue, PRODUCTS, STOCK, VARIANTS};

/// What its program for furnishing says.
#[derive(Deserialize)]
struct Seeded {
    hot: VariantId,
    spread: Vec<VariantId>,
}

type Started = (Vec<Running>, Vec<SocketAddr>, Vec<SocketAddr>, Catalogue);

/// Furnishes an empty database and starts the cluster on it. `orders` is which of its two ways it takes them.
pub async fn start(orders: &str, peer: &Path, size: Size, site: &Site) -> anyhow::Result<Started> {
    let catalogue = furnish(peer, site)?;
    let mut command = node(peer, site);
    command
        .arg("shop/main.mjs")
        .env("PEER_LISTEN", "127.0.0.1:0")
        .env("PEER_WORKERS", size.api.to_string())
        .env("PEER_JOB_WORKERS", size.worker.to_string())
        .env("PEER_ORDERS", orders)
        .env("PEER_MAIL", &site.mail);
    let mut leader = Running::start(
        // It has processes of its own to end.
        Ending::Asked,
        &Prepared {
            command,
            alone: false,
            log: site.folder.join("peer.log"),
        },
    )?;
    let address = leader.listens().await?;
    Ok((vec![leader], vec![address], vec![address], catalogue))
}

fn furnish(peer: &Path, site: &Site) -> anyhow::Result<Catalogue> {
    let output = node(peer, site)
        .arg("seed.mjs")
        .args(["--products", &PRODUCTS.to_string()])
        .args(["--variants", &VARIANTS.to_string()])
        .args(["--stock", &STOCK.to_string()])
        .output()
        .context("node cannot be started")?;
    anyhow::ensure!(
        output.status.success(),
        "seed.mjs (was `npm ci` run in {}?): {}",
        peer.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let seeded: Seeded = serde_json::from_slice(&output.stdout)?;
    Ok(Catalogue::new(seeded.hot, seeded.spread))
}

/// Node in the peer's folder, on a site's engines.
pub fn node(peer: &Path, site: &Site) -> Command {
    let mut command = Command::new("node");
    command
        .current_dir(peer)
        .env("NODE_ENV", "production")
        .env("PEER_MONGO", &site.mongo)
        .env("PEER_REDIS", &site.redis);
    command
}
