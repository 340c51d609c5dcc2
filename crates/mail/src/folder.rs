//! Mails as `.eml` files of a folder, which staff can read: the engine of `file:PATH`.
//!
//! A mail is one file, named by its id. A mail that is sent again finds its file and leaves it: who crashed after
//! writing and tries again makes no second one. The file's time is the mail's own, so that the newest are found
//! without opening any.

use std::fs::{self, File, FileTimes};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_trait::async_trait;
use jiff::Timestamp;
use mail_parser::{Message, MessageParser};
use souk_app::ports::mailer::{KeptMail, MailText};
use souk_app::ports::store::ListError;
use souk_app::ports::{EngineError, MailError, Mailbox, Mailer, OutgoingMail};
use uuid::Uuid;

use crate::compose;
use crate::open::MailOptions;

/// Most mails of one list.
const MAX_LIST: usize = 100;

/// A folder of mails.
#[derive(Debug, Clone)]
pub struct FolderMailer {
    folder: PathBuf,
    options: MailOptions,
}

impl FolderMailer {
    /// Opens a folder, and makes it if need be.
    pub async fn open(
        folder: impl Into<PathBuf>,
        options: MailOptions,
    ) -> Result<Self, EngineError> {
        let mailer = Self {
            folder: folder.into(),
            options,
        };
        let folder = mailer.folder.clone();
        blocking(move || make_folder(&folder))
            .await
            .map_err(unavailable)?;
        Ok(mailer)
    }

    /// The file of a mail; none when the text is not the id of one.
    fn file(&self, id: &str) -> Option<PathBuf> {
        // One mail, one name: the capital or braced forms of a UUID would be others.
        let uuid = Uuid::parse_str(id)
            .ok()
            .filter(|uuid| uuid.to_string() == id)?;
        Some(path(&self.folder, uuid))
    }
}

#[async_trait]
impl Mailer for FolderMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let bytes = compose(mail, &self.options.from, &self.options.public_url)?.bytes();
        let (path, at) = (path(&self.folder, mail.id), SystemTime::from(mail.at));
        blocking(move || keep(&path, &bytes, at))
            .await
            .map_err(|error| MailError::Unavailable(error.into()))?;
        tracing::info!(mail = %mail.id, trace = mail.trace, "mail kept in the folder");
        Ok(())
    }

    /// Writes a file and removes it: a folder that can only be read is of no use.
    async fn check(&self) -> Result<(), MailError> {
        let folder = self.folder.clone();
        let probe = blocking(move || unfinished(&folder).map(drop)).await;
        probe.map_err(|error| MailError::Unavailable(error.into()))
    }

    fn mailbox(&self) -> Option<&dyn Mailbox> {
        Some(self)
    }
}

#[async_trait]
impl Mailbox for FolderMailer {
    async fn list(&self, before: Option<&str>, limit: usize) -> Result<Vec<KeptMail>, ListError> {
        let before = before
            .map(|id| self.file(id).ok_or(ListError::Cursor))
            .transpose()?;
        let folder = self.folder.clone();
        let list =
            move || {
                let before = match before {
                    Some(file) => match age(&file)? {
                        Some(age) => Some((age, file)),
                        // The mail to go on from is gone: nobody knows where that was.
                        None => return Ok(None),
                    },
                    None => None,
                };
                let mut files = Vec::new();
                for entry in fs::read_dir(&folder)? {
                    let file = entry?.path();
                    if file.extension().is_some_and(|extension| extension == "eml")
                        && let Some(age) = age(&file)?
                    {
                        files.push((age, file));
                    }
                }
                files.retain(|file| before.as_ref().is_none_or(|before| file < before));
                files.sort_unstable_by(|one, other| other.cmp(one));
                let mut mails = Vec::new();
                for (_, file) in files {
                    if mails.len() == limit.min(MAX_LIST) {
                        break;
                    }
                    // What is no mail of ours (or was removed just now) is left out.
                    mails.extend(read(&file)?.and_then(|bytes| {
                        Some(kept(&file, &MessageParser::default().parse(&bytes)?))
                    }));
                }
                Ok(Some(mails))
            };
        let mails = blocking(list).await.map_err(unavailable)?;
        mails.ok_or(ListError::Cursor)
    }

    async fn open(&self, id: &str) -> Result<Option<(KeptMail, MailText)>, EngineError> {
        let Some(file) = self.file(id) else {
            return Ok(None);
        };
        let open = move || {
            let Some(bytes) = read(&file)? else {
                return Ok(None);
            };
            let Some(message) = MessageParser::default().parse(&bytes) else {
                return Ok(None);
            };
            let html = message.body_html(0).unwrap_or_default().into_owned();
            let text = message.body_text(0).unwrap_or_default().into_owned();
            Ok(Some((kept(&file, &message), MailText { html, text })))
        };
        blocking(open).await.map_err(unavailable)
    }
}

/// What the headers say.
fn kept(file: &Path, message: &Message<'_>) -> KeptMail {
    let to = message
        .to()
        .and_then(|to| to.first())
        .and_then(|to| to.address());
    let at = message
        .date()
        .and_then(|date| Timestamp::from_second(date.to_timestamp()).ok());
    let order = message
        .header_raw("X-Souk-Order-Id")
        .and_then(|id| id.trim().parse().ok());
    KeptMail {
        id: file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        to: to.unwrap_or_default().to_owned(),
        subject: message.subject().unwrap_or_default().to_owned(),
        at: at.unwrap_or_default(),
        order_id: order,
    }
}

fn path(folder: &Path, id: Uuid) -> PathBuf {
    folder.join(format!("{id}.eml"))
}

/// Writes a mail whole or not at all, and on the disk when this returns; one that is there already is left as it is.
fn keep(path: &Path, bytes: &[u8], at: SystemTime) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    if !path.exists() {
        let mut file = unfinished(folder)?;
        file.write_all(bytes)?;
        file.as_file()
            .set_times(FileTimes::new().set_modified(at))?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
    }
    File::open(folder)?.sync_all()
}

/// A file that is not a mail yet; only this user can read it, as the mails themselves, which hold people's addresses.
fn unfinished(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".writing-")
        .tempfile_in(folder)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let above = folder
        .parent()
        .filter(|above| !above.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(above)?.sync_all()
}

/// The time of a file; none when it is not there.
fn age(file: &Path) -> io::Result<Option<SystemTime>> {
    match fs::metadata(file) {
        Ok(metadata) => metadata.modified().map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn unavailable(error: io::Error) -> EngineError {
    EngineError::Unavailable(error.into())
}

/// Runs file work on the threads that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}
