//! The languages of the shop.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language that every page, mail and message is written in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// Arabic, written right to left.
    Ar,
    /// English.
    #[default]
    En,
}

impl Locale {
    /// All languages, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Ar, Self::En];

    /// BCP 47 tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Ar => "ar",
            Self::En => "en",
        }
    }

    /// The best language for an `Accept-Language` header (RFC 9110 §12.5.4, basic filtering): the highest quality
    /// whose primary subtag is known; `fallback` when none is.
    #[must_use]
    pub fn negotiate(header: &str, fallback: Self) -> Self {
        let mut best: Option<(Self, u16)> = None;
        // A header is read no further than this: a client that lists more wants something else than a language.
        for range in header.split(',').take(20) {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1000, thousandths);
            let primary = tag.split('-').next().unwrap_or_default();
            let locale = if tag == "*" {
                Ok(fallback)
            } else {
                primary.parse()
            };
            if let Ok(locale) = locale
                && quality > 0
                && best.is_none_or(|(_, so_far)| quality > so_far)
            {
                best = Some((locale, quality));
            }
        }
        best.map_or(fallback, |(locale, _)| locale)
    }
}

/// A quality value (`0`, `0.8`, `1.000`) in thousandths; what is not one counts as 0.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = format!("{fraction:0<3}");
    match (whole, digits.len(), digits.parse::<u16>()) {
        ("1", 3, Ok(0)) => 1000,
        ("0", 3, Ok(value)) => value,
        _ => 0,
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// The text names no language of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the language must be one of: ar, en")]
pub struct UnknownLocale;

impl FromStr for Locale {
    type Err = UnknownLocale;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|locale| locale.tag().eq_ignore_ascii_case(text))
            .ok_or(UnknownLocale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_gets_the_language_they_like_best() {
        let negotiate = |header| Locale::negotiate(header, Locale::En);
        assert_eq!(negotiate("ar"), Locale::Ar);
        assert_eq!(negotiate("ar-SA,ar;q=0.9,en;q=0.8"), Locale::Ar);
        assert_eq!(negotiate("en;q=0.3, ar;q=0.7"), Locale::Ar);
        assert_eq!(negotiate("fr, de;q=0.5"), Locale::En);
        assert_eq!(negotiate("ar;q=0, *;q=0.1"), Locale::En);
        assert_eq!(negotiate(""), Locale::En);
        assert_eq!(negotiate("ar;q=bananas"), Locale::En);
    }
}
