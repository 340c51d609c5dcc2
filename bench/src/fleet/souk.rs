//! Souk as a fleet, without a front door: requests go to the processes themselves, as they do to the peer's.

use std::net::SocketAddr;
use std::path::Path;

use souk_testbed::Ending;

use super::ground::Site;
use super::running::{Prepared, Running};
use super::shop::Size;
use crate::people::{self, ADMIN, PASSWORD};
use crate::server::{command, make_admin};
use crate::shop::Catalogue;

/// Jobs that a worker runs at once: as many as the peer's.
const JOBS_AT_ONCE: &str = "32";

type Started = (Vec<Running>, Vec<SocketAddr>, Vec<SocketAddr>, Catalogue);

/// Starts its processes on an empty database, and furnishes it over HTTP.
pub async fn start(souk: &Path, size: Size, site: &Site) -> anyhow::Result<Started> {
    let engines = ["--database", &site.mongo, "--redis", &site.redis].map(str::to_owned);
    make_admin(souk, &site.folder, &engines, ADMIN, PASSWORD)?;
    let (mut running, mut doors, mut sockets) = (Vec::new(), Vec::new(), Vec::new());
    let roles = [
        ("api", size.api),
        ("realtime", size.realtime),
        ("worker", size.worker),
    ];
    for (role, count) in roles {
        for number in 1..=count {
            let mut command = command(souk);
            command
                .args(["serve", "--roles", role, "--listen", "127.0.0.1:0"])
                .args(["--rate-limits", "off", "--jobs-at-once", JOBS_AT_ONCE])
                .arg("--data-dir")
                .arg(&site.folder)
                .args(&engines)
                .arg(format!("--mail=file:{}", site.mail.display()));
            let mut process = Running::start(
                Ending::Killed,
                &Prepared {
                    command,
                    alone: true,
                    log: site.folder.join(format!("{role}-{number}.log")),
                },
            )?;
            let address = process.listens().await?;
            match role {
                "api" => doors.push(address),
                "realtime" => sockets.push(address),
                _ => {}
            }
            running.push(process);
        }
    }
    let catalogue = people::furnish(doors[0]).await?;
    Ok((running, doors, sockets, catalogue))
}
