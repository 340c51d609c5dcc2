//! Free texts that people write: how they are tidied, and how long they may be.

use crate::problem::Fault;

/// A text that somebody may leave out: trimmed, line ends as one character, none when nothing is left.
pub(crate) fn tidied(text: Option<String>) -> Option<String> {
    let text = text?.replace("\r\n", "\n");
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A text of several lines: no control characters but the ends of lines.
pub(crate) fn check_lines(
    path: &str,
    text: Option<&str>,
    most: usize,
    must: &str,
) -> Option<Fault> {
    let text = text?;
    let fits = text.chars().count() <= most && !text.chars().any(|c| c.is_control() && c != '\n');
    (!fits).then(|| Fault::invalid(path, must))
}

/// A text of one line.
pub(crate) fn check_line(path: &str, text: Option<&str>, most: usize, must: &str) -> Option<Fault> {
    let text = text?;
    let fits = text.chars().count() <= most && !text.chars().any(char::is_control);
    (!fits).then(|| Fault::invalid(path, must))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_empty_ones_are_none() {
        assert_eq!(
            tidied(Some(" اتصل قبل الوصول \r\n شكرًا ".into())),
            Some("اتصل قبل الوصول \n شكرًا".into())
        );
        assert_eq!(tidied(Some(" \n ".into())), None);
        assert_eq!(tidied(None), None);
    }

    #[test]
    fn texts_are_bounded_and_hold_no_control_characters() {
        assert_eq!(check_lines("note", Some("a\nb"), 3, "x"), None);
        assert_eq!(check_lines("note", None, 3, "x"), None);
        for wrong in ["abcd", "a\u{0}", "a\u{1b}"] {
            assert_eq!(
                check_lines("note", Some(wrong), 3, "x"),
                Some(Fault::invalid("note", "x")),
                "{wrong:?}"
            );
        }
        assert!(check_line("tracking", Some("a\nb"), 3, "x").is_some());
        assert!(check_line("tracking", Some("ab"), 3, "x").is_none());
    }
}
