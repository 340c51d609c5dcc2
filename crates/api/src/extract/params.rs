//! Ids in paths, and parameters after the question mark.

use std::error::Error;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{Code, Fault, Problem};
use crate::state::ApiState;

/// What a path names. A name that cannot be is a thing that is not there.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr> FromRequestParts<ApiState> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let nothing = || Problem::new(Code::NotFound);
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing())?;
        text.parse().map(Self).map_err(|_| nothing())
    }
}

/// Parameters after the question mark. Unknown ones are let pass: others add theirs to links.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<ApiState> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        let read = axum::extract::Query::try_from_uri(&parts.uri);
        read.map(|axum::extract::Query(params)| Self(params))
            .map_err(|error| Problem::invalid(vec![fault(&error)]))
    }
}

fn fault(error: &(dyn Error + 'static)) -> Fault {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) =
            error.downcast_ref::<serde_path_to_error::Error<serde::de::value::Error>>()
        {
            return super::json::fault(error.path(), &error.inner().to_string());
        }
        cause = error.source();
    }
    Fault::invalid("", "must be something else")
}

/// How many items of a list are asked for: 24 unless said, 1 to 100.
pub(crate) fn checked_limit(limit: Option<i64>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(24);
    let fits = u32::try_from(limit)
        .ok()
        .filter(|limit| (1..=100).contains(limit));
    fits.ok_or_else(|| Problem::invalid_field("limit", "must be 1 to 100"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Params {
        limit: Option<i64>,
        #[serde(default)]
        flag: bool,
    }

    fn read(query: &str) -> Result<Params, Fault> {
        let uri = format!("/x?{query}").parse().unwrap();
        let read = axum::extract::Query::<Params>::try_from_uri(&uri);
        read.map(|axum::extract::Query(params)| params)
            .map_err(|error| fault(&error))
    }

    #[test]
    fn wrong_parameters_are_named() {
        let good = read("limit=7&flag=true&utm_source=x").unwrap();
        assert_eq!((good.limit, good.flag), (Some(7), true));
        let wrong = read("limit=x").unwrap_err();
        assert_eq!(
            (wrong.path.as_str(), wrong.must.as_str()),
            ("limit", "must be a whole number")
        );
        let wrong = read("flag=2").unwrap_err();
        assert_eq!(
            (wrong.path.as_str(), wrong.must.as_str()),
            ("flag", "must be true or false")
        );
        let twice = read("limit=1&limit=2").unwrap_err();
        assert_eq!(
            (twice.path.as_str(), twice.code),
            ("limit", "duplicate_field")
        );
        let huge = read("limit=99999999999999999999").unwrap_err();
        assert_eq!(huge.path, "limit");
    }

    #[test]
    fn limits_are_bounded() {
        assert_eq!(checked_limit(None).unwrap(), 24);
        assert_eq!(checked_limit(Some(100)).unwrap(), 100);
        for wrong in [0, -1, 101, i64::MAX] {
            assert_eq!(
                checked_limit(Some(wrong)).unwrap_err().faults()[0].path,
                "limit"
            );
        }
    }
}
