//! A shop to look at: a small catalogue in two languages with pictures of its own, settings, and sign-ins.
//!
//! It fills an empty store, once. What is sold, changed or deleted afterwards stays so over every restart. Everybody knows
//! its passwords, so it must never be seen from outside the machine.

mod catalog;
mod pictures;

use std::collections::BTreeMap;

use souk_app::App;
use souk_app::accounts::{AccountError, NewUserRequest, RegisterRequest, create_user};
use souk_app::catalog::{CatalogError, create};
use souk_app::ports::Blob;
use souk_domain::order::PaymentMethod;
use souk_domain::shop::{Shipping, ShopSettings, Tax};
use souk_domain::support::SupportSettings;
use souk_domain::user::{Email, Role};
use souk_domain::{Currency, Locale, Money};

/// Who can sign in, as (role, address), all with [`PASSWORD`].
pub const SIGN_INS: [(&str, &str); 3] = [
    ("customer", "customer@demo.souk"),
    ("staff", "staff@demo.souk"),
    ("admin", "admin@demo.souk"),
];

/// The password of every demo account.
pub const PASSWORD: &str = "demo-souk-2026";

/// Kept beside the pictures when the catalogue is whole.
const WHOLE: &str = "demo/catalogue-is-whole";

/// What was made; nothing of it on a later start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Whether the shop's settings were.
    pub settings: bool,
    /// How many products.
    pub products: usize,
    /// How many accounts.
    pub users: usize,
}

/// Makes what of the demo is missing. A start that was cut short is finished by the next one.
pub async fn seed(app: &App) -> anyhow::Result<Seeded> {
    let mut seeded = Seeded::default();
    let kept = app.store.shop().await?;
    seeded.settings = kept.is_none();
    let currency = if let Some(shop) = kept {
        shop.currency
    } else {
        let shop = settings("SAR".parse()?);
        app.store.keep_shop(&shop).await?;
        shop.currency
    };
    if seeded.settings || app.files.get(WHOLE).await?.is_none() {
        seeded.products = seed_catalogue(app, currency).await?;
        let mark = Blob {
            bytes: "1\n".into(),
            content_type: "text/plain; charset=utf-8".into(),
        };
        app.files.put(WHOLE, mark).await?;
    }
    // A shop that somebody runs gets no admin whom everybody knows.
    if seeded.settings || !app.store.has_admin().await? {
        seeded.users = seed_users(app).await?;
    }
    Ok(seeded)
}

/// Whether somebody can sign in with what everybody knows.
pub async fn is_open(app: &App) -> anyhow::Result<bool> {
    for (_, address) in SIGN_INS {
        let Some(account) = app.store.credentials(&address.parse::<Email>()?).await? else {
            continue;
        };
        if app
            .passwords
            .matches(PASSWORD, account.password_hash.as_deref())
            .await?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn settings(currency: Currency) -> ShopSettings {
    let texts = |ar: &str, en: &str| {
        BTreeMap::from([(Locale::Ar, ar.to_owned()), (Locale::En, en.to_owned())])
    };
    ShopSettings {
        name: texts("سوق", "Souk"),
        currency,
        default_locale: Locale::En,
        shipping: Shipping {
            fee: Money::new(2_000, currency),
            free_over: Some(Money::new(30_000, currency)),
        },
        tax: Tax {
            rate_basis_points: 1_500,
            inclusive: true,
        },
        payment_methods: vec![PaymentMethod::Cod, PaymentMethod::Transfer],
        transfer_instructions: texts(
            "حوِّل المبلغ خلال ثلاثة أيام إلى حساب «سوق للتجربة» في بنك المثال، الآيبان SA00 0000 0000 0000 0000 0000، واكتب رقم الطلب في خانة الملاحظات.",
            "Transfer the total within three days to “Souk Demo” at Example Bank, IBAN SA00 0000 0000 0000 0000 0000, and give the order number as the reference.",
        ),
        support: SupportSettings {
            time_zone: "Asia/Riyadh".to_owned(),
            ..SupportSettings::default()
        },
    }
}

async fn seed_catalogue(app: &App, currency: Currency) -> anyhow::Result<usize> {
    let mut made = 0;
    // Lists show the newest first: the first of the catalogue is made last.
    for product in catalog::products(currency)?.into_iter().rev() {
        let (subject, colours) = product.picture;
        let picture = Blob {
            bytes: pictures::draw(subject, colours).into(),
            content_type: "image/svg+xml".into(),
        };
        app.files
            .put(&catalog::picture_key(&product.handle), picture)
            .await?;
        match create(app, product.input).await {
            Ok(_) => made += 1,
            // From a start that was cut short, or from the shop's own people.
            Err(CatalogError::HandleTaken) => {}
            Err(CatalogError::Fields(faults)) => anyhow::bail!(
                "the demo product {} is not valid: {faults:?}",
                product.handle
            ),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(made)
}

async fn seed_users(app: &App) -> anyhow::Result<usize> {
    let mut made = 0;
    // The admin last: with one, the demo is whole.
    for (role, address) in SIGN_INS {
        let known = app.store.credentials(&address.parse::<Email>()?).await?;
        if known.is_some() {
            continue;
        }
        let (role, name) = match role {
            "admin" => (Role::Admin, "Noura Al-Harbi"),
            "staff" => (Role::Staff, "Yousef Haddad"),
            _ => (Role::Customer, "Salma Karim"),
        };
        let account = RegisterRequest {
            email: address.to_owned(),
            password: PASSWORD.to_owned(),
            name: name.to_owned(),
            locale: Some(Locale::En),
        };
        match create_user(
            app,
            NewUserRequest {
                account,
                role,
                email_verified: true,
            },
        )
        .await
        {
            Ok(_) => made += 1,
            Err(AccountError::EmailTaken) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(made)
}
