//! The outbox, and what became of jobs.

use super::{Collection, Index, Kind};

/// Sharded by `_id`. `failed_jobs` and `engine` are small and need not be.
pub(super) const COLLECTIONS: &[Collection] = &[
    Collection {
        name: "outbox",
        fields: &[
            ("_id", Kind::Id),
            ("at", Kind::Long),
            ("handed_at", Kind::MaybeLong),
            ("expected", Kind::MaybeLong),
            ("settled", Kind::Long),
            ("retries", Kind::MaybeId),
            ("trace", Kind::MaybeText),
            ("body", Kind::Text),
        ],
        indexes: &[
            Index {
                keys: &[("handed_at", 1), ("at", 1), ("_id", 1)],
                unique: false,
                having: None,
            },
            // The oldest, handed on or not, however many wait.
            Index {
                keys: &[("at", 1), ("_id", 1)],
                unique: false,
                having: None,
            },
            Index {
                keys: &[("retries", 1)],
                unique: false,
                having: Some("retries"),
            },
        ],
    },
    Collection {
        name: "done_jobs",
        fields: &[("_id", Kind::Id), ("at", Kind::Long)],
        indexes: &[Index {
            keys: &[("at", 1)],
            unique: false,
            having: None,
        }],
    },
    Collection {
        name: "failed_jobs",
        fields: &[
            ("_id", Kind::Id),
            ("event", Kind::Id),
            ("kind", Kind::Text),
            ("payload", Kind::Text),
            ("error", Kind::Text),
            ("attempts", Kind::Long),
            ("trace", Kind::MaybeText),
            ("created_at", Kind::Long),
            ("at", Kind::Long),
        ],
        indexes: &[Index {
            keys: &[("at", -1), ("_id", -1)],
            unique: false,
            having: None,
        }],
    },
    Collection {
        name: "engine",
        fields: &[("_id", Kind::Text), ("value", Kind::Long)],
        indexes: &[],
    },
];
