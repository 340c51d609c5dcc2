//! Engines by URL.

use std::path::PathBuf;
use std::str::FromStr;

/// The URL names no engine that Souk has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{option} {given:?}: {must}")]
pub struct BadUrl {
    option: &'static str,
    given: String,
    must: &'static str,
}

/// Where data is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// A MongoDB replica set or sharded cluster, by its whole URL, which may hold a password.
    Mongo(String),
}

impl FromStr for DatabaseUrl {
    type Err = BadUrl;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        if url.starts_with("mongodb://") || url.starts_with("mongodb+srv://") {
            return Ok(Self::Mongo(url.to_owned()));
        }
        let must = "must be sqlite:PATH, mongodb://… or mongodb+srv://…";
        let path = after_scheme(url, "sqlite:").ok_or(BadUrl {
            option: "--database",
            given: scheme_of(url),
            must,
        })?;
        Ok(Self::Sqlite(path))
    }
}

/// Without what is secret.
impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Mongo(url) => write!(f, "mongodb at {}", host_of(url)),
        }
    }
}

/// A URL's host or hosts: what stands before the last @ is a name and a password, what follows them may hold more.
pub fn host_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let hosts = after_scheme
        .rsplit_once('@')
        .map_or(after_scheme, |(_, hosts)| hosts);
    hosts.split(['/', '?']).next().unwrap_or_default()
}

/// Where pictures are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobsUrl {
    /// A folder on this machine.
    Folder(PathBuf),
}

impl FromStr for BlobsUrl {
    type Err = BadUrl;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let must = "must be file:PATH";
        let path = after_scheme(url, "file:").ok_or(BadUrl {
            option: "--blobs",
            given: scheme_of(url),
            must,
        })?;
        Ok(Self::Folder(path))
    }
}

/// Where mail goes.
#[derive(Clone, PartialEq, Eq)]
pub enum MailUrl {
    /// A folder on this machine.
    Folder(PathBuf),
    /// A mail server, by its whole URL, which may hold a password.
    Smtp(String),
}

impl FromStr for MailUrl {
    type Err = BadUrl;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        if url.starts_with("smtp://") || url.starts_with("smtps://") {
            return Ok(Self::Smtp(url.to_owned()));
        }
        let must = "must be file:PATH, smtp://… or smtps://…";
        let path = after_scheme(url, "file:").ok_or(BadUrl {
            option: "--mail",
            given: scheme_of(url),
            must,
        })?;
        Ok(Self::Folder(path))
    }
}

/// The path of `scheme:PATH`; `scheme://PATH` is the same, as many write it.
fn after_scheme(url: &str, scheme: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix(scheme)?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    (!path.is_empty()).then(|| PathBuf::from(path))
}

/// What may be shown of a URL: never what follows the scheme, which may hold a password.
fn scheme_of(url: &str) -> String {
    match url.split_once(':') {
        Some((scheme, _)) => format!("{scheme}:…"),
        None => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_engines() {
        let path = |url: &str| match url.parse() {
            Ok(DatabaseUrl::Sqlite(path)) => path,
            _ => PathBuf::new(),
        };
        assert_eq!(path("sqlite:./a/b.db"), PathBuf::from("./a/b.db"));
        assert_eq!(path("sqlite:///a/b.db"), PathBuf::from("/a/b.db"));
        assert_eq!("file:/a".parse(), Ok(BlobsUrl::Folder("/a".into())));
        assert!("sqlite:".parse::<DatabaseUrl>().is_err());
        assert!("/a/b.db".parse::<DatabaseUrl>().is_err());
        let mongo: DatabaseUrl = "mongodb://user:p%40ss@h1,h2:27017/souk?replicaSet=rs0"
            .parse()
            .expect("a URL");
        assert_eq!(mongo.to_string(), "mongodb at h1,h2:27017");
        let secret = "http://user:secret@host".parse::<MailUrl>();
        assert!(secret.is_err_and(|error| !error.to_string().contains("secret")));
    }
}
