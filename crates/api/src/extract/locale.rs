//! The reader's language, by `Accept-Language`; the shop's default one for readers of neither of ours.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use souk_domain::Locale;

use crate::state::ApiState;

/// The language that the answer is read in.
pub(crate) struct Reading(pub(crate) Locale);

impl FromRequestParts<ApiState> for Reading {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Infallible> {
        Ok(Self(reading_locale(&parts.headers, state).await))
    }
}

/// The language that the sender of these headers reads.
pub(crate) async fn reading_locale(headers: &HeaderMap, state: &ApiState) -> Locale {
    match said(headers) {
        Some(locale) => locale,
        None => Locale::negotiate(&joined(headers), state.default_locale().await),
    }
}

/// The language that the headers alone decide on.
fn said(headers: &HeaderMap) -> Option<Locale> {
    let header = joined(headers);
    let mut outcomes = Locale::ALL
        .into_iter()
        .map(|fallback| Locale::negotiate(&header, fallback));
    let first = outcomes.next()?;
    outcomes.all(|other| other == first).then_some(first)
}

fn joined(headers: &HeaderMap) -> String {
    let values = headers
        .get_all(header::ACCEPT_LANGUAGE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_decides_only_for_those_who_read_neither() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, value.parse().unwrap());
            said(&headers)
        };
        assert_eq!(read("ar-EG,ar;q=0.9,en;q=0.8"), Some(Locale::Ar));
        assert_eq!(read("fr, en;q=0.1"), Some(Locale::En));
        assert_eq!(read("fr"), None);
        assert_eq!(read("*"), None);
        assert_eq!(said(&HeaderMap::new()), None);
    }
}
