//! Orders as the API shows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use souk_domain::order;
use souk_domain::user::{self, Email};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;
use crate::values::{Money, mirrored};

mirrored! {
    /// How far an order is.
    OrderStatus = souk_domain::order::OrderStatus { Placed, Packed, Shipped, Delivered, Cancelled, Returned }
}

mirrored! {
    /// How an order is paid: cash on delivery, or bank transfer.
    PaymentMethod = souk_domain::order::PaymentMethod { Cod, Transfer }
}

mirrored! {
    /// Whether an order is paid.
    PaymentStatus = souk_domain::order::PaymentStatus { Unpaid, Paid, Refunded }
}

/// A postal address.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Address {
    /// Who receives.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Whom the courier calls: 5 to 20 digits.
    phone: String,
    /// Street and house.
    #[schema(min_length = 1, max_length = 200)]
    line1: String,
    /// Flat, floor, landmark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    line2: Option<String>,
    /// City.
    #[schema(min_length = 1, max_length = 100)]
    city: String,
    /// Region, state or governorate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    region: Option<String>,
    /// Postal code, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20)]
    postal_code: Option<String>,
    /// The country's two letters (ISO 3166-1).
    #[schema(min_length = 2, max_length = 2, examples("SA"))]
    country: String,
}

impl Address {
    /// The address tidied, or everything that is wrong with it.
    pub(super) fn checked(self) -> Result<order::Address, Problem> {
        let address = order::Address {
            name: self.name,
            phone: self.phone,
            line1: self.line1,
            line2: self.line2,
            city: self.city,
            region: self.region,
            postal_code: self.postal_code,
            country: self.country,
        };
        Ok(address.checked()?)
    }
}

impl From<order::Address> for Address {
    fn from(address: order::Address) -> Self {
        Self {
            name: address.name,
            phone: address.phone,
            line1: address.line1,
            line2: address.line2,
            city: address.city,
            region: address.region,
            postal_code: address.postal_code,
            country: address.country,
        }
    }
}

/// How an order is paid, and whether it was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Payment {
    /// How.
    method: PaymentMethod,
    /// Whether.
    status: PaymentStatus,
}

/// One variant of an order, with the title and price it was bought at.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderLine {
    /// What was bought.
    variant_id: Uuid,
    /// The product it belongs to.
    product_id: Uuid,
    /// The product's handle, for a link.
    handle: String,
    /// The shop's own name for the variant; may be empty.
    sku: String,
    /// The product's title, in the order's language.
    title: String,
    /// The variant's title, in the order's language; empty when the product has one variant.
    variant_title: String,
    /// How many.
    quantity: u32,
    /// Price of one.
    unit_price: Money,
    /// Price of all.
    total: Money,
    /// A picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
}

/// Who bought.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Customer {
    /// Who.
    id: Uuid,
    /// What they are called; may be empty for guests.
    name: String,
    /// Where to write; a guest may have none.
    #[schema(required)]
    email: Option<String>,
}

impl From<user::User> for Customer {
    fn from(user: user::User) -> Self {
        Self {
            id: user.id.0,
            name: user.name,
            email: user.email.as_ref().map(Email::as_str).map(str::to_owned),
        }
    }
}

/// Lines of variants bought by one user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    /// Which.
    id: Uuid,
    /// What people call it: ten Crockford base-32 characters.
    #[schema(examples("7QK2M9XW4T"))]
    number: String,
    /// Who bought.
    user_id: Uuid,
    /// How far it is.
    status: OrderStatus,
    /// How it is paid, and whether it was.
    payment: Payment,
    /// What was bought.
    lines: Vec<OrderLine>,
    /// Sum of the lines.
    subtotal: Money,
    /// Delivery fee.
    shipping: Money,
    /// Tax: part of the prices, or added to them, as `taxInclusive` says.
    tax: Money,
    /// What the buyer pays.
    total: Money,
    /// Whether the prices contain the tax.
    tax_inclusive: bool,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    placed_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
    /// What the buyer wants said.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The carrier's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking: Option<String>,
    /// Who bought; for staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Customer>,
}

impl Order {
    /// The order as its buyer sees it.
    pub(super) fn for_buyer(order: order::Order) -> Result<Self, Problem> {
        Self::new(order, None)
    }

    /// The order, with its buyer where staff look.
    pub(super) fn new(order: order::Order, buyer: Option<user::User>) -> Result<Self, Problem> {
        let lines = order.lines.into_iter().map(|line| {
            Ok(OrderLine {
                variant_id: line.variant_id.0,
                product_id: line.product_id.0,
                handle: line.handle,
                sku: line.sku,
                title: line.title,
                variant_title: line.variant_title,
                quantity: line.quantity,
                unit_price: line.unit_price.into(),
                total: line
                    .unit_price
                    .times(line.quantity)
                    .map_err(Problem::internal)?
                    .into(),
                image: line.image,
            })
        });
        Ok(Self {
            id: order.id.0,
            number: order.number.to_string(),
            user_id: order.user_id.0,
            status: order.status.into(),
            payment: Payment {
                method: order.payment.method.into(),
                status: order.payment.status.into(),
            },
            lines: lines.collect::<Result<_, Problem>>()?,
            subtotal: order.subtotal.into(),
            shipping: order.shipping.into(),
            tax: order.tax.into(),
            total: order.total.into(),
            tax_inclusive: order.tax_inclusive,
            placed_at: order.placed_at,
            updated_at: order.updated_at,
            address: order.address.map(Address::from),
            note: order.note,
            tracking: order.tracking,
            customer: buyer.map(Customer::from),
        })
    }
}

/// A part of a list of orders.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderList {
    /// The newest first.
    pub(super) items: Vec<Order>,
    /// Give this back as `cursor` for the next ones; null at the end.
    #[schema(required)]
    pub(super) next_cursor: Option<String>,
}
