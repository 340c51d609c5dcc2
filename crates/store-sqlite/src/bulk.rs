//! Many rows, or many questions, in one statement.
//!
//! A statement that handles one row opens a cursor on the table and on each of its indexes, and looks for the place from
//! the root on; the more rows there are, the longer that takes. One that inserts many rows keeps its cursors: where the
//! next key follows the last one, at the end of a table, SQLite stays on the page that it has. So hand rows over in the
//! order of their keys.
//!
//! A row that contradicts another one is an error. The rows before it stay until the command is rolled back: never go on
//! after such an error.

use rusqlite::{Connection, Row, Statement, ToSql};

use crate::failure::Failure;

/// Most rows of a statement. Fewer ones go by powers of two, so that the statements of a table are seven: they are
/// prepared once.
const MOST_ROWS: usize = 64;

/// Where rows go, and what is done about a row that is there.
pub(crate) struct Into {
    /// The table with its columns: `t (a, b)`.
    pub(crate) table: &'static str,
    /// How many these are.
    pub(crate) columns: usize,
    /// What follows the rows: an `ON CONFLICT`, or nothing.
    pub(crate) conflict: &'static str,
}

/// Takes the values of a statement, one row after the other.
pub(crate) struct Values<'a, 'c> {
    statement: &'a mut Statement<'c>,
    bound: usize,
}

impl Values<'_, '_> {
    /// The next value.
    pub(crate) fn push(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.bound += 1;
        self.statement.raw_bind_parameter(self.bound, value)
    }
}

/// Inserts rows, in the order in which they come; `values` hands over as many values as the table has columns here.
pub(crate) fn insert<T>(
    connection: &Connection,
    into: &Into,
    rows: &[T],
    mut values: impl FnMut(&mut Values<'_, '_>, &T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for rows in parts(rows) {
        // FAIL keeps no journal of the statement, as ABORT would: who fails here is rolled back whole.
        let sql = format!(
            "INSERT OR FAIL INTO {} VALUES {} {}",
            into.table,
            places(rows.len(), into.columns),
            into.conflict
        );
        let mut statement = connection.prepare_cached(&sql)?;
        bind(&mut statement, rows, &mut values)?;
        statement.raw_execute()?;
    }
    Ok(())
}

/// Asks about many things at once. In the question `{}` stands for the rows that are asked about, whose columns are
/// `column1`, `column2` and so on; `answer` is told each row of the answer.
pub(crate) fn ask<T>(
    connection: &Connection,
    question: &str,
    columns: usize,
    rows: &[T],
    mut values: impl FnMut(&mut Values<'_, '_>, &T) -> Result<(), Failure>,
    mut answer: impl FnMut(&Row<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for rows in parts(rows) {
        let asked = format!("(VALUES {})", places(rows.len(), columns));
        let mut statement = connection.prepare_cached(&question.replace("{}", &asked))?;
        bind(&mut statement, rows, &mut values)?;
        let mut answers = statement.raw_query();
        while let Some(row) = answers.next()? {
            answer(row)?;
        }
    }
    Ok(())
}

fn bind<T>(
    statement: &mut Statement<'_>,
    rows: &[T],
    values: &mut impl FnMut(&mut Values<'_, '_>, &T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut bound = Values {
        statement,
        bound: 0,
    };
    for row in rows {
        values(&mut bound, row)?;
    }
    Ok(())
}

/// Rows in parts whose lengths are powers of two, none longer than [`MOST_ROWS`].
fn parts<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = 1 << rows.len().min(MOST_ROWS).checked_ilog2()?;
        let (part, rest) = rows.split_at(length);
        rows = rest;
        Some(part)
    })
}

/// The places of the values: `(?, ?), (?, ?)`.
fn places(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; rows].join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTES: Into = Into {
        table: "notes (id, body)",
        columns: 2,
        conflict: "",
    };

    fn notes() -> Connection {
        let connection = Connection::open_in_memory().expect("memory");
        connection
            .execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT")
            .expect("made");
        connection
    }

    fn keep(connection: &Connection, into: &Into, ids: &[i64]) -> Result<(), Failure> {
        insert(connection, into, ids, |values, id| {
            values.push(id)?;
            Ok(values.push(format!("note {id}"))?)
        })
    }

    fn kept(connection: &Connection) -> Vec<(i64, String)> {
        let mut statement = connection
            .prepare("SELECT id, body FROM notes ORDER BY id")
            .expect("prepared");
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("asked");
        rows.collect::<Result<_, _>>().expect("read")
    }

    #[test]
    fn however_many_rows_there_are_each_is_written_and_found() {
        for count in [0, 1, 2, 3, 63, 64, 65, 130_i64] {
            let connection = notes();
            let ids: Vec<i64> = (1..=count).collect();
            keep(&connection, &NOTES, &ids).expect("kept");
            let expected: Vec<_> = ids.iter().map(|id| (*id, format!("note {id}"))).collect();
            assert_eq!(kept(&connection), expected);
            // Every second one of those that are asked about is there.
            let asked: Vec<i64> = (1..=count).map(|id| id * 2).collect();
            let mut found = Vec::new();
            let question = "SELECT n.id FROM {} AS asked CROSS JOIN notes AS n ON n.id = column1";
            ask(
                &connection,
                question,
                1,
                &asked,
                |values, id| Ok(values.push(id)?),
                |row| {
                    found.push(row.get::<_, i64>(0)?);
                    Ok(())
                },
            )
            .expect("asked");
            let there: Vec<i64> = asked.into_iter().filter(|id| *id <= count).collect();
            assert_eq!(found, there);
        }
    }

    #[test]
    fn parts_are_powers_of_two() {
        let lengths = |count: usize| {
            parts(&vec![0; count])
                .map(<[i32]>::len)
                .collect::<Vec<usize>>()
        };
        assert_eq!(lengths(0), [0; 0]);
        assert_eq!(lengths(63), [32, 16, 8, 4, 2, 1]);
        assert_eq!(lengths(64), [64]);
        assert_eq!(lengths(131), [64, 64, 2, 1]);
    }

    #[test]
    fn a_row_that_is_there_is_an_error_unless_it_may_be() {
        let connection = notes();
        keep(&connection, &NOTES, &[2]).expect("kept");
        for ids in [&[1, 2, 3][..], &[4, 5, 5]] {
            connection.execute_batch("SAVEPOINT command").expect("set");
            keep(&connection, &NOTES, ids).expect_err("twice the same");
            connection
                .execute_batch("ROLLBACK TO command; RELEASE command")
                .expect("undone");
            assert_eq!(kept(&connection), [(2, "note 2".to_owned())]);
        }
        let may = Into {
            conflict: "ON CONFLICT (id) DO NOTHING",
            ..NOTES
        };
        keep(&connection, &may, &[1, 2, 3, 3]).expect("kept");
        let ids: Vec<i64> = kept(&connection).iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [1, 2, 3]);
    }
}
