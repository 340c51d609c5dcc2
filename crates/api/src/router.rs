//! Everything put together: the routes, what happens around them, and what is left for the web client.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use souk_app::App;
use tower::{ServiceBuilder, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::middleware::{
    Compressible, OnPanic, answer_once, guard_pages, observe, share_with_known_origins, weaken_tags,
};
use crate::problem::{method_not_allowed, not_found, render_problems};
use crate::state::{ApiOptions, ApiState};
use crate::{accounts, catalog, health, media, openapi, orders, shop, staff, streams, support};

/// Paths that are never the web client's, whether there is something or not.
const OURS: [&str; 6] = [
    "/api",
    "/media",
    "/healthz",
    "/readyz",
    "/metrics",
    "/socket.io",
];

/// The service that answers HTTP.
///
/// It looks for `axum::extract::ConnectInfo<SocketAddr>`: serve it with `into_make_service_with_connect_info`.
pub fn router(app: Arc<App>, options: ApiOptions) -> Router {
    let state = ApiState::new(app, options);
    // The first is the outermost: what it adds, it adds to everything. They are one layer, since each layer of a router
    // is a box that every request clones, with all that is in it.
    let around = ServiceBuilder::new()
        .layer(from_fn_with_state(state.clone(), observe))
        .layer(from_fn_with_state(state.clone(), guard_pages))
        .layer(from_fn_with_state(state.clone(), share_with_known_origins))
        .layer(from_fn(weaken_tags))
        .layer(CompressionLayer::new().compress_when(Compressible))
        .layer(from_fn_with_state(state.clone(), render_problems))
        .layer(CatchPanicLayer::custom(OnPanic))
        .layer(from_fn_with_state(state.clone(), answer_once));
    let (routes, _) = documented().split_for_parts();
    let routes = routes
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(elsewhere);
    routes.layer(around).with_state(state)
}

/// All routes, with what the document says of them.
pub(crate) fn documented() -> OpenApiRouter<ApiState> {
    let api = OpenApiRouter::new()
        .merge(shop::routes())
        .merge(accounts::routes())
        .merge(catalog::routes())
        .merge(orders::routes())
        .merge(streams::routes())
        .merge(support::routes())
        .merge(staff::routes())
        .merge(openapi::routes());
    OpenApiRouter::with_openapi(openapi::base())
        .nest("/api/v1", api)
        .merge(health::routes())
        .merge(media::routes())
}

/// What no route matches: the web client's, unless the path is one of ours.
async fn elsewhere(State(state): State<ApiState>, request: Request) -> Response {
    let path = request.uri().path();
    let is_ours = OURS.iter().any(|ours| {
        path.strip_prefix(ours)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    match &state.options().assets {
        Some(assets) if !is_ours => match assets.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        _ => not_found().await.into_response(),
    }
}
