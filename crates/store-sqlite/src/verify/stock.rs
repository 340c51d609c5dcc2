//! Invariant 1: counts are the sums of their moves, and what is tracked is never below zero.

use rusqlite::Connection;

use super::{Faults, each, named};
use crate::failure::Failure;

pub(super) fn check(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    sums(connection, faults)?;
    let below = "SELECT v.id, s.received + s.returned - s.sold FROM variants AS v JOIN stock AS s ON s.variant_id = v.id
        WHERE json_extract(v.body, '$.inventory') = 'tracked' AND s.received + s.returned - s.sold < 0";
    each(connection, below, faults, |row| {
        let (variant, left): (Vec<u8>, i64) = (row.get(0)?, row.get(1)?);
        Ok((
            1,
            format!(
                "variant {} is tracked, and {left} are left",
                named(&variant)
            ),
        ))
    })?;
    let odd = "SELECT seq, variant_id FROM stock_moves
        WHERE kind NOT IN (0, 1, 2) OR (kind != 0 AND (quantity <= 0 OR order_id IS NULL)) OR (kind = 0 AND order_id IS NOT NULL)";
    each(connection, odd, faults, |row| {
        let (seq, variant): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        Ok((
            1,
            format!(
                "stock move {seq} of variant {} is of no known kind",
                named(&variant)
            ),
        ))
    })?;
    let lost = "SELECT m.seq, m.order_id FROM stock_moves AS m
        WHERE m.order_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.id = m.order_id)";
    each(connection, lost, faults, |row| {
        let (seq, order): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        Ok((
            1,
            format!(
                "stock move {seq} belongs to order {}, which is not there",
                named(&order)
            ),
        ))
    })
}

fn sums(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    let sql = "WITH sums AS (
            SELECT variant_id, sum(iif(kind = 0, quantity, 0)) AS received, sum(iif(kind = 1, quantity, 0)) AS sold,
                sum(iif(kind = 2, quantity, 0)) AS returned
            FROM stock_moves GROUP BY variant_id
        )
        SELECT coalesce(s.variant_id, m.variant_id), coalesce(s.received, 0), coalesce(s.sold, 0), coalesce(s.returned, 0),
            coalesce(m.received, 0), coalesce(m.sold, 0), coalesce(m.returned, 0)
        FROM stock AS s FULL OUTER JOIN sums AS m ON m.variant_id = s.variant_id
        WHERE (coalesce(s.received, 0), coalesce(s.sold, 0), coalesce(s.returned, 0))
            IS NOT (coalesce(m.received, 0), coalesce(m.sold, 0), coalesce(m.returned, 0))";
    each(connection, sql, faults, |row| {
        let variant: Vec<u8> = row.get(0)?;
        let count = |first| {
            Ok::<_, rusqlite::Error>((
                row.get::<_, i64>(first)?,
                row.get::<_, i64>(first + 1)?,
                row.get::<_, i64>(first + 2)?,
            ))
        };
        let ((received, sold, returned), moves) = (count(1)?, count(4)?);
        Ok((
            1,
            format!(
                "variant {} counts {received} received, {sold} sold, {returned} returned; its moves say {}, {}, {}",
                named(&variant),
                moves.0,
                moves.1,
                moves.2
            ),
        ))
    })
}
