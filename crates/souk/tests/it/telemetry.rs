//! Seen from the first day: one trace from the request to the mail, metrics, health, and a stop that loses nothing.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{Server, assert_verified, souk};
use crate::test_app::{PASSWORD, TestApp, eml_files};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

async fn post(
    http: &reqwest::Client,
    url: String,
    token: Option<&str>,
    body: Value,
) -> reqwest::Response {
    let mut request = http.post(url).json(&body);
    if let Some(token) = token {
        request = request
            .bearer_auth(token)
            .header("Idempotency-Key", "the-key");
        request = request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    }
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_shows_the_whole_way_and_no_secret() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path(), &["--demo", "--log", "debug"]);
    let http = reqwest::Client::new();
    let api = |path: &str| format!("{}/api/v1{path}", server.url);
    let body = json!({"email": "sara@example.com", "password": PASSWORD, "name": "Sara"});
    let registered: Value = post(&http, api("/auth/register"), None, body)
        .await
        .json()
        .await
        .unwrap();
    let token = registered["accessToken"].as_str().unwrap().to_owned();
    let products: Value = http
        .get(api("/products"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let variants = products["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|product| product["variants"].as_array().unwrap());
    let variant = variants
        .clone()
        .find(|variant| variant["available"] == true)
        .unwrap()["id"]
        .clone();
    let order = json!({"lines": [{"variantId": variant, "quantity": 1}], "note": "leave it with the neighbour"});
    let placed = post(&http, api("/orders"), Some(&token), order).await;
    assert_eq!(
        placed.status().as_u16(),
        201,
        "{}",
        placed.text().await.unwrap()
    );
    let started = Instant::now();
    while eml_files(&folder.path().join("mail")).len() < 4 {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "the mails do not come"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(server.terminate());

    let log = std::fs::read_to_string(folder.path().join("souk.log")).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect();
    let of_trace: Vec<&Value> = lines
        .iter()
        .filter(|line| line.to_string().contains(TRACE))
        .collect();
    let targets: BTreeSet<&str> = of_trace
        .iter()
        .filter_map(|line| line["target"].as_str())
        .filter_map(|target| target.split("::").next())
        .collect();
    for expected in ["souk_api", "souk_worker"] {
        assert!(targets.contains(expected), "{targets:?} in {of_trace:#?}");
    }
    let of_jobs = of_trace
        .iter()
        .filter(|line| line.to_string().contains("SendReceiptV1"))
        .count();
    assert!(
        of_jobs > 0,
        "the job's lines carry the trace: {of_trace:#?}"
    );

    for secret in [
        PASSWORD,
        &token,
        "souk_refresh",
        "neighbour",
        "sara@example.com",
        "verify-email?token",
    ] {
        assert!(!log.contains(secret), "the log tells {secret:?}");
    }
    assert_verified(folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_holds_nobody_up() {
    let folder = TempDir::new().unwrap();
    let server = Server::start_logging_to(Stdio::piped(), folder.path(), &[]);
    let http = reqwest::Client::new();
    let url = format!("{}/api/v1/shop", server.url);
    // Lines of some 200 bytes, and a pipe takes 64 KiB.
    for n in 0..2_000 {
        let answer = http.get(&url).timeout(Duration::from_secs(20)).send().await;
        assert!(
            answer.is_ok_and(|answer| answer.status().is_success()),
            "after {n}"
        );
    }
    assert!(server.terminate());
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_health() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let variant = app.product(&admin, 3).await;
    app.order(&app.customer("en").await, &variant, 1, "key")
        .await
        .expect(201);
    app.drain().await;
    let metrics = async || {
        let asked = app.http.get(app.url("/metrics")).send().await.unwrap();
        asked.text().await.unwrap()
    };
    let names = [
        "souk_http_requests_total",
        "souk_http_request_seconds_bucket",
        "souk_committer_batch_size_bucket",
        "souk_committer_wait_seconds_bucket",
        "souk_jobs_total",
        "souk_job_seconds_bucket",
        "souk_queue_ready",
        "souk_queue_oldest_seconds",
        "souk_outbox_size",
    ];
    let started = Instant::now();
    // Some are measured every few seconds.
    let metrics = loop {
        let metrics = metrics().await;
        let missing: Vec<_> = names
            .iter()
            .filter(|name| !metrics.contains(**name))
            .collect();
        if missing.is_empty() {
            break metrics;
        }
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "{missing:?} are missing:\n{metrics}"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(
        metrics.contains("route=\"/api/v1/orders\""),
        "routes are labelled by their pattern:\n{metrics}"
    );
    assert!(!metrics.contains(&variant), "no ids in labels");
    assert_eq!(
        app.http
            .get(app.url("/healthz"))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        200
    );
    let ready = app.http.get(app.url("/readyz")).send().await.unwrap();
    assert_eq!(ready.status().as_u16(), 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_finishes_what_runs() {
    let folder = TempDir::new().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let file = password.to_str().unwrap();
    let made = souk(
        folder.path(),
        &[
            "user",
            "create",
            "--email",
            "admin@example.com",
            "--password-file",
            file,
            "--role",
            "admin",
        ],
    );
    assert!(made.status.success());
    let server = Server::start(folder.path(), &[]);
    let http = reqwest::Client::new();
    let api = |path: &str| format!("{}/api/v1{path}", server.url);
    let body = json!({"email": "admin@example.com", "password": PASSWORD});
    let admin: Value = post(&http, api("/auth/login"), None, body)
        .await
        .json()
        .await
        .unwrap();
    let token = admin["accessToken"].as_str().unwrap().to_owned();
    let body = json!({"title": "T", "status": "published", "variants": [{"price": {"amount": 1, "currency": "SAR"}, "stock": 10_000}]});
    let product: Value = http
        .post(api("/products"))
        .bearer_auth(&token)
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let variant = product["variants"][0]["id"].as_str().unwrap().to_owned();
    let load: Vec<_> = (0..8)
        .map(|task| {
            let (http, url, token, variant) =
                (http.clone(), api("/orders"), token.clone(), variant.clone());
            tokio::spawn(async move {
                let mut confirmed = 0;
                for number in 0..10_000 {
                    let body = json!({"lines": [{"variantId": variant, "quantity": 1}]});
                    let request = http
                        .post(&url)
                        .bearer_auth(&token)
                        .header("Idempotency-Key", format!("{task}-{number}"));
                    match request.json(&body).send().await {
                        // Whatever was answered was answered whole.
                        Ok(answer) if answer.status().as_u16() == 201 => {
                            confirmed += usize::from(answer.json::<Value>().await.is_ok());
                        }
                        Ok(answer) => panic!("{}", answer.status()),
                        Err(_) => break,
                    }
                }
                confirmed
            })
        })
        .collect();
    let orders = api("/orders?limit=1");
    let some_are_placed = async || {
        let orders = http.get(&orders).bearer_auth(&token).send().await.unwrap();
        let orders: Value = orders.json().await.unwrap();
        !orders["items"].as_array().unwrap().is_empty()
    };
    let started = Instant::now();
    while !some_are_placed().await {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "nothing is placed"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(
        tokio::task::spawn_blocking(move || server.terminate())
            .await
            .unwrap()
    );
    let mut confirmed = 0;
    for task in load {
        confirmed += task.await.unwrap();
    }
    assert!(confirmed > 0);
    assert_verified(folder.path());
    let log = std::fs::read_to_string(folder.path().join("souk.log")).unwrap();
    assert!(log.contains("\"message\":\"stopped\""), "{log}");
}
