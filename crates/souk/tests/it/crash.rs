//! Crash safety, proved: load, `kill -9` at a random moment, restart; nothing that was answered is lost or doubled.
//!
//! `SOUK_CRASH_ROUNDS` says how many rounds, `SOUK_CRASH_SEED` plays one again (`make crash ROUNDS=… SEED=…`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::binary::{Server, assert_verified, souk};
use crate::test_app::PASSWORD;

const BUYERS: usize = 8;
/// Units that the scarce variant gets in each round; buyers want more.
const SCARCE: i64 = 40;

/// What a buyer was told, or was not told because the server died.
#[derive(Default)]
struct Told {
    /// Orders that were answered 201, with the buyer's number and the key.
    confirmed: BTreeMap<String, (usize, String)>,
    /// Requests whose answer never came.
    unknown: Vec<(usize, String, Value)>,
    /// Orders whose cancelling was answered 200.
    cancelled: BTreeSet<String>,
}

/// One buyer's way to the server.
#[derive(Clone)]
struct Buyer {
    number: usize,
    http: Client,
    url: String,
    token: String,
}

impl Buyer {
    async fn place(&self, key: &str, body: &Value) -> Result<(u16, Value), reqwest::Error> {
        let request = self
            .http
            .post(format!("{}/api/v1/orders", self.url))
            .bearer_auth(&self.token);
        let response = request
            .header("Idempotency-Key", key)
            .json(body)
            .send()
            .await?;
        let status = response.status().as_u16();
        Ok((status, response.json().await?))
    }

    async fn post(&self, path: &str, body: Value) -> Result<u16, reqwest::Error> {
        let request = self
            .http
            .post(format!("{}/api/v1{path}", self.url))
            .bearer_auth(&self.token);
        Ok(request.json(&body).send().await?.status().as_u16())
    }
}

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
        let load = start_load(&buyers, &variants, &told, random.random());
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

async fn sign_in(http: &Client, url: &str, email: &str, number: usize) -> Buyer {
    let body = json!({"email": email, "password": PASSWORD});
    let response = http
        .post(format!("{url}/api/v1/auth/login"))
        .json(&body)
        .send()
        .await
        .unwrap();
    let body: Value = response.json().await.unwrap();
    let token = body["accessToken"]
        .as_str()
        .unwrap_or_else(|| panic!("{email} cannot sign in: {body}"))
        .to_owned();
    Buyer {
        number,
        http: http.clone(),
        url: url.to_owned(),
        token,
    }
}

async fn make_product(admin: &Buyer, stock: i64) -> String {
    let body = json!({
        "title": format!("With {stock} in stock"),
        "status": "published",
        "variants": [{"price": {"amount": 100, "currency": "SAR"}, "stock": stock}],
    });
    let request = admin
        .http
        .post(format!("{}/api/v1/products", admin.url))
        .bearer_auth(&admin.token)
        .json(&body);
    let made: Value = request.send().await.unwrap().json().await.unwrap();
    made["variants"][0]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{made}"))
        .to_owned()
}

async fn restock(admin: &Buyer, variant: &str, key: &str) {
    for _ in 0..2 {
        let request = admin
            .http
            .post(format!("{}/api/v1/variants/{variant}/stock", admin.url));
        let request = request
            .bearer_auth(&admin.token)
            .header("Idempotency-Key", key);
        let answer = request
            .json(&json!({"delta": SCARCE, "reason": "restocked"}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), 200);
    }
}

fn start_load(
    buyers: &[Buyer],
    variants: &[String],
    told: &Arc<Mutex<Told>>,
    seed: u64,
) -> JoinSet<()> {
    let mut load = JoinSet::new();
    for buyer in buyers {
        let (buyer, variants, told) = (buyer.clone(), variants.to_vec(), told.clone());
        let mut random = StdRng::seed_from_u64(seed ^ buyer.number as u64);
        load.spawn(async move {
            // Bounded: the server is killed long before.
            for _ in 0..2_000 {
                let key = format!("{:032x}", random.random::<u128>());
                let variant = &variants[usize::from(random.random_ratio(1, 4))];
                let body = json!({"lines": [{"variantId": variant, "quantity": random.random_range(1..4)}]});
                let repeats = if random.random_ratio(1, 8) { 2 } else { 1 };
                for _ in 0..repeats {
                    match buyer.place(&key, &body).await {
                        Ok((201, order)) => {
                            let id = order["id"].as_str().unwrap().to_owned();
                            told.lock().unwrap().confirmed.insert(id, (buyer.number, key.clone()));
                        }
                        Ok((409, problem)) => assert_eq!(problem["code"], "out_of_stock", "{problem}"),
                        Ok((status, problem)) => panic!("{status} {problem}"),
                        Err(_) => {
                            told.lock().unwrap().unknown.push((buyer.number, key, body));
                            return;
                        }
                    }
                }
                if random.random_ratio(1, 6)
                    && let Some(id) = own_order(&told, buyer.number)
                    && let Ok(200) = buyer.post(&format!("/orders/{id}/cancel"), json!({})).await
                {
                    told.lock().unwrap().cancelled.insert(id);
                }
                tokio::time::sleep(Duration::from_millis(random.random_range(0..12))).await;
            }
        });
    }
    load
}

/// An order of this buyer that was confirmed and not called off.
fn own_order(told: &Mutex<Told>, buyer: usize) -> Option<String> {
    let told = told.lock().unwrap();
    let mut own = told
        .confirmed
        .iter()
        .filter(|(id, (owner, _))| *owner == buyer && !told.cancelled.contains(*id));
    own.next().map(|(id, _)| id.clone())
}

/// A client that got no answer sends the same request again, and again: one order, or none.
async fn retry_unknown(
    buyers: &[Buyer],
    unknown: Vec<(usize, String, Value)>,
    confirmed: &mut BTreeMap<String, (usize, String)>,
) {
    for (number, key, body) in unknown {
        let mut ids = BTreeSet::new();
        for _ in 0..2 {
            let (status, answer) = buyers[number].place(&key, &body).await.unwrap();
            match status {
                201 => {
                    ids.insert(answer["id"].as_str().unwrap().to_owned());
                }
                409 => assert_eq!(answer["code"], "out_of_stock"),
                other => panic!("{other} {answer}"),
            }
        }
        assert!(ids.len() <= 1, "one key made two orders: {ids:?}");
        confirmed.extend(ids.into_iter().map(|id| (id, (number, key.clone()))));
    }
}

async fn check_orders(
    buyers: &[Buyer],
    confirmed: &BTreeMap<String, (usize, String)>,
    cancelled: &BTreeSet<String>,
    round: u32,
) {
    let mut keys: HashMap<(usize, &str), &str> = HashMap::new();
    for (id, (number, key)) in confirmed {
        let before = keys.insert((*number, key), id);
        assert!(
            before.is_none(),
            "round {round}: one key made {before:?} and {id}"
        );
        let buyer = &buyers[*number];
        let request = buyer
            .http
            .get(format!("{}/api/v1/orders/{id}", buyer.url))
            .bearer_auth(&buyer.token);
        let answer = request.send().await.unwrap();
        assert_eq!(
            answer.status().as_u16(),
            200,
            "round {round}: order {id} was confirmed and is gone"
        );
        let order: Value = answer.json().await.unwrap();
        if cancelled.contains(id) {
            assert_eq!(order["status"], "cancelled", "round {round}: {id}");
        }
    }
}

/// Receipts that were sent, read out of the mail folder as they come.
#[derive(Default)]
struct Receipts {
    /// Names of the files that a receipt was in, by order and receiver.
    by_order: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Receipts {
    /// Takes the mails out of the folder, so that a long run does not read them again and again.
    fn read(&mut self, folder: &Path) {
        let Ok(files) = std::fs::read_dir(folder) else {
            return;
        };
        for file in files {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "eml") {
                continue;
            }
            let mail = std::fs::read_to_string(&path).unwrap();
            let header = |name: &str| {
                let head = mail.split("\r\n\r\n").next().unwrap_or_default();
                let line = head
                    .lines()
                    .find_map(|line| line.strip_prefix(&format!("{name}: ")));
                line.unwrap_or_default().trim().to_owned()
            };
            let address = header("To")
                .rsplit('<')
                .next()
                .unwrap_or_default()
                .trim_end_matches('>')
                .to_owned();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            self.by_order
                .entry((header("X-Souk-Order-Id"), address))
                .or_default()
                .insert(name);
            std::fs::remove_file(&path).unwrap();
        }
    }

    async fn wait_for(
        &mut self,
        folder: &Path,
        confirmed: &BTreeMap<String, (usize, String)>,
        people: &[String],
        round: u32,
    ) {
        let started = Instant::now();
        loop {
            self.read(folder);
            let missing: Vec<_> = confirmed
                .iter()
                .filter(|(id, (number, _))| {
                    !self
                        .by_order
                        .contains_key(&((*id).clone(), people[*number].clone()))
                })
                .collect();
            if missing.is_empty() {
                return;
            }
            assert!(
                started.elapsed() < Duration::from_mins(1),
                "round {round}: no receipt of {missing:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A mail that a crash made go out twice is the same mail, by its name: whoever receives it can tell.
    fn assert_recognisable(
        &self,
        confirmed: &BTreeMap<String, (usize, String)>,
        people: &[String],
    ) {
        for (id, (number, _)) in confirmed {
            let names = &self.by_order[&(id.clone(), people[*number].clone())];
            assert_eq!(
                names.len(),
                1,
                "order {id} has receipts of different names: {names:?}"
            );
        }
    }
}
