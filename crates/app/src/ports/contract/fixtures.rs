//! What the contract's tests put into a store.

use std::sync::atomic::{AtomicU64, Ordering};

use souk_domain::catalog::{Inventory, Product, ProductOption, ProductStatus, Variant};
use souk_domain::order::commit::{
    Action, AdjustStock, Command, MoveOrder, Outcome, PayOrder, PlaceOrder,
};
use souk_domain::order::{
    Order, OrderError, OrderStatus, PaymentMethod, PaymentStatus, RequestedLine,
};
use souk_domain::shop::ShopSettings;
use souk_domain::stream::Author;
use souk_domain::user::{Email, Role, User};
use souk_domain::{
    Currency, Event, EventId, EventRecord, Locale, Money, MoveId, OrderId, OrderNumber, ProductId,
    Timestamp, UserId, VariantId,
};
use uuid::Uuid;

use crate::ports::Store;
use crate::ports::store::{ProductRef, Written};

static MADE: AtomicU64 = AtomicU64::new(1);

/// An id that nobody had before, later than those before it.
pub fn id() -> Uuid {
    let made = u128::from(MADE.fetch_add(1, Ordering::Relaxed));
    let spread = made.wrapping_mul(0x9e37_79b9_7f4a_7c15) & ((1 << 62) - 1);
    Uuid::from_u128(((0x0192_d9f0_0000 + made) << 80) | (7 << 76) | (2 << 62) | spread)
}

/// A time: so many seconds after the start of the tests' world.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("in range")
}

/// The currency of the tests.
pub fn currency() -> Currency {
    "SAR".parse().expect("a known code")
}

/// Somebody who buys.
pub fn customer(name: &str) -> Author {
    Author {
        id: UserId(id()),
        name: name.to_owned(),
        role: Role::Customer,
    }
}

/// Somebody who works here.
pub fn staff() -> Author {
    Author {
        id: UserId(id()),
        name: "Staff".to_owned(),
        role: Role::Staff,
    }
}

/// A person, who reads Arabic; an empty address is none.
pub fn user(role: Role, email: &str) -> User {
    let email: Option<Email> = (!email.is_empty()).then(|| email.parse().expect("an address"));
    User {
        id: UserId(id()),
        email,
        email_verified: false,
        name: "Sara".into(),
        role,
        locale: Locale::Ar,
        created_at: at(0),
    }
}

/// A variant with one option value; an empty one is none.
pub fn variant(option: &str, price: i64, inventory: Inventory) -> Variant {
    Variant {
        id: VariantId(id()),
        sku: String::new(),
        options: if option.is_empty() {
            vec![]
        } else {
            vec![option.to_owned()]
        },
        price: Money::new(price, currency()),
        compare_at: None,
        inventory,
        low_stock_at: None,
    }
}

/// A published product of one tracked variant.
pub fn product(handle: &str, title: &str) -> Product {
    Product {
        id: ProductId(id()),
        handle: handle.to_owned(),
        title: title.to_owned(),
        description_html: "<p>Good.</p>".to_owned(),
        translations: std::collections::BTreeMap::new(),
        status: ProductStatus::Published,
        options: vec![],
        variants: vec![variant("", 1_000, Inventory::Tracked)],
        images: vec![],
        tags: vec![],
        category: None,
        vendor: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// The same with variants in colours.
pub fn colours(handle: &str, colours: &[&str]) -> Product {
    let mut product = product(handle, handle);
    product.options = vec![ProductOption {
        name: "Colour".into(),
        values: vec![],
    }];
    product.variants = colours
        .iter()
        .map(|colour| variant(colour, 1_000, Inventory::Tracked))
        .collect();
    product.collect_option_values();
    product
}

/// A shop with one product of which so many units are there.
pub async fn shop_with(store: &dyn Store, units: i64) -> VariantId {
    store
        .keep_shop(&ShopSettings::new(currency()))
        .await
        .expect("kept");
    let product = product("mug", "Mug");
    put(store, &product, units).await;
    product.variants[0].id
}

/// Keeps a new product with so many units of each variant.
pub async fn put(store: &dyn Store, product: &Product, units: i64) {
    let stock: Vec<_> = product
        .variants
        .iter()
        .map(|variant| (variant.id, units))
        .collect();
    assert_eq!(
        store
            .create_product(product, &stock, "start")
            .await
            .expect("kept"),
        Written::Done
    );
}

/// Units left of a variant of a product.
pub async fn left(store: &dyn Store, product: ProductRef, variant: VariantId) -> i64 {
    let product = store.product(&product).await.expect("read").expect("there");
    product
        .stock
        .get(&variant)
        .copied()
        .unwrap_or_default()
        .remaining()
}

/// A wish, made at second 100, with a trace.
pub fn command(action: Action) -> Command {
    Command {
        action,
        at: at(100),
        trace: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
    }
}

/// An order as it is asked for, under a key.
pub fn place(buyer: &Author, key: &str, lines: &[(VariantId, u32)]) -> PlaceOrder {
    let id = id();
    let (_, low) = id.as_u64_pair();
    PlaceOrder {
        id: OrderId(id),
        number: OrderNumber::from_random(low.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 7),
        buyer: buyer.clone(),
        key: key.to_owned(),
        request_hash: [7; 32],
        lines: lines
            .iter()
            .map(|(variant, quantity)| RequestedLine {
                variant: *variant,
                quantity: *quantity,
            })
            .collect(),
        expected_total: None,
        address: None,
        note: None,
        payment: PaymentMethod::Cod,
        locale: Locale::En,
    }
}

/// The wish to place one.
pub fn buy(buyer: &Author, key: &str, lines: &[(VariantId, u32)]) -> Command {
    command(Action::Place(Box::new(place(buyer, key, lines))))
}

/// The wish to move an order on, by staff unless it must be a buyer's own.
pub fn step(order: OrderId, to: OrderStatus, only_of: Option<UserId>) -> Command {
    command(Action::Move(MoveOrder {
        order,
        only_of,
        to,
        tracking: None,
        reason: Some("why".into()),
        by: staff(),
    }))
}

/// The wish to move its payment on.
pub fn pay(order: OrderId, to: PaymentStatus) -> Command {
    command(Action::Pay(PayOrder {
        order,
        to,
        by: staff(),
    }))
}

/// The wish to change stock by hand.
pub fn adjust(id: MoveId, variant: VariantId, delta: i64) -> Command {
    command(Action::Adjust(AdjustStock {
        id,
        variant,
        delta,
        reason: "counted".into(),
    }))
}

/// Commits one command.
pub async fn commit(store: &dyn Store, command: Command) -> Result<Outcome, OrderError> {
    let mut committed = store.commit(vec![command]).await.expect("committed");
    assert_eq!(committed.results.len(), 1);
    committed.results.remove(0)
}

/// Places an order of one line that must be admitted.
pub async fn placed(
    store: &dyn Store,
    buyer: &Author,
    key: &str,
    variant: VariantId,
    quantity: u32,
) -> Order {
    match commit(store, buy(buyer, key, &[(variant, quantity)])).await {
        Ok(Outcome::Placed {
            order,
            replayed: false,
        }) => *order,
        other => panic!("not placed: {other:?}"),
    }
}

/// An event from which a job follows.
pub fn event(seconds: i64) -> EventRecord {
    let event = Event::PasswordResetRequested {
        user_id: UserId(id()),
    };
    EventRecord {
        id: EventId(id()),
        event,
        at: at(seconds),
        trace: None,
    }
}

/// That no invariant is broken.
pub async fn assert_sound(store: &dyn Store) {
    assert_eq!(store.verify().await.expect("verified"), []);
}
