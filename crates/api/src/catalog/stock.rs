//! Stock changes by hand.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use souk_app::catalog;
use souk_app::committer::CommitError;
use souk_domain::VariantId;
use souk_domain::order::OrderError;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::extract::{Admin, Id, Json, RequestContext, key_of};
use crate::problem::{Code, Fault, Problem};
use crate::state::ApiState;
use crate::texts;

/// Most characters of a reason.
const REASON: usize = 200;

/// A stock change.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StockChange {
    /// Units put in, or taken out when negative; not 0.
    delta: i64,
    /// Why, in one line.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// What is left of a variant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StockLevel {
    /// Of which variant.
    variant_id: Uuid,
    /// Units left.
    stock: i64,
}

/// Puts stock in, or takes it out, with a reason.
#[utoipa::path(
    post, path = "/variants/{id}/stock", tag = "catalog", request_body = StockChange,
    params(("id" = Uuid, Path, description = "Which variant")),
    security(("bearer" = ["admin"])),
    responses(
        (status = 200, description = "What is left now", body = StockLevel),
        (status = 409, description = "`stock_below_zero`: not that much is left"),
    )
)]
pub(crate) async fn adjust_stock(
    State(state): State<ApiState>,
    Admin(admin): Admin,
    Id(variant): Id<VariantId>,
    context: RequestContext,
    headers: HeaderMap,
    Json(body): Json<StockChange>,
) -> Result<Json<StockLevel>, Problem> {
    let must = "must be 1 to 200 characters, in one line";
    let reason = texts::tidied(Some(body.reason)).unwrap_or_default();
    let mut faults = Vec::new();
    if body.delta == 0 {
        faults.push(Fault::invalid("delta", "must not be 0"));
    }
    if reason.is_empty() {
        faults.push(Fault::invalid("reason", must));
    }
    faults.extend(texts::check_line("reason", Some(&reason), REASON, must));
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    // The key makes a repeat harmless even when the process was killed before its answer was kept.
    let key = key_of(&headers)?;
    let adjusted = catalog::adjust(
        state.app(),
        &admin,
        variant,
        body.delta,
        reason,
        key.as_deref(),
        context.trace(),
    )
    .await;
    let stock = adjusted.map_err(|error| match error {
        CommitError::Order(OrderError::UnknownVariant { .. }) => Problem::new(Code::NotFound),
        CommitError::Order(OrderError::TooLarge) => {
            Problem::invalid_field("delta", "must be a whole number that can be counted")
        }
        other => other.into(),
    })?;
    Ok(Json(StockLevel {
        variant_id: variant.0,
        stock,
    }))
}
