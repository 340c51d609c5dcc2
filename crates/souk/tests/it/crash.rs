//! Crash safety, proved: load, `kill -9` at a random moment, restart; nothing that was answered is lost or doubled.
//!
//! `SOUK_CRASH_ROUNDS` says how many rounds, `SOUK_CRASH_SEED` plays one again (`make crash ROUNDS=… SEED=…`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Client;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::binary::{Server, assert_verified, souk};
use crate::buyers::{
    Receipts, Told, check_orders, make_product, restock, retry_unknown, sign_in, start_load,
};
use crate::test_app::PASSWORD;

const BUYERS: usize = 8;

#[test]
fn nothing_is_lost_whenever_the_server_is_killed() {
    let rounds: u32 = std::env::var("SOUK_CRASH_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
    let seed = std::env::var("SOUK_CRASH_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or_else(rand::random);
    println!("crash: {rounds} rounds, seed {seed} (make crash ROUNDS={rounds} SEED={seed})");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let started = Instant::now();
    let (orders, unknown) = runtime.block_on(play(rounds, seed));
    println!(
        "crash: {rounds} rounds, {orders} orders confirmed, {unknown} answers cut off, {:?}: nothing lost",
        started.elapsed()
    );
}

async fn play(rounds: u32, seed: u64) -> (usize, usize) {
    let folder = TempDir::new().unwrap();
    let people = make_people(folder.path());
    let mut random = StdRng::seed_from_u64(seed);
    let mut receipts = Receipts::default();
    let mut all_confirmed: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut all_cancelled = BTreeSet::new();
    let (mut unknown, mut variants) = (0, Vec::new());
    let mut server = Server::start(folder.path(), &[]);
    let (_stop, until_killed) = watch::channel(false);
    for round in 1..=rounds {
        let http = Client::new();
        let admin = sign_in(&http, &server.url, "admin@example.com", 99).await;
        if variants.is_empty() {
            variants = vec![
                make_product(&admin, 1_000_000).await,
                make_product(&admin, 0).await,
            ];
        }
        restock(&admin, &variants[1], &format!("round-{round}")).await;
        let mut buyers = Vec::new();
        for (number, email) in people.iter().enumerate() {
            buyers.push(sign_in(&http, &server.url, email, number).await);
        }
        let told = Arc::new(Mutex::new(Told::default()));
        let load = start_load(&buyers, &variants, &told, random.random(), &until_killed);
        let lives = Duration::from_millis(random.random_range(20..1_200));
        tokio::time::sleep(lives).await;
        tokio::task::spawn_blocking(move || server.kill())
            .await
            .unwrap();
        load.join_all().await;

        // The file as the crash left it, before anybody repairs anything.
        assert_verified(folder.path());
        server = Server::start(folder.path(), &[]);
        let told = Arc::into_inner(told).unwrap().into_inner().unwrap();
        unknown += told.unknown.len();
        let mut confirmed = told.confirmed;
        for buyer in &mut buyers {
            buyer.url.clone_from(&server.url);
        }
        retry_unknown(&buyers, told.unknown, &mut confirmed).await;
        check_orders(&buyers, &confirmed, &told.cancelled, round).await;
        receipts
            .wait_for(&folder.path().join("mail"), &confirmed, &people, round)
            .await;
        all_confirmed.extend(confirmed);
        all_cancelled.extend(told.cancelled);
    }
    // What was confirmed long ago is still there, after all the crashes since.
    let http = Client::new();
    let mut buyers = Vec::new();
    for (number, email) in people.iter().enumerate() {
        buyers.push(sign_in(&http, &server.url, email, number).await);
    }
    check_orders(&buyers, &all_confirmed, &all_cancelled, rounds).await;
    assert!(server.terminate(), "a stopping server ends with success");
    assert_verified(folder.path());
    receipts.read(&folder.path().join("mail"));
    receipts.assert_recognisable(&all_confirmed, &people);
    (all_confirmed.len(), unknown)
}

/// Buyers and an admin, made before the server starts.
fn make_people(folder: &Path) -> Vec<String> {
    let password = folder.join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let make = |email: &str, role: &str| {
        let file = password.to_str().unwrap();
        let output = souk(
            folder,
            &[
                "user",
                "create",
                "--email",
                email,
                "--password-file",
                file,
                "--role",
                role,
            ],
        );
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    make("admin@example.com", "admin");
    let buyers: Vec<String> = (0..BUYERS)
        .map(|number| format!("buyer{number}@example.com"))
        .collect();
    for email in &buyers {
        make(email, "customer");
    }
    buyers
}
