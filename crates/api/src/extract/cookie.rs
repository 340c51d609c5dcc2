//! The refresh cookie: read where the session is refreshed or ended, written where it begins. Scripts never see it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use souk_domain::Timestamp;

use crate::state::ApiState;

const NAME: &str = "souk_refresh";
const PATH: &str = "/api/v1/auth";

/// The refresh token of the request's cookie, if there is one.
pub(crate) struct RefreshCookie(pub(crate) Option<String>);

impl FromRequestParts<ApiState> for RefreshCookie {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Infallible> {
        Ok(Self(read(&parts.headers)))
    }
}

fn read(headers: &HeaderMap) -> Option<String> {
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim() == NAME)?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// `Set-Cookie` with a refresh token that is good until `expires_at`.
pub(crate) fn refresh_cookie(
    token: &str,
    expires_at: Timestamp,
    now: Timestamp,
    secure: bool,
) -> Option<HeaderValue> {
    let seconds = expires_at.duration_since(now).as_secs().max(0);
    write(token, seconds, secure)
}

/// `Set-Cookie` that takes the cookie away.
pub(crate) fn clear_refresh_cookie(secure: bool) -> Option<HeaderValue> {
    write("", 0, secure)
}

fn write(token: &str, seconds: i64, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let text =
        format!("{NAME}={token}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            "theme=dark; souk_refresh=a.b.c ; x".parse().unwrap(),
        );
        assert_eq!(read(&headers).as_deref(), Some("a.b.c"));
        headers.insert(
            header::COOKIE,
            "xsouk_refresh=a; souk_refresh=".parse().unwrap(),
        );
        assert_eq!(read(&headers), None);
    }

    #[test]
    fn the_cookie_is_kept_from_scripts_and_other_paths() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let written = refresh_cookie("a.b.c", at(3_600), at(0), true).unwrap();
        assert_eq!(
            written,
            "souk_refresh=a.b.c; Path=/api/v1/auth; Max-Age=3600; HttpOnly; SameSite=Lax; Secure"
        );
        let cleared = clear_refresh_cookie(false).unwrap();
        assert_eq!(
            cleared,
            "souk_refresh=; Path=/api/v1/auth; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }
}
