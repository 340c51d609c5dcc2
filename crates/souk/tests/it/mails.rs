//! The folder of mails: who may look into which.

use serde_json::{Value, json};

use crate::test_app::{Person, TestApp};

/// All mails that somebody is shown, a few at a time.
async fn listed(app: &TestApp, reader: &Person) -> Vec<Value> {
    let mut all = Vec::new();
    let mut path = "/admin/mails?limit=1".to_owned();
    loop {
        let part = app.get(&path, reader).await.expect(200);
        all.extend(part["items"].as_array().unwrap().clone());
        match part["nextCursor"].as_str() {
            Some(cursor) => path = format!("/admin/mails?limit=1&cursor={cursor}"),
            None => return all,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_sign_people_in_are_for_admins() {
    let app = TestApp::start().await;
    let (admin, staff) = (app.admin().await, app.staff().await);
    let buyer = app.customer("en").await;
    let variant = app.product(&admin, 3).await;
    let order = app.order(&buyer, &variant, 1, "first").await.expect(201);
    app.drain().await;
    // The most dangerous of all: whoever reads it has the admin's account.
    let forgot = json!({"email": admin.email});
    app.post("/auth/password/forgot", None, forgot)
        .await
        .expect(202);
    app.drain().await;

    let all = listed(&app, &admin).await;
    let secret: Vec<_> = all
        .iter()
        .filter(|mail| mail.get("orderId").is_none())
        .collect();
    let of_order: Vec<_> = all
        .iter()
        .filter(|mail| mail["orderId"] == order["id"])
        .cloned()
        .collect();
    assert_eq!(
        secret.len(),
        2,
        "the buyer's link to prove the address, the admin's to a new password: {all:#?}"
    );
    assert!(!of_order.is_empty(), "{all:#?}");
    assert_eq!(all.len(), secret.len() + of_order.len());
    assert_eq!(
        listed(&app, &staff).await,
        of_order,
        "staff see what is about orders"
    );

    let path = |mail: &Value| format!("/admin/mails/{}", mail["id"].as_str().unwrap());
    for mail in secret {
        let refused = app.get(&path(mail), &staff).await;
        refused.expect_problem(403, "forbidden");
        assert!(!refused.text.contains("token="), "{}", refused.text);
        let opened = app.get(&path(mail), &admin).await.expect(200);
        assert!(
            opened["text"].as_str().unwrap().contains("token="),
            "{opened}"
        );
    }
    for reader in [&staff, &admin] {
        let opened = app.get(&path(&of_order[0]), reader).await.expect(200);
        assert_eq!(opened["orderId"], order["id"]);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_no_mail_is_refused() {
    let app = TestApp::start().await;
    let staff = app.staff().await;
    for cursor in [
        "nonsense",
        "..%2Fsecret",
        "00000000-0000-7000-8000-000000000000",
    ] {
        app.get(&format!("/admin/mails?cursor={cursor}"), &staff)
            .await
            .expect_problem(400, "bad_cursor");
    }
    app.finish().await;
}
