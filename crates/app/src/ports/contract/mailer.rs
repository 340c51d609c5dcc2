//! What every engine behind the Mailer port must do.

use souk_domain::order::{Order, OrderLine, OrderStatus, Payment, PaymentMethod, PaymentStatus};
use souk_domain::shop::ShopSettings;
use souk_domain::{Locale, Money, OrderId, OrderNumber, ProductId, Timestamp, UserId, VariantId};
use uuid::Uuid;

use crate::ports::store::ListError;
use crate::ports::{Letter, Mailer, OutgoingMail};

/// A mail of each letter in each language, all of them caused one second after the other.
#[must_use]
pub fn mails() -> Vec<OutgoingMail> {
    let shop = ShopSettings::new("SAR".parse().unwrap());
    let price = Money::new(1_250, shop.currency);
    let line = OrderLine {
        variant_id: VariantId(Uuid::from_u128(1)),
        product_id: ProductId(Uuid::from_u128(2)),
        handle: "mug".into(),
        sku: String::new(),
        title: "كوب".into(),
        variant_title: String::new(),
        image: None,
        quantity: 2,
        unit_price: price,
        tracked: true,
    };
    let order = Order {
        id: OrderId(Uuid::from_u128(3)),
        number: OrderNumber::from_random(4),
        user_id: UserId(Uuid::from_u128(5)),
        status: OrderStatus::Placed,
        payment: Payment {
            method: PaymentMethod::Cod,
            status: PaymentStatus::Unpaid,
        },
        lines: vec![line],
        subtotal: price.times(2).unwrap(),
        shipping: Money::zero(shop.currency),
        tax: Money::zero(shop.currency),
        total: price.times(2).unwrap(),
        tax_inclusive: true,
        placed_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        locale: Locale::Ar,
        address: None,
        note: None,
        tracking: None,
    };
    let letters = [
        Letter::Receipt {
            order: Box::new(order.clone()),
        },
        Letter::NewOrder {
            order: Box::new(order),
            buyer: "سارة".into(),
        },
        Letter::VerifyEmail {
            token: "token".into(),
        },
        Letter::ResetPassword {
            token: "token".into(),
        },
    ];
    let each = letters
        .into_iter()
        .flat_map(|letter| Locale::ALL.map(|locale| (letter.clone(), locale)));
    let mails = each
        .zip(1_000_000_000..)
        .map(|((letter, locale), second)| OutgoingMail {
            id: Uuid::from_u128(second),
            to: "sara@mail.example".parse().unwrap(),
            name: "سارة".into(),
            locale,
            at: Timestamp::from_second(i64::try_from(second).unwrap()).unwrap(),
            shop: shop.clone(),
            letter,
            trace: None,
        });
    mails.collect()
}

/// Every letter goes out, and again; where mails are kept, each is kept once and found.
pub async fn every_letter_goes_out(mailer: &dyn Mailer) {
    mailer.check().await.unwrap();
    let mails = mails();
    for mail in mails.iter().chain(&mails) {
        mailer.send(mail).await.unwrap();
    }
    let Some(mailbox) = mailer.mailbox() else {
        return;
    };
    let first = mailbox.list(None, 5).await.unwrap();
    let rest = mailbox
        .list(Some(&first.last().unwrap().id), 100)
        .await
        .unwrap();
    let kept: Vec<_> = first.into_iter().chain(rest).collect();
    assert_eq!(kept.len(), mails.len());
    for (kept, mail) in kept.iter().zip(mails.iter().rev()) {
        assert_eq!((kept.at, kept.order_id), (mail.at, mail.letter.order_id()));
        assert_eq!(kept.to, mail.to.as_str());
        let (opened, text) = mailbox.open(&kept.id).await.unwrap().unwrap();
        assert_eq!(opened, *kept);
        assert!(!kept.subject.is_empty() && !text.html.is_empty() && !text.text.is_empty());
    }
    assert_eq!(
        mailbox
            .list(Some(&kept.last().unwrap().id), 5)
            .await
            .unwrap(),
        []
    );
    assert!(matches!(
        mailbox.list(Some("nonsense"), 5).await,
        Err(ListError::Cursor)
    ));
    assert_eq!(mailbox.open("../mail").await.unwrap(), None);
}
