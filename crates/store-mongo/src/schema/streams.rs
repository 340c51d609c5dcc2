//! Streams, their entries, and how far people have read.

use super::{Collection, Index, Kind};

/// All are sharded by `stream` (`streams` by `_id`, which is that).
pub(super) const COLLECTIONS: &[Collection] = &[
    Collection {
        name: "streams",
        fields: &[("_id", Kind::Text), ("head", Kind::Long)],
        indexes: &[],
    },
    Collection {
        name: "entries",
        fields: &[
            ("stream", Kind::Text),
            ("seq", Kind::Long),
            ("id", Kind::Id),
            ("at", Kind::Long),
            ("by", Kind::MaybeId),
            ("author", Kind::MaybeText),
            ("body", Kind::Text),
        ],
        indexes: &[
            Index {
                keys: &[("stream", 1), ("seq", 1)],
                unique: true,
                having: None,
            },
            Index {
                keys: &[("stream", 1), ("id", 1)],
                unique: true,
                having: None,
            },
        ],
    },
    Collection {
        name: "read_marks",
        fields: &[
            ("stream", Kind::Text),
            ("user", Kind::Id),
            ("seq", Kind::Long),
            ("mailed_after", Kind::Long),
            ("mailed", Kind::Long),
            ("mailed_by", Kind::MaybeId),
        ],
        indexes: &[Index {
            keys: &[("stream", 1), ("user", 1)],
            unique: true,
            having: None,
        }],
    },
    Collection {
        name: "entry_audit",
        fields: &[
            ("stream", Kind::Text),
            ("by_entry", Kind::Long),
            ("entry", Kind::Long),
            ("deleted", Kind::Bool),
            ("at", Kind::Long),
            ("author", Kind::Text),
            ("before", Kind::Text),
        ],
        indexes: &[
            Index {
                keys: &[("stream", 1), ("by_entry", 1)],
                unique: true,
                having: None,
            },
            Index {
                keys: &[("stream", 1), ("entry", 1), ("by_entry", 1)],
                unique: false,
                having: None,
            },
        ],
    },
];
