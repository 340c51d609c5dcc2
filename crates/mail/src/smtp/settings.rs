//! The URL of a mail server, and a connection as it asks for.

use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use souk_app::ports::MailError;
use url::{Host, Url};

use super::failure::unreachable;
use crate::open::MailSetupError;

/// How a connection is encrypted.
enum Tls {
    None,
    IfOffered(TlsParameters),
    Required(TlsParameters),
    FromTheStart(TlsParameters),
}

/// Where the server is and how to talk to it.
pub(super) struct Settings {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    hello: ClientId,
    is_here: bool,
}

impl Settings {
    pub(super) fn read(text: &str) -> Result<Self, MailSetupError> {
        let wrong = MailSetupError::Url;
        let url = Url::parse(text)
            .map_err(|_| wrong("mail is given as file:PATH, smtp://HOST or smtps://HOST"))?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(wrong("the mail server's host is missing"))?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let is_here = is_here(&url);
        let (mut tls, mut ca, mut hello) = (None, None, ClientId::default());
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "tls" => tls = Some(value.into_owned()),
                "ca" => ca = Some(value.into_owned()),
                "hello" => hello = ClientId::Domain(value.into_owned()),
                _ => {
                    return Err(wrong(
                        "the mail server's URL knows the options tls, ca and hello",
                    ));
                }
            }
        }
        let parameters = || parameters(&host, ca.as_deref());
        let default_tls = if is_here { "none" } else { "required" };
        let (tls, port) = match (url.scheme(), tls.as_deref()) {
            ("smtps", None) => (Tls::FromTheStart(parameters()?), 465),
            ("smtps", Some(_)) => {
                return Err(wrong(
                    "smtps:// is TLS from the start and takes no tls option",
                ));
            }
            ("smtp", given) => match given.unwrap_or(default_tls) {
                "required" => (Tls::Required(parameters()?), 587),
                "opportunistic" => (Tls::IfOffered(parameters()?), 587),
                "none" => (Tls::None, 25),
                _ => return Err(wrong("tls is one of: required, opportunistic, none")),
            },
            _ => {
                return Err(wrong(
                    "mail is given as file:PATH, smtp://HOST or smtps://HOST",
                ));
            }
        };
        let credentials = credentials(&url)?;
        if credentials.is_some() && matches!(tls, Tls::None) && !is_here {
            return Err(wrong(
                "a password is not sent to another machine without TLS",
            ));
        }
        Ok(Self {
            host,
            port: url.port().unwrap_or(port),
            tls,
            credentials,
            hello,
            is_here,
        })
    }

    /// Connects, encrypts, signs in. `patience` is for the TCP connection; the caller limits the whole.
    pub(super) async fn connect(
        &self,
        patience: Duration,
    ) -> Result<AsyncSmtpConnection, MailError> {
        let wrapper = match &self.tls {
            Tls::FromTheStart(parameters) => Some(parameters.clone()),
            _ => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(patience), &self.hello, wrapper, None)
                .await
                .map_err(unreachable)?;
        let upgrade = match &self.tls {
            Tls::Required(parameters) => Some(parameters),
            Tls::IfOffered(parameters) if connection.can_starttls() => Some(parameters),
            _ => None,
        };
        if let Some(parameters) = upgrade {
            connection
                .starttls(parameters.clone(), &self.hello)
                .await
                .map_err(unreachable)?;
        }
        if let Some(credentials) = &self.credentials {
            if !connection.is_encrypted() && !self.is_here {
                return Err(unreachable(
                    "the server offers no TLS, and a password is not sent without",
                ));
            }
            connection
                .auth(DEFAULT_MECHANISMS, credentials)
                .await
                .map_err(unreachable)?;
        }
        Ok(connection)
    }
}

/// Whether the URL means this very machine, so that nobody is in between.
fn is_here(url: &Url) -> bool {
    // A scheme that browsers do not know has its addresses read as names.
    match url.host() {
        Some(Host::Domain(name)) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn parameters(host: &str, ca: Option<&str>) -> Result<TlsParameters, MailSetupError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca {
        let pem = std::fs::read(path).map_err(|error| MailSetupError::Certificate(error.into()))?;
        let certificate = Certificate::from_pem(&pem)
            .map_err(|error| MailSetupError::Certificate(error.into()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder
        .build()
        .map_err(|error| MailSetupError::Certificate(error.into()))
}

fn credentials(url: &Url) -> Result<Option<Credentials>, MailSetupError> {
    let decoded = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned);
        decoded.map_err(|_| {
            MailSetupError::Url("the mail server's user and password must be percent-encoded UTF-8")
        })
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() => {
            Ok(Some(Credentials::new(decoded(user)?, decoded(password)?)))
        }
        _ => Err(MailSetupError::Url(
            "the mail server's user and password come together: user:password@host",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<(String, u16, &'static str, bool), String> {
        let settings = Settings::read(url).map_err(|error| error.to_string())?;
        let tls = match settings.tls {
            Tls::None => "none",
            Tls::IfOffered(_) => "if offered",
            Tls::Required(_) => "required",
            Tls::FromTheStart(_) => "from the start",
        };
        Ok((
            settings.host,
            settings.port,
            tls,
            settings.credentials.is_some(),
        ))
    }

    #[test]
    fn encryption_is_the_default_but_on_this_machine() {
        let is = |host: &str, port, tls, signs_in| Ok((host.to_owned(), port, tls, signs_in));
        assert_eq!(
            read("smtp://u:p@mail.example"),
            is("mail.example", 587, "required", true)
        );
        assert_eq!(
            read("smtps://u:p%40ss@mail.example"),
            is("mail.example", 465, "from the start", true)
        );
        assert_eq!(
            read("smtp://mail.example:2525?tls=opportunistic"),
            is("mail.example", 2525, "if offered", false)
        );
        assert_eq!(
            read("smtp://mail.example?tls=none"),
            is("mail.example", 25, "none", false)
        );
        assert_eq!(
            read("smtp://localhost:1025"),
            is("localhost", 1025, "none", false)
        );
        assert_eq!(
            read("smtp://u:p@127.0.0.1:1025"),
            is("127.0.0.1", 1025, "none", true)
        );
        assert_eq!(read("smtp://[::1]:1025"), is("::1", 1025, "none", false));
        assert_eq!(
            read("smtp://localhost?tls=required"),
            is("localhost", 587, "required", false)
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for bad in [
            "",
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://u@mail.example",
            "smtp://:p@mail.example",
            "smtp://mail.example?tls=maybe",
            "smtps://mail.example?tls=none",
            "smtp://mail.example?tsl=none",
            "smtp://u:p@mail.example?tls=none",
            "smtp://u:%ff@mail.example",
            "smtp://mail.example?ca=/not/there",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_said_of_a_bad_url_holds_no_password() {
        for bad in [
            "smtp://user:secret@mail.example?tls=none",
            "smtp://user:secret@mail.example:x",
        ] {
            assert!(!read(bad).unwrap_err().contains("secret"));
        }
    }
}
