//! From bytes to batches of products.
//!
//! Memory stays the same however long the file is: one record, the products of one batch, the first notices, and eight
//! bytes for each product already handed on. Those tell when rows of a product come again later. Exports keep the rows
//! of a product together; a file that was sorted otherwise may not. While the product is still in the batch that is
//! being gathered, such a row simply joins it. Later it is an error: taking it for the whole product would remove the
//! other variants. From the first such row on, no product of the file loses a variant either.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};

use souk_domain::Currency;
use souk_domain::catalog::{handle_from, is_handle};

use super::columns::{Cells, Column, Columns};
use super::product::{Gathered, Gathering};
use super::records::{Fault, Found, MAX_RECORD, Records, fields};
use super::report::Log;
use super::variant::{Amounts, excerpt};

/// Most variants of a batch, unless it is one product.
pub(super) const BATCH_VARIANTS: usize = 200;
/// Text of a batch after which no further product is begun.
const BATCH_BYTES: usize = 4 << 20;
/// Most products of one file.
const MAX_PRODUCTS: usize = 1_000_000;

/// Products to be imported together.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) products: Vec<Gathered>,
    /// Records read so far.
    pub(super) rows: u64,
}

/// What is known at the end of a file.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) rows: u64,
    pub(super) log: Log,
}

/// Why a file cannot be read, or not on.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is not in UTF-8.
    #[error("the file is not in UTF-8 (its first line says so): save it as CSV UTF-8")]
    Encoding,
    /// Its first line lacks columns.
    #[error("the first line of the file must name its columns, and these are missing: {}", missing.join(", "))]
    Columns {
        /// Which, as exports name them.
        missing: Vec<&'static str>,
    },
    /// Too many products for one file.
    #[error("a file has at most {MAX_PRODUCTS} products")]
    TooManyProducts,
    /// It could not be read.
    #[error("the file could not be read: {0}")]
    Read(#[from] io::Error),
}

/// Reads a file, and gives its products to `emit` in batches until that says no.
pub(super) fn parse<R: Read>(
    input: R,
    currency: Currency,
    emit: impl FnMut(Batch) -> bool,
) -> Result<Parsed, FileError> {
    let mut records = Records::new(input);
    let (columns, delimiter) = header(&mut records)?;
    let mut parser = Parser {
        columns: &columns,
        delimiter,
        amounts: Amounts {
            currency,
            decimal_comma: delimiter == ';',
        },
        pending: Vec::new(),
        current: None,
        done: HashSet::new(),
        scattered: false,
        unreadable: false,
        rows: 0,
        log: Log::default(),
        emit,
    };
    while let Some(found) = records.next()? {
        parser.rows += 1;
        let go_on = match found {
            Found::Record { line, bytes } => parser.record(line, bytes)?,
            Found::Broken { line, fault } => {
                parser.unreadable_row(line, broken(fault));
                true
            }
            Found::Hopeless { line } => {
                parser.unreadable_row(
                    line,
                    (
                        "not_csv",
                        "too many quotes are broken; the file is not read further".into(),
                    ),
                );
                true
            }
        };
        if !go_on {
            break;
        }
    }
    parser.flush();
    Ok(Parsed {
        rows: parser.rows,
        log: parser.log,
    })
}

/// Reads the first record: whichever delimiter finds the most columns in it is the file's.
fn header<R: Read>(records: &mut Records<R>) -> Result<(Columns, char), FileError> {
    if records.skip_prefix(&[0xff, 0xfe])? || records.skip_prefix(&[0xfe, 0xff])? {
        return Err(FileError::Encoding);
    }
    records.skip_prefix("\u{feff}".as_bytes())?;
    while records.skip_prefix(b"\r")? || records.skip_prefix(b"\n")? {}
    let mut best: Option<(Columns, char)> = None;
    for delimiter in [',', ';', '\t'] {
        let Some(bytes) = records.peek(delimiter as u8)? else {
            continue;
        };
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(FileError::Encoding);
        };
        let columns = Columns::of(text, delimiter);
        if best
            .as_ref()
            .is_none_or(|(most, _)| columns.known() > most.known())
        {
            best = Some((columns, delimiter));
        }
    }
    let (columns, delimiter) = best.ok_or(FileError::Empty)?;
    let missing = columns.missing();
    if !missing.is_empty() {
        return Err(FileError::Columns { missing });
    }
    records.set_delimiter(delimiter as u8);
    records.next()?;
    Ok((columns, delimiter))
}

struct Parser<'a, E> {
    columns: &'a Columns,
    delimiter: char,
    amounts: Amounts,
    /// Products of the batch that is being gathered.
    pending: Vec<Gathering>,
    /// The one that the last row belongs to.
    current: Option<usize>,
    /// Hashes of the handles that were handed on.
    done: HashSet<u64>,
    /// Rows of a product came after it was handed on.
    scattered: bool,
    /// A row could not be read since the last product began, and may belong to the next one.
    unreadable: bool,
    rows: u64,
    log: Log,
    emit: E,
}

impl<E: FnMut(Batch) -> bool> Parser<'_, E> {
    /// Takes a record in. Whether to read on.
    fn record(&mut self, line: u64, bytes: &[u8]) -> Result<bool, FileError> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let detail = format!(
                    "byte {} of this row is not UTF-8: save the file as CSV UTF-8",
                    error.valid_up_to() + 1
                );
                self.unreadable_row(line, ("not_utf8", detail));
                return Ok(true);
            }
        };
        let mut fields = fields(text, self.delimiter);
        while fields.len() > self.columns.count
            && fields.last().is_some_and(|field| field.is_empty())
        {
            fields.pop();
        }
        let count = fields.len();
        let columns = self.columns;
        let cells = Cells::new(columns, fields);
        if cells.is_blank() {
            self.rows -= 1;
            return Ok(true);
        }
        if count != columns.count {
            let detail = format!(
                "the row has {count} fields, the first line of the file has {}",
                columns.count
            );
            self.unreadable_row(line, ("wrong_field_count", detail));
            return Ok(true);
        }
        let handle = match handle(&cells) {
            Ok(handle) => handle,
            Err(fault) => {
                self.unreadable_row(line, fault);
                return Ok(true);
            }
        };
        if !self.go_to(&handle, line)? {
            return Ok(false);
        }
        let Some(product) = self.current.and_then(|place| self.pending.get_mut(place)) else {
            self.scattered = true;
            let detail = format!(
                "the rows of `{handle}` must stand together; others of it came much earlier"
            );
            self.log.refuse(1, line, "product_split", detail);
            return Ok(true);
        };
        if let Err((code, detail)) = product.take(&cells, line, self.amounts, &mut self.log) {
            product.complete = false;
            self.log.refuse(1, line, code, detail);
        }
        Ok(true)
    }

    /// Makes the product of this handle the current one; none, if it was handed on already. Whether to read on.
    fn go_to(&mut self, handle: &str, line: u64) -> Result<bool, FileError> {
        let known = |place: &usize| self.pending[*place].handle == handle;
        if self.current.as_ref().is_some_and(known) {
            return Ok(true);
        }
        if let Some(place) = self
            .pending
            .iter()
            .position(|product| product.handle == handle)
        {
            self.current = Some(place);
            return Ok(true);
        }
        self.current = None;
        if self.done.contains(&hash(handle)) {
            return Ok(true);
        }
        let variants: usize = self
            .pending
            .iter()
            .map(|product| product.variant_rows)
            .sum();
        let bytes: usize = self.pending.iter().map(|product| product.bytes).sum();
        if (variants >= BATCH_VARIANTS || bytes >= BATCH_BYTES) && !self.flush() {
            return Ok(false);
        }
        if self.done.len() + self.pending.len() >= MAX_PRODUCTS {
            return Err(FileError::TooManyProducts);
        }
        let complete = !std::mem::take(&mut self.unreadable) && !self.scattered;
        self.current = Some(self.pending.len());
        self.pending
            .push(Gathering::new(line, handle.to_owned(), complete));
        Ok(true)
    }

    /// A row that cannot be read may belong to the product before it or to the one after it.
    fn unreadable_row(&mut self, line: u64, (code, detail): (&'static str, String)) {
        if let Some(product) = self.current.and_then(|place| self.pending.get_mut(place)) {
            product.complete = false;
        }
        self.unreadable = true;
        self.log.refuse(1, line, code, detail);
    }

    /// Hands on what was gathered. Whether to read on.
    fn flush(&mut self) -> bool {
        self.current = None;
        let mut batch = Vec::new();
        let mut variants = 0;
        for gathered in std::mem::take(&mut self.pending) {
            self.done.insert(hash(&gathered.handle));
            let Some(product) = gathered.finish(self.amounts.currency, &mut self.log) else {
                continue;
            };
            if variants + product.product.variants.len() > BATCH_VARIANTS && !batch.is_empty() {
                variants = 0;
                if !(self.emit)(Batch {
                    products: std::mem::take(&mut batch),
                    rows: self.rows,
                }) {
                    return false;
                }
            }
            variants += product.product.variants.len();
            batch.push(product);
        }
        batch.is_empty()
            || (self.emit)(Batch {
                products: batch,
                rows: self.rows,
            })
    }
}

/// The handle of a row, or that which its title makes.
fn handle(cells: &Cells<'_>) -> Result<String, (&'static str, String)> {
    let written = cells.get(Column::Handle);
    let handle = if written.is_empty() {
        handle_from(&cells.line(Column::Title))
    } else {
        written.to_lowercase()
    };
    if handle.is_empty() {
        return Err((
            "missing_handle",
            "the row names no product: it has neither a handle nor a title".into(),
        ));
    }
    if !is_handle(&handle) {
        let detail = format!(
            "`{}` is not a handle: 1 to 200 letters, digits and hyphens",
            excerpt(written)
        );
        return Err(("bad_handle", detail));
    }
    Ok(handle)
}

fn broken(fault: Fault) -> (&'static str, String) {
    match fault {
        Fault::QuoteOpen(line) => (
            "unclosed_quote",
            format!("the quote that opens on line {line} is not closed"),
        ),
        Fault::QuoteInside(line) => (
            "misplaced_quote",
            format!(
                "the quote that opens on line {line} ends in the middle of a field: a quote inside a quoted field is written twice"
            ),
        ),
        Fault::TooLong => (
            "row_too_long",
            format!("the row is longer than {MAX_RECORD} bytes"),
        ),
        Fault::TooManyFields => (
            "wrong_field_count",
            "the row has far too many fields".into(),
        ),
    }
}

fn hash(handle: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    handle.hash(&mut hasher);
    hasher.finish()
}
