//! Looking at orders.

use axum::extract::State;
use serde::Deserialize;
use souk_app::orders::{self, OrderSearch};
use souk_domain::{OrderId, UserId};
use utoipa::IntoParams;
use uuid::Uuid;

use super::views::{Order, OrderList, OrderStatus};
use crate::extract::{Id, Json, Query, SignedIn, Staff, checked_limit};
use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// How many: 1 to 100, 24 unless said.
    #[param(minimum = 1, maximum = 100, default = 24)]
    limit: Option<i64>,
    /// Where the part before ended: its `nextCursor`.
    cursor: Option<String>,
}

/// The reader's own orders, newest first.
#[utoipa::path(
    get, path = "/orders", tag = "orders", params(ListParams),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A part of them", body = OrderList),
        (status = 400, description = "`bad_cursor`"),
    )
)]
pub(crate) async fn list_orders(
    State(state): State<ApiState>,
    SignedIn(reader): SignedIn,
    Query(params): Query<ListParams>,
) -> Result<Json<OrderList>, Problem> {
    let limit = checked_limit(params.limit)?;
    let orders = orders::list(state.app(), &reader, params.cursor.as_deref(), limit).await?;
    let items = orders
        .items
        .into_iter()
        .map(Order::for_buyer)
        .collect::<Result<_, _>>()?;
    Ok(Json(OrderList {
        items,
        next_cursor: orders.next,
    }))
}

/// One order: the reader's own, or any for staff.
#[utoipa::path(
    get, path = "/orders/{id}", tag = "orders",
    params(("id" = Uuid, Path, description = "Which order")),
    security(("bearer" = [])),
    responses((status = 200, description = "The order", body = Order))
)]
pub(crate) async fn get_order(
    State(state): State<ApiState>,
    SignedIn(reader): SignedIn,
    Id(id): Id<OrderId>,
) -> Result<Json<Order>, Problem> {
    let found = orders::get(state.app(), &reader, id).await?;
    let (order, buyer) = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    Order::new(order, buyer).map(Json)
}

/// Which orders staff look for.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchParams {
    /// Only in this status.
    status: Option<OrderStatus>,
    /// Only of this buyer.
    user_id: Option<Uuid>,
    /// An order's number, or the buyer's e-mail address.
    q: Option<String>,
    /// How many: 1 to 100, 24 unless said.
    #[param(minimum = 1, maximum = 100, default = 24)]
    limit: Option<i64>,
    /// Where the part before ended: its `nextCursor`.
    cursor: Option<String>,
}

/// Everybody's orders, newest first.
#[utoipa::path(
    get, path = "/admin/orders", tag = "staff", params(SearchParams),
    security(("bearer" = ["staff"])),
    responses(
        (status = 200, description = "A part of them", body = OrderList),
        (status = 400, description = "`bad_cursor`"),
    )
)]
pub(crate) async fn list_all_orders(
    State(state): State<ApiState>,
    Staff(_): Staff,
    Query(params): Query<SearchParams>,
) -> Result<Json<OrderList>, Problem> {
    let limit = checked_limit(params.limit)?;
    let search = OrderSearch {
        status: params.status.map(Into::into),
        buyer: params.user_id.map(UserId),
        text: params.q,
    };
    let orders = orders::list_all(state.app(), &search, params.cursor.as_deref(), limit).await?;
    let items = orders
        .items
        .into_iter()
        .map(|(order, buyer)| Order::new(order, buyer));
    Ok(Json(OrderList {
        items: items.collect::<Result<_, _>>()?,
        next_cursor: orders.next,
    }))
}
