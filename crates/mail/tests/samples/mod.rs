//! Mails to try things with.
#![allow(dead_code)] // Each test file uses some of them.

use std::time::Duration;

use souk_app::ports::{Letter, OutgoingMail};
use souk_domain::order::{
    Address, Order, OrderLine, OrderStatus, Payment, PaymentMethod, PaymentStatus,
};
use souk_domain::shop::ShopSettings;
use souk_domain::{Locale, Money, OrderId, OrderNumber, ProductId, UserId, VariantId};
use souk_mail::MailOptions;
use uuid::Uuid;

pub fn options() -> MailOptions {
    MailOptions {
        public_url: "https://shop.example".to_owned(),
        from: "no-reply@shop.example".parse().unwrap(),
        timeout: Duration::from_secs(2),
    }
}

pub fn shop(currency: &str) -> ShopSettings {
    let mut shop = ShopSettings::new(currency.parse().unwrap());
    shop.name = [
        (Locale::Ar, "متجر الواحة".to_owned()),
        (Locale::En, "Oasis & Co".to_owned()),
    ]
    .into();
    shop.transfer_instructions = [
        (
            Locale::Ar,
            "البنك الأهلي\nآيبان: SA03 8000 0000 6080 1016 7519".to_owned(),
        ),
        (
            Locale::En,
            "National Bank\nIBAN: SA03 8000 0000 6080 1016 7519".to_owned(),
        ),
    ]
    .into();
    shop
}

/// Two lines, 15 % tax inside the prices, cash on delivery.
pub fn order(locale: Locale, currency: &str) -> Order {
    let money = |minor| Money::new(minor, currency.parse().unwrap());
    let say = |ar: &str, en: &str| {
        if locale == Locale::Ar {
            ar.to_owned()
        } else {
            en.to_owned()
        }
    };
    let line = |n, title, variant_title, quantity, unit_price| OrderLine {
        variant_id: VariantId(Uuid::from_u128(n)),
        product_id: ProductId(Uuid::from_u128(n)),
        handle: format!("product-{n}"),
        sku: format!("SKU-{n}"),
        title,
        variant_title,
        image: None,
        quantity,
        unit_price: money(unit_price),
        tracked: true,
    };
    Order {
        id: OrderId(Uuid::from_u128(0x0195_0000_0000_7000_8000_0000_0000_0001)),
        number: OrderNumber::from_random(0x0001_2345_6789_abcd),
        user_id: UserId(Uuid::from_u128(7)),
        status: OrderStatus::Placed,
        payment: Payment {
            method: PaymentMethod::Cod,
            status: PaymentStatus::Unpaid,
        },
        lines: vec![
            line(
                1,
                say("كوب <فخار>", "Mug <clay>"),
                say("أزرق / كبير", "Blue / Large"),
                2,
                57_500,
            ),
            line(2, say("دلة قهوة", "Coffee pot"), String::new(), 10, 123_450),
        ],
        subtotal: money(1_349_500),
        shipping: money(2_500),
        tax: money(176_348),
        total: money(1_352_000),
        tax_inclusive: true,
        placed_at: "2026-03-09T08:05:00Z".parse().unwrap(),
        updated_at: "2026-03-09T08:05:00Z".parse().unwrap(),
        locale,
        address: Some(Address {
            name: say("سارة علي", "Sara Ali"),
            phone: "+966 50 123 4567".to_owned(),
            line1: say("شارع العليا 12", "12 Olaya Street"),
            line2: None,
            city: say("الرياض", "Riyadh"),
            region: None,
            postal_code: Some("12211".to_owned()),
            country: "SA".to_owned(),
        }),
        note: Some(say(
            "الرجاء الاتصال قبل التوصيل",
            "Please call first\n<script>alert(1)</script>",
        )),
        tracking: None,
    }
}

pub fn mail(locale: Locale, letter: Letter) -> OutgoingMail {
    OutgoingMail {
        id: Uuid::from_u128(0x5e7d_0000_0000_5000_8000_0000_0000_0001),
        to: "sara@mail.example".parse().unwrap(),
        name: if locale == Locale::Ar {
            "سارة علي".to_owned()
        } else {
            "Sara Ali".to_owned()
        },
        locale,
        at: "2026-03-09T08:05:01Z".parse().unwrap(),
        shop: shop("SAR"),
        letter,
        trace: None,
    }
}

pub fn receipt(locale: Locale) -> OutgoingMail {
    mail(
        locale,
        Letter::Receipt {
            order: Box::new(order(locale, "SAR")),
        },
    )
}

/// A receipt with an id and an address of its own.
pub fn receipt_to(n: u128, to: &str) -> OutgoingMail {
    OutgoingMail {
        id: Uuid::from_u128(n),
        to: to.parse().unwrap(),
        ..receipt(Locale::Ar)
    }
}
