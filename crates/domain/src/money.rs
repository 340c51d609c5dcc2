//! Money: whole minor units of one currency. No floating point, ever.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The code of ISO 4217, three capital letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits of the minor unit: 2 for SAR, 3 for KWD, 0 for JPY.
    #[must_use]
    pub fn digits(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        iso_currency::Currency::from_code(text)
            .map(Self)
            .ok_or(MoneyError::UnknownCurrency)
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What can be wrong with an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a code of ISO 4217.
    #[error("not a currency code of ISO 4217")]
    UnknownCurrency,
    /// Not a decimal number, or more digits than the currency has.
    #[error("not an amount of this currency")]
    NotAnAmount,
    /// Past what can be counted (2^63 minor units), or two currencies in one sum.
    #[error("the amounts cannot be added up")]
    CannotAdd,
}

/// An amount in the minor units of its currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units (halalas, cents, fils); may be negative only in differences.
    pub amount: i64,
    /// The currency that gives the unit its size.
    pub currency: Currency,
}

impl Money {
    /// The highest price of one unit, and the highest fee: 10^12 minor units. With it, 100 lines of 10,000 units fit
    /// into an `i64` many times over.
    pub const MAX: i64 = 1_000_000_000_000;

    /// An amount of minor units.
    #[must_use]
    pub fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in this currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The sum; an error when the currencies differ or the sum does not fit.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CannotAdd);
        }
        let amount = self.amount.checked_add(other.amount);
        Ok(Self::new(
            amount.ok_or(MoneyError::CannotAdd)?,
            self.currency,
        ))
    }

    /// `quantity` times this amount.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(i64::from(quantity));
        Ok(Self::new(
            amount.ok_or(MoneyError::CannotAdd)?,
            self.currency,
        ))
    }

    /// Reads a plain decimal (`36`, `36.00`, `1234.5`) without passing through floating point. Digits past the minor
    /// unit must be zeros; a sign, spaces inside, or a thousands separator are refused.
    pub fn parse_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction)
        {
            return Err(MoneyError::NotAnAmount);
        }
        let digits = currency.digits() as usize;
        let (kept, dropped) = fraction.split_at(fraction.len().min(digits));
        if dropped.bytes().any(|byte| byte != b'0') {
            return Err(MoneyError::NotAnAmount);
        }
        let amount = format!("{whole}{kept:0<digits$}");
        let amount = amount.parse().map_err(|_| MoneyError::NotAnAmount)?;
        Ok(Self::new(amount, currency))
    }

    /// The amount as a plain decimal with all digits of the minor unit: `12.50`, `1.250`, `300`.
    #[must_use]
    pub fn to_decimal(self) -> String {
        let digits = self.currency.digits() as usize;
        if digits == 0 {
            return self.amount.to_string();
        }
        let sign = if self.amount < 0 { "-" } else { "" };
        let padded = format!(
            "{:0>width$}",
            self.amount.unsigned_abs(),
            width = digits + 1
        );
        let (whole, fraction) = padded.split_at(padded.len() - digits);
        format!("{sign}{whole}.{fraction}")
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().expect("a known code")
    }

    #[test]
    fn decimals_become_minor_units_and_back() {
        let read =
            |text, code| Money::parse_decimal(text, currency(code)).map(|money| money.amount);
        assert_eq!(read("36.00", "SAR"), Ok(3600));
        assert_eq!(read("36", "SAR"), Ok(3600));
        assert_eq!(read(".5", "SAR"), Ok(50));
        assert_eq!(read("1.250", "KWD"), Ok(1250));
        assert_eq!(read("300", "JPY"), Ok(300));
        assert_eq!(read("300.00", "JPY"), Ok(300));
        for wrong in [
            "",
            ".",
            "-1",
            "1,000.00",
            "1e3",
            "1.005",
            "12 3",
            "٣",
            "99999999999999999999",
        ] {
            assert_eq!(read(wrong, "SAR"), Err(MoneyError::NotAnAmount), "{wrong}");
        }
        assert_eq!(Money::new(5, currency("SAR")).to_decimal(), "0.05");
        assert_eq!(Money::new(-1250, currency("KWD")).to_decimal(), "-1.250");
    }

    #[test]
    fn sums_never_wrap_or_mix() {
        let riyal = Money::new(i64::MAX, currency("SAR"));
        assert_eq!(
            riyal.plus(Money::new(1, currency("SAR"))),
            Err(MoneyError::CannotAdd)
        );
        assert_eq!(riyal.times(2), Err(MoneyError::CannotAdd));
        assert_eq!(
            Money::zero(currency("SAR")).plus(Money::zero(currency("KWD"))),
            Err(MoneyError::CannotAdd)
        );
    }
}
