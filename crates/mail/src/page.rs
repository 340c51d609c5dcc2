//! The text of a letter: what the two templates, HTML and plain, are filled with. Escaping is the templates' part.

use askama::Template;
use souk_app::ports::{Letter, OutgoingMail};
use souk_domain::order::{Address, Order, PaymentMethod, PaymentStatus};
use souk_domain::shop::ShopSettings;
use souk_domain::{Locale, Timestamp};

use crate::money::amount;
use crate::places::country;
use crate::words::{Words, fill, words};

/// A letter's subject and its two parts.
pub(crate) struct Text {
    pub subject: String,
    pub html: String,
    pub plain: String,
}

struct Page {
    words: &'static Words,
    lang: &'static str,
    shop: String,
    heading: &'static str,
    greeting: String,
    intro: String,
    order: Option<OrderPart>,
    messages: Vec<Message>,
    button: &'static str,
    link: String,
    ignore: Option<&'static str>,
    footer: String,
}

struct Message {
    author: String,
    lines: Vec<String>,
}

struct OrderPart {
    lines: Vec<Line>,
    sums: Vec<Sum>,
    tax_included: Option<String>,
    payment: String,
    transfer: Option<Transfer>,
    address: Option<AddressPart>,
    note: Option<Note>,
}

struct Line {
    title: String,
    variant: String,
    quantity: u32,
    unit_price: String,
    total: String,
}

struct Sum {
    name: &'static str,
    amount: String,
    is_total: bool,
}

struct Transfer {
    instructions: Vec<String>,
    reference: String,
}

struct AddressPart {
    lines: Vec<String>,
    phone: String,
    /// Between bidi isolates: the digits of a number keep their order in a line of Arabic.
    phone_isolated: String,
}

struct Note {
    heading: &'static str,
    lines: Vec<String>,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Html<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "page.txt", escape = "none")]
struct Plain<'a> {
    page: &'a Page,
}

/// Writes a letter; links begin with `public_url`.
pub(crate) fn write(mail: &OutgoingMail, public_url: &str) -> Result<Text, askama::Error> {
    let words = words(mail.locale);
    let shop = mail.shop.name_in(mail.locale);
    let greeting = if mail.name.trim().is_empty() {
        words.greeting_nameless.to_owned()
    } else {
        fill(words.greeting, &[("name", mail.name.trim())])
    };
    let in_shop = |text| fill(text, &[("shop", shop)]);
    let mut page = Page {
        words,
        lang: mail.locale.tag(),
        shop: shop.to_owned(),
        heading: "",
        greeting,
        intro: String::new(),
        order: None,
        messages: Vec::new(),
        button: "",
        link: String::new(),
        ignore: None,
        footer: in_shop(words.footer),
    };
    let subject = match &mail.letter {
        Letter::Receipt { order } => {
            let number = order.number.to_string();
            page.heading = words.receipt_heading;
            page.intro = fill(
                words.receipt_intro,
                &[("number", &number), ("date", &date(order.placed_at, words))],
            );
            page.order = Some(order_part(
                order,
                &mail.shop,
                mail.locale,
                words,
                words.your_note,
            ));
            page.button = words.receipt_button;
            page.link = format!("{public_url}/orders/{}", order.id);
            fill(
                words.receipt_subject,
                &[("number", &number), ("shop", shop)],
            )
        }
        Letter::NewOrder { order, buyer } => {
            let number = order.number.to_string();
            let nameless = buyer.trim().is_empty();
            let intro = if nameless {
                words.new_order_intro_nameless
            } else {
                words.new_order_intro
            };
            let placed = date(order.placed_at, words);
            page.heading = words.new_order_heading;
            page.intro = fill(
                intro,
                &[
                    ("number", &number),
                    ("date", &placed),
                    ("buyer", buyer.trim()),
                ],
            );
            page.order = Some(order_part(
                order,
                &mail.shop,
                mail.locale,
                words,
                words.buyer_note,
            ));
            page.button = words.new_order_button;
            page.link = format!("{public_url}/staff/orders/{}", order.id);
            fill(
                words.new_order_subject,
                &[
                    ("number", &number),
                    ("total", &amount(order.total, mail.locale)),
                ],
            )
        }
        Letter::UnreadReply { order_id, messages } => {
            page.heading = words.unread_heading;
            page.intro = in_shop(words.unread_intro);
            page.messages = messages
                .iter()
                .map(|message| Message {
                    author: match message.author.trim() {
                        "" => words.unread_author.to_owned(),
                        name => name.to_owned(),
                    },
                    lines: lines_of(&message.text),
                })
                .collect();
            page.button = words.unread_button;
            page.link = match order_id {
                Some(order) => format!("{public_url}/orders/{order}"),
                None => format!("{public_url}/?chat=open"),
            };
            in_shop(words.unread_subject)
        }
        Letter::VerifyEmail { token } => {
            page.heading = words.verify_heading;
            page.intro = in_shop(words.verify_intro);
            page.button = words.verify_button;
            page.link = format!("{public_url}/verify-email?token={token}");
            page.ignore = Some(words.verify_ignore);
            in_shop(words.verify_subject)
        }
        Letter::ResetPassword { token } => {
            page.heading = words.reset_heading;
            page.intro = in_shop(words.reset_intro);
            page.button = words.reset_button;
            page.link = format!("{public_url}/reset-password?token={token}");
            page.ignore = Some(words.reset_ignore);
            in_shop(words.reset_subject)
        }
    };
    Ok(Text {
        subject,
        html: Html { page: &page }.render()?,
        plain: Plain { page: &page }.render()?,
    })
}

fn order_part(
    order: &Order,
    shop: &ShopSettings,
    locale: Locale,
    words: &'static Words,
    note: &'static str,
) -> OrderPart {
    let money = |value| amount(value, locale);
    let lines = order.lines.iter().map(|line| Line {
        title: line.title.clone(),
        variant: line.variant_title.clone(),
        quantity: line.quantity,
        unit_price: money(line.unit_price),
        // An order whose sums overflow is never admitted.
        total: line
            .unit_price
            .times(line.quantity)
            .map(money)
            .unwrap_or_default(),
    });
    let sum = |name, amount, is_total| Sum {
        name,
        amount,
        is_total,
    };
    let taxed = order.tax.amount != 0;
    let free = order.shipping.amount == 0;
    let mut sums = vec![
        sum(words.subtotal, money(order.subtotal), false),
        sum(
            words.shipping,
            if free {
                words.shipping_free.to_owned()
            } else {
                money(order.shipping)
            },
            false,
        ),
    ];
    if taxed && !order.tax_inclusive {
        sums.push(sum(words.tax, money(order.tax), false));
    }
    sums.push(sum(words.total, money(order.total), true));
    let method = match order.payment.method {
        PaymentMethod::Cod => words.cod,
        PaymentMethod::Transfer => words.transfer,
    };
    let status = match order.payment.status {
        PaymentStatus::Unpaid => words.unpaid,
        PaymentStatus::Paid => words.paid,
        PaymentStatus::Refunded => words.refunded,
    };
    OrderPart {
        lines: lines.collect(),
        sums,
        tax_included: (taxed && order.tax_inclusive)
            .then(|| fill(words.tax_included, &[("tax", &money(order.tax))])),
        payment: format!("{method} ({status})"),
        transfer: transfer(order, shop, locale, words),
        address: order
            .address
            .as_ref()
            .map(|address| address_part(address, locale)),
        note: order.note.as_deref().map(|text| Note {
            heading: note,
            lines: lines_of(text),
        }),
    }
}

/// How to pay, for orders that wait for a transfer.
fn transfer(order: &Order, shop: &ShopSettings, locale: Locale, words: &Words) -> Option<Transfer> {
    let waits = order.payment.method == PaymentMethod::Transfer
        && order.payment.status == PaymentStatus::Unpaid;
    let instructions = &shop.transfer_instructions;
    let text = instructions
        .get(&locale)
        .or_else(|| instructions.values().next())
        .filter(|_| waits)?;
    Some(Transfer {
        instructions: lines_of(text),
        reference: fill(
            words.transfer_reference,
            &[("number", &order.number.to_string())],
        ),
    })
}

fn address_part(address: &Address, locale: Locale) -> AddressPart {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let city = [
        address.city.clone(),
        optional(&address.region),
        optional(&address.postal_code),
    ];
    let comma = if locale == Locale::Ar { "، " } else { ", " };
    let city = city
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(comma);
    let lines = [
        address.name.clone(),
        address.line1.clone(),
        optional(&address.line2),
        city,
        country(&address.country, locale).to_owned(),
    ];
    AddressPart {
        lines: lines.into_iter().filter(|line| !line.is_empty()).collect(),
        phone: address.phone.clone(),
        phone_isolated: format!("\u{2066}{}\u{2069}", address.phone),
    }
}

fn lines_of(text: &str) -> Vec<String> {
    text.trim()
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// A time in words. The shop has no time zone of its own yet, so the time says that it is UTC.
fn date(at: Timestamp, words: &Words) -> String {
    let at = at.to_zoned(jiff::tz::TimeZone::UTC);
    let month = usize::try_from(at.month())
        .ok()
        .and_then(|month| words.months.get(month.wrapping_sub(1)));
    fill(
        words.date,
        &[
            ("day", &at.day().to_string()),
            ("month", month.copied().unwrap_or_default()),
            ("year", &at.year().to_string()),
            ("time", &format!("{:02}:{:02}", at.hour(), at.minute())),
        ],
    )
}
