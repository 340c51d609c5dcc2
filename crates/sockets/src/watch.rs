//! Live stock of the products that somebody looks at. No token is needed: everybody may see what is on sale.

use std::collections::HashSet;

use serde_json::Value;
use souk_app::ports::store::ProductRef;
use souk_domain::ProductId;
use souk_domain::catalog::{Inventory, ProductStatus};
use souk_socketio::{Event, Socket};

use crate::answer::{self, Failure};
use crate::payload::{Stock, Watch, Watching};
use crate::rooms;
use crate::sockets::Shared;
use crate::visitor::Visitor;

/// Products that one socket may look at.
pub(crate) const MOST_PRODUCTS: usize = 100;

pub(crate) async fn watch(
    shared: &Shared,
    socket: &Socket,
    visitor: &Visitor,
    event: &mut Event,
) -> Result<Value, Failure> {
    let wanted: Watch = answer::read(event)?;
    if wanted.product_ids.len() > MOST_PRODUCTS {
        return Err(Failure::field("productIds", "must be at most 100 ids"));
    }
    let products: HashSet<ProductId> = wanted.product_ids.into_iter().map(ProductId).collect();
    let before = visitor.look_at(products.clone());
    for gone in before.difference(&products) {
        socket.leave(&rooms::of_product(*gone));
    }
    // First the rooms, then how it is: what changes in between is told twice rather than not at all.
    for new in products.difference(&before) {
        let _ = socket.join(&rooms::of_product(*new));
    }
    let mut stock = Vec::new();
    for product in products {
        let found = shared.app.store.product(&ProductRef::Id(product)).await?;
        let Some(found) = found.filter(|found| found.product.status == ProductStatus::Published)
        else {
            continue;
        };
        for variant in &found.product.variants {
            let left = found
                .stock
                .get(&variant.id)
                .copied()
                .unwrap_or_default()
                .remaining();
            stock.push(Stock {
                variant_id: variant.id.0,
                available: variant.inventory != Inventory::Tracked || left > 0,
            });
        }
    }
    Ok(answer::done(&Watching { stock }))
}
