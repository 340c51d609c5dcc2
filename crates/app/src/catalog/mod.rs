//! The catalogue: seen by all, kept by admins.

pub mod import;
pub mod pages;
mod read;
mod stock;
mod write;

pub use read::{get, list};
pub use stock::adjust;
pub use write::{CatalogError, LowStockChange, ProductInput, VariantInput, create, delete, update};
