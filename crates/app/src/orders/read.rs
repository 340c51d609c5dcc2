//! Looking at orders.

use std::collections::HashMap;

use souk_domain::order::{Order, OrderStatus};
use souk_domain::user::User;
use souk_domain::{OrderId, UserId};

use crate::ports::EngineError;
use crate::ports::store::{ListError, Listed, OrderFilter};
use crate::{Actor, App};

/// What staff look for.
#[derive(Debug, Clone, Default)]
pub struct OrderSearch {
    /// Only in this status.
    pub status: Option<OrderStatus>,
    /// Only of this buyer.
    pub buyer: Option<UserId>,
    /// A number or an e-mail address.
    pub text: Option<String>,
}

/// An order, if the reader may see it: the buyer and staff may. Staff also see who bought.
pub async fn get(
    app: &App,
    reader: &Actor,
    id: OrderId,
) -> Result<Option<(Order, Option<User>)>, EngineError> {
    let Some(order) = app.store.order(id).await? else {
        return Ok(None);
    };
    if reader.role().is_staff() {
        let buyer = app.store.user(order.user_id).await?;
        return Ok(Some((order, buyer)));
    }
    Ok((order.user_id == reader.id()).then_some((order, None)))
}

/// The reader's own orders, newest first.
pub async fn list(
    app: &App,
    reader: &Actor,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Listed<Order>, ListError> {
    let filter = OrderFilter {
        user: Some(reader.id()),
        ..OrderFilter::default()
    };
    app.store.orders(&filter, cursor, limit).await
}

/// Everybody's orders with their buyers, newest first. For staff.
pub async fn list_all(
    app: &App,
    search: &OrderSearch,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Listed<(Order, Option<User>)>, ListError> {
    let mut filter = OrderFilter {
        status: search.status,
        user: search.buyer,
        ..OrderFilter::default()
    };
    if let Some(text) = search
        .text
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        match (text.parse(), text.parse()) {
            (Ok(number), _) => filter.number = Some(number),
            (_, Ok(email)) => filter.email = Some(email),
            // Neither a number nor an address: nothing has it.
            _ => {
                return Ok(Listed {
                    items: Vec::new(),
                    next: None,
                });
            }
        }
    }
    let orders = app.store.orders(&filter, cursor, limit).await?;
    let mut buyers: HashMap<UserId, Option<User>> = HashMap::new();
    let mut items = Vec::with_capacity(orders.items.len());
    for order in orders.items {
        let buyer = if let Some(known) = buyers.get(&order.user_id) {
            known.clone()
        } else {
            let found = app.store.user(order.user_id).await?;
            buyers.insert(order.user_id, found.clone());
            found
        };
        items.push((order, buyer));
    }
    Ok(Listed {
        items,
        next: orders.next,
    })
}
