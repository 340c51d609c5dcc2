//! Values that the routes of several aggregates share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use souk_domain::Currency;
use utoipa::ToSchema;

/// Makes an enumeration of the contract that mirrors one of the rules, name by name.
macro_rules! mirrored {
    ($(#[$doc:meta])* $name:ident = $domain:path { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "lowercase")]
        pub(crate) enum $name {
            $(#[doc = concat!("`", stringify!($variant), "`.")] $variant,)+
        }

        impl From<$domain> for $name {
            fn from(value: $domain) -> Self {
                use $domain as Domain;
                match value { $(Domain::$variant => Self::$variant,)+ }
            }
        }

        impl From<$name> for $domain {
            fn from(value: $name) -> Self {
                use $domain as Domain;
                match value { $($name::$variant => Domain::$variant,)+ }
            }
        }
    };
}
pub(crate) use mirrored;

mirrored! {
    /// A language of the shop.
    Locale = souk_domain::Locale { Ar, En }
}

/// An amount in the minor units of its currency: 1250 SAR is 12.50 riyals, 1250 KWD is 1.250 dinars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Money {
    /// Minor units.
    #[schema(examples(1250))]
    pub(crate) amount: i64,
    /// The code of ISO 4217.
    #[schema(value_type = String, examples("SAR"))]
    pub(crate) currency: Currency,
}

impl From<souk_domain::Money> for Money {
    fn from(money: souk_domain::Money) -> Self {
        Self {
            amount: money.amount,
            currency: money.currency,
        }
    }
}

impl From<Money> for souk_domain::Money {
    fn from(money: Money) -> Self {
        Self::new(money.amount, money.currency)
    }
}

/// A text in the languages that it is there in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LocalText {
    /// In Arabic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ar: Option<String>,
    /// In English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) en: Option<String>,
}

impl From<BTreeMap<souk_domain::Locale, String>> for LocalText {
    fn from(mut texts: BTreeMap<souk_domain::Locale, String>) -> Self {
        Self {
            ar: texts.remove(&souk_domain::Locale::Ar),
            en: texts.remove(&souk_domain::Locale::En),
        }
    }
}

impl From<LocalText> for BTreeMap<souk_domain::Locale, String> {
    fn from(texts: LocalText) -> Self {
        let both = [
            (souk_domain::Locale::Ar, texts.ar),
            (souk_domain::Locale::En, texts.en),
        ];
        both.into_iter()
            .filter_map(|(locale, text)| Some((locale, text?)))
            .collect()
    }
}
