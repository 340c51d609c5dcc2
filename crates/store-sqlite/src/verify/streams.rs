//! Invariant 3: every stream's entries are 1 to its head, and an entry's id is once in its stream.

use rusqlite::Connection;

use super::{Faults, each, named};
use crate::failure::Failure;
use crate::records::stream_name;

pub(super) fn check(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    let holes = "SELECT * FROM (SELECT s.stream, s.head, (SELECT count(*) FROM entries AS e WHERE e.stream = s.stream) AS entries,
            (SELECT min(seq) FROM entries AS e WHERE e.stream = s.stream) AS first,
            (SELECT max(seq) FROM entries AS e WHERE e.stream = s.stream) AS last FROM streams AS s)
        WHERE entries != head OR first IS NOT 1 OR last IS NOT head";
    each(connection, holes, faults, |row| {
        let (stream, head, entries): (Vec<u8>, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (first, last): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
        let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
        Ok((
            3,
            format!(
                "stream {} has head {head}, and {entries} entries from {first} to {last}",
                stream_name(&stream)
            ),
        ))
    })?;
    let headless = "SELECT DISTINCT e.stream FROM entries AS e WHERE NOT EXISTS (SELECT 1 FROM streams AS s WHERE s.stream = e.stream)";
    each(connection, headless, faults, |row| {
        let stream: Vec<u8> = row.get(0)?;
        Ok((
            3,
            format!("stream {} has entries and no head", stream_name(&stream)),
        ))
    })?;
    let unmarked = "SELECT m.stream, m.user_id, m.seq, m.mailed FROM read_marks AS m LEFT JOIN streams AS s ON s.stream = m.stream
        WHERE max(m.seq, m.mailed) > coalesce(s.head, 0)";
    each(connection, unmarked, faults, |row| {
        let (stream, user): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        Ok((
            3,
            format!(
                "user {} has read stream {} past its head",
                named(&user),
                stream_name(&stream)
            ),
        ))
    })?;
    // What was edited or deleted says so, and what says so was.
    let audit = "SELECT a.stream, a.entry FROM entry_audit AS a
            LEFT JOIN entries AS e ON e.stream = a.stream AND e.seq = a.entry
            LEFT JOIN entries AS b ON b.stream = a.stream AND b.seq = a.by_entry
        WHERE e.seq IS NULL OR b.seq IS NULL
            OR (a.deleted AND json_extract(e.body, '$.data') IS NOT NULL)
            OR json_extract(b.body, '$.type') != iif(a.deleted, 'delete', 'edit')";
    each(connection, audit, faults, |row| {
        let (stream, entry): (Vec<u8>, i64) = (row.get(0)?, row.get(1)?);
        Ok((
            3,
            format!(
                "entry {entry} of stream {} is not what its audit says",
                stream_name(&stream)
            ),
        ))
    })?;
    let talks = "SELECT c.user_id FROM conversations AS c LEFT JOIN streams AS s ON s.stream = CAST(x'02' || c.user_id AS BLOB)
        WHERE json_extract(c.body, '$.lastSeq') > coalesce(s.head, 0)";
    each(connection, talks, faults, |row| {
        let user: Vec<u8> = row.get(0)?;
        Ok((
            3,
            format!(
                "the conversation of {} is ahead of its stream",
                named(&user)
            ),
        ))
    })?;
    let twice = "SELECT stream, id, count(*) FROM entries GROUP BY stream, id HAVING count(*) > 1";
    each(connection, twice, faults, |row| {
        let (stream, id, count): (Vec<u8>, Vec<u8>, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((
            3,
            format!(
                "entry {} is {count} times in stream {}",
                named(&id),
                stream_name(&stream)
            ),
        ))
    })
}
