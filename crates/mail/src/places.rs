//! Names of the countries that most parcels go to. Others are written as their code (ISO 3166-1), as carriers do.

use souk_domain::Locale;

/// A country's name in a language.
pub(crate) fn country(code: &str, locale: Locale) -> &str {
    let known = COUNTRIES.iter().find(|(known, ..)| *known == code);
    known.map_or(code, |(_, ar, en)| match locale {
        Locale::Ar => ar,
        Locale::En => en,
    })
}

const COUNTRIES: [(&str, &str, &str); 22] = [
    ("AE", "الإمارات العربية المتحدة", "United Arab Emirates"),
    ("BH", "البحرين", "Bahrain"),
    ("DJ", "جيبوتي", "Djibouti"),
    ("DZ", "الجزائر", "Algeria"),
    ("EG", "مصر", "Egypt"),
    ("IQ", "العراق", "Iraq"),
    ("JO", "الأردن", "Jordan"),
    ("KM", "جزر القمر", "Comoros"),
    ("KW", "الكويت", "Kuwait"),
    ("LB", "لبنان", "Lebanon"),
    ("LY", "ليبيا", "Libya"),
    ("MA", "المغرب", "Morocco"),
    ("MR", "موريتانيا", "Mauritania"),
    ("OM", "عُمان", "Oman"),
    ("PS", "فلسطين", "Palestine"),
    ("QA", "قطر", "Qatar"),
    ("SA", "السعودية", "Saudi Arabia"),
    ("SD", "السودان", "Sudan"),
    ("SO", "الصومال", "Somalia"),
    ("SY", "سوريا", "Syria"),
    ("TN", "تونس", "Tunisia"),
    ("YE", "اليمن", "Yemen"),
];
