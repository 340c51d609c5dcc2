//! Streams.

use std::collections::BTreeSet;

use souk_domain::order::{OrderStatus, PaymentStatus};
use souk_domain::stream::{Author, EntryBody, NewEntry, Span, StreamKey};
use souk_domain::{EntryId, JobId, OrderId};

use super::Engine;
use super::fixtures::{assert_sound, at, customer, id};
use crate::ports::store::Appended;

fn entry(stream: StreamKey, author: Option<&Author>, error: &str) -> NewEntry {
    let body = EntryBody::JobFailed {
        job_id: JobId(uuid::Uuid::nil()),
        kind: "Test".into(),
        error: error.to_owned(),
    };
    NewEntry {
        stream,
        id: EntryId(id()),
        author: author.cloned(),
        at: at(5),
        body,
    }
}

fn seq(appended: &Appended) -> u64 {
    match appended {
        Appended::At { seq, .. } => *seq,
        Appended::IdConflict => panic!("a conflict"),
    }
}

/// Many writers at once, several streams in one call: 1 to the head, no hole, no duplicate.
pub async fn entries_are_numbered_without_holes(engine: &mut dyn Engine) {
    let store = engine.store();
    let streams = [
        StreamKey::Store,
        StreamKey::User(souk_domain::UserId(id())),
        StreamKey::Campaign(id()),
    ];
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..60_usize {
        let store = engine.store();
        tasks.spawn(async move {
            let entries = (0..=n % 5)
                .map(|k| entry(streams[(n + k) % 3], None, "x"))
                .collect();
            store.append(entries).await.expect("appended").len()
        });
    }
    let appended: usize = tasks.join_all().await.into_iter().sum();
    let mut heads = 0;
    for stream in streams {
        let page = store
            .entries(stream, Span::After(0, 200))
            .await
            .expect("read");
        assert_eq!(
            page.entries
                .iter()
                .map(|entry| entry.seq)
                .collect::<Vec<_>>(),
            (1..=page.head).collect::<Vec<_>>()
        );
        assert_eq!(
            page.entries
                .iter()
                .map(|entry| entry.id)
                .collect::<BTreeSet<_>>()
                .len() as u64,
            page.head
        );
        heads += page.head;
    }
    assert_eq!(heads, appended as u64);
    assert_sound(&*store).await;
}

/// Same id, author and content: the first one's number and time. Anything else: a conflict, and nothing is written.
pub async fn a_repeat_is_answered_as_the_first_time(engine: &mut dyn Engine) {
    let store = engine.store();
    let (sara, omar) = (customer("Sara"), customer("Omar"));
    let stream = StreamKey::Support(sara.id);
    let first = entry(stream, Some(&sara), "hello");
    let appended = store
        .append(vec![first.clone(), entry(stream, None, "between")])
        .await
        .expect("appended");
    assert_eq!(
        appended[0],
        Appended::At {
            seq: 1,
            at: at(5),
            repeated: false
        }
    );
    let later = NewEntry {
        at: at(50),
        ..first.clone()
    };
    let by_another = NewEntry {
        author: Some(omar),
        ..first.clone()
    };
    let by_nobody = NewEntry {
        author: None,
        ..first.clone()
    };
    let other_words = NewEntry {
        body: EntryBody::Payment {
            status: PaymentStatus::Paid,
        },
        ..first.clone()
    };
    let elsewhere = NewEntry {
        stream: StreamKey::Store,
        ..first.clone()
    };
    let again = store
        .append(vec![later, by_another, by_nobody, other_words, elsewhere])
        .await
        .expect("answered");
    assert_eq!(
        again[0],
        Appended::At {
            seq: 1,
            at: at(5),
            repeated: true
        }
    );
    assert_eq!(again[1..4], [Appended::IdConflict; 3]);
    assert_eq!(
        again[4],
        Appended::At {
            seq: 1,
            at: at(5),
            repeated: false
        },
        "another stream has its own ids"
    );
    let twice = entry(stream, Some(&sara), "twice in one call");
    let both = store
        .append(vec![twice.clone(), twice])
        .await
        .expect("answered");
    assert_eq!((seq(&both[0]), seq(&both[1])), (3, 3));
    assert_eq!(
        store
            .entries(stream, Span::Latest(1))
            .await
            .expect("read")
            .head,
        3
    );
    assert_sound(&*store).await;
}

/// Pages forwards and backwards, and the edges.
pub async fn parts_are_read_in_order(engine: &mut dyn Engine) {
    let store = engine.store();
    let stream = StreamKey::Order(OrderId(id()));
    let empty = store.entries(stream, Span::Latest(10)).await.expect("read");
    assert_eq!((empty.entries.len(), empty.head), (0, 0));
    let author = customer("Sara");
    let body = EntryBody::Status {
        status: OrderStatus::Shipped,
        previous: Some(OrderStatus::Packed),
        tracking: Some("خ-1".into()),
        reason: None,
    };
    let told = NewEntry {
        body,
        ..entry(stream, Some(&author), "")
    };
    let others = (0..9).map(|_| entry(stream, None, "x"));
    store
        .append(std::iter::once(told.clone()).chain(others).collect())
        .await
        .expect("appended");
    let numbers = async |span| {
        let page = store.entries(stream, span).await.expect("read");
        assert_eq!(page.head, 10);
        page.entries
            .iter()
            .map(|entry| entry.seq)
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(Span::After(0, 3)).await, [1, 2, 3]);
    assert_eq!(numbers(Span::After(8, 200)).await, [9, 10]);
    assert!(numbers(Span::After(10, 5)).await.is_empty());
    assert!(numbers(Span::After(u64::MAX, 5)).await.is_empty());
    assert_eq!(numbers(Span::Before(4, 2)).await, [2, 3]);
    assert!(numbers(Span::Before(1, 2)).await.is_empty());
    assert_eq!(numbers(Span::Before(u64::MAX, 2)).await, [9, 10]);
    assert_eq!(numbers(Span::Latest(4)).await, [7, 8, 9, 10]);
    let page = store
        .entries(stream, Span::After(0, 1))
        .await
        .expect("read");
    let read = &page.entries[0];
    assert_eq!(
        (read.id, &read.author, read.at, read.content.body()),
        (told.id, &told.author, told.at, Some(&told.body))
    );
}

/// Numbers go on where they were.
pub async fn streams_survive_a_restart(engine: &mut dyn Engine) {
    let known = entry(StreamKey::Store, None, "kept");
    engine
        .store()
        .append(vec![known.clone(), entry(StreamKey::Store, None, "y")])
        .await
        .expect("appended");
    engine.restart().await;
    let store = engine.store();
    let appended = store
        .append(vec![known, entry(StreamKey::Store, None, "z")])
        .await
        .expect("appended");
    assert_eq!(
        appended[0],
        Appended::At {
            seq: 1,
            at: at(5),
            repeated: true
        }
    );
    assert_eq!(seq(&appended[1]), 3);
    assert_sound(&*store).await;
}
