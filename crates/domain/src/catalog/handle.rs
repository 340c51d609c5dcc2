//! Handles: the names of products in addresses.

/// Most characters of a handle.
const LONGEST: usize = 200;

/// Whether the text can be a handle: 1 to 200 letters (of any script), digits, `-` or `_`, in lower case.
#[must_use]
pub fn is_handle(text: &str) -> bool {
    let fits =
        |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || is_mark(c) || c == '-' || c == '_';
    (1..=LONGEST).contains(&text.chars().count())
        && text.chars().all(fits)
        && uuid::Uuid::parse_str(text).is_err()
        // `/products/import` is a route.
        && text != "import"
}

/// Vowel signs that belong to a word of a script that writes them apart (Arabic, Devanagari).
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// A handle made of a title: words in lower case, joined by hyphens; empty when the title has no letter or digit.
#[must_use]
pub fn handle_from(title: &str) -> String {
    let mut handle = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        // Arabic is written without its short vowels in addresses; other scripts' marks are part of the word.
        if matches!(c, '\u{064b}'..='\u{065f}' | '\u{0670}') {
            continue;
        }
        if c.is_alphanumeric() || (is_mark(c) && !handle.is_empty()) {
            handle.push(c);
        } else if !handle.is_empty() && !handle.ends_with('-') {
            handle.push('-');
        }
        if handle.chars().count() >= LONGEST {
            break;
        }
    }
    match handle.trim_end_matches('-') {
        "import" => "import-1".to_owned(),
        handle => handle.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_handles() {
        assert_eq!(handle_from("  4mm 5mm Y-Wrench! "), "4mm-5mm-y-wrench");
        assert_eq!(handle_from("قهوة عربيّة"), "قهوة-عربية");
        assert_eq!(handle_from("हिन्दी चाय"), "हिन्दी-चाय");
        assert_eq!(handle_from("—"), "");
        assert!(is_handle("قهوة-عربية") && is_handle("a_b-1"));
        assert!(!is_handle("A") && !is_handle("a b") && !is_handle("") && !is_handle("a/b"));
        assert!(
            !is_handle("0192d9f0-0000-7000-8000-000000000000"),
            "an id is not a handle"
        );
    }
}
