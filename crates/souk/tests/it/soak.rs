//! The soak: clients talk and listen while sockets are cut and the process is killed and restarted. At the end every
//! client's copy of every stream is what it may GET, and all that was acknowledged is there, once, where it was said to be.
//!
//! `SOUK_SOAK_SECONDS` says how long, `SOUK_SOAK_SEED` makes the same choices again (`make soak SECONDS=… SEED=…`); when
//! what is asked meets what is killed is the machine's choice.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::binary::{Server, assert_verified, souk};
use crate::soak_talker::{Said, Scene, Talker};
use crate::socket_client::{PATIENCE, SocketClient};
use crate::test_app::PASSWORD;

pub const STAFF: usize = 4;
const CUSTOMERS: usize = 10;
const GUESTS: usize = 6;
/// With a conversation and notes for each customer and guest: 50 streams in which they talk.
const ORDERS: usize = 18;
/// What each says again at the end.
const REPEATS_AT_THE_END: usize = 40;

#[test]
fn copies_are_whole_whatever_is_cut_and_killed() {
    let number = |name| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seconds = number("SOUK_SOAK_SECONDS").unwrap_or(15);
    let seed = number("SOUK_SOAK_SEED").unwrap_or_else(|| u64::from(rand::random::<u32>()));
    println!("soak: {seconds} s, seed {seed} (make soak SECONDS={seconds} SEED={seed})");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!(
        "{}",
        runtime.block_on(play(Duration::from_secs(seconds), seed))
    );
}

/// Plays it all; what happened, in a line.
async fn play(lasts: Duration, seed: u64) -> String {
    let folder = TempDir::new().unwrap();
    make_staff(folder.path());
    let mut random = StdRng::seed_from_u64(seed);
    let start = || Server::start(folder.path(), &["--socket-drain", "300"]);
    let mut server = start();
    let (moved, url) = watch::channel(server.url.clone());
    let (rest, resting) = watch::channel(false);
    let started = Instant::now();
    let scene = Scene {
        url,
        rest: resting,
        back_at: started + lasts * 3 / 4,
    };
    let talkers = make_talkers(&scene, &mut random).await;
    let mut load: JoinSet<_> = talkers.into_iter().map(Talker::live).collect();
    let (mut kills, mut stops) = (0, 0);
    while started.elapsed() < lasts {
        let lives = Duration::from_millis(random.random_range(800..4_000));
        let is_stopped = random.random_ratio(1, 5);
        tokio::select! {
            () = tokio::time::sleep(lives) => {}
            // Nobody rests yet: whoever ends has failed.
            ended = load.join_next() => drop(ended.unwrap().expect("a client")),
        }
        let ending = tokio::task::spawn_blocking(move || {
            if is_stopped {
                assert!(server.terminate(), "a stopping server ends with success");
            } else {
                server.kill();
            }
        });
        ending.await.unwrap();
        // The file as it was left, before anybody repairs anything.
        assert_verified(folder.path());
        server = start();
        moved.send_replace(server.url.clone());
        (kills, stops) = (
            kills + usize::from(!is_stopped),
            stops + usize::from(is_stopped),
        );
    }
    rest.send_replace(true);
    let resting = timeout(Duration::from_mins(2), load.join_all()).await;
    let at_rest = resting.expect("everybody comes to rest");
    let posts: usize = at_rest.iter().map(|(talker, _)| talker.said.len()).sum();
    let checks: JoinSet<_> = at_rest
        .into_iter()
        .map(|(talker, socket)| check(talker, socket))
        .collect();
    let checked = checks.join_all().await;
    check_nothing_more(&checked);
    let count = |of: fn(&Talker) -> u64| checked.iter().map(of).sum::<u64>();
    let told = format!(
        "soak: {kills} kills, {stops} stops, {} connections, {posts} posts and {} repeats, {} entries caught up with (at most {} at once), {:?}: copies are whole",
        count(|it| it.counts.connections as u64),
        count(|it| it.counts.repeats as u64),
        count(|it| it.counts.caught_up),
        checked
            .iter()
            .map(|it| it.counts.most_caught_up)
            .max()
            .unwrap_or(0),
        started.elapsed()
    );
    let ending = tokio::task::spawn_blocking(move || server.terminate());
    assert!(ending.await.unwrap(), "a stopping server ends with success");
    assert_verified(folder.path());
    told
}

fn make_staff(folder: &Path) {
    let password = folder.join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    for number in 0..STAFF {
        let role = if number == 0 { "admin" } else { "staff" };
        let email = format!("staff{number}@example.com");
        let file = password.to_str().unwrap();
        let output = souk(
            folder,
            &[
                "user",
                "create",
                "--email",
                &email,
                "--password-file",
                file,
                "--role",
                role,
            ],
        );
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}

/// Staff, who read everything, and customers and guests, who read what is theirs.
pub async fn make_talkers(scene: &Scene, random: &mut StdRng) -> Vec<Talker> {
    let (mut staff, mut shoppers) = (Vec::new(), Vec::new());
    for number in 0..STAFF {
        let body = json!({"email": format!("staff{number}@example.com"), "password": PASSWORD});
        staff.push(Talker::enter(scene.clone(), "login", body, random.random()).await);
    }
    for number in 0..CUSTOMERS + GUESTS {
        let name = format!("Sara {number}");
        let (path, body) = if number < CUSTOMERS {
            let email = format!("sara{number}@example.com");
            (
                "register",
                json!({"email": email, "password": PASSWORD, "name": name}),
            )
        } else {
            ("guest", json!({"name": name}))
        };
        shoppers.push(Talker::enter(scene.clone(), path, body, random.random()).await);
    }
    let product = json!({
        "title": "Mug",
        "status": "published",
        "variants": [{"price": {"amount": 2500, "currency": "SAR"}, "stock": 1_000}],
    });
    let product = staff[0].request(Method::POST, "/products").json(&product);
    let product: Value = product.send().await.unwrap().json().await.unwrap();
    let lines = json!([{"variantId": product["variants"][0]["id"], "quantity": 1}]);
    let mut talked = Vec::new();
    for number in 0..ORDERS {
        let buyer = &mut shoppers[number % (CUSTOMERS + GUESTS)];
        let request = buyer.request(Method::POST, "/orders");
        let request = request.header("Idempotency-Key", format!("order-{number}"));
        let order = request.json(&json!({"lines": lines})).send().await.unwrap();
        let order: Value = order.json().await.unwrap();
        let id = order["id"].as_str().unwrap_or_else(|| panic!("{order}"));
        buyer.talks.push(format!("order:{id}"));
    }
    for shopper in &mut shoppers {
        shopper.talks.push(format!("support:{}", shopper.id));
        shopper.reads.clone_from(&shopper.talks);
        talked.extend(shopper.talks.iter().cloned());
        talked.push(format!("notes:{}", shopper.id));
    }
    assert_eq!(talked.len(), 50);
    for member in &mut staff {
        member.talks.clone_from(&talked);
        member.reads.clone_from(&talked);
        member.reads.push("store".to_owned());
    }
    let mut all: Vec<_> = staff.into_iter().chain(shoppers).collect();
    for talker in all.iter_mut().step_by(6) {
        talker.leaves = true;
    }
    all
}

/// The copies are, entry by entry, what their owner may GET, and hold all that its owner was told is there.
pub async fn check(mut talker: Talker, mut socket: SocketClient) -> Talker {
    for stream in talker.reads.clone() {
        // What the shop adds by itself may still be on its way.
        let whole = timeout(PATIENCE, async {
            loop {
                let entries = all_entries(&talker, &stream).await;
                while talker.copies[&stream].last() < entries.len() as u64 {
                    let (event, payload) = socket.events.recv().await.expect("still connected");
                    talker.hear(&event, payload);
                }
                if talker.copies[&stream].entries.len() == entries.len() {
                    return entries;
                }
            }
        });
        let entries = whole
            .await
            .unwrap_or_else(|_| panic!("{stream}: the copy stays behind"));
        for (kept, there) in talker.copies[&stream].entries.iter().zip(&entries) {
            assert_eq!(kept, there, "{stream}");
        }
    }
    let mut times: HashMap<(&str, &str), u32> = HashMap::new();
    for (stream, copy) in &talker.copies {
        for entry in &copy.entries {
            let id = entry["id"].as_str().unwrap();
            *times.entry((stream, id)).or_default() += 1;
        }
    }
    for said in &talker.said {
        let id = said.body["id"].as_str().unwrap();
        assert_eq!(times[&(said.stream.as_str(), id)], 1, "{said:?}");
        assert_stands(&talker, said);
    }
    let step = talker.said.len().div_ceil(REPEATS_AT_THE_END).max(1);
    let some: Vec<Said> = talker.said.iter().step_by(step).cloned().collect();
    for said in &some {
        talker.repeat(&socket, said).await;
    }
    talker
}

/// An acknowledged post is at the number that was answered, and says what it is to say by now.
fn assert_stands(talker: &Talker, said: &Said) {
    let place = usize::try_from(said.seq - 1).unwrap();
    let entry = &talker.copies[&said.stream].entries[place];
    assert_eq!(entry["id"], said.body["id"], "{said:?}");
    assert_eq!(entry["type"], said.body["type"], "{said:?}");
    assert_eq!(entry["author"]["id"], talker.id.as_str(), "{said:?}");
    let target = said.body["data"]["seq"].as_u64().unwrap_or(said.seq);
    let expected = match (
        &talker.own[&(said.stream.clone(), target)],
        said.body["type"].as_str().unwrap(),
    ) {
        (Some((text, false)), "message") => json!({"text": text}),
        (Some((text, true)), "message") => json!({"text": text, "edited": true}),
        (None, "message" | "edit") => Value::Null,
        _ => said.body["data"].clone(),
    };
    assert_eq!(entry["data"], expected, "{said:?}");
}

/// Nobody's words are there that nobody was told of.
pub fn check_nothing_more(talkers: &[Talker]) {
    let staff = &talkers
        .iter()
        .max_by_key(|talker| talker.reads.len())
        .unwrap();
    let by_people = |copy: &crate::socket_client::Copy| {
        let people = copy.entries.iter().filter(|entry| {
            matches!(entry["type"].as_str(), Some("message" | "edit" | "delete"))
                && !entry["author"].is_null()
        });
        people.count()
    };
    for stream in &staff.talks {
        let said: usize = talkers
            .iter()
            .map(|talker| talker.said.iter().filter(|it| it.stream == *stream).count())
            .sum();
        assert_eq!(by_people(&staff.copies[stream]), said, "{stream}");
    }
}

/// All entries of a stream, as a reader may GET them.
async fn all_entries(reader: &Talker, stream: &str) -> Vec<Value> {
    let mut entries = Vec::new();
    loop {
        let after = entries.len();
        let path = format!("/streams/{stream}/entries?limit=200&after={after}");
        let answer = reader.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        let page: Value = answer.json().await.unwrap();
        entries.extend(page["entries"].as_array().unwrap().iter().cloned());
        if page["head"].as_u64() == Some(entries.len() as u64) {
            return entries;
        }
    }
}
