//! Options: each is a flag and an environment variable `SOUK_…`, with the same meaning for every command.

mod engines;
mod limits;
mod serve;
mod sockets;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

pub use engines::{BlobsUrl, DatabaseUrl, MailUrl};
pub use limits::{LimitOptions, Rate};
pub use serve::ServeOptions;
pub use sockets::SocketLimits;

/// Where everything is kept: the options that all commands share.
#[derive(Debug, Clone, Args)]
pub struct EngineOptions {
    /// Folder of everything that is not said otherwise: database, pictures, mails, signing keys
    /// [default: the folder of a `sqlite:` database that is given, else ./souk-data].
    #[arg(long, global = true, env = "SOUK_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Data: `sqlite:PATH` [default: sqlite:DATA_DIR/souk.db].
    #[arg(long, global = true, env = "SOUK_DATABASE", value_name = "URL")]
    pub database: Option<String>,

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
        let beside = match &self.database {
            Some(url) => match url.parse()? {
                DatabaseUrl::Sqlite(path) => path.parent().map(PathBuf::from),
            },
            None => None,
        };
        Ok(beside
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or_else(|| {
                PathBuf::from(if self.database.is_some() {
                    "."
                } else {
                    "souk-data"
                })
            }))
    }

    /// The data engine.
    pub fn database(&self) -> anyhow::Result<DatabaseUrl> {
        match &self.database {
            Some(url) => Ok(url.parse()?),
            None => Ok(DatabaseUrl::Sqlite(self.data_dir()?.join("souk.db"))),
        }
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
        let from_file = self.mail_file.as_ref().map(|file| {
            let text = std::fs::read_to_string(file);
            text.with_context(|| format!("--mail-file {} cannot be read", file.display()))
        });
        match (&self.mail, from_file.transpose()?) {
            (Some(url), _) => Ok(url.parse()?),
            (None, Some(url)) => Ok(url.trim().parse()?),
            (None, None) => Ok(MailUrl::Folder(self.data_dir()?.join("mail"))),
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

/// Whether only this machine can reach an address.
#[must_use]
pub fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().is_loopback()
}
