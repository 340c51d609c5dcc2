//! Bad input gets a clear answer, in both languages, and harms nobody: the same process goes on.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::test_app::{Answer, Person, TestApp, answer};

async fn raw(
    app: &TestApp,
    person: &Person,
    path: &str,
    content_type: &str,
    body: Vec<u8>,
) -> Answer {
    let request = app
        .request(Method::POST, path, Some(person))
        .header("Content-Type", content_type);
    answer(
        request
            .header("Idempotency-Key", Uuid::now_v7().to_string())
            .body(body),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_orders() {
    let app = TestApp::start().await;
    let buyer = app.guest().await;
    let json_type = "application/json";
    let order = |lines: Value| json!({"lines": lines}).to_string().into_bytes();
    let some = Uuid::now_v7().to_string();
    let line = |quantity: Value| order(json!([{"variantId": some, "quantity": quantity}]));
    let many: Vec<Value> = (0..101)
        .map(|_| json!({"variantId": Uuid::now_v7(), "quantity": 1}))
        .collect();
    let deep = format!(
        "{{\"lines\":{}1{}}}",
        "[".repeat(20_000),
        "]".repeat(20_000)
    )
    .into_bytes();
    let cases: Vec<(&str, &str, Vec<u8>, u16, &str)> = vec![
        (
            "not json",
            json_type,
            b"{\"lines\": [".to_vec(),
            400,
            "bad_json",
        ),
        ("empty", json_type, Vec::new(), 400, "bad_json"),
        ("deep", json_type, deep, 422, "invalid_input"),
        (
            "bad utf-8",
            json_type,
            b"{\"lines\": [], \"note\": \"\xff\xfe\"}".to_vec(),
            400,
            "bad_utf8",
        ),
        (
            "too large",
            json_type,
            vec![b' '; 2 << 20],
            413,
            "body_too_large",
        ),
        (
            "not said to be json",
            "text/plain",
            order(json!([])),
            415,
            "unsupported_media_type",
        ),
        ("an array", json_type, b"[]".to_vec(), 422, "invalid_input"),
        ("null", json_type, b"null".to_vec(), 422, "invalid_input"),
        (
            "no lines",
            json_type,
            order(json!([])),
            422,
            "invalid_input",
        ),
        (
            "too many lines",
            json_type,
            order(json!(many)),
            422,
            "invalid_input",
        ),
        (
            "a negative quantity",
            json_type,
            line(json!(-1)),
            422,
            "invalid_input",
        ),
        (
            "nothing of it",
            json_type,
            line(json!(0)),
            422,
            "invalid_input",
        ),
        (
            "too much of it",
            json_type,
            line(json!(10_001)),
            422,
            "invalid_input",
        ),
        (
            "past every integer",
            json_type,
            line(json!(1e300)),
            422,
            "invalid_input",
        ),
        (
            "a fraction",
            json_type,
            line(json!(1.5)),
            422,
            "invalid_input",
        ),
        ("a word", json_type, line(json!("1")), 422, "invalid_input"),
        (
            "no id",
            json_type,
            order(json!([{"variantId": "x", "quantity": 1}])),
            422,
            "invalid_input",
        ),
        (
            "an unknown field",
            json_type,
            json!({"lines": [], "price": 1}).to_string().into_bytes(),
            422,
            "invalid_input",
        ),
        (
            "a price",
            json_type,
            order(json!([{"variantId": some, "quantity": 1, "price": 1}])),
            422,
            "invalid_input",
        ),
        (
            "an unknown variant",
            json_type,
            line(json!(1)),
            422,
            "variant_unknown",
        ),
    ];
    for (what, content_type, body, status, code) in cases {
        let got = raw(&app, &buyer, "/orders", content_type, body).await;
        assert_eq!(
            (got.status.as_u16(), got.code().as_str()),
            (status, code),
            "{what}: {}",
            got.text
        );
        assert_eq!(
            got.headers["content-type"], "application/problem+json",
            "{what}"
        );
    }
    let negative = raw(&app, &buyer, "/orders", json_type, line(json!(-1)))
        .await
        .json();
    assert_eq!(negative["errors"][0]["path"], "lines[0].quantity");
    let unknown = raw(
        &app,
        &buyer,
        "/orders",
        json_type,
        json!({"lines": [], "price": 1}).to_string().into_bytes(),
    )
    .await
    .json();
    assert_eq!(unknown["errors"][0]["code"], "unknown_field", "{unknown}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_tokens() {
    let app = TestApp::start().await;
    let buyer = app.guest().await;
    let body = json!({"lines": [{"variantId": Uuid::now_v7(), "quantity": 1}]});
    app.post("/orders", &buyer, body.clone())
        .await
        .expect_problem(400, "idempotency_key_missing");
    for key in ["", " ", "a b", "ключ", &"k".repeat(256)] {
        let request = app
            .request(Method::POST, "/orders", Some(&buyer))
            .json(&body);
        let Ok(value) = reqwest::header::HeaderValue::from_bytes(key.as_bytes()) else {
            continue;
        };
        let got = answer(request.header("Idempotency-Key", value)).await;
        assert!(
            [400, 422].contains(&got.status.as_u16()),
            "{key:?}: {}",
            got.text
        );
    }
    let parts: Vec<&str> = buyer.token.split('.').collect();
    let forged = [
        ("not a token".to_owned(), "token_invalid"),
        ("a.b.c".to_owned(), "token_invalid"),
        (
            format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86)),
            "token_invalid",
        ),
        (
            format!("eyJhbGciOiJub25lIn0.{}.", parts[1]),
            "token_invalid",
        ),
    ];
    for (token, code) in forged {
        let person = Person {
            token,
            ..buyer.clone()
        };
        app.get("/me", &person).await.expect_problem(401, code);
    }
    app.get("/me", None)
        .await
        .expect_problem(401, "unauthenticated");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_speak_the_readers_language() {
    let app = TestApp::start().await;
    let buyer = app.guest().await;
    let ask = async |language: &str, path: &str| {
        let request = app
            .request(Method::GET, path, Some(&buyer))
            .header("Accept-Language", language);
        answer(request).await.json()
    };
    let is_arabic = |text: &Value| {
        text.as_str()
            .unwrap()
            .chars()
            .any(|c| ('\u{0600}'..'\u{0700}').contains(&c))
    };
    for path in [
        "/orders/nonsense",
        "/admin/orders",
        "/orders?limit=0",
        "/orders?cursor=zzz",
        "/nowhere",
    ] {
        let (arabic, english) = (ask("ar", path).await, ask("en", path).await);
        assert_eq!(arabic["code"], english["code"]);
        assert!(
            is_arabic(&arabic["title"]) && is_arabic(&arabic["detail"]),
            "{path}: {arabic}"
        );
        assert!(
            !is_arabic(&english["title"]) && !is_arabic(&english["detail"]),
            "{path}: {english}"
        );
    }
    let request = app
        .request(Method::POST, "/auth/register", None)
        .header("Accept-Language", "ar");
    let refused = answer(request.json(&json!({"email": "x", "password": "y", "name": ""}))).await;
    let problem = refused.expect_problem(422, "invalid_input");
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 3);
    assert!(
        errors.iter().all(|error| is_arabic(&error["detail"])),
        "{problem}"
    );
    app.get("/orders/nonsense", &buyer)
        .await
        .expect_problem(404, "not_found");
    let wrong_method = app.delete("/orders", &buyer).await;
    wrong_method.expect_problem(405, "method_not_allowed");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_notes_and_prices_are_checked() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let variant = app.product(&admin, 5).await;
    let buyer = app.guest().await;
    let lines = json!([{"variantId": variant, "quantity": 1}]);
    let address = |more: Value| {
        let mut address = json!({"name": "سارة", "phone": "+966501234567", "line1": "شارع العليا", "city": "الرياض", "country": "SA"});
        address
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        address
    };
    let cases = [
        (
            json!({"lines": lines, "address": address(json!({"phone": "call me"}))}),
            "address.phone",
        ),
        (
            json!({"lines": lines, "address": address(json!({"country": "Saudi"}))}),
            "address.country",
        ),
        (
            json!({"lines": lines, "address": address(json!({"line1": " "}))}),
            "address.line1",
        ),
        (json!({"lines": lines, "note": "x".repeat(1_001)}), "note"),
        (json!({"lines": lines, "note": "a\u{0000}b"}), "note"),
        (
            json!({"lines": lines, "payment": {"method": "gold"}}),
            "payment.method",
        ),
    ];
    for (body, path) in cases {
        let problem = app
            .order_of(&buyer, body, &Uuid::now_v7().to_string())
            .await
            .expect_problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["path"], path, "{problem}");
    }
    let price = |amount: Value| json!({"title": "T", "variants": [{"price": {"amount": amount, "currency": "SAR"}}]});
    for amount in [json!(-1), json!(1.5), json!(i64::MAX), json!("1")] {
        app.post("/products", &admin, price(amount))
            .await
            .expect_problem(422, "invalid_input");
    }
    let euro = json!({"title": "T", "variants": [{"price": {"amount": 1, "currency": "EUR"}}]});
    app.post("/products", &admin, euro)
        .await
        .expect_problem(422, "invalid_input");
    let stock = format!("/variants/{variant}/stock");
    app.post(&stock, &admin, json!({"delta": -6, "reason": "broken"}))
        .await
        .expect_problem(409, "stock_below_zero");
    app.post(&stock, &admin, json!({"delta": i64::MAX, "reason": "x"}))
        .await
        .expect_problem(422, "invalid_input");
    app.post(&stock, &admin, json!({"delta": -5, "reason": "broken"}))
        .await
        .expect(200);
    app.finish().await;
}
