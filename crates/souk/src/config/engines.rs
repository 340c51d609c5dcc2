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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file on this machine.
    Sqlite(PathBuf),
}

impl FromStr for DatabaseUrl {
    type Err = BadUrl;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let must = "must be sqlite:PATH";
        let path = after_scheme(url, "sqlite:").ok_or(BadUrl {
            option: "--database",
            given: scheme_of(url),
            must,
        })?;
        Ok(Self::Sqlite(path))
    }
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
        assert_eq!(
            "sqlite:./a/b.db".parse(),
            Ok(DatabaseUrl::Sqlite("./a/b.db".into()))
        );
        assert_eq!(
            "sqlite:///a/b.db".parse(),
            Ok(DatabaseUrl::Sqlite("/a/b.db".into()))
        );
        assert_eq!("file:/a".parse(), Ok(BlobsUrl::Folder("/a".into())));
        assert!("sqlite:".parse::<DatabaseUrl>().is_err());
        assert!("/a/b.db".parse::<DatabaseUrl>().is_err());
        let secret = "http://user:secret@host".parse::<MailUrl>();
        assert!(secret.is_err_and(|error| !error.to_string().contains("secret")));
    }
}
