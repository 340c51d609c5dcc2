//! Crash safety of a fleet, proved: under load one part after the other is killed or frozen; nothing that was answered is
//! lost or doubled, every receipt goes out, and every client's copy of every stream is whole.
//!
//! `SOUK_FLEET_ROUNDS` says how many rounds, `SOUK_FLEET_SEED` makes the same choices again
//! (`make crash-fleet ROUNDS=… SEED=…`).

#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Client;
use souk_testbed::Role;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Running, number};
use crate::buyers::{
    Buyer, Receipts, Told, check_orders, make_product, restock, retry_unknown, sign_in, start_load,
};
use crate::soak::{STAFF, check, check_nothing_more, make_talkers};
use crate::soak_talker::{Scene, Talker};

const BUYERS: usize = 8;
/// A variant that many want is never blocked for longer.
const BLOCKED: Duration = Duration::from_secs(10);
/// How long a frozen part stands still.
const FROZEN: Duration = Duration::from_secs(5);

/// What happens to a part of the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Killed,
    /// Killed, and its data is gone.
    Emptied,
    Frozen,
}

/// A part of the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Server(Role),
    Redis,
    Primary,
    Secondary,
}

const FAULTS: [(Part, Fault); 13] = [
    (Part::Server(Role::Api), Fault::Killed),
    (Part::Primary, Fault::Killed),
    (Part::Redis, Fault::Emptied),
    (Part::Server(Role::Realtime), Fault::Killed),
    (Part::Redis, Fault::Killed),
    (Part::Server(Role::Worker), Fault::Killed),
    (Part::Secondary, Fault::Killed),
    (Part::Primary, Fault::Frozen),
    (Part::Server(Role::Api), Fault::Frozen),
    (Part::Server(Role::Realtime), Fault::Frozen),
    (Part::Server(Role::Worker), Fault::Frozen),
    (Part::Redis, Fault::Frozen),
    (Part::Secondary, Fault::Frozen),
];

#[test]
fn nothing_is_lost_whatever_part_is_killed() {
    let rounds = number("SOUK_FLEET_ROUNDS").unwrap_or(6);
    let seed = number("SOUK_FLEET_SEED").unwrap_or_else(|| u64::from(rand::random::<u32>()));
    println!("fleet: {rounds} rounds, seed {seed} (make crash-fleet ROUNDS={rounds} SEED={seed})");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("{}", runtime.block_on(play(rounds, seed)));
}

async fn play(rounds: u64, seed: u64) -> String {
    let started = Instant::now();
    let mut running = Running::start().await;
    let mut random = StdRng::seed_from_u64(seed);
    running.make_user("admin@example.com", "admin");
    let people: Vec<String> = (0..BUYERS)
        .map(|number| format!("buyer{number}@example.com"))
        .collect();
    for email in &people {
        running.make_user(email, "customer");
    }
    for number in 0..STAFF {
        let role = if number == 0 { "admin" } else { "staff" };
        running.make_user(&format!("staff{number}@example.com"), role);
    }
    let url = running.fleet.url();
    let (_moved, address) = watch::channel(url.clone());
    let (rest, resting) = watch::channel(false);
    let scene = Scene {
        url: address,
        rest: resting,
        back_at: started,
    };
    let mut talkers = make_talkers(&scene, &mut random).await;
    let mail = running.folder.path().join("mail");
    let mut receipts = Receipts::default();
    let mut all_confirmed: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut all_cancelled = BTreeSet::new();
    let (mut unknown, mut longest, mut variants) = (0, Duration::ZERO, Vec::new());
    for round in 1..=rounds {
        // Every kind once, in an order of its own; then by chance.
        let (part, fault) = match FAULTS.get(usize::try_from(round - 1).unwrap()) {
            Some(fault) => *fault,
            None => *FAULTS.choose(&mut random).unwrap(),
        };
        let buyers = sign_in_all(&url, &people).await;
        let admin = sign_in(&Client::new(), &url, "admin@example.com", 99).await;
        if variants.is_empty() {
            variants = vec![
                make_product(&admin, 1_000_000).await,
                make_product(&admin, 0).await,
            ];
        }
        restock(&admin, &variants[1], &format!("round-{round}")).await;
        rest.send_replace(false);
        let mut talking: JoinSet<_> = talkers.drain(..).map(Talker::live).collect();
        let told = Arc::new(Mutex::new(Told::default()));
        let (stop, stopped) = watch::channel(false);
        let load = start_load(&buyers, &variants, &told, random.random(), &stopped);
        sleep(Duration::from_millis(random.random_range(300..1_500))).await;
        println!("fleet: round {round}: {part:?} {fault:?}");
        happen(&mut running, part, fault, &mut random).await;
        // The time in which a blocked variant would show.
        sleep(Duration::from_millis(random.random_range(2_000..4_000))).await;
        stop.send_replace(true);
        load.join_all().await;
        rest.send_replace(true);
        let told = Arc::into_inner(told).unwrap().into_inner().unwrap();
        let gap = told
            .longest
            .max(told.hot.map_or(BLOCKED, |last| last.elapsed()));
        assert!(
            gap < BLOCKED + Duration::from_secs(1),
            "round {round}: {part:?} {fault:?}: the hot variant was blocked for {gap:?}"
        );
        longest = longest.max(told.longest);
        unknown += told.unknown.len();
        let mut confirmed = told.confirmed;
        retry_unknown(&buyers, told.unknown, &mut confirmed).await;
        check_orders(
            &buyers,
            &confirmed,
            &told.cancelled,
            u32::try_from(round).unwrap(),
        )
        .await;
        running.assert_verified();
        receipts
            .wait_for(&mail, &confirmed, &people, u32::try_from(round).unwrap())
            .await;
        all_confirmed.extend(confirmed);
        all_cancelled.extend(told.cancelled);
        let mut at_rest = Vec::new();
        let coming = async {
            while let Some(ended) = talking.join_next().await {
                at_rest.push(ended.expect("a client"));
            }
        };
        let in_time = timeout(Duration::from_mins(1), coming).await;
        assert!(
            in_time.is_ok(),
            "round {round}: not everybody comes to rest"
        );
        let checks: JoinSet<_> = at_rest
            .into_iter()
            .map(|(talker, socket)| check(talker, socket))
            .collect();
        talkers = checks.join_all().await;
        check_nothing_more(&talkers);
        running.assert_no_panic();
    }
    let buyers = sign_in_all(&url, &people).await;
    check_orders(&buyers, &all_confirmed, &all_cancelled, 0).await;
    running.assert_verified();
    receipts.read(&mail);
    receipts.assert_recognisable(&all_confirmed, &people);
    format!(
        "fleet: {rounds} rounds, {} orders confirmed, {unknown} answers cut off, a hot variant blocked for at most {longest:?}, {:?}: nothing lost",
        all_confirmed.len(),
        started.elapsed()
    )
}

async fn sign_in_all(url: &str, people: &[String]) -> Vec<Buyer> {
    let http = Client::builder()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let mut buyers = Vec::new();
    for (number, email) in people.iter().enumerate() {
        let mut buyer = sign_in(&http, url, email, number).await;
        buyer.goes_on = true;
        buyers.push(buyer);
    }
    buyers
}

/// Lets it happen, and repairs it as a service manager would: what was killed is started again a moment later.
async fn happen(running: &mut Running, part: Part, fault: Fault, random: &mut StdRng) {
    let fleet = &mut running.fleet;
    let down = Duration::from_millis(random.random_range(200..2_000));
    match part {
        Part::Server(role) => {
            let number = *fleet.of(role).choose(random).unwrap();
            let server = &mut fleet.servers[number];
            if fault == Fault::Frozen {
                let process = server.process().unwrap();
                process.freeze();
                sleep(FROZEN).await;
                process.thaw();
            } else {
                server.kill();
                sleep(down).await;
                server.start().await.unwrap();
            }
        }
        Part::Redis => match fault {
            Fault::Frozen => {
                fleet.redis.process().unwrap().freeze();
                sleep(FROZEN).await;
                fleet.redis.process().unwrap().thaw();
            }
            Fault::Killed => {
                fleet.redis.kill();
                sleep(down).await;
                fleet.redis.restart().await.unwrap();
            }
            Fault::Emptied => {
                fleet.redis.kill();
                sleep(down).await;
                fleet.redis.restart_empty().await.unwrap();
            }
        },
        Part::Primary | Part::Secondary => {
            let primary = fleet.mongo.primary().await.unwrap();
            let other = (primary + 1) % fleet.mongo.len();
            let number = if part == Part::Primary {
                primary
            } else {
                other
            };
            if fault == Fault::Frozen {
                fleet.mongo.member(number).unwrap().freeze();
                sleep(FROZEN).await;
                fleet.mongo.member(number).unwrap().thaw();
            } else {
                fleet.mongo.kill(number);
                sleep(down).await;
                fleet.mongo.start_member(number).unwrap();
            }
        }
    }
}
