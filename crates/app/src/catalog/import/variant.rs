//! The variant that a row describes.

use souk_domain::catalog::{Inventory, Stock};
use souk_domain::{Currency, Money};

use super::columns::{Cells, Column};

/// Most characters of a SKU and of an option's value.
const LONGEST: usize = 255;

/// Why a row is not imported: a code and words for people.
pub(super) type RowFault = (&'static str, String);

/// A variant, with a value for each of the three option columns; the product says which of them count.
pub(super) struct VariantRow {
    pub(super) line: u64,
    pub(super) values: [String; 3],
    pub(super) sku: String,
    pub(super) price: Money,
    pub(super) compare_at: Option<Money>,
    pub(super) inventory: Inventory,
    pub(super) quantity: i64,
}

/// How amounts are written in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amounts {
    pub(super) currency: Currency,
    /// Spreadsheets that put semicolons between fields write `36,50`.
    pub(super) decimal_comma: bool,
}

impl Amounts {
    fn read(self, text: &str) -> Option<Money> {
        let with_point;
        let text = match text.split_once(',') {
            Some((whole, fraction)) if self.decimal_comma => {
                with_point = format!("{whole}.{fraction}");
                &with_point
            }
            _ => text,
        };
        let money = Money::parse_decimal(text, self.currency).ok()?;
        (money.amount <= Money::MAX).then_some(money)
    }
}

impl VariantRow {
    /// Reads a row; `warn` is told what is read otherwise than written.
    pub(super) fn read(
        cells: &Cells<'_>,
        line: u64,
        amounts: Amounts,
        mut warn: impl FnMut(&'static str, String),
    ) -> Result<Self, RowFault> {
        let values = [
            Column::Option1Value,
            Column::Option2Value,
            Column::Option3Value,
        ]
        .map(|column| cells.line(column));
        for (place, value) in values.iter().enumerate() {
            fits(value, &format!("the value of option {}", place + 1))?;
        }
        let sku = cells.line(Column::Sku);
        fits(&sku, "the SKU")?;
        let written = cells.get(Column::Price);
        if written.is_empty() {
            return Err(("missing_price", "a variant needs a price".into()));
        }
        let price = amounts.read(written).ok_or_else(|| {
            (
                "bad_price",
                format!(
                    "`{}` is not a price in {}, such as 36.00",
                    excerpt(written),
                    amounts.currency
                ),
            )
        })?;
        let inventory = inventory(cells)?;
        let quantity = quantity(cells.get(Column::Quantity), inventory, &mut warn)?;
        let compare_at = match cells.get(Column::CompareAt) {
            "" => None,
            written => {
                let read = amounts.read(written);
                if read.is_none() {
                    warn(
                        "bad_compare_at_price",
                        format!("`{}` is not a price, and was left out", excerpt(written)),
                    );
                }
                // A price that was not higher before is no offer: shops write 0 or the same price for none.
                read.filter(|before| before.amount > price.amount)
            }
        };
        Ok(Self {
            line,
            values,
            sku,
            price,
            compare_at,
            inventory,
            quantity,
        })
    }
}

/// What is counted: nothing without a tracker; below zero only if the shop goes on selling.
fn inventory(cells: &Cells<'_>) -> Result<Inventory, RowFault> {
    // Without a column for it, a quantity says that the variant is counted.
    let told_by = if cells.has(Column::Tracker) {
        Column::Tracker
    } else {
        Column::Quantity
    };
    let tracked = !cells.get(told_by).is_empty();
    match cells.get(Column::Policy).to_lowercase().as_str() {
        "" | "deny" | "false" | "no" if tracked => Ok(Inventory::Tracked),
        "continue" | "true" | "yes" if tracked => Ok(Inventory::Backorder),
        "" | "deny" | "false" | "no" | "continue" | "true" | "yes" => Ok(Inventory::Untracked),
        other => Err((
            "bad_inventory_policy",
            format!("`{}` is neither deny nor continue", excerpt(other)),
        )),
    }
}

fn quantity(
    written: &str,
    inventory: Inventory,
    mut warn: impl FnMut(&'static str, String),
) -> Result<i64, RowFault> {
    if inventory == Inventory::Untracked || written.is_empty() {
        return Ok(0);
    }
    // Spreadsheets write 5 as 5.0 at times.
    let whole = written
        .split_once('.')
        .filter(|(_, rest)| rest.bytes().all(|byte| byte == b'0'));
    let units: Option<i64> = whole.map_or(written, |(whole, _)| whole).parse().ok();
    match units {
        Some(units) if units < 0 => {
            warn("negative_stock", format!("{units} in stock became 0"));
            Ok(0)
        }
        Some(units) if units <= Stock::MOST => Ok(units),
        _ => Err((
            "bad_quantity",
            format!("`{}` is not a whole number of units", excerpt(written)),
        )),
    }
}

fn fits(text: &str, what: &str) -> Result<(), RowFault> {
    if text.chars().count() > LONGEST {
        return Err((
            "too_long",
            format!("{what} is longer than {LONGEST} characters"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err((
            "control_character",
            format!("{what} has a control character"),
        ));
    }
    Ok(())
}

/// The beginning of a field, for a notice.
pub(super) fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    if text.chars().count() > 40 {
        short.push('…');
    }
    short
}
