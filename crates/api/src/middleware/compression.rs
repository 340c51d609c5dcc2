//! Which answers are compressed on the fly. Small ones are not worth it; pictures and the web client's files are
//! compressed already.

use axum::extract::Request;
use axum::http::{HeaderValue, Response, header};
use axum::middleware::Next;
use tower_http::compression::predicate::{Predicate, SizeAbove};

/// Below so many bytes an answer fits into one packet anyway.
const SMALLEST: u64 = 1_024;

/// Text of a certain size.
#[derive(Clone, Copy)]
pub(crate) struct Compressible;

impl Predicate for Compressible {
    fn should_compress<B: axum::body::HttpBody>(&self, response: &Response<B>) -> bool {
        let kind = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let is_text = kind.starts_with("application/json")
            || kind.starts_with("application/problem+json")
            || kind.starts_with("text/")
            || kind.starts_with("image/svg+xml");
        is_text && SizeAbove::new(SMALLEST).should_compress(response)
    }
}

/// A strong tag names exact bytes; once those are compressed on the fly, the tag is weak (RFC 9110 §8.8.3.3).
pub(crate) async fn weaken_tags(request: Request, next: Next) -> axum::response::Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let is_gzip = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|encoding| encoding == "gzip");
    let made_here = is_gzip && !headers.contains_key(header::CONTENT_LENGTH);
    if let Some(tag) = headers
        .get(header::ETAG)
        .filter(|_| made_here)
        .and_then(|tag| tag.to_str().ok())
        && !tag.starts_with("W/")
        && let Ok(weak) = HeaderValue::from_str(&format!("W/{tag}"))
    {
        headers.insert(header::ETAG, weak);
    }
    response
}
