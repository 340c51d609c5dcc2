//! Products as the API shows them: in the reader's language, with counts for staff alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use souk_app::ports::store::{CategoryCount, StockedProduct};
use souk_domain::catalog;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::values::{Money, mirrored};

mirrored! {
    /// Whether shoppers see a product: drafts are for staff.
    ProductStatus = souk_domain::catalog::ProductStatus { Draft, Published }
}

mirrored! {
    /// What is counted: `tracked` is never sold below zero, `untracked` is not counted, `backorder` is sold below zero too.
    Inventory = souk_domain::catalog::Inventory { Tracked, Untracked, Backorder }
}

/// A product's texts in one language; what is missing is read in the shop's default one.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Translation {
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Description, harmless HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description_html: Option<String>,
    /// Option names, option values and the category, each by its word in the shop's default language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    terms: BTreeMap<String, String>,
}

impl From<catalog::Translation> for Translation {
    fn from(texts: catalog::Translation) -> Self {
        Self {
            title: texts.title,
            description_html: texts.description_html,
            terms: texts.terms,
        }
    }
}

impl From<Translation> for catalog::Translation {
    fn from(texts: Translation) -> Self {
        Self {
            title: texts.title,
            description_html: texts.description_html,
            terms: texts.terms,
        }
    }
}

/// A product's texts in the languages that it is there in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Translations {
    /// In Arabic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ar: Option<Translation>,
    /// In English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    en: Option<Translation>,
}

impl From<BTreeMap<souk_domain::Locale, catalog::Translation>> for Translations {
    fn from(mut texts: BTreeMap<souk_domain::Locale, catalog::Translation>) -> Self {
        let mut of = |locale| texts.remove(&locale).map(Translation::from);
        Self {
            ar: of(souk_domain::Locale::Ar),
            en: of(souk_domain::Locale::En),
        }
    }
}

impl From<Translations> for BTreeMap<souk_domain::Locale, catalog::Translation> {
    fn from(texts: Translations) -> Self {
        let both = [
            (souk_domain::Locale::Ar, texts.ar),
            (souk_domain::Locale::En, texts.en),
        ];
        both.into_iter()
            .filter_map(|(locale, texts)| Some((locale, texts?.into())))
            .collect()
    }
}

/// A way in which variants differ.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductOption {
    /// `Size`, in the reader's language.
    name: String,
    /// `S`, `M`, `L`, in the reader's language.
    values: Vec<String>,
}

/// A picture.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductImage {
    /// Where it is: a web address, or a path on this shop (`/media/…`).
    pub(super) url: String,
    /// What it shows, for those who do not see it.
    #[serde(default)]
    pub(super) alt: String,
}

/// What can be bought.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Variant {
    /// Which.
    id: Uuid,
    /// The shop's own name; may be empty, may repeat.
    sku: String,
    /// Its option values in the reader's language; empty when the product has no options.
    title: String,
    /// One value for each option of the product, in the reader's language.
    options: Vec<String>,
    /// Price of one.
    price: Money,
    /// What it cost before.
    #[serde(skip_serializing_if = "Option::is_none")]
    compare_at: Option<Money>,
    /// What is counted.
    inventory: Inventory,
    /// Whether at least one can be bought now.
    available: bool,
    /// Units left; for staff only, and only of what is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    stock: Option<i64>,
    /// From which count on staff want to know that few are left; for staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    low_stock_at: Option<u32>,
}

/// What is sold.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product {
    /// Which.
    id: Uuid,
    /// Its name in addresses.
    handle: String,
    /// Its title, in the reader's language.
    title: String,
    /// What it is, in harmless HTML, in the reader's language.
    description_html: String,
    /// All its texts.
    translations: Translations,
    /// Whether shoppers see it.
    status: ProductStatus,
    /// What tells its variants apart; none when it has only one.
    options: Vec<ProductOption>,
    /// What can be bought.
    variants: Vec<Variant>,
    /// Pictures.
    images: Vec<ProductImage>,
    /// Words it is filed under.
    tags: Vec<String>,
    /// The one shelf it stands on, in the reader's language.
    #[schema(required)]
    category: Option<String>,
    /// Who makes it.
    #[schema(required)]
    vendor: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed; sales do not change it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl Product {
    /// The product for a reader of this language.
    pub(super) fn new(
        stocked: StockedProduct,
        locale: souk_domain::Locale,
        is_staff: bool,
    ) -> Self {
        let StockedProduct { product, stock } = stocked;
        let term = |term: &str| product.term_in(term, locale).to_owned();
        let variant = |variant: &catalog::Variant| {
            let left = stock
                .get(&variant.id)
                .copied()
                .unwrap_or_default()
                .remaining();
            let is_counted = variant.inventory != catalog::Inventory::Untracked;
            Variant {
                id: variant.id.0,
                sku: variant.sku.clone(),
                title: product.variant_title_in(variant, locale),
                options: variant.options.iter().map(|value| term(value)).collect(),
                price: variant.price.into(),
                compare_at: variant.compare_at.map(Money::from),
                inventory: variant.inventory.into(),
                available: variant.inventory != catalog::Inventory::Tracked || left > 0,
                stock: (is_staff && is_counted).then_some(left),
                low_stock_at: variant.low_stock_at.filter(|_| is_staff),
            }
        };
        let option = |option: &catalog::ProductOption| ProductOption {
            name: term(&option.name),
            values: option.values.iter().map(|value| term(value)).collect(),
        };
        Self {
            id: product.id.0,
            handle: product.handle.clone(),
            title: product.title_in(locale).to_owned(),
            description_html: product.description_in(locale).to_owned(),
            status: product.status.into(),
            options: product.options.iter().map(option).collect(),
            variants: product.variants.iter().map(variant).collect(),
            images: product
                .images
                .iter()
                .map(|image| ProductImage {
                    url: image.url.clone(),
                    alt: image.alt.clone(),
                })
                .collect(),
            tags: product.tags.clone(),
            category: product.category.as_deref().map(term),
            vendor: product.vendor.clone(),
            created_at: product.created_at,
            updated_at: product.updated_at,
            translations: product.translations.into(),
        }
    }
}

/// A part of a list of products.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductList {
    /// The best match first, then the newest.
    pub(super) items: Vec<Product>,
    /// Give this back as `cursor` for the next ones; null at the end.
    #[schema(required)]
    pub(super) next_cursor: Option<String>,
}

/// A shelf.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Category {
    /// Its name in the shop's default language: what to filter by.
    name: String,
    /// Its name in the reader's language.
    title: String,
    /// Products on it that shoppers see.
    count: u64,
}

impl Category {
    pub(super) fn new(category: CategoryCount, locale: souk_domain::Locale) -> Self {
        let title = category
            .translations
            .get(&locale)
            .unwrap_or(&category.name)
            .clone();
        Self {
            title,
            name: category.name,
            count: category.count,
        }
    }
}

/// All shelves.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CategoryList {
    /// By name.
    pub(super) items: Vec<Category>,
    /// Always null: the list is whole.
    #[schema(required)]
    pub(super) next_cursor: Option<String>,
}
