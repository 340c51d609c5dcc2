//! What batches of commands do, one rule after the other; and that no sequence of them breaks the counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::catalog::{
    Inventory, MoveKind, Product, ProductOption, ProductStatus, Stock, StockMove, Variant,
};
use crate::event::order_event_id;
use crate::order::{
    Order, OrderError, OrderStatus, PaymentMethod, PaymentStatus, RequestedLine, Shortage,
};
use crate::shop::ShopSettings;
use crate::stream::{Author, EntryBody, StreamKey};
use crate::user::Role;
use crate::{
    Currency, Event, Locale, Money, MoveId, OrderId, OrderNumber, ProductId, Timestamp, UserId,
    VariantId,
};

const MUG: u128 = 1;
const VOUCHER: u128 = 2;
const RUG: u128 = 3;
const DRAFT: u128 = 4;

/// What a store keeps, as far as batches touch it.
struct Shop {
    snapshot: Snapshot,
    moves: Vec<StockMove>,
}

fn currency() -> Currency {
    "SAR".parse().unwrap()
}

fn at() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

fn variant_id(n: u128) -> VariantId {
    VariantId(Uuid::from_u128(n))
}

fn user(n: u128) -> Author {
    Author {
        id: UserId(Uuid::from_u128(n)),
        name: format!("User {n}"),
        role: Role::Customer,
    }
}

fn offer(n: u128, inventory: Inventory, units: i64, status: ProductStatus) -> (VariantId, Offer) {
    let variant = Variant {
        id: variant_id(n),
        sku: format!("SKU-{n}"),
        options: vec!["Blue".into()],
        price: Money::new(1_000, currency()),
        compare_at: None,
        inventory,
        low_stock_at: None,
    };
    let product = Product {
        id: ProductId(Uuid::from_u128(n)),
        handle: format!("product-{n}"),
        title: format!("Product {n}"),
        description_html: String::new(),
        translations: BTreeMap::default(),
        status,
        options: vec![ProductOption {
            name: "Colour".into(),
            values: vec!["Blue".into()],
        }],
        variants: vec![],
        images: vec![],
        tags: vec![],
        category: None,
        vendor: None,
        created_at: at(),
        updated_at: at(),
    };
    let stock = Stock {
        received: units,
        ..Stock::default()
    };
    (
        variant.id,
        Offer {
            sale: Some(Sale {
                product: Arc::new(product),
                variant,
            }),
            stock,
        },
    )
}

impl Shop {
    /// A shop with so many mugs, vouchers that are not counted, a rug that is made to order, and a draft.
    fn with_mugs(units: i64) -> Self {
        let offers = HashMap::from([
            offer(MUG, Inventory::Tracked, units, ProductStatus::Published),
            offer(VOUCHER, Inventory::Untracked, 0, ProductStatus::Published),
            offer(RUG, Inventory::Backorder, 1, ProductStatus::Published),
            offer(DRAFT, Inventory::Tracked, 9, ProductStatus::Draft),
        ]);
        let snapshot = Snapshot {
            shop: ShopSettings::new(currency()),
            known: HashMap::new(),
            orders: HashMap::new(),
            moves: BTreeSet::new(),
            offers,
        };
        Self {
            snapshot,
            moves: Vec::new(),
        }
    }

    /// Decides a batch and keeps what it writes, as an engine does.
    fn run(
        &mut self,
        actions: impl IntoIterator<Item = Action>,
    ) -> (Vec<Result<Outcome, OrderError>>, Writes) {
        let commands: Vec<_> = actions
            .into_iter()
            .map(|action| Command {
                action,
                at: at(),
                trace: Some("00-trace".into()),
            })
            .collect();
        let (results, writes) = decide(&Batch(&commands), self.snapshot.clone());
        assert_eq!(results.len(), commands.len());
        for placed in &writes.placed {
            let key = (placed.order.user_id, placed.key.clone());
            let before = self
                .snapshot
                .known
                .insert(key, (placed.request_hash, placed.order.clone()));
            assert!(before.is_none(), "a key binds one order");
            self.snapshot
                .orders
                .insert(placed.order.id, placed.order.clone());
        }
        for order in &writes.changed {
            self.snapshot.orders.insert(order.id, order.clone());
            if let Some(known) = self
                .snapshot
                .known
                .values_mut()
                .find(|(_, known)| known.id == order.id)
            {
                known.1 = order.clone();
            }
        }
        for (variant, change) in &writes.stock {
            let stock = &mut self.snapshot.offers.get_mut(variant).unwrap().stock;
            stock.received += change.received;
            stock.sold += change.sold;
            stock.returned += change.returned;
        }
        for stock_move in &writes.moves {
            assert!(
                self.snapshot.moves.insert(stock_move.id),
                "a move has an id of its own"
            );
        }
        self.moves.extend(writes.moves.iter().cloned());
        (results, writes)
    }

    fn left(&self, variant: u128) -> i64 {
        self.snapshot.offers[&variant_id(variant)].stock.remaining()
    }

    /// One order that must be admitted.
    fn placed(&mut self, n: u128, variant: u128, quantity: u32) -> Order {
        let (results, _) = self.run([buy(n, variant, quantity)]);
        order_of(&results[0])
    }
}

fn order_of(result: &Result<Outcome, OrderError>) -> Order {
    match result {
        Ok(Outcome::Placed { order, .. } | Outcome::Changed(order)) => (**order).clone(),
        other => panic!("no order: {other:?}"),
    }
}

/// User `n` buys under key `key-n`, as order `n`.
fn order(n: u128, lines: &[(u128, u32)]) -> PlaceOrder {
    PlaceOrder {
        id: OrderId(Uuid::from_u128(0x1000 + n)),
        number: OrderNumber::from_random(u64::try_from(n).unwrap()),
        buyer: user(n),
        key: format!("key-{n}"),
        request_hash: [u8::try_from(n % 251).unwrap(); 32],
        lines: lines
            .iter()
            .map(|(variant, quantity)| RequestedLine {
                variant: variant_id(*variant),
                quantity: *quantity,
            })
            .collect(),
        expected_total: None,
        address: None,
        note: None,
        payment: PaymentMethod::Cod,
        locale: Locale::En,
    }
}

fn buy(n: u128, variant: u128, quantity: u32) -> Action {
    Action::Place(Box::new(order(n, &[(variant, quantity)])))
}

fn step(order: OrderId, to: OrderStatus) -> Action {
    Action::Move(MoveOrder {
        order,
        only_of: None,
        to,
        tracking: None,
        reason: None,
        by: user(900),
    })
}

fn cancel_as(order: OrderId, owner: u128) -> Action {
    let only_of = Some(user(owner).id);
    Action::Move(MoveOrder {
        order,
        only_of,
        to: OrderStatus::Cancelled,
        tracking: None,
        reason: Some("changed my mind".into()),
        by: user(owner),
    })
}

fn pay(order: OrderId, to: PaymentStatus) -> Action {
    Action::Pay(PayOrder {
        order,
        to,
        by: user(900),
    })
}

fn adjust(id: u128, variant: u128, delta: i64) -> Action {
    Action::Adjust(AdjustStock {
        id: MoveId(Uuid::from_u128(id)),
        variant: variant_id(variant),
        delta,
        reason: "count".into(),
    })
}

fn invalid(from: &'static str, to: &'static str) -> OrderError {
    OrderError::InvalidTransition { from, to }
}

fn short(left: i64, requested: u32) -> OrderError {
    OrderError::OutOfStock {
        short: vec![Shortage {
            variant: variant_id(MUG),
            requested,
            left,
        }],
    }
}

#[test]
fn first_come_first_served_to_the_last_unit() {
    let mut shop = Shop::with_mugs(5);
    let (results, writes) = shop.run([
        buy(1, MUG, 3),
        buy(2, MUG, 3),
        buy(3, MUG, 2),
        buy(4, MUG, 1),
    ]);
    assert!(results[0].is_ok() && results[2].is_ok());
    assert_eq!(
        results[1],
        Err(short(2, 3)),
        "the one that does not fit is passed over"
    );
    assert_eq!(results[3], Err(short(0, 1)));
    assert_eq!(shop.left(MUG), 0);
    assert_eq!(
        (
            writes.placed.len(),
            writes.moves.len(),
            writes.entries.len(),
            writes.events.len()
        ),
        (2, 2, 2, 2)
    );
    assert_eq!(
        writes.stock,
        BTreeMap::from([(
            variant_id(MUG),
            Stock {
                sold: 5,
                ..Stock::default()
            }
        )])
    );
}

#[test]
fn every_short_line_is_named_and_nothing_is_taken() {
    let mut shop = Shop::with_mugs(0);
    let (results, writes) = shop.run([Action::Place(Box::new(order(
        1,
        &[(VOUCHER, 1), (MUG, 2), (RUG, 9)],
    )))]);
    assert_eq!(results, [Err(short(0, 2))]);
    assert_eq!(writes, Writes::default());
    assert!(writes.is_empty());
    assert_eq!(shop.left(RUG), 1);
}

#[test]
fn a_key_places_one_order_for_ever() {
    let mut shop = Shop::with_mugs(5);
    let again = |id: u128| {
        Action::Place(Box::new(PlaceOrder {
            id: OrderId(Uuid::from_u128(id)),
            ..order(1, &[(MUG, 1)])
        }))
    };
    let other_body = |hash| {
        Action::Place(Box::new(PlaceOrder {
            request_hash: hash,
            ..order(1, &[(MUG, 2)])
        }))
    };
    let (results, writes) = shop.run([buy(1, MUG, 1), again(77), other_body([9; 32])]);
    let first = order_of(&results[0]);
    assert_eq!(
        results[1],
        Ok(Outcome::Placed {
            order: Box::new(first.clone()),
            replayed: true
        })
    );
    assert_eq!(results[2], Err(OrderError::KeyReused));
    assert_eq!((writes.placed.len(), shop.left(MUG)), (1, 4));
    let (results, writes) = shop.run([again(78), other_body([9; 32])]);
    assert_eq!(
        results[0],
        Ok(Outcome::Placed {
            order: Box::new(first),
            replayed: true
        })
    );
    assert_eq!(results[1], Err(OrderError::KeyReused));
    assert!(writes.is_empty() && writes.entries.is_empty() && writes.events.is_empty());
}

#[test]
fn a_refused_order_binds_no_key() {
    let mut shop = Shop::with_mugs(0);
    assert_eq!(shop.run([buy(1, MUG, 1)]).0, [Err(short(0, 1))]);
    let (results, _) = shop.run([adjust(1, MUG, 1), buy(1, MUG, 1)]);
    assert!(
        matches!(
            results[1],
            Ok(Outcome::Placed {
                replayed: false,
                ..
            })
        ),
        "it is judged again, in the same batch as new stock"
    );
}

#[test]
fn keys_of_different_users_are_different() {
    let mut shop = Shop::with_mugs(5);
    let same_key = PlaceOrder {
        key: "key-1".into(),
        ..order(2, &[(MUG, 1)])
    };
    let (results, _) = shop.run([buy(1, MUG, 1), Action::Place(Box::new(same_key))]);
    assert!(results.iter().all(|result| matches!(
        result,
        Ok(Outcome::Placed {
            replayed: false,
            ..
        })
    )));
}

#[test]
fn the_price_is_the_shops() {
    let mut shop = Shop::with_mugs(5);
    let seen = |total| {
        let expected_total = Some(Money::new(total, currency()));
        Action::Place(Box::new(PlaceOrder {
            expected_total,
            ..order(1, &[(MUG, 2)])
        }))
    };
    assert_eq!(
        shop.run([seen(1_999)]).0,
        [Err(OrderError::PriceChanged {
            total: Money::new(2_000, currency())
        })]
    );
    assert_eq!(shop.left(MUG), 5);
    let bought = order_of(&shop.run([seen(2_000)]).0[0]);
    assert_eq!(
        (bought.total, bought.lines[0].unit_price),
        (Money::new(2_000, currency()), Money::new(1_000, currency()))
    );
    assert_eq!(
        (
            bought.lines[0].title.as_str(),
            bought.lines[0].variant_title.as_str()
        ),
        ("Product 1", "Blue")
    );
}

#[test]
fn what_is_not_on_sale_cannot_be_bought() {
    let mut shop = Shop::with_mugs(5);
    shop.snapshot.offers.insert(
        variant_id(7),
        Offer {
            sale: None,
            stock: Stock {
                received: 4,
                ..Stock::default()
            },
        },
    );
    for variant in [DRAFT, 7, 99] {
        let (results, writes) =
            shop.run([Action::Place(Box::new(order(1, &[(MUG, 1), (variant, 1)])))]);
        assert_eq!(
            results,
            [Err(OrderError::UnknownVariant {
                variant: variant_id(variant)
            })]
        );
        assert_eq!(writes, Writes::default());
    }
    shop.snapshot.shop.payment_methods = vec![PaymentMethod::Transfer];
    assert_eq!(
        shop.run([buy(1, MUG, 1)]).0,
        [Err(OrderError::PaymentMethod)]
    );
}

#[test]
fn what_is_not_counted_leaves_no_moves_and_backorders_go_below_zero() {
    let mut shop = Shop::with_mugs(5);
    let (results, writes) = shop.run([Action::Place(Box::new(order(
        1,
        &[(VOUCHER, 50), (RUG, 3)],
    )))]);
    let bought = order_of(&results[0]);
    assert_eq!(
        bought
            .lines
            .iter()
            .map(|line| line.tracked)
            .collect::<Vec<_>>(),
        [false, true]
    );
    assert_eq!(
        writes
            .moves
            .iter()
            .map(|stock_move| stock_move.variant_id)
            .collect::<Vec<_>>(),
        [variant_id(RUG)]
    );
    assert_eq!(shop.left(RUG), -2);
    shop.run([step(bought.id, OrderStatus::Cancelled)]);
    assert_eq!((shop.left(RUG), shop.left(VOUCHER)), (1, 0));
}

#[test]
fn a_cancel_gives_back_once() {
    let mut shop = Shop::with_mugs(5);
    let bought = shop.placed(1, MUG, 4);
    let (results, writes) = shop.run([
        cancel_as(bought.id, 1),
        cancel_as(bought.id, 1),
        step(bought.id, OrderStatus::Cancelled),
    ]);
    assert_eq!(order_of(&results[0]).status, OrderStatus::Cancelled);
    assert_eq!(results[1], Err(invalid("cancelled", "cancelled")));
    assert_eq!(results[2], Err(invalid("cancelled", "cancelled")));
    assert_eq!((writes.moves.len(), shop.left(MUG)), (1, 5));
    assert_eq!(
        (writes.moves[0].kind, writes.moves[0].reason.as_str()),
        (MoveKind::Returned, "changed my mind")
    );
    assert!(shop.run([step(bought.id, OrderStatus::Returned)]).0[0].is_err());
    assert_eq!(shop.left(MUG), 5);
}

#[test]
fn what_a_cancel_gives_back_can_be_bought_in_the_same_batch() {
    let mut shop = Shop::with_mugs(1);
    let bought = shop.placed(1, MUG, 1);
    let (results, _) = shop.run([buy(2, MUG, 1), cancel_as(bought.id, 1), buy(3, MUG, 1)]);
    assert_eq!(results[0], Err(short(0, 1)));
    assert!(results[1].is_ok() && results[2].is_ok());
    assert_eq!(shop.left(MUG), 0);
}

#[test]
fn buyers_cancel_only_their_own_and_only_before_it_is_packed() {
    let mut shop = Shop::with_mugs(5);
    let bought = shop.placed(1, MUG, 1);
    let (results, writes) = shop.run([
        cancel_as(bought.id, 2),
        cancel_as(OrderId(Uuid::from_u128(5)), 1),
    ]);
    assert_eq!(
        results,
        [Err(OrderError::NotFound), Err(OrderError::NotFound)]
    );
    assert_eq!(writes, Writes::default());
    let (results, _) = shop.run([
        step(bought.id, OrderStatus::Packed),
        cancel_as(bought.id, 1),
    ]);
    assert_eq!(results[1], Err(invalid("packed", "cancelled")));
    assert!(
        shop.run([step(bought.id, OrderStatus::Cancelled)]).0[0].is_ok(),
        "staff still can"
    );
    assert_eq!(shop.left(MUG), 5);
}

#[test]
fn an_order_goes_its_way_and_may_come_back_once() {
    let mut shop = Shop::with_mugs(5);
    let bought = shop.placed(1, MUG, 2);
    let shipped = Action::Move(MoveOrder {
        order: bought.id,
        only_of: None,
        to: OrderStatus::Shipped,
        tracking: Some("AWB 7".into()),
        reason: None,
        by: user(900),
    });
    let way = [
        step(bought.id, OrderStatus::Packed),
        shipped,
        step(bought.id, OrderStatus::Delivered),
        step(bought.id, OrderStatus::Returned),
    ];
    let (results, writes) = shop.run(way);
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(
        order_of(&results[2]).tracking.as_deref(),
        Some("AWB 7"),
        "it stays while the order moves on"
    );
    assert_eq!(
        (writes.changed.len(), writes.changed[0].status),
        (1, OrderStatus::Returned),
        "written once, as it is at the end"
    );
    assert_eq!(
        (writes.entries.len(), writes.events.len(), shop.left(MUG)),
        (4, 4, 5)
    );
    let ids: BTreeSet<_> = writes.events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(
        shop.run([step(bought.id, OrderStatus::Returned)]).0,
        [Err(invalid("returned", "returned"))]
    );
    assert_eq!(shop.left(MUG), 5);
}

#[test]
fn a_payment_goes_forward_only() {
    let mut shop = Shop::with_mugs(5);
    let bought = shop.placed(1, MUG, 1);
    let (results, writes) = shop.run([
        pay(bought.id, PaymentStatus::Refunded),
        pay(bought.id, PaymentStatus::Paid),
        pay(bought.id, PaymentStatus::Paid),
        pay(bought.id, PaymentStatus::Refunded),
        pay(OrderId(Uuid::nil()), PaymentStatus::Paid),
    ]);
    assert_eq!(results[0], Err(invalid("unpaid", "refunded")));
    assert_eq!(results[2], Err(invalid("paid", "paid")));
    assert_eq!(
        order_of(&results[3]).payment.status,
        PaymentStatus::Refunded
    );
    assert_eq!(results[4], Err(OrderError::NotFound));
    let bodies: Vec<_> = writes.entries.into_iter().map(|entry| entry.body).collect();
    assert_eq!(
        bodies,
        [
            EntryBody::Payment {
                status: PaymentStatus::Paid
            },
            EntryBody::Payment {
                status: PaymentStatus::Refunded
            }
        ]
    );
    assert!(writes.moves.is_empty(), "money moves no stock");
}

#[test]
fn stock_is_put_right_by_hand_within_bounds_and_once() {
    let mut shop = Shop::with_mugs(5);
    let (results, writes) = shop.run([
        adjust(1, MUG, -5),
        adjust(1, MUG, -5),
        adjust(2, MUG, -1),
        adjust(3, MUG, 7),
        adjust(4, RUG, -3),
    ]);
    assert_eq!(results[0], Ok(Outcome::Adjusted { remaining: 0 }));
    assert_eq!(
        results[1],
        Ok(Outcome::Adjusted { remaining: 0 }),
        "a repeat changes nothing"
    );
    assert_eq!(results[2], Err(OrderError::StockBelowZero { left: 0 }));
    assert_eq!(results[3], Ok(Outcome::Adjusted { remaining: 7 }));
    assert_eq!(
        results[4],
        Ok(Outcome::Adjusted { remaining: -2 }),
        "backorders may be owed"
    );
    assert_eq!(
        (
            writes.moves.len(),
            writes.entries.len(),
            writes.events.len()
        ),
        (3, 0, 0)
    );
    let (results, writes) = shop.run([
        adjust(1, MUG, -5),
        adjust(9, 99, 1),
        adjust(10, MUG, i64::MAX),
        adjust(11, MUG, i64::MIN),
        adjust(12, MUG, Stock::MOST),
    ]);
    assert_eq!(results[0], Ok(Outcome::Adjusted { remaining: 7 }));
    assert_eq!(
        results[1],
        Err(OrderError::UnknownVariant {
            variant: variant_id(99)
        })
    );
    assert_eq!(
        (&results[2], &results[4]),
        (&Err(OrderError::TooLarge), &Err(OrderError::TooLarge))
    );
    assert_eq!(results[3], Err(OrderError::StockBelowZero { left: 7 }));
    assert_eq!(writes, Writes::default());
}

#[test]
fn a_command_states_its_fact_in_the_stream_and_the_outbox() {
    let mut shop = Shop::with_mugs(5);
    let (results, writes) = shop.run([buy(1, MUG, 3)]);
    let bought = order_of(&results[0]);
    let (entry, record) = (&writes.entries[0], &writes.events[0]);
    assert_eq!(
        (entry.stream, entry.author.as_ref(), entry.at),
        (StreamKey::Order(bought.id), Some(&user(1)), at())
    );
    assert_eq!(
        entry.body,
        EntryBody::Status {
            status: OrderStatus::Placed,
            previous: None,
            tracking: None,
            reason: None
        }
    );
    assert_eq!(
        (record.id, record.trace.as_deref()),
        (
            order_event_id(bought.id, OrderStatus::Placed),
            Some("00-trace")
        )
    );
    assert!(
        matches!(&record.event, Event::OrderPlaced { order_id, items: 3, .. } if *order_id == bought.id)
    );
    let sold = &writes.moves[0];
    assert_eq!(
        (sold.kind, sold.quantity, sold.order_id),
        (MoveKind::Sold, 3, Some(bought.id))
    );
    let (_, writes) = shop.run([cancel_as(bought.id, 1)]);
    assert!(matches!(
        writes.events[0].event,
        Event::OrderStatusChanged {
            status: OrderStatus::Cancelled,
            previous: OrderStatus::Placed,
            ..
        }
    ));
    assert_ne!(writes.moves[0].id, sold.id);
    assert_ne!(writes.entries[0].id, entry.id);
}

#[test]
fn a_batch_asks_for_all_that_it_touches() {
    let mut shop = Shop::with_mugs(5);
    let bought = shop.placed(1, RUG, 1);
    let commands: Vec<_> = [
        buy(2, MUG, 1),
        cancel_as(bought.id, 1),
        pay(bought.id, PaymentStatus::Paid),
        adjust(5, VOUCHER, 1),
    ]
    .into_iter()
    .map(|action| Command {
        action,
        at: at(),
        trace: None,
    })
    .collect();
    let batch = Batch(&commands);
    assert_eq!(
        batch.keys(),
        BTreeSet::from([(user(2).id, "key-2".to_owned())])
    );
    assert_eq!(batch.orders(), BTreeSet::from([bought.id]));
    assert_eq!(batch.moves(), BTreeSet::from([MoveId(Uuid::from_u128(5))]));
    let variants = [MUG, VOUCHER, RUG].map(variant_id);
    assert_eq!(batch.variants([&bought]), BTreeSet::from(variants));
}

/// Commands of a few users over a few orders, so that they meet.
fn any_action() -> impl Strategy<Value = Action> {
    let orders = 0..6_u128;
    let variant = prop::sample::select(vec![MUG, MUG, VOUCHER, RUG, DRAFT]);
    let id = orders
        .clone()
        .prop_map(|n| OrderId(Uuid::from_u128(0x1000 + n)));
    let status = prop::sample::select(OrderStatus::ALL.to_vec());
    let payment = prop::sample::select(vec![
        PaymentStatus::Unpaid,
        PaymentStatus::Paid,
        PaymentStatus::Refunded,
    ]);
    prop_oneof![
        4 => (orders.clone(), variant.clone(), 1..4_u32, 1..4_u32, any::<bool>()).prop_map(|(n, variant, some, mugs, both)| {
            let lines = if both && variant != MUG { vec![(variant, some), (MUG, mugs)] } else { vec![(variant, some)] };
            Action::Place(Box::new(order(n, &lines)))
        }),
        4 => (id.clone(), status).prop_map(|(id, status)| step(id, status)),
        2 => (id.clone(), orders).prop_map(|(id, owner)| cancel_as(id, owner)),
        1 => (id, payment).prop_map(|(id, status)| pay(id, status)),
        2 => (0..8_u128, variant, -4..6_i64).prop_map(|(id, variant, delta)| adjust(id, variant, delta)),
    ]
}

proptest! {
    #[test]
    fn no_sequence_of_commands_breaks_the_counts(
        units in 0..8_i64,
        batches in prop::collection::vec(prop::collection::vec(any_action(), 1..12), 1..8),
    ) {
        let mut shop = Shop::with_mugs(units);
        let first: HashMap<VariantId, Stock> = shop.snapshot.offers.iter().map(|(id, offer)| (*id, offer.stock)).collect();
        for batch in batches {
            let (results, writes) = shop.run(batch);
            let done = results.iter().filter(|result| matches!(result, Ok(Outcome::Placed { replayed: false, .. } | Outcome::Changed(_)))).count();
            prop_assert_eq!((writes.entries.len(), writes.events.len()), (done, done));
            for (id, offer) in &shop.snapshot.offers {
                let tracked = offer.sale.as_ref().is_some_and(|sale| sale.variant.inventory == Inventory::Tracked);
                prop_assert!(!tracked || offer.stock.remaining() >= 0, "{} has {}", id, offer.stock.remaining());
                let mut summed = first[id];
                for stock_move in shop.moves.iter().filter(|stock_move| stock_move.variant_id == *id) {
                    summed.apply(stock_move.kind, stock_move.quantity);
                }
                prop_assert_eq!(summed, offer.stock);
            }
            for order in shop.snapshot.orders.values() {
                for line in &order.lines {
                    let of = |kind| {
                        let moves = shop.moves.iter().filter(move |stock_move| stock_move.kind == kind);
                        let units = moves.filter(|stock_move| stock_move.order_id == Some(order.id) && stock_move.variant_id == line.variant_id);
                        units.map(|stock_move| stock_move.quantity).sum::<i64>()
                    };
                    let taken = if line.tracked { i64::from(line.quantity) } else { 0 };
                    let given_back = if order.status.gives_stock_back() { taken } else { 0 };
                    prop_assert_eq!((of(MoveKind::Sold), of(MoveKind::Returned)), (taken, given_back));
                }
            }
        }
    }
}
