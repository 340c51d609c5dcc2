//! What the tables of all orders certainly do not have, known from memory.
//!
//! Nearly every key and number that is looked for is new. With a million orders stored each look reads a page that
//! nobody read for long; a Bloom filter answers nearly all of them with one line of memory. It may say that something
//! could be there that is not (it was never taken out after a roll-back, or looks like others), never the reverse: until
//! it was filled, everything could be there. Only the process that serves the file fills it, since only that one merges.
//!
//! It belongs to a connection, as two functions: `noted(x)` is `x`, and takes it in; `may_be_there(x)` asks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use crate::failure::Failure;

/// Bits for each number that is taken in at the start; they are as many as the next power of two.
const BITS: u64 = 8;

/// Bits of a line: what the processor takes from memory at once.
const LINE_BITS: u64 = 512;

/// Lines at least: 1 MiB.
const FEWEST_LINES: u64 = 16_384;

#[derive(Default)]
struct Lines {
    /// A power of two; none before it was made.
    lines: Vec<[u64; 8]>,
    /// Whether all that is in the tables was taken in.
    filled: bool,
}

impl Lines {
    fn of(expected: u64) -> Self {
        let lines = (expected.saturating_mul(BITS) / LINE_BITS)
            .max(FEWEST_LINES)
            .next_power_of_two();
        Self {
            lines: vec![[0; 8]; usize::try_from(lines).unwrap_or(1)],
            filled: false,
        }
    }

    /// The line of a number, and its four bits there.
    fn place(&self, number: i64) -> (usize, [(usize, u64); 4]) {
        // SplitMix64: numbers may be near each other.
        let mixed = number.cast_unsigned().wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        let bits = [0, 9, 18, 27].map(|shift| {
            let bit = (mixed >> shift) % LINE_BITS;
            (
                usize::try_from(bit / 64).unwrap_or_default(),
                1 << (bit % 64),
            )
        });
        // The bits above those 36 say which line.
        let line = usize::try_from(mixed >> 36).unwrap_or_default() & (self.lines.len() - 1);
        (line, bits)
    }

    fn note(&mut self, number: i64) {
        if self.lines.is_empty() {
            return;
        }
        let (line, bits) = self.place(number);
        for (word, bit) in bits {
            self.lines[line][word] |= bit;
        }
    }

    fn may_be_there(&self, number: i64) -> bool {
        if !self.filled {
            return true;
        }
        let (line, bits) = self.place(number);
        let line = &self.lines[line];
        bits.iter().all(|(word, bit)| line[*word] & bit != 0)
    }
}

/// The sieve of a connection.
pub(crate) struct Sieve(Arc<Mutex<Lines>>);

impl Sieve {
    /// Gives a connection its sieve, in which everything could be there.
    pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<Self> {
        let sieve = Self(Arc::default());
        let (noting, asking) = (Self(Arc::clone(&sieve.0)), Self(Arc::clone(&sieve.0)));
        let flags = FunctionFlags::SQLITE_UTF8;
        connection.create_scalar_function("noted", 1, flags, move |call| {
            let number: i64 = call.get(0)?;
            noting.lines().note(number);
            Ok(number)
        })?;
        connection.create_scalar_function("may_be_there", 1, flags, move |call| {
            Ok(asking.lines().may_be_there(call.get(0)?))
        })?;
        Ok(sieve)
    }

    /// Takes in all that is in the tables. Only for who alone adds to them.
    pub(crate) fn fill(&self, connection: &Connection) -> Result<(), Failure> {
        let orders: i64 =
            connection.query_row("SELECT coalesce(max(seq), 0) FROM main.orders", [], |row| {
                row.get(0)
            })?;
        // Two numbers of each order, and room for as many orders again.
        *self.lines() = Lines::of(orders.unsigned_abs().saturating_mul(4));
        for sql in [
            "SELECT count(noted(key_hash)) FROM main.order_keys",
            "SELECT count(noted(number)) FROM main.order_numbers",
        ] {
            connection.query_row(sql, [], |_| Ok(()))?;
        }
        self.lines().filled = true;
        Ok(())
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_may_be_there_and_little_else() {
        let mut sieve = Lines::of(200_000);
        for number in 0..200_000 {
            sieve.note(number * 3);
        }
        assert!(sieve.may_be_there(1), "it is not filled");
        sieve.filled = true;
        assert!((0..200_000).all(|number| sieve.may_be_there(number * 3)));
        let wrong = (0..200_000)
            .filter(|number| sieve.may_be_there(number * 3 + 1))
            .count();
        assert!(wrong < 200_000 / 20, "{wrong} of 200,000");
    }
}
