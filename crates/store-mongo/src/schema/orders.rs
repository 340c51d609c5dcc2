//! Orders, what they are found by, stock, and the shop's settings.

use super::{Collection, Index, Kind};

/// `orders` are sharded by their buyer. `order_ids` says whose an order is, by its id and by its number: both are unique
/// there, whichever shard the order is on. `stock` is a collection of its own, keyed by variant, so that selling neither
/// rewrites products nor meets anything but sales of the same variant. A stock move of an order has an id derived from
/// both, so that an order moves a variant at most once each way.
pub(super) const COLLECTIONS: &[Collection] = &[
    Collection {
        name: "shop",
        fields: &[("_id", Kind::Text), ("body", Kind::Text)],
        indexes: &[],
    },
    Collection {
        name: "orders",
        fields: &[
            ("_id", Kind::Id),
            ("user", Kind::Id),
            ("key", Kind::Text),
            ("hash", Kind::Bytes),
            ("number", Kind::Long),
            ("status", Kind::Long),
            ("placed_at", Kind::Long),
            ("body", Kind::Text),
        ],
        indexes: &[
            Index {
                keys: &[("user", 1), ("key", 1)],
                unique: true,
                having: None,
            },
            Index {
                keys: &[("user", 1), ("_id", -1)],
                unique: false,
                having: None,
            },
            Index {
                keys: &[("status", 1), ("_id", -1)],
                unique: false,
                having: None,
            },
        ],
    },
    Collection {
        name: "order_ids",
        fields: &[
            ("_id", Kind::IdOrLong),
            ("order", Kind::MaybeId),
            ("user", Kind::Id),
        ],
        indexes: &[],
    },
    Collection {
        name: "stock",
        fields: &[
            ("_id", Kind::Id),
            ("received", Kind::Long),
            ("sold", Kind::Long),
            ("returned", Kind::Long),
        ],
        indexes: &[],
    },
    Collection {
        name: "stock_moves",
        fields: &[
            ("_id", Kind::Id),
            ("variant", Kind::Id),
            ("kind", Kind::Long),
            ("quantity", Kind::Long),
            ("reason", Kind::Text),
            ("order", Kind::MaybeId),
            ("at", Kind::Long),
        ],
        indexes: &[],
    },
];
