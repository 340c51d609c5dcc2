//! Records of a CSV file (RFC 4180), one after the other, from any reader, in constant memory.
//!
//! It knows where each record starts (line 1 is the first), holds no more than one record and one chunk, and finds its
//! way back after a broken quote: the record that holds it is given up, and reading goes on at the next line, so that one
//! missing quote never swallows the rest of a file. What a field means is not its business.

use std::borrow::Cow;
use std::io::{self, Read};

/// Most bytes of one record.
pub(super) const MAX_RECORD: usize = 1 << 20;
/// Most fields of one record.
const MAX_FIELDS: usize = 1_000;
/// Most bytes that are read again after broken quotes, in a whole file. Past it the file is no CSV file.
const MAX_REREAD: usize = 16 << 20;
const CHUNK: usize = 64 << 10;

/// A record, or why there is none.
pub(super) enum Found<'a> {
    /// A record: its bytes, without the line end.
    Record { line: u64, bytes: &'a [u8] },
    /// A record that cannot be read; reading goes on at the line after `line`.
    Broken { line: u64, fault: Fault },
    /// Too much had to be given up; nothing more is read.
    Hopeless { line: u64 },
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A quoted field has no end: at the end of the file, or within [`MAX_RECORD`] bytes. It opened on this line.
    QuoteOpen(u64),
    /// Something other than a delimiter follows the end of a quoted field, which opened on this line.
    QuoteInside(u64),
    /// More than [`MAX_RECORD`] bytes.
    TooLong,
    /// More than [`MAX_FIELDS`] fields.
    TooManyFields,
}

/// Reads records.
pub(super) struct Records<R> {
    input: R,
    chunk: Vec<u8>,
    buffer: Vec<u8>,
    /// Where the next record starts in `buffer`.
    start: usize,
    /// The line on which it starts.
    line: u64,
    at_end: bool,
    delimiter: u8,
    reread: usize,
}

/// How a record ends, from its start.
enum Scan {
    End,
    Whole {
        length: usize,
        next: usize,
        lines: u64,
    },
    Broken {
        read: usize,
        fault: Fault,
    },
}

#[derive(Clone, Copy)]
enum State {
    FieldStart,
    Bare,
    Quoted,
    /// A quote inside a quoted field: its end, or the first of two that stand for one.
    QuoteSeen,
}

impl<R: Read> Records<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            chunk: vec![0; CHUNK],
            buffer: Vec::new(),
            start: 0,
            line: 1,
            at_end: false,
            delimiter: b',',
            reread: 0,
        }
    }

    /// Takes what a file starts with, if it does.
    pub(super) fn skip_prefix(&mut self, prefix: &[u8]) -> io::Result<bool> {
        for (place, expected) in prefix.iter().enumerate() {
            if self.byte(place)? != Some(*expected) {
                return Ok(false);
            }
        }
        self.start += prefix.len();
        Ok(true)
    }

    pub(super) fn set_delimiter(&mut self, delimiter: u8) {
        self.delimiter = delimiter;
    }

    /// The next record as the delimiter `delimiter` would read it, which stays to be read.
    pub(super) fn peek(&mut self, delimiter: u8) -> io::Result<Option<&[u8]>> {
        let kept = std::mem::replace(&mut self.delimiter, delimiter);
        let scan = self.scan();
        self.delimiter = kept;
        Ok(match scan? {
            Scan::Whole { length, .. } => Some(&self.buffer[self.start..self.start + length]),
            Scan::End | Scan::Broken { .. } => None,
        })
    }

    /// The next record that is not an empty line; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Found<'_>>> {
        loop {
            let line = self.line;
            match self.scan()? {
                Scan::End => return Ok(None),
                Scan::Whole {
                    length,
                    next,
                    lines,
                } => {
                    let start = self.start;
                    self.start += next;
                    self.line += lines;
                    if length > 0 {
                        return Ok(Some(Found::Record {
                            line,
                            bytes: &self.buffer[start..start + length],
                        }));
                    }
                }
                Scan::Broken { read, fault } => {
                    self.reread += read;
                    if self.reread > MAX_REREAD {
                        self.at_end = true;
                        self.start = self.buffer.len();
                        return Ok(Some(Found::Hopeless { line }));
                    }
                    self.skip_line()?;
                    return Ok(Some(Found::Broken { line, fault }));
                }
            }
        }
    }

    fn scan(&mut self) -> io::Result<Scan> {
        let (mut state, mut at, mut lines, mut fields) = (State::FieldStart, 0, 0_u64, 1);
        let mut opened = self.line;
        let mut previous = 0;
        loop {
            let Some(byte) = self.byte(at)? else {
                return Ok(match state {
                    State::Quoted => Scan::Broken {
                        read: at,
                        fault: Fault::QuoteOpen(opened),
                    },
                    _ if at == 0 => Scan::End,
                    _ => Scan::Whole {
                        length: at,
                        next: at,
                        lines: lines + 1,
                    },
                });
            };
            if at >= MAX_RECORD {
                let quoted = matches!(state, State::Quoted);
                let fault = if quoted {
                    Fault::QuoteOpen(opened)
                } else {
                    Fault::TooLong
                };
                return Ok(Scan::Broken { read: at, fault });
            }
            state = match (state, byte) {
                (State::Quoted, b'"') => State::QuoteSeen,
                (State::Quoted, b'\r') => {
                    lines += 1;
                    State::Quoted
                }
                (State::Quoted, b'\n') => {
                    lines += u64::from(previous != b'\r');
                    State::Quoted
                }
                (State::Quoted, _) | (State::QuoteSeen, b'"') => State::Quoted,
                (State::FieldStart, b'"') => {
                    opened = self.line + lines;
                    State::Quoted
                }
                (_, b'\n') => {
                    return Ok(Scan::Whole {
                        length: at,
                        next: at + 1,
                        lines: lines + 1,
                    });
                }
                (_, b'\r') => {
                    let ended = self.byte(at + 1)? == Some(b'\n');
                    return Ok(Scan::Whole {
                        length: at,
                        next: at + 1 + usize::from(ended),
                        lines: lines + 1,
                    });
                }
                (_, byte) if byte == self.delimiter => {
                    fields += 1;
                    if fields > MAX_FIELDS {
                        return Ok(Scan::Broken {
                            read: at,
                            fault: Fault::TooManyFields,
                        });
                    }
                    State::FieldStart
                }
                (State::QuoteSeen, _) => {
                    return Ok(Scan::Broken {
                        read: at,
                        fault: Fault::QuoteInside(opened),
                    });
                }
                (State::FieldStart | State::Bare, _) => State::Bare,
            };
            previous = byte;
            at += 1;
        }
    }

    /// Goes to the start of the next physical line, however long this one is.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let byte = self.byte(0)?;
            if byte.is_none() {
                return Ok(());
            }
            self.start += 1;
            let ended =
                byte == Some(b'\n') || (byte == Some(b'\r') && self.byte(0)? != Some(b'\n'));
            if ended {
                self.line += 1;
                return Ok(());
            }
        }
    }

    /// The byte that is so far from the start of the record; none past the end of the file.
    fn byte(&mut self, at: usize) -> io::Result<Option<u8>> {
        loop {
            if let Some(byte) = self.buffer.get(self.start + at) {
                return Ok(Some(*byte));
            }
            if self.at_end {
                return Ok(None);
            }
            self.buffer.drain(..self.start);
            self.start = 0;
            let read = match self.input.read(&mut self.chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            self.buffer.extend_from_slice(&self.chunk[..read]);
            self.at_end = read == 0;
        }
    }
}

/// The fields of a record that [`Records`] found.
pub(super) fn fields(record: &str, delimiter: char) -> Vec<Cow<'_, str>> {
    let mut fields = Vec::new();
    let mut rest = Some(record);
    while let Some(text) = rest {
        let (field, after) = if let Some(quoted) = text.strip_prefix('"') {
            quoted_field(quoted)
        } else {
            let end = text.find(delimiter).unwrap_or(text.len());
            (Cow::Borrowed(&text[..end]), &text[end..])
        };
        fields.push(field);
        rest = after.strip_prefix(delimiter);
    }
    fields
}

/// The field behind an opening quote, and what follows its end.
fn quoted_field(text: &str) -> (Cow<'_, str>, &str) {
    let mut from = 0;
    while let Some(found) = text[from..].find('"') {
        let quote = from + found;
        if text[quote + 1..].starts_with('"') {
            from = quote + 2;
            continue;
        }
        let field = &text[..quote];
        let field = if from == 0 {
            Cow::Borrowed(field)
        } else {
            Cow::Owned(field.replace("\"\"", "\""))
        };
        return (field, &text[quote + 1..]);
    }
    (Cow::Borrowed(text), "")
}
