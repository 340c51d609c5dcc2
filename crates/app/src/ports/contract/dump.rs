//! All data on its way from one store to another. An engine's tests hand over two stores: of one kind, or of two.

use std::collections::BTreeSet;

use souk_domain::order::{OrderStatus, PaymentStatus};
use souk_domain::stream::{Post, Said, StreamKey};
use souk_domain::support::CannedReply;
use souk_domain::user::Role;
use souk_domain::{EntryId, EventId, JobId, MoveId};
use tokio::sync::mpsc;

use super::fixtures::{
    adjust, assert_sound, at, buy, colours, commit, customer, event, id, pay, placed, put,
    shop_with, staff, step, user,
};
use crate::ports::Store;
use crate::ports::store::{JobOutcome, NewAccount, NewUser, Row, RowKind, Settlement};

/// All rows of a store.
pub async fn rows(store: &dyn Store) -> Vec<Row> {
    let (out, mut taken) = mpsc::channel::<Vec<Row>>(1);
    let take = async {
        let mut rows = Vec::new();
        while let Some(batch) = taken.recv().await {
            assert!(batch.len() <= 500, "a batch of {}", batch.len());
            rows.extend(batch);
        }
        rows
    };
    let (exported, rows) = tokio::join!(store.export(out), take);
    exported.expect("exported");
    rows
}

/// Puts rows into an empty store.
pub async fn restore(store: &dyn Store, rows: &[Row]) {
    assert!(store.begin_restore().await.expect("begun"), "it is empty");
    assert!(store.is_restoring().await.expect("asked"));
    for kind in rows.chunk_by(|one, other| one.kind() == other.kind()) {
        for batch in kind.chunks(500) {
            store.restore(batch.to_vec()).await.expect("restored");
        }
    }
    store.end_restore().await.expect("ended");
    assert!(!store.is_restoring().await.expect("asked"));
    assert!(store.end_restore().await.is_err(), "none is under way");
}

/// What leaves one store arrives in another, leaves that one the same, and works there.
pub async fn moves(from: &dyn Store, to: &dyn Store) {
    fill(from).await;
    let before = rows(from).await;
    let kinds: BTreeSet<RowKind> = before.iter().map(Row::kind).collect();
    assert_eq!(kinds.len(), 14, "rows of every kind: {kinds:?}");
    assert!(
        before.is_sorted_by_key(Row::kind),
        "the kinds are in their order"
    );
    restore(to, &before).await;
    let after = rows(to).await;
    for (row, same) in before.iter().zip(&after) {
        assert_eq!(row, same);
    }
    assert_eq!(before.len(), after.len());
    assert_sound(to).await;
    assert!(
        !to.begin_restore().await.expect("asked"),
        "what has data is not restored over"
    );
    works(to, &before).await;
}

/// Some data of every kind.
async fn fill(store: &dyn Store) {
    let mug = shop_with(store, 1_000).await;
    put(store, &colours("shirt", &["red", "blue", "green"]), 5).await;
    let clerk = user(Role::Staff, "clerk@shop.test");
    let clerk_id = clerk.id;
    let people = [
        (clerk, Some("$argon2id$hash".to_owned())),
        (
            user(Role::Customer, "sara@shop.test"),
            Some("$argon2id$other".to_owned()),
        ),
        (user(Role::Guest, "guest@shop.test"), None),
        (user(Role::Guest, ""), None),
    ];
    let sara = people[1].0.id;
    for (user, password_hash) in people {
        let new = NewUser {
            user,
            password_hash,
            session: None,
            events: vec![event(3)],
        };
        assert_eq!(
            store.create_user(new).await.expect("made"),
            NewAccount::Done
        );
    }
    let mut buyer = customer("Sara");
    buyer.id = sara;
    for batch in 0..10 {
        let commands = (0..60).map(|n| buy(&buyer, &format!("key-{batch}-{n}"), &[(mug, 1)]));
        let committed = store.commit(commands.collect()).await.expect("committed");
        assert!(committed.results.iter().all(Result::is_ok));
    }
    for n in 0..3 {
        let order = placed(store, &buyer, &format!("key-{n}"), mug, 1).await;
        commit(store, step(order.id, OrderStatus::Packed, None))
            .await
            .expect("moved");
        commit(store, pay(order.id, PaymentStatus::Paid))
            .await
            .expect("paid");
    }
    commit(store, adjust(MoveId(id()), mug, -3))
        .await
        .expect("counted");
    let mut clerk = staff();
    clerk.id = clerk_id;
    for (n, stream) in [StreamKey::Support(sara), StreamKey::Notes(sara)]
        .into_iter()
        .enumerate()
    {
        for said in [
            Said::Message {
                text: "مرحبا, hello".into(),
            },
            Said::Edit {
                seq: 1,
                text: "edited".into(),
            },
            Said::Message {
                text: "second".into(),
            },
            Said::Delete { seq: 3 },
        ] {
            let post = Post {
                stream,
                id: EntryId(id()),
                author: if n == 0 { buyer.clone() } else { clerk.clone() },
                at: at(40),
                said,
                away: None,
                mail_if_unread: None,
                trace: None,
            };
            store
                .post(post)
                .await
                .expect("the engine works")
                .expect("posted");
        }
        store.mark_read(stream, clerk_id, 2).await.expect("marked");
    }
    let mail = JobId(id());
    store
        .claim_mail(StreamKey::Support(sara), clerk_id, 4, 4, mail)
        .await
        .expect("claimed");
    let reply = CannedReply {
        id: id(),
        title: "Hours".into(),
        text: "From nine to five.".into(),
        locale: None,
    };
    store.keep_canned_reply(&reply).await.expect("kept");
    let waiting = event(50);
    store.state(vec![waiting.clone()]).await.expect("stated");
    store
        .handed_on(&[(waiting.id, 3)], at(51))
        .await
        .expect("noted");
    let end = |outcome| Settlement {
        job_id: JobId(id()),
        event_id: waiting.id,
        kind: "SendReceiptV1".into(),
        payload: r#"{"job":"SendReceiptV1"}"#.into(),
        outcome,
        attempts: 2,
        trace: Some("trace".into()),
        created_at: at(50),
        at: at(52),
        events: vec![],
    };
    let failed = end(JobOutcome::Failed("550 no such mailbox".into()));
    let again = failed.job_id;
    store
        .settle(vec![
            end(JobOutcome::Done),
            failed,
            Settlement {
                event_id: EventId(id()),
                ..end(JobOutcome::Failed("gone".into()))
            },
        ])
        .await
        .expect("settled");
    assert!(store.retry_failed(again, event(60)).await.expect("asked"));
}

/// What was true before is true where it was restored.
async fn works(store: &dyn Store, rows: &[Row]) {
    let old = rows.iter().find_map(|row| match row {
        Row::Order { order, key, .. } => Some((order.clone(), key.clone())),
        _ => None,
    });
    let (old, key) = old.expect("an order");
    let mut buyer = customer("Sara");
    buyer.id = old.user_id;
    // The key is bound: the same request is answered with the first order, and takes nothing.
    let lines: Vec<_> = old
        .lines
        .iter()
        .map(|line| (line.variant_id, line.quantity))
        .collect();
    let replay = commit(store, buy(&buyer, &key, &lines))
        .await
        .expect("answered");
    let souk_domain::order::commit::Outcome::Placed { order, replayed } = replay else {
        panic!("no order: {replay:?}");
    };
    assert_eq!((order.id, replayed), (old.id, true));
    let new = placed(store, &buyer, "a new key", lines[0].0, 1).await;
    assert_eq!(store.order(new.id).await.expect("read"), Some(new));
    let credentials = store
        .credentials(&"SARA@shop.test".parse().expect("an address"))
        .await
        .expect("read")
        .expect("there");
    assert_eq!(
        credentials.password_hash.as_deref(),
        Some("$argon2id$other")
    );
    assert_eq!(
        store
            .heads(&[StreamKey::Support(buyer.id)])
            .await
            .expect("read"),
        [4]
    );
    assert_sound(store).await;
}
