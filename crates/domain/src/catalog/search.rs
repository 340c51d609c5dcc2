//! Words as search sees them: the forms that people mix up become one.
//!
//! Both engines index these words and match by their beginnings, so that the same question gets the same answer on both.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Product;

/// Most words of a question that are looked at.
pub const MAX_WORDS: usize = 10;

/// The words of a text, folded: case, accents, Arabic short vowels and tatweel go; the forms of alef, ya, ta marbuta and
/// hamza carriers become one; digits of every script become Latin ones.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && *c != TATWEEL)
    {
        if c.is_alphanumeric() {
            word.extend(fold(c).to_lowercase());
        } else if !word.is_empty() && !joins(c) {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The words of a question; none means that everything is asked for.
#[must_use]
pub fn question(text: &str) -> Vec<String> {
    let mut asked = words(text);
    asked.truncate(MAX_WORDS);
    asked
}

const TATWEEL: char = '\u{0640}';

/// Signs inside a word that people leave out: `don't`, zero-width joiners.
fn joins(c: char) -> bool {
    matches!(
        c,
        '\'' | '’' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{00ad}'
    )
}

fn fold(c: char) -> char {
    match c {
        // Hamza on alef, madda and wasla decompose or are listed; NFKD has already taken the marks off most of them.
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ی' | 'ئ' => 'ي',
        'ة' | 'ە' => 'ه',
        'ؤ' => 'و',
        'ک' => 'ك',
        // Sigma at the end of a word: SQLite's tokenizer knows no difference, so nobody may.
        'ς' => 'σ',
        other => latin_digit(other).unwrap_or(other),
    }
}

fn latin_digit(c: char) -> Option<char> {
    // Decimal digits of the scripts that our readers type: Arabic-Indic and Eastern Arabic-Indic.
    let value = match u32::from(c) {
        code @ 0x0660..=0x0669 => code - 0x0660,
        code @ 0x06f0..=0x06f9 => code - 0x06f0,
        _ => return None,
    };
    char::from_digit(value, 10)
}

/// What a product is found by. `title` weighs more than `rest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText {
    /// Words of its title in every language, joined by spaces.
    pub title: String,
    /// Words of everything else: handle, category, tags, vendor, SKUs, option values, in every language.
    pub rest: String,
}

/// The words that a product is found by.
#[must_use]
pub fn search_text(product: &Product) -> SearchText {
    let translations = || product.translations.values();
    let titles = std::iter::once(product.title.as_str())
        .chain(translations().filter_map(|texts| texts.title.as_deref()));
    let rest = [product.handle.as_str()]
        .into_iter()
        .chain(product.category.as_deref())
        .chain(product.vendor.as_deref())
        .chain(product.tags.iter().map(String::as_str))
        .chain(product.variants.iter().map(|variant| variant.sku.as_str()))
        .chain(
            product
                .options
                .iter()
                .flat_map(|option| &option.values)
                .map(String::as_str),
        )
        .chain(
            translations()
                .flat_map(|texts| texts.terms.values())
                .map(String::as_str),
        );
    SearchText {
        title: joined(titles),
        rest: joined(rest),
    }
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut all: Vec<String> = Vec::new();
    for word in texts.flat_map(words) {
        if !all.contains(&word) {
            all.push(word);
        }
    }
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_people_mix_up_become_one() {
        for (one, other) in [
            ("أحمد إلى آخر", "احمد الي اخر"),
            ("قهوة", "قهوه"),
            ("مستشفى", "مستشفي"),
            ("مُحَمَّدٌ", "محمد"),
            ("جمـــيل", "جميل"),
            ("مقاس ٤٢", "مقاس 42"),
            ("۴۲", "42"),
            ("Café Noir", "cafe noir"),
            ("ＦＵＬＬ width", "full WIDTH"),
            ("men's", "mens"),
            ("سؤال رئيس", "سوال رييس"),
            ("ΛΌΓΟΣ", "λόγος"),
        ] {
            assert_eq!(words(one), words(other), "{one} ~ {other}");
        }
        assert_eq!(words("T-shirt, L/XL"), ["t", "shirt", "l", "xl"]);
        assert_eq!(words("  \u{202b}—!? "), Vec::<String>::new());
    }

    #[test]
    fn a_question_is_bounded() {
        assert_eq!(question(&"word ".repeat(1_000)).len(), MAX_WORDS);
    }
}
