//! Moving orders on.

use axum::extract::State;
use serde::Deserialize;
use souk_app::orders;
use souk_domain::OrderId;
use utoipa::ToSchema;

use super::views::{Order, OrderStatus, PaymentStatus};
use crate::extract::{Id, Json, JsonOrEmpty, RequestContext, SignedIn, Staff};
use crate::problem::{Fault, Problem};
use crate::state::ApiState;
use crate::texts;

/// Most characters of a reason.
const REASON: usize = 500;
/// Most characters of a carrier's reference.
const TRACKING: usize = 100;

fn check_reason(reason: Option<&str>) -> Option<Fault> {
    texts::check_lines(
        "reason",
        reason,
        REASON,
        "must be at most 500 characters, without control characters",
    )
}

/// Why an order is called off.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Cancellation {
    /// Why.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Calls off one of the reader's own orders, while it is only placed. Stock goes back.
#[utoipa::path(
    post, path = "/orders/{id}/cancel", tag = "orders", request_body = Cancellation,
    params(("id" = Uuid, Path, description = "Which order")),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The order is cancelled", body = Order),
        (status = 409, description = "`invalid_transition`: it went too far for that"),
    )
)]
pub(crate) async fn cancel_order(
    State(state): State<ApiState>,
    SignedIn(buyer): SignedIn,
    Id(id): Id<OrderId>,
    context: RequestContext,
    JsonOrEmpty(body): JsonOrEmpty<Cancellation>,
) -> Result<Json<Order>, Problem> {
    let reason = texts::tidied(body.reason);
    if let Some(fault) = check_reason(reason.as_deref()) {
        return Err(Problem::invalid(vec![fault]));
    }
    let order = orders::cancel(state.app(), &buyer, id, reason, context.trace()).await?;
    Order::for_buyer(order).map(Json)
}

/// Where an order goes from where it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StatusChange {
    /// Where to.
    status: OrderStatus,
    /// The carrier's reference.
    #[schema(max_length = 100)]
    tracking: Option<String>,
    /// Why.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Moves an order on. When it is cancelled or comes back, stock goes back.
#[utoipa::path(
    post, path = "/admin/orders/{id}/status", tag = "staff", request_body = StatusChange,
    params(("id" = Uuid, Path, description = "Which order")),
    security(("bearer" = ["staff"])),
    responses(
        (status = 200, description = "The order, as it is now", body = Order),
        (status = 409, description = "`invalid_transition`: it cannot go there from where it is"),
    )
)]
pub(crate) async fn move_order(
    State(state): State<ApiState>,
    Staff(staff): Staff,
    Id(id): Id<OrderId>,
    context: RequestContext,
    Json(body): Json<StatusChange>,
) -> Result<Json<Order>, Problem> {
    let (tracking, reason) = (texts::tidied(body.tracking), texts::tidied(body.reason));
    let must = "must be at most 100 characters, in one line";
    let faults = [
        texts::check_line("tracking", tracking.as_deref(), TRACKING, must),
        check_reason(reason.as_deref()),
    ];
    let faults: Vec<_> = faults.into_iter().flatten().collect();
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let app = state.app();
    let order = orders::move_on(
        app,
        &staff,
        id,
        body.status.into(),
        tracking,
        reason,
        context.trace(),
    )
    .await?;
    for_staff(&state, order).await
}

/// Whether an order is paid.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PaymentChange {
    /// Where to: `paid`, then `refunded`.
    status: PaymentStatus,
}

/// Says that an order was paid, or paid back.
#[utoipa::path(
    post, path = "/admin/orders/{id}/payment", tag = "staff", request_body = PaymentChange,
    params(("id" = Uuid, Path, description = "Which order")),
    security(("bearer" = ["staff"])),
    responses(
        (status = 200, description = "The order, as it is now", body = Order),
        (status = 409, description = "`invalid_transition`: it cannot go there from where it is"),
    )
)]
pub(crate) async fn set_payment(
    State(state): State<ApiState>,
    Staff(staff): Staff,
    Id(id): Id<OrderId>,
    context: RequestContext,
    Json(body): Json<PaymentChange>,
) -> Result<Json<Order>, Problem> {
    let order =
        orders::set_payment(state.app(), &staff, id, body.status.into(), context.trace()).await?;
    for_staff(&state, order).await
}

/// A changed order with its buyer. The change is done: a buyer who cannot be looked up now is left out.
async fn for_staff(
    state: &ApiState,
    order: souk_domain::order::Order,
) -> Result<Json<Order>, Problem> {
    let buyer = state
        .app()
        .store
        .user(order.user_id)
        .await
        .unwrap_or_else(|cause| {
            tracing::warn!(%cause, "the buyer of a changed order could not be looked up");
            None
        });
    Order::new(order, buyer).map(Json)
}
