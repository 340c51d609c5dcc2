//! The catalogue: products, their variants, what is counted of them, and how they are found.

mod counting;
mod handle;
mod import;
mod markup;
mod product;
pub mod search;
mod stock;

pub use counting::{COUNTING_STARTS, IMPORT, Recount, owed, recount};
pub use handle::{handle_from, is_handle};
pub use import::{ImportOptions, ImportedProduct, ImportedVariant, Merge, merge};
pub use markup::sanitise;
pub use product::{
    CatalogFault, Image, Inventory, MAX_IMAGES, MAX_OPTIONS, MAX_TAGS, MAX_VARIANTS, Product,
    ProductOption, ProductStatus, Translation, Variant,
};
pub use stock::{MoveKind, Stock, StockMove};
