//! Stock moved by hand: once for each key, and never past what can be counted.

use axum::http::StatusCode;
use serde_json::{Value, json};
use souk_domain::catalog::Stock;
use souk_domain::user::Role;

use super::{Answer, TestApi, is};

/// A variant whose stock somebody moves.
struct Shelf<'a> {
    api: &'a TestApi,
    admin: &'a str,
    product: String,
    path: String,
}

impl<'a> Shelf<'a> {
    /// A product's only variant, with three units.
    async fn of(api: &'a TestApi, admin: &'a str, inventory: &str) -> Self {
        let body = json!({
            "title": inventory,
            "variants": [{"price": {"amount": 100, "currency": "SAR"}, "inventory": inventory}],
        });
        let made = api
            .post("/api/v1/products")
            .token(admin)
            .json(&body)
            .send()
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let made = made.json();
        let variant = made["variants"][0]["id"].as_str().unwrap();
        let shelf = Self {
            api,
            admin,
            product: format!("/api/v1/products/{}", made["id"].as_str().unwrap()),
            path: format!("/api/v1/variants/{variant}/stock"),
        };
        let filled = shelf.change(&json!(3), "opening", None).await;
        assert_eq!(filled.status, StatusCode::OK, "{}", filled.text());
        shelf
    }

    async fn change(&self, delta: &Value, reason: &str, key: Option<&str>) -> Answer {
        let body = json!({"delta": delta, "reason": reason});
        let call = self.api.post(&self.path).token(self.admin).json(&body);
        match key {
            Some(key) => call.key(key).send().await,
            None => call.send().await,
        }
    }

    /// What is left: as it is shown, and as the next move counts it.
    async fn left(&self) -> i64 {
        let product = self.api.get(&self.product).token(self.admin).send().await;
        let shown = product.json()["variants"][0]["stock"].as_i64();
        self.change(&json!(1), "look", None).await;
        let left = self.change(&json!(-1), "look", None).await.json()["stock"]
            .as_i64()
            .unwrap();
        assert!(
            shown.is_none_or(|shown| shown == left),
            "{shown:?} is shown, {left} are left"
        );
        left
    }
}

#[tokio::test]
async fn a_key_moves_stock_once_and_names_one_move() {
    let api = TestApi::start().await;
    let admin = api.token(Role::Admin).await;
    let shelf = Shelf::of(&api, &admin, "tracked").await;
    let first = shelf.change(&json!(4), "delivery", Some("k")).await;
    assert_eq!(first.json()["stock"], 7, "{}", first.text());
    let again = shelf.change(&json!(4), "delivery", Some("k")).await;
    assert_eq!(
        (again.status, &again.body),
        (first.status, &first.body),
        "the same is answered the same"
    );
    for (delta, reason) in [(5, "delivery"), (-4, "delivery"), (4, "found")] {
        let other = shelf.change(&json!(delta), reason, Some("k")).await;
        is(&other, 422, "idempotency_key_reused");
    }
    assert_eq!(shelf.left().await, 7);
}

#[tokio::test]
async fn a_key_that_is_forgotten_still_moves_nothing_twice() {
    let api = TestApi::start().await;
    let admin = api.token(Role::Admin).await;
    let shelf = Shelf::of(&api, &admin, "tracked").await;
    let change = async |delta, reason| {
        shelf.change(&json!(delta), reason, Some("k")).await.json()["stock"].clone()
    };
    assert_eq!(change(4, "delivery").await, 7);
    // The answer is gone, as it is when a server is killed before it keeps one; the move is not.
    let forget = async || {
        let after = api.app.now() + std::time::Duration::from_hours(25);
        assert_eq!(
            api.app.store.trim(after).await.unwrap(),
            1,
            "one answer was kept"
        );
    };
    forget().await;
    assert_eq!(change(4, "delivery").await, 7, "the same move, once");
    forget().await;
    assert_eq!(
        change(-2, "delivery").await,
        5,
        "what says something else is another move, and is made"
    );
    forget().await;
    assert_eq!(change(-2, "broken").await, 3);
    assert_eq!(shelf.left().await, 3);
}

#[tokio::test]
async fn what_cannot_be_counted_changes_nothing() {
    let api = TestApi::start().await;
    let admin = api.token(Role::Admin).await;
    let largest = Stock::MOST;
    for inventory in ["tracked", "untracked", "backorder"] {
        let shelf = Shelf::of(&api, &admin, inventory).await;
        let deltas = [
            json!(i64::MIN),
            json!(i64::MIN + 1),
            json!(-largest - 4),
            json!(largest - 2),
            json!(largest),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(-1e300),
            json!(1e300),
            json!(0.5),
            json!(0),
            json!("1"),
            json!(null),
        ];
        for delta in deltas {
            let refused = shelf.change(&delta, "extreme", Some(inventory)).await;
            // A counted variant cannot go below zero; that is said first.
            if inventory == "tracked" && delta.as_i64().is_some_and(|delta| delta < 0) {
                is(&refused, 409, "stock_below_zero");
            } else {
                is(&refused, 422, "invalid_input");
                assert_eq!(refused.json()["errors"][0]["path"], "delta", "{delta}");
            }
        }
        assert_eq!(shelf.left().await, 3, "{inventory}");
        // What was refused bound no key, and the most that can be counted can be had.
        let most = json!(largest - 3);
        let filled = shelf.change(&most, "all", Some(inventory)).await;
        assert_eq!(filled.json()["stock"], largest, "{inventory}");
        is(
            &shelf.change(&json!(1), "more", None).await,
            422,
            "invalid_input",
        );
    }
    assert_eq!(api.app.store.verify().await.unwrap(), []);
}

#[tokio::test]
async fn no_product_begins_with_what_cannot_be_counted() {
    let api = TestApi::start().await;
    let admin = api.token(Role::Admin).await;
    let cases = [
        (json!(i64::MIN), "must be 0 or more"),
        (json!(-1), "must be 0 or more"),
        (
            json!(Stock::MOST + 1),
            "must be a whole number that can be counted",
        ),
        (
            json!(i64::MAX),
            "must be a whole number that can be counted",
        ),
    ];
    for (stock, must) in cases {
        let body = json!({
            "title": "Tea",
            "variants": [{"price": {"amount": 100, "currency": "SAR"}, "stock": stock}],
        });
        let refused = api
            .post("/api/v1/products")
            .token(&admin)
            .header("accept-language", "en")
            .json(&body)
            .send()
            .await;
        is(&refused, 422, "invalid_input");
        let fault = &refused.json()["errors"][0];
        assert_eq!(
            (&fault["path"], &fault["detail"]),
            (&json!("variants[0].stock"), &json!(must)),
            "{stock}"
        );
    }
    let list = api.get("/api/v1/products").token(&admin).send().await;
    assert_eq!(list.json()["items"], json!([]));
}
