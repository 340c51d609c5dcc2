//! The catalogue: found in either script, paged without gaps, cached, kept by admins.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::test_app::{Person, TestApp, answer};

async fn make(app: &TestApp, admin: &Person, title: &str, arabic: &str, more: Value) -> Value {
    let mut body = json!({
        "title": title,
        "status": "published",
        "translations": {"ar": {"title": arabic}},
        "variants": [{"price": {"amount": 100, "currency": "SAR"}, "stock": 1}],
    });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    app.post("/products", admin, body).await.expect(201)
}

async fn found(app: &TestApp, question: &str) -> Vec<String> {
    let request = app
        .request(Method::GET, "/products", None)
        .query(&[("q", question)]);
    let list = answer(request).await.expect(200);
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|product| product["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn search_in_arabic_and_english() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    make(
        &app,
        &admin,
        "Arabic Coffee",
        "قهوة عربيّة",
        json!({"tags": ["hot drinks"], "category": "Kitchen"}),
    )
    .await;
    make(
        &app,
        &admin,
        "Brass Coffee Pot 12",
        "دلّة نحاسيّة ١٢",
        json!({"vendor": "Al-Ahsa"}),
    )
    .await;
    make(
        &app,
        &admin,
        "Prayer Rug",
        "سجّادة صلاة",
        json!({"tags": ["coffee coloured"]}),
    )
    .await;

    for question in [
        "قهوة",
        "قهوه",
        "قَهْوَة",
        "قهـــوة",
        "قهو",
        "عربيه قهوة",
        "القهوة قهوة",
    ] {
        let expected: &[&str] = if question.contains("القهوة") {
            &[]
        } else {
            &["Arabic Coffee"]
        };
        assert_eq!(found(&app, question).await, expected, "{question}");
    }
    for question in ["12", "١٢", "۱۲", "دله", "brass p", "AHSA"] {
        assert_eq!(
            found(&app, question).await,
            ["Brass Coffee Pot 12"],
            "{question}"
        );
    }
    // Words of the title weigh more; within that, the newest comes first.
    assert_eq!(
        found(&app, "coffee").await,
        ["Brass Coffee Pot 12", "Arabic Coffee", "Prayer Rug"]
    );
    assert_eq!(found(&app, "hot").await, ["Arabic Coffee"]);
    for question in [
        "tea",
        "\" OR *",
        "coffee NOT brass",
        "title:coffee",
        "(((",
        "***",
        "-",
    ] {
        let items = found(&app, question).await;
        assert!(items.is_empty(), "{question}: {items:?}");
    }
    let arabic = app
        .request(Method::GET, "/products?q=coffee+pot", None)
        .header("Accept-Language", "ar");
    assert_eq!(
        answer(arabic).await.expect(200)["items"][0]["title"],
        "دلّة نحاسيّة ١٢"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_no_gap_and_no_repeat() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for number in 0..25 {
        make(&app, &admin, &format!("Cup {number}"), "كوب", json!({})).await;
    }
    for list in ["/products?", "/products?q=cup&"] {
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let next = cursor
                .map(|cursor| format!("&cursor={cursor}"))
                .unwrap_or_default();
            let page = app
                .get(&format!("{list}limit=7{next}"), None)
                .await
                .expect(200);
            seen.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|product| product["id"].to_string()),
            );
            // A new one in between belongs to the beginning, and moves nothing.
            if seen.len() == 7 && list == "/products?" {
                make(&app, &admin, "Latecomer", "متأخر", json!({})).await;
            }
            cursor = page["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 25, "{list}");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 25, "{list}");
    }
    app.get("/products?cursor=nonsense", None)
        .await
        .expect_problem(400, "bad_cursor");
    app.get("/products?limit=101", None)
        .await
        .expect_problem(422, "invalid_input");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_cached_until_they_change() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let product = make(
        &app,
        &admin,
        "Lamp",
        "فانوس",
        json!({"variants": [{"price": {"amount": 100, "currency": "SAR"}, "stock": 2}]}),
    )
    .await;
    let path = format!("/products/{}", product["handle"].as_str().unwrap());
    let first = app.get(&path, None).await;
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let mut vary = first.headers.get_all("vary").iter();
    assert!(vary.any(|value| {
        value
            .to_str()
            .unwrap()
            .to_lowercase()
            .contains("accept-language")
    }));
    let again = async |tag: &str| {
        answer(
            app.request(Method::GET, &path, None)
                .header("If-None-Match", tag),
        )
        .await
    };
    assert_eq!(again(&tag).await.status.as_u16(), 304);
    let arabic = app
        .request(Method::GET, &path, None)
        .header("Accept-Language", "ar")
        .header("If-None-Match", &tag);
    assert_eq!(
        answer(arabic).await.status.as_u16(),
        200,
        "another language is another answer"
    );

    // Selling one of two changes nothing that shoppers see; selling the last does.
    let variant = product["variants"][0]["id"].as_str().unwrap();
    let buyer = app.guest().await;
    app.order(&buyer, variant, 1, "one").await.expect(201);
    assert_eq!(again(&tag).await.status.as_u16(), 304);
    app.order(&buyer, variant, 1, "two").await.expect(201);
    let sold_out = again(&tag).await;
    assert_eq!(sold_out.status.as_u16(), 200);
    assert_eq!(sold_out.json()["variants"][0]["available"], false);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_keep_products() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({
        "title": "Shirt",
        "descriptionHtml": "<p onclick=\"x()\">Soft<script>alert(1)</script></p>",
        "status": "published",
        "options": ["Size"],
        "translations": {"ar": {"title": "قميص", "terms": {"Size": "المقاس", "Large": "كبير", "Clothes": "ملابس"}}},
        "category": "Clothes",
        "variants": [
            {"options": ["Small"], "price": {"amount": 900, "currency": "SAR"}, "stock": 1},
            {"options": ["Large"], "price": {"amount": 900, "currency": "SAR"}, "inventory": "backorder"},
        ],
    });
    let made = app
        .post("/products", &admin, body.clone())
        .await
        .expect(201);
    assert_eq!(made["handle"], "shirt");
    assert_eq!(made["descriptionHtml"], "<p>Soft</p>");
    app.post("/products", &admin, body)
        .await
        .expect_problem(409, "handle_taken");
    let arabic = app
        .request(Method::GET, "/products/shirt", None)
        .header("Accept-Language", "ar");
    let arabic = answer(arabic).await.expect(200);
    assert_eq!(
        (
            &arabic["options"][0]["name"],
            &arabic["variants"][1]["title"]
        ),
        (&json!("المقاس"), &json!("كبير"))
    );
    let categories = app
        .request(Method::GET, "/categories", None)
        .header("Accept-Language", "ar");
    assert_eq!(
        answer(categories).await.expect(200)["items"],
        json!([{"name": "Clothes", "title": "ملابس", "count": 1}])
    );

    // A change that another admin did not see is not lost.
    let path = format!("/products/{}", made["id"].as_str().unwrap());
    let tag = app.get(&path, &admin).await.headers["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    let change = |title: &str| {
        app.request(Method::PATCH, &path, Some(&admin))
            .header("If-Match", &tag)
            .json(&json!({"title": title}))
    };
    answer(change("Blouse")).await.expect(200);
    let stale = answer(change("Jacket")).await;
    assert!(
        [409, 412].contains(&stale.status.as_u16()),
        "{}",
        stale.text
    );

    // A backorder sells below zero; its count says so.
    let large = made["variants"][1]["id"].as_str().unwrap();
    let buyer = app.guest().await;
    let order = app.order(&buyer, large, 3, "large").await.expect(201);
    assert_eq!(
        app.get(&path, &admin).await.expect(200)["variants"][1]["stock"],
        -3
    );

    app.delete(&path, &admin).await.expect(204);
    app.get(&path, None).await.expect_problem(404, "not_found");
    app.order(&buyer, large, 1, "gone")
        .await
        .expect_problem(422, "variant_unknown");
    // The order keeps what it says, and can still be called off.
    let id = order["id"].as_str().unwrap();
    assert_eq!(
        app.get(&format!("/orders/{id}"), &buyer).await.expect(200)["lines"][0]["title"],
        "Blouse"
    );
    app.post(&format!("/orders/{id}/cancel"), &buyer, json!({}))
        .await
        .expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_mutation_is_done_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let variant = app.product(&admin, 5).await;
    let add = async |key: &str, delta: i64| {
        let request = app.request(
            Method::POST,
            &format!("/variants/{variant}/stock"),
            Some(&admin),
        );
        answer(
            request
                .header("Idempotency-Key", key)
                .json(&json!({"delta": delta, "reason": "found"})),
        )
        .await
    };
    let first = add("k", 3).await;
    let second = add("k", 3).await;
    assert_eq!(
        (first.text.as_str(), first.json()["stock"].as_i64()),
        (second.text.as_str(), Some(8))
    );
    assert_eq!(second.headers["idempotency-replayed"], "true");
    add("k", 4)
        .await
        .expect_problem(422, "idempotency_key_reused");
    assert_eq!(add("l", 1).await.json()["stock"], 9);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_over_http() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let file = "Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price\r\n\
        cup,Cup,\"<p>Line one,\r\n\"\"two\"\"</p>\",Size,Small,shopify,3,deny,12.50\r\n\
        cup,,,,Large,shopify,-2,deny,15\r\n\
        jug,Jug,,Title,Default Title,,,deny,twelve\r\n";
    let send = async |query: &str| {
        let request = app.request(
            Method::POST,
            &format!("/products/import{query}"),
            Some(&admin),
        );
        answer(request.header("Content-Type", "text/csv").body(file))
            .await
            .expect(200)
    };
    let dry = send("?dryRun=true").await;
    assert_eq!(
        (&dry["dryRun"], &dry["products"]["created"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(
        app.get("/products", None).await.expect(200)["items"],
        json!([])
    );
    let first = send("").await;
    assert_eq!(
        first["products"],
        json!({"created": 1, "updated": 0, "unchanged": 0})
    );
    assert_eq!(first["variants"]["created"], 2);
    assert_eq!(first["errors"][0]["line"], 5);
    assert_eq!(first["warnings"][0]["line"], 4, "negative stock");
    let cup = app.get("/products/cup", &admin).await.expect(200);
    let small = cup["variants"][0]["id"].as_str().unwrap();
    app.order(&app.guest().await, small, 2, "two")
        .await
        .expect(201);
    let again = send("").await;
    assert_eq!(
        again["products"],
        json!({"created": 0, "updated": 0, "unchanged": 1})
    );
    let stock = async || {
        app.get("/products/cup", &admin).await.expect(200)["variants"][0]["stock"].as_i64()
    };
    assert_eq!(stock().await, Some(1), "what was sold is not sold again");
    send("?stock=true").await;
    assert_eq!(stock().await, Some(3));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sold_below_zero_is_counted_from_zero() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let price = json!({"amount": 100, "currency": "SAR"});
    let variants = json!([{"price": price, "inventory": "backorder"}]);
    let made = make(&app, &admin, "Kilim", "كليم", json!({"variants": variants})).await;
    let variant = made["variants"][0]["id"].as_str().unwrap();
    app.order(&app.guest().await, variant, 3, "three")
        .await
        .expect(201);
    let path = format!("/products/{}", made["id"].as_str().unwrap());
    assert_eq!(
        app.get(&path, &admin).await.expect(200)["variants"][0]["stock"],
        -3
    );
    let tracked = json!({"variants": [{"id": variant, "price": price, "inventory": "tracked"}]});
    let kept = app.patch(&path, &admin, tracked).await.expect(200);
    assert_eq!(kept["variants"][0]["stock"], 0);
    app.order(&app.guest().await, variant, 1, "one")
        .await
        .expect_problem(409, "out_of_stock");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variant_that_comes_back_is_not_sold_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let send = async |sizes: &[&str]| {
        let head = "Handle,Title,Option1 Name,Option1 Value,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price\r\n";
        let rows = sizes
            .iter()
            .map(|size| format!("cup,Cup,Size,{size},shopify,10,deny,5.00\r\n"))
            .collect::<Vec<_>>()
            .concat();
        let request = app.request(Method::POST, "/products/import", Some(&admin));
        let request = request
            .header("Content-Type", "text/csv")
            .body(format!("{head}{rows}"));
        answer(request).await.expect(200)
    };
    let stocks = async || {
        let cup = app.get("/products/cup", &admin).await.expect(200);
        let variants = cup["variants"].as_array().unwrap().clone();
        variants
            .iter()
            .map(|variant| variant["stock"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    send(&["Small", "Large"]).await;
    let cup = app.get("/products/cup", None).await.expect(200);
    let large = cup["variants"][1]["id"].as_str().unwrap();
    app.order(&app.guest().await, large, 8, "eight")
        .await
        .expect(201);
    assert_eq!(send(&["Small"]).await["variants"]["removed"], 1);
    assert_eq!(stocks().await, [10]);
    send(&["Small", "Large"]).await;
    assert_eq!(
        stocks().await,
        [10, 2],
        "eight were sold, and are not sold again"
    );
    app.finish().await;
}
