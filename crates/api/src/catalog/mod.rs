//! The catalogue: seen by all, kept by admins.

mod import;
mod page;
mod read;
mod stock;
mod views;
mod write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(read::list_products, write::create_product))
        .routes(routes!(
            read::get_product,
            write::update_product,
            write::delete_product
        ))
        .routes(routes!(read::list_categories))
        .routes(routes!(import::import_products))
        .routes(routes!(stock::adjust_stock))
}
