//! Products and variants.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::is_handle;
use crate::{Currency, Locale, Money, ProductId, Timestamp, VariantId};

/// Most variants of one product.
pub const MAX_VARIANTS: usize = 250;
/// Most options (size, colour…) of one product.
pub const MAX_OPTIONS: usize = 3;
/// Most pictures of one product.
pub const MAX_IMAGES: usize = 250;
/// Most tags of one product.
pub const MAX_TAGS: usize = 250;

/// What is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Which.
    pub id: ProductId,
    /// Its name in addresses; unique.
    pub handle: String,
    /// Its title, in the shop's default language.
    pub title: String,
    /// What it is, in harmless HTML, in the shop's default language.
    pub description_html: String,
    /// The same in other languages.
    #[serde(default)]
    pub translations: BTreeMap<Locale, Translation>,
    /// Whether shoppers see it.
    pub status: ProductStatus,
    /// What tells its variants apart; none when it has only one.
    pub options: Vec<ProductOption>,
    /// What can be bought, in order.
    pub variants: Vec<Variant>,
    /// Pictures, in order.
    pub images: Vec<Image>,
    /// Words it is filed under.
    pub tags: Vec<String>,
    /// The one shelf it stands on.
    pub category: Option<String>,
    /// Who makes it.
    pub vendor: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Whether shoppers see a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProductStatus {
    /// Staff only.
    Draft,
    /// Everybody.
    Published,
}

impl ProductStatus {
    /// The name used in contracts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
        }
    }
}

/// A product's texts in another language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Translation {
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Description, harmless HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description_html: Option<String>,
    /// Option names, option values and the category, each by its word in the default language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub terms: BTreeMap<String, String>,
}

/// A way in which variants differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductOption {
    /// `Size`.
    pub name: String,
    /// `S`, `M`, `L`, in the order of the variants.
    pub values: Vec<String>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Where it is: an `https:` address, or a path on this shop (`/media/…`).
    pub url: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
}

/// What is counted of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inventory {
    /// Counted, and never sold below zero.
    Tracked,
    /// Not counted.
    Untracked,
    /// Counted, and sold below zero too.
    Backorder,
}

/// What can be bought and counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    /// Which.
    pub id: VariantId,
    /// The shop's own name; may be empty, may repeat.
    pub sku: String,
    /// One value for each option of the product.
    pub options: Vec<String>,
    /// Price of one.
    pub price: Money,
    /// What it cost before, shown struck through.
    pub compare_at: Option<Money>,
    /// What is counted.
    pub inventory: Inventory,
    /// From which count on staff want to know that few are left; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_stock_at: Option<u32>,
}

impl Product {
    /// The title in a language, or in the default one.
    #[must_use]
    pub fn title_in(&self, locale: Locale) -> &str {
        let translated = self
            .translations
            .get(&locale)
            .and_then(|texts| texts.title.as_deref());
        translated.unwrap_or(&self.title)
    }

    /// The description in a language, or in the default one.
    #[must_use]
    pub fn description_in(&self, locale: Locale) -> &str {
        let translated = self
            .translations
            .get(&locale)
            .and_then(|texts| texts.description_html.as_deref());
        translated.unwrap_or(&self.description_html)
    }

    /// An option's name or value, or the category, in a language, or as it is.
    #[must_use]
    pub fn term_in<'a>(&'a self, term: &'a str, locale: Locale) -> &'a str {
        let terms = self.translations.get(&locale).map(|texts| &texts.terms);
        terms
            .and_then(|terms| terms.get(term))
            .map_or(term, String::as_str)
    }

    /// A variant's title in a language: its option values; empty when the product has no options.
    #[must_use]
    pub fn variant_title_in(&self, variant: &Variant, locale: Locale) -> String {
        let values: Vec<_> = variant
            .options
            .iter()
            .map(|value| self.term_in(value, locale))
            .collect();
        values.join(" / ")
    }

    /// Fills [`ProductOption::values`] from the variants, in the order in which they appear.
    pub fn collect_option_values(&mut self) {
        for (place, option) in self.options.iter_mut().enumerate() {
            option.values.clear();
            for variant in &self.variants {
                if let Some(value) = variant.options.get(place)
                    && !option.values.contains(value)
                {
                    option.values.push(value.clone());
                }
            }
        }
    }

    /// What other languages call the category.
    #[must_use]
    pub fn category_terms(&self) -> BTreeMap<Locale, &str> {
        let term = |category| {
            let texts = self.translations.iter();
            texts.filter_map(move |(locale, texts)| Some((*locale, texts.terms.get(category)?)))
        };
        let terms = self.category.iter().flat_map(term);
        terms
            .map(|(locale, term)| (locale, term.as_str()))
            .collect()
    }

    /// The product as a sale reads it: names and words, the first picture, nothing that is long.
    #[must_use]
    pub fn for_sale(&self) -> Self {
        let short = |(locale, texts): (&Locale, &Translation)| {
            let texts = Translation {
                title: texts.title.clone(),
                description_html: None,
                terms: texts.terms.clone(),
            };
            (*locale, texts)
        };
        Self {
            id: self.id,
            handle: self.handle.clone(),
            title: self.title.clone(),
            description_html: String::new(),
            translations: self.translations.iter().map(short).collect(),
            status: self.status,
            options: Vec::new(),
            variants: Vec::new(),
            images: self.images.first().cloned().into_iter().collect(),
            tags: Vec::new(),
            category: None,
            vendor: None,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// Everything that keeps this product from being kept; empty when it is good.
    #[must_use]
    pub fn faults(&self, currency: Currency) -> Vec<CatalogFault> {
        let mut faults = Vec::new();
        let mut fault = |path: String, must| faults.push(CatalogFault { path, must });
        let one_line = |text: &str, most: usize| {
            let count = text.trim().chars().count();
            (1..=most).contains(&count) && !text.chars().any(char::is_control)
        };
        if !is_handle(&self.handle) {
            fault(
                "handle".into(),
                "must be 1 to 200 letters, digits, hyphens, in lower case",
            );
        }
        if !one_line(&self.title, 255) {
            fault("title".into(), "must be 1 to 255 characters");
        }
        if self.description_html.len() > 200_000 {
            fault("descriptionHtml".into(), "must be at most 200,000 bytes");
        }
        for (locale, texts) in &self.translations {
            if texts
                .title
                .as_deref()
                .is_some_and(|title| !one_line(title, 255))
            {
                fault(
                    format!("translations.{locale}.title"),
                    "must be 1 to 255 characters",
                );
            }
            if texts
                .description_html
                .as_ref()
                .is_some_and(|html| html.len() > 200_000)
            {
                fault(
                    format!("translations.{locale}.descriptionHtml"),
                    "must be at most 200,000 bytes",
                );
            }
            if texts.terms.len() > 1_000
                || texts
                    .terms
                    .iter()
                    .any(|(from, to)| !one_line(from, 255) || !one_line(to, 255))
            {
                fault(
                    format!("translations.{locale}.terms"),
                    "must be at most 1000 words of 1 to 255 characters",
                );
            }
        }
        if self.options.len() > MAX_OPTIONS {
            fault("options".into(), "must be at most 3");
        }
        let names: BTreeSet<_> = self.options.iter().map(|option| &option.name).collect();
        if names.len() != self.options.len()
            || self
                .options
                .iter()
                .any(|option| !one_line(&option.name, 100))
        {
            fault(
                "options".into(),
                "must have different names of 1 to 100 characters",
            );
        }
        if !(1..=MAX_VARIANTS).contains(&self.variants.len()) {
            fault("variants".into(), "must be 1 to 250");
        }
        let mut seen = BTreeSet::new();
        for (place, variant) in self.variants.iter().enumerate() {
            let path = |field: &str| format!("variants[{place}].{field}");
            let fits = |money: Money| {
                money.currency == currency && (0..=Money::MAX).contains(&money.amount)
            };
            if variant.options.len() != self.options.len()
                || variant.options.iter().any(|value| !one_line(value, 255))
            {
                fault(
                    path("options"),
                    "must give one value of 1 to 255 characters for each option",
                );
            }
            if !seen.insert(&variant.options) {
                fault(path("options"), "must differ from every other variant's");
            }
            if variant.sku.chars().count() > 255 || variant.sku.chars().any(char::is_control) {
                fault(path("sku"), "must be at most 255 characters");
            }
            if !fits(variant.price) {
                fault(
                    path("price"),
                    "must be an amount of the shop's currency, not negative",
                );
            }
            if variant.compare_at.is_some_and(|money| !fits(money)) {
                fault(
                    path("compareAt"),
                    "must be an amount of the shop's currency, not negative",
                );
            }
        }
        if self.images.len() > MAX_IMAGES {
            fault("images".into(), "must be at most 250");
        }
        for (place, image) in self.images.iter().enumerate() {
            let known = ["https://", "http://", "/media/"]
                .iter()
                .any(|start| image.url.starts_with(start));
            if !known
                || image.url.len() > 2_000
                || image.url.chars().any(|c| c.is_control() || c == ' ')
            {
                fault(
                    format!("images[{place}].url"),
                    "must be an https address or a /media/ path",
                );
            }
            if image.alt.chars().count() > 512 {
                fault(
                    format!("images[{place}].alt"),
                    "must be at most 512 characters",
                );
            }
        }
        if self.tags.len() > MAX_TAGS || self.tags.iter().any(|tag| !one_line(tag, 255)) {
            fault("tags".into(), "must be at most 250 of 1 to 255 characters");
        }
        for (field, text) in [("category", &self.category), ("vendor", &self.vendor)] {
            if text.as_deref().is_some_and(|text| !one_line(text, 255)) {
                fault(field.into(), "must be 1 to 255 characters");
            }
        }
        faults
    }
}

/// One thing that is wrong with a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogFault {
    /// Where, as contracts name it: `variants[2].price`.
    pub path: String,
    /// What it must be.
    pub must: &'static str,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_sale_reads_names_and_the_first_picture_and_nothing_long() {
        let picture = |url: &str| Image {
            url: url.into(),
            alt: String::new(),
        };
        let words = BTreeMap::from([("Mugs".to_owned(), "أكواب".to_owned())]);
        let texts = |description: Option<&str>| Translation {
            title: Some("كوب".into()),
            description_html: description.map(str::to_owned),
            terms: words.clone(),
        };
        let mug = Product {
            id: ProductId(Uuid::from_u128(1)),
            handle: "mug".into(),
            title: "Mug".into(),
            description_html: "<p>long</p>".into(),
            translations: BTreeMap::from([(Locale::Ar, texts(Some("<p>long</p>")))]),
            status: ProductStatus::Published,
            options: vec![ProductOption {
                name: "Size".into(),
                values: vec![],
            }],
            variants: vec![],
            images: vec![picture("/media/a"), picture("/media/b")],
            tags: vec!["new".into()],
            category: Some("Mugs".into()),
            vendor: Some("Potter".into()),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        };
        let sale = Product {
            description_html: String::new(),
            translations: BTreeMap::from([(Locale::Ar, texts(None))]),
            options: vec![],
            images: vec![picture("/media/a")],
            tags: vec![],
            category: None,
            vendor: None,
            ..mug.clone()
        };
        assert_eq!(mug.for_sale(), sale);
        assert_eq!(
            mug.category_terms(),
            BTreeMap::from([(Locale::Ar, "أكواب")])
        );
        assert!(sale.category_terms().is_empty());
    }
}
