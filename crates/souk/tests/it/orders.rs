//! Placing and moving orders: nothing is oversold, one key makes one order, stock goes back once.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use crate::test_app::{Answer, Person, TestApp, eml_files, receipts};

fn key() -> String {
    Uuid::now_v7().to_string()
}

/// So many guests, made a few at a time.
async fn guests(app: &Arc<TestApp>, count: usize) -> Vec<Person> {
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        let wave: Vec<_> = (0..100.min(count - all.len()))
            .map(|_| {
                let app = app.clone();
                tokio::spawn(async move { app.guest().await })
            })
            .collect();
        for guest in wave {
            all.push(guest.await.unwrap());
        }
    }
    all
}

/// Everybody wants one unit at once; how often each answer was given.
async fn rush(
    app: &Arc<TestApp>,
    buyers: Vec<Person>,
    variant: &str,
) -> BTreeMap<(u16, String), usize> {
    let waiting: Vec<_> = buyers
        .into_iter()
        .map(|buyer| {
            let (app, variant) = (app.clone(), variant.to_owned());
            tokio::spawn(async move { app.order(&buyer, &variant, 1, &key()).await })
        })
        .collect();
    let mut answers = BTreeMap::new();
    for answer in waiting {
        let answer = answer.await.unwrap();
        *answers
            .entry((answer.status.as_u16(), answer.code()))
            .or_default() += 1;
    }
    answers
}

async fn finish(app: Arc<TestApp>) {
    Arc::into_inner(app)
        .expect("all tasks are done")
        .finish()
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_buyers_after_one_unit() {
    let app = Arc::new(TestApp::start().await);
    let admin = app.admin().await;
    let variant = app.product(&admin, 1).await;
    let buyers = guests(&app, 1_000).await;
    let answers = rush(&app, buyers, &variant).await;
    let expected = BTreeMap::from([
        ((201, String::new()), 1),
        ((409, "out_of_stock".to_owned()), 999),
    ]);
    assert_eq!(answers, expected);
    finish(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_buyers_after_a_thousand_units() {
    let app = Arc::new(TestApp::start().await);
    let admin = app.admin().await;
    // A fleet in one process takes four open files for each connection, and a process may have 20,000.
    let (many, units) = if app.is_fleet() {
        (2_500, 500)
    } else {
        (5_000, 1_000)
    };
    let variant = app.product(&admin, units).await;
    let buyers = guests(&app, many).await;
    let answers = rush(&app, buyers, &variant).await;
    let units = usize::try_from(units).unwrap();
    let expected = BTreeMap::from([
        ((201, String::new()), units),
        ((409, "out_of_stock".to_owned()), many - units),
    ]);
    assert_eq!(answers, expected);
    finish(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_makes_one_order() {
    let app = Arc::new(TestApp::start().await);
    let admin = app.admin().await;
    let variant = app.product(&admin, 50).await;
    let buyer = app.customer("en").await;
    let key = key();
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let (app, buyer, variant, key) =
                (app.clone(), buyer.clone(), variant.clone(), key.clone());
            tokio::spawn(async move { app.order(&buyer, &variant, 2, &key).await })
        })
        .collect();
    let mut answers: Vec<Answer> = Vec::new();
    for answer in waiting {
        answers.push(answer.await.unwrap());
    }
    let first = &answers[0];
    assert_eq!(first.status.as_u16(), 201, "{}", first.text);
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == first.status && answer.text == first.text)
    );
    let replayed = answers
        .iter()
        .filter(|answer| answer.headers.contains_key("idempotency-replayed"))
        .count();
    assert_eq!(replayed, 99);

    // A repeat gets the same answer even when the order has moved on.
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let staff = app.staff().await;
    app.post(
        &format!("/admin/orders/{id}/status"),
        &staff,
        json!({"status": "packed"}),
    )
    .await
    .expect(200);
    assert_eq!(app.order(&buyer, &variant, 2, &key).await.text, first.text);

    app.order(&buyer, &variant, 3, &key)
        .await
        .expect_problem(422, "idempotency_key_reused");
    // Another's key of the same name is another key.
    let other = app.customer("en").await;
    app.order(&other, &variant, 3, &key).await.expect(201);
    let stock = app.get(&format!("/orders/{id}"), &buyer).await.expect(200);
    assert_eq!(stock["status"], "packed");
    finish(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_binds_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let variant = app.product(&admin, 1).await;
    let buyer = app.guest().await;
    let key = key();
    let refused = app.order(&buyer, &variant, 2, &key).await;
    let problem = refused.expect_problem(409, "out_of_stock");
    assert_eq!(
        problem["lines"],
        json!([{"variantId": variant, "requested": 2, "left": 1}])
    );
    // The same key, judged again, with another body: nothing was bound.
    app.order(&buyer, &variant, 1, &key).await.expect(201);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_price_is_the_shops() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let variant = app.product(&admin, 10).await;
    let buyer = app.guest().await;
    let lines =
        json!([{"variantId": variant, "quantity": 1}, {"variantId": variant, "quantity": 2}]);
    let money = |amount: i64| json!({"amount": amount, "currency": "SAR"});
    let wrong = app
        .order_of(
            &buyer,
            json!({"lines": lines, "expectedTotal": money(1)}),
            &key(),
        )
        .await;
    assert_eq!(
        wrong.expect_problem(409, "price_changed")["total"],
        money(7_500)
    );
    let order = app
        .order_of(
            &buyer,
            json!({"lines": lines, "expectedTotal": money(7_500)}),
            &key(),
        )
        .await
        .expect(201);
    assert_eq!(
        order["lines"].as_array().unwrap().len(),
        1,
        "equal lines are merged"
    );
    assert_eq!(order["lines"][0]["quantity"], 3);
    assert_eq!(order["total"], money(7_500));

    // Lines keep the title and price that they were bought at.
    let product = order["lines"][0]["productId"].as_str().unwrap();
    let change = json!({"title": "Renamed", "variants": [{"id": variant, "sku": "MUG", "price": money(9_900)}]});
    app.patch(&format!("/products/{product}"), &admin, change)
        .await
        .expect(200);
    let kept = app
        .get(
            &format!("/orders/{}", order["id"].as_str().unwrap()),
            &buyer,
        )
        .await
        .expect(200);
    assert_eq!(kept["lines"], order["lines"]);

    let shop = json!({
        "shipping": {"fee": money(2_000), "freeOver": money(50_000)},
        "tax": {"rateBasisPoints": 1_500, "inclusive": false},
    });
    app.patch("/admin/shop", &admin, shop).await.expect(200);
    let taxed = app.order(&buyer, &variant, 1, &key()).await.expect(201);
    let sums = ["subtotal", "shipping", "tax", "total"]
        .map(|name| taxed[name]["amount"].as_i64().unwrap());
    assert_eq!(sums, [9_900, 2_000, 1_785, 13_685]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_goes_back_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let staff = app.staff().await;
    let variant = app.product(&admin, 5).await;
    let buyer = app.customer("en").await;
    let order = app.order(&buyer, &variant, 3, &key()).await.expect(201);
    let path = |verb: &str| format!("{}{verb}", order["id"].as_str().unwrap());
    let left = async || {
        let product = order["lines"][0]["productId"].as_str().unwrap();
        app.get(&format!("/products/{product}"), &admin)
            .await
            .expect(200)["variants"][0]["stock"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(left().await, 2);
    app.post(
        &format!("/orders/{}", path("/cancel")),
        &buyer,
        json!({"reason": "changed my mind"}),
    )
    .await
    .expect(200);
    assert_eq!(left().await, 5);
    app.post(&format!("/orders/{}", path("/cancel")), &buyer, json!({}))
        .await
        .expect_problem(409, "invalid_transition");
    let back = json!({"status": "cancelled"});
    app.post(&format!("/admin/orders/{}", path("/status")), &staff, back)
        .await
        .expect_problem(409, "invalid_transition");
    assert_eq!(left().await, 5);

    // What was shipped comes back by a return, once.
    let second = app.order(&buyer, &variant, 2, &key()).await.expect(201);
    let status = format!("/admin/orders/{}/status", second["id"].as_str().unwrap());
    for step in ["packed", "shipped", "delivered", "returned"] {
        app.post(&status, &staff, json!({"status": step, "tracking": "TR-1"}))
            .await
            .expect(200);
    }
    app.post(&status, &staff, json!({"status": "returned"}))
        .await
        .expect_problem(409, "invalid_transition");
    assert_eq!(left().await, 5);
    let cancel = format!("/orders/{}/cancel", second["id"].as_str().unwrap());
    app.post(&cancel, &buyer, json!({}))
        .await
        .expect_problem(409, "invalid_transition");

    // The order's stream tells it all, in order.
    let stream = format!("/streams/order:{}/entries", second["id"].as_str().unwrap());
    let page = app.get(&stream, &buyer).await.expect(200);
    let told: Vec<_> = page["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["data"]["status"].clone())
        .collect();
    assert_eq!(
        told,
        ["placed", "packed", "shipped", "delivered", "returned"]
    );
    assert_eq!(page["head"], 5);
    assert_eq!(page["entries"][1]["data"]["tracking"], "TR-1");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_is_in_the_buyers_language() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let variant = app.product(&admin, 10).await;
    for (locale, header) in [("ar", "ar-SA,ar;q=0.9"), ("en", "en")] {
        let buyer = app.customer(locale).await;
        let request = app.request(reqwest::Method::POST, "/orders", Some(&buyer));
        let request = request
            .header("Idempotency-Key", key())
            .header("Accept-Language", header);
        let body = json!({"lines": [{"variantId": variant, "quantity": 1}]});
        let order = crate::test_app::answer(request.json(&body))
            .await
            .expect(201);
        app.drain().await;
        let mails = eml_files(&app.mails());
        let id = order["id"].as_str().unwrap().to_owned();
        assert_eq!(
            receipts(&mails, buyer.email.as_deref().unwrap()),
            [(id, locale.to_owned())]
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_orders_so_often_and_no_more() {
    let app = TestApp::start_with(&["--rate-limits", "on", "--orders-by-account", "2/1h"]).await;
    let admin = app.admin().await;
    let variant = app.product(&admin, 10).await;
    let (buyer, other) = (app.guest().await, app.guest().await);
    for key in ["one", "two"] {
        app.order(&buyer, &variant, 1, key).await.expect(201);
    }
    let refused = app.order(&buyer, &variant, 1, "three").await;
    refused.expect_problem(429, "too_many_attempts");
    let wait: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=1_800).contains(&wait), "{wait}");
    app.order(&other, &variant, 1, "three").await.expect(201);
    let orders = app.get("/orders", &buyer).await.expect(200);
    assert_eq!(orders["items"].as_array().unwrap().len(), 2);

    // Tries are counted in memory, keys are not: after a restart the key is as good as new, for another order too.
    let app = TestApp::start_in(app.finish().await, &[]).await;
    let placed = app.order(&buyer, &variant, 4, "three").await;
    assert!(!placed.headers.contains_key("idempotency-replayed"));
    assert_eq!(placed.expect(201)["lines"][0]["quantity"], 4);
    app.finish().await;
}
