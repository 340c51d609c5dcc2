//! The OpenAPI 3.1 document, made of the code: handlers say what is theirs alone, and what follows from the form of a
//! route (a body, a token, an id) is filled in here.

use std::sync::OnceLock;

use axum::http::{HeaderMap, Method};
use axum::response::Response as Answer;
use utoipa::OpenApi as _;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::conditional;
use crate::middleware::{API, takes_keys};
use crate::problem::ProblemView;
use crate::state::ApiState;

/// What the document says before any route is in it.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Souk",
        description = "The HTTP API of a shop. Times are RFC 3339 in UTC, ids are UUIDv7, money is counted in the minor units of its \
                       currency. Errors are `application/problem+json` with a stable `code`. Texts come in the language of \
                       `Accept-Language` (`ar`, `en`). Mutations of signed-in users take an `Idempotency-Key`."
    ),
    components(schemas(ProblemView)),
    tags(
        (name = "shop", description = "The shop's settings"),
        (name = "accounts", description = "Accounts and sessions"),
        (name = "catalog", description = "Products and their stock"),
        (name = "orders", description = "Orders of the one who asks"),
        (name = "streams", description = "What happened, in order"),
        (name = "staff", description = "What only those who work here see"),
        (name = "operations", description = "For those who run the server"),
    )
)]
struct Base;

pub(crate) fn base() -> OpenApi {
    Base::openapi()
}

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get_openapi))
}

/// The OpenAPI document of this API, the same that is served as `/api/v1/openapi.json`.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = crate::router::documented().into_openapi();
    // The macro makes an empty licence of a package that has none.
    document.info.license = None;
    let schemes = &mut document.components.get_or_insert_default().security_schemes;
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "The access token; the scopes named with a route are roles.",
        ))
        .build();
    schemes.insert("bearer".into(), SecurityScheme::Http(bearer).into());
    let cookie = ApiKeyValue::with_description(
        "souk_refresh",
        "The refresh token; needs an `Origin` on the list.",
    );
    schemes.insert(
        "refresh".into(),
        SecurityScheme::ApiKey(ApiKey::Cookie(cookie)).into(),
    );
    let paths = std::mem::take(&mut document.paths.paths);
    for (path, mut item) in paths {
        // The router's mark for "with slashes" is no name.
        let path = path.replace("{*", "{");
        let operations = [
            (Method::GET, &mut item.get),
            (Method::POST, &mut item.post),
            (Method::PATCH, &mut item.patch),
            (Method::PUT, &mut item.put),
            (Method::DELETE, &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                complete(&method, &path, operation);
            }
        }
        document.paths.paths.insert(path, item);
    }
    document
}

/// The document's bytes, made once.
fn bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| serde_json::to_vec(&openapi()).unwrap_or_default())
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations",
    responses(
        (status = 200, description = "OpenAPI 3.1", body = serde_json::Value, headers(("ETag" = String))),
        (status = 304, description = "The same as the `If-None-Match` header names"),
    )
)]
async fn get_openapi(headers: HeaderMap) -> Answer {
    let body = bytes();
    conditional::answer(
        &headers,
        body,
        "application/json",
        &conditional::tag_of(body),
        conditional::PUBLIC_FRESH,
    )
}

/// Fills in what follows from the form of an operation.
fn complete(method: &Method, path: &str, operation: &mut Operation) {
    operation.operation_id = operation.operation_id.take().map(|name| camel_case(&name));
    let mut also = |status: &str, what: &str| {
        let responses = &mut operation.responses.responses;
        let known = responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(Response::new("")));
        if let RefOr::T(response) = known {
            let before = std::mem::take(&mut response.description);
            response.description = if before.is_empty() {
                what.to_owned()
            } else {
                format!("{before}; {what}")
            };
        }
    };
    if operation.request_body.is_some() {
        also("400", "`bad_json`, `bad_utf8`");
        also("413", "`body_too_large`");
        also("415", "`unsupported_media_type`");
        also(
            "422",
            "`invalid_input`: `errors` says what is wrong with each field",
        );
    }
    let takes = |place: &ParameterIn| {
        let parameters = operation.parameters.iter().flatten();
        parameters.into_iter().any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == *place))
    };
    if takes(&ParameterIn::Path) {
        also(
            "404",
            "`not_found`: it is not there, or not the reader's to see",
        );
    }
    if operation.request_body.is_none() && takes(&ParameterIn::Query) {
        also(
            "422",
            "`invalid_input`: `errors` says what is wrong with each parameter",
        );
    }
    let route = path.strip_prefix(API);
    let takes_keys = route.is_some_and(|route| takes_keys(method, route));
    if takes_keys {
        also(
            "409",
            "`request_in_progress`: the same request is being worked on",
        );
        also(
            "422",
            "`idempotency_key_reused`: the key was used for another request",
        );
    }
    let security = serde_json::to_string(&operation.security).unwrap_or_default();
    if security.contains("\"bearer\"") {
        let must = if security.contains("{}") {
            ""
        } else {
            "`unauthenticated`, "
        };
        also("401", &format!("{must}`token_expired`, `token_invalid`"));
    }
    if security.contains("\"staff\"") || security.contains("\"admin\"") {
        also("403", "`forbidden`: the reader's role may not do this");
    }
    if path.starts_with("/api/") {
        also("500", "`internal`");
        also("503", "`unavailable`: try again as `Retry-After` says");
    }
    if takes_keys {
        operation
            .parameters
            .get_or_insert_default()
            .push(optional_key().into());
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && takes_keys
            && status.starts_with('2')
        {
            let replayed = HeaderBuilder::new()
                .schema(Some(text()))
                .description(Some("`true` when the answer was given before"))
                .build();
            response
                .headers
                .insert("Idempotency-Replayed".into(), replayed.into());
        }
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
            && response.content.is_empty()
        {
            let schema = Ref::from_schema_name("Problem");
            response.content.insert(
                "application/problem+json".into(),
                Content::new(Some(schema)).into(),
            );
        }
    }
}

/// The header that makes a repeat of a mutation harmless.
fn optional_key() -> Parameter {
    let key = text().min_length(Some(1)).max_length(Some(255));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(key))
        .description(Some(
            "Chosen by the client, anew for each change: 1 to 255 visible ASCII characters. For 24 hours the same request \
             under the same key is done once and answered the same",
        ))
        .build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_names_of_their_own_and_say_what_can_go_wrong() {
        let document = serde_json::to_value(openapi()).unwrap();
        let mut names = std::collections::BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name = operation["operationId"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{method} {path} has no name"));
                assert!(names.insert(name.to_owned()), "{name} is there twice");
                if path.starts_with("/api/") {
                    assert!(operation["responses"]["503"].is_object(), "{method} {path}");
                }
                for (status, response) in operation["responses"].as_object().unwrap() {
                    assert!(
                        !response["description"].as_str().unwrap().is_empty(),
                        "{method} {path} {status}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_mutation_that_takes_a_key_says_so() {
        let document = serde_json::to_value(openapi()).unwrap();
        let own_way = ["/setup", "/me/password", "/products/import"];
        let mut mutations = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            let Some(route) = path.strip_prefix(API) else {
                continue;
            };
            for (method, operation) in item.as_object().unwrap() {
                let key = operation["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .find(|parameter| parameter["name"] == "Idempotency-Key");
                if method == "get" || route.starts_with("/auth/") || own_way.contains(&route) {
                    assert_eq!(key, None, "{method} {path}");
                    continue;
                }
                mutations += 1;
                let key = key.unwrap_or_else(|| panic!("{method} {path} names no key"));
                assert_eq!(key["in"], "header");
                assert_eq!(key["required"], route == "/orders", "{method} {path}");
                let done = operation["responses"]
                    .as_object()
                    .unwrap()
                    .iter()
                    .find(|(status, _)| status.starts_with('2'));
                let (_, done) = done.unwrap();
                assert!(
                    done["headers"]["Idempotency-Replayed"].is_object(),
                    "{method} {path}"
                );
            }
        }
        assert!(mutations > 10, "{mutations}");
    }

    #[test]
    fn the_document_is_whole() {
        let document = serde_json::to_value(openapi()).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert!(document["info"]["license"].is_null());
        let text = document.to_string();
        for (start, _) in text.match_indices("#/components/schemas/") {
            let rest = &text[start + "#/components/schemas/".len()..];
            let name = rest.split('"').next().unwrap();
            assert!(
                document["components"]["schemas"][name].is_object(),
                "{name} is named and not there"
            );
        }
        for name in [
            "Product",
            "Variant",
            "Order",
            "OrderLine",
            "Money",
            "User",
            "Shop",
            "Problem",
            "Entry",
            "EntriesPage",
            "AuthResponse",
            "Address",
            "Session",
            "ImportReport",
            "FailedJob",
            "Mail",
            "ProductList",
            "OrderList",
        ] {
            assert!(
                document["components"]["schemas"][name].is_object(),
                "no schema {name}"
            );
        }
    }
}
