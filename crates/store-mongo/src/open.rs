//! Opening a database: the URL, how the driver is set, and which servers are refused.
//!
//! Nothing that is said here may show the URL: it holds a password.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::options::{ClientOptions, ReadConcern, ReadPreference, SelectionCriteria};
use mongodb::{Client, Database};

use crate::primary::Primary;
use crate::transaction::majority;

/// How to speak to the servers. TLS, accounts and the set's name come from the URL.
#[derive(Debug, Clone)]
pub struct MongoOptions {
    /// How long to wait for a server that may be written to, counted from when there was none. An election takes some
    /// seconds.
    pub selection: Duration,
    /// How long a connection may take to come about.
    pub connect: Duration,
    /// How long one call may take, attempts at it included.
    pub deadline: Duration,
    /// Most connections to each server, at least 1.
    pub pool: u32,
    /// Calls that may wait to be committed together; past it a call gets `Unavailable`.
    pub waiting: usize,
    /// Whether a database of an older version of Souk is brought forward. Programs of that version do not start on it
    /// afterwards, so this is for whoever serves.
    pub migrates: bool,
}

impl Default for MongoOptions {
    fn default() -> Self {
        Self {
            selection: Duration::from_secs(10),
            connect: Duration::from_secs(3),
            deadline: Duration::from_secs(10),
            pool: 32,
            waiting: 4_096,
            migrates: true,
        }
    }
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is none, or the driver knows no such option.
    #[error("the database URL is not a MongoDB URL: {0}")]
    Url(String),
    /// The servers cannot be reached, or refuse us.
    #[error("MongoDB cannot be used: {0}")]
    Server(String),
    /// The server is alone. Transactions need a replica set, be it of one member.
    #[error(
        "the MongoDB server is not a member of a replica set: start it with --replSet and initiate the set (one member is enough)"
    )]
    Standalone,
    /// The server is too old.
    #[error("MongoDB 6.0 or newer is needed; this server speaks wire version {0}, which is older")]
    Old(i32),
    /// It was written by a newer version of Souk.
    #[error(
        "the database has schema version {found}, this program knows {known}: use a newer Souk"
    )]
    Newer {
        /// The database's version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// It was written by an older version of Souk, and is not to be brought forward.
    #[error(
        "the database has schema version {found}, this program needs {needed}: use the Souk that serves it, or start `souk serve` of this one first"
    )]
    Older {
        /// The database's version.
        found: i64,
        /// The one that this program needs.
        needed: i64,
    },
    /// It is a database of something else.
    #[error("the database {0} holds collections that are not Souk's: name another one in the URL")]
    NotOurs(String),
}

/// The name of the database when the URL has none.
const DATABASE: &str = "souk";

/// The wire version of MongoDB 6.0.
const OLDEST: i32 = 17;

/// A connection to a database.
pub(crate) struct Link {
    pub(crate) client: Client,
    pub(crate) database: Database,
    pub(crate) primary: Primary,
}

impl Link {
    /// A connection that is dialled when it is needed.
    pub(crate) fn of(mut options: ClientOptions) -> mongodb::error::Result<Self> {
        let name = options.default_database.clone();
        let primary = Primary::seen_with(&mut options);
        let client = Client::with_options(options)?;
        Ok(Self {
            database: client.database(name.as_deref().unwrap_or(DATABASE)),
            client,
            primary,
        })
    }
}

/// Connects, and looks at who answers.
pub(crate) async fn connect(url: &str, options: &MongoOptions) -> Result<Link, OpenError> {
    let client_options = client_options(url, options).await?;
    let link = Link::of(client_options).map_err(|error| OpenError::Url(hidden(url, &error)))?;
    let hello = link
        .client
        .database("admin")
        .run_command(doc! { "hello": 1 })
        .await
        .map_err(|error| OpenError::Server(hidden(url, &error)))?;
    refuse(&hello)?;
    Ok(link)
}

/// What the URL says, and what must be so whatever it says.
pub(crate) async fn client_options(
    url: &str,
    options: &MongoOptions,
) -> Result<ClientOptions, OpenError> {
    let mut set = ClientOptions::parse(url)
        .await
        .map_err(|error| OpenError::Url(hidden(url, &error)))?;
    set.app_name.get_or_insert_with(|| "souk".to_owned());
    set.server_selection_timeout = Some(options.selection);
    set.connect_timeout = Some(options.connect);
    set.max_pool_size = Some(options.pool.max(1));
    set.retry_reads = Some(true);
    set.retry_writes = Some(true);
    // What was answered is on the disks of most members, and whoever reads it reads that.
    set.write_concern = Some(majority());
    set.read_concern = Some(ReadConcern::majority());
    set.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    Ok(set)
}

/// Refuses a server that cannot do what is needed.
fn refuse(hello: &Document) -> Result<(), OpenError> {
    let router = hello.get_str("msg").ok() == Some("isdbgrid");
    if !router && !hello.contains_key("setName") {
        return Err(OpenError::Standalone);
    }
    let version = hello.get_i32("maxWireVersion").unwrap_or_default();
    if version < OLDEST {
        return Err(OpenError::Old(version));
    }
    Ok(())
}

/// From so many characters on, a part of a password tells something of it.
const TELLING: usize = 4;

/// What an error says, without what the URL has before its `@`.
pub(crate) fn hidden(url: &str, error: &mongodb::error::Error) -> String {
    let said = error.kind.to_string();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let account = rest.rsplit_once('@').map(|(account, _)| account);
    let password = account.and_then(|account| account.split_once(':'));
    // A password that is not escaped is parted where the driver takes its end to be. Parts as short as those of one that
    // is, such as `2F`, stand in every other sentence.
    let shown = password.is_some_and(|(_, password)| {
        let parts = password.split([':', '/', '@', '?', '%', '#', '&']);
        let mut telling = parts.filter(|part| part.len() >= TELLING).chain([password]);
        !password.is_empty() && telling.any(|part| said.contains(part))
    });
    if shown {
        "the driver's answer holds the password and is not shown".to_owned()
    } else {
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_alone_or_old_is_refused() {
        let refused = |hello: Document| refuse(&hello).err().map(|error| error.to_string());
        assert_eq!(
            refused(doc! { "setName": "rs0", "maxWireVersion": 17 }),
            None
        );
        assert_eq!(
            refused(doc! { "msg": "isdbgrid", "maxWireVersion": 25 }),
            None
        );
        let alone = refused(doc! { "maxWireVersion": 17 }).expect("refused");
        assert!(alone.contains("replica set"), "{alone}");
        let old = refused(doc! { "setName": "rs0", "maxWireVersion": 13 }).expect("refused");
        assert!(old.contains("6.0"), "{old}");
    }

    #[tokio::test]
    async fn an_escaped_password_hides_nothing_else() {
        let url = "mongodb://me:p%3A%2Fgeheim%40@host:1/souk?tls=true&tlsCAFile=/no/such/file.pem";
        let set = client_options(url, &MongoOptions::default()).await;
        let error = set.and_then(|set| {
            Client::with_options(set).map_err(|error| OpenError::Url(hidden(url, &error)))
        });
        let said = error.expect_err("no such file").to_string();
        assert!(said.contains("/no/such/file.pem"), "{said}");
    }

    #[tokio::test]
    async fn a_wrong_url_does_not_show_its_password() {
        for url in [
            "mongodb://me:geheim@",
            "mongodb://me:geheim@host:notaport/souk",
            "mongodb://me:geheim%zz@host:1/souk",
            "mongodb://me:geheim@host:1/souk?w=geheim&tls=perhaps",
            "mongo://me:geheim@host:1/souk",
            "mongodb://me:ge@heim@host:1/souk",
            "mongodb://me:ge/heim@host:1/souk",
        ] {
            let error = client_options(url, &MongoOptions::default())
                .await
                .expect_err(url);
            let shown = format!("{error} {error:?}");
            assert!(
                !shown.contains("geheim") && !shown.contains("heim@"),
                "{shown}"
            );
        }
    }
}
