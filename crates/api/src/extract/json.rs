//! JSON bodies: read whole within limits, and every fault named by where it is.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::problem::{Code, Fault, Problem};
use crate::state::ApiState;

/// A body that has not come whole by then never will.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most bytes that are still taken of a body that is too large.
const THROWN_AWAY: usize = 8 << 20;

/// JSON: the body of a request, or of an answer.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<ApiState> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let is_json = is_json(&parts.headers);
        let bytes = read_body(body, state.options().body_limit).await?;
        if !is_json {
            return Err(Problem::new(Code::UnsupportedMediaType));
        }
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// A JSON body all of whose fields may be left out, so that the body may be too.
pub(crate) struct JsonOrEmpty<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<ApiState> for JsonOrEmpty<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let is_json = is_json(&parts.headers);
        let bytes = read_body(body, state.options().body_limit).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        if !is_json {
            return Err(Problem::new(Code::UnsupportedMediaType));
        }
        parse(&bytes).map(Self)
    }
}

/// `application/json`, or a type that is built on it (`application/merge-patch+json`).
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// A whole body of at most `limit` bytes.
pub(crate) async fn read_body(mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    let whole = tokio::time::timeout(PATIENCE, Limited::new(&mut body, limit).collect()).await;
    match whole {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            throw_away(body).await;
            Err(Problem::new(Code::BodyTooLarge))
        }
        // The client went away or broke off; nobody reads the answer.
        Ok(Err(_)) => Err(Problem::new(Code::BadJson)),
        Err(_) => Err(Problem::new(Code::RequestTimeout)),
    }
}

/// Takes the rest of a body, within bounds: a client whose connection is closed while it sends may never see the answer.
async fn throw_away(body: Body) {
    let mut rest = Limited::new(body, THROWN_AWAY);
    let taken = async { while let Some(Ok(_)) = rest.frame().await {} };
    // Who takes too long is answered all the same.
    let _ = tokio::time::timeout(PATIENCE, taken).await;
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::new(Code::BadUtf8))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let message = error.inner().to_string();
        // A number that no double holds is well-formed JSON all the same.
        let too_large = message.starts_with("number out of range");
        // What breaks off later is no JSON, whatever was wrong with it before.
        if serde_json::from_str::<IgnoredAny>(text).is_err() {
            return Problem::new(Code::BadJson);
        }
        match error.inner().classify() {
            Category::Data => Problem::invalid(vec![fault(error.path(), &message)]),
            _ if too_large => Problem::invalid(vec![fault(error.path(), &message)]),
            _ => Problem::new(Code::BadJson),
        }
    })?;
    reader.end().map_err(|_| Problem::new(Code::BadJson))?;
    Ok(value)
}

/// A fault from what a deserializer says. Its words are the only thing it tells, so they are read here and nowhere else.
pub(super) fn fault(path: &Path, message: &str) -> Fault {
    let field = message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("unknown field") {
        return Fault {
            path: child(path, field),
            code: "unknown_field",
            must: "must be left out: there is no such field".into(),
        };
    }
    if message.starts_with("missing field") {
        return Fault {
            path: child(path, field),
            code: "required",
            must: "must be given".into(),
        };
    }
    if message.starts_with("duplicate field") {
        return Fault {
            path: child(path, field),
            code: "duplicate_field",
            must: "must be given once".into(),
        };
    }
    if message.starts_with("unknown variant") {
        // "unknown variant `x`, expected one of `a`, `b`": the names after the first are those that are known.
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        return Fault {
            path: written(path),
            code: "invalid",
            must: format!("must be one of: {}", known.join(", ")),
        };
    }
    let expected = message.split("expected ").nth(1).unwrap_or_default();
    let is_number = [
        "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize",
    ]
    .iter()
    .any(|name| expected.split([' ', ',']).next() == Some(name));
    let (code, must) = if message.starts_with("number out of range")
        || (message.starts_with("invalid value: integer") && is_number)
    {
        ("out_of_range", "must be a whole number that can be counted")
    } else if is_number
        || message.contains("invalid digit")
        || message.contains("cannot parse integer")
    {
        ("invalid_type", "must be a whole number")
    } else if message.contains("number too") {
        ("out_of_range", "must be a whole number that can be counted")
    } else if message.contains("true` or `false") || expected.starts_with("a boolean") {
        ("invalid_type", "must be true or false")
    } else if message.contains("currency code") {
        ("invalid", "must be a currency code of ISO 4217")
    } else if message.contains("UUID") || message.contains("uuid") {
        ("invalid", "must be a UUID")
    } else if expected.starts_with("a sequence") {
        ("invalid_type", "must be a list")
    } else if expected.starts_with("struct") || expected.starts_with("a map") {
        ("invalid_type", "must be an object")
    } else if expected.contains("string") {
        ("invalid_type", "must be text")
    } else {
        ("invalid", "must be something else")
    };
    Fault {
        path: written(path),
        code,
        must: must.into(),
    }
}

/// The path as contracts write it: `lines[0].quantity`; empty for the whole.
fn written(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.extend(["[", &index.to_string(), "]"]),
            Segment::Map { key } => push_name(&mut text, key),
            Segment::Enum { variant } => push_name(&mut text, variant),
            Segment::Unknown => {}
        }
    }
    text
}

fn child(path: &Path, field: &str) -> String {
    let mut text = written(path);
    // The path may or may not have come as far as the field itself.
    if path
        .iter()
        .next_back()
        .is_none_or(|last| last.to_string() != field)
    {
        push_name(&mut text, field);
    }
    text
}

fn push_name(text: &mut String, name: &str) {
    if !text.is_empty() {
        text.push('.');
    }
    text.push_str(name);
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::values::{Locale, Money};

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[allow(dead_code, reason = "only reading is tested")]
    struct Order {
        lines: Vec<Line>,
        expected_total: Option<Money>,
        locale: Option<Locale>,
        gift: Option<bool>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[allow(dead_code, reason = "only reading is tested")]
    struct Line {
        variant_id: uuid::Uuid,
        quantity: i64,
    }

    const ID: &str = "0192d9f0-0000-7000-8000-000000000000";

    fn read(body: &str) -> Result<Order, Problem> {
        parse(body.replace("ID", ID).as_bytes())
    }

    fn fault_of(body: &str) -> (String, &'static str, String) {
        let problem = read(body).unwrap_err();
        assert_eq!(problem.code(), Code::InvalidInput, "{body}");
        let fault = problem.faults()[0].clone();
        (fault.path, fault.code, fault.must)
    }

    #[test]
    fn what_is_not_json_or_not_text_is_told_apart() {
        assert!(read(r#"{"lines":[{"variantId":"ID","quantity":1}],"locale":"ar"}"#).is_ok());
        for wrong in [
            "",
            "{",
            "{}}",
            r#"{"lines":7,"#,
            "{} x",
            r#"{"lines":[}"#,
            "{'lines':[]}",
            r#"{"lines":[],"locale":"\ud800"}"#,
        ] {
            assert_eq!(read(wrong).unwrap_err().code(), Code::BadJson, "{wrong}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(
            parse::<Order>(deep.as_bytes()).unwrap_err().code(),
            Code::BadJson
        );
        assert_eq!(
            parse::<Order>(b"{\"lines\":\"\xff\"}").unwrap_err().code(),
            Code::BadUtf8
        );
    }

    #[test]
    fn every_fault_is_named_by_where_it_is() {
        let line = |quantity: &str| {
            format!(
                r#"{{"lines":[{{"variantId":"ID","quantity":1}},{{"variantId":"ID","quantity":{quantity}}}]}}"#
            )
        };
        for wrong in [
            "1.5",
            "1180591620717411303424",
            "\"1\"",
            "null",
            "[]",
            "true",
        ] {
            let (path, code, must) = fault_of(&line(wrong));
            assert_eq!(
                (path.as_str(), code, must.as_str()),
                (
                    "lines[1].quantity",
                    "invalid_type",
                    "must be a whole number"
                ),
                "{wrong}"
            );
        }
        let (path, code, _) = fault_of(&line("1e400"));
        assert_eq!((path.as_str(), code), ("lines[1].quantity", "out_of_range"));
        let (path, code, _) = fault_of(&line("9223372036854775808"));
        assert_eq!((path.as_str(), code), ("lines[1].quantity", "out_of_range"));
        assert!(
            read(&line("-9223372036854775808")).is_ok(),
            "whether it can be bought is for the rules to say"
        );
        for (body, path, code, must) in [
            ("{}", "lines", "required", "must be given"),
            (
                r#"{"lines":[{"quantity":1}]}"#,
                "lines[0].variantId",
                "required",
                "must be given",
            ),
            (
                r#"{"lines":[],"lines":[]}"#,
                "lines",
                "duplicate_field",
                "must be given once",
            ),
            (
                r#"{"lines":[],"price":1}"#,
                "price",
                "unknown_field",
                "must be left out: there is no such field",
            ),
            (
                r#"{"lines":[{"variantId":"ID","quantity":1,"price":1}]}"#,
                "lines[0].price",
                "unknown_field",
                "must be left out: there is no such field",
            ),
            (
                r#"{"lines":[],"expectedTotal":{"amount":1,"currency":"SAR","x":1}}"#,
                "expectedTotal.x",
                "unknown_field",
                "must be left out: there is no such field",
            ),
            (
                r#"{"lines":[],"expectedTotal":{"amount":1,"currency":"XYZ"}}"#,
                "expectedTotal.currency",
                "invalid",
                "must be a currency code of ISO 4217",
            ),
            (
                r#"{"lines":[{"variantId":"7","quantity":1}]}"#,
                "lines[0].variantId",
                "invalid",
                "must be a UUID",
            ),
            (
                r#"{"lines":[{"variantId":7,"quantity":1}]}"#,
                "lines[0].variantId",
                "invalid",
                "must be a UUID",
            ),
            (r#"{"lines":{}}"#, "lines", "invalid_type", "must be a list"),
            (
                r#"{"lines":[7]}"#,
                "lines[0]",
                "invalid_type",
                "must be an object",
            ),
            (
                r#"{"lines":[],"locale":"fr"}"#,
                "locale",
                "invalid",
                "must be one of: ar, en",
            ),
            (
                r#"{"lines":[],"gift":1}"#,
                "gift",
                "invalid_type",
                "must be true or false",
            ),
            (
                r#"{"lines":[],"expectedTotal":{"amount":1,"currency":2}}"#,
                "expectedTotal.currency",
                "invalid_type",
                "must be text",
            ),
            ("7", "", "invalid_type", "must be an object"),
        ] {
            let fault = fault_of(body);
            assert_eq!(
                (fault.0.as_str(), fault.1, fault.2.as_str()),
                (path, code, must),
                "{body}"
            );
        }
    }

    #[tokio::test]
    async fn bodies_are_bounded() {
        let read = |limit| read_body(Body::from("12345"), limit);
        assert_eq!(read(5).await.unwrap(), "12345");
        assert_eq!(read(4).await.unwrap_err().code(), Code::BodyTooLarge);
    }

    #[test]
    fn json_has_several_names() {
        let is = |kind: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
            is_json(&headers)
        };
        assert!(
            is("application/json")
                && is("Application/JSON; charset=utf-8")
                && is("application/merge-patch+json")
        );
        assert!(
            !is("text/plain")
                && !is("text/json")
                && !is("application/jsonp")
                && !is_json(&HeaderMap::new())
        );
    }
}
