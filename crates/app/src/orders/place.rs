//! Placing an order. The price is the shop's, never the client's.

use serde::Serialize;
use sha2::{Digest, Sha256};
use souk_domain::order::commit::{Action, Command, Outcome, PlaceOrder};
use souk_domain::order::{Address, Order, OrderError, PaymentMethod, merge_lines};
use souk_domain::{Locale, Money, OrderId, VariantId};

use crate::committer::CommitError;
use crate::{Actor, App};

/// An order as a buyer asks for it.
#[derive(Debug, Clone)]
pub struct PlaceRequest {
    /// The buyer's `Idempotency-Key`: 1 to 255 visible ASCII characters.
    pub key: String,
    /// What, and how many: any numbers, they are checked here.
    pub lines: Vec<(VariantId, i64)>,
    /// The total that the buyer saw.
    pub expected_total: Option<Money>,
    /// Where it goes, checked.
    pub address: Option<Address>,
    /// What the buyer wants said.
    pub note: Option<String>,
    /// How it is paid.
    pub payment: PaymentMethod,
    /// The language it is bought in.
    pub locale: Locale,
    /// The trace it belongs to (W3C `traceparent`).
    pub trace: Option<String>,
}

/// A placed order.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The order.
    pub order: Order,
    /// Whether the answer was given before under the same key.
    pub replayed: bool,
}

/// Places an order, at most once for the buyer's key.
pub async fn place(app: &App, buyer: &Actor, request: PlaceRequest) -> Result<Placed, CommitError> {
    let limit = app.options.quotas.orders_by_account;
    app.limits
        .take(limit, &buyer.id().to_string())
        .await
        .map_err(CommitError::TooMany)?;
    let request_hash = request_hash(&request);
    let order = PlaceOrder {
        id: OrderId(app.ids.uuid()),
        number: app.ids.order_number(),
        buyer: buyer.author(),
        key: request.key,
        request_hash,
        lines: merge_lines(request.lines)?,
        expected_total: request.expected_total,
        address: request.address,
        note: request.note,
        payment: request.payment,
        locale: request.locale,
    };
    let command = Command {
        action: Action::Place(Box::new(order)),
        at: app.now(),
        trace: request.trace,
    };
    match app.committer.submit(command).await? {
        Outcome::Placed { order, replayed } => Ok(Placed {
            order: *order,
            replayed,
        }),
        Outcome::Changed(_) | Outcome::Adjusted { .. } => Err(OrderError::NotFound.into()),
    }
}

/// Hash of what is asked for: the meaning of the request, not its bytes. The language is not part of it: the same order
/// read in another language is the same order.
fn request_hash(request: &PlaceRequest) -> [u8; 32] {
    #[derive(Serialize)]
    struct Meaning<'a> {
        lines: &'a [(VariantId, i64)],
        expected_total: Option<Money>,
        address: Option<&'a Address>,
        note: Option<&'a str>,
        payment: PaymentMethod,
    }
    let meaning = Meaning {
        lines: &request.lines,
        expected_total: request.expected_total,
        address: request.address.as_ref(),
        note: request.note.as_deref(),
        payment: request.payment,
    };
    Sha256::digest(serde_json::to_vec(&meaning).unwrap_or_default()).into()
}
