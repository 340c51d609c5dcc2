//! Sockets: streams followed without a hole, chat, the desk, presence, live stock; and who may what.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use souk_domain::stream::{Author, EntryBody, NewEntry, Post, Said, StreamKey};
use souk_domain::user::{Role, Session};
use souk_domain::{EntryId, SessionId, Timestamp, UserId};
use uuid::Uuid;

use crate::socket_client::{Copy, SocketClient};
use crate::test_app::{Person, TestApp, eml_files};

async fn connect(app: &TestApp, person: &Person) -> SocketClient {
    SocketClient::connect(&app.url(""), Some(&person.token)).await
}

fn message(stream: &str, text: &str) -> Value {
    json!({"stream": stream, "id": Uuid::now_v7(), "type": "message", "data": {"text": text}})
}

fn support(person: &Person) -> String {
    format!("support:{}", person.id)
}

/// All entries of a stream, as the reader may GET them.
async fn all_entries(app: &TestApp, stream: &str, reader: &Person) -> Vec<Value> {
    let mut entries = Vec::new();
    loop {
        let path = format!(
            "/streams/{stream}/entries?limit=200&after={}",
            entries.len()
        );
        let page = app.get(&path, reader).await.expect(200);
        entries.extend(page["entries"].as_array().unwrap().iter().cloned());
        if page["head"].as_u64() == Some(entries.len() as u64) {
            return entries;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_reaches_those_who_follow_in_order_and_once() {
    let app = TestApp::start().await;
    let (guest, staff) = (app.guest().await, app.staff().await);
    let stream = support(&guest);
    let (mut theirs, mut ours) = (connect(&app, &guest).await, connect(&app, &staff).await);
    for client in [&theirs, &ours] {
        let answer = client.ask("subscribe", json!({"stream": stream})).await;
        assert_eq!(
            answer,
            json!({"ok": true, "head": 0, "entries": [], "more": false})
        );
    }
    let first = message(&stream, "hello");
    let posted = theirs.ask("post", first.clone()).await;
    assert_eq!((&posted["ok"], &posted["seq"]), (&json!(true), &json!(1)));
    for _ in 0..4 {
        assert_eq!(
            theirs.ask("post", first.clone()).await,
            posted,
            "a repeat changes nothing"
        );
    }
    let other =
        json!({"stream": stream, "id": first["id"], "type": "message", "data": {"text": "else"}});
    assert_eq!(
        theirs.ask("post", other.clone()).await["code"],
        "id_conflict"
    );
    // The same over HTTP.
    let path = format!("/streams/{stream}/entries");
    let body = json!({"id": first["id"], "type": "message", "data": {"text": "hello"}});
    let again = app.post(&path, &guest, body).await.expect(200);
    assert_eq!(
        (&again["seq"], &again["at"]),
        (&posted["seq"], &posted["at"])
    );
    let mut body = other;
    body.as_object_mut().unwrap().remove("stream");
    app.post(&path, &guest, body)
        .await
        .expect_problem(409, "id_conflict");
    for n in 2..=50 {
        let by = if n % 2 == 0 { &theirs } else { &ours };
        by.ask("post", message(&stream, &format!("{n}"))).await;
    }
    for client in [&mut theirs, &mut ours] {
        for seq in 1..=50 {
            assert_eq!(client.next("entry").await["seq"], seq);
        }
        let head = client.next("head").await;
        assert_eq!(head, json!({"stream": stream, "seq": 50}));
    }
    let unsubscribed = ours.ask("unsubscribe", json!({"stream": stream})).await;
    assert_eq!(unsubscribed, json!({"ok": true}));
    theirs.ask("post", message(&stream, "51")).await;
    assert_eq!(theirs.next("entry").await["seq"], 51);
    while let Ok((event, payload)) = ours.events.try_recv() {
        assert!(event != "entry", "{payload}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_away_for_ten_thousand_entries_has_the_same_copy() {
    let app = TestApp::start().await;
    let (owner, staff) = (app.customer("en").await, app.staff().await);
    let stream = support(&owner);
    let mut copy = Copy::default();
    let early = connect(&app, &owner).await;
    early.ask("post", message(&stream, "the first")).await;
    assert!(copy.follow(&early.asker, &stream).await);
    drop(early);
    let key = StreamKey::Support(UserId(owner.id.parse().unwrap()));
    for n in 0..20 {
        let entry = |k| NewEntry {
            stream: key,
            id: EntryId(Uuid::now_v7()),
            author: None,
            at: Timestamp::now(),
            body: EntryBody::message(format!("message {n} {k}")),
        };
        let entries = (0..500).map(entry).collect();
        app.souk.app().store.append(entries).await.unwrap();
    }
    // Somebody talks on while the backlog is read.
    let talking = connect(&app, &staff).await.asker;
    let key = stream.clone();
    let talk = tokio::spawn(async move {
        for n in 0..100 {
            talking
                .ask("post", message(&key, &format!("meanwhile {n}")))
                .await;
        }
    });
    let mut back = connect(&app, &owner).await;
    assert!(copy.follow(&back.asker, &stream).await);
    talk.await.unwrap();
    let expected = all_entries(&app, &stream, &owner).await;
    assert_eq!(expected.len(), 10_101);
    while copy.last() < 10_101 {
        copy.take(back.next("entry").await);
    }
    assert_eq!(copy.entries, expected);
    let ahead = back
        .ask("subscribe", json!({"stream": stream, "after": 99_999}))
        .await;
    assert_eq!(ahead, json!({"ok": true, "reset": true, "head": 10_101}));
    app.finish().await;
}

/// News of entries may be lost: whoever reads them first tells all others of the process. Those of other processes wait
/// for the look at the store.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_subscriber_finds_reaches_all_who_follow_at_once() {
    let app = TestApp::start().await;
    if app.is_fleet() {
        // The next connection goes to the other process.
        app.finish().await;
        return;
    }
    let (guest, staff) = (app.guest().await, app.staff().await);
    let stream = support(&guest);
    let key = StreamKey::Support(UserId(guest.id.parse().unwrap()));
    let (mut follower, mut late) = (connect(&app, &staff).await, connect(&app, &guest).await);
    let answer = follower.ask("subscribe", json!({"stream": stream})).await;
    assert_eq!(answer["head"], 0);
    // Now and then the store is looked at without any news: not in each of these rounds.
    let mut slow = 0;
    for round in 1..=5_u64 {
        let entry = NewEntry {
            stream: key,
            id: EntryId(Uuid::now_v7()),
            author: None,
            at: Timestamp::now(),
            body: EntryBody::message(format!("message {round}")),
        };
        app.souk.app().store.append(vec![entry]).await.unwrap();
        let started = Instant::now();
        let wanted = json!({"stream": stream, "after": round - 1});
        let answer = late.ask("subscribe", wanted).await;
        let has = answer["entries"].as_array().unwrap().len();
        if has == 0 {
            assert_eq!(late.next("entry").await["seq"], round);
        }
        assert_eq!(follower.next("entry").await["seq"], round);
        slow += u32::from(started.elapsed() > Duration::from_secs(1));
    }
    assert!(
        slow <= 1,
        "{slow} of 5 came only when the store was looked at"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_and_deletions_reach_copies_and_leave_an_audit() {
    let app = TestApp::start().await;
    let (guest, staff, other) = (
        app.guest().await,
        app.staff().await,
        app.customer("en").await,
    );
    let stream = support(&guest);
    let mut client = connect(&app, &guest).await;
    let mut copy = Copy::default();
    assert!(copy.follow(&client.asker, &stream).await);
    let say = |kind: &str, data: Value| json!({"stream": stream, "id": Uuid::now_v7(), "type": kind, "data": data});
    client
        .ask("post", say("message", json!({"text": "secret"})))
        .await;
    client
        .ask(
            "post",
            say("edit", json!({"seq": 1, "text": "less secret"})),
        )
        .await;
    client
        .ask("post", say("message", json!({"text": "stays"})))
        .await;
    let desk = connect(&app, &staff).await;
    let refused = desk
        .ask("post", say("edit", json!({"seq": 3, "text": "not mine"})))
        .await;
    assert_eq!(refused["code"], "forbidden");
    assert_eq!(
        desk.ask("post", say("delete", json!({"seq": 1}))).await["ok"],
        true
    );
    let gone = client
        .ask("post", say("edit", json!({"seq": 1, "text": "again"})))
        .await;
    assert_eq!(gone["code"], "message_deleted");
    let nothing = client.ask("post", say("delete", json!({"seq": 77}))).await;
    assert_eq!(nothing["code"], "not_found");
    while copy.last() < 4 {
        copy.take(client.next("entry").await);
    }
    let entries = all_entries(&app, &stream, &guest).await;
    assert_eq!(copy.entries, entries);
    assert!(
        !Value::from(entries).to_string().contains("secret"),
        "nothing is left of it"
    );
    let audit = app
        .get(&format!("/streams/{stream}/audit"), &staff)
        .await
        .expect(200);
    let said: Vec<_> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["change"], &it["before"]["text"]))
        .collect();
    assert_eq!(
        said,
        [
            (&json!("edited"), &json!("secret")),
            (&json!("deleted"), &json!("less secret"))
        ]
    );
    for nosy in [&guest, &other] {
        app.get(&format!("/streams/{stream}/audit"), nosy)
            .await
            .expect_problem(403, "forbidden");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_marks_reach_the_other_devices_and_count_the_rest() {
    let app = TestApp::start().await;
    let (guest, staff) = (app.guest().await, app.staff().await);
    let stream = support(&guest);
    let (phone, mut laptop) = (connect(&app, &guest).await, connect(&app, &guest).await);
    let desk = connect(&app, &staff).await;
    for n in 0..3 {
        desk.ask("post", message(&stream, &format!("{n}"))).await;
    }
    let unread = |counts: &Value| counts["items"][0]["unread"].as_u64();
    let counts = app
        .get(&format!("/me/unread?streams={stream}"), &guest)
        .await
        .expect(200);
    assert_eq!(
        (unread(&counts), &counts["items"][0]["head"]),
        (Some(3), &json!(3))
    );
    assert_eq!(
        phone.ask("read", json!({"stream": stream, "seq": 2})).await,
        json!({"ok": true, "seq": 2})
    );
    let told = laptop.next("read").await;
    assert_eq!(
        told,
        json!({"stream": stream, "userId": guest.id, "seq": 2})
    );
    assert_eq!(
        phone.ask("read", json!({"stream": stream, "seq": 1})).await["seq"],
        2,
        "forward only"
    );
    let over_http = app
        .post(
            &format!("/streams/{stream}/read"),
            &guest,
            json!({"seq": 99}),
        )
        .await
        .expect(200);
    assert_eq!(over_http["seq"], 3, "never past the end");
    let counts = app.get("/me/unread", &guest).await.expect(200);
    assert_eq!(
        (unread(&counts), &counts["items"][0]["stream"]),
        (Some(0), &json!(stream))
    );
    let marks = app
        .get(&format!("/streams/{stream}/marks"), &staff)
        .await
        .expect(200);
    assert_eq!(marks["items"].as_array().unwrap().len(), 2);
    app.finish().await;
}

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

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_sessions_end_on_open_sockets() {
    let app = TestApp::start_with(&[
        "--socket-ping-interval",
        "300",
        "--socket-ping-timeout",
        "300",
    ])
    .await;
    let person = app.customer("en").await;
    let url = app.url("");
    for (token, code) in [("nonsense", "token_invalid"), ("", "token_invalid")] {
        let refused = SocketClient::try_connect(&url, Some(token))
            .await
            .err()
            .unwrap();
        assert_eq!(refused["code"], code);
    }
    // A token that ends in a moment: the same session, signed almost ten minutes ago.
    let core = app.souk.app();
    let sessions = app.get("/me/sessions", &person).await.expect(200);
    let session: SessionId = sessions["items"][0]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let user = UserId(person.id.parse().unwrap());
    let issued = Timestamp::now()
        .checked_sub(Duration::from_secs(598))
        .unwrap();
    let old = Session::open(session, user, "", "", issued);
    let ending = core.tokens.access(&old, issued);
    let mut left_alone = SocketClient::connect(&url, Some(&ending)).await;
    let mut renewed = SocketClient::connect(&url, Some(&ending)).await;
    let warned = renewed.next("expiring").await;
    assert!(warned["inSeconds"].as_i64().unwrap() <= 2);
    let answer = renewed.ask("auth", json!({"token": person.token})).await;
    assert!(answer["expiresIn"].as_i64().unwrap() > 500, "{answer}");
    let other = app.customer("en").await;
    assert_eq!(
        renewed.ask("auth", json!({"token": other.token})).await["code"],
        "forbidden"
    );
    left_alone
        .ended(Duration::from_secs(15))
        .await
        .expect("the token ended");
    assert_eq!(
        renewed
            .ask("read", json!({"stream": support(&person), "seq": 0}))
            .await["ok"],
        true
    );
    let expired = core.tokens.access(
        &old,
        Timestamp::now()
            .checked_sub(Duration::from_mins(15))
            .unwrap(),
    );
    assert_eq!(
        SocketClient::try_connect(&url, Some(&expired))
            .await
            .err()
            .unwrap()["code"],
        "token_expired"
    );
    // The session is ended from another device.
    let body = json!({"email": person.email, "password": crate::test_app::PASSWORD});
    let laptop = app.post("/auth/login", None, body).await.expect(200);
    let token = laptop["accessToken"].as_str().unwrap();
    let mut elsewhere = SocketClient::connect(&url, Some(token)).await;
    let ending = app
        .http
        .delete(app.api(&format!("/me/sessions/{session}")))
        .bearer_auth(token)
        .send();
    assert!(ending.await.unwrap().status().is_success());
    renewed
        .ended(Duration::from_secs(5))
        .await
        .expect("the session ended");
    assert_eq!(
        elsewhere
            .ask("read", json!({"stream": support(&person), "seq": 0}))
            .await["ok"],
        true
    );
    app.finish().await;
    elsewhere
        .ended(Duration::from_secs(10))
        .await
        .expect("a server that stops ends its sockets");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_who_is_there_even_when_a_socket_dies_in_silence() {
    let app = TestApp::start().await;
    let (guest, staff) = (app.guest().await, app.staff().await);
    let mut desk = connect(&app, &staff).await;
    let silent = silent_socket(&app, &guest).await;
    let is_about_the_guest = |presence: &Value| presence["userId"] == json!(guest.id);
    let mut next = async || loop {
        let presence = desk.next("presence").await;
        if is_about_the_guest(&presence) {
            return presence["state"].clone();
        }
    };
    assert_eq!(next().await, "online");
    assert_eq!(next().await, "offline", "it answers no ping");
    drop(silent);
    let talking = connect(&app, &guest).await;
    assert_eq!(next().await, "online");
    drop(talking);
    assert_eq!(next().await, "offline");
    app.finish().await;
}

/// A socket that was let in and answers nothing any more, while its connection stays open.
async fn silent_socket(app: &TestApp, person: &Person) -> impl Sized + use<> {
    use futures::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::Message;
    let address = format!(
        "{}/socket.io/?EIO=4&transport=websocket",
        app.url("").replacen("http", "ws", 1)
    );
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
    socket.next().await.unwrap().unwrap();
    let hello = json!({"token": person.token});
    socket
        .send(Message::text(format!("40{hello}")))
        .await
        .unwrap();
    socket.next().await.unwrap().unwrap();
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_by_every_role_and_every_stream() {
    let app = TestApp::start().await;
    let (admin, owner) = (app.admin().await, app.customer("en").await);
    let variant = app.product(&admin, 10).await;
    let order = app.order(&owner, &variant, 1, "key").await.expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let people = [
        ("nobody", None),
        ("guest", Some(app.guest().await)),
        ("other", Some(app.customer("en").await)),
        ("owner", Some(owner.clone())),
        ("staff", Some(app.staff().await)),
        ("admin", Some(admin)),
    ];
    // Who may read, and who may talk.
    let owner_or_staff: &[&str] = &["owner", "staff", "admin"];
    let staff: &[&str] = &["staff", "admin"];
    let streams: [(String, &[&str], &[&str]); 7] = [
        (format!("order:{order}"), owner_or_staff, owner_or_staff),
        (support(&owner), owner_or_staff, owner_or_staff),
        (format!("notes:{}", owner.id), staff, staff),
        (format!("user:{}", owner.id), &["owner"], &[]),
        ("store".to_owned(), staff, &[]),
        (format!("campaign:{}", Uuid::now_v7()), staff, &[]),
        (format!("order:{}", Uuid::now_v7()), &[], &[]),
    ];
    for (role, person) in &people {
        let token = person.as_ref().map(|person| person.token.as_str());
        let client = SocketClient::connect(&app.url(""), token).await;
        for (stream, readers, talkers) in &streams {
            let read = [
                ("subscribe", json!({"stream": stream})),
                ("subscribe", json!({"stream": stream, "after": 0})),
                ("read", json!({"stream": stream, "seq": 1})),
            ];
            for (event, payload) in read {
                let answer = client.ask(event, payload).await;
                expect(&answer, readers.contains(role), role, event, stream);
            }
            let answer = client.ask("typing", json!({"stream": stream})).await;
            expect(&answer, readers.contains(role), role, "typing", stream);
            let answer = client.ask("post", message(stream, "hello")).await;
            expect(&answer, talkers.contains(role), role, "post", stream);
        }
        let watch = client.ask("watch", json!({"productIds": []})).await;
        assert_eq!(watch["ok"], true, "{role} {watch}");
    }
    app.finish().await;
}

#[track_caller]
fn expect(answer: &Value, may: bool, role: &str, event: &str, stream: &str) {
    assert_eq!(answer["ok"], may, "{role} {event} {stream}: {answer}");
    if !may {
        let code = answer["code"].as_str().unwrap();
        let expected: &[&str] = if role == "nobody" {
            &["unauthenticated"]
        } else {
            &["forbidden", "not_found"]
        };
        assert!(
            expected.contains(&code),
            "{role} {event} {stream}: {answer}"
        );
        assert!(answer.get("entries").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_client_sends_hurts() {
    let app = TestApp::start_with(&["--socket-message-limit", "20000"]).await;
    let guest = app.guest().await;
    let stream = support(&guest);
    let client = connect(&app, &guest).await;
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let wrong = [
        json!(null),
        json!(1),
        json!("x"),
        json!([]),
        json!({}),
        deep.clone(),
        json!({"stream": 1}),
        json!({"stream": "x"}),
        json!({"stream": stream, "more": 1}),
        json!({"stream": stream, "after": -1}),
        json!({"stream": stream, "after": 1.5}),
        json!({"stream": stream, "after": "1"}),
        json!({"stream": stream, "seq": u64::MAX, "x": deep}),
        json!({"productIds": vec![Uuid::nil(); 101]}),
        json!({"productIds": [1]}),
        json!({"token": 7}),
        json!({"stream": stream, "id": "x", "type": "message", "data": {"text": "a"}}),
        json!({"stream": stream, "id": Uuid::nil(), "type": "status", "data": {}}),
        json!({"stream": stream, "id": Uuid::nil(), "type": "message", "data": {"text": "a".repeat(8_001)}}),
        json!({"stream": stream, "id": Uuid::nil(), "type": "message", "data": {"text": "a\u{0}"}}),
    ];
    for event in [
        "subscribe",
        "unsubscribe",
        "post",
        "read",
        "typing",
        "watch",
        "auth",
        "unknown",
        "مرحبا",
    ] {
        for payload in &wrong {
            let answer = client.ask(event, payload.clone()).await;
            assert_eq!(answer["ok"], false, "{event} {payload}");
            let code = answer["code"].as_str().unwrap();
            assert!(
                ["invalid_input", "unknown_event"].contains(&code),
                "{event} {payload}: {answer}"
            );
        }
    }
    // What is no packet ends the socket, and nobody else's.
    for garbage in [
        "4",
        "42",
        "42[",
        "42{}",
        "4299999999999999999999[\"x\"]",
        "45",
        "451-",
        "451-[\"x\",{\"_placeholder\":true,\"num\":9}]",
        "9",
        "\u{0}",
        "42[1]",
        "42[\"connect\"]",
        "43",
        "431[]",
        "40/nowhere,{}",
        "41/nowhere,",
        &"x".repeat(30_000),
        &format!("42{}", "[".repeat(10_000)),
    ] {
        let mut rude = connect(&app, &guest).await;
        rude.asker.raw(garbage);
        rude.asker.raw("42[\"unknown\"]");
        let _ = rude.ended(Duration::from_millis(50)).await;
    }
    assert_eq!(
        client.ask("post", message(&stream, "still here")).await["ok"],
        true
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_told_to_wait() {
    let app = TestApp::start_with(&["--rate-limits", "on", "--socket-events", "20"]).await;
    let guest = app.guest().await;
    let client = connect(&app, &guest).await;
    let asks = (0..400).map(|_| client.ask("read", json!({"stream": support(&guest), "seq": 0})));
    let answers = futures::future::join_all(asks).await;
    let limited: Vec<_> = answers
        .iter()
        .filter(|answer| answer["ok"] == false)
        .collect();
    assert!((300..=330).contains(&limited.len()), "{}", limited.len());
    assert!(
        limited.iter().all(|answer| answer["code"] == "rate_limited"
            && answer["retryAfterMs"].as_u64().unwrap() >= 1)
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    let after = client
        .ask("read", json!({"stream": support(&guest), "seq": 0}))
        .await;
    assert_eq!(after["ok"], true, "{after}");
    app.finish().await;
}
