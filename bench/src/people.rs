//! A shop made over HTTP as an owner would: products by the admin, guests who buy.

use std::net::SocketAddr;

use anyhow::Context as _;
use serde_json::{Value, json};
use souk_domain::VariantId;
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::shop::{CURRENCY, Catalogue, PRODUCTS, STOCK, VARIANTS};

/// The admin's address.
pub const ADMIN: &str = "admin@example.com";
/// The admin's password.
pub const PASSWORD: &str = "correct horse battery";
/// Connections over which guests come in.
const DOORS: usize = 8;

/// Makes the products of an empty shop.
pub async fn furnish(address: SocketAddr) -> anyhow::Result<Catalogue> {
    let mut connection = Connection::open(address).await?;
    let token = sign_in(&mut connection).await?;
    let hot = make_product(&mut connection, &token, "Everybody's lamp", 1).await?;
    let mut spread = Vec::new();
    for number in 1..=PRODUCTS {
        spread.extend(
            make_product(&mut connection, &token, &format!("Lamp {number}"), VARIANTS).await?,
        );
    }
    Ok(Catalogue::new(
        *hot.first().context("a product has a variant")?,
        spread,
    ))
}

/// Signs the admin in; the access token.
pub async fn sign_in(connection: &mut Connection) -> anyhow::Result<String> {
    let admin = json!({"email": ADMIN, "password": PASSWORD});
    text(
        &connection.post("/auth/login", None, &admin).await?,
        "accessToken",
    )
}

async fn make_product(
    connection: &mut Connection,
    token: &str,
    title: &str,
    variants: usize,
) -> anyhow::Result<Vec<VariantId>> {
    let variants: Vec<Value> = (1..=variants)
        .map(|number| {
            json!({
                "sku": format!("LAMP-{number}"),
                "options": [format!("Model {number}")],
                "price": {"amount": 12_500, "currency": CURRENCY},
                "inventory": "tracked",
                "stock": STOCK,
            })
        })
        .collect();
    let body = json!({
        "title": title,
        "descriptionHtml": "<p>A lamp of brass and coloured glass, made by hand. Gives a warm light.</p>",
        "translations": {"ar": {"title": format!("مصباح {title}")}},
        "status": "published",
        "options": ["Model"],
        "category": "Lamps",
        "tags": ["light"],
        "variants": variants,
    });
    let made = connection.post("/products", Some(token), &body).await?;
    let variants = made["variants"]
        .as_array()
        .context("a product has variants")?;
    variants
        .iter()
        .map(|variant| Ok(text(variant, "id")?.parse()?))
        .collect()
}

/// Lets so many guests in, each with an address that receipts go to; their access tokens, good for ten minutes.
pub async fn guests(address: SocketAddr, count: usize) -> anyhow::Result<Vec<String>> {
    let mut coming = JoinSet::new();
    for door in 0..DOORS {
        coming.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut tokens = Vec::new();
            for number in (door..count).step_by(DOORS) {
                let body = json!({"name": "Sara Ali", "email": format!("buyer{number}@example.com"), "locale": "en"});
                tokens.push(text(&connection.post("/auth/guest", None, &body).await?, "accessToken")?);
            }
            anyhow::Ok(tokens)
        });
    }
    let mut tokens = Vec::with_capacity(count);
    while let Some(came) = coming.join_next().await {
        tokens.extend(came??);
    }
    Ok(tokens)
}

/// A text in an answer.
pub fn text(value: &Value, field: &str) -> anyhow::Result<String> {
    Ok(value[field]
        .as_str()
        .with_context(|| format!("an answer without {field}"))?
        .to_owned())
}
