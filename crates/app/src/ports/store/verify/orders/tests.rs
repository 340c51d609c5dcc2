use souk_domain::order::{OrderLine, Payment, PaymentMethod};
use souk_domain::{Locale, Money, OrderId, OrderNumber, ProductId, UserId, VariantId};

use super::*;

fn order(status: OrderStatus) -> Order {
    let zero = Money::zero("SAR".parse().expect("a known code"));
    let line = |variant, tracked| OrderLine {
        variant_id: VariantId(Uuid::from_u128(variant)),
        product_id: ProductId(Uuid::nil()),
        handle: String::new(),
        sku: String::new(),
        title: String::new(),
        variant_title: String::new(),
        image: None,
        quantity: 2,
        unit_price: zero,
        tracked,
    };
    Order {
        id: OrderId(Uuid::from_u128(1)),
        number: OrderNumber::from_random(1),
        user_id: UserId(Uuid::nil()),
        status,
        payment: Payment {
            method: PaymentMethod::Cod,
            status: PaymentStatus::Unpaid,
        },
        lines: vec![line(7, true), line(8, true), line(9, false)],
        subtotal: zero,
        shipping: zero,
        tax: zero,
        total: zero,
        tax_inclusive: true,
        placed_at: Timestamp::from_second(100).expect("a time"),
        updated_at: Timestamp::from_second(100).expect("a time"),
        locale: Locale::Ar,
        address: None,
        note: None,
        tracking: None,
    }
}

fn faults_of(check: impl FnOnce(&mut Faults)) -> Vec<(u8, String)> {
    let mut faults = Faults::default();
    check(&mut faults);
    let found = faults.into_found().into_iter();
    found.map(|fault| (fault.invariant, fault.detail)).collect()
}

fn reached(status: OrderStatus, previous: Option<OrderStatus>) -> Content {
    Content::Said(EntryBody::Status {
        status,
        previous,
        tracking: None,
        reason: None,
    })
}

#[test]
fn an_order_has_the_moves_of_its_counted_lines_and_no_others() {
    let placed = order(OrderStatus::Placed);
    let all: Vec<_> = moves_of(&placed).collect();
    let check = |order: &Order, found: &[FoundMove]| {
        faults_of(|faults| moves(order, found, faults))
            .into_iter()
            .map(|(invariant, detail)| {
                assert_eq!(invariant, 1);
                ["sold", "returned"].map(|kind| detail.contains(&format!("its {kind} stock")))
            })
            .collect::<Vec<_>>()
    };
    let (sold, returned) = ([true, false], [false, true]);
    assert!(check(&placed, &all[..2]).is_empty());
    assert!(check(&order(OrderStatus::Returned), &all).is_empty());
    assert_eq!(check(&placed, &all[..1]), [sold]);
    assert_eq!(check(&placed, &all), [returned]);
    assert_eq!(check(&order(OrderStatus::Returned), &all[..3]), [returned]);
    let damages: [fn(&mut FoundMove); 5] = [
        |one| one.id = Uuid::nil(),
        |one| one.order = None,
        |one| one.variant = Uuid::from_u128(9),
        |one| one.kind = 5,
        |one| one.quantity = 1,
    ];
    for damage in damages {
        let mut damaged = all[..2].to_vec();
        damage(&mut damaged[1]);
        assert_eq!(check(&placed, &damaged), [sold], "{damaged:?}");
    }
}

#[test]
fn the_last_entries_of_its_stream_say_what_an_order_is() {
    let packed = order(OrderStatus::Packed);
    let (placed, step) = (OrderStatus::Placed, OrderStatus::Packed);
    let mut faults = Faults::default();
    let sound = [
        (1, Ok(reached(placed, None))),
        (2, Ok(reached(step, Some(placed)))),
    ];
    assert_eq!(timeline(&packed, sound, &mut faults), [(placed, step)]);
    assert!(faults.is_empty());
    let paid = Ok(Content::Said(EntryBody::Payment {
        status: PaymentStatus::Paid,
    }));
    let damaged = [
        (1, Ok(reached(placed, Some(step)))),
        (2, serde_json::from_str("{")),
        (3, paid),
    ];
    let found = faults_of(|faults| {
        timeline(&packed, damaged, faults);
    });
    let expected = [
        (4, "a step from nowhere"),
        (3, "cannot be read"),
        (4, "the last status in its stream is placed"),
        (4, "the last payment in its stream is paid"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((invariant, detail), (number, words)) in found.iter().zip(expected) {
        assert!(*invariant == number && detail.contains(words), "{detail}");
    }
}

#[test]
fn every_step_is_told_in_the_stream_store_and_jobs_end_unless_their_records_are_old() {
    let packed = order(OrderStatus::Packed);
    let works = work_of(&packed, &[(OrderStatus::Placed, OrderStatus::Packed)]);
    let became: Vec<_> = works.iter().map(|work| work.became).collect();
    assert_eq!(became, [OrderStatus::Placed, OrderStatus::Packed]);
    let counts = works
        .iter()
        .map(|work| (work.entries.len(), work.jobs.len()));
    assert_eq!(counts.collect::<Vec<_>>(), [(1, 2), (1, 0)]);
    let check = |work: &Work, trimmed, known: bool| {
        faults_of(|faults| {
            let (said, ended) = (|_| Ok::<_, ()>(known), |_| Ok(known));
            let checked = work.check(&packed, trimmed, said, ended, faults);
            checked.expect("nothing fails here");
        })
    };
    let at = packed.placed_at;
    let later = Timestamp::from_second(101).expect("a time");
    assert!(works.iter().all(|work| check(work, None, true).is_empty()));
    assert_eq!(check(&works[0], None, false).len(), 3);
    assert_eq!(check(&works[0], Some(at), false).len(), 3);
    assert_eq!(check(&works[0], Some(later), false).len(), 1);
    let (_, detail) = &check(&works[1], None, false)[0];
    assert!(detail.contains("became packed"), "{detail}");
}
