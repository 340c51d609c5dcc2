//! Entries, edits and marks: everybody who follows a stream has the same copy of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use souk_domain::stream::{EntryBody, NewEntry, StreamKey};
use souk_domain::{EntryId, Timestamp, UserId};
use uuid::Uuid;

use super::{all_entries, connect, message, support};
use crate::socket_client::Copy;
use crate::test_app::TestApp;

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
    assert!(slow < 5, "all came only when the store was looked at");
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
