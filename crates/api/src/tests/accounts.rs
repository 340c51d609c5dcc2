//! Signing up and in, the session's cookie, and what is said to those who may not.

use axum::http::StatusCode;
use serde_json::json;
use souk_domain::user::Role;

use super::{Answer, ORIGIN, PASSWORD, TestApi, is};

fn cookie(answer: &Answer) -> String {
    answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_guest_becomes_a_customer_and_the_session_goes_on() {
    let api = TestApi::start().await;
    let guest = api.post("/api/v1/auth/guest").send().await;
    assert_eq!(guest.status, StatusCode::CREATED);
    let token = guest.json()["accessToken"].as_str().unwrap().to_owned();
    let body = json!({"email": "Sara@example.com", "password": PASSWORD, "name": "Sara"});
    let registered = api
        .post("/api/v1/auth/register")
        .token(&token)
        .arabic()
        .json(&body)
        .send()
        .await;
    assert_eq!(
        registered.status,
        StatusCode::CREATED,
        "{}",
        registered.text()
    );
    assert_eq!(
        registered.json()["user"]["id"],
        guest.json()["user"]["id"],
        "the guest became the customer"
    );
    assert_eq!(
        (
            registered.json()["user"]["locale"].as_str(),
            registered.json()["expiresIn"].as_u64()
        ),
        (Some("ar"), Some(600))
    );
    let set = registered.header("set-cookie");
    assert!(
        set.starts_with("souk_refresh=")
            && set.contains("HttpOnly; SameSite=Lax")
            && set.contains("Path=/api/v1/auth"),
        "{set}"
    );
    is(
        &api.post("/api/v1/auth/register").json(&body).send().await,
        409,
        "email_taken",
    );
    let wrong = api
        .post("/api/v1/auth/register")
        .arabic()
        .json(&json!({"email": "x", "password": "short", "name": ""}))
        .send()
        .await;
    is(&wrong, 422, "invalid_input");
    insta::assert_json_snapshot!(wrong.json()["errors"]);

    let refresh = |cookie: &str| {
        api.post("/api/v1/auth/refresh")
            .header("origin", ORIGIN)
            .header("cookie", cookie)
            .send()
    };
    let first = cookie(&registered);
    api.clock.pass(700);
    let renewed = refresh(&first).await;
    assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.text());
    let fresh = renewed.json()["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(
        api.get("/api/v1/me").token(&fresh).send().await.json()["email"],
        "Sara@example.com"
    );
    let stale = registered.json()["accessToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let expired = api.get("/api/v1/me").token(&stale).send().await;
    is(&expired, 401, "token_expired");
    assert!(
        expired
            .header("www-authenticate")
            .contains("error=\"invalid_token\"")
    );
    api.clock.pass(60);
    let reused = refresh(&first).await;
    is(&reused, 401, "token_reused");
    assert!(
        reused.header("set-cookie").contains("Max-Age=0"),
        "the cookie goes"
    );
    is(&refresh(&cookie(&renewed)).await, 401, "session_expired");
}

#[tokio::test]
async fn cookies_are_for_known_origins_alone() {
    let api = TestApi::start().await;
    let guest = api.post("/api/v1/auth/guest").send().await;
    let cookie = cookie(&guest);
    for path in ["/api/v1/auth/refresh", "/api/v1/auth/logout"] {
        is(
            &api.post(path).header("cookie", &cookie).send().await,
            403,
            "origin_refused",
        );
        for origin in [
            "http://evil.test",
            "null",
            "http://shop.test.evil.test",
            "https://shop.test",
        ] {
            is(
                &api.post(path)
                    .header("origin", origin)
                    .header("cookie", &cookie)
                    .send()
                    .await,
                403,
                "origin_refused",
            );
        }
    }
    is(
        &api.post("/api/v1/auth/refresh")
            .header("origin", ORIGIN)
            .send()
            .await,
        401,
        "session_expired",
    );
    let out = api
        .post("/api/v1/auth/logout")
        .header("origin", ORIGIN)
        .header("cookie", &cookie)
        .send()
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    is(
        &api.post("/api/v1/auth/refresh")
            .header("origin", ORIGIN)
            .header("cookie", &cookie)
            .send()
            .await,
        401,
        "session_expired",
    );
    let token = guest.json()["accessToken"].as_str().unwrap().to_owned();
    is(
        &api.get("/api/v1/me").token(&token).send().await,
        401,
        "token_expired",
    );
}

#[tokio::test]
async fn tokens_that_are_not_good_are_never_taken_for_none() {
    let api = TestApi::start().await;
    for value in ["Bearer x.y.z", "Bearer", "Basic abc", "Bearer "] {
        is(
            &api.get("/api/v1/products")
                .header("authorization", value)
                .send()
                .await,
            401,
            "token_invalid",
        );
    }
    let wrong = api
        .post("/api/v1/auth/login")
        .arabic()
        .json(&json!({"email": "a@b.co", "password": "x"}))
        .send()
        .await;
    is(&wrong, 401, "bad_credentials");
    assert_eq!(wrong.json()["title"], "البريد أو كلمة المرور غير صحيحة");
    is(
        &api.post("/api/v1/auth/password/reset")
            .json(&json!({"token": "x", "password": PASSWORD}))
            .send()
            .await,
        400,
        "token_invalid",
    );
    is(
        &api.post("/api/v1/auth/email/verify")
            .json(&json!({"token": "x"}))
            .send()
            .await,
        400,
        "token_invalid",
    );
    let forgot = api
        .post("/api/v1/auth/password/forgot")
        .json(&json!({"email": "nobody@example.com"}))
        .send()
        .await;
    assert_eq!(forgot.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn too_many_tries_are_told_to_wait() {
    let api = TestApi::limited().await;
    let body = json!({"email": "sara@example.com", "password": "wrong"});
    let attempt = || api.post("/api/v1/auth/login").json(&body).send();
    for _ in 0..10 {
        is(&attempt().await, 401, "bad_credentials");
    }
    let refused = attempt().await;
    is(&refused, 429, "too_many_attempts");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn an_address_counts_with_its_network() {
    let api = TestApi::limited().await;
    let come = async |address: String| {
        let guest = api.post("/api/v1/auth/guest").from(&address).send().await;
        (guest.status != StatusCode::CREATED).then(|| guest.problem())
    };
    let refused = Some((429, "too_many_attempts".to_owned()));
    let most = api.app.options.quotas.sign_up_by_address.burst;
    for host in 0..most {
        assert_eq!(come(format!("2001:db8:1:2:{host:x}::1")).await, None);
    }
    assert_eq!(
        come("2001:db8:1:2:ffff::1".into()).await,
        refused,
        "a new address of the same network"
    );
    assert_eq!(come("2001:db8:1:3::1".into()).await, None);
    // A listener of both families sees IPv4 as mapped: those are not one network.
    for _ in 0..most {
        assert_eq!(come("::ffff:198.51.100.1".into()).await, None);
    }
    assert_eq!(come("198.51.100.1".into()).await, refused);
    assert_eq!(come("::ffff:198.51.100.2".into()).await, None);
}

#[tokio::test]
async fn no_other_site_puts_a_session_into_somebodys_browser() {
    let api = TestApi::start().await;
    let code = souk_app::accounts::offer_setup_code(&api.app)
        .await
        .unwrap()
        .unwrap();
    let account = |email: &str| json!({"email": email, "password": PASSWORD, "name": "Sara"});
    let sign_in = json!({"email": "own@example.com", "password": PASSWORD});
    let mut set_up = account("admin@example.com");
    set_up["code"] = json!(code);
    let calls = [
        (
            "/auth/register",
            account("own@example.com"),
            account("none@example.com"),
            201,
        ),
        ("/auth/guest", json!({}), json!({}), 201),
        ("/auth/login", sign_in.clone(), sign_in, 200),
    ];
    let ask = async |path: &str, origin: Option<&str>, body: &serde_json::Value| {
        let call = api.post(&format!("/api/v1{path}")).json(body);
        match origin {
            Some(origin) => call.header("origin", origin).send().await,
            None => call.send().await,
        }
    };
    let others = [
        "http://evil.test",
        "http://shop.test.evil.test",
        "https://shop.test",
        "http://shop.test:81",
        "null",
        "",
    ];
    let refuses = async |path: &str, body: &serde_json::Value| {
        for origin in others {
            let refused = ask(path, Some(origin), body).await;
            is(&refused, 403, "origin_refused");
            assert_eq!(refused.header("set-cookie"), "", "{path} {origin}");
        }
    };
    for (path, own, none, status) in calls {
        refuses(path, &own).await;
        for (origin, body) in [(Some(ORIGIN), &own), (None, &none)] {
            let answer = ask(path, origin, body).await;
            assert_eq!(answer.status, status, "{path}: {}", answer.text());
            assert!(answer.header("set-cookie").starts_with("souk_refresh="));
        }
    }
    // The code is good once: with the own origin, and in another shop with none.
    refuses("/setup", &set_up).await;
    let answer = ask("/setup", Some(ORIGIN), &set_up).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let other = TestApi::start().await;
    let code = souk_app::accounts::offer_setup_code(&other.app).await;
    set_up["code"] = json!(code.unwrap().unwrap());
    let answer = other.post("/api/v1/setup").json(&set_up).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
}

#[tokio::test]
async fn people_see_and_change_themselves() {
    let api = TestApi::start().await;
    let token = api.token(Role::Customer).await;
    let changed = api
        .call("PATCH", "/api/v1/me")
        .token(&token)
        .json(&json!({"name": "سارة", "locale": "en"}))
        .send()
        .await;
    assert_eq!(
        (
            changed.json()["name"].as_str(),
            changed.json()["locale"].as_str()
        ),
        (Some("سارة"), Some("en"))
    );
    let sessions = api
        .get("/api/v1/me/sessions")
        .token(&token)
        .send()
        .await
        .json();
    assert_eq!(
        (
            &sessions["items"][0]["current"],
            &sessions["items"][0]["address"]
        ),
        (&json!(true), &json!("192.0.2.1"))
    );
    let change = |current: &str| {
        let body = json!({"currentPassword": current, "newPassword": "another horse"});
        api.post("/api/v1/me/password")
            .token(&token)
            .json(&body)
            .send()
    };
    let wrong = change("not it").await;
    is(&wrong, 422, "invalid_input");
    assert_eq!(wrong.json()["errors"][0]["path"], "currentPassword");
    assert_eq!(change(PASSWORD).await.status, StatusCode::NO_CONTENT);
    let id = sessions["items"][0]["id"].as_str().unwrap();
    is(
        &api.call("DELETE", "/api/v1/me/sessions/nonsense")
            .token(&token)
            .send()
            .await,
        404,
        "not_found",
    );
    let ended = api
        .call("DELETE", &format!("/api/v1/me/sessions/{id}"))
        .token(&token)
        .send()
        .await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    is(
        &api.get("/api/v1/me").token(&token).send().await,
        401,
        "token_expired",
    );
}
