//! What mails say, one file per language. A text with `{…}` has its holes filled by [`fill`]; who fills them is the
//! letter that uses it.

mod ar;
mod en;

use souk_domain::Locale;

/// All texts of a language.
#[derive(Debug)]
pub(crate) struct Words {
    /// `ltr` or `rtl`.
    pub dir: &'static str,
    /// The side that lines start on, for mail clients that do not know logical sides.
    pub start: &'static str,
    /// The side that lines end on.
    pub end: &'static str,
    /// Names of the months, January first.
    pub months: [&'static str; 12],
    /// `{day} {month} {year} {time}`.
    pub date: &'static str,

    /// `{name}`.
    pub greeting: &'static str,
    /// For people whose name is not known.
    pub greeting_nameless: &'static str,
    /// `{shop}`: below every mail.
    pub footer: &'static str,
    /// What stands before a link that is written out.
    pub link_by_hand: &'static str,

    /// `{number} {shop}`.
    pub receipt_subject: &'static str,
    /// Over the receipt.
    pub receipt_heading: &'static str,
    /// `{number} {date}`.
    pub receipt_intro: &'static str,
    /// On the button to the order.
    pub receipt_button: &'static str,

    /// `{number} {total}`.
    pub new_order_subject: &'static str,
    /// Over the mail to staff.
    pub new_order_heading: &'static str,
    /// `{number} {date} {buyer}`.
    pub new_order_intro: &'static str,
    /// The same when the buyer has no name.
    pub new_order_intro_nameless: &'static str,
    /// On the button to the order.
    pub new_order_button: &'static str,

    /// `{shop}`.
    pub unread_subject: &'static str,
    /// Over what staff wrote.
    pub unread_heading: &'static str,
    /// `{shop}`.
    pub unread_intro: &'static str,
    /// On the button to the conversation.
    pub unread_button: &'static str,
    /// Says of whom a message is when its author has no name.
    pub unread_author: &'static str,

    /// `{shop}`.
    pub verify_subject: &'static str,
    /// Over the mail.
    pub verify_heading: &'static str,
    /// `{shop}`.
    pub verify_intro: &'static str,
    /// On the button.
    pub verify_button: &'static str,
    /// For those who did not ask.
    pub verify_ignore: &'static str,

    /// `{shop}`.
    pub reset_subject: &'static str,
    /// Over the mail.
    pub reset_heading: &'static str,
    /// `{shop}`.
    pub reset_intro: &'static str,
    /// On the button.
    pub reset_button: &'static str,
    /// For those who did not ask.
    pub reset_ignore: &'static str,

    /// Heads of the table of lines.
    pub product: &'static str,
    /// How many.
    pub quantity: &'static str,
    /// Price of one.
    pub unit_price: &'static str,
    /// Price of the line.
    pub line_total: &'static str,
    /// Sum of the lines.
    pub subtotal: &'static str,
    /// Delivery fee.
    pub shipping: &'static str,
    /// In place of a fee of nothing.
    pub shipping_free: &'static str,
    /// Tax on top of the prices.
    pub tax: &'static str,
    /// What is paid.
    pub total: &'static str,
    /// `{tax}`: tax inside the prices.
    pub tax_included: &'static str,

    /// How the order is paid.
    pub payment: &'static str,
    /// Cash on delivery.
    pub cod: &'static str,
    /// Bank transfer.
    pub transfer: &'static str,
    /// Not paid yet.
    pub unpaid: &'static str,
    /// Paid.
    pub paid: &'static str,
    /// Paid back.
    pub refunded: &'static str,
    /// Over the shop's instructions for a transfer.
    pub transfer_heading: &'static str,
    /// `{number}`.
    pub transfer_reference: &'static str,
    /// Over the address.
    pub address: &'static str,
    /// Over what the buyer wants said, in their own mail.
    pub your_note: &'static str,
    /// The same in the mail to staff.
    pub buyer_note: &'static str,
}

/// The texts of a language.
pub(crate) fn words(locale: Locale) -> &'static Words {
    match locale {
        Locale::Ar => &ar::WORDS,
        Locale::En => &en::WORDS,
    }
}

/// Fills the holes of a text, each once: what a value contains is never taken for a hole.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(
            values
                .iter()
                .find(|(known, _)| *known == name)
                .map_or("", |(_, value)| value),
        );
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_once() {
        assert_eq!(
            fill("a {x} b {y}", &[("x", "{y}"), ("y", "1")]),
            "a {y} b 1"
        );
        assert_eq!(fill("plain", &[]), "plain");
    }
}
