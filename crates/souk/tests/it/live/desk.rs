//! What staff see, and what becomes of what customers say.

use std::time::Duration;

use serde_json::{Value, json};
use souk_domain::stream::{Author, Post, Said};
use souk_domain::user::Role;
use souk_domain::{EntryId, Timestamp, UserId};
use uuid::Uuid;

use super::{all_entries, connect, message, support};
use crate::socket_client::{Copy, SocketClient};
use crate::test_app::{TestApp, eml_files};

#[tokio::test(flavor = "multi_thread")]
async fn staff_hear_of_orders_and_buyers_of_their_status() {
    let app = TestApp::start().await;
    let (admin, staff, buyer) = (
        app.admin().await,
        app.staff().await,
        app.customer("en").await,
    );
    let variant = app.product(&admin, 5).await;
    let product = app.get("/products", None).await.expect(200)["items"][0]["id"].clone();
    let body = json!({"variants": [{"id": variant, "price": {"amount": 2500, "currency": "SAR"}, "lowStockAt": 2}]});
    app.patch(
        &format!("/products/{}", product.as_str().unwrap()),
        &admin,
        body,
    )
    .await
    .expect(200);
    let mut board = connect(&app, &staff).await;
    board
        .ask("subscribe", json!({"stream": "store", "after": 0}))
        .await;
    let mut stranger = SocketClient::connect(&app.url(""), None).await;
    let watching = stranger
        .ask("watch", json!({"productIds": [product]}))
        .await;
    assert_eq!(
        watching,
        json!({"ok": true, "stock": [{"variantId": variant, "available": true}]})
    );
    let order = app.order(&buyer, &variant, 3, "one").await.expect(201);
    let mut heard = [board.next("entry").await, board.next("entry").await];
    heard.sort_by_key(|entry| entry["type"].as_str().unwrap().to_owned());
    assert_eq!(heard[0]["type"], "low_stock");
    assert_eq!(
        (&heard[0]["data"]["left"], &heard[0]["data"]["threshold"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        (&heard[1]["type"], &heard[1]["data"]["orderId"]),
        (&json!("order_placed"), &order["id"])
    );
    let stream = format!("order:{}", order["id"].as_str().unwrap());
    let mut mine = connect(&app, &buyer).await;
    let mut copy = Copy::default();
    assert!(copy.follow(&mine.asker, &stream).await);
    assert_eq!(copy.last(), 1);
    app.post(
        &format!("/admin/orders/{}/status", order["id"].as_str().unwrap()),
        &staff,
        json!({"status": "packed"}),
    )
    .await
    .expect(200);
    let packed = mine.next("entry").await;
    assert_eq!(
        (&packed["type"], &packed["data"]["status"]),
        (&json!("status"), &json!("packed"))
    );
    // They talk about it, and what is taken back there leaves the order whole.
    mine.ask("post", message(&stream, "leave it at the door"))
        .await;
    let back =
        json!({"stream": stream, "id": Uuid::now_v7(), "type": "delete", "data": {"seq": 3}});
    assert_eq!(mine.ask("post", back).await["seq"], 4);
    // The last ones go: whoever looks at the product sees it; a cancel brings them back.
    let last = app.order(&buyer, &variant, 2, "two").await.expect(201);
    assert_eq!(
        stranger.next("stock").await,
        json!({"variantId": variant, "available": false})
    );
    app.post(
        &format!("/orders/{}/cancel", last["id"].as_str().unwrap()),
        &buyer,
        json!({}),
    )
    .await
    .expect(200);
    assert_eq!(
        stranger.next("stock").await,
        json!({"variantId": variant, "available": true})
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_go_through_the_desk() {
    let app = TestApp::start().await;
    let (admin, guest) = (app.admin().await, app.guest().await);
    let (sara, omar) = (app.staff().await, app.staff().await);
    let (stream, path) = (
        support(&guest),
        format!("/admin/conversations/{}", guest.id),
    );
    app.get(&path, &sara).await.expect_problem(404, "not_found");
    let mut board = connect(&app, &sara).await;
    board
        .ask("subscribe", json!({"stream": "store", "after": 0}))
        .await;
    let mut client = connect(&app, &guest).await;
    client.ask("subscribe", json!({"stream": stream})).await;
    client
        .ask("post", message(&stream, "is this in stock?"))
        .await;
    let opened = board.next("entry").await;
    assert_eq!(
        (&opened["type"], &opened["data"]["userId"]),
        (&json!("conversation_opened"), &json!(guest.id))
    );
    let list = app
        .get("/admin/conversations?view=unassigned", &sara)
        .await
        .expect(200);
    let one = &list["items"][0];
    assert_eq!(
        (&one["lastText"], &one["unread"], &one["online"]),
        (&json!("is this in stock?"), &json!(1), &json!(true))
    );
    let taken = app
        .post(&format!("{path}/take"), &sara, json!({}))
        .await
        .expect(200);
    assert_eq!(taken["assignee"]["id"], json!(sara.id));
    app.post(&format!("{path}/take"), &omar, json!({}))
        .await
        .expect_problem(409, "conversation_taken");
    // Both would answer: the one sees that the other writes.
    let mut desk = connect(&app, &omar).await;
    desk.ask("subscribe", json!({"stream": stream})).await;
    board.ask("subscribe", json!({"stream": stream})).await;
    board.asker.say("typing", &json!({"stream": stream}));
    let typing = desk.next("typing").await;
    assert_eq!(
        (&typing["userId"], &typing["stream"]),
        (&json!(sara.id), &json!(stream))
    );
    assert_eq!(client.next("typing").await["userId"], json!(sara.id));
    board.ask("post", message(&stream, "yes")).await;
    let counts = app
        .get("/admin/conversations/counts", &sara)
        .await
        .expect(200);
    assert_eq!(
        counts,
        json!({"unassigned": 0, "mine": 1, "all": 1, "closed": 0})
    );
    let handed = app
        .post(&format!("{path}/hand-over"), &sara, json!({"to": omar.id}))
        .await
        .expect(200);
    assert_eq!(handed["assignee"]["id"], json!(omar.id));
    assert!(handed["firstResponseSeconds"].as_f64().unwrap() >= 0.0);
    app.post(&format!("{path}/hand-over"), &sara, json!({"to": guest.id}))
        .await
        .expect_problem(422, "invalid_input");
    app.post(&format!("{path}/close"), &omar, json!({}))
        .await
        .expect(200);
    assert_eq!(
        app.get("/admin/conversations?view=closed", &omar)
            .await
            .expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    client.ask("post", message(&stream, "one more thing")).await;
    assert_eq!(app.get(&path, &omar).await.expect(200)["status"], "open");
    let kinds: Vec<_> = all_entries(&app, &stream, &guest)
        .await
        .iter()
        .map(|entry| entry["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        [
            "message",
            "conversation",
            "message",
            "conversation",
            "conversation",
            "message"
        ]
    );
    // A guest who signs up keeps it all.
    let email = format!("{}@example.com", Uuid::now_v7().simple());
    let body = json!({"email": email, "password": "a long password", "name": "Layla"});
    let request = app
        .request(reqwest::Method::POST, "/auth/register", Some(&guest))
        .json(&body);
    let made = crate::test_app::answer(request).await.expect(201);
    assert_eq!(made["user"]["id"], json!(guest.id));
    assert_eq!(app.get(&path, &omar).await.expect(200)["name"], "Layla");
    // Canned replies.
    let reply = format!("/admin/canned-replies/{}", Uuid::now_v7());
    let put = |body: Value| {
        crate::test_app::answer(
            app.request(reqwest::Method::PUT, &reply, Some(&sara))
                .json(&body),
        )
    };
    put(json!({"title": "Thanks", "text": "Thank you!"}))
        .await
        .expect(200);
    put(json!({"title": "", "text": "x"}))
        .await
        .expect_problem(422, "invalid_input");
    assert_eq!(
        app.get("/admin/canned-replies", &omar).await.expect(200)["items"][0]["title"],
        "Thanks"
    );
    app.delete(&reply, &sara).await.expect(204);
    drop(admin);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_is_there_the_shop_says_so_and_mails_what_was_not_read() {
    let app = TestApp::start().await;
    let (admin, staff) = (app.admin().await, app.staff().await);
    let reader = app.customer("ar").await;
    // Open for a minute that is not now.
    let closed = json!({"timeZone": "UTC", "hours": [{"day": 1, "from": "00:00", "to": "00:01"}],
        "awayReply": {"ar": "سنعود قريبًا", "en": "Back soon"}, "mailAfterMinutes": 1});
    let shop = app
        .patch("/admin/shop", &admin, json!({"support": closed}))
        .await
        .expect(200);
    assert_eq!(shop["support"]["timeZone"], "UTC");
    app.patch(
        "/admin/shop",
        &admin,
        json!({"support": {"timeZone": "Mars/Olympus"}}),
    )
    .await
    .expect_problem(422, "invalid_input");
    let stream = support(&reader);
    let client = connect(&app, &reader).await;
    client.ask("post", message(&stream, "أهلًا")).await;
    client.ask("post", message(&stream, "هل من أحد؟")).await;
    let said = all_entries(&app, &stream, &reader).await;
    assert_eq!(said.len(), 3, "said once");
    assert_eq!(
        (&said[1]["data"]["text"], &said[1]["data"]["automatic"]),
        (&json!("سنعود قريبًا"), &json!(true))
    );
    let desk = connect(&app, &staff).await;
    desk.ask("post", message(&stream, "نعم، تفضّل")).await;
    // The job waits for its minute.
    let core = app.souk.app();
    for _ in 0..200 {
        if core.queue.counts(Timestamp::now()).await.unwrap().delayed == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let waiting = core.queue.counts(Timestamp::now()).await.unwrap();
    assert_eq!(waiting.delayed, 1, "{waiting:?}");
    // The same, with the minute over: what was not read is mailed once, what was read is not.
    let (to, key) = (UserId(reader.id.parse().unwrap()), stream.parse().unwrap());
    let late = |text: &str| Post {
        stream: key,
        id: EntryId(Uuid::now_v7()),
        author: Author {
            id: UserId(staff.id.parse().unwrap()),
            name: "Sara".into(),
            role: Role::Staff,
        },
        at: Timestamp::now(),
        said: Said::Message { text: text.into() },
        away: None,
        mail_if_unread: Some((to, Timestamp::now())),
        trace: None,
    };
    let (first, second) = (late("the first answer"), late("the second answer"));
    let mut events = core.store.post(first).await.unwrap().unwrap().events;
    events.extend(core.store.post(second).await.unwrap().unwrap().events);
    core.relay.hand_over(events);
    let mails = || eml_files(&app.mails());
    let about = |text: &str| mails().iter().filter(|mail| mail.contains(text)).count();
    for _ in 0..200 {
        if about("second answer") > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let posted = core
        .store
        .post(late("the third answer"))
        .await
        .unwrap()
        .unwrap();
    client
        .ask("read", json!({"stream": stream, "seq": 99}))
        .await;
    core.relay.hand_over(posted.events);
    for _ in 0..200 {
        let counts = core.queue.counts(Timestamp::now()).await.unwrap();
        if counts.ready + counts.active == 0 && core.store.outbox_size().await.unwrap().0 == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        (
            about("first answer"),
            about("second answer"),
            about("third answer")
        ),
        (1, 1, 0)
    );
    app.finish_with_waiting_jobs().await;
}
