//! All data out of one database and into another.

use std::collections::BTreeMap;

use souk_app::ports::contract::fixtures::{
    adjust, at, buy, colours, commit, currency, customer, event, id, pay, placed, product, put,
    shop_with, staff, step, user,
};
use souk_app::ports::store::{
    AccountStore, Appended, CatalogStore, ChatStore, DumpStore, JobOutcome, NewUser, OrderFilter,
    OrderStore, OutboxStore, ProductFilter, Row, RowKind, Settlement, StreamStore, SupportStore,
};
use souk_domain::catalog::search::question;
use souk_domain::catalog::{Inventory, MoveKind, Stock, StockMove, Translation};
use souk_domain::order::commit::Outcome;
use souk_domain::order::{OrderStatus, PaymentStatus};
use souk_domain::shop::ShopSettings;
use souk_domain::stream::{Author, EntryBody, NewEntry, Post, Said, Span, StreamKey};
use souk_domain::support::{CannedReply, ConversationChange};
use souk_domain::user::{Role, User};
use souk_domain::{EntryId, EventId, EventRecord, JobId, Locale, MoveId, ProductId, VariantId};
use tokio::sync::mpsc;

use super::{OnServer, start};
use crate::MongoStore;

async fn export(store: &MongoStore) -> Vec<Row> {
    let (out, mut batches) = mpsc::channel(1);
    let store = store.clone();
    let exporting = tokio::spawn(async move { store.export(out).await });
    let mut rows = Vec::new();
    while let Some(batch) = batches.recv().await {
        assert!((1..=500).contains(&batch.len()), "{}", batch.len());
        rows.extend(batch);
    }
    exporting.await.expect("ended").expect("exported");
    rows
}

async fn restore(store: &MongoStore, rows: &[Row]) {
    assert!(store.begin_restore().await.expect("begun"));
    for kind in rows.chunk_by(|one, other| one.kind() == other.kind()) {
        for some in kind.chunks(500) {
            store.restore(some.to_vec()).await.expect("kept");
        }
    }
    assert!(store.is_restoring().await.expect("read"));
    store.end_restore().await.expect("ended");
    assert!(!store.is_restoring().await.expect("read"));
}

/// What a row is sorted by within its kind.
fn place(row: &Row) -> (String, u64, [u8; 16], [u8; 16], u8) {
    let none = [0; 16];
    let by_id = |id: uuid::Uuid| (String::new(), 0, id.into_bytes(), none, 0);
    match row {
        Row::Shop(_) => by_id(uuid::Uuid::nil()),
        Row::User { user, .. } => by_id(user.id.0),
        Row::Product(product) => by_id(product.id.0),
        Row::Stock { variant_id, .. } => by_id(variant_id.0),
        Row::StockMove(one) => {
            let kind = match one.kind {
                MoveKind::Received => 0,
                MoveKind::Sold => 1,
                MoveKind::Returned => 2,
            };
            let (id, variant) = (one.id.0.into_bytes(), one.variant_id.0.into_bytes());
            (String::new(), 0, id, variant, kind)
        }
        Row::Order { order, .. } => by_id(order.id.0),
        Row::Entry { stream, entry } => (stream.to_string(), entry.seq, none, none, 0),
        Row::ReadMark {
            stream, user_id, ..
        } => (stream.to_string(), 0, user_id.0.into_bytes(), none, 0),
        Row::Audit {
            stream, by_entry, ..
        } => (stream.to_string(), *by_entry, none, none, 0),
        Row::Conversation(one) => by_id(one.user_id.0),
        Row::CannedReply(reply) => by_id(reply.id),
        Row::Event { id, .. } => by_id(id.0),
        Row::DoneJob { id, .. } => by_id(id.0),
        Row::FailedJob(job) => by_id(job.id.0),
    }
}

fn assert_canonical(rows: &[Row]) {
    for pair in rows.windows(2) {
        let places = pair.iter().map(|row| (row.kind(), place(row)));
        assert!(places.is_sorted_by(|one, other| one < other), "{pair:?}");
    }
}

fn by_kind(rows: &[Row]) -> BTreeMap<RowKind, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.kind()).or_default() += 1;
    }
    counts
}

async fn person(store: &MongoStore, role: Role, email: &str) -> (User, Author) {
    let user = user(role, email);
    let new = NewUser {
        user: user.clone(),
        password_hash: (role != Role::Guest).then(|| "$argon2id$1".into()),
        session: None,
        events: vec![event(1)],
    };
    store.create_user(new).await.expect("made");
    let author = Author {
        id: user.id,
        name: user.name.clone(),
        role,
    };
    (user, author)
}

async fn say(store: &MongoStore, stream: StreamKey, author: &Author, second: i64, said: Said) {
    let post = Post {
        stream,
        id: EntryId(id()),
        author: author.clone(),
        at: at(second),
        said,
        away: Some("Back at nine".into()),
        mail_if_unread: None,
        trace: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
    };
    let posted = store.post(post).await.expect("the engine works");
    posted.expect("posted");
}

fn message(text: &str) -> Said {
    Said::Message { text: text.into() }
}

fn end(event: EventId, outcome: JobOutcome) -> Settlement {
    Settlement {
        job_id: JobId(id()),
        event_id: event,
        kind: "send_receipt".into(),
        payload: "{\"n\":1}".into(),
        outcome,
        attempts: 3,
        trace: Some("00-1-2-01".into()),
        created_at: at(5),
        at: at(6),
        events: vec![],
    }
}

struct Filled {
    variant: VariantId,
    buyer: Author,
    customer: User,
    retried: JobId,
}

/// Every kind of row, as the engine itself makes them.
async fn fill(store: &MongoStore) -> Filled {
    let variant = shop_with(store, 50).await;
    let (customer, me) = person(store, Role::Customer, "Sara@Example.com").await;
    let (_, sara) = person(store, Role::Staff, "staff@example.com").await;
    person(store, Role::Admin, "admin@example.com").await;
    for _ in 0..3 {
        person(store, Role::Guest, "guest@example.com").await;
    }
    for n in 0..12 {
        let mut one = colours(&format!("coffee-{n}"), &["Red", "Blue"]);
        one.title = format!("Arabic Coffee {n}");
        let arabic = Translation {
            title: Some("قهوة عربيّة".into()),
            ..Translation::default()
        };
        one.translations.insert(Locale::Ar, arabic);
        put(store, &one, n).await;
    }
    let mut gone = product("gone", "Gone");
    gone.variants[0].inventory = Inventory::Backorder;
    put(store, &gone, 3).await;
    assert!(store.delete_product(gone.id).await.expect("gone"));
    let buyer = customer_with(&customer);
    let mut orders = Vec::new();
    for n in 0..6 {
        orders.push(placed(store, &buyer, &format!("key {n}"), variant, 1 + n).await);
    }
    let moves = [
        (0, OrderStatus::Cancelled),
        (1, OrderStatus::Packed),
        (1, OrderStatus::Shipped),
    ];
    for (n, to) in moves {
        commit(store, step(orders[n].id, to, None))
            .await
            .expect("moved");
    }
    commit(store, pay(orders[2].id, PaymentStatus::Paid))
        .await
        .expect("paid");
    commit(store, adjust(MoveId(id()), variant, -2))
        .await
        .expect("adjusted");

    let support = StreamKey::Support(customer.id);
    say(store, support, &me, 1, message("hello")).await;
    say(store, support, &sara, 2, message("yes?")).await;
    let edit = Said::Edit {
        seq: 1,
        text: "hello there".into(),
    };
    say(store, support, &me, 3, edit).await;
    say(store, support, &me, 4, message("take this back")).await;
    let seq = store.heads(&[support]).await.expect("read")[0];
    say(store, support, &me, 5, Said::Delete { seq }).await;
    say(
        store,
        StreamKey::Order(orders[3].id),
        &buyer,
        6,
        message("when?"),
    )
    .await;
    say(
        store,
        StreamKey::Notes(customer.id),
        &sara,
        7,
        message("كريمة"),
    )
    .await;
    store.mark_read(support, sara.id, 2).await.expect("marked");
    say(store, support, &sara, 8, message("and?")).await;
    let head = store.heads(&[support]).await.expect("read")[0];
    let claimed = store.claim_mail(support, me.id, head, head, JobId(id()));
    assert!(claimed.await.expect("asked").is_some());
    let take = ConversationChange::Take { force: false };
    let taken = store.change_conversation(customer.id, take, sara, EntryId(id()), at(9));
    taken.await.expect("the engine works").expect("taken");
    for title in ["b", "a"] {
        let reply = CannedReply {
            id: id(),
            title: title.into(),
            text: "شكراً".into(),
            locale: Some(Locale::Ar),
        };
        store.keep_canned_reply(&reply).await.expect("kept");
    }

    let stated: Vec<EventRecord> = (0..5).map(event).collect();
    store.state(stated.clone()).await.expect("stated");
    store
        .handed_on(&[(stated[0].id, 2), (stated[1].id, 3)], at(7))
        .await
        .expect("handed on");
    let failed = end(stated[1].id, JobOutcome::Failed("no such mailbox".into()));
    let retried = failed.job_id;
    let ends = vec![
        end(stated[0].id, JobOutcome::Done),
        failed,
        end(stated[1].id, JobOutcome::Failed("it hangs".into())),
        end(stated[2].id, JobOutcome::Done),
    ];
    store.settle(ends).await.expect("settled");
    assert!(
        store
            .retry_failed(retried, event(8))
            .await
            .expect("retried")
    );
    Filled {
        variant,
        buyer,
        customer,
        retried,
    }
}

fn customer_with(user: &User) -> Author {
    Author {
        id: user.id,
        ..customer(&user.name)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_database_gets_the_same() {
    let (one, other) = (start().await, start().await);
    let filled = fill(one.now()).await;
    let rows = export(one.now()).await;
    assert_canonical(&rows);
    let counts = by_kind(&rows);
    assert_eq!(counts.len(), 14, "every kind: {counts:?}");
    assert_eq!(counts[&RowKind::Product], 13);
    let retries =
        |row: &&Row| matches!(row, Row::Event { retries: Some(job), .. } if *job == filled.retried);
    assert_eq!(rows.iter().filter(retries).count(), 1);
    restore(other.now(), &rows).await;
    assert_eq!(export(other.now()).await, rows);
    works_as_before(&other, &filled).await;
}

/// What hangs on the rows is there too: addresses, keys, numbers, heads, words.
async fn works_as_before(engine: &OnServer, filled: &Filled) {
    let store = engine.now();
    let email = "sara@example.com".parse().expect("an address");
    let known = store
        .credentials(&email)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(
        (known.user.id, known.password_hash.is_some()),
        (filled.customer.id, true)
    );
    let again = commit(store, buy(&filled.buyer, "key 3", &[(filled.variant, 4)])).await;
    let Ok(Outcome::Placed {
        order,
        replayed: true,
    }) = again
    else {
        panic!("not replayed: {again:?}");
    };
    let by_number = OrderFilter {
        number: Some(order.number),
        ..OrderFilter::default()
    };
    let found = store.orders(&by_number, None, 10).await.expect("listed");
    assert_eq!(found.items.len(), 1);
    placed(store, &filled.buyer, "a new key", filled.variant, 1).await;
    let coffee = ProductFilter {
        words: question("قهوه"),
        ..ProductFilter::default()
    };
    let coffee = store.products(&coffee, None, 50).await.expect("listed");
    assert_eq!(coffee.items.len(), 12);
    let support = StreamKey::Support(filled.customer.id);
    let before = store.heads(&[support]).await.expect("read")[0];
    say(store, support, &filled.buyer, 50, message("again")).await;
    let page = store
        .entries(support, Span::After(0, 200))
        .await
        .expect("read");
    let seqs: Vec<u64> = page.entries.iter().map(|entry| entry.seq).collect();
    assert!(page.head > before);
    assert_eq!(seqs, (1..=page.head).collect::<Vec<_>>());
}

/// Far more than one batch of each kind, made here and not by an engine.
fn many() -> Vec<Row> {
    let mut rows = vec![Row::Shop(ShopSettings::new(currency()))];
    for n in 0..1_203 {
        let (role, hash) = if n % 3 == 0 {
            (Role::Guest, None)
        } else {
            (Role::Customer, Some("$".into()))
        };
        rows.push(Row::User {
            user: user(role, &format!("user{n}@example.com")),
            password_hash: hash,
        });
    }
    let products: Vec<_> = (0..510)
        .map(|n| colours(&format!("p{n}"), &["a", "b"]))
        .collect();
    let mut variants: Vec<_> = products
        .iter()
        .flat_map(|one| one.variants.iter().map(|variant| variant.id))
        .collect();
    variants.sort_unstable();
    rows.extend(products.into_iter().map(Row::Product));
    let stock = |variant_id: &VariantId| Row::Stock {
        variant_id: *variant_id,
        stock: Stock {
            received: 9_007_199_254_740_993,
            sold: 7,
            returned: 1,
        },
    };
    rows.extend(variants.iter().map(stock));
    for variant_id in &variants {
        rows.push(Row::StockMove(StockMove {
            id: MoveId(id()),
            variant_id: *variant_id,
            kind: MoveKind::Received,
            quantity: 9_007_199_254_740_993,
            reason: "start".into(),
            order_id: None,
            at: "2026-01-02T03:04:05.678901234Z".parse().expect("a time"),
        }));
    }
    let said = |stream: StreamKey, seq: u64| Row::Entry {
        stream,
        entry: souk_domain::stream::Entry {
            seq,
            id: EntryId(id()),
            author: seq.is_multiple_of(2).then(staff),
            at: at(1),
            content: souk_domain::stream::Content::Said(EntryBody::message("مرحبا".into())),
        },
    };
    // Names of streams, not ids of their kinds, say which comes first.
    let (note, support) = (
        StreamKey::Notes(customer("a").id),
        StreamKey::Support(customer("a").id),
    );
    rows.extend((1..=700).map(|seq| said(note, seq)));
    rows.extend((1..=900).map(|seq| said(StreamKey::Store, seq)));
    rows.extend((1..=3).map(|seq| said(support, seq)));
    for n in 0..640 {
        rows.push(Row::Event {
            id: EventId(id()),
            at: at(n),
            trace: None,
            event: event(n).event,
            settled: u32::try_from(n % 3).expect("small"),
            retries: None,
        });
    }
    rows.extend((0..1_100).map(|n| Row::DoneJob {
        id: JobId(id()),
        at: at(n),
    }));
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_rows_go_in_batches_and_heads_follow() {
    let engine = start().await;
    let store = engine.now();
    let rows = many();
    assert_canonical(&rows);
    restore(store, &rows).await;
    assert_eq!(export(store).await, rows);
    assert_eq!(store.heads(&[StreamKey::Store]).await.expect("read"), [900]);
    let next = NewEntry {
        stream: StreamKey::Store,
        id: EntryId(id()),
        author: None,
        at: at(1),
        body: EntryBody::LowStock {
            variant_id: VariantId(id()),
            product_id: ProductId(id()),
            title: "Mug".into(),
            sku: String::new(),
            left: 1,
            threshold: 2,
        },
    };
    let appended = store.append(vec![next]).await.expect("appended");
    assert!(
        matches!(appended[0], Appended::At { seq: 901, .. }),
        "{appended:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_export_is_of_one_moment() {
    let engine = start().await;
    let store = engine.now();
    restore(store, &many()).await;
    let before = export(store).await;
    let (out, mut batches) = mpsc::channel(1);
    let exporting = {
        let store = store.clone();
        tokio::spawn(async move { store.export(out).await })
    };
    let mut rows = batches.recv().await.expect("the shop");
    // What is written now is in none of its kinds, whether they were read already or not.
    person(store, Role::Customer, "late@example.com").await;
    let late = product("late", "Late");
    put(store, &late, 5).await;
    let buyer = customer("late");
    placed(store, &buyer, "k", late.variants[0].id, 1).await;
    let Some(Row::Product(known)) = before.iter().find(|row| row.kind() == RowKind::Product) else {
        panic!("no product");
    };
    assert!(store.delete_product(known.id).await.expect("gone"));
    while let Some(batch) = batches.recv().await {
        rows.extend(batch);
    }
    exporting.await.expect("ended").expect("exported");
    assert!(
        rows == before,
        "{:?} and {:?}",
        by_kind(&rows),
        by_kind(&before)
    );
    let after = by_kind(&export(store).await);
    assert_eq!(after.get(&RowKind::Order), Some(&1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restore_begins_on_nothing_and_says_until_it_ends_that_it_is_one() {
    let mut engine = start().await;
    assert!(!engine.now().is_restoring().await.expect("read"));
    assert!(engine.now().end_restore().await.is_err(), "none was begun");
    assert!(engine.now().begin_restore().await.expect("begun"));
    let person = Row::User {
        user: user(Role::Customer, "a@example.com"),
        password_hash: None,
    };
    engine.now().restore(vec![person]).await.expect("kept");
    // It is cut off: whoever comes next sees it, and cannot begin upon what is there.
    engine.store = None;
    engine.open().await;
    assert!(engine.now().is_restoring().await.expect("read"));
    assert!(!engine.now().begin_restore().await.expect("answered"));
    let wrong = Row::Order {
        order: {
            let other = start().await;
            let variant = shop_with(other.now(), 1).await;
            placed(other.now(), &customer("a"), "k", variant, 1).await
        },
        key: "k".into(),
        request_hash: "zz".into(),
    };
    assert!(engine.now().restore(vec![wrong]).await.is_err(), "no hash");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_export_that_nobody_wants_ends() {
    let engine = start().await;
    restore(engine.now(), &many()).await;
    let (out, mut batches) = mpsc::channel(1);
    let store = engine.now().clone();
    let exporting = tokio::spawn(async move { store.export(out).await });
    assert!(batches.recv().await.is_some());
    drop(batches);
    exporting.await.expect("ended").expect("no error");
}
