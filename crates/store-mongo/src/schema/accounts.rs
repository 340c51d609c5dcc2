//! People, their addresses, sessions, and the answers kept for their keys.

use super::{Collection, Index, Kind};

/// All are sharded by `_id`. An address is the id of its own document, so that it belongs to one account on all shards.
/// `role` stands at those who work here alone, `guest_key` at guests with an address alone.
pub(super) const COLLECTIONS: &[Collection] = &[
    Collection {
        name: "users",
        fields: &[
            ("_id", Kind::Id),
            ("role", Kind::MaybeLong),
            ("guest_key", Kind::MaybeText),
            ("password_hash", Kind::MaybeText),
            ("body", Kind::Text),
        ],
        indexes: &[
            Index {
                keys: &[("role", 1), ("_id", 1)],
                unique: false,
                having: Some("role"),
            },
            Index {
                keys: &[("guest_key", 1), ("_id", -1)],
                unique: false,
                having: Some("guest_key"),
            },
        ],
    },
    Collection {
        name: "emails",
        fields: &[("_id", Kind::Text), ("user_id", Kind::Id)],
        indexes: &[],
    },
    Collection {
        name: "setup_code",
        fields: &[("_id", Kind::Long), ("hash", Kind::Bytes)],
        indexes: &[],
    },
    Collection {
        name: "sessions",
        fields: &[
            ("_id", Kind::Id),
            ("user_id", Kind::Id),
            ("generation", Kind::Long),
            ("rotated_at", Kind::Long),
            ("expires_at", Kind::Long),
            ("body", Kind::Text),
        ],
        indexes: &[
            Index {
                keys: &[("user_id", 1), ("rotated_at", -1)],
                unique: false,
                having: None,
            },
            Index {
                keys: &[("expires_at", 1)],
                unique: false,
                having: None,
            },
        ],
    },
    Collection {
        name: "kept_answers",
        fields: &[
            ("_id", Kind::Text),
            ("request_hash", Kind::Bytes),
            ("taken_at", Kind::Long),
            ("status", Kind::MaybeLong),
            ("content_type", Kind::MaybeText),
            ("etag", Kind::MaybeText),
            ("body", Kind::MaybeBytes),
        ],
        indexes: &[Index {
            keys: &[("taken_at", 1)],
            unique: false,
            having: None,
        }],
    },
];
