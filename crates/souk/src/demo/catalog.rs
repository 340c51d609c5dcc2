//! The demo's products, as `catalog.json` beside this file tells them.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;
use souk_app::catalog::{LowStockChange, ProductInput, VariantInput};
use souk_domain::catalog::{Image, Inventory, ProductStatus, Translation};
use souk_domain::{Currency, Locale, Money};

use super::pictures::{Colours, Subject};

/// A text in English and in Arabic.
type Both = (String, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalog {
    /// English names, with the Arabic ones.
    categories: BTreeMap<String, String>,
    /// Names and values of options, likewise.
    terms: BTreeMap<String, String>,
    products: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    handle: String,
    category: String,
    picture: (Subject, Colours),
    tags: Vec<String>,
    #[serde(default)]
    draft: bool,
    title: Both,
    description: Both,
    #[serde(default)]
    options: Vec<String>,
    variants: Vec<EntryVariant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EntryVariant {
    sku: String,
    #[serde(default)]
    values: Vec<String>,
    price: String,
    compare_at: Option<String>,
    #[serde(default)]
    stock: i64,
    #[serde(default = "tracked")]
    inventory: Inventory,
}

fn tracked() -> Inventory {
    Inventory::Tracked
}

/// A product of the demo and its picture.
pub(super) struct DemoProduct {
    pub(super) handle: String,
    pub(super) picture: (Subject, Colours),
    pub(super) input: ProductInput,
}

/// Where the picture of a product is kept.
pub(super) fn picture_key(handle: &str) -> String {
    format!("demo/{handle}.svg")
}

/// All products, in the order in which a shopper is to see them.
pub(super) fn products(currency: Currency) -> anyhow::Result<Vec<DemoProduct>> {
    let catalog: Catalog =
        serde_json::from_str(include_str!("catalog.json")).context("the demo's catalogue")?;
    let Catalog {
        categories,
        terms,
        products,
    } = catalog;
    products
        .into_iter()
        .map(|entry| product(entry, &categories, &terms, currency))
        .collect()
}

fn product(
    entry: Entry,
    categories: &BTreeMap<String, String>,
    terms: &BTreeMap<String, String>,
    currency: Currency,
) -> anyhow::Result<DemoProduct> {
    let handle = entry.handle;
    let arabic = |words: &BTreeMap<String, String>, word: &str| {
        let found = words
            .get(word)
            .with_context(|| format!("`{word}` of {handle} has no Arabic"))?;
        anyhow::Ok((word.to_owned(), found.clone()))
    };
    let mut translated = BTreeMap::from([arabic(categories, &entry.category)?]);
    let words = entry
        .options
        .iter()
        .chain(entry.variants.iter().flat_map(|variant| &variant.values));
    for word in words {
        translated.extend([arabic(terms, word)?]);
    }
    let money = |text: &str| {
        Money::parse_decimal(text, currency).with_context(|| format!("a price of {handle}"))
    };
    let variants = entry.variants.into_iter().map(|variant| {
        anyhow::Ok(VariantInput {
            id: None,
            sku: variant.sku,
            options: variant.values,
            price: money(&variant.price)?,
            compare_at: variant.compare_at.as_deref().map(money).transpose()?,
            inventory: variant.inventory,
            low_stock_at: LowStockChange::To(Some(3)),
            stock: Some(variant.stock),
        })
    });
    let (title, arabic_title) = entry.title;
    let (description, arabic_description) = entry.description;
    let arabic_texts = Translation {
        title: Some(arabic_title),
        description_html: Some(arabic_description),
        terms: translated,
    };
    let input = ProductInput {
        handle: Some(handle.clone()),
        images: Some(vec![Image {
            url: format!("/media/{}", picture_key(&handle)),
            alt: title.clone(),
        }]),
        title: Some(title),
        description_html: Some(description),
        translations: Some(BTreeMap::from([(Locale::Ar, arabic_texts)])),
        status: Some(if entry.draft {
            ProductStatus::Draft
        } else {
            ProductStatus::Published
        }),
        options: Some(entry.options),
        variants: Some(variants.collect::<anyhow::Result<_>>()?),
        tags: Some(entry.tags),
        category: Some(entry.category),
        vendor: None,
    };
    Ok(DemoProduct {
        picture: entry.picture,
        input,
        handle,
    })
}

#[cfg(test)]
mod tests {
    use super::super::pictures::draw;
    use super::*;

    #[test]
    fn the_catalogue_is_whole_and_has_one_of_each_kind() {
        let products = products("SAR".parse().unwrap()).unwrap();
        assert_eq!(products.len(), 25);
        let variants = || {
            products
                .iter()
                .flat_map(|product| product.input.variants.iter().flatten())
        };
        let has = |is: &dyn Fn(&VariantInput) -> bool| variants().any(is);
        assert!(has(&|variant| variant.inventory == Inventory::Untracked));
        assert!(has(&|variant| variant.inventory == Inventory::Backorder));
        assert!(has(
            &|variant| variant.inventory == Inventory::Tracked && variant.stock == Some(0)
        ));
        assert!(has(&|variant| variant.stock == Some(1)));
        assert!(has(&|variant| variant.compare_at.is_some()));
        assert!(variants().all(|variant| {
            variant
                .compare_at
                .is_none_or(|before| before.amount > variant.price.amount)
        }));
        assert_eq!(
            products
                .iter()
                .filter(|product| product.input.status == Some(ProductStatus::Draft))
                .count(),
            1
        );
        let categories: std::collections::BTreeSet<_> = products
            .iter()
            .map(|product| &product.input.category)
            .collect();
        assert_eq!(categories.len(), 6);
    }

    #[test]
    fn every_product_has_a_picture_of_its_own_that_is_the_same_every_time() {
        let products = products("SAR".parse().unwrap()).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for DemoProduct {
            handle,
            picture: (subject, colours),
            ..
        } in products
        {
            let picture = draw(subject, colours);
            assert_eq!(picture, draw(subject, colours));
            assert!(
                picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"),
                "{handle}"
            );
            for forbidden in ["<script", "NaN", "inf", "href", "<text"] {
                assert!(!picture.contains(forbidden), "{handle}: {forbidden}");
            }
            assert!(balanced(&picture), "{handle}");
            assert!(picture.len() < 40_000, "{handle}: {} bytes", picture.len());
            assert!(seen.insert(picture), "{handle} looks like another product");
        }
    }

    /// Whether every element that opens is closed in order.
    fn balanced(svg: &str) -> bool {
        let mut open = Vec::new();
        for tag in svg
            .split('<')
            .skip(1)
            .filter_map(|rest| rest.split_once('>'))
            .map(|(tag, _)| tag)
        {
            if let Some(name) = tag.strip_prefix('/') {
                if open.pop() != Some(name) {
                    return false;
                }
            } else if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap());
            }
        }
        open.is_empty()
    }
}
