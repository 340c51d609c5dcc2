//! The product that the rows of one handle describe.

use std::collections::BTreeSet;

use souk_domain::catalog::{
    Image, ImportOptions, ImportedProduct, ImportedVariant, MAX_IMAGES, MAX_TAGS, MAX_VARIANTS,
    ProductStatus, merge, sanitise,
};
use souk_domain::{Currency, ProductId, Timestamp};
use uuid::Uuid;

use super::columns::{Cells, Column, one_line};
use super::report::Log;
use super::variant::{Amounts, RowFault, VariantRow, excerpt};

/// Most bytes of a description as it is written; what is left of it must fit the catalogue's own bound.
const MAX_BODY: usize = 500_000;

/// A product of which rows may still come.
pub(super) struct Gathering {
    /// The line of its first row.
    pub(super) line: u64,
    pub(super) handle: String,
    pub(super) complete: bool,
    /// Rows that are in it so far.
    pub(super) rows: u64,
    /// Rows that are variants, good or bad.
    pub(super) variant_rows: usize,
    /// About how much memory it takes.
    pub(super) bytes: usize,
    title: String,
    body: String,
    vendor: String,
    kind: String,
    product_category: String,
    tags: String,
    published: String,
    status: String,
    option_names: [String; 3],
    variants: Vec<VariantRow>,
    images: Vec<Image>,
    variant_images: Vec<String>,
}

/// A product that can be imported.
#[derive(Debug)]
pub(super) struct Gathered {
    /// The line of its first row.
    pub(super) line: u64,
    /// The rows that are in it.
    pub(super) rows: u64,
    pub(super) product: ImportedProduct,
}

impl Gathering {
    pub(super) fn new(line: u64, handle: String, complete: bool) -> Self {
        Self {
            line,
            handle,
            complete,
            rows: 0,
            variant_rows: 0,
            bytes: 0,
            title: String::new(),
            body: String::new(),
            vendor: String::new(),
            kind: String::new(),
            product_category: String::new(),
            tags: String::new(),
            published: String::new(),
            status: String::new(),
            option_names: Default::default(),
            variants: Vec::new(),
            images: Vec::new(),
            variant_images: Vec::new(),
        }
    }

    /// Takes one row in, or says why its variant cannot be. What the row says of the product itself is taken either way.
    pub(super) fn take(
        &mut self,
        cells: &Cells<'_>,
        line: u64,
        amounts: Amounts,
        log: &mut Log,
    ) -> Result<(), RowFault> {
        self.take_product_fields(cells);
        self.take_image(cells, line, log);
        let says = |columns: &[Column]| columns.iter().any(|column| !cells.get(*column).is_empty());
        let of_variants = [
            Column::Option1Value,
            Column::Option2Value,
            Column::Option3Value,
            Column::Sku,
            Column::Price,
        ];
        if !says(&of_variants) && says(&[Column::Image]) && !says(&[Column::Title]) {
            self.rows += 1;
            return Ok(());
        }
        self.variant_rows += 1;
        if self.variants.len() >= MAX_VARIANTS {
            return Err((
                "too_many_variants",
                format!("a product has at most {MAX_VARIANTS} variants"),
            ));
        }
        let variant = VariantRow::read(cells, line, amounts, |code, detail| {
            log.warn(line, code, detail);
        })?;
        self.take_variant_image(cells, line, log);
        self.bytes +=
            variant.values.iter().map(String::len).sum::<usize>() + variant.sku.len() + 200;
        self.variants.push(variant);
        self.rows += 1;
        Ok(())
    }

    /// The first row that says something of the product is believed.
    fn take_product_fields(&mut self, cells: &Cells<'_>) {
        for (kept, column) in [
            (&mut self.title, Column::Title),
            (&mut self.body, Column::Body),
            (&mut self.vendor, Column::Vendor),
            (&mut self.kind, Column::Type),
            (&mut self.product_category, Column::ProductCategory),
            (&mut self.tags, Column::Tags),
            (&mut self.published, Column::Published),
            (&mut self.status, Column::Status),
        ]
        .into_iter()
        .chain(self.option_names.iter_mut().zip([
            Column::Option1Name,
            Column::Option2Name,
            Column::Option3Name,
        ])) {
            if kept.is_empty() {
                cells.get(column).clone_into(kept);
                self.bytes += kept.len();
            }
        }
    }

    fn take_image(&mut self, cells: &Cells<'_>, line: u64, log: &mut Log) {
        let Some(url) = picture(cells.get(Column::Image), line, log) else {
            return;
        };
        if self.images.iter().any(|image| image.url == url) {
            return;
        }
        if self.images.len() >= MAX_IMAGES {
            log.warn(
                line,
                "too_many_images",
                format!("a product has at most {MAX_IMAGES} pictures; this one was left out"),
            );
            return;
        }
        let alt: String = cells
            .line(Column::ImageAlt)
            .chars()
            .filter(|c| !c.is_control())
            .take(512)
            .collect();
        self.bytes += url.len() + alt.len();
        self.images.push(Image { url, alt });
    }

    fn take_variant_image(&mut self, cells: &Cells<'_>, line: u64, log: &mut Log) {
        if let Some(url) = picture(cells.get(Column::VariantImage), line, log)
            && !self.variant_images.contains(&url)
        {
            self.bytes += url.len();
            self.variant_images.push(url);
        }
    }

    /// The product, once all its rows are in; none when nothing of it can be imported.
    pub(super) fn finish(mut self, currency: Currency, log: &mut Log) -> Option<Gathered> {
        let line = self.line;
        let handle = self.handle.clone();
        let title = one_line(&self.title);
        if title.is_empty() {
            log.refuse(
                self.rows,
                line,
                "missing_title",
                format!("no row of `{handle}` has a title"),
            );
            return None;
        }
        if self.body.len() > MAX_BODY {
            log.refuse(
                self.rows,
                line,
                "too_long",
                format!("the description of `{handle}` is longer than {MAX_BODY} bytes"),
            );
            return None;
        }
        let used = self.used_options();
        let (variants, faults) = self.finish_variants(&used);
        for (line, (code, detail)) in faults {
            self.complete = false;
            self.rows -= 1;
            log.refuse(1, line, code, detail);
        }
        if variants.is_empty() {
            log.refuse(
                self.rows,
                line,
                "no_variants",
                format!("no row of `{handle}` is a variant that can be imported"),
            );
            return None;
        }
        let imported = ImportedProduct {
            title,
            description_html: sanitise(&self.body),
            status: self.status(log),
            options: used
                .iter()
                .map(|place| one_line(&self.option_names[*place]))
                .collect(),
            variants,
            images: self.images(),
            tags: self.tags(log),
            category: self.category(),
            vendor: Some(one_line(&self.vendor)).filter(|vendor| !vendor.is_empty()),
            complete: self.complete,
            handle,
        };
        // The catalogue's own rules have the last word, so that no product can spoil the batch that it is in.
        let checked = merge(
            None,
            imported.clone(),
            ImportOptions::default(),
            ProductId(Uuid::nil()),
            Timestamp::UNIX_EPOCH,
        );
        if let Some(fault) = checked.product.faults(currency).first() {
            log.refuse(
                self.rows,
                line,
                "invalid_product",
                format!("{} {}", fault.path, fault.must),
            );
            return None;
        }
        Some(Gathered {
            line,
            rows: self.rows,
            product: imported,
        })
    }

    /// The option columns that tell variants apart. `Title` is what exports name the option of a product that has none:
    /// with one variant, or with the value `Default Title`, it says nothing.
    fn used_options(&self) -> Vec<usize> {
        let named: Vec<usize> = (0..3)
            .filter(|place| !self.option_names[*place].trim().is_empty())
            .collect();
        let only_title = named == [0] && self.option_names[0] == "Title";
        let default = self
            .variants
            .iter()
            .all(|variant| variant.values[0] == "Default Title");
        if only_title && (self.variant_rows == 1 || default) {
            Vec::new()
        } else {
            named
        }
    }

    fn finish_variants(&mut self, used: &[usize]) -> (Vec<ImportedVariant>, Vec<(u64, RowFault)>) {
        let none_named = self.option_names.iter().all(String::is_empty);
        let (mut variants, mut faults) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for row in std::mem::take(&mut self.variants) {
            let says_nothing = none_named && row.values[0] == "Default Title";
            let unnamed = (0..3).find(|place| {
                self.option_names[*place].is_empty() && !row.values[*place].is_empty()
            });
            let missing = used.iter().find(|place| row.values[**place].is_empty());
            let options: Vec<String> = used
                .iter()
                .map(|place| row.values[*place].clone())
                .collect();
            let fault = if let Some(place) = unnamed.filter(|_| !says_nothing) {
                Some((
                    "missing_option_name",
                    format!("option {} has a value but no name", place + 1),
                ))
            } else if let Some(place) = missing {
                let name = excerpt(&self.option_names[*place]);
                Some((
                    "missing_option_value",
                    format!("the option `{name}` has no value"),
                ))
            } else if !seen.insert(options.clone()) {
                let what = if options.is_empty() {
                    "a second row without options".into()
                } else {
                    excerpt(&options.join(" / "))
                };
                Some((
                    "duplicate_variant",
                    format!("another variant of this product is the same: {what}"),
                ))
            } else {
                None
            };
            match fault {
                Some(fault) => faults.push((row.line, fault)),
                None => variants.push(ImportedVariant {
                    sku: row.sku,
                    options,
                    price: row.price,
                    compare_at: row.compare_at,
                    inventory: row.inventory,
                    quantity: row.quantity,
                }),
            }
        }
        (variants, faults)
    }

    /// Shoppers see it if it is active and not taken off the online shop.
    fn status(&self, log: &mut Log) -> ProductStatus {
        let mut unknown = |column, text: &str| {
            log.warn(
                self.line,
                "unknown_status",
                format!(
                    "{column} `{}` is not known; the product is a draft",
                    excerpt(text)
                ),
            );
            false
        };
        let active = match self.status.to_lowercase().as_str() {
            "" | "active" => true,
            // Unlisted products can be bought by those who have the address; we have no such shelf.
            "draft" | "archived" | "unlisted" => false,
            other => unknown("status", other),
        };
        let published = match self.published.to_lowercase().as_str() {
            "" | "true" | "yes" | "1" => true,
            "false" | "no" | "0" => false,
            other => unknown("published", other),
        };
        if active && published {
            ProductStatus::Published
        } else {
            ProductStatus::Draft
        }
    }

    fn images(&mut self) -> Vec<Image> {
        let mut images = std::mem::take(&mut self.images);
        for url in std::mem::take(&mut self.variant_images) {
            if images.len() < MAX_IMAGES && !images.iter().any(|image| image.url == url) {
                images.push(Image {
                    url,
                    alt: String::new(),
                });
            }
        }
        images
    }

    fn tags(&self, log: &mut Log) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        for tag in self
            .tags
            .split(',')
            .map(one_line)
            .filter(|tag| !tag.is_empty())
        {
            if tags.contains(&tag) {
                continue;
            }
            if tags.len() >= MAX_TAGS
                || tag.chars().count() > 255
                || tag.chars().any(char::is_control)
            {
                log.warn(
                    self.line,
                    "tag_left_out",
                    format!("the tag `{}` is one too many, or too long", excerpt(&tag)),
                );
                continue;
            }
            tags.push(tag);
        }
        tags
    }

    fn category(&self) -> Option<String> {
        let last = self.product_category.rsplit('>').next().map(one_line);
        Some(one_line(&self.kind))
            .filter(|kind| !kind.is_empty())
            .or(last)
            .filter(|category| !category.is_empty())
    }
}

/// The address of a picture; one that cannot be shown is left out with a warning.
fn picture(written: &str, line: u64, log: &mut Log) -> Option<String> {
    if written.is_empty() {
        return None;
    }
    let url = if written.starts_with("//") {
        format!("https:{written}")
    } else {
        written.to_owned()
    };
    let known = ["https://", "http://", "/media/"]
        .iter()
        .any(|start| url.starts_with(start));
    if !known || url.len() > 2_000 || url.chars().any(|c| c.is_control() || c == ' ') {
        log.warn(
            line,
            "bad_image_address",
            format!(
                "`{}` is not the address of a picture, and was left out",
                excerpt(written)
            ),
        );
        return None;
    }
    Some(url)
}
