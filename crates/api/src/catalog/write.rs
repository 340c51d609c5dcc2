//! Keeping products. A list that is given replaces the whole list; a field that is left out stays as it is.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer};
use souk_app::catalog::{self, CatalogError, LowStockChange, ProductInput, VariantInput};
use souk_domain::catalog::Image;
use souk_domain::{ProductId, Timestamp, VariantId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::read;
use super::views::{Inventory, Product, ProductImage, ProductStatus, Translations};
use crate::conditional;
use crate::extract::{Admin, Id, Json, Reading};
use crate::problem::{Code, Problem};
use crate::state::ApiState;
use crate::values::Money;

/// A variant as an admin says it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VariantBody {
    /// Which known variant of the product; left out for a new one.
    id: Option<Uuid>,
    /// The shop's own name; may be empty, may repeat.
    #[serde(default)]
    sku: String,
    /// One value for each option, in the shop's default language.
    #[serde(default)]
    options: Vec<String>,
    /// Price of one, in the shop's currency.
    price: Money,
    /// What it cost before.
    compare_at: Option<Money>,
    /// What is counted: `tracked` unless said.
    inventory: Option<Inventory>,
    /// From which count on staff want to know that few are left; null: never. Left out, it stays as it is.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    low_stock_at: LowStockChange,
    /// Units that a new variant starts with.
    #[schema(minimum = 0)]
    stock: Option<i64>,
}

/// Tells null, which says something, from a field that is left out.
fn said<'de, D: serde::Deserializer<'de>>(value: D) -> Result<LowStockChange, D::Error> {
    Option::deserialize(value).map(LowStockChange::To)
}

impl From<VariantBody> for VariantInput {
    fn from(variant: VariantBody) -> Self {
        Self {
            id: variant.id.map(VariantId),
            sku: variant.sku,
            options: variant.options,
            price: variant.price.into(),
            compare_at: variant.compare_at.map(Into::into),
            inventory: variant.inventory.unwrap_or(Inventory::Tracked).into(),
            low_stock_at: variant.low_stock_at,
            stock: variant.stock,
        }
    }
}

fn images(images: Vec<ProductImage>) -> Vec<Image> {
    images
        .into_iter()
        .map(|image| Image {
            url: image.url,
            alt: image.alt,
        })
        .collect()
}

/// A new product. Its texts are in the shop's default language.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewProduct {
    /// Its name in addresses; made of the title unless said.
    handle: Option<String>,
    /// Title.
    #[schema(min_length = 1, max_length = 255)]
    title: String,
    /// Description in HTML; what could do harm is taken out.
    description_html: Option<String>,
    /// Texts in other languages.
    translations: Option<Translations>,
    /// Whether shoppers see it: `draft` unless said.
    status: Option<ProductStatus>,
    /// Names of the options, at most 3.
    #[schema(max_items = 3)]
    options: Option<Vec<String>>,
    /// What can be bought, 1 to 250.
    #[schema(min_items = 1, max_items = 250)]
    variants: Vec<VariantBody>,
    /// Pictures.
    images: Option<Vec<ProductImage>>,
    /// Words it is filed under.
    tags: Option<Vec<String>>,
    /// The one shelf it stands on.
    category: Option<String>,
    /// Who makes it.
    vendor: Option<String>,
}

impl From<NewProduct> for ProductInput {
    fn from(new: NewProduct) -> Self {
        Self {
            handle: new.handle,
            title: Some(new.title),
            description_html: new.description_html,
            translations: new.translations.map(Into::into),
            status: new.status.map(Into::into),
            options: new.options,
            variants: Some(new.variants.into_iter().map(Into::into).collect()),
            images: new.images.map(images),
            tags: new.tags,
            category: new.category,
            vendor: new.vendor,
        }
    }
}

/// What changes of a product. What is left out stays; a list or the translations replace all that was there.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProductChange {
    /// Its name in addresses.
    handle: Option<String>,
    /// Title.
    #[schema(min_length = 1, max_length = 255)]
    title: Option<String>,
    /// Description in HTML; what could do harm is taken out.
    description_html: Option<String>,
    /// Texts in other languages.
    translations: Option<Translations>,
    /// Whether shoppers see it.
    status: Option<ProductStatus>,
    /// Names of the options, at most 3.
    #[schema(max_items = 3)]
    options: Option<Vec<String>>,
    /// All that can be bought; known variants carry their id, those that are left out go.
    #[schema(min_items = 1, max_items = 250)]
    variants: Option<Vec<VariantBody>>,
    /// Pictures.
    images: Option<Vec<ProductImage>>,
    /// Words it is filed under.
    tags: Option<Vec<String>>,
    /// The one shelf it stands on; null takes it off.
    #[serde(default, deserialize_with = "null_is_empty")]
    category: Option<String>,
    /// Who makes it; null takes it away.
    #[serde(default, deserialize_with = "null_is_empty")]
    vendor: Option<String>,
}

/// Tells null, which takes away, from a field that is left out.
fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| Some(text.unwrap_or_default()))
}

impl From<ProductChange> for ProductInput {
    fn from(change: ProductChange) -> Self {
        Self {
            handle: change.handle,
            title: change.title,
            description_html: change.description_html,
            translations: change.translations.map(Into::into),
            status: change.status.map(Into::into),
            options: change.options,
            variants: change
                .variants
                .map(|variants| variants.into_iter().map(Into::into).collect()),
            images: change.images.map(images),
            tags: change.tags,
            category: change.category,
            vendor: change.vendor,
        }
    }
}

/// Makes a product.
#[utoipa::path(
    post, path = "/products", tag = "catalog", request_body = NewProduct,
    security(("bearer" = ["admin"])),
    responses(
        (status = 201, description = "The product is there", body = Product, headers(("ETag" = String))),
        (status = 409, description = "`handle_taken`: another product has this handle"),
    )
)]
pub(crate) async fn create_product(
    State(state): State<ApiState>,
    Admin(_): Admin,
    Reading(locale): Reading,
    Json(body): Json<NewProduct>,
) -> Result<Response, Problem> {
    let product = catalog::create(state.app(), body.into()).await?;
    let shown = read::one(
        &HeaderMap::new(),
        product,
        locale,
        true,
        conditional::PRIVATE,
    )?;
    Ok((StatusCode::CREATED, shown).into_response())
}

/// Changes a product. With `If-Match`, only if it is still the one that the tag was given for.
#[utoipa::path(
    patch, path = "/products/{id}", tag = "catalog", request_body = ProductChange,
    params(
        ("id" = Uuid, Path, description = "Which product"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the product as it was looked at"),
    ),
    security(("bearer" = ["admin"])),
    responses(
        (status = 200, description = "The product, as it is now", body = Product, headers(("ETag" = String))),
        (status = 409, description = "`handle_taken`: another product has this handle; `changed_meanwhile`: somebody changed it at the same time"),
        (status = 412, description = "`precondition_failed`: it is not what `If-Match` names any more"),
    )
)]
pub(crate) async fn update_product(
    State(state): State<ApiState>,
    Admin(_): Admin,
    Reading(locale): Reading,
    headers: HeaderMap,
    Id(id): Id<ProductId>,
    Json(body): Json<ProductChange>,
) -> Result<Response, Problem> {
    let guard = if_match(&headers)?;
    let updated = catalog::update(state.app(), id, body.into(), guard).await;
    let product = updated.map_err(|error| match error {
        CatalogError::Stale if guard.is_some() => Problem::new(Code::PreconditionFailed),
        other => other.into(),
    })?;
    read::one(
        &HeaderMap::new(),
        product,
        locale,
        true,
        conditional::PRIVATE,
    )
}

/// The version that `If-Match` asks for; none without the header, or when any version will do.
fn if_match(headers: &HeaderMap) -> Result<Option<Timestamp>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let tag = value.to_str().unwrap_or_default();
    if tag.trim() == "*" {
        return Ok(None);
    }
    // A tag that was never given matches nothing.
    read::changed_at(tag)
        .map(Some)
        .ok_or_else(|| Problem::new(Code::PreconditionFailed))
}

/// Takes a product out of the catalogue. Orders keep what they say of it.
#[utoipa::path(
    delete, path = "/products/{id}", tag = "catalog",
    params(("id" = Uuid, Path, description = "Which product")),
    security(("bearer" = ["admin"])),
    responses((status = 204, description = "It is gone"))
)]
pub(crate) async fn delete_product(
    State(state): State<ApiState>,
    Admin(_): Admin,
    Id(id): Id<ProductId>,
) -> Result<StatusCode, Problem> {
    catalog::delete(state.app(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
