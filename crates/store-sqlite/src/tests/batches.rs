//! Batches, whose rows are written many in one statement.

use souk_app::ports::contract::Engine;
use souk_app::ports::contract::fixtures::{
    assert_sound, at, buy, command, customer, id, pay, place, placed, shop_with, staff, step,
};
use souk_app::ports::store::{OrderFilter, StreamStore};
use souk_app::ports::{EngineError, Store};
use souk_domain::order::commit::{Action, Command, Outcome, PlaceOrder};
use souk_domain::order::{Order, OrderStatus, PaymentStatus};
use souk_domain::stream::{Author, EntryBody, NewEntry, Span, StreamKey};
use souk_domain::{EntryId, OrderId, VariantId};

use super::{group, start};

/// The statuses and payments that an order's stream tells of.
async fn told(store: &dyn Store, order: OrderId) -> usize {
    let span = Span::After(0, 10);
    let page = store.entries(StreamKey::Order(order), span).await;
    let page = page.expect("read");
    let seqs: Vec<u64> = page.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=page.head).collect::<Vec<_>>(), "without a gap");
    seqs.len()
}

async fn orders_of(store: &dyn Store, buyer: &Author) -> usize {
    let mine = OrderFilter {
        user: Some(buyer.id),
        ..OrderFilter::default()
    };
    let page = store.orders(&mine, None, 200).await.expect("listed");
    page.items.len()
}

fn buy_as(order: OrderId, buyer: &Author, key: &str, variant: VariantId) -> Command {
    let order = PlaceOrder {
        id: order,
        ..place(buyer, key, &[(variant, 1)])
    };
    command(Action::Place(Box::new(order)))
}

#[tokio::test]
async fn a_batch_of_any_size_is_written_beside_changes_and_replays() {
    for size in [1, 2, 3, 63, 64, 65] {
        let engine = start().await;
        let (buyer, store) = (customer("Sara"), engine.store());
        let variant = shop_with(&*store, 1_000).await;
        let [first, second, paid] = [
            placed(&*store, &buyer, "first", variant, 1).await,
            placed(&*store, &buyer, "second", variant, 1).await,
            placed(&*store, &buyer, "paid", variant, 1).await,
        ];
        let mut wishes: Vec<_> = (0..size)
            .map(|n| buy(&buyer, &format!("key-{n}"), &[(variant, 1)]))
            .collect();
        // Among the new ones; a key comes twice in the batch.
        wishes.insert(size / 2, step(first.id, OrderStatus::Cancelled, None));
        wishes.insert(0, buy(&buyer, "second", &[(variant, 1)]));
        wishes.insert(1, pay(paid.id, PaymentStatus::Paid));
        wishes.push(buy(&buyer, "key-0", &[(variant, 1)]));
        let committed = store.commit(wishes).await.expect("committed");
        let mut streams = Vec::new();
        let mut replays = Vec::new();
        let mut new: Vec<Order> = Vec::new();
        for result in committed.results {
            match result.expect("admitted") {
                Outcome::Placed {
                    order,
                    replayed: true,
                } => replays.push(order.id),
                Outcome::Placed { order, .. } => {
                    streams.push((StreamKey::Order(order.id), 1));
                    new.push(*order);
                }
                Outcome::Changed(order) => streams.push((StreamKey::Order(order.id), 2)),
                other @ Outcome::Adjusted { .. } => panic!("{other:?}"),
            }
        }
        assert_eq!(new.len(), size);
        assert_eq!(replays, [second.id, new[0].id]);
        assert_eq!(committed.heads, streams, "in the order of the commands");
        assert_eq!(orders_of(&*store, &buyer).await, size + 3);
        for order in &new {
            let kept = store.order(order.id).await.expect("read");
            assert_eq!(kept.as_ref(), Some(order));
            assert_eq!(told(&*store, order.id).await, 1);
        }
        assert_eq!(told(&*store, first.id).await, 2);
        assert_eq!(told(&*store, paid.id).await, 2);
        assert_sound(&*store).await;
        // The new ones once more: all are known.
        let again = (0..size).map(|n| buy(&buyer, &format!("key-{n}"), &[(variant, 1)]));
        let again = store.commit(again.collect()).await.expect("committed");
        for (result, order) in again.results.into_iter().zip(new) {
            let same = Outcome::Placed {
                order: Box::new(order),
                replayed: true,
            };
            assert_eq!(result, Ok(same));
        }
        assert_sound(&*store).await;
    }
}

#[tokio::test]
async fn a_conflict_takes_its_own_batch_back_and_nobody_elses() {
    // An order's id twice in a batch; a stream that is there before its order.
    for stream_is_there in [false, true] {
        let engine = start().await;
        let (buyer, other, store) = (customer("Sara"), customer("Omar"), engine.now());
        let variant = shop_with(store, 1_000).await;
        let twice = OrderId(id());
        let mut doomed: Vec<_> = (0..40)
            .map(|n| buy(&buyer, &format!("key-{n}"), &[(variant, 1)]))
            .collect();
        doomed.push(buy_as(twice, &buyer, "once", variant));
        if stream_is_there {
            let entry = NewEntry {
                stream: StreamKey::Order(twice),
                id: EntryId(id()),
                author: Some(staff()),
                at: at(1),
                body: EntryBody::Payment {
                    status: PaymentStatus::Paid,
                },
            };
            store.append(vec![entry]).await.expect("appended");
        } else {
            doomed.push(buy_as(twice, &buyer, "twice", variant));
        }
        let (go, holding) = group::hold(store).await;
        let fails = store.inner.write({
            let doomed = doomed.clone();
            move |connection| crate::commit::commit(connection, &doomed)
        });
        let release = async { drop(go) };
        let (before, failed, after, ()) = tokio::join!(
            placed(store, &other, "before", variant, 1),
            fails,
            placed(store, &other, "after", variant, 1),
            release
        );
        holding.await.expect("ran").expect("committed");
        let refused = matches!(failed, Err(EngineError::Refused(_)));
        assert!(refused, "it is an error, and not passed over");
        assert_eq!(orders_of(store, &buyer).await, 0);
        assert_eq!(orders_of(store, &other).await, 2);
        for order in [before, after] {
            assert_eq!(told(store, order.id).await, 1);
        }
        let begun = told(store, twice).await;
        assert_eq!(begun, usize::from(stream_is_there));
        // What was taken back can be asked for again, without what was wrong with it.
        doomed.truncate(40);
        let tried = store
            .inner
            .write(move |connection| crate::commit::commit(connection, &doomed));
        for result in tried.await.expect("committed").results {
            let placed = matches!(
                result,
                Ok(Outcome::Placed {
                    replayed: false,
                    ..
                })
            );
            assert!(placed, "{result:?}");
        }
        assert_eq!(orders_of(store, &buyer).await, 40);
        if !stream_is_there {
            assert_sound(store).await;
        }
    }
}
