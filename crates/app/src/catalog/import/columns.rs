//! The columns of a product file: which there are, and what they are called.
//!
//! Shopify has renamed its columns over the years, and people rename them too: names are compared without case. Columns
//! that mean nothing to a shop of Souk (SEO, tax, weights, other markets' prices) are passed over.

use std::borrow::Cow;

use super::records::fields;

/// A column that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Handle,
    Title,
    Body,
    Vendor,
    Type,
    ProductCategory,
    Tags,
    Published,
    Status,
    Option1Name,
    Option1Value,
    Option2Name,
    Option2Value,
    Option3Name,
    Option3Value,
    Sku,
    Price,
    CompareAt,
    Tracker,
    Quantity,
    Policy,
    Image,
    ImageAlt,
    VariantImage,
}

use Column::{
    Body, CompareAt, Handle, Image, ImageAlt, Option1Name, Option1Value, Option2Name, Option2Value,
    Option3Name, Option3Value, Policy, Price, ProductCategory, Published, Quantity, Sku, Status,
    Tags, Title, Tracker, Type, VariantImage, Vendor,
};

/// Names of each column in lower case: that of the old exports, that of the exports since 2025, and other spellings.
const NAMES: [(Column, &[&str]); 24] = [
    (Handle, &["handle", "url handle"]),
    (Title, &["title"]),
    (Body, &["body (html)", "description", "body html", "body"]),
    (Vendor, &["vendor"]),
    (Type, &["type", "product type", "custom product type"]),
    (
        ProductCategory,
        &[
            "product category",
            "standardized product type",
            "standard product type",
        ],
    ),
    (Tags, &["tags"]),
    (Published, &["published", "published on online store"]),
    (Status, &["status"]),
    (Option1Name, &["option1 name", "option 1 name"]),
    (Option1Value, &["option1 value", "option 1 value"]),
    (Option2Name, &["option2 name", "option 2 name"]),
    (Option2Value, &["option2 value", "option 2 value"]),
    (Option3Name, &["option3 name", "option 3 name"]),
    (Option3Value, &["option3 value", "option 3 value"]),
    (Sku, &["variant sku", "sku"]),
    (Price, &["variant price", "price"]),
    (
        CompareAt,
        &[
            "variant compare at price",
            "variant compare-at price",
            "compare-at price",
            "compare at price",
        ],
    ),
    (Tracker, &["variant inventory tracker", "inventory tracker"]),
    (
        Quantity,
        &[
            "variant inventory qty",
            "variant inventory quantity",
            "inventory quantity",
            "inventory qty",
        ],
    ),
    (
        Policy,
        &[
            "variant inventory policy",
            "inventory policy",
            "continue selling when out of stock",
        ],
    ),
    (Image, &["image src", "product image url", "image url"]),
    (ImageAlt, &["image alt text"]),
    (VariantImage, &["variant image", "variant image url"]),
];

/// What a file cannot be read without, as errors name it.
const REQUIRED: [(Column, &str); 3] = [
    (Handle, "Handle"),
    (Title, "Title"),
    (Price, "Variant Price"),
];

/// Where each column stands in the records of one file.
pub(super) struct Columns {
    places: [Option<usize>; NAMES.len()],
    /// Fields of every record.
    pub(super) count: usize,
}

impl Columns {
    /// Reads the first record of a file.
    pub(super) fn of(header: &str, delimiter: char) -> Self {
        let names: Vec<String> = fields(header, delimiter)
            .iter()
            .map(|name| one_line(name).to_lowercase())
            .collect();
        let place = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        Self {
            places: NAMES.map(|(_, known)| place(known)),
            count: names.len(),
        }
    }

    /// How many columns were recognised.
    pub(super) fn known(&self) -> usize {
        self.places.iter().flatten().count()
    }

    /// Required columns that are not there.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        REQUIRED
            .into_iter()
            .filter(|(column, _)| !self.has(*column))
            .map(|(_, name)| name)
            .collect()
    }

    /// Whether the file has a column.
    pub(super) fn has(&self, column: Column) -> bool {
        self.places[column as usize].is_some()
    }
}

/// One record, by column.
pub(super) struct Cells<'a> {
    columns: &'a Columns,
    fields: Vec<Cow<'a, str>>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(columns: &'a Columns, fields: Vec<Cow<'a, str>>) -> Self {
        Self { columns, fields }
    }

    /// A field without the space around it; empty when the file has no such column.
    pub(super) fn get(&self, column: Column) -> &str {
        let place = self.columns.places[column as usize];
        place
            .and_then(|place| self.fields.get(place))
            .map_or("", |field| field.trim())
    }

    /// A field that is one line: every run of spaces and line ends in it becomes one space.
    pub(super) fn line(&self, column: Column) -> String {
        one_line(self.get(column))
    }

    pub(super) fn has(&self, column: Column) -> bool {
        self.columns.has(column)
    }

    /// Whether every field is empty, as spreadsheets leave rows behind.
    pub(super) fn is_blank(&self) -> bool {
        self.fields.iter().all(|field| field.trim().is_empty())
    }
}

/// The text with every run of white space as one space, and none around it.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_names_is_in_the_order_of_the_columns() {
        for (place, (column, names)) in NAMES.iter().enumerate() {
            assert_eq!(*column as usize, place, "{names:?}");
        }
    }

    #[test]
    fn old_and_new_exports_name_the_same_columns() {
        let old =
            "Handle,Title,Body (HTML),Variant Price,Variant Inventory Qty,Image Src,Variant Grams";
        let new = "Title,URL handle,Description,PRICE, inventory  quantity ,Product image URL,Price / International";
        for header in [old, new] {
            let columns = Columns::of(header, ',');
            assert_eq!(
                (columns.known(), columns.missing()),
                (6, vec![]),
                "{header}"
            );
        }
        assert_eq!(
            Columns::of("Title,SKU", ',').missing(),
            ["Handle", "Variant Price"]
        );
    }
}
