//! Orders: placed and looked at by buyers, moved on by staff.

mod change;
mod list;
mod place;
mod views;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

pub(crate) use views::PaymentMethod;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(place::place_order, list::list_orders))
        .routes(routes!(list::get_order))
        .routes(routes!(change::cancel_order))
        .routes(routes!(list::list_all_orders))
        .routes(routes!(change::move_order))
        .routes(routes!(change::set_payment))
}
