//! How mails read, in both languages.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod samples;

use mail_parser::MessageParser;
use samples::{mail, options, order, receipt, shop};
use souk_app::ports::{Letter, OutgoingMail, UnreadMessage};
use souk_domain::order::{PaymentMethod, PaymentStatus};
use souk_domain::{Locale, Money};
use souk_mail::compose;

fn letters() -> Vec<(&'static str, OutgoingMail)> {
    let both = |ar: &'static str, en: &'static str, make: &dyn Fn(Locale) -> OutgoingMail| {
        [(ar, make(Locale::Ar)), (en, make(Locale::En))]
    };
    let mut letters = Vec::new();
    letters.extend(both("receipt_ar", "receipt_en", &receipt));
    // Tax on top, free delivery, a transfer that is waited for, a currency of three digits, nobody's name, no address.
    letters.extend(both("transfer_ar", "transfer_en", &|locale| {
        let mut order = order(locale, "KWD");
        order.payment.method = PaymentMethod::Transfer;
        order.shipping = Money::zero(order.total.currency);
        order.tax_inclusive = false;
        (order.address, order.note) = (None, None);
        let mut mail = mail(
            locale,
            Letter::Receipt {
                order: Box::new(order),
            },
        );
        mail.shop = shop("KWD");
        mail.name = String::new();
        mail
    }));
    // A staff member who reads the other language than the buyer.
    letters.extend(both("new_order_ar", "new_order_en", &|locale| {
        let bought_in = if locale == Locale::Ar {
            Locale::En
        } else {
            Locale::Ar
        };
        let order = order(bought_in, "SAR");
        mail(
            locale,
            Letter::NewOrder {
                order: Box::new(order),
                buyer: "سارة علي".to_owned(),
            },
        )
    }));
    letters.extend(both("unread_ar", "unread_en", &|locale| {
        let message = |author: &str, text: &str| UnreadMessage {
            author: author.to_owned(),
            text: text.to_owned(),
        };
        mail(
            locale,
            Letter::UnreadReply {
                order_id: None,
                messages: vec![
                    message("سارة", "نعم، متوفر.\n<b>أهلًا</b>"),
                    message("", "It ships today."),
                ],
            },
        )
    }));
    letters.extend(both("verify_ar", "verify_en", &|locale| {
        mail(
            locale,
            Letter::VerifyEmail {
                token: "aa.bb-_.cc".into(),
            },
        )
    }));
    letters.extend(both("reset_ar", "reset_en", &|locale| {
        mail(
            locale,
            Letter::ResetPassword {
                token: "aa.bb-_.cc".into(),
            },
        )
    }));
    letters
}

#[test]
fn every_letter_reads_well() {
    for (name, mail) in letters() {
        let composed = compose(&mail, &options().from, &options().public_url).unwrap();
        let plain = format!("Subject: {}\n\n{}", composed.subject, composed.text.text);
        insta::assert_snapshot!(format!("{name}_text"), plain);
        insta::assert_snapshot!(format!("{name}_html"), composed.text.html);
    }
}

#[test]
fn the_message_itself() {
    let composed = compose(&receipt(Locale::Ar), &options().from, &options().public_url).unwrap();
    let message = String::from_utf8(composed.bytes()).unwrap();
    assert!(message.is_ascii(), "goes through any server");
    let head = message
        .split_once("\r\n\r\n")
        .unwrap()
        .0
        .replace("\r\n", "\n");
    insta::assert_snapshot!("receipt_ar_head", head);
    let again = compose(&receipt(Locale::Ar), &options().from, &options().public_url).unwrap();
    assert_eq!(
        again.bytes(),
        composed.bytes(),
        "the same letter gives the same bytes"
    );
}

#[test]
fn what_is_written_is_what_is_read() {
    for (name, mail) in letters() {
        let composed = compose(&mail, &options().from, &options().public_url).unwrap();
        let bytes = composed.bytes();
        let message = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(message.subject(), Some(composed.subject.as_str()), "{name}");
        assert_eq!(
            message.message_id(),
            Some(format!("{}@shop.example", mail.id).as_str()),
            "{name}"
        );
        assert_eq!(
            message.date().unwrap().to_timestamp(),
            mail.at.as_second(),
            "{name}"
        );
        let normal = |text: &str| text.replace("\r\n", "\n");
        assert_eq!(
            normal(&message.body_html(0).unwrap()),
            normal(&composed.text.html),
            "{name}"
        );
        assert_eq!(
            normal(&message.body_text(0).unwrap()),
            normal(&composed.text.text),
            "{name}"
        );
        let raw = |header| message.header_raw(header).map(str::trim);
        assert_eq!(raw("Content-Language"), Some(mail.locale.tag()), "{name}");
        assert_eq!(raw("Auto-Submitted"), Some("auto-generated"), "{name}");
        let order = mail.letter.order_id().map(|id| id.to_string());
        assert_eq!(raw("X-Souk-Order-Id"), order.as_deref(), "{name}");
        let from = message.from().unwrap().first().unwrap();
        assert_eq!(from.name(), Some(mail.shop.name_in(mail.locale)), "{name}");
        assert_eq!(from.address(), Some("no-reply@shop.example"), "{name}");
        let to = message.to().unwrap().first().unwrap();
        assert_eq!(
            (to.name().unwrap_or_default(), to.address()),
            (mail.name.as_str(), Some("sara@mail.example")),
            "{name}"
        );
    }
}

#[test]
fn a_paid_transfer_asks_for_nothing_more() {
    let mut order = order(Locale::En, "SAR");
    order.payment.method = PaymentMethod::Transfer;
    order.payment.status = PaymentStatus::Paid;
    let mail = mail(
        Locale::En,
        Letter::Receipt {
            order: Box::new(order),
        },
    );
    let text = compose(&mail, &options().from, &options().public_url)
        .unwrap()
        .text;
    assert!(text.text.contains("Bank transfer (paid)"));
    assert!(!text.text.contains("IBAN") && !text.html.contains("IBAN"));
}

#[test]
fn what_people_typed_stays_what_it_is() {
    let evil = "Sara\r\nBcc: victim@mail.example\r\n\r\n<script>alert(1)</script>\u{202e}";
    for locale in Locale::ALL {
        let mut mail = receipt(locale);
        mail.name = evil.to_owned();
        mail.shop.name = [(locale, evil.to_owned())].into();
        if let Letter::Receipt { order } = &mut mail.letter {
            order.lines[0].title = format!("{evil}--=_{}--", mail.id.simple());
            order.note = Some(format!("{evil}\r\n.\r\nQUIT\r\n{{{{ shop }}}}"));
        }
        let composed = compose(&mail, &options().from, &options().public_url).unwrap();
        let bytes = composed.bytes();
        let message = MessageParser::default().parse(&bytes).unwrap();
        assert!(message.bcc().is_none());
        assert_eq!(message.to().unwrap().iter().count(), 1);
        assert_eq!(message.text_body_count() + message.html_body_count(), 2);
        assert!(!composed.text.html.contains("<script"));
        let head = String::from_utf8(bytes.clone()).unwrap();
        let head = head.split_once("\r\n\r\n").unwrap().0;
        assert!(head.lines().all(|line| !line.starts_with("Bcc")), "{head}");
        assert!(head.lines().all(|line| line.len() <= 998));
    }
}
