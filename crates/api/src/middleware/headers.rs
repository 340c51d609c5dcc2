//! Headers that tell browsers what not to do.

use axum::extract::{Request, State};
use axum::http::header::{self, Entry};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::conditional;
use crate::state::ApiState;

/// For pages: everything comes from the shop itself, but for pictures, which imports name wherever they are.
const PAGES: &str = "default-src 'self'; img-src 'self' https: http: data:; style-src 'self'; script-src 'self'; \
                     frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";
/// For data: nothing of it is ever run.
const DATA: &str = "default-src 'none'; frame-ancestors 'none'";
/// Two years, as the preload lists ask for at least one.
const STAY_WITH_HTTPS: &str = "max-age=63072000";

/// Fills in what the answer does not say itself.
pub(crate) async fn guard_pages(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let is_api = is_api(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    fill(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Addresses of pages carry tokens of mails: they are nobody else's business.
    fill(headers, header::REFERRER_POLICY, "same-origin");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/html") {
        fill(headers, header::CONTENT_SECURITY_POLICY, PAGES);
    } else if is_api {
        fill(headers, header::CONTENT_SECURITY_POLICY, DATA);
    }
    if is_api {
        fill(headers, header::CACHE_CONTROL, conditional::PRIVATE);
        headers.append(header::VARY, HeaderValue::from_static(conditional::VARY));
    }
    if state.options().secure_cookies {
        fill(headers, header::STRICT_TRANSPORT_SECURITY, STAY_WITH_HTTPS);
    }
    response
}

/// Whether a path is one of the API's own.
pub(super) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

fn fill(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if let Entry::Vacant(vacant) = headers.entry(name) {
        vacant.insert(HeaderValue::from_static(value));
    }
}
