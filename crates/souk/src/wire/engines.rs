//! Engines by URL.

use std::sync::Arc;

use anyhow::Context as _;
use souk_app::ports::{Files, Mailer};
use souk_files::FolderFiles;
use souk_mail::MailOptions;
use souk_store_sqlite::{Access, SqliteOptions, SqliteStore};

use crate::config::{BlobsUrl, DatabaseUrl, EngineOptions, MailUrl};

pub(super) fn open_store(database: &DatabaseUrl, access: Access) -> anyhow::Result<SqliteStore> {
    let DatabaseUrl::Sqlite(path) = database;
    let options = SqliteOptions {
        access,
        ..SqliteOptions::default()
    };
    SqliteStore::open(path, options)
        .with_context(|| format!("--database sqlite:{}", path.display()))
}

/// The data engine for a command that only reads, beside a server or alone.
pub fn open_to_read(database: &DatabaseUrl) -> anyhow::Result<SqliteStore> {
    let DatabaseUrl::Sqlite(path) = database;
    anyhow::ensure!(path.exists(), "there is no database at {}", path.display());
    open_store(database, Access::Read)
}

pub(super) async fn open_files(blobs: &BlobsUrl) -> anyhow::Result<Arc<dyn Files>> {
    let BlobsUrl::Folder(path) = blobs;
    let files = FolderFiles::open(path)
        .await
        .with_context(|| format!("--blobs file:{}", path.display()))?;
    Ok(Arc::new(files))
}

pub(super) async fn open_mailer(
    engines: &EngineOptions,
    public_url: &str,
) -> anyhow::Result<Arc<dyn Mailer>> {
    let host = public_url
        .split_once("://")
        .map_or(public_url, |(_, rest)| rest);
    let host = host
        .split(['/', ':'])
        .next()
        .filter(|host| !host.is_empty())
        .unwrap_or("localhost");
    let from = engines
        .mail_from
        .clone()
        .unwrap_or_else(|| format!("no-reply@{host}"));
    let options = MailOptions {
        public_url: public_url.to_owned(),
        from: from.parse().context("--mail-from")?,
        timeout: MailOptions::TIMEOUT,
    };
    let url = match engines.mail()? {
        MailUrl::Folder(path) => format!("file:{}", path.display()),
        MailUrl::Smtp(url) => url,
    };
    souk_mail::open(&url, options).await.context("--mail")
}
