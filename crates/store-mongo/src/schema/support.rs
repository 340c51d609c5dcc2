//! The support desk.

use super::{Collection, Index, Kind};

/// Not sharded; conversations may be, by `_id`, which is the customer's. `status` is 0 for open, 1 for closed. Both are few beside what is said.
pub(super) const COLLECTIONS: &[Collection] = &[
    Collection {
        name: "conversations",
        fields: &[
            ("_id", Kind::Id),
            ("status", Kind::Long),
            ("assignee", Kind::MaybeId),
            ("last_at", Kind::Long),
            ("body", Kind::Text),
        ],
        indexes: &[
            Index {
                keys: &[("status", 1), ("last_at", -1), ("_id", -1)],
                unique: false,
                having: None,
            },
            Index {
                keys: &[("assignee", 1), ("status", 1), ("last_at", -1), ("_id", -1)],
                unique: false,
                having: None,
            },
        ],
    },
    Collection {
        name: "canned_replies",
        fields: &[
            ("_id", Kind::Id),
            ("title", Kind::Text),
            ("body", Kind::Text),
        ],
        indexes: &[],
    },
];
