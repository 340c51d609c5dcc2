//! Headers that tell browsers what not to do.

use axum::extract::{Request, State};
use axum::http::header::{self, Entry};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::conditional;
use crate::state::ApiState;

/// For pages: everything comes from the shop itself (or the host of its hashed files), but for pictures, which imports
/// name wherever they are.
pub(crate) fn page_policy(assets_url: Option<&str>) -> HeaderValue {
    let own = assets_url
        .and_then(origin_of)
        .map_or("'self'".to_owned(), |origin| format!("'self' {origin}"));
    let policy = format!(
        "default-src 'self'; img-src 'self' https: http: data:; style-src {own}; script-src {own}; font-src {own}; \
         frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(DATA))
}

/// The origin of an address, if it is one that fits into a policy.
fn origin_of(url: &str) -> Option<&str> {
    let host = url.find("://")? + 3;
    let origin = &url[..url[host..].find('/').map_or(url.len(), |end| host + end)];
    origin
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b":/.-[]".contains(&byte))
        .then_some(origin)
}

/// For data: nothing of it is ever run.
const DATA: &str = "default-src 'none'; frame-ancestors 'none'";
/// Two years, as the preload lists ask for at least one.
const STAY_WITH_HTTPS: &str = "max-age=63072000";

/// Fills in what the answer does not say itself.
pub(crate) async fn guard_pages(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    let is_api = is_api(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    fill(
        headers,
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // Addresses of pages carry tokens of mails: they are nobody else's business.
    fill(
        headers,
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // A problem is told in the reader's language, and of this moment, wherever it is met.
    let is_data = is_api || kind == "application/problem+json";
    if kind.starts_with("text/html") {
        fill(
            headers,
            header::CONTENT_SECURITY_POLICY,
            state.page_policy(),
        );
    } else if is_data {
        fill(
            headers,
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(DATA),
        );
    }
    if is_data {
        fill(
            headers,
            header::CACHE_CONTROL,
            HeaderValue::from_static(conditional::PRIVATE),
        );
        headers.append(header::VARY, HeaderValue::from_static(conditional::VARY));
    }
    if state.options().secure_cookies {
        fill(
            headers,
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(STAY_WITH_HTTPS),
        );
    }
    response
}

/// Whether a path is one of the API's own.
pub(super) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

fn fill(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if let Entry::Vacant(vacant) = headers.entry(name) {
        vacant.insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_load_from_the_shop_and_where_its_files_are() {
        let policy = |url| page_policy(url).to_str().unwrap().to_owned();
        assert!(policy(None).contains("script-src 'self';"));
        assert!(
            policy(Some("https://cdn.example/souk/"))
                .contains("script-src 'self' https://cdn.example;")
        );
        assert!(
            policy(Some("https://cdn.example; script-src *")).contains("script-src 'self';"),
            "no way to widen it"
        );
        assert!(policy(Some("https://cdn.example")).contains("object-src 'none'"));
    }
}
