//! Brings what the newest orders are found by to the tables of all orders, in small steps between the groups.
//!
//! A run takes the orders that are fresh when it begins: their keys in the order of the keys, then their numbers in the
//! order of the numbers, so that neighbours share the pages that are written; only then do the rows leave the fresh tier,
//! from the first on. A run keeps nothing of itself in the file: one that was cut off begins again, and finds rows that
//! are there already. No row leaves before what it says is committed elsewhere.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::failure::Failure;
use crate::fresh::{self, Fresh};
use crate::group::execute;

/// Rows of a step, at least.
const FEWEST_ROWS: u32 = 32;

/// A step that takes longer than this makes the next one smaller: orders wait for it.
const LONG: Duration = Duration::from_millis(8);

/// How long a run that failed is not tried again.
const PAUSE: Duration = Duration::from_secs(10);

/// Where a run is.
#[derive(Debug, Clone, PartialEq)]
enum Place {
    /// The keys after this one.
    Keys(i64, i64),
    /// The numbers after this one.
    Numbers(i64),
    /// All is copied, and leaves.
    Leave,
}

#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// The newest order that it takes.
    newest: i64,
    place: Place,
}

/// When to merge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MergeOptions {
    /// A writer that is not busy begins a run with so many fresh orders: fewer would share no pages.
    pub(crate) few: u64,
    /// A busy one begins with so many. While it runs they become two thirds more.
    pub(crate) many: u64,
    /// Rows of a step, at most.
    pub(crate) rows: u32,
}

impl MergeOptions {
    /// Never: of a process that shares the file for a while.
    pub(crate) const NEVER: Self = Self {
        few: u64::MAX,
        many: u64::MAX,
        rows: 1,
    };
}

/// The merging of one connection.
pub(crate) struct Merge {
    options: MergeOptions,
    run: Option<Run>,
    rows: u32,
    /// Fresh orders, and the newest one, when they were last counted.
    fresh: Fresh,
    /// The newest order for whose coming a busy writer took its steps.
    paid: i64,
    /// When the next run may begin, after one that failed.
    not_before: Option<Instant>,
}

impl Merge {
    pub(crate) fn new(options: MergeOptions) -> Self {
        Self {
            options,
            run: None,
            rows: options.rows,
            fresh: Fresh::default(),
            paid: 0,
            not_before: None,
        }
    }

    /// Takes in the fresh orders, so that the first command need not wait for it.
    pub(crate) fn start(&mut self, connection: &Connection) {
        self.look(connection);
        if let Err(error) = execute(connection, "BEGIN")
            .and_then(|()| fresh::catch_up(connection))
            .and_then(|()| execute(connection, "COMMIT"))
        {
            // The first commit tries again.
            let _ = execute(connection, "ROLLBACK");
            tracing::warn!(%error, "fresh orders were not taken in");
        }
    }

    /// Counts the fresh orders.
    pub(crate) fn look(&mut self, connection: &Connection) {
        match fresh::count(connection) {
            Ok(fresh) => self.fresh = fresh,
            Err(error) => tracing::warn!(%error, "fresh orders were not counted"),
        }
    }

    /// Whether a writer that is not busy takes a step.
    pub(crate) fn may(&self) -> bool {
        !self.is_paused() && (self.run.is_some() || self.fresh.count >= self.options.few)
    }

    /// Whether a busy writer takes a step as well. It takes as many as let a run end while as many orders come as it
    /// takes, however many come at once: each order is in a step with its key, in one with its number, and in half of
    /// one when it leaves.
    pub(crate) fn must(&mut self) -> bool {
        if self.is_paused() || self.fresh.count < self.options.many {
            self.paid = self.fresh.newest;
            return false;
        }
        let price = i64::from(self.rows / 3);
        let due = self.fresh.newest - self.paid >= price;
        if due {
            self.paid += price;
        }
        due
    }

    fn is_paused(&self) -> bool {
        self.not_before.is_some_and(|then| Instant::now() < then)
    }

    /// Takes one step, in a transaction of its own.
    pub(crate) fn step(&mut self, connection: &Connection) {
        let started = Instant::now();
        match self.attempt(connection) {
            Ok((run, worked)) => {
                self.run = run;
                let rows = if worked > LONG {
                    self.rows / 2
                } else {
                    self.rows * 2
                };
                self.rows = rows.clamp(FEWEST_ROWS.min(self.options.rows), self.options.rows);
            }
            Err(failure) => {
                if !connection.is_autocommit() {
                    let _ = execute(connection, "ROLLBACK");
                }
                self.run = None;
                // Another process that writes, a full disk, data that contradicts itself (`verify` names it): nothing is
                // lost, and the next run tries again from the start.
                self.not_before = Some(Instant::now() + PAUSE);
                tracing::error!(error = %failure, "fresh orders were not merged");
            }
        }
        metrics::histogram!("souk_store_merge_seconds").record(started.elapsed().as_secs_f64());
        self.look(connection);
        metrics::gauge!("souk_store_fresh_orders").set(f64::from(
            u32::try_from(self.fresh.count).unwrap_or(u32::MAX),
        ));
    }

    /// Runs a step and commits it; where the run is then, and how long the step worked, its flush aside: that takes as
    /// long for few rows.
    fn attempt(&self, connection: &Connection) -> Result<(Option<Run>, Duration), Failure> {
        execute(connection, "BEGIN IMMEDIATE")?;
        let started = Instant::now();
        let run = match &self.run {
            Some(run) => run.clone(),
            None => begin(connection)?,
        };
        let next = advance(connection, &run, self.rows)?;
        let worked = started.elapsed();
        execute(connection, "COMMIT")?;
        Ok((next, worked))
    }
}

/// The run that begins now.
pub(crate) fn begin(connection: &Connection) -> Result<Run, Failure> {
    fresh::catch_up(connection)?;
    Ok(Run {
        newest: fresh::known(connection)?,
        place: Place::Keys(i64::MIN, 0),
    })
}

/// Takes a step inside a transaction; nothing, when the run is over.
pub(crate) fn advance(
    connection: &Connection,
    run: &Run,
    rows: u32,
) -> Result<Option<Run>, Failure> {
    let newest = run.newest;
    let place = match run.place {
        Place::Keys(hash, seq) => keys(connection, newest, (hash, seq), rows)?
            .map_or(Place::Numbers(-1), |(hash, seq)| Place::Keys(hash, seq)),
        Place::Numbers(after) => {
            numbers(connection, newest, after, rows)?.map_or(Place::Leave, Place::Numbers)
        }
        // Rows that leave stand together: they are cheap.
        Place::Leave if leave(connection, newest, rows * 2)? => return Ok(None),
        Place::Leave => Place::Leave,
    };
    Ok(Some(Run { newest, place }))
}

/// Copies keys; the last one, if there may be more.
fn keys(
    connection: &Connection,
    newest: i64,
    after: (i64, i64),
    rows: u32,
) -> Result<Option<(i64, i64)>, Failure> {
    let sql = "SELECT key_hash, seq FROM temp.fresh_by_key
        WHERE (key_hash, seq) > (?1, ?2) AND seq <= ?3 ORDER BY key_hash, seq LIMIT ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement
        .query_map(params![after.0, after.1, newest, rows], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
    // What is there already was copied by a run that was cut off.
    let add =
        "INSERT INTO main.order_keys (key_hash, seq) VALUES (noted(?1), ?2) ON CONFLICT DO NOTHING";
    let mut add = connection.prepare_cached(add)?;
    for (hash, seq) in &found {
        add.execute([hash, seq])?;
    }
    let more = found.len() == rows as usize;
    Ok(found.last().copied().filter(|_| more))
}

/// Copies numbers; the last one, if there may be more.
fn numbers(
    connection: &Connection,
    newest: i64,
    after: i64,
    rows: u32,
) -> Result<Option<i64>, Failure> {
    let sql = "SELECT seq, number FROM temp.fresh_by_number WHERE number > ?1 AND seq <= ?2 ORDER BY number LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement
        .query_map(params![after, newest, rows], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
    let add = "INSERT INTO main.order_numbers (number, seq) VALUES (noted(?1), ?2) ON CONFLICT DO NOTHING";
    let there = "SELECT 1 FROM main.order_numbers WHERE number = ?1 AND seq = ?2";
    let (mut add, mut there) = (
        connection.prepare_cached(add)?,
        connection.prepare_cached(there)?,
    );
    for (seq, number) in &found {
        let added = add.execute([number, seq])?;
        if added == 0 && !there.exists([number, seq])? {
            return Err(Failure::Refused("two orders have one number"));
        }
    }
    let more = found.len() == rows as usize;
    Ok(found.last().map(|(_, number)| *number).filter(|_| more))
}

/// Drops the first rows of the fresh tier; whether they were the last ones of the run.
fn leave(connection: &Connection, newest: i64, rows: u32) -> Result<bool, Failure> {
    let sql =
        "SELECT seq, key_hash, number FROM main.fresh_orders WHERE seq <= ?1 ORDER BY seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params![newest, rows])?;
    let mut key = connection
        .prepare_cached("DELETE FROM temp.fresh_by_key WHERE key_hash = ?1 AND seq = ?2")?;
    let mut number =
        connection.prepare_cached("DELETE FROM temp.fresh_by_number WHERE number = ?1")?;
    let (mut gone, mut last) = (0, None);
    while let Some(row) = found.next()? {
        let seq: i64 = row.get(0)?;
        key.execute([row.get(1)?, seq])?;
        number.execute([row.get::<_, i64>(2)?])?;
        last = Some(seq);
        gone += 1;
    }
    drop(found);
    connection
        .prepare_cached("DELETE FROM main.fresh_orders WHERE seq <= ?1")?
        .execute([last])?;
    Ok(gone < rows)
}
