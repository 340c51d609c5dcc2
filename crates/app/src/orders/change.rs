//! Moving orders on.

use souk_domain::OrderId;
use souk_domain::order::commit::{Action, Command, MoveOrder, Outcome, PayOrder};
use souk_domain::order::{Order, OrderError, OrderStatus, PaymentStatus};

use crate::committer::CommitError;
use crate::{Actor, App};

/// The buyer calls an order off, while it is only placed. Stock goes back.
pub async fn cancel(
    app: &App,
    buyer: &Actor,
    order: OrderId,
    reason: Option<String>,
    trace: Option<String>,
) -> Result<Order, CommitError> {
    let action = Action::Move(MoveOrder {
        order,
        only_of: Some(buyer.id()),
        to: OrderStatus::Cancelled,
        tracking: None,
        reason,
        by: buyer.author(),
    });
    changed(app, action, trace).await
}

/// Staff move an order on; when it is cancelled or comes back, stock goes back.
pub async fn move_on(
    app: &App,
    staff: &Actor,
    order: OrderId,
    to: OrderStatus,
    tracking: Option<String>,
    reason: Option<String>,
    trace: Option<String>,
) -> Result<Order, CommitError> {
    let action = Action::Move(MoveOrder {
        order,
        only_of: None,
        to,
        tracking,
        reason,
        by: staff.author(),
    });
    changed(app, action, trace).await
}

/// Staff say that an order was paid, or paid back.
pub async fn set_payment(
    app: &App,
    staff: &Actor,
    order: OrderId,
    to: PaymentStatus,
    trace: Option<String>,
) -> Result<Order, CommitError> {
    changed(
        app,
        Action::Pay(PayOrder {
            order,
            to,
            by: staff.author(),
        }),
        trace,
    )
    .await
}

async fn changed(app: &App, action: Action, trace: Option<String>) -> Result<Order, CommitError> {
    let command = Command {
        action,
        at: app.now(),
        trace,
    };
    match app.committer.submit(command).await? {
        Outcome::Changed(order) => Ok(*order),
        Outcome::Placed { .. } | Outcome::Adjusted { .. } => Err(OrderError::NotFound.into()),
    }
}
