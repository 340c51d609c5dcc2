//! Options: each is a flag and an environment variable `SOUK_…`, with the same meaning for every command.

mod engines;
mod limits;
mod serve;
mod sockets;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

pub use engines::{BlobsUrl, DatabaseUrl, MailUrl, host_of};
pub use limits::{LimitOptions, Rate};
pub use serve::{Role, ServeOptions};
pub use sockets::SocketLimits;

/// Where everything is kept: the options that all commands share.
#[derive(Debug, Clone, Args)]
pub struct EngineOptions {
    /// Folder of everything that is not said otherwise: database, pictures, mails, signing keys
    /// [default: the folder of a `sqlite:` database that is given, else ./souk-data].
    #[arg(long, global = true, env = "SOUK_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Data: `sqlite:PATH`, or `mongodb://h1,h2,h3/souk?replicaSet=rs0`, which --redis goes with
    /// [default: sqlite:DATA_DIR/souk.db].
    #[arg(
        long,
        global = true,
        env = "SOUK_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<String>,

    /// File that holds the value of --database, for a URL with a password.
    #[arg(
        long,
        global = true,
        env = "SOUK_DATABASE_FILE",
        value_name = "FILE",
        conflicts_with = "database"
    )]
    pub database_file: Option<PathBuf>,

    /// Jobs, cache, limits, presence and news between processes: `redis://host:6379`, `rediss://user:pass@host`,
    /// `redis+sentinel://h1:26379,h2:26379/mymaster`, `redis+cluster://h1,h2,h3`. Goes with a mongodb database; without
    /// both, all of it is in this process.
    #[arg(
        long,
        global = true,
        env = "SOUK_REDIS",
        value_name = "URL",
        hide_env_values = true
    )]
    pub redis: Option<String>,

    /// File that holds the value of --redis, for a URL with a password.
    #[arg(
        long,
        global = true,
        env = "SOUK_REDIS_FILE",
        value_name = "FILE",
        conflicts_with = "redis"
    )]
    pub redis_file: Option<PathBuf>,

    /// Pictures: `file:PATH` [default: file:DATA_DIR/blobs].
    #[arg(long, global = true, env = "SOUK_BLOBS", value_name = "URL")]
    pub blobs: Option<String>,

    /// Mail: `file:PATH` (a folder of .eml files that staff can read), `smtp://user:pass@host:587`, `smtps://…`
    /// [default: file:DATA_DIR/mail].
    #[arg(
        long,
        global = true,
        env = "SOUK_MAIL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub mail: Option<String>,

    /// File that holds the value of --mail, for a URL with a password.
    #[arg(
        long,
        global = true,
        env = "SOUK_MAIL_FILE",
        value_name = "FILE",
        conflicts_with = "mail"
    )]
    pub mail_file: Option<PathBuf>,

    /// Sender of all mails: `Name <address>` or an address (default: the shop's name, at no-reply@ the host of the public URL).
    #[arg(long, global = true, env = "SOUK_MAIL_FROM", value_name = "MAILBOX")]
    pub mail_from: Option<String>,

    /// File of the keys that tokens are signed with; made on first start, mode 600
    /// [default: DATA_DIR/signing-keys.json].
    #[arg(
        long,
        global = true,
        env = "SOUK_SIGNING_KEYS_FILE",
        value_name = "FILE"
    )]
    pub signing_keys_file: Option<PathBuf>,

    /// What to log: a level, or `target=level` pairs.
    #[arg(
        long,
        global = true,
        env = "SOUK_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log: String,

    /// How to log: JSON lines, or text for people [default: text on a terminal, else json].
    #[arg(long, global = true, env = "SOUK_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Text for people.
    Text,
}

impl EngineOptions {
    /// The folder of everything that is not said otherwise.
    pub fn data_dir(&self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.data_dir {
            return Ok(folder.clone());
        }
        let beside = match self.database_url()? {
            Some(DatabaseUrl::Sqlite(path)) => path.parent().map(PathBuf::from),
            Some(DatabaseUrl::Mongo(_)) => Some(PathBuf::from("souk-data")),
            None => None,
        };
        let given = self.database.is_some() || self.database_file.is_some();
        Ok(beside
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or_else(|| PathBuf::from(if given { "." } else { "souk-data" })))
    }

    /// The data engine.
    pub fn database(&self) -> anyhow::Result<DatabaseUrl> {
        match self.database_url()? {
            Some(url) => Ok(url),
            None => Ok(DatabaseUrl::Sqlite(self.data_dir()?.join("souk.db"))),
        }
    }

    fn database_url(&self) -> anyhow::Result<Option<DatabaseUrl>> {
        let url = given(
            self.database.as_ref(),
            self.database_file.as_ref(),
            "--database-file",
        )?;
        Ok(url.as_deref().map(str::parse).transpose()?)
    }

    /// The URL of Redis, if there is one.
    pub fn redis(&self) -> anyhow::Result<Option<String>> {
        given(
            self.redis.as_ref(),
            self.redis_file.as_ref(),
            "--redis-file",
        )
    }

    /// The blob engine.
    pub fn blobs(&self) -> anyhow::Result<BlobsUrl> {
        match &self.blobs {
            Some(url) => Ok(url.parse()?),
            None => Ok(BlobsUrl::Folder(self.data_dir()?.join("blobs"))),
        }
    }

    /// The mail engine.
    pub fn mail(&self) -> anyhow::Result<MailUrl> {
        match given(self.mail.as_ref(), self.mail_file.as_ref(), "--mail-file")? {
            Some(url) => Ok(url.parse()?),
            None => Ok(MailUrl::Folder(self.data_dir()?.join("mail"))),
        }
    }

    /// The file of the signing keys.
    pub fn signing_keys(&self) -> anyhow::Result<PathBuf> {
        match &self.signing_keys_file {
            Some(file) => Ok(file.clone()),
            None => Ok(self.data_dir()?.join("signing-keys.json")),
        }
    }
}

/// A value that is given, or stands in a file. An empty one is none.
fn given(
    value: Option<&String>,
    file: Option<&PathBuf>,
    option: &str,
) -> anyhow::Result<Option<String>> {
    let text = match (value, file) {
        (Some(value), _) => value.clone(),
        (None, Some(file)) => std::fs::read_to_string(file)
            .with_context(|| format!("{option} {} cannot be read", file.display()))?,
        (None, None) => return Ok(None),
    };
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// Whether only this machine can reach an address.
#[must_use]
pub fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().is_loopback()
}
