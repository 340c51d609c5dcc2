//! Blobs as plain files of a folder, named by their keys, so that an owner can look at them and any server can serve them.
//!
//! The media type is the one of the file's extension. A blob of another type gets a note of it under `.types/`, named by
//! the hash of key and bytes: the note is there before the bytes are renamed into place, and belongs to exactly these
//! bytes. So the one rename decides over bytes and type together, whatever is killed between. (A note per key would mix
//! the bytes of one blob with the type of another; a header inside the file would spoil it for everybody else.)

use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use souk_app::ports::{Blob, EngineError, Files};

use crate::{atomic, check_key};

/// The media type of a blob whose type nobody knows.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// A folder of blobs. Several processes may share it.
#[derive(Debug, Clone)]
pub struct FolderFiles {
    root: PathBuf,
}

impl FolderFiles {
    /// Opens a folder, and makes it if need be.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, EngineError> {
        let files = Self { root: path.into() };
        let root = files.root.clone();
        blocking(move || atomic::make_folder(&root)).await?;
        Ok(files)
    }

    fn path(&self, key: &str) -> Result<PathBuf, EngineError> {
        check_key(key).map_err(|error| EngineError::Refused(error.into()))?;
        Ok(self.root.join(key))
    }
}

#[async_trait]
impl Files for FolderFiles {
    async fn put(&self, key: &str, blob: Blob) -> Result<(), EngineError> {
        let (path, root, key) = (self.path(key)?, self.root.clone(), key.to_owned());
        blocking(move || {
            let note = note_path(&root, &key, &blob.bytes);
            if type_by_name(&key) == Some(blob.content_type.as_str()) {
                atomic::remove(&note)?;
            } else {
                atomic::write(&note, blob.content_type.as_bytes())?;
            }
            let before = atomic::read(&path)?.map(|bytes| note_path(&root, &key, &bytes));
            atomic::write(&path, &blob.bytes)?;
            // The note of the bytes that went is of no use to anybody.
            before
                .filter(|before| *before != note)
                .map_or(Ok(false), |before| atomic::remove(&before))?;
            Ok(())
        })
        .await
    }

    async fn get(&self, key: &str) -> Result<Option<Blob>, EngineError> {
        let (path, root, key) = (self.path(key)?, self.root.clone(), key.to_owned());
        blocking(move || {
            let Some(bytes) = atomic::read(&path)? else {
                return Ok(None);
            };
            let noted = atomic::read(&note_path(&root, &key, &bytes))?
                .and_then(|note| String::from_utf8(note).ok());
            let content_type =
                noted.unwrap_or_else(|| type_by_name(&key).unwrap_or(UNKNOWN_TYPE).to_owned());
            Ok(Some(Blob {
                bytes: bytes.into(),
                content_type,
            }))
        })
        .await
    }

    async fn remove(&self, key: &str) -> Result<(), EngineError> {
        let (path, root, key) = (self.path(key)?, self.root.clone(), key.to_owned());
        blocking(move || {
            if let Some(bytes) = atomic::read(&path)? {
                atomic::remove(&path)?;
                atomic::remove(&note_path(&root, &key, &bytes))?;
            }
            Ok(())
        })
        .await
    }

    /// Writes a file and removes it: a folder that can only be read is of no use.
    async fn check(&self) -> Result<(), EngineError> {
        let probe = self.root.clone();
        blocking(move || {
            tempfile::Builder::new()
                .prefix(".writing-")
                .tempfile_in(probe)
                .map(drop)
        })
        .await
    }
}

/// The media type that an extension stands for.
fn type_by_name(key: &str) -> Option<&'static str> {
    mime_guess::from_path(key).first_raw()
}

/// Where the type of these very bytes under this key is noted.
fn note_path(root: &Path, key: &str, bytes: &[u8]) -> PathBuf {
    let hash = Sha256::new()
        .chain_update(key)
        .chain_update([0])
        .chain_update(bytes)
        .finalize();
    let name: String = hash
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(hex_digit)
        .collect();
    root.join(".types").join(name)
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or_default()
}

/// Runs file work on the threads that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, EngineError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(EngineError::Unavailable(error.into())),
        Err(error) => Err(EngineError::Unavailable(error.into())),
    }
}
