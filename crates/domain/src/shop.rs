//! The shop's own settings: one currency, names, shipping, tax.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::order::PaymentMethod;
use crate::support::SupportSettings;
use crate::{Currency, Locale, Money};

/// What the owner of the shop decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShopSettings {
    /// The shop's name, by language.
    pub name: BTreeMap<Locale, String>,
    /// The one currency of all prices; fixed once anything is priced.
    pub currency: Currency,
    /// The language that products are written in before translation, and of readers who ask for none we have.
    pub default_locale: Locale,
    /// What delivery costs.
    pub shipping: Shipping,
    /// What the state takes.
    pub tax: Tax,
    /// How buyers may pay.
    pub payment_methods: Vec<PaymentMethod>,
    /// Where to send a bank transfer, by language.
    #[serde(default)]
    pub transfer_instructions: BTreeMap<Locale, String>,
    /// How the support desk works.
    #[serde(default)]
    pub support: SupportSettings,
}

/// Delivery fee of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shipping {
    /// The fee of one order.
    pub fee: Money,
    /// From this subtotal on, delivery is free.
    pub free_over: Option<Money>,
}

/// Tax on goods and delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tax {
    /// Rate in hundredths of a percent (1500 = 15 %), 0 to 10,000.
    pub rate_basis_points: u32,
    /// Whether the prices already contain it.
    pub inclusive: bool,
}

impl ShopSettings {
    /// A new shop: no fee, no tax, both ways to pay.
    #[must_use]
    pub fn new(currency: Currency) -> Self {
        Self {
            name: BTreeMap::from([
                (Locale::Ar, "سوق".to_owned()),
                (Locale::En, "Souk".to_owned()),
            ]),
            currency,
            default_locale: Locale::En,
            shipping: Shipping {
                fee: Money::zero(currency),
                free_over: None,
            },
            tax: Tax {
                rate_basis_points: 0,
                inclusive: true,
            },
            payment_methods: vec![PaymentMethod::Cod, PaymentMethod::Transfer],
            transfer_instructions: BTreeMap::new(),
            support: SupportSettings::default(),
        }
    }

    /// The shop's name in a language, or in any that it has.
    #[must_use]
    pub fn name_in(&self, locale: Locale) -> &str {
        self.name
            .get(&locale)
            .or_else(|| self.name.values().next())
            .map_or("Souk", String::as_str)
    }

    /// What is wrong with these settings, as (path, reason); empty when they may be kept.
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        let amount_fits = |money: Money| {
            money.currency == self.currency && (0..=Money::MAX).contains(&money.amount)
        };
        if !amount_fits(self.shipping.fee) {
            faults.push((
                "shipping.fee",
                "must be an amount of the shop's currency, not negative",
            ));
        }
        if self
            .shipping
            .free_over
            .is_some_and(|over| !amount_fits(over))
        {
            faults.push((
                "shipping.freeOver",
                "must be an amount of the shop's currency, not negative",
            ));
        }
        if self.tax.rate_basis_points > 10_000 {
            faults.push(("tax.rateBasisPoints", "must be 0 to 10000"));
        }
        if self.payment_methods.is_empty() {
            faults.push(("paymentMethods", "must name at least one"));
        }
        let too_long = |texts: &BTreeMap<Locale, String>, most| {
            texts.values().any(|text| text.chars().count() > most)
        };
        if too_long(&self.name, 100) || self.name.values().all(|name| name.trim().is_empty()) {
            faults.push(("name", "must be 1 to 100 characters"));
        }
        if too_long(&self.transfer_instructions, 2_000) {
            faults.push(("transferInstructions", "must be at most 2000 characters"));
        }
        faults.extend(self.support.faults());
        faults
    }
}
