//! Invariant 2: a key has one order, and an order is found by its key and its number, in at least one tier.
//!
//! A row may be in both tiers while it is merged. It is the same order in both, since each row is held against the order
//! that it leads to.

use rusqlite::Connection;

use super::{Faults, each, named};
use crate::failure::Failure;

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
    let keys = "SELECT user_id, key FROM order_keys AS k WHERE NOT EXISTS
        (SELECT 1 FROM orders AS o WHERE o.seq = k.seq AND o.user_id = k.user_id AND o.key = k.key)";
    each(connection, keys, faults, |row| {
        let (user, key): (Vec<u8>, String) = (row.get(0)?, row.get(1)?);
        let user = named(&user);
        Ok((
            2,
            format!("the key {key:?} of user {user} leads to no such order"),
        ))
    })?;
    let numbers = "SELECT number FROM order_numbers AS n WHERE NOT EXISTS
        (SELECT 1 FROM orders AS o WHERE o.seq = n.seq AND o.number = n.number)";
    each(connection, numbers, faults, |row| {
        let number: i64 = row.get(0)?;
        Ok((2, format!("the number {number} leads to no such order")))
    })?;
    let fresh = "SELECT seq FROM fresh_orders AS f WHERE NOT EXISTS (SELECT 1 FROM orders AS o
        WHERE o.seq = f.seq AND o.user_id = f.user_id AND o.key = f.key AND o.number = f.number)";
    each(connection, fresh, faults, |row| {
        let seq: i64 = row.get(0)?;
        Ok((2, format!("the fresh row {seq} leads to no such order")))
    })
}

/// Every order has its rows.
fn is_found(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    for (by, tier) in [
        (
            "key",
            "SELECT 1 FROM order_keys AS k WHERE k.user_id = o.user_id AND k.key = o.key AND k.seq = o.seq",
        ),
        (
            "number",
            "SELECT 1 FROM order_numbers AS n WHERE n.number = o.number AND n.seq = o.seq",
        ),
    ] {
        let sql = format!(
            "SELECT id FROM orders AS o WHERE NOT EXISTS (SELECT 1 FROM fresh_orders AS f WHERE f.seq = o.seq)
                AND NOT EXISTS ({tier})"
        );
        each(connection, &sql, faults, |row| {
            let id: Vec<u8> = row.get(0)?;
            Ok((2, format!("order {} is in no tier by its {by}", named(&id))))
        })?;
    }
    Ok(())
}
