//! The shop's settings: read by all, changed by admins.

mod views;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use souk_app::shop;
use souk_domain::shop::ShopSettings;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::conditional;
use crate::extract::{Admin, Json};
use crate::problem::Problem;
use crate::state::ApiState;
use views::{Shop, ShopChange};

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(get_shop))
        .routes(routes!(change_shop))
}

/// The shop.
#[utoipa::path(
    get, path = "/shop", tag = "shop",
    responses(
        (status = 200, description = "The shop", body = Shop, headers(("ETag" = String))),
        (status = 304, description = "The same as the `If-None-Match` header names"),
    )
)]
async fn get_shop(State(state): State<ApiState>, headers: HeaderMap) -> Result<Response, Problem> {
    let settings = state.app().shop().await?;
    let view = view(&state, settings).await?;
    conditional::json(&headers, &view, conditional::PUBLIC_FRESH)
}

/// Changes the settings; what is left out stays.
#[utoipa::path(
    patch, path = "/admin/shop", tag = "staff", request_body = ShopChange,
    security(("bearer" = ["admin"])),
    responses((status = 200, description = "The shop, as it is now", body = Shop))
)]
async fn change_shop(
    State(state): State<ApiState>,
    Admin(_): Admin,
    Json(body): Json<ShopChange>,
) -> Result<Json<Shop>, Problem> {
    let settings = shop::change(state.app(), body.into()).await?;
    state.remember_default_locale(settings.default_locale);
    view(&state, settings).await.map(Json)
}

async fn view(state: &ApiState, settings: ShopSettings) -> Result<Shop, Problem> {
    let app = state.app();
    let setup_required = !app.store.has_admin().await?;
    Ok(Shop::new(
        settings,
        app.now(),
        setup_required,
        app.options.demo,
        app.mailer.mailbox().is_some(),
    ))
}
