//! What a `--redis` URL says. It owns the password of Redis, and never shows it.
//!
//! `redis://user:password@host:6379/0`, `rediss://…` for TLS (`?ca=FILE` for a private authority),
//! `redis+sentinel://h1:26379,h2/mymaster/0`, `redis+cluster://h1,h2,h3`, and `rediss+sentinel`, `rediss+cluster`.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// Why a URL of Redis cannot be used. None of these repeats what the URL holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a scheme that is known.
    #[error(
        "it must begin with redis://, rediss://, redis+sentinel://, redis+cluster:// or their rediss forms"
    )]
    Scheme,
    /// A host is missing, or its port is not one.
    #[error("it must name a host, and each port must be a number from 1 to 65535")]
    Host,
    /// User or password are not percent-encoded UTF-8.
    #[error("its user and password must be percent-encoded UTF-8")]
    Credentials,
    /// The path is not what the scheme wants.
    #[error(
        "its path must be a database number (redis://), a service name and perhaps a number (sentinel), or empty (cluster)"
    )]
    Path,
    /// An option that is not known, or that needs TLS.
    #[error("the only option is ca=FILE, and only with TLS")]
    Option,
    /// The certificates of the authority cannot be read.
    #[error("the file of ca= cannot be read, or holds no certificate in PEM")]
    Authority,
}

/// Which kind of Redis stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// One server.
    Single,
    /// Sentinels that know where the master of a service is.
    Sentinel {
        /// Name of the service.
        service: String,
    },
    /// Nodes of a cluster.
    Cluster,
}

/// Where Redis is, and who we are to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Which kind.
    pub(crate) kind: Kind,
    /// Hosts and ports; exactly one for a single server.
    pub(crate) hosts: Vec<(String, u16)>,
    /// ACL user.
    pub(crate) user: Option<String>,
    /// Password.
    pub(crate) password: Option<String>,
    /// Database number.
    pub(crate) database: i64,
    /// Whether all connections are TLS.
    pub(crate) tls: bool,
    /// Certificates of the authority to trust, in PEM, instead of those of the machine.
    pub(crate) authority: Option<PathBuf>,
}

impl Address {
    /// Reads a URL.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = url.split_once("://").ok_or(AddressError::Scheme)?;
        let (tls, kind) = match scheme.split_once('+').unwrap_or((scheme, "")) {
            ("redis", kind) => (false, kind),
            ("rediss", kind) => (true, kind),
            _ => return Err(AddressError::Scheme),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        // A password may hold a slash only percent-encoded, as everywhere in URLs.
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, hosts) = match authority.rsplit_once('@') {
            Some((credentials, hosts)) => (Some(credentials), hosts),
            None => (None, authority),
        };
        let (user, password) = credentials.map_or(Ok((None, None)), read_credentials)?;
        let (kind, default_port, database) = match kind {
            "" => (Kind::Single, 6_379, path),
            "sentinel" => {
                let (service, database) = path.split_once('/').unwrap_or((path, ""));
                if service.is_empty() {
                    return Err(AddressError::Path);
                }
                let service = decode(service).ok_or(AddressError::Path)?;
                (Kind::Sentinel { service }, 26_379, database)
            }
            "cluster" if path.is_empty() => (Kind::Cluster, 6_379, ""),
            "cluster" => return Err(AddressError::Path),
            _ => return Err(AddressError::Scheme),
        };
        let database = match database.trim_end_matches('/') {
            "" => 0,
            number => number.parse::<u8>().map_err(|_| AddressError::Path)?.into(),
        };
        let hosts = hosts
            .split(',')
            .map(|host| read_host(host, default_port))
            .collect::<Result<Vec<_>, _>>()?;
        if kind == Kind::Single && hosts.len() != 1 {
            return Err(AddressError::Host);
        }
        let mut authority = None;
        for option in query.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("ca", file)) if tls && !file.is_empty() => {
                    authority = Some(decode(file).ok_or(AddressError::Option)?.into());
                }
                _ => return Err(AddressError::Option),
            }
        }
        Ok(Self {
            kind,
            hosts,
            user,
            password,
            database,
            tls,
            authority,
        })
    }

    /// Whether keys that are used together need a common hash tag.
    pub(crate) fn is_cluster(&self) -> bool {
        self.kind == Kind::Cluster
    }
}

/// Shows where Redis is, without who we are to it.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let (kind, path) = match &self.kind {
            Kind::Single => ("", self.database.to_string()),
            Kind::Sentinel { service } => ("+sentinel", format!("{service}/{}", self.database)),
            Kind::Cluster => ("+cluster", String::new()),
        };
        let hosts: Vec<_> = self
            .hosts
            .iter()
            .map(|(host, port)| join(host, *port))
            .collect();
        write!(formatter, "{scheme}{kind}://{}/{path}", hosts.join(","))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({self})")
    }
}

/// Host and port as a URL has them: an address of IPv6 stands in brackets.
pub(crate) fn join(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

type Credentials = (Option<String>, Option<String>);

fn read_credentials(text: &str) -> Result<Credentials, AddressError> {
    let (user, password) = match text.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (text, None),
    };
    let read = |text: &str| decode(text).ok_or(AddressError::Credentials);
    let user = Some(read(user)?).filter(|user| !user.is_empty());
    Ok((user, password.map(read).transpose()?))
}

fn read_host(text: &str, default_port: u16) -> Result<(String, u16), AddressError> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(AddressError::Host)?;
        (host, rest.strip_prefix(':'))
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port > 0),
        None => Some(default_port),
    };
    match port {
        Some(port) if !host.is_empty() => Ok((host.to_owned(), port)),
        _ => Err(AddressError::Host),
    }
}

fn decode(text: &str) -> Option<String> {
    percent_decode_str(text)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        Address::parse(url).unwrap().to_string()
    }

    #[test]
    fn every_kind_is_read() {
        assert_eq!(shown("redis://localhost"), "redis://localhost:6379/0");
        assert_eq!(shown("redis://h:1/7"), "redis://h:1/7");
        assert_eq!(shown("redis://[::1]:7/"), "redis://[::1]:7/0");
        assert_eq!(
            shown("redis+sentinel://h1:1,h2/mymaster"),
            "redis+sentinel://h1:1,h2:26379/mymaster/0"
        );
        assert_eq!(
            shown("rediss+sentinel://h/m/3"),
            "rediss+sentinel://h:26379/m/3"
        );
        assert_eq!(
            shown("redis+cluster://a,b:2,c"),
            "redis+cluster://a:6379,b:2,c:6379/"
        );
        let of_six = "redis+cluster://[fd00::1]:7,[fd00::2]:7/";
        assert_eq!(shown(of_six), of_six);
        let address = Address::parse("rediss://souk:p%40ss%2Fword@h/2?ca=/etc/a%20b.pem").unwrap();
        assert_eq!(address.user.as_deref(), Some("souk"));
        assert_eq!(address.password.as_deref(), Some("p@ss/word"));
        assert_eq!(address.authority, Some(PathBuf::from("/etc/a b.pem")));
        assert!(address.tls);
        let address = Address::parse("redis://:secret@h").unwrap();
        assert_eq!(
            (address.user, address.password.as_deref()),
            (None, Some("secret"))
        );
    }

    #[test]
    fn what_is_shown_holds_no_password() {
        let address = Address::parse("redis+cluster://souk:hunter2@a,b").unwrap();
        assert!(!format!("{address} {address:?}").contains("hunter2"));
        assert!(!format!("{address} {address:?}").contains("souk"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (url, why) in [
            ("localhost:6379", AddressError::Scheme),
            ("http://h", AddressError::Scheme),
            ("redis+else://h", AddressError::Scheme),
            ("redis://", AddressError::Host),
            ("redis://a,b", AddressError::Host),
            ("redis://h:0", AddressError::Host),
            ("redis://h:99999", AddressError::Host),
            ("redis://%ff@h", AddressError::Credentials),
            ("redis://h/x", AddressError::Path),
            ("redis+sentinel://h", AddressError::Path),
            ("redis+cluster://h/1", AddressError::Path),
            ("redis://h?ca=x", AddressError::Option),
            ("rediss://h?insecure=1", AddressError::Option),
        ] {
            assert_eq!(Address::parse(url), Err(why), "{url}");
        }
    }
}
