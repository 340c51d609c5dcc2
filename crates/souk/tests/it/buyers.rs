//! Buyers who order, cancel and repeat themselves while servers die, and what must be true of what they were told.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::test_app::PASSWORD;

/// Units that the scarce variant gets in each round; buyers want more.
const SCARCE: i64 = 40;

/// What a buyer was told, or was not told because the server died.
#[derive(Default)]
pub struct Told {
    /// Orders that were answered 201, with the buyer's number and the key.
    pub confirmed: BTreeMap<String, (usize, String)>,
    /// Requests whose answer never came.
    pub unknown: Vec<(usize, String, Value)>,
    /// Orders whose cancelling was answered 200.
    pub cancelled: BTreeSet<String>,
    /// When a hot order was confirmed last, and the longest time between two.
    pub hot: Option<Instant>,
    pub longest: Duration,
}

impl Told {
    fn confirm(&mut self, id: String, buyer: &Buyer, key: &str, hot: bool) {
        self.confirmed.insert(id, (buyer.number, key.to_owned()));
        if hot {
            let now = Instant::now();
            let gap = self.hot.map(|before| now - before).unwrap_or_default();
            self.longest = self.longest.max(gap);
            self.hot = Some(now);
        }
    }
}

/// One buyer's way to the server.
#[derive(Clone)]
pub struct Buyer {
    pub number: usize,
    pub http: Client,
    pub url: String,
    pub token: String,
    /// Behind a front door that outlives servers: an answer that did not come is no end.
    pub goes_on: bool,
}

impl Buyer {
    pub async fn place(&self, key: &str, body: &Value) -> Result<(u16, Value), reqwest::Error> {
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
        // What a front door says by itself is no JSON.
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// Asks until there is an answer of the shop itself.
    async fn place_at_last(&self, key: &str, body: &Value) -> (u16, Value) {
        let started = Instant::now();
        loop {
            match self.place(key, body).await {
                Ok((status, answer)) if !(self.goes_on && (502..=504).contains(&status)) => {
                    return (status, answer);
                }
                Err(error) if !self.goes_on => panic!("{error}"),
                other => assert!(
                    started.elapsed() < Duration::from_secs(30),
                    "no answer for {key}: {other:?}"
                ),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn post(&self, path: &str, body: Value) -> Result<u16, reqwest::Error> {
        let request = self
            .http
            .post(format!("{}/api/v1{path}", self.url))
            .bearer_auth(&self.token);
        Ok(request.json(&body).send().await?.status().as_u16())
    }
}

pub async fn sign_in(http: &Client, url: &str, email: &str, number: usize) -> Buyer {
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
        goes_on: false,
    }
}

pub async fn make_product(admin: &Buyer, stock: i64) -> String {
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

pub async fn restock(admin: &Buyer, variant: &str, key: &str) {
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

pub fn start_load(
    buyers: &[Buyer],
    variants: &[String],
    told: &Arc<Mutex<Told>>,
    seed: u64,
    stop: &watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut load = JoinSet::new();
    for buyer in buyers {
        let (buyer, variants, told) = (buyer.clone(), variants.to_vec(), told.clone());
        let stop = stop.clone();
        let mut random = StdRng::seed_from_u64(seed ^ buyer.number as u64);
        load.spawn(async move {
            // Bounded: the server is killed, or the load stopped, long before.
            for _ in 0..2_000 {
                if *stop.borrow() {
                    return;
                }
                let key = format!("{:032x}", random.random::<u128>());
                let variant = &variants[usize::from(random.random_ratio(1, 4))];
                let body = json!({"lines": [{"variantId": variant, "quantity": random.random_range(1..4)}]});
                let repeats = if random.random_ratio(1, 8) { 2 } else { 1 };
                for _ in 0..repeats {
                    match buyer.place(&key, &body).await {
                        Ok((201, order)) => {
                            let id = order["id"].as_str().unwrap().to_owned();
                            told.lock().unwrap().confirm(id, &buyer, &key, variant == &variants[0]);
                        }
                        Ok((409, problem)) => assert_eq!(problem["code"], "out_of_stock", "{problem}"),
                        // A front door whose server went away, or a server that knows its own limits.
                        Ok((502..=504, _)) if buyer.goes_on => {
                            told.lock().unwrap().unknown.push((buyer.number, key.clone(), body.clone()));
                        }
                        Ok((status, problem)) => panic!("{status} {problem}"),
                        Err(_) => {
                            told.lock().unwrap().unknown.push((buyer.number, key.clone(), body.clone()));
                            if !buyer.goes_on {
                                return;
                            }
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
pub async fn retry_unknown(
    buyers: &[Buyer],
    unknown: Vec<(usize, String, Value)>,
    confirmed: &mut BTreeMap<String, (usize, String)>,
) {
    for (number, key, body) in unknown {
        let mut ids = BTreeSet::new();
        for _ in 0..2 {
            let (status, answer) = buyers[number].place_at_last(&key, &body).await;
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

pub async fn check_orders(
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
pub struct Receipts {
    /// Names of the files that a receipt was in, by order and receiver.
    by_order: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Receipts {
    /// Takes the mails out of the folder, so that a long run does not read them again and again.
    pub fn read(&mut self, folder: &Path) {
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

    pub async fn wait_for(
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
    pub fn assert_recognisable(
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
