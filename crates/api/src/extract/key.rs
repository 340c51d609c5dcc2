//! `Idempotency-Key`: 1 to 255 visible ASCII characters that the client chose.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// Name of the header, as problems name it.
const HEADER: &str = "Idempotency-Key";
const LONGEST: usize = 255;

/// The key of a request, if it has one.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let fits = |key: &&str| {
        (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let key = value.to_str().ok().filter(fits);
    match (key, values.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ if value.is_empty() => Ok(None),
        _ => Err(Problem::invalid_field(
            HEADER,
            "must be 1 to 255 visible ASCII characters",
        )),
    }
}

/// The key of a request that must have one.
pub(crate) struct RequiredKey(pub(crate) String);

impl FromRequestParts<ApiState> for RequiredKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        key_of(&parts.headers)?
            .map(Self)
            .ok_or_else(|| Problem::new(Code::KeyMissing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii_and_not_too_long() {
        let read = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HEADER, axum::http::HeaderValue::from_bytes(value).unwrap());
            }
            key_of(&headers).map_err(|problem| problem.code())
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[b""]), Ok(None));
        assert_eq!(read(&[b"a-1"]), Ok(Some("a-1".to_owned())));
        assert_eq!(read(&[&[b'x'; 255]]), Ok(Some("x".repeat(255))));
        for wrong in [
            &[&[b'x'; 256][..]][..],
            &[b"a b"],
            &["مفتاح".as_bytes()],
            &[b"a", b"b"],
        ] {
            assert_eq!(read(wrong), Err(Code::InvalidInput));
        }
    }
}
