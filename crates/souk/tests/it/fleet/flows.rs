//! What a fleet promises, tried on real processes: no instance is special, whichever answers.

mod restarts;

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use souk_testbed::Role;
use tokio::task::JoinSet;
use tokio::time::sleep;
use uuid::Uuid;

use super::{Running, number};
use crate::buyers::{Buyer, make_product, sign_in};
use crate::socket_client::{Copy, SocketClient};

/// Everybody is back within this time.
const BACK: Duration = Duration::from_mins(1);

/// Who takes part, and where.
struct Scene {
    running: Running,
    admin: Buyer,
    buyers: Vec<Buyer>,
    api: Vec<String>,
    realtime: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_keeps_what_one_process_promises() {
    let running = Running::start().await;
    running.make_user("admin@example.com", "admin");
    for number in 0..4 {
        running.make_user(&format!("buyer{number}@example.com"), "customer");
    }
    let (http, url) = (Client::new(), running.fleet.url());
    let admin = sign_in(&http, &url, "admin@example.com", 99).await;
    let mut buyers = Vec::new();
    for number in 0..4 {
        let email = format!("buyer{number}@example.com");
        buyers.push(sign_in(&http, &url, &email, number).await);
    }
    let of = |role| {
        let numbers = running.fleet.of(role).into_iter();
        numbers
            .map(|number| running.fleet.servers[number].url())
            .collect::<Vec<_>>()
    };
    let mut scene = Scene {
        api: of(Role::Api),
        realtime: of(Role::Realtime),
        running,
        admin,
        buyers,
    };
    nothing_is_sold_twice(&scene).await;
    one_key_makes_one_order(&scene).await;
    a_session_that_ended_is_over_everywhere(&scene).await;
    streams_resume_on_another_instance(&scene).await;
    presence_and_stock_cross_instances(&scene).await;
    polling_stays_where_it_is(&scene).await;
    roles_keep_to_themselves(&scene).await;
    redis_may_be_away(&mut scene).await;
    restarts::both_sockets_servers_are_restarted(&mut scene).await;
    restarts::both_api_servers_are_restarted(&mut scene).await;
    scene.running.assert_verified();
    scene.running.assert_no_panic();
}

impl Scene {
    fn at(&self, buyer: usize, url: &str) -> Buyer {
        Buyer {
            url: url.to_owned(),
            ..self.buyers[buyer].clone()
        }
    }

    async fn user_id(&self, buyer: &Buyer) -> String {
        let me = buyer.http.get(format!("{}/api/v1/me", self.api[0]));
        let me: Value = me
            .bearer_auth(&buyer.token)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        me["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{me}"))
            .to_owned()
    }
}

fn lines(variant: &str, quantity: u32) -> Value {
    json!({"lines": [{"variantId": variant, "quantity": quantity}]})
}

/// Many want what few can have, at both instances at once.
async fn nothing_is_sold_twice(scene: &Scene) {
    let variant = make_product(&scene.admin, 50).await;
    let mut buying = JoinSet::new();
    for n in 0..200 {
        let buyer = scene.at(n % 4, &scene.api[n % 2]);
        let body = lines(&variant, 1);
        buying.spawn(async move { buyer.place(&format!("rush-{n}"), &body).await.unwrap() });
    }
    let answers = buying.join_all().await;
    let with = |wanted| {
        answers
            .iter()
            .filter(|(status, _)| *status == wanted)
            .count()
    };
    assert_eq!((with(201), with(409)), (50, 150), "{answers:?}");
}

/// The same request at both instances at once, many times.
async fn one_key_makes_one_order(scene: &Scene) {
    let variant = make_product(&scene.admin, 1_000).await;
    for round in 0..10 {
        let mut asking = JoinSet::new();
        for n in 0..8 {
            let buyer = scene.at(0, &scene.api[n % 2]);
            let body = lines(&variant, 1);
            asking
                .spawn(async move { buyer.place(&format!("same-{round}"), &body).await.unwrap() });
        }
        let answers = asking.join_all().await;
        let first = &answers[0].1["id"];
        for (status, answer) in &answers {
            assert_eq!((*status, &answer["id"]), (201, first), "{answer}");
        }
    }
}

async fn a_session_that_ended_is_over_everywhere(scene: &Scene) {
    let http = Client::new();
    let leaver = sign_in(&http, &scene.api[0], "buyer3@example.com", 3).await;
    let me = |url: &str| {
        let request = http
            .get(format!("{url}/api/v1/me"))
            .bearer_auth(&leaver.token);
        async { request.send().await.unwrap().status().as_u16() }
    };
    for url in &scene.api {
        assert_eq!(me(url).await, 200);
    }
    let mut socket = SocketClient::connect(&scene.realtime[1], Some(&leaver.token)).await;
    let ended = http
        .delete(format!("{}/api/v1/me/sessions", scene.api[0]))
        .bearer_auth(&leaver.token)
        .send()
        .await
        .unwrap();
    assert!(ended.status().is_success(), "{}", ended.status());
    // All but the one that asked: sign that one out as well.
    let sessions = http.get(format!("{}/api/v1/me/sessions", scene.api[0]));
    let sessions = sessions.bearer_auth(&leaver.token).send().await.unwrap();
    let sessions: Value = sessions.json().await.unwrap();
    for session in sessions["items"].as_array().unwrap() {
        let id = session["id"].as_str().unwrap();
        let path = format!("{}/api/v1/me/sessions/{id}", scene.api[0]);
        let ended = http.delete(path).bearer_auth(&leaver.token);
        assert!(ended.send().await.unwrap().status().is_success());
    }
    let asked = Instant::now();
    while me(&scene.api[1]).await == 200 {
        assert!(asked.elapsed() < Duration::from_secs(10), "still let in");
        sleep(Duration::from_millis(20)).await;
    }
    let took = socket.ended(Duration::from_secs(5)).await;
    assert!(took.is_some(), "the socket of a session that ended is open");
}

/// Somebody who was cut off comes back elsewhere, and has everything once and in order.
async fn streams_resume_on_another_instance(scene: &Scene) {
    let (buyer, admin) = (&scene.buyers[0], &scene.admin);
    let stream = format!("support:{}", scene.user_id(buyer).await);
    let staff = SocketClient::connect(&scene.realtime[1], Some(&admin.token)).await;
    let mut copy = Copy::default();
    let mut said = 0;
    for turn in 0..6 {
        let url = &scene.realtime[turn % 2];
        let mut socket = SocketClient::connect(url, Some(&buyer.token)).await;
        assert!(copy.follow(&socket.asker, &stream).await);
        for _ in 0..20 {
            let post = json!({"stream": stream, "id": Uuid::now_v7(), "type": "message", "data": {"text": "hello"}});
            assert_eq!(staff.ask("post", post).await["ok"], true);
            said += 1;
        }
        // Half of it live from the other instance, the rest is missed.
        while copy.last() < said - 10 {
            let entry = socket.next("entry").await;
            copy.take(entry);
        }
        socket.cut();
    }
    let socket = SocketClient::connect(&scene.realtime[0], Some(&buyer.token)).await;
    assert!(copy.follow(&socket.asker, &stream).await);
    assert_eq!(copy.last(), said);
}

async fn presence_and_stock_cross_instances(scene: &Scene) {
    let id = scene.user_id(&scene.buyers[1]).await;
    let mut staff = SocketClient::connect(&scene.realtime[0], Some(&scene.admin.token)).await;
    let is = |wanted: &'static str| {
        let id = id.clone();
        move |news: &Value| news["userId"] == id.as_str() && news["state"] == wanted
    };
    let token = &scene.buyers[1].token;
    let here = SocketClient::connect(&scene.realtime[1], Some(token)).await;
    until(&mut staff, "presence", is("online")).await;
    let there = SocketClient::connect(&scene.realtime[0], Some(token)).await;
    here.cut();
    there.cut();
    until(&mut staff, "presence", is("offline")).await;

    let body = json!({
        "title": "One only", "status": "published",
        "variants": [{"price": {"amount": 100, "currency": "SAR"}, "stock": 1}],
    });
    let request = scene
        .admin
        .http
        .post(format!("{}/api/v1/products", scene.api[0]));
    let request = request.bearer_auth(&scene.admin.token).json(&body);
    let product: Value = request.send().await.unwrap().json().await.unwrap();
    let variant = product["variants"][0]["id"].as_str().unwrap().to_owned();
    let mut visitors = Vec::new();
    for url in &scene.realtime {
        let visitor = SocketClient::connect(url, None).await;
        let watching = visitor
            .ask("watch", json!({"productIds": [product["id"]]}))
            .await;
        assert_eq!(watching["stock"][0]["available"], true, "{watching}");
        visitors.push(visitor);
    }
    let buyer = scene.at(1, &scene.api[1]);
    let (status, order) = buyer
        .place("the-only-one", &lines(&variant, 1))
        .await
        .unwrap();
    assert_eq!(status, 201, "{order}");
    for visitor in &mut visitors {
        let gone =
            |news: &Value| news["variantId"] == variant.as_str() && news["available"] == false;
        until(visitor, "stock", gone).await;
    }
    // And in the pages of both.
    for url in &scene.api {
        let id = product["id"].as_str().unwrap();
        let page = buyer.http.get(format!("{url}/api/v1/products/{id}"));
        let page: Value = page.send().await.unwrap().json().await.unwrap();
        assert_eq!(page["variants"][0]["available"], false);
    }
}

/// The next event of a name that is the wanted one.
async fn until(socket: &mut SocketClient, name: &str, wanted: impl Fn(&Value) -> bool) {
    while !wanted(&socket.next(name).await) {}
}

/// A session of long polling through the front door finds its process each time.
async fn polling_stays_where_it_is(scene: &Scene) {
    let http = Client::new();
    let base = format!(
        "{}/socket.io/?EIO=4&transport=polling",
        scene.running.fleet.url()
    );
    for _ in 0..6 {
        let opened = http.get(&base).send().await.unwrap().text().await.unwrap();
        let open: Value = serde_json::from_str(opened.trim_start_matches('0')).unwrap();
        let session = format!("{base}&sid={}", open["sid"].as_str().unwrap());
        let sent = http.post(&session).body("40{}").send().await.unwrap();
        assert_eq!(sent.text().await.unwrap(), "ok");
        let polled = http
            .get(&session)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        assert!(polled.starts_with("40"), "{polled}");
    }
}

/// A process answers what its role is, and says how it is.
async fn roles_keep_to_themselves(scene: &Scene) {
    let http = Client::new();
    let get = async |url: String| http.get(url).send().await.unwrap().status().as_u16();
    for server in &scene.running.fleet.servers {
        assert_eq!(get(format!("{}/healthz", server.url())).await, 200);
        assert_eq!(get(format!("{}/readyz", server.url())).await, 200);
        assert_eq!(get(format!("{}/metrics", server.url())).await, 200);
        let products = get(format!("{}/api/v1/products", server.url())).await;
        assert_eq!(
            products == 200,
            server.role == Role::Api,
            "{:?}",
            server.role
        );
        let polling = format!("{}/socket.io/?EIO=4&transport=polling", server.url());
        let sockets = get(polling).await;
        assert_eq!(
            sockets == 200,
            server.role == Role::Realtime,
            "{:?}",
            server.role
        );
    }
}

/// While Redis is away everything is sold, and what follows is done when it is back.
async fn redis_may_be_away(scene: &mut Scene) {
    let variant = make_product(&scene.admin, 10_000).await;
    let away = Duration::from_secs(number("SOUK_FLEET_REDIS_AWAY").unwrap_or(6));
    let mut staff = SocketClient::connect(&scene.realtime[0], Some(&scene.admin.token)).await;
    let mut store = Copy::default();
    assert!(store.follow(&staff.asker, "store").await);
    scene.running.fleet.redis.kill();
    let (started, mut placed, mut times) = (Instant::now(), Vec::new(), Vec::new());
    while started.elapsed() < away {
        let n = placed.len();
        // The last buyer is signed out.
        let buyer = scene.at(n % 3, &scene.api[n % 2]);
        let asked = Instant::now();
        let key = format!("away-{n}");
        let (status, order) = buyer.place(&key, &lines(&variant, 1)).await.unwrap();
        assert_eq!(status, 201, "{order}");
        times.push(asked.elapsed());
        placed.push(order["id"].as_str().unwrap().to_owned());
        sleep(Duration::from_millis(20)).await;
    }
    // Half of them: a busy machine holds some up, waiting for Redis would hold up all.
    times.sort();
    let median = times[times.len() / 2];
    assert!(median < Duration::from_secs(1), "orders took {median:?}");
    let http = Client::new();
    let ready = http.get(format!("{}/readyz", scene.api[0]));
    let ready: Value = ready.send().await.unwrap().json().await.unwrap();
    assert_eq!(ready["status"], "degraded", "{ready}");
    // Sockets get what comes, at the latest when the store is looked at.
    let news = json!({"stream": format!("support:{}", scene.user_id(&scene.buyers[2]).await),
        "id": Uuid::now_v7(), "type": "message", "data": {"text": "is anybody there?"}});
    let buyer = SocketClient::connect(&scene.realtime[0], Some(&scene.buyers[2].token)).await;
    assert_eq!(buyer.ask("post", news).await["ok"], true);
    let entry = staff.next("entry").await;
    assert_eq!(entry["stream"], "store");
    scene.running.fleet.redis.restart_empty().await.unwrap();
    // All receipts, and the store's stream whole.
    let mail = scene.running.folder.path().join("mail");
    let back = Instant::now();
    loop {
        let mails = crate::test_app::eml_files(&mail);
        let missing = placed.iter().filter(|id| {
            !mails
                .iter()
                .any(|mail| mail.contains(&format!("X-Souk-Order-Id: {id}")))
        });
        let missing = missing.count();
        if missing == 0 {
            break;
        }
        assert!(
            back.elapsed() < BACK,
            "{missing} of {} receipts are missing",
            placed.len()
        );
        sleep(Duration::from_millis(200)).await;
    }
    loop {
        let ready = http.get(format!("{}/readyz", scene.api[0]));
        let ready: Value = ready.send().await.unwrap().json().await.unwrap();
        if ready["status"] == "ok" {
            break;
        }
        assert!(back.elapsed() < BACK, "{ready}");
        sleep(Duration::from_millis(100)).await;
    }
}
