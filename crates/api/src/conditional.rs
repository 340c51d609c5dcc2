//! `ETag`, `If-None-Match` and `Cache-Control`: answers that need not be sent twice.

use std::fmt::Write;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// For everybody: any cache may keep it, and asks before it uses it; a moment's delay is no harm.
pub(crate) const PUBLIC: &str = "public, max-age=0, stale-while-revalidate=5";
/// For everybody, and asked for anew each time.
pub(crate) const PUBLIC_FRESH: &str = "public, max-age=0, must-revalidate";
/// For one person: no cache may keep it.
pub(crate) const PRIVATE: &str = "private, no-store";
/// For ever: what stands under this address never changes.
pub(crate) const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// What the reader's answers vary by.
pub(crate) const VARY: &str = "Accept-Language, Authorization";

/// A strong entity tag of these bytes, quoted.
pub(crate) fn tag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", fingerprint(bytes))
}

/// A strong entity tag that also names the version that the bytes were made of.
pub(crate) fn tag_of_version(version: &str, bytes: &[u8]) -> String {
    format!("\"{version}.{}\"", fingerprint(bytes))
}

fn fingerprint(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let (start, _) = digest.split_at(12);
    start
        .iter()
        .fold(String::with_capacity(24), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// JSON with its tag; 304 when the reader has it already.
pub(crate) fn json(
    headers: &HeaderMap,
    view: &impl Serialize,
    cache: &'static str,
) -> Result<Response, Problem> {
    let body = serde_json::to_vec(view).map_err(Problem::internal)?;
    let tag = tag_of(&body);
    Ok(answer(headers, body, "application/json", &tag, cache))
}

/// Bytes with their tag; 304 when the reader has them already.
pub(crate) fn answer(
    headers: &HeaderMap,
    body: impl Into<Body>,
    kind: &str,
    tag: &str,
    cache: &'static str,
) -> Response {
    let mut response = if names(headers, tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(body.into());
        if let Ok(kind) = HeaderValue::from_str(kind) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        response
    };
    let to_fill = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(tag) {
        to_fill.insert(header::ETAG, tag);
    }
    to_fill.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

/// Whether the reader has what this tag names, compared weakly (RFC 9110 §13.1.2).
fn names(headers: &HeaderMap, tag: &str) -> bool {
    let listed = headers.get_all(header::IF_NONE_MATCH);
    let mut tags = listed
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tags.any(|listed| {
        let listed = listed.trim();
        listed == "*" || listed.strip_prefix("W/").unwrap_or(listed) == tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_who_has_it_gets_no_body() {
        let tag = tag_of(b"tea");
        let status = |if_none_match: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::IF_NONE_MATCH,
                HeaderValue::from_str(if_none_match).unwrap(),
            );
            answer(&headers, "tea", "text/plain", &tag, PUBLIC).status()
        };
        assert_eq!(status(&tag), StatusCode::NOT_MODIFIED);
        assert_eq!(
            status(&format!("\"other\", W/{tag}")),
            StatusCode::NOT_MODIFIED
        );
        assert_eq!(status("*"), StatusCode::NOT_MODIFIED);
        assert_eq!(status("\"other\""), StatusCode::OK);
        let full = answer(&HeaderMap::new(), "tea", "text/plain", &tag, PUBLIC);
        assert_eq!(full.headers()[header::ETAG], tag.as_str());
        assert_eq!(full.headers()[header::CACHE_CONTROL], PUBLIC);
    }
}
