//! Products and variants. What is counted of them is with the orders.

use super::{Collection, Index, Kind};

/// A catalogue is small beside what is sold of it: `products` stay on one shard, where `handle` can be unique; `variants`
/// are sharded by `_id`. `sale` is the product without what a sale does not need. `words` are all words that a product
/// is found by, `title_words` those of its title. What other languages call its category stands in `category_ar`,
/// `category_en`, so that categories are counted from an index alone.
pub(super) const COLLECTIONS: &[Collection] = &[
    Collection {
        name: "products",
        fields: &[
            ("_id", Kind::Id),
            ("handle", Kind::Text),
            ("status", Kind::Long),
            ("category", Kind::MaybeText),
            ("category_ar", Kind::MaybeText),
            ("category_en", Kind::MaybeText),
            ("tags", Kind::Texts),
            ("title_words", Kind::Texts),
            ("words", Kind::Texts),
            ("sale", Kind::Text),
            ("body", Kind::Text),
        ],
        indexes: &[
            Index {
                keys: &[("handle", 1)],
                unique: true,
                having: None,
            },
            Index {
                keys: &[("status", 1), ("_id", -1)],
                unique: false,
                having: None,
            },
            Index {
                keys: &[("category", 1), ("_id", -1)],
                unique: false,
                having: None,
            },
            Index {
                keys: &[
                    ("status", 1),
                    ("category", 1),
                    ("_id", -1),
                    ("category_ar", 1),
                    ("category_en", 1),
                ],
                unique: false,
                having: None,
            },
            Index {
                keys: &[("tags", 1), ("_id", -1)],
                unique: false,
                having: None,
            },
            Index {
                keys: &[("title_words", 1)],
                unique: false,
                having: None,
            },
            Index {
                keys: &[("words", 1)],
                unique: false,
                having: None,
            },
        ],
    },
    Collection {
        name: "variants",
        fields: &[
            ("_id", Kind::Id),
            ("product_id", Kind::Id),
            ("body", Kind::Text),
        ],
        indexes: &[],
    },
];
