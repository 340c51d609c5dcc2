//! The catalogue: its documents, and who asks for them. `search` finds products, `write` keeps them, `import` merges
//! files, `counts` are what is there of their variants.
//!
//! A product stands in two places that change together: its own document, which has its tags and words, and those of its
//! variants, which a sale reads. Counts and moves are apart from it, and outlive it. All that a call writes is worked out
//! first and then written in few commands, so that a transaction is short however many products there are.

mod counts;
mod import;
pub(crate) mod search;
pub(crate) mod write;

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use serde::Deserialize;
use souk_app::ports::EngineError;
use souk_app::ports::store::{
    CatalogStore, CategoryCount, ImportResult, ListError, Listed, ProductFilter, ProductRef,
    StockedProduct, Written,
};
use souk_domain::catalog::{ImportOptions, ImportedProduct, Product, ProductStatus};
use souk_domain::{Locale, ProductId, Timestamp, VariantId};

use crate::MongoStore;
use crate::failure::Failure;
use crate::records::{self, natural, product_status};
use crate::store::Inner;
use crate::transaction::RETRY;

/// Products, by id.
pub(crate) const PRODUCTS: &str = "products";
/// Variants on sale, by id.
pub(crate) const VARIANTS: &str = "variants";

/// A product's own document, as far as it is read back.
#[derive(Debug, Deserialize)]
pub(crate) struct Kept {
    pub(crate) body: String,
}

impl Kept {
    pub(crate) fn product(&self) -> Result<Product, Failure> {
        Ok(serde_json::from_str(&self.body)?)
    }
}

#[async_trait]
impl CatalogStore for MongoStore {
    async fn product(&self, which: &ProductRef) -> Result<Option<StockedProduct>, EngineError> {
        let named = match which {
            ProductRef::Id(id) => of(*id),
            ProductRef::Handle(handle) => doc! { "handle": handle },
        };
        let found = self.inner.find_one::<Kept>(PRODUCTS, named).await?;
        let products = found.map(|kept| kept.product()).transpose()?;
        let stocked = stocked(&self.inner, products.into_iter().collect()).await?;
        Ok(stocked.into_iter().next())
    }

    async fn products(
        &self,
        filter: &ProductFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<StockedProduct>, ListError> {
        let question = search::Question::new(filter, cursor, limit)?;
        let page = search::find(&self.inner, &question)
            .await
            .map_err(EngineError::from)?;
        let items = stocked(&self.inner, page.items)
            .await
            .map_err(EngineError::from)?;
        Ok(Listed {
            items,
            next: page.next,
        })
    }

    async fn categories(&self) -> Result<Vec<CategoryCount>, EngineError> {
        Ok(categories(&self.inner).await?)
    }

    async fn create_product(
        &self,
        product: &Product,
        stock: &[(VariantId, i64)],
        reason: &str,
    ) -> Result<Written, EngineError> {
        let written = self
            .inner
            .transact(RETRY, |transaction| async move {
                write::create(&transaction, product, stock, reason).await
            })
            .await?;
        Ok(written)
    }

    async fn update_product(
        &self,
        product: &Product,
        stock: &[(VariantId, i64)],
        reason: &str,
        unless_changed_since: Timestamp,
    ) -> Result<Written, EngineError> {
        let written = self
            .inner
            .transact(RETRY, |transaction| async move {
                write::update(&transaction, product, stock, reason, unless_changed_since).await
            })
            .await?;
        Ok(written)
    }

    async fn delete_product(&self, id: ProductId) -> Result<bool, EngineError> {
        let gone = self
            .inner
            .transact(RETRY, |transaction| async move {
                write::delete(&transaction, id).await
            })
            .await?;
        Ok(gone)
    }

    async fn import_products(
        &self,
        products: Vec<(ProductId, ImportedProduct)>,
        options: ImportOptions,
        now: Timestamp,
    ) -> Result<Vec<ImportResult>, EngineError> {
        let products = &products;
        let results = self
            .inner
            .transact(RETRY, |transaction| async move {
                import::import(&transaction, products, options, now).await
            })
            .await?;
        Ok(results)
    }
}

fn of(id: ProductId) -> Document {
    doc! { "_id": records::id(id.0) }
}

/// Products, each with the counts of its variants: one question for all of them.
async fn stocked(inner: &Inner, products: Vec<Product>) -> Result<Vec<StockedProduct>, Failure> {
    let variants = products.iter().flat_map(|product| &product.variants);
    let variants = variants.map(|variant| variant.id).collect();
    let counts = counts::of(inner, &variants).await?;
    let with_counts = |product: Product| {
        let ids = product.variants.iter().map(|variant| variant.id);
        let stock = ids.filter_map(|id| Some((id, *counts.get(&id)?))).collect();
        StockedProduct { product, stock }
    };
    Ok(products.into_iter().map(with_counts).collect())
}

/// The field of what a language calls the category.
fn category_field(locale: Locale) -> String {
    format!("category_{}", locale.tag())
}

/// The steps to counts by category; a translation is that of the newest product that has one.
pub(crate) fn category_steps() -> [Document; 3] {
    let mut group = doc! { "_id": "$category", "count": { "$sum": 1_i64 } };
    for locale in Locale::ALL {
        let field = category_field(locale);
        let term = format!("${field}");
        // Of documents, the greatest is the one whose first field is.
        let newest = doc! { "$cond": [
            { "$eq": [{ "$type": &term }, "string"] },
            { "id": "$_id", "term": &term },
            null,
        ] };
        group.insert(field, doc! { "$max": newest });
    }
    let published = product_status(ProductStatus::Published);
    [
        doc! { "$match": { "status": published, "category": { "$gte": "" } } },
        doc! { "$group": group },
        doc! { "$sort": { "_id": 1 } },
    ]
}

/// Counts, by category, from an index alone.
async fn categories(inner: &Inner) -> Result<Vec<CategoryCount>, Failure> {
    let products = inner.collection::<Document>(PRODUCTS);
    let found: Vec<Document> = inner
        .within::<_, mongodb::error::Error>(async {
            products
                .aggregate(category_steps())
                .await?
                .try_collect()
                .await
        })
        .await?;
    let category = |found: &Document| {
        let term = |locale: Locale| {
            let newest = found.get_document(category_field(locale)).ok()?;
            Some((locale, newest.get_str("term").ok()?.to_owned()))
        };
        Some(CategoryCount {
            name: found.get_str("_id").ok()?.to_owned(),
            translations: Locale::ALL
                .into_iter()
                .filter_map(term)
                .collect::<BTreeMap<_, _>>(),
            count: natural(found.get_i64("count").ok()?),
        })
    };
    found
        .iter()
        .map(|found| category(found).ok_or(Failure::Refused("a category cannot be read")))
        .collect()
}
