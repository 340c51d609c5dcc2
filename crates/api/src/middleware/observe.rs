//! What is seen of a request from outside: its id, its place in a trace, one log line, metrics.
//!
//! Paths are logged as routes, and what comes after the question mark never is: links carry tokens there.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use souk_app::ports::Ids;
use souk_app::trace::TraceContext;
use tracing::Instrument;

use crate::extract::RequestContext;
use crate::state::ApiState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Most characters of a request id that somebody else gave.
const LONGEST_ID: usize = 128;
/// The route of what no route matches: one name, so that strangers cannot make metrics grow.
const NO_ROUTE: &str = "(none)";

/// Gives the request its id and trace, and tells log and metrics what became of it.
pub(crate) async fn observe(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let ids = &*state.app().ids;
    let request_id = request_id(request.headers(), ids);
    let parent = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    let trace = TraceContext::continued(parent, ids);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or(NO_ROUTE, MatchedPath::as_str)
        .to_owned();
    let method = method_name(request.method());
    let span = tracing::info_span!(
        "request",
        method,
        route,
        request_id,
        trace_id = trace.trace_id(),
        user_id = tracing::field::Empty,
    );
    let context = RequestContext {
        request_id: request_id.clone(),
        trace: trace.to_string(),
    };
    request.extensions_mut().insert(context);

    let in_flight = InFlight::start();
    let mut response = next.run(request).instrument(span.clone()).await;
    drop(in_flight);

    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    let labels = [("method", method.to_owned()), ("route", route.clone())];
    metrics::histogram!("souk_http_request_seconds", &labels).record(elapsed);
    metrics::counter!("souk_http_requests_total", "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    span.in_scope(|| {
        let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        // Probes and scrapes come every few seconds and say nothing.
        if matches!(route.as_str(), "/healthz" | "/readyz" | "/metrics") {
            tracing::debug!(status, duration_ms, "answered");
        } else {
            tracing::info!(status, duration_ms, "answered");
        }
    });
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The id that a proxy or client gave, if it is one word of harmless characters; else a new one.
fn request_id(headers: &HeaderMap, ids: &dyn Ids) -> String {
    let given = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    };
    given
        .filter(harmless)
        .map_or_else(|| ids.uuid().to_string(), str::to_owned)
}

/// The method's name for logs and metrics; made-up methods are one.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// Counts a request while it is worked on, also when its client goes away.
struct InFlight(metrics::Gauge);

impl InFlight {
    fn start() -> Self {
        let gauge = metrics::gauge!("souk_http_requests_in_flight");
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use souk_domain::OrderNumber;

    struct Fixed;

    impl Ids for Fixed {
        fn uuid(&self) -> uuid::Uuid {
            uuid::Uuid::from_u128(7)
        }
        fn order_number(&self) -> OrderNumber {
            OrderNumber::from_random(7)
        }
        fn fill_secret(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn sane_ids_are_kept_and_others_replaced() {
        let seen = |given: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(given) = given {
                headers.insert(REQUEST_ID, HeaderValue::from_str(given).unwrap());
            }
            request_id(&headers, &Fixed)
        };
        let new = uuid::Uuid::from_u128(7).to_string();
        assert_eq!(seen(Some("edge-1:abc.9_Z")), "edge-1:abc.9_Z");
        assert_eq!(seen(None), new);
        for wrong in ["", "a b", "a\"b", &"x".repeat(129)] {
            assert_eq!(seen(Some(wrong)), new, "{wrong}");
        }
    }
}
