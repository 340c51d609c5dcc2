//! Canned replies: answers that staff give often.

use souk_domain::Locale;
use souk_domain::stream::MAX_TEXT;
use souk_domain::support::CannedReply;
use uuid::Uuid;

use super::SupportError;
use crate::App;
use crate::accounts::FieldFault;

/// Most characters of a title.
const MAX_TITLE: usize = 100;
/// Most canned replies of a shop.
const MOST: usize = 500;

/// A canned reply as staff write it.
#[derive(Debug, Clone)]
pub struct CannedInput {
    /// What it is found by.
    pub title: String,
    /// What it says.
    pub text: String,
    /// The language it is for, if it is for one alone.
    pub locale: Option<Locale>,
}

/// All canned replies, by title.
pub async fn list_canned(app: &App) -> Result<Vec<CannedReply>, SupportError> {
    Ok(app.store.canned_replies().await?)
}

/// Keeps a canned reply under an id, in place of the one that had it.
pub async fn keep_canned(
    app: &App,
    id: Uuid,
    input: CannedInput,
) -> Result<CannedReply, SupportError> {
    let mut faults = Vec::new();
    let title = input.title.trim();
    if !(1..=MAX_TITLE).contains(&title.chars().count()) || title.chars().any(char::is_control) {
        faults.push(FieldFault::new(
            "title",
            "must be 1 to 100 characters on one line",
        ));
    }
    let text = input.text.trim();
    if !(1..=MAX_TEXT).contains(&text.chars().count()) {
        faults.push(FieldFault::new("text", "must be 1 to 8000 characters"));
    }
    if !faults.is_empty() {
        return Err(SupportError::Fields(faults));
    }
    let kept = app.store.canned_replies().await?;
    if kept.len() >= MOST && kept.iter().all(|reply| reply.id != id) {
        let fault = FieldFault::new("", "must not be more than 500: remove one first");
        return Err(SupportError::Fields(vec![fault]));
    }
    let reply = CannedReply {
        id,
        title: title.to_owned(),
        text: text.to_owned(),
        locale: input.locale,
    };
    app.store.keep_canned_reply(&reply).await?;
    Ok(reply)
}

/// Removes a canned reply.
pub async fn remove_canned(app: &App, id: Uuid) -> Result<(), SupportError> {
    if app.store.remove_canned_reply(id).await? {
        Ok(())
    } else {
        Err(SupportError::NotFound)
    }
}
