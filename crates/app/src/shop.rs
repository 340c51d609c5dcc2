//! The shop's settings.

use std::collections::BTreeMap;

use souk_domain::order::PaymentMethod;
use souk_domain::shop::{Shipping, ShopSettings, Tax};
use souk_domain::support::SupportSettings;
use souk_domain::{Currency, Locale};

use crate::App;
use crate::accounts::FieldFault;
use crate::ports::EngineError;

/// Why settings are not kept.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// Fields that cannot be taken.
    #[error("some fields cannot be taken")]
    Fields(Vec<FieldFault>),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What an admin says of the shop; what is not said stays.
#[derive(Debug, Clone, Default)]
pub struct ShopInput {
    /// Names, by language; replaces all.
    pub name: Option<BTreeMap<Locale, String>>,
    /// The language of those who read none of ours.
    pub default_locale: Option<Locale>,
    /// Delivery fee.
    pub shipping: Option<Shipping>,
    /// Tax.
    pub tax: Option<Tax>,
    /// How buyers may pay.
    pub payment_methods: Option<Vec<PaymentMethod>>,
    /// Where to send a transfer, by language; replaces all.
    pub transfer_instructions: Option<BTreeMap<Locale, String>>,
    /// How the support desk works; replaces all.
    pub support: Option<SupportSettings>,
}

/// Makes sure that the shop has settings; `currency` counts only for a new shop. Returns the ones in force.
pub async fn ensure(app: &App, currency: Currency) -> Result<ShopSettings, EngineError> {
    if let Some(kept) = app.store.shop().await? {
        return Ok(kept);
    }
    let new = ShopSettings::new(currency);
    app.store.keep_shop(&new).await?;
    Ok(new)
}

/// Changes the settings.
pub async fn change(app: &App, input: ShopInput) -> Result<ShopSettings, ShopError> {
    let kept = app.shop().await?;
    let mut payment_methods = input.payment_methods.unwrap_or(kept.payment_methods);
    payment_methods.dedup();
    let shop = ShopSettings {
        name: input.name.unwrap_or(kept.name),
        currency: kept.currency,
        default_locale: input.default_locale.unwrap_or(kept.default_locale),
        shipping: input.shipping.unwrap_or(kept.shipping),
        tax: input.tax.unwrap_or(kept.tax),
        payment_methods,
        transfer_instructions: input
            .transfer_instructions
            .unwrap_or(kept.transfer_instructions),
        support: input.support.unwrap_or(kept.support),
    };
    let faults = shop.faults();
    if !faults.is_empty() {
        let faults = faults
            .into_iter()
            .map(|(path, must)| FieldFault::new(path, must));
        return Err(ShopError::Fields(faults.collect()));
    }
    app.store.keep_shop(&shop).await?;
    app.pages.changed();
    Ok(shop)
}
