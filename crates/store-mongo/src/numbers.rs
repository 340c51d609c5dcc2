//! Numbers of orders: random, and once in the shop.

use std::collections::HashSet;

use souk_domain::OrderNumber;
use souk_domain::order::commit::{Action, Command};

use crate::failure::Failure;
use crate::order_row::{ORDER_IDS, Whose, numbered};
use crate::transaction::Transaction;

/// Gives other numbers to those of the commands whose number another one of them has, or, when that is to be looked at,
/// another order; nothing, when there are none. The new one follows from the order's id, so that a batch that is tried
/// again asks for the same.
pub(crate) async fn free(
    transaction: &Transaction,
    commands: &[Command],
    look: bool,
) -> Result<Option<Vec<Command>>, Failure> {
    let wanted = commands.iter().filter_map(|command| match &command.action {
        Action::Place(order) => Some(order.number),
        _ => None,
    });
    let mut taken = if look {
        among_orders(transaction, wanted.collect()).await?
    } else {
        HashSet::new()
    };
    let mut given = HashSet::new();
    let mut changed = Vec::new();
    for (place, command) in commands.iter().enumerate() {
        let Action::Place(order) = &command.action else {
            continue;
        };
        let mut free = order.number;
        let mut attempt = 0;
        while given.contains(&free) || taken.contains(&free) {
            attempt += 1;
            free = another(order.id.0.as_u128(), attempt);
            taken.extend(among_orders(transaction, vec![free]).await?);
        }
        given.insert(free);
        if attempt > 0 {
            changed.push((place, free));
        }
    }
    if changed.is_empty() {
        return Ok(None);
    }
    let mut commands = commands.to_vec();
    for (place, free) in changed {
        if let Action::Place(order) = &mut commands[place].action {
            order.number = free;
        }
    }
    Ok(Some(commands))
}

/// Those of the numbers that orders have.
async fn among_orders(
    transaction: &Transaction,
    numbers: Vec<OrderNumber>,
) -> Result<HashSet<OrderNumber>, Failure> {
    let found: Vec<Whose> = transaction.find(ORDER_IDS, numbered(numbers)).await?;
    let number = |whose: Whose| {
        let number = whose
            .id
            .as_i64()
            .and_then(|number| u64::try_from(number).ok());
        number.map(OrderNumber::from_random)
    };
    Ok(found.into_iter().filter_map(number).collect())
}

/// The number of an order's next attempt: the random bits of its id, spread anew each time.
fn another(id: u128, attempt: u64) -> OrderNumber {
    let low = u64::try_from(id & u128::from(u64::MAX)).unwrap_or_default();
    OrderNumber::from_random(
        low.wrapping_add(attempt)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            >> 13,
    )
}
