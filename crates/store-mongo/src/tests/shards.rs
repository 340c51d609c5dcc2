//! On a sharded cluster what is asked often goes to one shard: its commands carry the shard key. No router is needed to
//! see that: the driver says what it sends.

use std::sync::{Arc, Mutex};

use mongodb::bson::{Bson, Document};
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use souk_app::ports::contract::fixtures::{
    adjust, at, buy, commit, customer, id, pay, placed, shop_with, staff, step, user,
};
use souk_app::ports::store::{
    AccountStore, ChatStore, JobOutcome, NewUser, OrderFilter, OrderStore, OutboxStore, Settlement,
    StreamStore,
};
use souk_app::reactions;
use souk_domain::order::{OrderStatus, PaymentStatus};
use souk_domain::stream::{Post, Said, Span, StreamKey};
use souk_domain::user::Role;
use souk_domain::{EntryId, JobId, MoveId, UserId};

use super::{OnServer, new_url};
use crate::open::{Link, client_options};
use crate::{MongoOptions, MongoStore};

/// Collections that grow with sales and with what people say, and what they are sharded by.
const KEYS: &[(&str, &str)] = &[
    ("orders", "user"),
    ("order_ids", "_id"),
    ("stock", "_id"),
    ("stock_moves", "_id"),
    ("variants", "_id"),
    ("streams", "_id"),
    ("entries", "stream"),
    ("read_marks", "stream"),
    ("entry_audit", "stream"),
    ("conversations", "_id"),
    ("users", "_id"),
    ("outbox", "_id"),
    ("done_jobs", "_id"),
    ("failed_jobs", "_id"),
];

/// What may be asked of all shards: which event asked for a job again. So few do that the index of it is about empty.
const OF_ALL: &[(&str, &str)] = &[("outbox", "retries")];

/// The filters of a command: of each statement, where it has several.
fn filters(command: &Document) -> Vec<Document> {
    let of = |field: &str| command.get_document(field).cloned().into_iter();
    let statements = |list: &str| {
        let all = command.get_array(list).cloned().unwrap_or_default();
        all.into_iter()
            .filter_map(|one| {
                one.as_document()
                    .and_then(|one| one.get_document("q").ok().cloned())
            })
            .collect::<Vec<_>>()
    };
    let pipeline = command.get_array("pipeline").cloned().unwrap_or_default();
    let matched = pipeline.into_iter().filter_map(|stage| {
        stage
            .as_document()
            .and_then(|stage| stage.get_document("$match").ok().cloned())
    });
    of("filter")
        .chain(of("query"))
        .chain(statements("updates"))
        .chain(statements("deletes"))
        .chain(matched)
        .collect()
}

/// Whether a filter says which shards it is for.
fn carries(filter: &Document, key: &str) -> bool {
    if let Some(value) = filter.get(key) {
        let operators = value.as_document();
        return operators.is_none_or(|one| one.contains_key("$in") || one.contains_key("$eq"));
    }
    let parts = |name: &str| filter.get_array(name).ok();
    let carried = |part: &Bson| part.as_document().is_some_and(|part| carries(part, key));
    parts("$or").is_some_and(|parts| parts.iter().all(carried))
        || parts("$and").is_some_and(|parts| parts.iter().any(carried))
}

/// What a command asks of shards that it does not name.
fn asks_all(command: &Document) -> Option<String> {
    let (name, collection) = command.iter().next()?;
    let collection = collection.as_str()?;
    let (_, key) = KEYS.iter().find(|(known, _)| *known == collection)?;
    if name == "insert" {
        let rows = command.get_array("documents").ok()?;
        let keyed = |row: &Bson| row.as_document().is_some_and(|row| row.contains_key(key));
        return (!rows.iter().all(keyed)).then(|| format!("{command}"));
    }
    let allowed = |filter: &Document| {
        OF_ALL
            .iter()
            .any(|(known, field)| *known == collection && carries(filter, field))
    };
    let filters = filters(command);
    let named = |filter: &Document| carries(filter, key) || allowed(filter);
    (filters.is_empty() || !filters.iter().all(named)).then(|| format!("{command}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_asked_often_carries_the_shard_key() {
    let url = new_url().await;
    let sent: Arc<Mutex<Vec<Document>>> = Arc::default();
    let mut options = client_options(&url, &MongoOptions::default())
        .await
        .expect("a URL");
    let seen = Arc::clone(&sent);
    options.command_event_handler = Some(EventHandler::callback(move |event| {
        if let CommandEvent::Started(started) = event {
            seen.lock().expect("whole").push(started.command);
        }
    }));
    let link = Link::of(options).expect("a client");
    let started = MongoStore::start(link, MongoOptions::default());
    let store = started.await.expect("opens");
    let _gone = OnServer {
        url,
        store: Some(store.clone()),
    };
    let variant = shop_with(&store, 100).await;
    let who = user(Role::Customer, "sara@example.com");
    let new = NewUser {
        user: who.clone(),
        password_hash: Some("hash".into()),
        session: None,
        events: vec![],
    };
    store.create_user(new).await.expect("made");
    let buyer = souk_domain::stream::Author {
        id: who.id,
        ..customer("Sara")
    };
    sent.lock().expect("whole").clear();

    let order = placed(&store, &buyer, "k", variant, 2).await;
    commit(&store, buy(&buyer, "k", &[(variant, 2)]))
        .await
        .expect("replayed");
    commit(&store, step(order.id, OrderStatus::Packed, None))
        .await
        .expect("moved");
    commit(&store, pay(order.id, PaymentStatus::Paid))
        .await
        .expect("paid");
    commit(&store, adjust(MoveId(id()), variant, 1))
        .await
        .expect("counted");
    store.order(order.id).await.expect("read").expect("there");
    for filter in [
        OrderFilter {
            user: Some(who.id),
            ..OrderFilter::default()
        },
        OrderFilter {
            number: Some(order.number),
            ..OrderFilter::default()
        },
    ] {
        assert_eq!(
            store
                .orders(&filter, None, 5)
                .await
                .expect("listed")
                .items
                .len(),
            1
        );
    }
    let streams = [StreamKey::Order(order.id), StreamKey::Support(who.id)];
    for stream in streams {
        let post = |said: Said, by| Post {
            stream,
            id: EntryId(id()),
            author: by,
            at: at(5),
            said,
            away: Some("away".into()),
            mail_if_unread: None,
            trace: None,
        };
        let said = post(
            Said::Message {
                text: "hello".into(),
            },
            buyer.clone(),
        );
        let posted = store
            .post(said.clone())
            .await
            .expect("posted")
            .expect("allowed");
        assert!(
            store
                .post(said)
                .await
                .expect("posted")
                .expect("allowed")
                .repeated
        );
        let edit = Said::Edit {
            seq: posted.seq,
            text: "hallo".into(),
        };
        store
            .post(post(edit, buyer.clone()))
            .await
            .expect("posted")
            .expect("allowed");
        let delete = Said::Delete { seq: posted.seq };
        store
            .post(post(delete, staff()))
            .await
            .expect("posted")
            .expect("allowed");
        store
            .entries(stream, Span::After(0, 10))
            .await
            .expect("read");
        store.mark_read(stream, who.id, 1).await.expect("marked");
        store.marks(stream).await.expect("read");
        store.audit(stream).await.expect("read");
        store
            .claim_mail(stream, UserId(id()), 1, 1, JobId(id()))
            .await
            .expect("claimed");
    }
    store.heads(&streams).await.expect("read");
    store.unread(who.id, &streams).await.expect("read");
    // What looks for late events and lists failed jobs asks all shards, and seldom.
    let seen = std::mem::take(&mut *sent.lock().expect("whole"));
    let events = store.overdue(at(9_999), at(9_999), 99).await.expect("read");
    sent.lock().expect("whole").clear();
    for event in &events {
        let follows = reactions::follow(event);
        let jobs = follows.jobs;
        store.append(follows.entries).await.expect("appended");
        let expected = u32::try_from(jobs.len()).expect("few");
        store
            .handed_on(&[(event.id, expected)], at(6))
            .await
            .expect("noted");
        let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
        let settlements = jobs.into_iter().map(|job| Settlement {
            job_id: job.id,
            event_id: job.event_id,
            kind: job.kind,
            payload: job.payload,
            outcome: JobOutcome::Done,
            attempts: 1,
            trace: None,
            created_at: job.created_at,
            at: at(7),
            events: vec![],
        });
        store.settle(settlements.collect()).await.expect("settled");
        assert_eq!(store.settled(&ids).await.expect("read").len(), ids.len());
    }
    let mut seen = seen;
    seen.append(&mut sent.lock().expect("whole"));
    for (collection, _) in KEYS.iter().filter(|(name, _)| *name != "failed_jobs") {
        let touched = |command: &&Document| {
            command.iter().next().and_then(|(_, of)| of.as_str()) == Some(*collection)
        };
        assert!(
            seen.iter().any(|command| touched(&command)),
            "{collection} is not asked"
        );
    }
    let all: Vec<_> = seen.iter().filter_map(asks_all).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}
