//! Problems as they are sent: `application/problem+json`, in the reader's language.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;
use souk_domain::order::Shortage;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Code, Problem as Wrong};
use crate::extract::{RequestContext, reading_locale};
use crate::messages;
use crate::state::ApiState;
use crate::values::Money;

/// What went wrong (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// What kind of problem it is, in the reader's language.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The kind of problem; stable, for programs.
    code: &'static str,
    /// What happened, in the reader's language.
    detail: String,
    /// What is wrong with each field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// With `out_of_stock`: what is left of each line that is short.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    lines: Vec<LineShortage>,
    /// With `price_changed`: the total now.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Money>,
    /// The request, as the log names it.
    request_id: String,
}

/// What is wrong with a field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Where it is: `lines[0].quantity`.
    path: String,
    /// What kind of fault; stable, for programs.
    code: &'static str,
    /// What the field must be, in the reader's language.
    detail: String,
}

/// A line that cannot be served whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LineShortage {
    /// What.
    variant_id: Uuid,
    /// How many were asked for.
    requested: u32,
    /// How many are left.
    left: i64,
}

impl From<Shortage> for LineShortage {
    fn from(short: Shortage) -> Self {
        Self {
            variant_id: short.variant.0,
            requested: short.requested,
            left: short.left,
        }
    }
}

/// Writes the body of every problem that passes, and logs what caused those that are our fault.
pub(crate) async fn render_problems(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    let context = RequestContext::of(request.extensions());
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Wrong>() else {
        return response;
    };
    if problem.code == Code::Internal {
        tracing::error!(cause = problem.more.cause.as_deref(), "a request failed");
    } else if problem.code.status().is_server_error() {
        tracing::warn!(
            code = problem.code.name(),
            cause = problem.more.cause.as_deref(),
            "a request was turned away"
        );
    }
    let locale = reading_locale(&headers, &state).await;
    let detail = problem.detail_in(locale);
    let more = *problem.more;
    let view = Problem {
        kind: format!("urn:souk:problem:{}", problem.code.name()),
        title: problem.code.title(locale),
        status: problem.code.status().as_u16(),
        code: problem.code.name(),
        detail,
        errors: more
            .faults
            .into_iter()
            .map(|fault| FieldError {
                detail: messages::say(&fault.must, locale),
                path: fault.path,
                code: fault.code,
            })
            .collect(),
        lines: more.lines,
        total: more.total,
        request_id: context.request_id,
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    parts.headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(locale.tag()),
    );
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(
        parts,
        Body::from(serde_json::to_vec(&view).unwrap_or_default()),
    )
}
