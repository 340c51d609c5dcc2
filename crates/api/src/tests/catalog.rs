//! Products: shown in the reader's language, kept by caches, changed by admins.

use axum::http::StatusCode;
use serde_json::json;
use souk_domain::user::Role;

use super::{TestApi, is};

#[tokio::test]
async fn many_who_ask_at_once_for_what_is_not_there_are_all_told_so() {
    let api = TestApi::start().await;
    let asked = (0..20).map(|_| api.get("/api/v1/products/nothing").send());
    for answer in futures::future::join_all(asked).await {
        is(&answer, 404, "not_found");
    }
}

#[tokio::test]
async fn products_are_shown_in_the_readers_language_and_kept_by_caches() {
    let api = TestApi::start().await;
    let admin = api.token(Role::Admin).await;
    api.mug(&admin, "mug", 3).await;
    let english = api
        .get("/api/v1/products/mug")
        .header("accept-language", "en")
        .send()
        .await;
    insta::assert_json_snapshot!(english.json(), {".id" => "[id]", ".variants[].id" => "[id]"});
    assert!(
        english
            .header("cache-control")
            .starts_with("public, max-age=0")
    );
    let vary = english
        .headers
        .get_all("vary")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect::<Vec<_>>()
        .join(", ");
    for name in ["Accept-Language", "Authorization", "Origin"] {
        assert!(vary.contains(name), "{vary}");
    }
    let arabic = api.get("/api/v1/products/mug").arabic().send().await;
    assert_eq!(
        (&arabic.json()["title"], &arabic.json()["category"]),
        (&json!("كوب"), &json!("المطبخ"))
    );
    assert_ne!(arabic.header("etag"), english.header("etag"));
    let again = api
        .get("/api/v1/products/mug")
        .arabic()
        .header("if-none-match", arabic.header("etag"))
        .send()
        .await;
    assert_eq!(
        (again.status, again.body.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
    assert_eq!(again.header("etag"), arabic.header("etag"));

    let staff = api.get("/api/v1/products/mug").token(&admin).send().await;
    assert_eq!(staff.json()["variants"][0]["stock"], 3);
    assert_eq!(staff.header("cache-control"), "private, no-store");
    let list = api
        .get("/api/v1/products?q=كوب&category=Kitchen")
        .arabic()
        .send()
        .await
        .json();
    assert_eq!(
        (list["items"].as_array().unwrap().len(), &list["nextCursor"]),
        (1, &json!(null))
    );
    let shelves = api.get("/api/v1/categories").arabic().send().await.json();
    assert_eq!(
        shelves["items"],
        json!([{"name": "Kitchen", "title": "المطبخ", "count": 1}])
    );
    is(
        &api.get("/api/v1/products?cursor=nonsense").send().await,
        400,
        "bad_cursor",
    );
    for wrong in ["limit=0", "limit=101", "limit=x", "status=sold"] {
        is(
            &api.get(&format!("/api/v1/products?{wrong}")).send().await,
            422,
            "invalid_input",
        );
    }
}

#[tokio::test]
async fn a_change_can_be_guarded_against_anothers() {
    let api = TestApi::start().await;
    let admin = api.token(Role::Admin).await;
    let variant = api.mug(&admin, "mug", 3).await;
    let seen = api.get("/api/v1/products/mug").token(&admin).send().await;
    let (path, tag) = (
        format!("/api/v1/products/{}", seen.json()["id"].as_str().unwrap()),
        seen.header("etag").to_owned(),
    );
    let change = |tag: &str, body: serde_json::Value| {
        api.call("PATCH", &path)
            .token(&admin)
            .header("if-match", tag)
            .json(&body)
            .send()
    };

    let stock = json!({"delta": -1, "reason": "broken"});
    let adjusted = api
        .post(&format!("/api/v1/variants/{variant}/stock"))
        .token(&admin)
        .json(&stock)
        .send()
        .await;
    assert_eq!(adjusted.json()["stock"], 2);
    let changed = change(&tag, json!({"title": "Cup", "category": null})).await;
    assert_eq!(
        changed.status,
        StatusCode::OK,
        "stock that moved does not spoil the guard: {}",
        changed.text()
    );
    assert_eq!(
        (&changed.json()["title"], &changed.json()["category"]),
        (&json!("Cup"), &json!(null))
    );
    is(
        &change(&tag, json!({"title": "Bowl"})).await,
        412,
        "precondition_failed",
    );
    is(
        &change("\"nonsense\"", json!({"title": "Bowl"})).await,
        412,
        "precondition_failed",
    );
    assert_eq!(
        change(changed.header("etag"), json!({"title": "Bowl"}))
            .await
            .status,
        StatusCode::OK
    );
    api.mug(&admin, "other", 0).await;
    is(
        &change("*", json!({"handle": "other"})).await,
        409,
        "handle_taken",
    );
    let wrong = change("*", json!({"variants": [{"price": {"amount": -1, "currency": "SAR"}}], "images": [{"url": "javascript:x"}]})).await;
    is(&wrong, 422, "invalid_input");
    let paths: Vec<_> = wrong.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["path"].clone())
        .collect();
    assert_eq!(paths, ["variants[0].price", "images[0].url"]);
    let below = json!({"delta": -9, "reason": "lost"});
    is(
        &api.post(&format!("/api/v1/variants/{variant}/stock"))
            .token(&admin)
            .json(&below)
            .send()
            .await,
        409,
        "stock_below_zero",
    );
    assert_eq!(
        api.call("DELETE", &path).token(&admin).send().await.status,
        StatusCode::NO_CONTENT
    );
    is(
        &api.post(&format!("/api/v1/variants/{variant}/stock"))
            .token(&admin)
            .json(&stock)
            .send()
            .await,
        404,
        "not_found",
    );
    is(
        &api.get("/api/v1/products/mug").token(&admin).send().await,
        404,
        "not_found",
    );
}

#[tokio::test]
async fn drafts_are_for_staff() {
    let api = TestApi::start().await;
    let (admin, customer) = (
        api.token(Role::Admin).await,
        api.token(Role::Customer).await,
    );
    let body = json!({"title": "Tea", "variants": [{"price": {"amount": 500, "currency": "SAR"}}]});
    assert_eq!(
        api.post("/api/v1/products")
            .token(&admin)
            .json(&body)
            .send()
            .await
            .json()["status"],
        "draft"
    );
    is(
        &api.get("/api/v1/products/tea").send().await,
        404,
        "not_found",
    );
    is(
        &api.get("/api/v1/products/tea")
            .token(&customer)
            .send()
            .await,
        404,
        "not_found",
    );
    assert_eq!(
        api.get("/api/v1/products/tea")
            .token(&admin)
            .send()
            .await
            .status,
        StatusCode::OK
    );
    let list = |token: Option<&str>| {
        let call = api.get("/api/v1/products?status=draft");
        token
            .map_or_else(
                || api.get("/api/v1/products?status=draft"),
                |token| call.token(token),
            )
            .send()
    };
    assert_eq!(list(None).await.json()["items"], json!([]));
    assert_eq!(list(Some(&admin)).await.json()["items"][0]["handle"], "tea");
}

#[tokio::test]
async fn a_file_of_products_comes_in_as_a_stream() {
    let api = TestApi::start().await;
    let admin = api.token(Role::Admin).await;
    let csv = "Handle,Title,Body (HTML),Published,Variant Price,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy\n\
               tea,Tea,<p>Hot</p>,true,5.00,shopify,7,deny\n";
    let import = |query: &str, csv: &str| {
        let parts: Vec<_> = csv
            .as_bytes()
            .chunks(11)
            .map(|part| Ok::<_, std::io::Error>(part.to_vec()))
            .collect();
        let body = axum::body::Body::from_stream(futures::stream::iter(parts));
        let path = format!("/api/v1/products/import?{query}");
        api.post(&path)
            .token(&admin)
            .header("content-type", "text/csv; charset=utf-8")
            .body(body)
            .send()
    };
    let dry = import("dryRun=true", csv).await;
    assert_eq!(dry.status, StatusCode::OK, "{}", dry.text());
    assert_eq!(
        (&dry.json()["dryRun"], &dry.json()["products"]["created"]),
        (&json!(true), &json!(1))
    );
    is(
        &api.get("/api/v1/products/tea").send().await,
        404,
        "not_found",
    );
    let report = import("", csv).await.json();
    assert_eq!(
        report["variants"],
        json!({"created": 1, "updated": 0, "unchanged": 0, "removed": 0}),
        "{report}"
    );
    assert_eq!(import("", csv).await.json()["products"]["unchanged"], 1);
    assert_eq!(
        api.get("/api/v1/products/tea").send().await.json()["variants"][0]["price"]["amount"],
        500
    );
    is(
        &api.post("/api/v1/products/import")
            .token(&admin)
            .json(&json!({}))
            .send()
            .await,
        415,
        "unsupported_media_type",
    );
    is(&import("", "").await, 422, "invalid_input");
    is(&import("dryRun=perhaps", "").await, 422, "invalid_input");
}
