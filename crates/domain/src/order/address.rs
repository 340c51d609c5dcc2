//! Where an order goes.

use serde::{Deserialize, Serialize};

/// A postal address, in the order in which it is written on a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Who receives.
    pub name: String,
    /// Whom the courier calls.
    pub phone: String,
    /// Street and house.
    pub line1: String,
    /// Flat, floor, landmark.
    pub line2: Option<String>,
    /// City.
    pub city: String,
    /// Region, state or governorate.
    pub region: Option<String>,
    /// Postal code, where there are any.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2, capital letters.
    pub country: String,
}

/// A field of an address that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressFault {
    /// The field, as contracts name it.
    pub field: &'static str,
    /// What it must be.
    pub must: &'static str,
}

impl Address {
    /// The same address trimmed, with empty optional fields left out; or everything that is wrong with it.
    pub fn checked(self) -> Result<Self, Vec<AddressFault>> {
        let trimmed = |text: Option<String>| {
            text.map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let address = Self {
            name: self.name.trim().to_owned(),
            phone: self.phone.trim().to_owned(),
            line1: self.line1.trim().to_owned(),
            line2: trimmed(self.line2),
            city: self.city.trim().to_owned(),
            region: trimmed(self.region),
            postal_code: trimmed(self.postal_code),
            country: self.country.trim().to_uppercase(),
        };
        let mut faults = Vec::new();
        let mut check = |field, text: Option<&str>, most: usize, required: bool| {
            let count = text.map_or(0, |text| text.chars().count());
            let fits = count <= most && (count > 0 || !required);
            if !fits || text.is_some_and(|text| text.chars().any(char::is_control)) {
                faults.push(AddressFault {
                    field,
                    must: if required {
                        "must be filled, in one line that is not too long"
                    } else {
                        "must be one line that is not too long"
                    },
                });
            }
        };
        check("name", Some(&address.name), 100, true);
        check("line1", Some(&address.line1), 200, true);
        check("line2", address.line2.as_deref(), 200, false);
        check("city", Some(&address.city), 100, true);
        check("region", address.region.as_deref(), 100, false);
        check("postalCode", address.postal_code.as_deref(), 20, false);
        let digits = address.phone.chars().filter(|c| c.is_numeric()).count();
        let phone_fits = (5..=20).contains(&digits)
            && address
                .phone
                .chars()
                .all(|c| c.is_numeric() || "+-() .".contains(c));
        if !phone_fits {
            faults.push(AddressFault {
                field: "phone",
                must: "must be a telephone number of 5 to 20 digits",
            });
        }
        if address.country.len() != 2
            || !address
                .country
                .bytes()
                .all(|byte| byte.is_ascii_uppercase())
        {
            faults.push(AddressFault {
                field: "country",
                must: "must be a country code of two letters (ISO 3166-1)",
            });
        }
        if faults.is_empty() {
            Ok(address)
        } else {
            Err(faults)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address {
            name: " سارة علي ".to_owned(),
            phone: "+966 50 123 4567".to_owned(),
            line1: "شارع العليا ١٢".to_owned(),
            line2: Some("  ".to_owned()),
            city: "الرياض".to_owned(),
            region: None,
            postal_code: None,
            country: "sa".to_owned(),
        }
    }

    #[test]
    fn a_good_address_is_tidied_and_a_bad_one_says_all_that_is_wrong() {
        let kept = address().checked().expect("a good address");
        assert_eq!(
            (kept.name.as_str(), kept.line2, kept.country.as_str()),
            ("سارة علي", None, "SA")
        );
        let bad = Address {
            phone: "call me".into(),
            city: String::new(),
            country: "Saudi".into(),
            ..address()
        };
        let fields: Vec<_> = bad
            .checked()
            .expect_err("three faults")
            .iter()
            .map(|fault| fault.field)
            .collect();
        assert_eq!(fields, ["city", "phone", "country"]);
    }
}
