//! The web client, built into the binary: hashed, compressed before.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::routing::any;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Dist;

/// Serves the client: hashed files for a year, and its one page for every address that is not a file.
/// With `assets_url`, the page fetches the hashed files from there.
pub fn router(assets_url: Option<&str>) -> Router {
    let page = Page::load(assets_url);
    Router::new().fallback(any(move |request: Request| {
        let page = page.clone();
        async move { answer(&request, &page) }
    }))
}

/// The page, as it is sent.
#[derive(Clone)]
struct Page {
    /// The text, when it differs from the built one.
    rewritten: Option<String>,
}

impl Page {
    fn load(assets_url: Option<&str>) -> Self {
        let built = Dist::get("index.html");
        let rewritten = built.zip(assets_url).map(|(page, url)| {
            let url = url.trim_end_matches('/');
            String::from_utf8_lossy(&page.data).replace("=\"/assets/", &format!("=\"{url}/assets/"))
        });
        Self { rewritten }
    }
}

fn answer(request: &Request, page: &Page) -> Response<Body> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
    }
    let path = request.uri().path().trim_start_matches('/');
    let is_file = !path.is_empty()
        && path != "index.html"
        && !is_compressed(path)
        && Dist::get(path).is_some();
    if is_file {
        let kept = if path.starts_with("assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "public, max-age=3600"
        };
        return file(path, kept, request);
    }
    // A missing file is missing; every other address is the client's to show.
    if path.starts_with("assets/")
        || path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.contains('.'))
    {
        return plain(StatusCode::NOT_FOUND, "not found");
    }
    match &page.rewritten {
        Some(html) => {
            let mut response = Response::new(Body::from(html.clone()));
            describe(
                response.headers_mut(),
                "text/html; charset=utf-8",
                "no-cache",
            );
            response
        }
        None if Dist::get("index.html").is_some() => file("index.html", "no-cache", request),
        None => plain(
            StatusCode::NOT_FOUND,
            "this build of souk has no web client: build web/ first (make build)",
        ),
    }
}

fn is_compressed(path: &str) -> bool {
    [".br", ".gz"].iter().any(|ending| path.ends_with(ending))
}

/// One file in the best encoding that the client takes.
fn file(path: &str, kept: &'static str, request: &Request) -> Response<Body> {
    let accepted = request
        .headers()
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let accepts = |encoding: &str| {
        accepted.split(',').any(|part| {
            let mut words = part.split(';');
            words.next().is_some_and(|name| name.trim() == encoding)
                && !words.any(|word| matches!(word.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    };
    let encoded = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(encoding, _)| accepts(encoding))
        .find_map(|(encoding, ending): (&'static str, &str)| {
            Dist::get(&format!("{path}{ending}")).map(|file| (Some(encoding), file))
        });
    let Some((encoding, file)) = encoded.or_else(|| Dist::get(path).map(|file| (None, file)))
    else {
        return plain(StatusCode::NOT_FOUND, "not found");
    };
    let hash = file.metadata.sha256_hash();
    let tag = u128::from_be_bytes(std::array::from_fn(|at| hash[at]));
    let tag = format!("\"{tag:032x}\"");
    let known = request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .any(|value| {
            value
                .as_bytes()
                .windows(tag.len())
                .any(|part| part == tag.as_bytes())
        });
    let mut response = if known {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(Body::from(file.data))
    };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == "text" {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    };
    let headers = response.headers_mut();
    describe(headers, &kind, kept);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn describe(headers: &mut HeaderMap, kind: &str, kept: &'static str) {
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    describe(
        response.headers_mut(),
        "text/plain; charset=utf-8",
        "no-store",
    );
    response
}
