//! Invariant 2: a key has one order, and an order is found by its key and its number, in at least one tier.
//!
//! A row may be in both tiers while it is merged. It is the same order in both, since each row is held against the order
//! that it leads to.

use rusqlite::{Connection, Row, params};
use souk_domain::UserId;
use uuid::Uuid;

use super::{Faults, each, named};
use crate::failure::Failure;
use crate::fresh;

pub(super) fn check(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    once(connection, faults)?;
    leads_somewhere(connection, faults)?;
    is_found(connection, faults)
}

/// No two orders have one key or one number. The orders say so themselves: no constraint spans the tiers.
fn once(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    let keys =
        "SELECT user_id, key, count(*) FROM orders GROUP BY user_id, key HAVING count(*) > 1";
    each(connection, keys, faults, |row| {
        let (user, key, count): (Vec<u8>, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let user = named(&user);
        Ok((
            2,
            format!("user {user} has {count} orders under the key {key:?}"),
        ))
    })?;
    let numbers = "SELECT number, count(*) FROM orders GROUP BY number HAVING count(*) > 1";
    each(connection, numbers, faults, |row| {
        let (number, count): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok((2, format!("{count} orders have the number {number}")))
    })
}

/// Every row of a tier leads to the order that it names.
fn leads_somewhere(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    for (tier, name) in [("order_keys", "key"), ("fresh_orders", "fresh key")] {
        let sql = format!(
            "SELECT k.seq, k.key_hash, o.user_id, o.key FROM {tier} AS k LEFT JOIN orders AS o USING (seq)"
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (seq, hash): (i64, i64) = (row.get(0)?, row.get(1)?);
            if hash_of(row, 2)? != Some(hash) {
                faults.add(2, format!("the {name} row {seq} leads to no such order"));
            }
            if faults.are_enough() {
                break;
            }
        }
    }
    for (tier, name) in [
        ("order_numbers", "number"),
        ("fresh_orders", "fresh number"),
    ] {
        let sql = format!(
            "SELECT number, seq FROM {tier} AS n WHERE NOT EXISTS
                (SELECT 1 FROM orders AS o WHERE o.seq = n.seq AND o.number = n.number)"
        );
        each(connection, &sql, faults, |row| {
            let seq: i64 = row.get(1)?;
            Ok((2, format!("the {name} row {seq} leads to no such order")))
        })?;
    }
    Ok(())
}

/// What the key of an order is found by; nothing, when there is no order, or no buyer's id.
fn hash_of(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<i64>> {
    let (user, key): (Option<Vec<u8>>, Option<String>) = (row.get(first)?, row.get(first + 1)?);
    let user = user.and_then(|user| Uuid::from_slice(&user).ok());
    Ok(user
        .zip(key)
        .map(|(user, key)| fresh::key_hash(UserId(user), &key)))
}

/// Every order has its rows.
fn is_found(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    let fresh = "SELECT 1 FROM fresh_orders WHERE seq = ?1 AND key_hash = ?2";
    let merged = "SELECT 1 FROM order_keys WHERE key_hash = ?2 AND seq = ?1";
    let (mut fresh, mut merged) = (connection.prepare(fresh)?, connection.prepare(merged)?);
    let mut statement = connection.prepare("SELECT seq, user_id, key, id FROM orders")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, hash): (i64, Option<i64>) = (row.get(0)?, hash_of(row, 1)?);
        if !merged.exists(params![seq, hash])? && !fresh.exists(params![seq, hash])? {
            let id: Vec<u8> = row.get(3)?;
            let id = named(&id);
            faults.add(2, format!("order {id} is in no tier by its key"));
        }
        if faults.are_enough() {
            break;
        }
    }
    let numbers = "SELECT id FROM orders AS o
        WHERE NOT EXISTS (SELECT 1 FROM order_numbers AS n WHERE n.number = o.number AND n.seq = o.seq)
            AND NOT EXISTS (SELECT 1 FROM fresh_orders AS f WHERE f.seq = o.seq AND f.number = o.number)";
    each(connection, numbers, faults, |row| {
        let id: Vec<u8> = row.get(0)?;
        Ok((
            2,
            format!("order {} is in no tier by its number", named(&id)),
        ))
    })
}
