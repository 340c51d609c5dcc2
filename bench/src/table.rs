//! How numbers stand in Markdown.

use std::fmt::Write as _;

use crate::stats::{median, range};

/// A whole number with commas: `12,345`; a dash for what was not measured.
pub fn whole(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 && digits != "0" {
        format!("-{text}")
    } else {
        text
    }
}

/// The median of measurements and, in brackets, their range.
pub fn middle_whole(values: &[f64]) -> String {
    let (low, high) = range(values.iter().copied());
    format!(
        "{} ({}–{})",
        whole(median(values.iter().copied())),
        whole(low),
        whole(high)
    )
}

/// The same with two decimals.
pub fn middle_fine(values: &[f64]) -> String {
    let (low, high) = range(values.iter().copied());
    format!("{:.2} ({low:.2}–{high:.2})", median(values.iter().copied()))
}

/// The median of measurements, with one decimal.
pub fn middle_tenth(values: &[f64]) -> String {
    format!("{:.1}", median(values.iter().copied()))
}

/// A table.
pub struct Table {
    text: String,
}

impl Table {
    /// An empty table with these columns; all but the first are numbers.
    pub fn new(columns: &[&str]) -> Self {
        let mut table = Self {
            text: String::new(),
        };
        table.row(columns.iter().map(|name| (*name).to_owned()));
        let rule = columns
            .iter()
            .enumerate()
            .map(|(place, _)| if place == 0 { "---" } else { "--:" });
        let _ = writeln!(table.text, "|{}|", rule.collect::<Vec<_>>().join("|"));
        table
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let _ = writeln!(
            self.text,
            "| {} |",
            cells.into_iter().collect::<Vec<_>>().join(" | ")
        );
    }

    /// The table as Markdown.
    pub fn markdown(&self) -> &str {
        &self.text
    }
}

/// A line that says whether an aim was met.
pub fn aim(what: &str, aim: f64, got: f64) -> String {
    let verdict = if got >= aim { "**met**" } else { "**missed**" };
    format!("- {what}: at least {aim}, measured {got:.2}: {verdict}\n")
}

/// The same where less is better.
pub fn at_most(what: &str, aim: f64, got: f64) -> String {
    let verdict = if got <= aim { "**met**" } else { "**missed**" };
    format!("- {what}: at most {aim}, measured {got:.1}: {verdict}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_parted() {
        assert_eq!(whole(0.4), "0");
        assert_eq!(whole(999.6), "1,000");
        assert_eq!(whole(1_234_567.0), "1,234,567");
        assert_eq!(whole(-1_234.0), "-1,234");
        assert_eq!(whole(f64::NAN), "–");
        assert_eq!(
            middle_whole(&[1_000.0, 3_000.0, 2_000.0]),
            "2,000 (1,000–3,000)"
        );
        assert_eq!(middle_fine(&[0.5, 1.0]), "0.75 (0.50–1.00)");
    }

    #[test]
    fn an_aim_is_met_or_missed() {
        assert!(aim("x", 5.0, 5.0).contains("**met**"));
        assert!(aim("x", 5.0, 4.99).contains("**missed**"));
        assert!(aim("x", 5.0, f64::NAN).contains("**missed**"));
        assert!(at_most("x", 5.0, 5.0).contains("**met**"));
        assert!(at_most("x", 5.0, f64::NAN).contains("**missed**"));
    }

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new(&["a", "b"]);
        table.row(["1".to_owned(), "2".to_owned()]);
        assert_eq!(table.markdown(), "| a | b |\n|---|--:|\n| 1 | 2 |\n");
    }
}
