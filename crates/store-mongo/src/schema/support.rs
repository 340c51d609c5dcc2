//! Nothing yet.

use super::Collection;

pub(super) const COLLECTIONS: &[Collection] = &[];
