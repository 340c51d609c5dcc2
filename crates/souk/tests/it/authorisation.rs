//! Every route × every role × somebody else's object: nobody reads or writes what is not theirs.
//!
//! The routes come from the OpenAPI document, which is made from the code: a route without a line here fails the test.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::test_app::{Person, TestApp, answer};

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// Everybody, signed in or not.
    Everybody,
    /// Everybody who is signed in, guests too.
    SignedIn,
    /// The owner of the object, and staff.
    OwnerOrStaff,
    /// The owner of the object alone.
    Owner,
    /// Staff and admins.
    Staff,
    /// Admins.
    Admin,
}

use May::{Admin, Everybody, Owner, OwnerOrStaff, SignedIn, Staff};

/// Every route, who may, and a body that is well formed, so that nothing but the role decides.
fn routes(things: &Things) -> Vec<(&'static str, &'static str, May, Value)> {
    let nothing = || json!({});
    let price = json!({"amount": 100, "currency": "SAR"});
    vec![
        ("GET", "/shop", Everybody, Value::Null),
        ("PATCH", "/admin/shop", Admin, nothing()),
        (
            "POST",
            "/setup",
            Everybody,
            json!({"code": "x", "email": "a@b.co", "password": "long enough", "name": "A"}),
        ),
        (
            "POST",
            "/auth/register",
            Everybody,
            json!({"email": "bad", "password": "", "name": ""}),
        ),
        (
            "POST",
            "/auth/login",
            Everybody,
            json!({"email": "a@b.co", "password": "x"}),
        ),
        ("POST", "/auth/guest", Everybody, nothing()),
        ("POST", "/auth/refresh", Everybody, Value::Null),
        ("POST", "/auth/logout", Everybody, Value::Null),
        (
            "POST",
            "/auth/password/forgot",
            Everybody,
            json!({"email": "a@b.co"}),
        ),
        (
            "POST",
            "/auth/password/reset",
            Everybody,
            json!({"token": "x", "password": "long enough"}),
        ),
        (
            "POST",
            "/auth/email/verify",
            Everybody,
            json!({"token": "x"}),
        ),
        ("POST", "/auth/email/resend", SignedIn, Value::Null),
        ("GET", "/me", SignedIn, Value::Null),
        ("PATCH", "/me", SignedIn, nothing()),
        (
            "POST",
            "/me/password",
            SignedIn,
            json!({"currentPassword": "x", "newPassword": "long enough"}),
        ),
        ("GET", "/me/sessions", SignedIn, Value::Null),
        ("DELETE", "/me/sessions", SignedIn, Value::Null),
        ("DELETE", "/me/sessions/{id}", Owner, Value::Null),
        ("GET", "/products", Everybody, Value::Null),
        ("GET", "/products/{id}", Everybody, Value::Null),
        ("GET", "/categories", Everybody, Value::Null),
        (
            "POST",
            "/products",
            Admin,
            json!({"title": "T", "variants": [{"price": price}]}),
        ),
        ("PATCH", "/products/{id}", Admin, nothing()),
        ("POST", "/products/import", Admin, Value::Null),
        (
            "POST",
            "/variants/{id}/stock",
            Admin,
            json!({"delta": 1, "reason": "found"}),
        ),
        (
            "POST",
            "/orders",
            SignedIn,
            json!({"lines": [{"variantId": things.variant, "quantity": 1}]}),
        ),
        ("GET", "/orders", SignedIn, Value::Null),
        ("GET", "/orders/{id}", OwnerOrStaff, Value::Null),
        ("POST", "/orders/{id}/cancel", Owner, nothing()),
        ("GET", "/admin/orders", Staff, Value::Null),
        (
            "POST",
            "/admin/orders/{id}/status",
            Staff,
            json!({"status": "packed"}),
        ),
        (
            "POST",
            "/admin/orders/{id}/payment",
            Staff,
            json!({"status": "paid"}),
        ),
        ("GET", "/streams/{key}/entries", OwnerOrStaff, Value::Null),
        (
            "POST",
            "/streams/{key}/entries",
            OwnerOrStaff,
            json!({"id": Uuid::nil(), "type": "message", "data": {"text": "hello"}}),
        ),
        ("GET", "/streams/{key}/marks", OwnerOrStaff, Value::Null),
        (
            "POST",
            "/streams/{key}/read",
            OwnerOrStaff,
            json!({"seq": 1}),
        ),
        ("GET", "/streams/{key}/audit", Staff, Value::Null),
        ("GET", "/me/unread", SignedIn, Value::Null),
        ("GET", "/admin/conversations", Staff, Value::Null),
        ("GET", "/admin/conversations/counts", Staff, Value::Null),
        ("GET", "/admin/conversations/{userId}", Staff, Value::Null),
        (
            "POST",
            "/admin/conversations/{userId}/take",
            Staff,
            nothing(),
        ),
        (
            "POST",
            "/admin/conversations/{userId}/hand-over",
            Staff,
            nothing(),
        ),
        (
            "POST",
            "/admin/conversations/{userId}/close",
            Staff,
            nothing(),
        ),
        (
            "POST",
            "/admin/conversations/{userId}/reopen",
            Staff,
            nothing(),
        ),
        ("GET", "/admin/staff", Staff, Value::Null),
        ("GET", "/admin/canned-replies", Staff, Value::Null),
        (
            "PUT",
            "/admin/canned-replies/{id}",
            Staff,
            json!({"title": "Thanks", "text": "Thank you!"}),
        ),
        ("DELETE", "/admin/canned-replies/{id}", Staff, Value::Null),
        ("GET", "/admin/jobs", Staff, Value::Null),
        ("POST", "/admin/jobs/{id}/retry", Staff, Value::Null),
        ("GET", "/admin/mails", Staff, Value::Null),
        ("GET", "/admin/mails/{id}", Staff, Value::Null),
        ("GET", "/openapi.json", Everybody, Value::Null),
        // Last: what it needs is gone afterwards.
        ("DELETE", "/products/{id}", Admin, Value::Null),
    ]
}

/// Objects, all of them the owner's or the shop's.
struct Things {
    product: String,
    variant: String,
    order: String,
    session: String,
}

impl Things {
    fn path(&self, route: &str) -> String {
        let id = match route {
            route if route.starts_with("/products") => self.product.clone(),
            route if route.starts_with("/variants") => self.variant.clone(),
            route if route.contains("orders") => self.order.clone(),
            route if route.contains("sessions") => self.session.clone(),
            // Jobs and mails: one that is not there; who may not, must not learn even that.
            _ => Uuid::now_v7().to_string(),
        };
        route
            .replace("{id}", &id)
            .replace("{userId}", &id)
            .replace("{key}", &format!("order:{}", self.order))
    }
}

async fn things(app: &TestApp, owner: &Person, admin: &Person) -> Things {
    let variant = app.product(admin, 100).await;
    let order = app
        .order(owner, &variant, 1, &Uuid::now_v7().to_string())
        .await
        .expect(201);
    let sessions = app.get("/me/sessions", owner).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Things {
        product: text(&order["lines"][0]["productId"]),
        variant,
        order: text(&order["id"]),
        session: text(&sessions["items"][0]["id"]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_by_every_role() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let owner = app.customer("en").await;
    let table = routes(&things(&app, &owner, &admin).await);

    // The table is whole.
    let document = app.get("/openapi.json", None).await.expect(200);
    let listed: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(path, methods)| path.strip_prefix("/api/v1").map(|path| (path, methods)))
        .flat_map(|(path, methods)| {
            methods
                .as_object()
                .unwrap()
                .keys()
                .map(move |method| (method.to_uppercase(), path.to_owned()))
        })
        .collect();
    let known: BTreeSet<(String, String)> = table
        .iter()
        .map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(listed, known, "a route is missing here, or gone");

    let mut wrong = Vec::new();
    for (method, route, may, body) in table {
        let people: [(&str, Option<Person>); 6] = [
            ("nobody", None),
            ("guest", Some(app.guest().await)),
            ("customer", Some(app.customer("ar").await)),
            ("owner", Some(owner.clone())),
            ("staff", Some(app.staff().await)),
            ("admin", Some(app.admin().await)),
        ];
        for (role, person) in people {
            // Signing the owner out everywhere is the owner's right, and would end the walk.
            if role == "owner" && method == "DELETE" && route.starts_with("/me/sessions") {
                continue;
            }
            // Fresh objects for each try: what one may change must not decide what another may.
            let things = things(&app, &owner, &admin).await;
            let allowed = match may {
                Everybody => true,
                SignedIn => person.is_some(),
                OwnerOrStaff => ["owner", "staff", "admin"].contains(&role),
                Owner => role == "owner",
                Staff => ["staff", "admin"].contains(&role),
                Admin => role == "admin",
            };
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let mut request = app.request(method.clone(), &things.path(route), person.as_ref());
            if route == "/orders" && method == Method::POST {
                request = request.header("Idempotency-Key", Uuid::now_v7().to_string());
            }
            let body = body
                .to_string()
                .replace(&table_variant(&body), &things.variant);
            if route == "/products/import" {
                request = request
                    .header("Content-Type", "text/csv")
                    .body("Handle,Title,Variant Price\r\n");
            } else if body != "null" {
                request = request
                    .header("Content-Type", "application/json")
                    .body(body);
            }
            let got = answer(request).await;
            let refused = [401, 403, 404].contains(&got.status.as_u16());
            let good = if allowed {
                // What is public may answer 401 or 403 for its own reasons (a wrong password, no cookie).
                may == Everybody
                    || !refused
                    || (got.status.as_u16() == 404
                        && (route.contains("{id}") || route.contains("{userId}"))
                        && !route.contains("orders"))
            } else if person.is_none() {
                got.status.as_u16() == 401
            } else {
                refused && !got.text.contains(&owner.id)
            };
            if !good {
                wrong.push(format!(
                    "{role}: {method} {route} ({may:?}) got {} {}",
                    got.status, got.text
                ));
            }
            if got.status.is_server_error() {
                wrong.push(format!("{role}: {method} {route} got {}", got.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.finish().await;
}

/// The variant that a body names, so that it can be put in place of another.
fn table_variant(body: &Value) -> String {
    body["lines"][0]["variantId"]
        .as_str()
        .unwrap_or("no variant in it")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_by_every_role() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let owner = app.customer("en").await;
    let order = things(&app, &owner, &admin).await.order;
    let other = app.customer("en").await;
    let guest = app.guest().await;
    let staff = app.staff().await;
    let streams = [
        (format!("order:{order}"), [200, 404, 404, 200]),
        (format!("support:{}", owner.id), [200, 403, 403, 200]),
        (format!("notes:{}", owner.id), [403, 403, 403, 200]),
        (format!("user:{}", owner.id), [200, 403, 403, 403]),
        ("store".to_owned(), [403, 403, 403, 200]),
        (format!("campaign:{}", Uuid::now_v7()), [403, 403, 403, 200]),
        (format!("order:{}", Uuid::now_v7()), [404, 404, 404, 404]),
        ("nonsense".to_owned(), [404, 404, 404, 404]),
    ];
    for (stream, expected) in streams {
        for (person, status) in [&owner, &other, &guest, &staff].into_iter().zip(expected) {
            let got = app.get(&format!("/streams/{stream}/entries"), person).await;
            assert_eq!(got.status.as_u16(), status, "{stream}: {}", got.text);
        }
        app.get(&format!("/streams/{stream}/entries"), None)
            .await
            .expect_problem(401, "unauthenticated");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_hold_only_what_is_ones_own() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (one, two) = (app.customer("en").await, app.customer("en").await);
    let variant = app.product(&admin, 10).await;
    let mine = app.order(&one, &variant, 1, "key").await.expect(201);
    let theirs = app.order(&two, &variant, 1, "key").await.expect(201);
    assert_ne!(mine["id"], theirs["id"]);
    let list = app.get("/orders", &one).await.expect(200);
    let ids: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| &order["id"])
        .collect();
    assert_eq!(ids, [&mine["id"]]);
    assert!(mine.get("customer").is_none() && list["items"][0].get("customer").is_none());
    let all = app
        .get("/admin/orders", &app.staff().await)
        .await
        .expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        all["items"][0]["customer"]["email"],
        two.email.clone().unwrap()
    );

    // Drafts and stock are for staff.
    let product = mine["lines"][0]["productId"].as_str().unwrap();
    assert!(
        app.get(&format!("/products/{product}"), &one)
            .await
            .expect(200)["variants"][0]
            .get("stock")
            .is_none()
    );
    app.patch(
        &format!("/products/{product}"),
        &admin,
        json!({"status": "draft"}),
    )
    .await
    .expect(200);
    for reader in [None, Some(&one)] {
        app.get(&format!("/products/{product}"), reader)
            .await
            .expect_problem(404, "not_found");
        assert_eq!(
            app.get("/products", reader).await.expect(200)["items"],
            json!([])
        );
        assert_eq!(
            app.get("/products?status=draft", reader).await.expect(200)["items"],
            json!([])
        );
    }
    app.get(&format!("/products/{product}"), &admin)
        .await
        .expect(200);
    app.order(&one, &variant, 1, "draft")
        .await
        .expect_problem(422, "variant_unknown");
    app.finish().await;
}
