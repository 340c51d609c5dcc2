//! Looking at products. What everybody sees may be kept by caches; what staff see may not.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use souk_app::Actor;
use souk_app::catalog;
use souk_app::ports::store::{ProductFilter, StockedProduct};
use souk_domain::{Locale, Timestamp};
use utoipa::IntoParams;

use super::page::{Page, kept, kept_name};
use super::views::{Category, CategoryList, Product, ProductList, ProductStatus};
use crate::conditional;
use crate::extract::{Id, MaybeSignedIn, Query, Reading, checked_limit};
use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// Which products are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductParams {
    /// Words, in any of the shop's languages.
    q: Option<String>,
    /// Only of this category: the `name` of one of `GET /categories`.
    category: Option<String>,
    /// Only with this tag.
    tag: Option<String>,
    /// Only in this status; for staff.
    status: Option<ProductStatus>,
    /// How many: 1 to 100, 24 unless said.
    #[param(minimum = 1, maximum = 100, default = 24)]
    limit: Option<i64>,
    /// Where the part before ended: its `nextCursor`.
    cursor: Option<String>,
}

/// How long an answer may be kept, by who asks.
fn cache(reader: Option<&Actor>) -> &'static str {
    if reader.is_some() {
        conditional::PRIVATE
    } else {
        conditional::PUBLIC
    }
}

fn is_staff(reader: Option<&Actor>) -> bool {
    reader.is_some_and(|reader| reader.role().is_staff())
}

/// Products, the best match first, then the newest.
#[utoipa::path(
    get, path = "/products", tag = "catalog", params(ProductParams),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "A part of them", body = ProductList, headers(("ETag" = String))),
        (status = 304, description = "The same as the `If-None-Match` header names"),
        (status = 400, description = "`bad_cursor`"),
    )
)]
pub(crate) async fn list_products(
    State(state): State<ApiState>,
    MaybeSignedIn(reader): MaybeSignedIn,
    Reading(locale): Reading,
    headers: HeaderMap,
    Query(params): Query<ProductParams>,
) -> Result<Response, Problem> {
    let limit = checked_limit(params.limit)?;
    let reader = reader.as_ref();
    // What people search for, and how far they leaf through, is too many things to keep.
    let is_kept = !is_staff(reader) && params.q.is_none() && params.cursor.is_none();
    let name = kept_name(locale, "products", &[&params.category, &params.tag], limit);
    let filter = ProductFilter {
        words: Vec::new(),
        category: params.category,
        tag: params.tag,
        status: params.status.map(Into::into),
    };
    let question = params.q.unwrap_or_default();
    let view = async {
        let cursor = params.cursor.as_deref();
        let found = catalog::list(state.app(), reader, &question, filter, cursor, limit).await?;
        let items = found
            .items
            .into_iter()
            .map(|product| Product::new(product, locale, is_staff(reader)));
        let view = ProductList {
            items: items.collect(),
            next_cursor: found.next,
        };
        Page::of(&view)
    };
    let page = if is_kept {
        kept(&state, &name, view).await?
    } else {
        view.await?
    };
    Ok(page.answer(&headers, cache(reader)))
}

/// One product, by id or handle. Drafts are for staff.
#[utoipa::path(
    get, path = "/products/{id}", tag = "catalog",
    params(("id" = String, Path, description = "Its id or handle")),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "The product", body = Product, headers(("ETag" = String, description = "For `If-None-Match`, and for `If-Match` of a change"))),
        (status = 304, description = "The same as the `If-None-Match` header names"),
    )
)]
pub(crate) async fn get_product(
    State(state): State<ApiState>,
    MaybeSignedIn(reader): MaybeSignedIn,
    Reading(locale): Reading,
    headers: HeaderMap,
    Id(which): Id<String>,
) -> Result<Response, Problem> {
    let reader = reader.as_ref();
    let page = async {
        let found = catalog::get(state.app(), reader, &which).await?;
        let product = found.ok_or_else(|| Problem::new(Code::NotFound))?;
        shown(product, locale, is_staff(reader))
    };
    let page = if is_staff(reader) {
        page.await?
    } else {
        let name = kept_name(locale, "product", &[&Some(which.clone())], 1);
        kept(&state, &name, page).await?
    };
    Ok(page.answer(&headers, cache(reader)))
}

/// A product with its tag, which names the product's version and the bytes it is shown in.
pub(super) fn one(
    headers: &HeaderMap,
    product: StockedProduct,
    locale: Locale,
    is_staff: bool,
    cache: &'static str,
) -> Result<Response, Problem> {
    Ok(shown(product, locale, is_staff)?.answer(headers, cache))
}

fn shown(product: StockedProduct, locale: Locale, is_staff: bool) -> Result<Page, Problem> {
    let version = version(product.product.updated_at);
    let body =
        serde_json::to_vec(&Product::new(product, locale, is_staff)).map_err(Problem::internal)?;
    let tag = conditional::tag_of_version(&version, &body);
    Ok(Page::new(&tag, &body))
}

/// A product's version: when it last changed. Sales do not change it, so a tag of yesterday still guards a change.
fn version(updated_at: Timestamp) -> String {
    format!("{:x}", updated_at.as_nanosecond())
}

/// When the product that a tag was given for had last changed; none when the tag is not one of ours.
pub(super) fn changed_at(tag: &str) -> Option<Timestamp> {
    let tag = tag.trim();
    // A tag that compression made weak names the same version.
    let inner = tag
        .strip_prefix("W/")
        .unwrap_or(tag)
        .strip_prefix('"')?
        .strip_suffix('"')?;
    let (version, _) = inner.split_once('.')?;
    Timestamp::from_nanosecond(i128::from_str_radix(version, 16).ok()?).ok()
}

/// Shelves with products that shoppers see.
#[utoipa::path(
    get, path = "/categories", tag = "catalog",
    responses(
        (status = 200, description = "All of them, by name", body = CategoryList, headers(("ETag" = String))),
        (status = 304, description = "The same as the `If-None-Match` header names"),
    )
)]
pub(crate) async fn list_categories(
    State(state): State<ApiState>,
    Reading(locale): Reading,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let page = async {
        let categories = state.app().store.categories().await?;
        let items = categories
            .into_iter()
            .map(|category| Category::new(category, locale))
            .collect();
        Page::of(&CategoryList {
            items,
            next_cursor: None,
        })
    };
    let name = kept_name(locale, "categories", &[], 0);
    let page = kept(&state, &name, page).await?;
    Ok(page.answer(&headers, conditional::PUBLIC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_the_version_it_was_given_for() {
        let at: Timestamp = "2026-11-22T15:00:08.123456789Z".parse().unwrap();
        let tag = conditional::tag_of_version(&version(at), b"{}");
        assert_eq!(changed_at(&tag), Some(at));
        assert_eq!(changed_at(&format!("W/{tag}")), Some(at));
        for wrong in ["", "*", "\"abc\"", "\"x.y\"", &tag[1..]] {
            assert_eq!(changed_at(wrong), None, "{wrong}");
        }
    }
}
