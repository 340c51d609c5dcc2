//! Orders and stock.

use std::collections::{BTreeSet, HashSet};

use souk_domain::catalog::{Inventory, Translation};
use souk_domain::order::commit::{Action, Outcome};
use souk_domain::order::{Order, OrderError, OrderStatus, PaymentStatus, Shortage};
use souk_domain::shop::ShopSettings;
use souk_domain::stream::{EntryBody, Span, StreamKey};
use souk_domain::user::Role;
use souk_domain::{Event, Locale, Money, MoveId, VariantId};

use super::Engine;
use super::fixtures::{
    adjust, assert_sound, at, buy, command, commit, currency, customer, id, left, pay, place,
    placed, product, put, shop_with, step, user,
};
use crate::ports::store::{ListError, NewUser, OrderFilter, ProductRef, Written};
use crate::ports::{EngineError, Store};

/// A thousand buyers after one unit, in many batches at once.
pub async fn one_unit_is_sold_once(engine: &mut dyn Engine) {
    let store = engine.store();
    let variant = shop_with(&*store, 1).await;
    let mut tasks = tokio::task::JoinSet::new();
    for batch in 0..100 {
        let store = engine.store();
        tasks.spawn(async move {
            let batch = (0..10)
                .map(|n| buy(&customer("b"), &format!("{batch}-{n}"), &[(variant, 1)]))
                .collect();
            store.commit(batch).await.expect("committed").results
        });
    }
    let results: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(results.len(), 1_000);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let short = Err(OrderError::OutOfStock {
        short: vec![Shortage {
            variant,
            requested: 1,
            left: 0,
        }],
    });
    assert_eq!(
        results.iter().filter(|result| **result == short).count(),
        999
    );
    assert_eq!(
        left(&*store, ProductRef::Handle("mug".into()), variant).await,
        0
    );
    assert_sound(&*store).await;
}

/// More buyers than units, in batches of every size.
pub async fn many_buyers_get_exactly_what_is_there(engine: &mut dyn Engine) {
    let store = engine.store();
    let variant = shop_with(&*store, 500).await;
    let mut tasks = tokio::task::JoinSet::new();
    for size in 1..=40 {
        let store = engine.store();
        tasks.spawn(async move {
            let batch: Vec<_> = (0..size)
                .map(|n| buy(&customer("b"), &format!("{n}"), &[(variant, 1)]))
                .collect();
            let mut again = 0..10;
            loop {
                match store.commit(batch.clone()).await {
                    // On a machine that stood still an engine may have given the batch up.
                    Err(EngineError::Conflict) if again.next().is_some() => {}
                    committed => break committed.expect("committed"),
                }
            }
        });
    }
    let (mut sold, mut events) = (0, 0);
    for committed in tasks.join_all().await {
        let placed = committed
            .results
            .iter()
            .filter(|result| result.is_ok())
            .count();
        assert_eq!(committed.events.len(), placed, "one event for each order");
        sold += placed;
        events += committed.events.len();
    }
    assert_eq!((sold, events), (500, 500));
    assert_eq!(store.outbox_size().await.expect("size").0, 500);
    assert_sound(&*store).await;
}

/// The same key, inside one batch, across batches, and at once.
pub async fn one_key_makes_one_order(engine: &mut dyn Engine) {
    let store = engine.store();
    let variant = shop_with(&*store, 100).await;
    let buyer = customer("Sara");
    let batch = (0..3).map(|_| buy(&buyer, "k", &[(variant, 1)])).collect();
    let committed = store.commit(batch).await.expect("committed");
    let orders: Vec<_> = committed
        .results
        .into_iter()
        .map(|result| as_placed(result.expect("placed")))
        .collect();
    assert!(!orders[0].1 && orders[1].1 && orders[2].1);
    assert!(orders.iter().all(|(order, _)| *order == orders[0].0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (store, again) = (engine.store(), buy(&buyer, "k", &[(variant, 1)]));
        tasks.spawn(async move { as_placed(commit(&*store, again).await.expect("replayed")) });
    }
    assert!(
        tasks
            .join_all()
            .await
            .iter()
            .all(|(order, replayed)| *replayed && *order == orders[0].0)
    );
    assert_eq!(
        left(&*store, ProductRef::Handle("mug".into()), variant).await,
        99
    );
    let fresh = customer("Fresh");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (store, first) = (engine.store(), buy(&fresh, "k", &[(variant, 1)]));
        tasks.spawn(async move { as_placed(commit(&*store, first).await.expect("placed")) });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|(_, replayed)| !replayed).count(), 1);
    assert_eq!(
        answers
            .iter()
            .map(|(order, _)| order.id)
            .collect::<HashSet<_>>()
            .len(),
        1
    );
    assert_sound(&*store).await;
}

fn as_placed(outcome: Outcome) -> (Order, bool) {
    match outcome {
        Outcome::Placed { order, replayed } => (*order, replayed),
        other => panic!("not placed: {other:?}"),
    }
}

/// Another buyer's key is another key; another request under a key is refused; a refused request binds nothing.
pub async fn a_key_binds_its_buyer_and_its_request(engine: &mut dyn Engine) {
    let store = engine.store();
    let variant = shop_with(&*store, 5).await;
    let (sara, omar) = (customer("Sara"), customer("Omar"));
    let first = placed(&*store, &sara, "k", variant, 1).await;
    let second = placed(&*store, &omar, "k", variant, 1).await;
    assert_ne!(first.id, second.id);
    let mut other = place(&sara, "k", &[(variant, 2)]);
    other.request_hash = [8; 32];
    assert_eq!(
        commit(&*store, command(Action::Place(Box::new(other)))).await,
        Err(OrderError::KeyReused)
    );
    let greedy = buy(&sara, "later", &[(variant, 9)]);
    assert!(matches!(
        commit(&*store, greedy).await,
        Err(OrderError::OutOfStock { .. })
    ));
    placed(&*store, &sara, "later", variant, 1).await;
    assert_sound(&*store).await;
}

/// Nothing of a refused command is there, and its neighbours are not hurt.
pub async fn what_is_refused_leaves_no_trace(engine: &mut dyn Engine) {
    let store = engine.store();
    let variant = shop_with(&*store, 3).await;
    let unknown = VariantId(id());
    let buyer = customer("Sara");
    let mut dear = place(&buyer, "dear", &[(variant, 1)]);
    dear.expected_total = Some(Money::new(1, currency()));
    let batch = vec![
        buy(&buyer, "a", &[(variant, 2)]),
        buy(&buyer, "b", &[(variant, 1), (unknown, 1)]),
        buy(&buyer, "c", &[(variant, 2)]),
        command(Action::Place(Box::new(dear))),
        buy(&buyer, "d", &[(variant, 1)]),
    ];
    let committed = store.commit(batch).await.expect("committed");
    assert!(committed.results[0].is_ok() && committed.results[4].is_ok());
    assert_eq!(
        committed.results[1],
        Err(OrderError::UnknownVariant { variant: unknown })
    );
    assert_eq!(
        committed.results[2],
        Err(OrderError::OutOfStock {
            short: vec![Shortage {
                variant,
                requested: 2,
                left: 1
            }]
        })
    );
    assert_eq!(
        committed.results[3],
        Err(OrderError::PriceChanged {
            total: Money::new(1_000, currency())
        })
    );
    assert_eq!(committed.events.len(), 2);
    assert_eq!(store.outbox_size().await.expect("size"), (2, Some(at(100))));
    assert_eq!(all(&*store, &OrderFilter::default()).await.len(), 2);
    assert_eq!(
        left(&*store, ProductRef::Handle("mug".into()), variant).await,
        0
    );
    assert_sound(&*store).await;
}

/// Price and words are those of the catalogue when the order is committed, in the buyer's language.
pub async fn a_sale_reads_the_catalogue_of_its_moment(engine: &mut dyn Engine) {
    let store = engine.store();
    shop_with(&*store, 1).await;
    let mut coffee = product("coffee", "Coffee");
    let terms = [("Large".to_owned(), "كبير".to_owned())].into();
    coffee.translations.insert(
        Locale::Ar,
        Translation {
            title: Some("قهوة".into()),
            description_html: None,
            terms,
        },
    );
    coffee.options = vec![souk_domain::catalog::ProductOption {
        name: "Size".into(),
        values: vec![],
    }];
    coffee.variants = vec![super::fixtures::variant("Large", 500, Inventory::Backorder)];
    coffee.images = vec![souk_domain::catalog::Image {
        url: "/media/a.svg".into(),
        alt: String::new(),
    }];
    put(&*store, &coffee, 1).await;
    let variant = coffee.variants[0].id;
    let mut arabic = place(&customer("Sara"), "k", &[(variant, 3)]);
    arabic.locale = Locale::Ar;
    let (order, _) = as_placed(
        commit(&*store, command(Action::Place(Box::new(arabic))))
            .await
            .expect("sold below zero"),
    );
    let line = &order.lines[0];
    assert_eq!(
        (
            line.title.as_str(),
            line.variant_title.as_str(),
            line.unit_price.amount
        ),
        ("قهوة", "كبير", 500)
    );
    assert_eq!(
        (line.handle.as_str(), line.image.as_deref(), line.tracked),
        ("coffee", Some("/media/a.svg"), true)
    );
    let mut dearer = coffee.clone();
    dearer.variants[0].price = Money::new(700, currency());
    dearer.updated_at = at(1);
    assert_eq!(
        store
            .update_product(&dearer, &[], "", at(0))
            .await
            .expect("kept"),
        Written::Done
    );
    assert_eq!(
        placed(&*store, &customer("Omar"), "k", variant, 1)
            .await
            .total
            .amount,
        700
    );
    assert_eq!(
        store.order(order.id).await.expect("read"),
        Some(order),
        "what was bought stays as it was"
    );
    let mut draft = dearer.clone();
    (draft.status, draft.updated_at) = (souk_domain::catalog::ProductStatus::Draft, at(2));
    assert_eq!(
        store
            .update_product(&draft, &[], "", at(1))
            .await
            .expect("kept"),
        Written::Done
    );
    let refused = commit(&*store, buy(&customer("Ali"), "k", &[(variant, 1)])).await;
    assert_eq!(refused, Err(OrderError::UnknownVariant { variant }));
    assert_sound(&*store).await;
}

/// Each step once, with its entry and its event; stock comes back once, however often it is tried.
pub async fn orders_move_on_and_give_stock_back_once(engine: &mut dyn Engine) {
    let store = engine.store();
    let variant = shop_with(&*store, 10).await;
    let order = placed(&*store, &customer("Sara"), "k", variant, 4).await;
    let committed = store
        .commit(vec![step(order.id, OrderStatus::Packed, None)])
        .await
        .expect("committed");
    assert!(matches!(
        committed.events[0].event,
        Event::OrderStatusChanged {
            previous: OrderStatus::Placed,
            ..
        }
    ));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = engine.store();
        tasks.spawn(
            async move { commit(&*store, step(order.id, OrderStatus::Cancelled, None)).await },
        );
    }
    assert_eq!(tasks.join_all().await.into_iter().flatten().count(), 1);
    assert_eq!(
        left(&*store, ProductRef::Handle("mug".into()), variant).await,
        10
    );
    let kept = store.order(order.id).await.expect("read").expect("there");
    assert_eq!(kept.status, OrderStatus::Cancelled);
    let page = store
        .entries(StreamKey::Order(order.id), Span::After(0, 200))
        .await
        .expect("read");
    let steps: Vec<_> = page
        .entries
        .iter()
        .map(|entry| entry.content.body().cloned().unwrap())
        .collect();
    let status = |status, previous, reason: Option<&str>| EntryBody::Status {
        status,
        previous,
        tracking: None,
        reason: reason.map(Into::into),
    };
    assert_eq!(
        steps,
        [
            status(OrderStatus::Placed, None, None),
            status(OrderStatus::Packed, Some(OrderStatus::Placed), Some("why")),
            status(
                OrderStatus::Cancelled,
                Some(OrderStatus::Packed),
                Some("why")
            ),
        ]
    );
    assert_eq!(
        page.entries[0]
            .author
            .as_ref()
            .map(|author| author.name.as_str()),
        Some("Sara")
    );
    // Two steps of one order in one batch: the second sees the first.
    let next = placed(&*store, &customer("Omar"), "k", variant, 1).await;
    let batch = vec![
        step(next.id, OrderStatus::Shipped, None),
        step(next.id, OrderStatus::Delivered, None),
        step(next.id, OrderStatus::Placed, None),
    ];
    let results = store.commit(batch).await.expect("committed").results;
    assert!(results[0].is_ok() && results[1].is_ok());
    assert!(matches!(
        results[2],
        Err(OrderError::InvalidTransition { .. })
    ));
    assert_eq!(
        store
            .order(next.id)
            .await
            .expect("read")
            .expect("there")
            .status,
        OrderStatus::Delivered
    );
    assert_sound(&*store).await;
}

/// A buyer cancels what is theirs, while it is only placed.
pub async fn buyers_move_their_own_orders_alone(engine: &mut dyn Engine) {
    let store = engine.store();
    let variant = shop_with(&*store, 10).await;
    let (sara, omar) = (customer("Sara"), customer("Omar"));
    let order = placed(&*store, &sara, "k", variant, 1).await;
    let by = |buyer: souk_domain::UserId| step(order.id, OrderStatus::Cancelled, Some(buyer));
    assert_eq!(
        commit(&*store, by(omar.id)).await,
        Err(OrderError::NotFound)
    );
    assert!(commit(&*store, by(sara.id)).await.is_ok());
    let packed = placed(&*store, &sara, "l", variant, 1).await;
    commit(&*store, step(packed.id, OrderStatus::Packed, None))
        .await
        .expect("packed");
    let late = commit(
        &*store,
        step(packed.id, OrderStatus::Cancelled, Some(sara.id)),
    )
    .await;
    assert!(matches!(late, Err(OrderError::InvalidTransition { .. })));
    let nowhere = commit(
        &*store,
        step(souk_domain::OrderId(id()), OrderStatus::Packed, None),
    )
    .await;
    assert_eq!(nowhere, Err(OrderError::NotFound));
    assert_sound(&*store).await;
}

/// Unpaid, paid, refunded; each with its entry.
pub async fn payments_move_on(engine: &mut dyn Engine) {
    let store = engine.store();
    let variant = shop_with(&*store, 1).await;
    let order = placed(&*store, &customer("Sara"), "k", variant, 1).await;
    assert!(
        commit(&*store, pay(order.id, PaymentStatus::Refunded))
            .await
            .is_err()
    );
    assert!(
        commit(&*store, pay(order.id, PaymentStatus::Paid))
            .await
            .is_ok()
    );
    assert!(
        commit(&*store, pay(order.id, PaymentStatus::Paid))
            .await
            .is_err()
    );
    let kept = store.order(order.id).await.expect("read").expect("there");
    assert_eq!(kept.payment.status, PaymentStatus::Paid);
    let page = store
        .entries(StreamKey::Order(order.id), Span::Latest(1))
        .await
        .expect("read");
    assert_eq!(
        (page.head, page.entries[0].content.body().unwrap()),
        (
            2,
            &EntryBody::Payment {
                status: PaymentStatus::Paid
            }
        )
    );
    assert_sound(&*store).await;
}

/// By its id, in one batch, in two, and at once; never below zero.
pub async fn a_stock_change_by_hand_happens_once(engine: &mut dyn Engine) {
    let store = engine.store();
    let variant = shop_with(&*store, 10).await;
    let change = MoveId(id());
    let batch = vec![adjust(change, variant, -3), adjust(change, variant, -3)];
    let results = store.commit(batch).await.expect("committed").results;
    assert_eq!(
        results,
        [
            Ok(Outcome::Adjusted { remaining: 7 }),
            Ok(Outcome::Adjusted { remaining: 7 })
        ]
    );
    let mut tasks = tokio::task::JoinSet::new();
    let again = MoveId(id());
    for _ in 0..20 {
        let store = engine.store();
        tasks.spawn(async move { commit(&*store, adjust(again, variant, 5)).await });
    }
    assert!(
        tasks
            .join_all()
            .await
            .into_iter()
            .all(|result| result == Ok(Outcome::Adjusted { remaining: 12 }))
    );
    assert_eq!(
        commit(&*store, adjust(MoveId(id()), variant, -13)).await,
        Err(OrderError::StockBelowZero { left: 12 })
    );
    let unknown = VariantId(id());
    assert_eq!(
        commit(&*store, adjust(MoveId(id()), unknown, 1)).await,
        Err(OrderError::UnknownVariant { variant: unknown })
    );
    assert_eq!(
        left(&*store, ProductRef::Handle("mug".into()), variant).await,
        12
    );
    assert_sound(&*store).await;
}

/// Newest first, page by page, while new orders come in; each filter alone and with others.
pub async fn lists_are_stable_and_filtered(engine: &mut dyn Engine) {
    let store = engine.store();
    let variant = shop_with(&*store, 1_000).await;
    let account = user(Role::Customer, "Sara@Example.com");
    let new = NewUser {
        user: account.clone(),
        password_hash: None,
        session: None,
        events: vec![],
    };
    store.create_user(new).await.expect("made");
    let mut sara = customer("Sara");
    sara.id = account.id;
    let omar = customer("Omar");
    let mut ids = Vec::new();
    for n in 0..25 {
        let buyer = if n % 5 == 0 { &sara } else { &omar };
        ids.push(placed(&*store, buyer, &n.to_string(), variant, 1).await.id);
    }
    ids.reverse();
    let first = store
        .orders(&OrderFilter::default(), None, 10)
        .await
        .expect("listed");
    assert_eq!(
        first.items.iter().map(|order| order.id).collect::<Vec<_>>(),
        ids[..10]
    );
    placed(&*store, &omar, "new", variant, 1).await;
    let second = store
        .orders(&OrderFilter::default(), first.next.as_deref(), 10)
        .await
        .expect("listed");
    let third = store
        .orders(&OrderFilter::default(), second.next.as_deref(), 10)
        .await
        .expect("listed");
    let rest: Vec<_> = second
        .items
        .iter()
        .chain(&third.items)
        .map(|order| order.id)
        .collect();
    assert_eq!((rest.as_slice(), third.next), (&ids[10..], None));
    let exact = store
        .orders(
            &OrderFilter {
                user: Some(sara.id),
                ..OrderFilter::default()
            },
            None,
            5,
        )
        .await
        .expect("listed");
    assert_eq!(
        (exact.items.len(), exact.next),
        (5, None),
        "no empty last page"
    );
    commit(&*store, step(ids[0], OrderStatus::Packed, None))
        .await
        .expect("packed");
    commit(&*store, step(ids[4], OrderStatus::Packed, None))
        .await
        .expect("packed");
    let packed = OrderFilter {
        status: Some(OrderStatus::Packed),
        ..OrderFilter::default()
    };
    assert_eq!(all(&*store, &packed).await, [ids[0], ids[4]]);
    let of_sara = OrderFilter {
        email: Some("sara@example.com".parse().expect("an address")),
        ..packed.clone()
    };
    assert_eq!(all(&*store, &of_sara).await, [ids[4]]);
    assert_eq!(
        all(
            &*store,
            &OrderFilter {
                user: Some(sara.id),
                ..packed
            }
        )
        .await,
        [ids[4]]
    );
    let number = store
        .order(ids[7])
        .await
        .expect("read")
        .expect("there")
        .number;
    assert_eq!(
        all(
            &*store,
            &OrderFilter {
                number: Some(number),
                ..OrderFilter::default()
            }
        )
        .await,
        [ids[7]]
    );
    let nobody = OrderFilter {
        email: Some("nobody@example.com".parse().expect("an address")),
        ..OrderFilter::default()
    };
    assert_eq!(all(&*store, &nobody).await, []);
    for wrong in [
        "",
        "x",
        "é",
        "o00000000000000000000000000000000000000000000000000",
    ] {
        let refused = store.orders(&OrderFilter::default(), Some(wrong), 10).await;
        assert!(matches!(refused, Err(ListError::Cursor)), "{wrong}");
    }
    let other = store
        .products(
            &crate::ports::store::ProductFilter::default(),
            first.next.as_deref(),
            1,
        )
        .await;
    assert!(
        matches!(other, Err(ListError::Cursor)),
        "a cursor of another list"
    );
}

async fn all(store: &dyn Store, filter: &OrderFilter) -> Vec<souk_domain::OrderId> {
    let mut ids = Vec::new();
    let mut cursor = None;
    loop {
        let page = store
            .orders(filter, cursor.as_deref(), 3)
            .await
            .expect("listed");
        ids.extend(page.items.iter().map(|order| order.id));
        cursor = page.next;
        if cursor.is_none() {
            return ids;
        }
    }
}

/// Orders, keys, stock, events and entries are there after a restart, as they were.
pub async fn what_was_answered_survives_a_restart(engine: &mut dyn Engine) {
    let buyer = customer("Sara");
    let variant;
    let order;
    let events: BTreeSet<_>;
    {
        let store = engine.store();
        variant = shop_with(&*store, 5).await;
        let batch = vec![buy(&buyer, "k", &[(variant, 2)])];
        let committed = store.commit(batch).await.expect("committed");
        events = committed.events.iter().map(|event| event.id).collect();
        order = as_placed(
            committed
                .results
                .into_iter()
                .next()
                .expect("one")
                .expect("placed"),
        )
        .0;
    }
    engine.restart().await;
    let store = engine.store();
    assert_eq!(
        store.order(order.id).await.expect("read"),
        Some(order.clone())
    );
    assert_eq!(
        as_placed(
            commit(&*store, buy(&buyer, "k", &[(variant, 2)]))
                .await
                .expect("replayed")
        ),
        (order.clone(), true)
    );
    assert_eq!(
        left(&*store, ProductRef::Handle("mug".into()), variant).await,
        3
    );
    let waiting = store.overdue(at(1_000), at(0), 10).await.expect("read");
    assert_eq!(
        waiting
            .iter()
            .map(|event| event.id)
            .collect::<BTreeSet<_>>(),
        events
    );
    assert!(waiting[0].trace.is_some());
    assert_eq!(
        store
            .entries(StreamKey::Order(order.id), Span::Latest(9))
            .await
            .expect("read")
            .head,
        1
    );
    assert_sound(&*store).await;
}

/// Settings are read back as they were kept; without them nothing is sold.
pub async fn the_shop_is_kept(engine: &mut dyn Engine) {
    let store = engine.store();
    assert_eq!(store.shop().await.expect("read"), None);
    assert!(
        store
            .commit(vec![buy(&customer("Sara"), "k", &[(VariantId(id()), 1)])])
            .await
            .is_err()
    );
    let mut shop = ShopSettings::new(currency());
    store.keep_shop(&shop).await.expect("kept");
    shop.tax.rate_basis_points = 1_500;
    store.keep_shop(&shop).await.expect("kept");
    assert_eq!(store.shop().await.expect("read"), Some(shop));
    store.check().await.expect("answers");
}
