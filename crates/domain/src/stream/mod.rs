//! Streams: ordered, durable logs. Every entry has the next whole number, with no holes, for ever.

mod entry;
mod key;

pub use entry::{Author, Entry, EntryBody, MAX_PAGE, NewEntry, Page, Span};
pub use key::{NotAStream, Reader, StreamKey};
