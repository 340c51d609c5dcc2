//! Tries every configured engine.

use std::path::Path;
use std::time::Duration;

use souk_store_sqlite::Access;

use super::{engines, keys};
use crate::config::{BlobsUrl, DatabaseUrl, EngineOptions, MailUrl, host_of};

/// What came of trying one engine.
pub struct Finding {
    /// Which need.
    pub what: &'static str,
    /// Which engine, without its secrets.
    pub detail: String,
    /// What is wrong; none when it is good.
    pub wrong: Option<String>,
    /// What works, and could be better.
    pub advice: Option<String>,
}

/// What a killed process leaves locked blocks others; longer than this is too long for a variant that many want.
const TRANSACTION_LIMIT: Duration = Duration::from_secs(5);

/// Nothing is made here: whoever checks may be another user than the one that serves, and what they made would be theirs.
fn is_there(path: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        path.exists(),
        "not there yet: the first `souk serve` makes it, where it may"
    );
    Ok(())
}

/// Tries every configured engine. Options that cannot be read are an error; engines that do not answer are findings.
pub async fn check(options: &EngineOptions) -> anyhow::Result<Vec<Finding>> {
    let (database, blobs, mail) = (options.database()?, options.blobs()?, options.mail()?);
    let signing_keys = options.signing_keys()?;
    let mut findings = Vec::new();
    let mut found = |what, detail: String, tried: anyhow::Result<()>| {
        findings.push(Finding {
            what,
            detail,
            wrong: tried.err().map(|error| format!("{error:#}")),
            advice: None,
        });
    };
    let tried = async {
        if let DatabaseUrl::Sqlite(path) = &database {
            is_there(path)?;
        }
        Ok(engines::open_data(&database, Access::Share)
            .await?
            .check()
            .await?)
    }
    .await;
    found("data", database.to_string(), tried);
    if let Some(url) = options.redis()? {
        let tried = async {
            anyhow::ensure!(
                matches!(database, DatabaseUrl::Mongo(_)),
                "it goes with a mongodb database"
            );
            engines::try_redis(&url).await
        };
        found("redis", host_of(&url).to_owned(), tried.await);
    }

    let BlobsUrl::Folder(path) = &blobs;
    let tried = async {
        is_there(path)?;
        Ok(engines::open_files(&blobs).await?.check().await?)
    }
    .await;
    found("blobs", format!("file:{}", path.display()), tried);

    let detail = match &mail {
        MailUrl::Folder(path) => format!("file:{}", path.display()),
        MailUrl::Smtp(url) => format!("smtp server {}", host_of(url)),
    };
    let tried = async {
        if let MailUrl::Folder(path) = &mail {
            is_there(path)?;
        }
        Ok(engines::open_mailer(options, "http://localhost")
            .await?
            .check()
            .await?)
    }
    .await;
    found("mail", detail, tried);

    let tried = keys::load(&signing_keys).and_then(|keys| {
        let keys =
            keys.ok_or_else(|| anyhow::anyhow!("not there yet: the first `souk serve` makes it"))?;
        Ok(souk_app::accounts::Tokens::new(&keys).map(drop)?)
    });
    found("signing keys", signing_keys.display().to_string(), tried);
    if let DatabaseUrl::Mongo(url) = &database
        && let Ok(store) = engines::open_mongo(url, Access::Share).await
        && let Some(limit) = store.transaction_limit().await
        && limit > TRANSACTION_LIMIT
    {
        findings[0].advice = Some(format!(
            "transactionLifetimeLimitSeconds is {}: what a killed process was selling is blocked for so long; set it to 3",
            limit.as_secs()
        ));
    }
    Ok(findings)
}
