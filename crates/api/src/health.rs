//! Whether the process lives, whether it can work, and what it counts.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::conditional::PRIVATE;
use crate::extract::Json;
use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// A dependency that has not answered by then is down.
const PATIENCE: Duration = Duration::from_secs(2);

/// What every process of a fleet answers, whatever else it does.
pub fn health_router(
    app: std::sync::Arc<souk_app::App>,
    options: crate::ApiOptions,
) -> axum::Router {
    let (routes, _) = routes().split_for_parts();
    routes.with_state(ApiState::new(app, options))
}

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(metrics))
}

/// The process lives.
#[derive(Debug, Serialize, ToSchema)]
struct Liveness {
    /// Always `ok`.
    status: &'static str,
}

/// Whether the process lives.
#[utoipa::path(
    get, path = "/healthz", tag = "operations",
    responses((status = 200, description = "It lives", body = Liveness))
)]
async fn live() -> impl IntoResponse {
    (
        [(header::CACHE_CONTROL, PRIVATE)],
        Json(Liveness { status: "ok" }),
    )
}

/// How a dependency, or the whole, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Health {
    /// All is well.
    Ok,
    /// Something that can wait is down.
    Degraded,
    /// It does not work.
    Down,
}

/// One dependency.
#[derive(Debug, Serialize, ToSchema)]
struct Check {
    /// What it is: `store`, `queue`, `files`, `mailer`.
    name: &'static str,
    /// How it stands.
    status: Health,
    /// Whether nothing works without it.
    required: bool,
}

/// Whether the process can work.
#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    /// How the whole stands.
    status: Health,
    /// How each dependency stands.
    checks: Vec<Check>,
}

/// Whether the process can work, with each thing it depends on. Jobs and mail that are down are no
/// reason to turn buyers away: they wait.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, description = "It can work, if only in part", body = Readiness),
        (status = 503, description = "It cannot: something that it needs is down", body = Readiness),
    )
)]
async fn ready(State(state): State<ApiState>) -> Response {
    let app = state.app();
    let checks = tokio::join!(
        check("store", true, app.store.check()),
        check("queue", false, app.queue.check()),
        check("files", true, app.files.check()),
        check("mailer", false, app.mailer.check()),
    );
    let readiness = judged(vec![checks.0, checks.1, checks.2, checks.3]);
    let status = if readiness.status == Health::Down {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    (status, [(header::CACHE_CONTROL, PRIVATE)], Json(readiness)).into_response()
}

fn judged(checks: Vec<Check>) -> Readiness {
    let down = |required| {
        checks
            .iter()
            .any(|check| check.status != Health::Ok && check.required == required)
    };
    let status = match (down(true), down(false)) {
        (true, _) => Health::Down,
        (false, true) => Health::Degraded,
        (false, false) => Health::Ok,
    };
    Readiness { status, checks }
}

async fn check<E: Display>(
    name: &'static str,
    required: bool,
    answer: impl Future<Output = Result<(), E>>,
) -> Check {
    let cause = match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(())) => {
            return Check {
                name,
                status: Health::Ok,
                required,
            };
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    tracing::warn!(dependency = name, cause, "a dependency is down");
    Check {
        name,
        status: if required {
            Health::Down
        } else {
            Health::Degraded
        },
        required,
    }
}

/// What the process counts, in the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses(
        (status = 200, description = "Metrics", body = String, content_type = "text/plain"),
        (status = 404, description = "`not_found`: they are served elsewhere"),
    )
)]
async fn metrics(State(state): State<ApiState>) -> Result<Response, Problem> {
    let render = state
        .options()
        .metrics
        .as_ref()
        .ok_or_else(|| Problem::new(Code::NotFound))?;
    let kind = (
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    );
    Ok(([kind, (header::CACHE_CONTROL, PRIVATE)], render()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_what_is_needed_makes_it_unready() {
        let well = || std::future::ready(Ok::<(), String>(()));
        let ill = || std::future::ready(Err("away".to_owned()));
        let whole = |checks| judged(checks).status;
        assert_eq!(
            whole(vec![
                check("store", true, well()).await,
                check("mailer", false, well()).await
            ]),
            Health::Ok
        );
        assert_eq!(
            whole(vec![
                check("store", true, well()).await,
                check("mailer", false, ill()).await
            ]),
            Health::Degraded
        );
        assert_eq!(
            whole(vec![
                check("store", true, ill()).await,
                check("mailer", false, well()).await
            ]),
            Health::Down
        );
        let silent = std::future::pending::<Result<(), String>>();
        assert_eq!(
            whole(vec![check("store", true, silent).await]),
            Health::Down
        );
    }
}
