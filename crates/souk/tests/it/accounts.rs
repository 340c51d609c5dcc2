//! Accounts and sessions, as browsers use them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::test_app::{Answer, PASSWORD, Person, TestApp, answer, eml_files};

/// The refresh cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    let set = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .find_map(|value| {
            value
                .to_str()
                .unwrap()
                .split(';')
                .next()
                .filter(|pair| pair.starts_with("souk_refresh="))
                .map(str::to_owned)
        });
    set.expect("a refresh cookie")
}

async fn with_cookie(app: &TestApp, path: &str, cookie: &str, origin: Option<&str>) -> Answer {
    let mut request = app
        .request(Method::POST, path, None)
        .header("Cookie", cookie);
    if let Some(origin) = origin {
        request = request.header("Origin", origin);
    }
    answer(request).await
}

fn token(answer: &Value) -> Person {
    Person {
        id: answer["user"]["id"].as_str().unwrap().to_owned(),
        token: answer["accessToken"].as_str().unwrap().to_owned(),
        email: answer["user"]["email"].as_str().map(str::to_owned),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_good_once_and_for_two_tabs() {
    let app = TestApp::start().await;
    let origin = format!("http://{}", app.address());
    let body = json!({"email": "sara@example.com", "password": PASSWORD, "name": "سارة"});
    let registered = app.post("/auth/register", None, body).await;
    let set = registered.headers["set-cookie"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        ["HttpOnly", "SameSite=Lax", "Path=/api/v1/auth"]
            .iter()
            .all(|part| set.contains(part)),
        "{set}"
    );
    let first = cookie(&registered);

    with_cookie(&app, "/auth/refresh", &first, None)
        .await
        .expect_problem(403, "origin_refused");
    with_cookie(&app, "/auth/refresh", &first, Some("http://evil.example"))
        .await
        .expect_problem(403, "origin_refused");
    let one = with_cookie(&app, "/auth/refresh", &first, Some(&origin)).await;
    let two = with_cookie(&app, "/auth/refresh", &first, Some(&origin)).await;
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
    assert_eq!(
        cookie(&one),
        cookie(&two),
        "two tabs get the same successor"
    );
    let third = cookie(&with_cookie(&app, "/auth/refresh", &cookie(&one), Some(&origin)).await);
    let person = token(&one.json());
    app.get("/me", &person).await.expect(200);

    // A copy of a token that was used up: the whole family goes, at once.
    with_cookie(&app, "/auth/refresh", &first, Some(&origin))
        .await
        .expect_problem(401, "token_reused");
    with_cookie(&app, "/auth/refresh", &third, Some(&origin))
        .await
        .expect_problem(401, "session_expired");
    app.get("/me", &person)
        .await
        .expect_problem(401, "token_expired");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended() {
    let app = TestApp::start().await;
    let phone = app.customer("en").await;
    let sign_in = json!({"email": phone.email, "password": PASSWORD});
    let laptop = token(
        &app.post("/auth/login", None, sign_in.clone())
            .await
            .expect(200),
    );
    let sessions = app.get("/me/sessions", &laptop).await.expect(200);
    let items = sessions["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(
        items
            .iter()
            .filter(|session| session["current"] == true)
            .count(),
        1
    );
    let other = items
        .iter()
        .find(|session| session["current"] == false)
        .unwrap();
    app.delete(
        &format!("/me/sessions/{}", other["id"].as_str().unwrap()),
        &laptop,
    )
    .await
    .expect(204);
    app.get("/me", &phone)
        .await
        .expect_problem(401, "token_expired");

    // A new password ends the others and is the only one that is good.
    let tablet = token(
        &app.post("/auth/login", None, sign_in.clone())
            .await
            .expect(200),
    );
    let wrong = json!({"currentPassword": "not this one", "newPassword": "another battery"});
    app.post("/me/password", &laptop, wrong)
        .await
        .expect_problem(422, "invalid_input");
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another battery"});
    app.post("/me/password", &laptop, change).await.expect(204);
    app.get("/me", &laptop).await.expect(200);
    app.get("/me", &tablet)
        .await
        .expect_problem(401, "token_expired");
    app.post("/auth/login", None, sign_in)
        .await
        .expect_problem(401, "bad_credentials");

    let origin = format!("http://{}", app.address());
    let again = app
        .post(
            "/auth/login",
            None,
            json!({"email": phone.email, "password": "another battery"}),
        )
        .await;
    with_cookie(&app, "/auth/logout", &cookie(&again), Some(&origin))
        .await
        .expect(204);
    app.get("/me", &token(&again.json()))
        .await
        .expect_problem(401, "token_expired");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_in_mails_work_once() {
    let app = TestApp::start().await;
    let person = app.customer("ar").await;
    app.drain().await;
    let link = |mails: &[String], page: &str| {
        let mail = mails.iter().rev().find_map(|mail| {
            let text = mail_text(mail);
            let start = text.find(&format!("/{page}?token="))? + page.len() + "/?token=".len();
            let rest = &text[start..];
            Some(
                rest[..rest
                    .find(|c: char| c.is_whitespace() || c == '"' || c == '<')
                    .unwrap_or(rest.len())]
                    .to_owned(),
            )
        });
        mail.unwrap_or_else(|| panic!("no link to {page} in {mails:#?}"))
    };
    let verify = link(&eml_files(&app.mails()), "verify-email");
    assert_eq!(
        app.get("/me", &person).await.expect(200)["emailVerified"],
        false
    );
    app.post("/auth/email/verify", None, json!({"token": verify}))
        .await
        .expect(204);
    assert_eq!(
        app.get("/me", &person).await.expect(200)["emailVerified"],
        true
    );
    app.post("/auth/email/verify", None, json!({"token": "nonsense"}))
        .await
        .expect_problem(400, "token_invalid");

    // Nobody learns whether an address has an account.
    app.post(
        "/auth/password/forgot",
        None,
        json!({"email": "nobody@example.com"}),
    )
    .await
    .expect(202);
    app.post(
        "/auth/password/forgot",
        None,
        json!({"email": person.email}),
    )
    .await
    .expect(202);
    app.drain().await;
    let reset = link(&eml_files(&app.mails()), "reset-password");
    app.post(
        "/auth/password/reset",
        None,
        json!({"token": reset, "password": "short"}),
    )
    .await
    .expect_problem(422, "invalid_input");
    let new = json!({"token": reset, "password": "a new battery"});
    app.post("/auth/password/reset", None, new.clone())
        .await
        .expect(204);
    app.post("/auth/password/reset", None, new)
        .await
        .expect_problem(400, "token_invalid");
    app.get("/me", &person)
        .await
        .expect_problem(401, "token_expired");
    app.post(
        "/auth/login",
        None,
        json!({"email": person.email, "password": "a new battery"}),
    )
    .await
    .expect(200);
    app.finish().await;
}

/// The parts of a mail, decoded.
fn mail_text(mail: &str) -> String {
    let parsed = mail_parser::MessageParser::default().parse(mail).unwrap();
    parsed.body_text(0).unwrap_or_default().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_signs_up_keeps_what_is_theirs() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let variant = app.product(&admin, 5).await;
    let guest = app.guest().await;
    let order = app.order(&guest, &variant, 1, "first").await.expect(201);
    let body = json!({"email": "was.guest@example.com", "password": PASSWORD, "name": "Nora"});
    let customer = token(
        &app.post("/auth/register", &guest, body.clone())
            .await
            .expect(201),
    );
    assert_eq!(customer.id, guest.id);
    // Whoever had the guest's token has not the account.
    app.get("/me", &guest)
        .await
        .expect_problem(401, "token_expired");
    let orders = app.get("/orders", &customer).await.expect(200);
    assert_eq!(orders["items"][0]["id"], order["id"]);
    app.post("/auth/register", None, body)
        .await
        .expect_problem(409, "email_taken");
    let shouted = json!({"email": "WAS.GUEST@example.com", "password": PASSWORD, "name": "Nora"});
    app.post("/auth/register", None, shouted)
        .await
        .expect_problem(409, "email_taken");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_are_limited_by_account_and_by_address() {
    let app = TestApp::start_with(&[
        "--rate-limits",
        "on",
        "--sign-in-by-account",
        "3/1h",
        "--sign-in-by-address",
        "6/1h",
    ])
    .await;
    let person = app.customer("en").await;
    let wrong = json!({"email": person.email, "password": "wrong password"});
    for _ in 0..3 {
        app.post("/auth/login", None, wrong.clone())
            .await
            .expect_problem(401, "bad_credentials");
    }
    let limited = app
        .post(
            "/auth/login",
            None,
            json!({"email": person.email, "password": PASSWORD}),
        )
        .await;
    limited.expect_problem(429, "too_many_attempts");
    let wait: u64 = limited.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=1_200).contains(&wait), "{wait}");
    // Other accounts from the same address run into the address's own limit.
    let mut codes = Vec::new();
    for number in 0..4 {
        let body =
            json!({"email": format!("nobody{number}@example.com"), "password": "wrong password"});
        codes.push(app.post("/auth/login", None, body).await.code());
    }
    assert_eq!(
        codes,
        [
            "bad_credentials",
            "bad_credentials",
            "too_many_attempts",
            "too_many_attempts"
        ]
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_needs_the_printed_code_once() {
    let app = TestApp::start().await;
    let code = app.greeting().last().unwrap().trim().to_owned();
    assert_eq!(
        app.get("/shop", None).await.expect(200)["setupRequired"],
        true
    );
    let body = |code: &str| json!({"code": code, "email": "owner@example.com", "password": PASSWORD, "name": "Owner"});
    app.post("/setup", None, body("0000-0000-0000-0000"))
        .await
        .expect_problem(403, "setup_code_wrong");
    let made = app.post("/setup", None, body(&code)).await.expect(201);
    assert_eq!(made["user"]["role"], "admin");
    app.post("/setup", None, body(&code))
        .await
        .expect_problem(409, "already_set_up");
    assert_eq!(
        app.get("/shop", None).await.expect(200)["setupRequired"],
        false
    );
    let folder = app.finish().await;
    let again = TestApp::start_in(folder, &[]).await;
    assert!(again.greeting().is_empty(), "nobody needs a code any more");
    again.finish().await;
}
