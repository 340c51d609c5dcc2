//! Engines by URL.

use std::sync::Arc;

use anyhow::Context as _;
use souk_app::ports::{Files, Mailer};
use souk_files::FolderFiles;
use souk_mail::{FolderMailer, SmtpMailer};
use souk_store_sqlite::{Access, SqliteOptions, SqliteStore};

use crate::config::{BlobsUrl, DatabaseUrl, EngineOptions, MailUrl};

pub(super) fn open_store(database: &DatabaseUrl, access: Access) -> anyhow::Result<SqliteStore> {
    let DatabaseUrl::Sqlite(path) = database;
    let options = SqliteOptions { access, ..SqliteOptions::default() };
    SqliteStore::open(path, options).with_context(|| format!("--database sqlite:{}", path.display()))
}

/// The data engine for a command that only reads, beside a server or alone.
pub fn open_to_read(database: &DatabaseUrl) -> anyhow::Result<SqliteStore> {
    let DatabaseUrl::Sqlite(path) = database;
    anyhow::ensure!(path.exists(), "there is no database at {}", path.display());
    open_store(database, Access::Read)
}

pub(super) fn open_files(blobs: &BlobsUrl) -> anyhow::Result<Arc<dyn Files>> {
    let BlobsUrl::Folder(path) = blobs;
    let files = FolderFiles::open(path).with_context(|| format!("--blobs file:{}", path.display()))?;
    Ok(Arc::new(files))
}

pub(super) fn open_mailer(engines: &EngineOptions, public_url: &str) -> anyhow::Result<Arc<dyn Mailer>> {
    let from = engines.mail_from.as_deref();
    let sender = souk_mail::Sender::new(from, public_url).context("--mail-from")?;
    Ok(match engines.mail()? {
        MailUrl::Folder(path) => {
            let mailer = FolderMailer::open(&path, sender).with_context(|| format!("--mail file:{}", path.display()))?;
            Arc::new(mailer)
        }
        MailUrl::Smtp(url) => Arc::new(SmtpMailer::new(&url, sender).context("--mail")?),
    })
}
