//! The catalogue: its rows, and who asks for them. `search` finds products, `write` keeps them, `import` merges files.
//!
//! A product stands in five places that change together: its row, its variants (what a sale reads), its tags, its words,
//! and, apart from it, the counts of its variants. Counts and moves outlive the product.

mod import;
mod search;
mod write;

pub(crate) use write::insert;

use std::collections::BTreeMap;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};
use souk_app::ports::EngineError;
use souk_app::ports::store::{
    CatalogStore, CategoryCount, ImportResult, ListError, Listed, ProductFilter, ProductRef,
    StockedProduct, Written,
};
use souk_domain::catalog::{ImportOptions, ImportedProduct, Product};
use souk_domain::{Locale, ProductId, Timestamp, VariantId};

use crate::failure::Failure;
use crate::{SqliteStore, commit};

#[async_trait]
impl CatalogStore for SqliteStore {
    async fn product(&self, which: &ProductRef) -> Result<Option<StockedProduct>, EngineError> {
        let which = which.clone();
        self.inner
            .read(move |connection| {
                let body = match which {
                    ProductRef::Id(id) => body_by_id(connection, id)?,
                    ProductRef::Handle(handle) => body_by_handle(connection, &handle)?,
                };
                body.map(|body| stocked(connection, &body)).transpose()
            })
            .await
    }

    async fn products(
        &self,
        filter: &ProductFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<StockedProduct>, ListError> {
        let question = search::Question::new(filter, cursor, limit)?;
        Ok(self
            .inner
            .read(move |connection| search::find(connection, &question))
            .await?)
    }

    async fn categories(&self) -> Result<Vec<CategoryCount>, EngineError> {
        self.inner.read(categories).await
    }

    async fn create_product(
        &self,
        product: &Product,
        stock: &[(VariantId, i64)],
        reason: &str,
    ) -> Result<Written, EngineError> {
        let (product, stock, reason) = (product.clone(), stock.to_vec(), reason.to_owned());
        self.inner
            .write(move |connection| write::create(connection, &product, &stock, &reason))
            .await
    }

    async fn update_product(
        &self,
        product: &Product,
        stock: &[(VariantId, i64)],
        reason: &str,
        unless_changed_since: Timestamp,
    ) -> Result<Written, EngineError> {
        let (product, stock, reason) = (product.clone(), stock.to_vec(), reason.to_owned());
        self.inner
            .write(move |connection| {
                write::update(connection, &product, &stock, &reason, unless_changed_since)
            })
            .await
    }

    async fn delete_product(&self, id: ProductId) -> Result<bool, EngineError> {
        self.inner
            .write(move |connection| write::delete(connection, id))
            .await
    }

    async fn import_products(
        &self,
        products: Vec<(ProductId, ImportedProduct)>,
        options: ImportOptions,
        now: Timestamp,
    ) -> Result<Vec<ImportResult>, EngineError> {
        let import =
            move |connection: &Connection| import::import(connection, products, options, now);
        if options.dry_run {
            self.inner.rehearse(import).await
        } else {
            self.inner.write(import).await
        }
    }
}

fn body_by_id(connection: &Connection, id: ProductId) -> Result<Option<String>, Failure> {
    let mut statement = connection.prepare_cached("SELECT body FROM products WHERE id = ?1")?;
    Ok(statement
        .query_row([id.0.as_bytes()], |row| row.get(0))
        .optional()?)
}

fn body_by_handle(connection: &Connection, handle: &str) -> Result<Option<String>, Failure> {
    let mut statement = connection.prepare_cached("SELECT body FROM products WHERE handle = ?1")?;
    Ok(statement.query_row([handle], |row| row.get(0)).optional()?)
}

/// A product, with the counts of its variants.
fn stocked(connection: &Connection, body: &str) -> Result<StockedProduct, Failure> {
    let product: Product = serde_json::from_str(body)?;
    let mut stock = BTreeMap::new();
    for variant in &product.variants {
        if let Some(count) = commit::stock(connection, variant.id)? {
            stock.insert(variant.id, count);
        }
    }
    Ok(StockedProduct { product, stock })
}

/// Counts, by category, from an index alone; a translation is that of the newest product that has one.
fn categories(connection: &Connection) -> Result<Vec<CategoryCount>, Failure> {
    let sql = "SELECT category, category_terms FROM products WHERE category IS NOT NULL AND status = 1 ORDER BY category, id DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut categories: Vec<CategoryCount> = Vec::new();
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let terms = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        if categories.last().is_none_or(|last| last.name != name) {
            categories.push(CategoryCount {
                name: name.to_owned(),
                translations: BTreeMap::new(),
                count: 0,
            });
        }
        if let Some(category) = categories.last_mut() {
            category.count += 1;
            if terms != "{}" {
                let terms: BTreeMap<Locale, String> = serde_json::from_str(terms)?;
                for (locale, term) in terms {
                    category.translations.entry(locale).or_insert(term);
                }
            }
        }
    }
    Ok(categories)
}
