//! Blobs that everybody may see: the pictures of products.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::conditional;
use crate::extract::Id;
use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// Scripts in a picture never run, whoever opens it.
const SANDBOX: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
);

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get_media))
}

/// A blob of the shop.
#[utoipa::path(
    get, path = "/media/{*key}", tag = "catalog",
    params(("key" = String, Path, description = "Its key, slashes and all")),
    responses(
        (status = 200, description = "The blob, in its own type", content_type = "application/octet-stream", body = Vec<u8>, headers(("ETag" = String))),
        (status = 304, description = "The same as the `If-None-Match` header names"),
    )
)]
async fn get_media(
    State(state): State<ApiState>,
    headers: HeaderMap,
    Id(key): Id<String>,
) -> Result<Response, Problem> {
    let not_found = || Problem::new(Code::NotFound);
    if !is_key(&key) {
        return Err(not_found());
    }
    let blob = state.app().files.get(&key).await?.ok_or_else(not_found)?;
    let tag = conditional::tag_of(&blob.bytes);
    let mut response = conditional::answer(
        &headers,
        blob.bytes,
        &blob.content_type,
        &tag,
        conditional::IMMUTABLE,
    );
    let to_fill = response.headers_mut();
    to_fill.insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
    if !blob.content_type.starts_with("image/") {
        to_fill.insert(
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment"),
        );
    }
    Ok(response)
}

/// Whether a blob can have this key (see the port `Files`); others are not asked for.
fn is_key(key: &str) -> bool {
    let fits = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    key.len() <= 200 && key.split('/').all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_in_their_folder() {
        assert!(is_key("products/mug-1.svg") && is_key("a_b"));
        for wrong in [
            "",
            "/a",
            "a/",
            "a//b",
            "../a",
            "a/../b",
            ".types/x",
            "a b",
            "صورة.png",
            &"x".repeat(201),
        ] {
            assert!(!is_key(wrong), "{wrong}");
        }
    }
}
