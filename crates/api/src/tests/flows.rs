//! Buying, from the first look to the carrier, and what is said when it cannot be.

use axum::http::StatusCode;
use serde_json::{Value, json};
use souk_domain::user::Role;

use super::{TestApi, is};

fn order(variant: &str, quantity: i64) -> Value {
    json!({"lines": [{"variantId": variant, "quantity": quantity}]})
}

#[tokio::test]
async fn an_order_is_placed_once_and_goes_its_way() {
    let api = TestApi::start().await;
    let (admin, staff, buyer) = (
        api.token(Role::Admin).await,
        api.token(Role::Staff).await,
        api.token(Role::Customer).await,
    );
    let variant = api.mug(&admin, "mug", 3).await;
    let body = json!({
        "lines": [{"variantId": variant, "quantity": 1}, {"variantId": variant, "quantity": 1}],
        "expectedTotal": {"amount": 7200, "currency": "SAR"},
        "address": {"name": " Sara ", "phone": "+966 50 123 4567", "line1": "Olaya 12", "line2": "", "city": "Riyadh", "country": "sa"},
        "note": " Ring twice.\r\nThanks ",
        "payment": {"method": "transfer"},
    });
    let place = || {
        api.post("/api/v1/orders")
            .token(&buyer)
            .key("k-1")
            .json(&body)
            .send()
    };
    let first = place().await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    let placed = first.json();
    let id = placed["id"].as_str().unwrap();
    assert_eq!(first.header("location"), format!("/api/v1/orders/{id}"));
    assert_eq!(first.header("cache-control"), "private, no-store");
    insta::assert_json_snapshot!(placed, {
        ".id" => "[id]", ".userId" => "[id]", ".number" => "[number]", ".lines[].variantId" => "[id]", ".lines[].productId" => "[id]",
    });

    api.clock.pass(60);
    let again = place().await;
    assert_eq!(
        (again.status, &again.body),
        (StatusCode::CREATED, &first.body),
        "a repeat gets the same bytes"
    );
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.header("idempotency-replayed"), "");
    let other = api
        .post("/api/v1/orders")
        .token(&buyer)
        .key("k-1")
        .json(&order(&variant, 1))
        .send()
        .await;
    is(&other, 422, "idempotency_key_reused");

    let status = format!("/api/v1/admin/orders/{id}/status");
    let packed = api
        .post(&status)
        .token(&staff)
        .json(&json!({"status": "packed"}))
        .send()
        .await;
    assert_eq!(packed.json()["status"], "packed");
    assert_eq!(
        packed.json()["customer"]["name"],
        "Sara",
        "staff see who bought"
    );
    let shipped = json!({"status": "shipped", "tracking": "AB-1"});
    assert_eq!(
        api.post(&status)
            .token(&staff)
            .json(&shipped)
            .send()
            .await
            .json()["tracking"],
        "AB-1"
    );
    let back = api
        .post(&status)
        .token(&staff)
        .json(&json!({"status": "placed"}))
        .arabic()
        .send()
        .await;
    is(&back, 409, "invalid_transition");
    assert_eq!(
        back.json()["detail"],
        "لا يمكن الانتقال من «تم الشحن» إلى «تم الطلب»."
    );
    is(
        &api.post(&format!("/api/v1/orders/{id}/cancel"))
            .token(&buyer)
            .send()
            .await,
        409,
        "invalid_transition",
    );
    let payment = format!("/api/v1/admin/orders/{id}/payment");
    let paid = api
        .post(&payment)
        .token(&staff)
        .json(&json!({"status": "paid"}))
        .send()
        .await;
    assert_eq!(
        paid.json()["payment"],
        json!({"method": "transfer", "status": "paid"})
    );
    assert_eq!(
        place().await.body,
        first.body,
        "and still the same after it moved on"
    );

    let seen = api
        .get(&format!("/api/v1/orders/{id}"))
        .token(&buyer)
        .send()
        .await
        .json();
    assert_eq!(
        (&seen["status"], &seen["customer"]),
        (&json!("shipped"), &Value::Null)
    );
    let entries = api
        .get(&format!(
            "/api/v1/streams/order:{id}/entries?after=1&limit=2"
        ))
        .token(&buyer)
        .send()
        .await
        .json();
    assert_eq!(entries["head"], 4);
    let kinds: Vec<_> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["seq"], &entry["data"]))
        .collect();
    assert_eq!(
        kinds[0],
        (
            &json!(2),
            &json!({"status": "packed", "previous": "placed"})
        )
    );
    let by_number = format!(
        "/api/v1/admin/orders?q={}",
        placed["number"].as_str().unwrap()
    );
    let found = api.get(&by_number).token(&staff).send().await.json();
    assert_eq!(
        (found["items"][0]["id"].as_str(), &found["nextCursor"]),
        (Some(id), &Value::Null)
    );
}

#[tokio::test]
async fn what_cannot_be_bought_says_why() {
    let api = TestApi::start().await;
    let (admin, buyer) = (api.token(Role::Admin).await, api.token(Role::Guest).await);
    let variant = api.mug(&admin, "mug", 3).await;
    let place = |body: Value| {
        api.post("/api/v1/orders")
            .token(&buyer)
            .key("k")
            .json(&body)
            .send()
    };

    let short = place(order(&variant, 4)).await;
    is(&short, 409, "out_of_stock");
    assert_eq!(
        short.json()["lines"],
        json!([{"variantId": variant, "requested": 4, "left": 3}])
    );
    let dearer = place(json!({"lines": [{"variantId": variant, "quantity": 1}], "expectedTotal": {"amount": 1, "currency": "SAR"}})).await;
    is(&dearer, 409, "price_changed");
    assert_eq!(
        dearer.json()["total"],
        json!({"amount": 3600, "currency": "SAR"})
    );
    let foreign = json!({"lines": [{"variantId": variant, "quantity": 1}], "expectedTotal": {"amount": 3600, "currency": "KWD"}});
    is(&place(foreign).await, 409, "price_changed");
    let nobody = "0192d9f0-0000-7000-8000-ffffffffffff";
    let unknown = place(json!({"lines": [{"variantId": variant, "quantity": 1}, {"variantId": nobody, "quantity": 1}]})).await;
    is(&unknown, 422, "variant_unknown");
    assert_eq!(unknown.json()["errors"][0]["path"], "lines[1].variantId");

    for (body, path) in [
        (json!({"lines": []}), "lines"),
        (order(&variant, 0), "lines[0].quantity"),
        (order(&variant, -1), "lines[0].quantity"),
        (order(&variant, i64::MAX), "lines[0].quantity"),
        (
            json!({"lines": [{"variantId": variant, "quantity": 1.5}]}),
            "lines[0].quantity",
        ),
        (
            json!({"lines": [{"variantId": variant, "quantity": 1, "price": 0}]}),
            "lines[0].price",
        ),
        (
            json!({"lines": [{"variantId": variant, "quantity": 1}], "note": "x".repeat(1_001)}),
            "note",
        ),
        (
            json!({"lines": [{"variantId": variant, "quantity": 1}], "note": "\u{0}x"}),
            "note",
        ),
        (
            json!({"lines": [{"variantId": variant, "quantity": 1}], "payment": {"method": "gold"}}),
            "payment.method",
        ),
        (
            json!({"lines": [{"variantId": variant, "quantity": 1}],
                "address": {"name": "S", "phone": "call me", "line1": "1", "city": "R", "country": "SA"}}),
            "address.phone",
        ),
    ] {
        let answer = place(body.clone()).await;
        is(&answer, 422, "invalid_input");
        assert_eq!(answer.json()["errors"][0]["path"], path, "{body}");
    }
    let keyless = api
        .post("/api/v1/orders")
        .token(&buyer)
        .json(&order(&variant, 1))
        .send()
        .await;
    is(&keyless, 400, "idempotency_key_missing");
    let spaced = api
        .post("/api/v1/orders")
        .token(&buyer)
        .key("a b")
        .json(&order(&variant, 1))
        .send()
        .await;
    is(&spaced, 422, "invalid_input");
    assert_eq!(
        place(order(&variant, 3)).await.status,
        StatusCode::CREATED,
        "nothing that was refused bound the key"
    );
}

#[tokio::test]
async fn nobody_sees_or_moves_what_is_not_theirs() {
    let api = TestApi::start().await;
    let (admin, buyer, other, staff) = (
        api.token(Role::Admin).await,
        api.token(Role::Customer).await,
        api.token(Role::Customer).await,
        api.token(Role::Staff).await,
    );
    let variant = api.mug(&admin, "mug", 3).await;
    let placed = api
        .post("/api/v1/orders")
        .token(&buyer)
        .key("k")
        .json(&order(&variant, 1))
        .send()
        .await
        .json();
    let id = placed["id"].as_str().unwrap();
    is(
        &api.get(&format!("/api/v1/orders/{id}"))
            .token(&other)
            .send()
            .await,
        404,
        "not_found",
    );
    is(
        &api.get(&format!("/api/v1/orders/{id}")).send().await,
        401,
        "unauthenticated",
    );
    is(
        &api.post(&format!("/api/v1/orders/{id}/cancel"))
            .token(&other)
            .send()
            .await,
        404,
        "not_found",
    );
    is(
        &api.get(&format!("/api/v1/streams/order:{id}/entries"))
            .token(&other)
            .send()
            .await,
        404,
        "not_found",
    );
    is(
        &api.get("/api/v1/streams/store/entries")
            .token(&other)
            .send()
            .await,
        403,
        "forbidden",
    );
    is(
        &api.get("/api/v1/streams/nonsense/entries")
            .token(&other)
            .send()
            .await,
        404,
        "not_found",
    );
    assert_eq!(
        api.get("/api/v1/orders").token(&other).send().await.json()["items"],
        json!([])
    );
    for (method, path) in [
        ("GET", "/api/v1/admin/orders"),
        ("GET", "/api/v1/admin/jobs"),
        ("GET", "/api/v1/admin/mails"),
        (
            "POST",
            "/api/v1/admin/jobs/0192d9f0-0000-7000-8000-000000000000/retry",
        ),
        (
            "DELETE",
            "/api/v1/products/0192d9f0-0000-7000-8000-000000000000",
        ),
        ("POST", "/api/v1/products/import"),
    ] {
        is(&api.call(method, path).send().await, 401, "unauthenticated");
        is(
            &api.call(method, path).token(&other).send().await,
            403,
            "forbidden",
        );
    }
    is(
        &api.call("PATCH", "/api/v1/admin/shop")
            .token(&staff)
            .json(&json!({}))
            .send()
            .await,
        403,
        "forbidden",
    );
    assert_eq!(
        api.get("/api/v1/admin/jobs?state=failed")
            .token(&staff)
            .send()
            .await
            .json()["items"],
        json!([])
    );
    is(
        &api.get("/api/v1/admin/jobs?state=done")
            .token(&staff)
            .send()
            .await,
        422,
        "invalid_input",
    );
}
