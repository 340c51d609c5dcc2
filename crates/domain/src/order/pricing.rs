//! What an order comes to.

use super::{OrderError, OrderLine};
use crate::Money;
use crate::money::MoneyError;
use crate::shop::ShopSettings;

/// The sums of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Sum of the lines.
    pub subtotal: Money,
    /// Delivery fee.
    pub shipping: Money,
    /// Tax on goods and delivery, rounded half up to the minor unit, once, on the whole.
    pub tax: Money,
    /// What the buyer pays.
    pub total: Money,
}

impl From<MoneyError> for OrderError {
    fn from(_: MoneyError) -> Self {
        Self::TooLarge
    }
}

/// Adds lines, delivery and tax up.
pub fn totals(lines: &[OrderLine], shop: &ShopSettings) -> Result<Totals, OrderError> {
    let mut subtotal = Money::zero(shop.currency);
    for line in lines {
        subtotal = subtotal.plus(line.unit_price.times(line.quantity)?)?;
    }
    let free = shop
        .shipping
        .free_over
        .is_some_and(|over| subtotal.amount >= over.amount);
    let shipping = if free {
        Money::zero(shop.currency)
    } else {
        shop.shipping.fee
    };
    let taxed = subtotal.plus(shipping)?;
    let rate = i128::from(shop.tax.rate_basis_points);
    // Inclusive: the part of the price that is tax. Exclusive: what comes on top.
    let whole = if shop.tax.inclusive {
        10_000 + rate
    } else {
        10_000
    };
    let tax = (i128::from(taxed.amount) * rate * 2 + whole) / (whole * 2);
    let tax = Money::new(
        i64::try_from(tax).map_err(|_| OrderError::TooLarge)?,
        shop.currency,
    );
    let total = if shop.tax.inclusive {
        taxed
    } else {
        taxed.plus(tax)?
    };
    Ok(Totals {
        subtotal,
        shipping,
        tax,
        total,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::{Shipping, Tax};
    use crate::{ProductId, VariantId};
    use uuid::Uuid;

    fn sums(
        price: i64,
        quantity: u32,
        tax: Tax,
        fee: i64,
        free_over: Option<i64>,
    ) -> (i64, i64, i64, i64) {
        let currency = "SAR".parse().expect("a known code");
        let mut shop = ShopSettings::new(currency);
        shop.tax = tax;
        shop.shipping = Shipping {
            fee: Money::new(fee, currency),
            free_over: free_over.map(|over| Money::new(over, currency)),
        };
        let line = OrderLine {
            variant_id: VariantId(Uuid::nil()),
            product_id: ProductId(Uuid::nil()),
            handle: String::new(),
            sku: String::new(),
            title: String::new(),
            variant_title: String::new(),
            image: None,
            quantity,
            unit_price: Money::new(price, currency),
            tracked: true,
        };
        let totals = totals(&[line], &shop).expect("fits");
        (
            totals.subtotal.amount,
            totals.shipping.amount,
            totals.tax.amount,
            totals.total.amount,
        )
    }

    #[test]
    fn tax_is_inside_or_on_top() {
        let inside = Tax {
            rate_basis_points: 1500,
            inclusive: true,
        };
        let on_top = Tax {
            rate_basis_points: 1500,
            inclusive: false,
        };
        assert_eq!(sums(11_500, 1, inside, 0, None), (11_500, 0, 1_500, 11_500));
        assert_eq!(
            sums(10_000, 1, on_top, 2_000, None),
            (10_000, 2_000, 1_800, 13_800)
        );
        assert_eq!(sums(333, 1, on_top, 0, None), (333, 0, 50, 383));
        assert_eq!(sums(0, 1, on_top, 0, None), (0, 0, 0, 0));
    }

    #[test]
    fn delivery_is_free_from_the_threshold_on() {
        let none = Tax {
            rate_basis_points: 0,
            inclusive: true,
        };
        assert_eq!(
            sums(5_000, 2, none, 2_500, Some(10_000)),
            (10_000, 0, 0, 10_000)
        );
        assert_eq!(
            sums(4_999, 2, none, 2_500, Some(10_000)),
            (9_998, 2_500, 0, 12_498)
        );
    }

    #[test]
    fn the_largest_order_still_fits() {
        let on_top = Tax {
            rate_basis_points: 10_000,
            inclusive: false,
        };
        let (.., total) = sums(Money::MAX, 10_000, on_top, Money::MAX, None);
        assert_eq!(total, 2 * (Money::MAX * 10_000 + Money::MAX));
    }
}
