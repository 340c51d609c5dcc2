//! Keeping products.

use std::collections::BTreeMap;

use souk_domain::catalog::{
    Image, Inventory, Product, ProductOption, ProductStatus, Stock, Translation, Variant,
    handle_from, sanitise,
};
use souk_domain::{Locale, Money, ProductId, Timestamp, VariantId};

use crate::App;
use crate::accounts::FieldFault;
use crate::ports::EngineError;
use crate::ports::store::{ProductRef, StockedProduct, Written};

/// Why a product is not kept.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Fields that cannot be taken.
    #[error("some fields cannot be taken")]
    Fields(Vec<FieldFault>),
    /// Another product has this handle.
    #[error("another product has this handle")]
    HandleTaken,
    /// The product changed since the caller read it.
    #[error("the product changed meanwhile")]
    Stale,
    /// No such product.
    #[error("no such product")]
    NotFound,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What an admin says of a product; what is not said stays as it is (or is empty, for a new one).
#[derive(Debug, Clone, Default)]
pub struct ProductInput {
    /// Name in addresses; made of the title when a new product has none.
    pub handle: Option<String>,
    /// Title, in the shop's default language.
    pub title: Option<String>,
    /// Description; what could do harm is taken out.
    pub description_html: Option<String>,
    /// Other languages; replaces all of them.
    pub translations: Option<BTreeMap<Locale, Translation>>,
    /// Whether shoppers see it; a new one is a draft.
    pub status: Option<ProductStatus>,
    /// Names of the options.
    pub options: Option<Vec<String>>,
    /// All variants; known ones carry their id, others are new.
    pub variants: Option<Vec<VariantInput>>,
    /// All pictures.
    pub images: Option<Vec<Image>>,
    /// All tags.
    pub tags: Option<Vec<String>>,
    /// The shelf; an empty one takes it off.
    pub category: Option<String>,
    /// The maker; an empty one takes it off.
    pub vendor: Option<String>,
}

/// What an admin says of the count from which on staff want to know that few are left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LowStockChange {
    /// Nothing: it stays as it is.
    #[default]
    Stays,
    /// It is this one from now on; none: they never want to know.
    To(Option<u32>),
}

/// What an admin says of a variant.
#[derive(Debug, Clone)]
pub struct VariantInput {
    /// Which; none for a new one.
    pub id: Option<VariantId>,
    /// The shop's own name.
    pub sku: String,
    /// One value for each option.
    pub options: Vec<String>,
    /// Price of one.
    pub price: Money,
    /// What it cost before.
    pub compare_at: Option<Money>,
    /// What is counted.
    pub inventory: Inventory,
    /// From which count on staff want to know that few are left.
    pub low_stock_at: LowStockChange,
    /// Units that a new variant starts with, 0 or more.
    pub stock: Option<i64>,
}

/// Makes a product.
pub async fn create(app: &App, input: ProductInput) -> Result<StockedProduct, CatalogError> {
    let now = app.now();
    let handle = handle_from(input.title.as_deref().unwrap_or_default());
    let empty = Product {
        id: ProductId(app.ids.uuid()),
        handle,
        title: String::new(),
        description_html: String::new(),
        translations: BTreeMap::new(),
        status: ProductStatus::Draft,
        options: Vec::new(),
        variants: Vec::new(),
        images: Vec::new(),
        tags: Vec::new(),
        category: None,
        vendor: None,
        created_at: now,
        updated_at: now,
    };
    let (product, stock) = applied(app, empty, input, now).await?;
    written(
        app.store
            .create_product(&product, &stock, "initial stock")
            .await?,
    )?;
    app.pages.changed();
    read_back(app, product.id).await
}

/// Changes a product; `if_unchanged_since` (its `updatedAt`) guards against another's change.
pub async fn update(
    app: &App,
    id: ProductId,
    input: ProductInput,
    if_unchanged_since: Option<Timestamp>,
) -> Result<StockedProduct, CatalogError> {
    let known = app
        .store
        .product(&ProductRef::Id(id))
        .await?
        .ok_or(CatalogError::NotFound)?
        .product;
    if if_unchanged_since.is_some_and(|since| since != known.updated_at) {
        return Err(CatalogError::Stale);
    }
    let before = known.updated_at;
    // Two changes within one tick of the clock are still two.
    let now = app.now().max(
        before
            .saturating_add(jiff::SignedDuration::from_millis(1))
            .unwrap_or(before),
    );
    let (product, stock) = applied(app, known, input, now).await?;
    written(
        app.store
            .update_product(&product, &stock, "initial stock", before)
            .await?,
    )?;
    app.pages.changed();
    read_back(app, id).await
}

/// Takes a product out of the catalogue; orders keep what they say of it.
pub async fn delete(app: &App, id: ProductId) -> Result<(), CatalogError> {
    if app.store.delete_product(id).await? {
        app.pages.changed();
        Ok(())
    } else {
        Err(CatalogError::NotFound)
    }
}

/// The product with the input applied and checked, and the stock that its new variants start with.
async fn applied(
    app: &App,
    mut product: Product,
    input: ProductInput,
    now: Timestamp,
) -> Result<(Product, Vec<(VariantId, i64)>), CatalogError> {
    let shop = app.shop().await?;
    let mut faults = Vec::new();
    let mut stock = Vec::new();
    let not_empty = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    if let Some(handle) = input.handle {
        product.handle = handle;
    }
    if let Some(title) = input.title {
        title.trim().clone_into(&mut product.title);
    }
    if let Some(html) = input.description_html {
        product.description_html = sanitise(&html);
    }
    if let Some(mut translations) = input.translations {
        for texts in translations.values_mut() {
            texts.description_html = texts.description_html.take().map(|html| sanitise(&html));
        }
        product.translations = translations;
    }
    if let Some(options) = input.options {
        product.options = options
            .into_iter()
            .map(|name| ProductOption {
                name,
                values: Vec::new(),
            })
            .collect();
    }
    if let Some(variants) = input.variants {
        let known: BTreeMap<VariantId, Option<u32>> = product
            .variants
            .drain(..)
            .map(|variant| (variant.id, variant.low_stock_at))
            .collect();
        for (place, variant) in variants.into_iter().enumerate() {
            if variant.id.is_some_and(|id| !known.contains_key(&id)) {
                faults.push(FieldFault::new(
                    format!("variants[{place}].id"),
                    "must be a variant of this product",
                ));
            }
            let id = variant.id.unwrap_or_else(|| VariantId(app.ids.uuid()));
            if product.variants.iter().any(|before| before.id == id) {
                faults.push(FieldFault::new(
                    format!("variants[{place}].id"),
                    "must not be named twice",
                ));
            }
            let low_stock_at = known.get(&id).copied().flatten();
            let units = variant.stock.unwrap_or_default();
            if variant.id.is_some() && variant.stock.is_some() {
                faults.push(FieldFault::new(
                    format!("variants[{place}].stock"),
                    "must be left out for a known variant: stock moves have a way of their own",
                ));
            }
            if !(0..=Stock::MOST).contains(&units) {
                let must = if units < 0 {
                    "must be 0 or more"
                } else {
                    "must be a whole number that can be counted"
                };
                faults.push(FieldFault::new(format!("variants[{place}].stock"), must));
            }
            if units > 0 && variant.inventory != Inventory::Untracked {
                stock.push((id, units));
            }
            product.variants.push(Variant {
                id,
                sku: variant.sku.trim().to_owned(),
                options: variant.options,
                price: variant.price,
                compare_at: variant.compare_at,
                inventory: variant.inventory,
                low_stock_at: match variant.low_stock_at {
                    LowStockChange::Stays => low_stock_at,
                    LowStockChange::To(count) => count,
                },
            });
        }
    }
    product.status = input.status.unwrap_or(product.status);
    product.images = input.images.unwrap_or(product.images);
    product.tags = input.tags.unwrap_or(product.tags);
    product.category = input.category.map_or(product.category, not_empty);
    product.vendor = input.vendor.map_or(product.vendor, not_empty);
    product.collect_option_values();
    product.updated_at = now;
    let wrong = product.faults(shop.currency);
    faults.extend(
        wrong
            .into_iter()
            .map(|fault| FieldFault::new(fault.path, fault.must)),
    );
    if faults.is_empty() {
        Ok((product, stock))
    } else {
        Err(CatalogError::Fields(faults))
    }
}

fn written(written: Written) -> Result<(), CatalogError> {
    match written {
        Written::Done => Ok(()),
        Written::HandleTaken => Err(CatalogError::HandleTaken),
        Written::Stale => Err(CatalogError::Stale),
    }
}

async fn read_back(app: &App, id: ProductId) -> Result<StockedProduct, CatalogError> {
    app.store
        .product(&ProductRef::Id(id))
        .await?
        .ok_or(CatalogError::NotFound)
}
