//! Streams: ordered, durable logs. Every entry has the next whole number, with no holes, for ever.

mod entry;
mod follow;
mod key;
mod post;
mod repeat;

pub use entry::{
    Assignee, Author, Content, Emptied, Entry, EntryBody, MAX_PAGE, MESSAGE_BEGINS, NewEntry, Page,
    Span,
};
pub use follow::{Follows, follow};
pub use key::{NotAStream, Reader, StreamKey};
pub use post::{Change, MAX_TEXT, Post, PostError, PostFault, Said, decide};
pub use repeat::First;
