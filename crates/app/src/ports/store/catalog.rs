//! The catalogue.

use std::collections::BTreeMap;

use async_trait::async_trait;
use souk_domain::catalog::{ImportOptions, ImportedProduct, Merge, Product, ProductStatus, Stock};
use souk_domain::{Locale, ProductId, Timestamp, VariantId};

use super::{EngineError, ListError, Listed};

/// A product with the counts of its variants. A variant without a count has `Stock::default()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockedProduct {
    /// The product.
    pub product: Product,
    /// The count of each of its variants.
    pub stock: BTreeMap<VariantId, Stock>,
}

/// How a product is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductRef {
    /// By its id.
    Id(ProductId),
    /// By its handle.
    Handle(String),
}

/// Which products are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFilter {
    /// Words, each of which must begin a word of the product (`souk_domain::catalog::search::question`). Products with
    /// all of them in the title come first; within that, the newest first.
    pub words: Vec<String>,
    /// Only of this category (by its name in the default language).
    pub category: Option<String>,
    /// Only with this tag.
    pub tag: Option<String>,
    /// Only in this status.
    pub status: Option<ProductStatus>,
}

/// How many products a category holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryCount {
    /// Its name in the default language.
    pub name: String,
    /// The same in other languages, as far as a product of it says.
    pub translations: BTreeMap<Locale, String>,
    /// Products of it that are published.
    pub count: u64,
}

/// What became of a product that was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is kept.
    Done,
    /// Another product has this handle.
    HandleTaken,
    /// It is not there, or changed since it was read.
    Stale,
}

/// What became of one imported product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportResult {
    /// Whether it was there before.
    pub known: bool,
    /// Whether it changed (a new one did).
    pub changed: bool,
    /// Variants that are new.
    pub created: usize,
    /// Variants that changed (their own fields, or their stock where it was to be set).
    pub updated: usize,
    /// Variants that stayed as they were.
    pub unchanged: usize,
    /// Variants that went.
    pub removed: usize,
}

impl ImportResult {
    /// What a merge does, where `recounted` variants change by their stock alone.
    #[must_use]
    pub fn of(merged: &Merge, recounted: usize) -> Self {
        Self {
            known: merged.known,
            changed: merged.changed || recounted > 0,
            created: merged.created,
            updated: merged.updated + recounted,
            unchanged: merged.unchanged - recounted,
            removed: merged.removed.len(),
        }
    }
}

/// The catalogue.
#[async_trait]
pub trait CatalogStore: Send + Sync {
    /// One product.
    async fn product(&self, which: &ProductRef) -> Result<Option<StockedProduct>, EngineError>;
    /// Products, in the order that [`ProductFilter`] says.
    async fn products(
        &self,
        filter: &ProductFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<StockedProduct>, ListError>;
    /// Categories with published products, by name.
    async fn categories(&self) -> Result<Vec<CategoryCount>, EngineError>;
    /// Keeps a new product, and the stock that its variants start with, each as a `Received` move with the reason.
    async fn create_product(
        &self,
        product: &Product,
        stock: &[(VariantId, i64)],
        reason: &str,
    ) -> Result<Written, EngineError>;
    /// Replaces a product if it is still as it was at `unless_changed_since` (its `updated_at`); new variants get stock
    /// as in [`Self::create_product`]. The counts of variants that go are kept with their moves.
    async fn update_product(
        &self,
        product: &Product,
        stock: &[(VariantId, i64)],
        reason: &str,
        unless_changed_since: Timestamp,
    ) -> Result<Written, EngineError>;
    /// Takes a product out of the catalogue; its counts and moves are kept. Whether it was there.
    async fn delete_product(&self, id: ProductId) -> Result<bool, EngineError>;
    /// Merges products (`souk_domain::catalog::merge`) into those of the same handle, in one transaction; each comes with
    /// a fresh id in case it is new. `options.dry_run` changes nothing. At most 200 variants in all, or one product.
    async fn import_products(
        &self,
        products: Vec<(ProductId, ImportedProduct)>,
        options: ImportOptions,
        now: Timestamp,
    ) -> Result<Vec<ImportResult>, EngineError>;
}
