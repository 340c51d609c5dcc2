//! The shop as the API shows it, and as admins change it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use souk_app::shop::ShopInput;
use souk_domain::shop::{self, ShopSettings};
use souk_domain::{Currency, support};
use utoipa::ToSchema;

use crate::orders::PaymentMethod;
use crate::values::{LocalText, Locale, Money};

/// Delivery fee of an order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Shipping {
    /// The fee of one order.
    fee: Money,
    /// From this subtotal on, delivery is free; null when it never is.
    free_over: Option<Money>,
}

/// Tax on goods and delivery.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Tax {
    /// Rate in hundredths of a percent: 1500 is 15 %.
    #[schema(maximum = 10000)]
    rate_basis_points: u32,
    /// Whether the prices contain it.
    inclusive: bool,
}

/// A stretch of a day in which somebody is there.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenHours {
    /// Day of the week (ISO 8601): 1 is Monday, 7 Sunday.
    #[schema(minimum = 1, maximum = 7)]
    day: u8,
    /// From when on.
    #[schema(examples("09:00"))]
    from: String,
    /// Until when; `24:00` is the end of the day.
    #[schema(examples("17:00"))]
    to: String,
}

/// The support desk, as everybody sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Support {
    /// Whether somebody is there now.
    open: bool,
    /// When somebody is there; empty: always.
    hours: Vec<OpenHours>,
    /// Where the hours are told.
    #[schema(examples("Asia/Riyadh"))]
    time_zone: String,
    /// What the shop answers by itself when nobody is there, by language.
    away_reply: LocalText,
    /// After so many minutes an answer that was not read goes out by mail; null: never.
    #[schema(required)]
    mail_after_minutes: Option<u32>,
}

/// How the support desk is to work; replaces all of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SupportChange {
    /// When somebody is there; empty: always.
    #[serde(default)]
    hours: Vec<OpenHours>,
    /// Where the hours are told (IANA time zone).
    time_zone: String,
    /// What the shop answers by itself when nobody is there, by language.
    #[serde(default)]
    away_reply: LocalText,
    /// After so many minutes an answer that was not read goes out by mail; null: never.
    #[schema(minimum = 1, maximum = 10080)]
    mail_after_minutes: Option<u32>,
}

impl From<SupportChange> for support::SupportSettings {
    fn from(change: SupportChange) -> Self {
        let hours = change.hours.into_iter().map(|open| support::OpenHours {
            day: open.day,
            from: open.from,
            to: open.to,
        });
        Self {
            time_zone: change.time_zone,
            hours: hours.collect(),
            away_reply: change.away_reply.into(),
            mail_after_minutes: change.mail_after_minutes,
        }
    }
}

/// The shop.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shop {
    /// Its name, by language.
    name: LocalText,
    /// The one currency of all prices (ISO 4217).
    #[schema(value_type = String, examples("SAR"))]
    currency: Currency,
    /// Digits of the currency's minor unit: 2 for SAR, 3 for KWD.
    currency_digits: u32,
    /// The language of readers who ask for none of these.
    default_locale: Locale,
    /// The languages of the shop.
    locales: Vec<Locale>,
    /// What delivery costs.
    shipping: Shipping,
    /// What the state takes.
    tax: Tax,
    /// How buyers may pay.
    payment_methods: Vec<PaymentMethod>,
    /// Where to send a bank transfer, by language.
    transfer_instructions: LocalText,
    /// The support desk.
    support: Support,
    /// Nobody runs the shop yet: `POST /setup` makes the first admin.
    setup_required: bool,
    /// This is a demo.
    demo: bool,
    /// Mails go to a folder that staff can read: `GET /admin/mails`.
    mailbox: bool,
}

impl Shop {
    pub(super) fn new(
        settings: ShopSettings,
        now: Timestamp,
        setup_required: bool,
        demo: bool,
        mailbox: bool,
    ) -> Self {
        Self {
            name: settings.name.into(),
            currency: settings.currency,
            currency_digits: settings.currency.digits(),
            default_locale: settings.default_locale.into(),
            locales: souk_domain::Locale::ALL.map(Locale::from).to_vec(),
            shipping: Shipping {
                fee: settings.shipping.fee.into(),
                free_over: settings.shipping.free_over.map(Money::from),
            },
            tax: Tax {
                rate_basis_points: settings.tax.rate_basis_points,
                inclusive: settings.tax.inclusive,
            },
            payment_methods: settings
                .payment_methods
                .into_iter()
                .map(PaymentMethod::from)
                .collect(),
            transfer_instructions: settings.transfer_instructions.into(),
            support: Support {
                open: settings.support.is_open(now),
                hours: settings
                    .support
                    .hours
                    .into_iter()
                    .map(|open| OpenHours {
                        day: open.day,
                        from: open.from,
                        to: open.to,
                    })
                    .collect(),
                time_zone: settings.support.time_zone,
                away_reply: settings.support.away_reply.into(),
                mail_after_minutes: settings.support.mail_after_minutes,
            },
            setup_required,
            demo,
            mailbox,
        }
    }
}

/// What changes of the shop; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ShopChange {
    /// Its name, by language; replaces all of them.
    name: Option<LocalText>,
    /// What delivery costs.
    shipping: Option<Shipping>,
    /// What the state takes.
    tax: Option<Tax>,
    /// How buyers may pay.
    #[schema(min_items = 1)]
    payment_methods: Option<Vec<PaymentMethod>>,
    /// Where to send a bank transfer, by language; replaces all of them.
    transfer_instructions: Option<LocalText>,
    /// The language of readers who ask for none of ours.
    default_locale: Option<Locale>,
    /// How the support desk works; replaces all of it.
    support: Option<SupportChange>,
}

impl From<ShopChange> for ShopInput {
    fn from(change: ShopChange) -> Self {
        Self {
            name: change.name.map(Into::into),
            default_locale: change.default_locale.map(Into::into),
            shipping: change.shipping.map(|shipping| shop::Shipping {
                fee: shipping.fee.into(),
                free_over: shipping.free_over.map(Into::into),
            }),
            tax: change.tax.map(|tax| shop::Tax {
                rate_basis_points: tax.rate_basis_points,
                inclusive: tax.inclusive,
            }),
            payment_methods: change
                .payment_methods
                .map(|methods| methods.into_iter().map(Into::into).collect()),
            transfer_instructions: change.transfer_instructions.map(Into::into),
            support: change.support.map(Into::into),
        }
    }
}
