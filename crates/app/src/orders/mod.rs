//! Orders: placed by buyers, moved on by staff.

mod change;
mod place;
mod read;

pub use change::{cancel, move_on, set_payment};
pub use place::{PlaceRequest, Placed, place};
pub use read::{OrderSearch, get, list, list_all};
