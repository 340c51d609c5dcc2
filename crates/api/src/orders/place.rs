//! Placing an order. Read as what it means, whatever its form: the use case hashes the meaning, so that a repeat is known.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use souk_app::committer::CommitError;
use souk_app::orders::{self, PlaceRequest};
use souk_domain::VariantId;
use souk_domain::order::OrderError;
use utoipa::ToSchema;
use uuid::Uuid;

use super::views::{Address, Order, PaymentMethod};
use crate::extract::{Json, Reading, RequestContext, RequiredKey, SignedIn};
use crate::middleware::REPLAYED;
use crate::problem::{Fault, Problem};
use crate::state::ApiState;
use crate::texts;
use crate::values::Money;

/// Most characters of a note.
const NOTE: usize = 1_000;

/// An order as a buyer asks for it. The prices are the shop's.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewOrder {
    /// What, and how many. Equal variants are added up; at most 100 then, and 10,000 of one.
    #[schema(min_items = 1)]
    lines: Vec<NewOrderLine>,
    /// The total that the buyer saw; with another one the order is refused as `price_changed`.
    expected_total: Option<Money>,
    /// Where it goes.
    address: Option<Address>,
    /// What the buyer wants said.
    #[schema(max_length = 1000)]
    note: Option<String>,
    /// How it is paid; cash on delivery unless said.
    payment: Option<NewPayment>,
}

/// How many of what.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewOrderLine {
    /// What.
    variant_id: Uuid,
    /// How many.
    #[schema(minimum = 1, maximum = 10000)]
    quantity: i64,
}

/// How an order is to be paid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPayment {
    /// How.
    method: PaymentMethod,
}

/// Places an order, at most once for a key: a repeat gets the first answer again.
#[utoipa::path(
    post, path = "/orders", tag = "orders", request_body = NewOrder,
    params(("Idempotency-Key" = String, Header, description = "Chosen by the client, anew for each order: 1 to 255 visible ASCII characters")),
    security(("bearer" = [])),
    responses(
        (status = 201, description = "The order is placed, now or before under the same key", body = Order,
            headers(
                ("Location" = String, description = "Where the order is"),
                ("Idempotency-Replayed" = String, description = "`true` when the answer was given before"),
            )),
        (status = 400, description = "`idempotency_key_missing`"),
        (status = 409, description = "`out_of_stock`: `lines` says what is left; `price_changed`: `total` is the total now"),
        (status = 422, description = "`idempotency_key_reused`: the key was used for another order; `variant_unknown`: not sold here"),
        (status = 503, description = "`busy`: nothing was bought; try again with the same key"),
    )
)]
pub(crate) async fn place_order(
    State(state): State<ApiState>,
    SignedIn(buyer): SignedIn,
    RequiredKey(key): RequiredKey,
    Reading(locale): Reading,
    context: RequestContext,
    Json(body): Json<NewOrder>,
) -> Result<Response, Problem> {
    let note = texts::tidied(body.note);
    let fault = texts::check_lines(
        "note",
        note.as_deref(),
        NOTE,
        "must be at most 1000 characters, without control characters",
    );
    if let Some(fault) = fault {
        return Err(Problem::invalid(vec![fault]));
    }
    let lines: Vec<_> = body
        .lines
        .iter()
        .map(|line| (VariantId(line.variant_id), line.quantity))
        .collect();
    let request = PlaceRequest {
        key,
        lines: lines.clone(),
        expected_total: body.expected_total.map(Into::into),
        address: body.address.map(Address::checked).transpose()?,
        note,
        payment: body
            .payment
            .map_or(PaymentMethod::Cod, |payment| payment.method)
            .into(),
        locale,
        trace: context.trace(),
    };
    let placed = orders::place(state.app(), &buyer, request)
        .await
        .map_err(|error| problem(error, &lines))?;
    let location = HeaderValue::from_str(&format!("/api/v1/orders/{}", placed.order.id))
        .map_err(Problem::internal)?;
    let view = Order::for_buyer(placed.order)?;
    let mut response = (
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(view),
    )
        .into_response();
    if placed.replayed {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// The problem, with the line that it is about.
fn problem(error: CommitError, lines: &[(VariantId, i64)]) -> Problem {
    let CommitError::Order(OrderError::UnknownVariant { variant }) = &error else {
        return error.into();
    };
    let place = lines
        .iter()
        .position(|(known, _)| known == variant)
        .unwrap_or_default();
    let fault = Fault {
        path: format!("lines[{place}].variantId"),
        code: "variant_unknown",
        must: "must name something that is sold here".into(),
    };
    Problem::from(error).with_faults(vec![fault])
}
