//! A shop to load at the store: its catalogue, its buyers, and the orders they ask for.

use std::collections::BTreeMap;

use crate::world::World;
use anyhow::Context as _;
use souk_app::ports::store::{Store, Written};
use souk_domain::catalog::{
    Image, Inventory, Product, ProductOption, ProductStatus, Translation, Variant,
};
use souk_domain::order::commit::{Action, Command, PlaceOrder};
use souk_domain::order::{Address, PaymentMethod, RequestedLine};
use souk_domain::shop::ShopSettings;
use souk_domain::stream::Author;
use souk_domain::user::Role;
use souk_domain::{Currency, Locale, Money, OrderId, ProductId, UserId, VariantId};

/// The currency of everything.
pub const CURRENCY: &str = "SAR";
/// Products that the spread orders choose from, and variants of each: 1,000 in all.
pub const PRODUCTS: usize = 10;
/// See [`PRODUCTS`].
pub const VARIANTS: usize = 100;
/// Units of each variant: more than any run sells.
pub const STOCK: i64 = 100_000_000;

/// What buyers are after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// All the same variant.
    Hot,
    /// Each any of 1,000 variants.
    Spread,
}

impl Demand {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hot, Self::Spread];

    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hot => "hot (1 variant)",
            Self::Spread => "spread (1,000 variants)",
        }
    }
}

/// The variants of a shop.
#[derive(Debug, Clone)]
pub struct Catalogue {
    hot: VariantId,
    spread: Vec<VariantId>,
}

impl Catalogue {
    /// Of variants that are there.
    pub fn new(hot: VariantId, spread: Vec<VariantId>) -> Self {
        Self { hot, spread }
    }

    /// Puts settings and products into an empty store.
    pub async fn furnish(store: &dyn Store) -> anyhow::Result<Self> {
        let currency: Currency = CURRENCY.parse()?;
        store.keep_shop(&ShopSettings::new(currency)).await?;
        let hot = product(currency, "Everybody's lamp", 1);
        keep(store, &hot).await?;
        let mut spread = Vec::with_capacity(PRODUCTS * VARIANTS);
        for number in 1..=PRODUCTS {
            let made = product(currency, &format!("Lamp {number}"), VARIANTS);
            keep(store, &made).await?;
            spread.extend(made.variants.iter().map(|variant| variant.id));
        }
        let first = hot.variants.first().context("a product has a variant")?;
        Ok(Self::new(first.id, spread))
    }

    /// A variant that somebody is after.
    pub fn choose(&self, demand: Demand, world: &mut World) -> VariantId {
        match demand {
            Demand::Hot => self.hot,
            Demand::Spread => *world.choose(&self.spread),
        }
    }

    /// All variants that somebody may be after.
    pub fn of(&self, demand: Demand) -> &[VariantId] {
        match demand {
            Demand::Hot => std::slice::from_ref(&self.hot),
            Demand::Spread => &self.spread,
        }
    }
}

async fn keep(store: &dyn Store, product: &Product) -> anyhow::Result<()> {
    let stock: Vec<_> = product
        .variants
        .iter()
        .map(|variant| (variant.id, STOCK))
        .collect();
    let written = store
        .create_product(product, &stock, "for the bench")
        .await?;
    anyhow::ensure!(written == Written::Done, "{}: {written:?}", product.handle);
    Ok(())
}

fn product(currency: Currency, title: &str, variants: usize) -> Product {
    let now = World::now();
    let mut product = Product {
        id: ProductId(World::uuid()),
        handle: title.to_lowercase().replace(['\'', ' '], "-"),
        title: title.to_owned(),
        description_html:
            "<p>A lamp of brass and coloured glass, made by hand. Gives a warm light.</p>"
                .to_owned(),
        translations: BTreeMap::from([(
            Locale::Ar,
            Translation {
                title: Some(format!("مصباح {title}")),
                ..Translation::default()
            },
        )]),
        status: ProductStatus::Published,
        options: vec![ProductOption {
            name: "Model".to_owned(),
            values: Vec::new(),
        }],
        variants: (1..=variants)
            .map(|number| Variant {
                id: VariantId(World::uuid()),
                sku: format!("LAMP-{number}"),
                options: vec![format!("Model {number}")],
                price: Money::new(12_500, currency),
                compare_at: None,
                inventory: Inventory::Tracked,
                low_stock_at: None,
            })
            .collect(),
        images: vec![Image {
            url: "/media/lamp.svg".to_owned(),
            alt: "A lamp".to_owned(),
        }],
        tags: vec!["light".to_owned()],
        category: Some("Lamps".to_owned()),
        vendor: None,
        created_at: now,
        updated_at: now,
    };
    product.collect_option_values();
    product
}

/// The people who buy, as they gather in a shop: one order in [`NEW_BUYER_EVERY`] is by somebody new, the others by
/// anybody who bought before. They need not be in the store: committing an order does not look them up.
pub struct Buyers {
    known: Vec<UserId>,
}

/// Orders for each buyer, on average: people come back.
pub const NEW_BUYER_EVERY: u64 = 4;

impl Buyers {
    /// Nobody yet.
    pub fn new() -> Self {
        Self { known: Vec::new() }
    }

    /// Somebody who buys now.
    fn next(&mut self, world: &mut World) -> Author {
        let id = if self.known.is_empty() || world.random().is_multiple_of(NEW_BUYER_EVERY) {
            let new = UserId(World::uuid());
            self.known.push(new);
            new
        } else {
            *world.choose(&self.known)
        };
        Author {
            id,
            name: "Sara Ali".to_owned(),
            role: Role::Customer,
        }
    }
}

/// An order of one unit, with an address.
pub fn order(
    catalogue: &Catalogue,
    buyers: &mut Buyers,
    demand: Demand,
    world: &mut World,
) -> Command {
    let variant = catalogue.choose(demand, world);
    let place = PlaceOrder {
        id: OrderId(World::uuid()),
        number: world.order_number(),
        buyer: buyers.next(world),
        key: world.key(),
        request_hash: [7; 32],
        lines: vec![RequestedLine {
            variant,
            quantity: 1,
        }],
        expected_total: None,
        address: Some(Address {
            name: "Sara Ali".to_owned(),
            phone: "+966500000000".to_owned(),
            line1: "12 Olaya Street".to_owned(),
            line2: None,
            city: "Riyadh".to_owned(),
            region: None,
            postal_code: Some("12211".to_owned()),
            country: "SA".to_owned(),
        }),
        note: None,
        payment: PaymentMethod::Cod,
        locale: Locale::En,
    };
    Command {
        action: Action::Place(Box::new(place)),
        at: World::now(),
        trace: Some(world.trace()),
    }
}

/// So many orders, as the committer hands them over.
pub fn batch(
    size: usize,
    catalogue: &Catalogue,
    buyers: &mut Buyers,
    demand: Demand,
    world: &mut World,
) -> Vec<Command> {
    (0..size)
        .map(|_| order(catalogue, buyers, demand, world))
        .collect()
}
