//! The tier of the newest orders: what they are found by until it is merged (see [`crate::merge`]).
//!
//! A row of `fresh_orders` is written with its order, at the end of the table. The connection that writes also has the
//! rows in temporary tables, in memory, by key and by number: a savepoint or a transaction that is rolled back takes
//! them back too. Nobody else reads those tables. Never insert here what was not looked for in both tiers: no
//! constraint spans them.

use std::collections::HashSet;

use rusqlite::Connection;
use souk_domain::order::commit::{Action, Command, OrderKey, PlacedOrder};
use souk_domain::{OrderNumber, UserId, ids};

use crate::bulk;
use crate::failure::Failure;
use crate::records::{natural, number, uuid};
use crate::sieve::Sieve;

/// What an order's key is found by: the buyer in the high half, the key in the low one. It stands in files: never change
/// it.
pub(crate) fn key_hash(user: UserId, key: &str) -> i64 {
    let key = ids::derive(user.0, &[key]).as_u128();
    let low = i64::try_from(key & 0xffff_ffff).unwrap_or_default();
    (high(user) << 32) | low
}

/// The high half of what a buyer's keys are found by. Others may have the same.
pub(crate) fn high(user: UserId) -> i64 {
    // The last bytes of an id are random.
    let id = user.0.as_bytes();
    i64::from(i32::from_be_bytes([id[12], id[13], id[14], id[15]]))
}

/// Makes the temporary tables of a connection that writes, which are filled by [`catch_up`], and its sieve, which can be
/// filled.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<Sieve> {
    connection.execute_batch(
        "CREATE TEMP TABLE fresh_by_key (
            key_hash INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            PRIMARY KEY (key_hash, seq)
        ) STRICT, WITHOUT ROWID;
        CREATE TEMP TABLE fresh_by_number (number INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
        -- The newest order that the two tables know.
        CREATE TEMP TABLE fresh_known (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL) STRICT;
        INSERT INTO fresh_known (id, seq) VALUES (1, 0);",
    )?;
    Sieve::prepare(connection)
}

/// Takes in the orders that this connection did not write: all of them after it was opened, and those of another
/// process. Call it inside the transaction that goes on to look for keys or numbers.
pub(crate) fn catch_up(connection: &Connection) -> Result<(), Failure> {
    let known = known(connection)?;
    let newest: Option<i64> = connection
        .prepare_cached("SELECT max(seq) FROM main.fresh_orders")?
        .query_row([], |row| row.get(0))?;
    let Some(newest) = newest.filter(|newest| *newest > known) else {
        return Ok(());
    };
    for sql in [
        "INSERT INTO temp.fresh_by_key (key_hash, seq) SELECT key_hash, seq FROM main.fresh_orders WHERE seq > ?1",
        "INSERT INTO temp.fresh_by_number (number, seq) SELECT number, seq FROM main.fresh_orders WHERE seq > ?1",
    ] {
        connection.prepare_cached(sql)?.execute([known])?;
    }
    know(connection, newest)
}

/// The newest order that the temporary tables know; 0 when there is none.
pub(crate) fn known(connection: &Connection) -> Result<i64, Failure> {
    let mut statement = connection.prepare_cached("SELECT seq FROM temp.fresh_known")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Notes that the temporary tables know all orders up to this one.
pub(crate) fn know(connection: &Connection, seq: i64) -> Result<(), Failure> {
    connection
        .prepare_cached("UPDATE temp.fresh_known SET seq = ?1")?
        .execute([seq])?;
    Ok(())
}

/// The orders that wait to be merged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fresh {
    /// How many they are.
    pub(crate) count: u64,
    /// The newest of them; 0 when there is none.
    pub(crate) newest: i64,
}

/// Counts the orders that wait to be merged.
pub(crate) fn count(connection: &Connection) -> Result<Fresh, Failure> {
    // They are numbered without holes, and leave from the first on: the ends say how many they are.
    let sql =
        "SELECT (SELECT min(seq) FROM main.fresh_orders), (SELECT max(seq) FROM main.fresh_orders)";
    let ends: (Option<i64>, Option<i64>) = connection
        .prepare_cached(sql)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match ends {
        (Some(first), Some(newest)) => Fresh {
            count: natural(newest - first + 1),
            newest,
        },
        _ => Fresh::default(),
    })
}

/// Looks for orders by what they are found by, in one tier after the other.
const TIERS_BY_KEY: [&str; 2] = [
    "SELECT o.user_id, o.key, o.request_hash, o.body FROM {} CROSS JOIN temp.fresh_by_key AS k ON k.key_hash = column1
        CROSS JOIN main.orders AS o ON o.seq = k.seq AND o.user_id = column2 AND o.key = column3",
    "SELECT o.user_id, o.key, o.request_hash, o.body FROM {} CROSS JOIN main.order_keys AS k ON k.key_hash = column1
        CROSS JOIN main.orders AS o ON o.seq = k.seq AND o.user_id = column2 AND o.key = column3
        WHERE may_be_there(column1)",
];

/// See [`TIERS_BY_KEY`].
const TIERS_BY_NUMBER: [&str; 2] = [
    "SELECT n.number FROM {} CROSS JOIN temp.fresh_by_number AS n ON n.number = column1",
    "SELECT n.number FROM {} CROSS JOIN main.order_numbers AS n ON n.number = column1
        WHERE may_be_there(column1)",
];

/// The orders that were placed under keys: the hash of their requests, and their bodies.
pub(crate) fn under_keys(
    connection: &Connection,
    keys: impl IntoIterator<Item = OrderKey>,
) -> Result<Vec<(OrderKey, [u8; 32], String)>, Failure> {
    let mut keys: Vec<(i64, OrderKey)> = keys
        .into_iter()
        .map(|key| (key_hash(key.0, &key.1), key))
        .collect();
    // Neighbours share pages.
    keys.sort_unstable_by_key(|(hash, _)| *hash);
    let mut found = Vec::new();
    for tier in TIERS_BY_KEY {
        bulk::ask(
            connection,
            tier,
            3,
            &keys,
            |values, (hash, (user, key))| {
                values.push(hash)?;
                values.push(user.0.as_bytes())?;
                Ok(values.push(key)?)
            },
            |row| {
                let key = (UserId(uuid(row, 0)?), row.get(1)?);
                found.push((key, row.get(2)?, row.get(3)?));
                Ok(())
            },
        )?;
    }
    Ok(found)
}

/// Those of the numbers that orders have.
fn taken(connection: &Connection, numbers: &[i64]) -> Result<HashSet<i64>, Failure> {
    let mut taken = HashSet::new();
    for tier in TIERS_BY_NUMBER {
        bulk::ask(
            connection,
            tier,
            1,
            numbers,
            |values, number| Ok(values.push(number)?),
            |row| {
                taken.insert(row.get(0)?);
                Ok(())
            },
        )?;
    }
    Ok(taken)
}

/// Gives other numbers to those of the commands whose number another order has; nothing, when there are none. The new
/// one follows from the order's id, so that a batch that is tried again asks for the same.
pub(crate) fn with_free_numbers(
    connection: &Connection,
    commands: &[Command],
) -> Result<Option<Vec<Command>>, Failure> {
    let mut wanted: Vec<i64> = commands
        .iter()
        .filter_map(|command| match &command.action {
            Action::Place(order) => Some(number(order.number)),
            _ => None,
        })
        .collect();
    wanted.sort_unstable();
    let mut known = taken(connection, &wanted)?;
    let mut given = HashSet::new();
    let mut changed = Vec::new();
    for (place, command) in commands.iter().enumerate() {
        let Action::Place(order) = &command.action else {
            continue;
        };
        let mut free = order.number;
        let mut attempt = 0;
        while given.contains(&free) || known.contains(&number(free)) {
            attempt += 1;
            free = another(order.id.0.as_u128(), attempt);
            known.extend(taken(connection, &[number(free)])?);
        }
        given.insert(free);
        if attempt > 0 {
            changed.push((place, free));
        }
    }
    if changed.is_empty() {
        return Ok(None);
    }
    let mut commands = commands.to_vec();
    for (place, free) in changed {
        if let Action::Place(order) = &mut commands[place].action {
            order.number = free;
        }
    }
    Ok(Some(commands))
}

/// The number of an order's next attempt: the random bits of its id, spread anew each time.
fn another(id: u128, attempt: u64) -> OrderNumber {
    let low = u64::try_from(id & u128::from(u64::MAX)).unwrap_or_default();
    OrderNumber::from_random(
        low.wrapping_add(attempt)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            >> 13,
    )
}

/// Keeps what orders that were just written are found by. They were looked for in both tiers before.
pub(crate) fn add(connection: &Connection, placed: &[(i64, &PlacedOrder)]) -> Result<(), Failure> {
    const FRESH: bulk::Into = bulk::Into {
        table: "main.fresh_orders (seq, key_hash, number)",
        columns: 3,
        conflict: "",
    };
    const BY_KEY: bulk::Into = bulk::Into {
        table: "temp.fresh_by_key (key_hash, seq)",
        columns: 2,
        conflict: "",
    };
    const BY_NUMBER: bulk::Into = bulk::Into {
        table: "temp.fresh_by_number (number, seq)",
        columns: 2,
        conflict: "",
    };
    let Some((newest, _)) = placed.last() else {
        return Ok(());
    };
    let mut rows: Vec<(i64, i64, i64)> = placed
        .iter()
        .map(|(seq, placed)| {
            let hash = key_hash(placed.order.user_id, &placed.key);
            (*seq, hash, number(placed.order.number))
        })
        .collect();
    bulk::insert(connection, &FRESH, &rows, |values, (seq, hash, number)| {
        values.push(seq)?;
        values.push(hash)?;
        Ok(values.push(number)?)
    })?;
    rows.sort_unstable_by_key(|(seq, hash, _)| (*hash, *seq));
    bulk::insert(connection, &BY_KEY, &rows, |values, (seq, hash, _)| {
        values.push(hash)?;
        Ok(values.push(seq)?)
    })?;
    rows.sort_unstable_by_key(|(_, _, number)| *number);
    bulk::insert(connection, &BY_NUMBER, &rows, |values, (seq, _, number)| {
        values.push(number)?;
        Ok(values.push(seq)?)
    })?;
    know(connection, *newest)
}
