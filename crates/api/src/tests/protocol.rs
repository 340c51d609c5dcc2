//! What holds for every route: ids, headers, keys, languages, and what is never the web client's.

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::routing::any;
use serde_json::json;
use souk_app::local::NoLimits;
use souk_app::ports::Blob;
use souk_domain::user::Role;
use std::sync::Arc;

use super::{TestApi, is};
use crate::{ApiOptions, openapi};

#[tokio::test]
async fn a_key_makes_a_mutation_happen_once() {
    let api = TestApi::start().await;
    let admin = api.token(Role::Admin).await;
    let variant = api.mug(&admin, "mug", 3).await;
    let path = format!("/api/v1/variants/{variant}/stock");
    let adjust = |key: &str, delta: i64| {
        api.post(&path)
            .token(&admin)
            .key(key)
            .json(&json!({"delta": delta, "reason": "counted"}))
            .send()
    };
    let refused = adjust("k", -9).await;
    is(&refused, 409, "stock_below_zero");
    assert_eq!(
        refused.json()["detail"],
        "Only 3 are left, and stock cannot go below zero."
    );
    let first = adjust("k", 2).await;
    assert_eq!(
        (first.status, &first.json()["stock"]),
        (StatusCode::OK, &json!(5)),
        "a refusal binds no key"
    );
    let again = adjust("k", 2).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    assert_eq!(
        (
            again.header("idempotency-replayed"),
            again.header("content-type")
        ),
        ("true", "application/json")
    );
    is(&adjust("k", 3).await, 422, "idempotency_key_reused");
    assert_eq!(adjust("k2", 1).await.json()["stock"], 6);
    is(&adjust("a b", 1).await, 422, "invalid_input");
}

#[tokio::test]
async fn what_is_answered_again_carries_its_tag_and_is_asked_under_the_same_condition() {
    let api = TestApi::start().await;
    let admin = api.token(Role::Admin).await;
    let body = json!({"title": "Tea", "variants": [{"price": {"amount": 500, "currency": "SAR"}}]});
    let make = || {
        let call = api.post("/api/v1/products").token(&admin);
        call.key("make").json(&body).send()
    };
    let made = make().await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let again = make().await;
    assert_eq!(
        (
            again.status,
            &again.body,
            again.header("idempotency-replayed")
        ),
        (made.status, &made.body, "true")
    );
    assert!(!made.header("etag").is_empty());
    assert_eq!(again.header("etag"), made.header("etag"));

    let path = format!("/api/v1/products/{}", made.json()["id"].as_str().unwrap());
    let change = |tag: Option<&str>| {
        let call = api.call("PATCH", &path).token(&admin).key("change");
        let call = match tag {
            Some(tag) => call.header("if-match", tag),
            None => call,
        };
        call.json(&json!({"title": "Green tea"})).send()
    };
    api.clock.pass(1);
    let changed = change(Some(made.header("etag"))).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert_ne!(changed.header("etag"), made.header("etag"));
    let again = change(Some(made.header("etag"))).await;
    assert_eq!(
        (again.status, again.header("etag")),
        (StatusCode::OK, changed.header("etag"))
    );
    for other in [None, Some("*"), Some(changed.header("etag"))] {
        is(&change(other).await, 422, "idempotency_key_reused");
    }
}

#[tokio::test]
async fn a_key_that_is_being_worked_on_waits() {
    let api = TestApi::start().await;
    let token = api.token(Role::Customer).await;
    let me = api.get("/api/v1/me").token(&token).send().await.json();
    let user = me["id"].as_str().unwrap().parse().unwrap();
    let change = || {
        api.call("PATCH", "/api/v1/me")
            .token(&token)
            .key("k")
            .json(&json!({"name": "Noor"}))
            .send()
    };
    let now = api.app.now();
    let body = json!({"name": "Noor"}).to_string();
    let hash =
        crate::middleware::request_hash(&Method::PATCH, "/api/v1/me", "", None, body.as_bytes());
    let taken = api
        .app
        .store
        .take_key(user, "k", hash, now, souk_domain::Timestamp::MIN)
        .await
        .unwrap();
    assert_eq!(taken, souk_app::ports::store::KeyState::Taken);
    let waiting = change().await;
    is(&waiting, 409, "request_in_progress");
    assert_eq!(waiting.header("retry-after"), "1");
    api.clock.pass(121);
    assert_eq!(
        change().await.json()["name"],
        "Noor",
        "what was abandoned is taken over"
    );
}

#[tokio::test]
async fn every_route_is_in_the_document_and_nothing_else() {
    let api = TestApi::start().await;
    let document = serde_json::to_value(openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{key}", "x")
            .replace("{id}", "0192d9f0-0000-7000-8000-000000000000");
        for method in ["get", "post", "patch", "put", "delete"] {
            let answer = api.call(&method.to_uppercase(), &path).send().await;
            let known = item[method].is_object();
            assert_eq!(
                answer.status != StatusCode::METHOD_NOT_ALLOWED,
                known,
                "{method} {path}: {}",
                answer.status
            );
            if !known {
                is(&answer, 405, "method_not_allowed");
                assert!(
                    !answer.header("allow").is_empty(),
                    "{method} {path} does not say what is allowed"
                );
            }
        }
    }
    let served = api.get("/api/v1/openapi.json").send().await;
    assert_eq!(served.json(), document);
}

#[tokio::test]
async fn only_what_is_not_ours_is_the_web_clients() {
    let page = || async {
        (
            [("content-type", "text/html; charset=utf-8")],
            "<!doctype html>",
        )
    };
    let options = ApiOptions {
        assets: Some(Router::new().fallback(any(page))),
        secure_cookies: true,
        ..ApiOptions::default()
    };
    let api = TestApi::with(Arc::new(NoLimits), options).await;
    for path in ["/", "/orders/7", "/apiary", "/healthz2"] {
        let answer = api.get(path).send().await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (StatusCode::OK, "<!doctype html>"),
            "{path}"
        );
        assert!(
            answer
                .header("content-security-policy")
                .contains("frame-ancestors 'none'")
        );
        assert!(
            answer
                .header("strict-transport-security")
                .starts_with("max-age=")
        );
    }
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v2/shop",
        "/media/",
        "/media/nothing.png",
        "/metrics",
        "/socket.io/",
    ] {
        is(&api.get(path).send().await, 404, "not_found");
    }
    let shop = api.get("/api/v1/shop").send().await;
    assert_eq!(shop.header("x-content-type-options"), "nosniff");
    assert_eq!(
        shop.header("content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'"
    );
}

#[tokio::test]
async fn pages_of_known_origins_may_read_answers() {
    let api = TestApi::start().await;
    let preflight = |origin: &str| {
        api.call("OPTIONS", "/api/v1/orders")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .send()
    };
    let known = preflight(super::ORIGIN).await;
    assert_eq!(
        (known.status, known.header("access-control-allow-origin")),
        (StatusCode::NO_CONTENT, super::ORIGIN)
    );
    assert!(
        known
            .header("access-control-allow-headers")
            .contains("Idempotency-Key")
    );
    assert_eq!(
        preflight("http://evil.test")
            .await
            .header("access-control-allow-origin"),
        ""
    );
    let read = api
        .get("/api/v1/shop")
        .header("origin", super::ORIGIN)
        .send()
        .await;
    assert_eq!(read.header("access-control-allow-credentials"), "true");
    assert_eq!(
        api.get("/api/v1/shop")
            .header("origin", "null")
            .send()
            .await
            .header("access-control-allow-origin"),
        ""
    );
}

#[tokio::test]
async fn requests_have_ids_and_large_answers_are_compressed() {
    let api = TestApi::start().await;
    let named = api
        .get("/api/v1/nothing")
        .header("x-request-id", "edge-7")
        .send()
        .await;
    is(&named, 404, "not_found");
    assert_eq!(named.header("x-request-id"), "edge-7");
    let small = api
        .get("/api/v1/categories")
        .header("accept-encoding", "gzip")
        .send()
        .await;
    assert_eq!(small.header("content-encoding"), "");
    let large = api
        .get("/api/v1/openapi.json")
        .header("accept-encoding", "gzip")
        .send()
        .await;
    assert_eq!(large.header("content-encoding"), "gzip");
    let tag = large.header("etag");
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = api
        .get("/api/v1/openapi.json")
        .header("if-none-match", tag)
        .send()
        .await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn health_is_told_apart_from_life() {
    let api = TestApi::start().await;
    assert_eq!(
        api.get("/healthz").send().await.json(),
        json!({"status": "ok"})
    );
    let ready = api.get("/readyz").send().await;
    assert_eq!(
        (ready.status, &ready.json()["status"]),
        (StatusCode::OK, &json!("degraded")),
        "mail is away, and that can wait"
    );
    assert_eq!(
        ready.json()["checks"][3],
        json!({"name": "mailer", "status": "degraded", "required": false})
    );
    let options = ApiOptions {
        metrics: Some(Arc::new(|| "souk_up 1\n".to_owned())),
        ..ApiOptions::default()
    };
    let counted = TestApi::with(Arc::new(NoLimits), options)
        .await
        .get("/metrics")
        .send()
        .await;
    assert_eq!(
        (counted.text().as_str(), counted.header("content-type")),
        ("souk_up 1\n", "text/plain; version=0.0.4; charset=utf-8")
    );
}

#[tokio::test]
async fn pictures_are_kept_for_ever_and_run_nothing() {
    let api = TestApi::start().await;
    let blob = Blob {
        bytes: "<svg/>".into(),
        content_type: "image/svg+xml".into(),
    };
    api.app.files.put("products/mug.svg", blob).await.unwrap();
    let seen = api.get("/media/products/mug.svg").send().await;
    assert_eq!(
        (seen.text().as_str(), seen.header("content-type")),
        ("<svg/>", "image/svg+xml")
    );
    assert!(
        seen.header("cache-control").contains("immutable")
            && seen.header("content-security-policy").contains("sandbox")
    );
    let again = api
        .get("/media/products/mug.svg")
        .header("if-none-match", seen.header("etag"))
        .send()
        .await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let head = api.call("HEAD", "/media/products/mug.svg").send().await;
    assert_eq!(
        (head.status, head.body.len(), head.header("content-length")),
        (StatusCode::OK, 0, "6")
    );
    is(&api.get("/media/../secret").send().await, 404, "not_found");
}

#[tokio::test]
async fn no_problem_is_kept_or_shown_to_who_reads_another_language() {
    let api = TestApi::start().await;
    for path in [
        "/media/nothing.png",
        "/media/defect",
        "/metrics",
        "/socket.io/",
        "/nothing",
        "/api/v1/nothing",
    ] {
        let answer = api.get(path).send().await;
        answer.problem();
        assert_eq!(
            answer.header("cache-control"),
            "private, no-store",
            "{path}"
        );
        let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
        assert!(
            vary.iter()
                .any(|value| value.to_str().unwrap().contains("Accept-Language")),
            "{path}: {vary:?}"
        );
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'",
            "{path}"
        );
    }
    let alive = api.get("/healthz").send().await;
    assert!(
        !alive.headers.contains_key("vary"),
        "no problem, no language"
    );
}

#[tokio::test]
async fn a_defect_is_an_internal_problem_and_says_nothing_of_itself() {
    let api = TestApi::start().await;
    let answer = api.get("/media/defect").arabic().send().await;
    is(&answer, 500, "internal");
    assert_eq!(answer.json()["title"], "حدث خطأ ما");
    assert!(!answer.text().contains("defect"), "{}", answer.text());
    assert_eq!(api.get("/healthz").send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn bodies_that_cannot_be_read_say_why() {
    let options = ApiOptions {
        body_limit: 200,
        ..ApiOptions::default()
    };
    let api = TestApi::with(Arc::new(NoLimits), options).await;
    let send = |kind: &str, body: &[u8]| {
        api.post("/api/v1/auth/login")
            .header("content-type", kind)
            .body(body.to_vec())
            .send()
    };
    is(
        &send("application/json", b"{\"email\":").await,
        400,
        "bad_json",
    );
    is(
        &send("application/json", b"{\"email\":\"\xff\"}").await,
        400,
        "bad_utf8",
    );
    is(
        &send("text/plain", b"{}").await,
        415,
        "unsupported_media_type",
    );
    is(
        &send("application/json", &[b' '; 201]).await,
        413,
        "body_too_large",
    );
    let unknown = send(
        "application/json",
        br#"{"email":"a@b.co","password":"x","admin":true}"#,
    )
    .await;
    is(&unknown, 422, "invalid_input");
    assert_eq!(
        unknown.json()["errors"][0],
        json!({"path": "admin", "code": "unknown_field", "detail": "must be left out: there is no such field"})
    );
}

#[tokio::test]
async fn the_shops_language_is_for_those_who_read_neither() {
    let api = TestApi::start().await;
    let admin = api.token(Role::Admin).await;
    let title = || async {
        api.get("/api/v1/nothing")
            .header("accept-language", "fr")
            .send()
            .await
            .json()["title"]
            .clone()
    };
    assert_eq!(title().await, "Not found");
    let changed = api
        .call("PATCH", "/api/v1/admin/shop")
        .token(&admin)
        .json(&json!({"defaultLocale": "ar"}))
        .send()
        .await;
    assert_eq!(changed.json()["defaultLocale"], "ar");
    assert_eq!(title().await, "غير موجود");
    let wrong = json!({"tax": {"rateBasisPoints": 10_001, "inclusive": true}, "shipping": {"fee": {"amount": 1, "currency": "KWD"}}});
    let wrong = api
        .call("PATCH", "/api/v1/admin/shop")
        .token(&admin)
        .json(&wrong)
        .send()
        .await;
    let paths: Vec<_> = wrong.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["path"].clone())
        .collect();
    assert_eq!(paths, ["shipping.fee", "tax.rateBasisPoints"]);
}
