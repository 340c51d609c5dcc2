-- The first schema.
--
-- Ids are 16-byte blobs. Times are nanoseconds since 1970 (an INTEGER of 8 bytes, as microseconds would be), so that
-- what is read back equals what was written. `body` is the stored form of a domain value (JSON); the columns beside it
-- are what rows are found by.
--
-- The commit of orders is the hot path. Order ids are UUIDv7, so everything keyed by them grows at its end. What is
-- inserted in the middle (the buyer's key, the number) has tables of its own, which are not written on that path.

CREATE TABLE shop (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    body TEXT NOT NULL
) STRICT;

-- One row for each thing that the engine remembers of itself.
CREATE TABLE engine (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The catalogue. `sale` is the product without what a sale does not need (descriptions, variants, further pictures).
CREATE TABLE products (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    handle TEXT NOT NULL UNIQUE,
    status INTEGER NOT NULL,
    category TEXT,
    category_terms TEXT NOT NULL,
    sale TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX products_by_status ON products (status, id);
CREATE INDEX products_by_category ON products (category, status, id, category_terms) WHERE category IS NOT NULL;

CREATE TABLE product_tags (
    tag TEXT NOT NULL,
    product_id BLOB NOT NULL,
    PRIMARY KEY (tag, product_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX product_tags_by_product ON product_tags (product_id);

CREATE TABLE variants (
    id BLOB PRIMARY KEY,
    product_id BLOB NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX variants_by_product ON variants (product_id);

-- Words come folded and parted by spaces: the tokenizer must part them nowhere else. Rows are known by `products.seq`.
CREATE VIRTUAL TABLE product_search USING fts5 (
    title,
    rest,
    content = '',
    contentless_delete = 1,
    prefix = '2 3',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);

-- Stock: counts, and every move that made them.
CREATE TABLE stock (
    variant_id BLOB PRIMARY KEY,
    received INTEGER NOT NULL,
    sold INTEGER NOT NULL,
    returned INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE stock_moves (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    variant_id BLOB NOT NULL,
    kind INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    reason TEXT NOT NULL,
    order_id BLOB,
    at INTEGER NOT NULL
) STRICT;
-- An order moves a variant at most once each way; a move by hand is known by its id.
CREATE UNIQUE INDEX stock_moves_of_orders ON stock_moves (order_id, variant_id, kind) WHERE order_id IS NOT NULL;
CREATE UNIQUE INDEX stock_moves_by_hand ON stock_moves (id) WHERE order_id IS NULL;

CREATE TABLE orders (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    number INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    status INTEGER NOT NULL,
    placed_at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
-- Lists are in the order of `seq`, which ends every index.
CREATE INDEX orders_by_status ON orders (status);

-- An order is found by its buyer, key and number in two tiers. Its commit appends a row to `fresh_orders`; merging
-- copies many of them, in order, to `order_keys` and `order_numbers`, and then drops them here. In between an order is
-- in both: whoever reads asks both, and takes an order once.
--
-- `key_hash` is 32 bits of the buyer's id over 32 bits of a hash of the key. Small rows make few pages, of which a merge
-- writes fewer still. The order itself says whether it is the one that is meant.
CREATE TABLE fresh_orders (
    seq INTEGER PRIMARY KEY,
    key_hash INTEGER NOT NULL,
    number INTEGER NOT NULL
) STRICT;

-- A buyer's list is sorted out of this one: a buyer has few orders.
CREATE TABLE order_keys (
    key_hash INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (key_hash, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_numbers (
    number INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;

-- Streams. A key is one byte for its kind and the 16 bytes of the id.
CREATE TABLE streams (
    stream BLOB PRIMARY KEY,
    head INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
    stream BLOB NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    at INTEGER NOT NULL,
    author TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX entries_by_id ON entries (stream, id);

-- How far people have read streams; and which job wrote to them, by mail, what they had not read, after and up to which
-- numbers.
CREATE TABLE read_marks (
    stream BLOB NOT NULL,
    user_id BLOB NOT NULL,
    seq INTEGER NOT NULL DEFAULT 0,
    mailed_after INTEGER NOT NULL DEFAULT 0,
    mailed INTEGER NOT NULL DEFAULT 0,
    mailed_by BLOB,
    PRIMARY KEY (stream, user_id)
) STRICT, WITHOUT ROWID;

-- What messages said before they were edited or deleted. `entry` is the message, `by_entry` what changed it.
CREATE TABLE entry_audit (
    stream BLOB NOT NULL,
    by_entry INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    at INTEGER NOT NULL,
    author TEXT NOT NULL,
    before TEXT NOT NULL,
    PRIMARY KEY (stream, by_entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_audit_of ON entry_audit (stream, entry, by_entry);

-- Support conversations: `status` is 0 for open, 1 for closed.
CREATE TABLE conversations (
    user_id BLOB PRIMARY KEY,
    status INTEGER NOT NULL,
    assignee BLOB,
    last_at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX conversations_by_status ON conversations (status, last_at, user_id);
CREATE INDEX conversations_of_staff ON conversations (assignee, status, last_at, user_id);

CREATE TABLE canned_replies (
    id BLOB PRIMARY KEY,
    title TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Events whose work is not done. `expected` jobs follow from one, as far as the relay said; `settled` of them ended.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    handed_at INTEGER,
    expected INTEGER,
    settled INTEGER NOT NULL DEFAULT 0,
    retries BLOB,
    trace TEXT,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_new ON outbox (at) WHERE handed_at IS NULL;
CREATE INDEX outbox_handed ON outbox (handed_at, at) WHERE handed_at IS NOT NULL;
CREATE INDEX outbox_retries ON outbox (retries) WHERE retries IS NOT NULL;

-- What became of jobs: those that were done, for 30 days, and those that failed for good, until they are tried again.
CREATE TABLE done_jobs (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE failed_jobs (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    event_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    error TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    trace TEXT,
    created_at INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX failed_jobs_by_time ON failed_jobs (at, id);

-- Jobs that wait (`leased` = 0) or run. `available_at` is when one may be leased: its time, or the end of its lease.
-- A number is never given to a second job, so that a fencing token made of it is good for one job only.
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    priority INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    available_at INTEGER NOT NULL,
    leased INTEGER NOT NULL DEFAULT 0,
    leases INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    event_id BLOB NOT NULL,
    trace TEXT,
    created_at INTEGER NOT NULL,
    error TEXT
) STRICT;
CREATE INDEX jobs_to_lease ON jobs (priority, available_at, leased);

-- People. `email_key` is that of accounts alone, `guest_key` that of guests, who share addresses.
CREATE TABLE users (
    id BLOB PRIMARY KEY,
    email_key TEXT UNIQUE,
    guest_key TEXT,
    role INTEGER NOT NULL,
    password_hash TEXT,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX guests_by_address ON users (guest_key, id) WHERE guest_key IS NOT NULL;
CREATE INDEX users_who_work_here ON users (role, id) WHERE role >= 2;

CREATE TABLE sessions (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL,
    rotated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_user ON sessions (user_id, rotated_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE setup_code (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    hash BLOB NOT NULL
) STRICT;

-- Answers kept for keys; `status` is none while the request is worked on.
CREATE TABLE kept_answers (
    seq INTEGER PRIMARY KEY,
    user_id BLOB NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    taken_at INTEGER NOT NULL,
    status INTEGER,
    content_type TEXT,
    etag TEXT,
    body BLOB,
    UNIQUE (user_id, key)
) STRICT;
CREATE INDEX kept_answers_by_time ON kept_answers (taken_at);
