//! Where blobs are kept: product pictures and attachments.
//!
//! `folder` is the engine of `file:PATH`; `key` says which keys there are; `atomic` writes files whole or not at all.

mod atomic;
mod folder;
mod key;

pub use folder::FolderFiles;
pub use key::{BadKey, check_key};
