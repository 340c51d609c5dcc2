//! Amounts as people read them: the currency's own digits, Latin digits in both languages, thousands in groups.

use souk_domain::{Currency, Locale, Money};

/// An amount with its unit: `1,250.000 KWD`, `1,250.000 د.ك`.
pub(crate) fn amount(money: Money, locale: Locale) -> String {
    format!(
        "{} {}",
        grouped(&money.to_decimal()),
        unit(money.currency, locale)
    )
}

/// Puts a comma between the thousands of a plain decimal.
fn grouped(decimal: &str) -> String {
    let (whole, fraction) = decimal
        .split_once('.')
        .map_or((decimal, None), |(whole, rest)| (whole, Some(rest)));
    let digits = whole.trim_start_matches('-');
    let mut text = String::from(if digits.len() < whole.len() { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// The unit: the usual Arabic short form of the region's currencies, else the code of ISO 4217.
fn unit(currency: Currency, locale: Locale) -> &'static str {
    let code = currency.code();
    if locale != Locale::Ar {
        return code;
    }
    match code {
        "AED" => "د.إ",
        "BHD" => "د.ب",
        "DZD" => "د.ج",
        "EGP" => "ج.م",
        "IQD" => "د.ع",
        "JOD" => "د.أ",
        "KWD" => "د.ك",
        "LBP" => "ل.ل",
        "LYD" => "د.ل",
        "MAD" => "د.م",
        "OMR" => "ر.ع",
        "QAR" => "ر.ق",
        "SAR" => "ر.س",
        "SDG" => "ج.س",
        "SYP" => "ل.س",
        "TND" => "د.ت",
        "YER" => "ر.ي",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        let text =
            |minor, code: &str, locale| amount(Money::new(minor, code.parse().unwrap()), locale);
        assert_eq!(text(11_500, "SAR", Locale::En), "115.00 SAR");
        assert_eq!(text(123_456_789, "SAR", Locale::Ar), "1,234,567.89 ر.س");
        assert_eq!(text(1_250, "KWD", Locale::Ar), "1.250 د.ك");
        assert_eq!(text(100_000, "JPY", Locale::En), "100,000 JPY");
        assert_eq!(text(300, "JPY", Locale::Ar), "300 JPY");
        assert_eq!(text(-99_950, "EUR", Locale::En), "-999.50 EUR");
        assert_eq!(text(0, "SAR", Locale::En), "0.00 SAR");
    }
}
