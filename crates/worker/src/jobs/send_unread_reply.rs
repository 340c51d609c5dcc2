//! Sends somebody what staff wrote to them, unless they have read it meanwhile.
//!
//! Several answers in a row make one mail: the first job writes all that is unread, and notes up to where; the jobs of
//! the others then find nothing left to send.

use souk_app::ports::{Letter, UnreadMessage};
use souk_domain::UserId;
use souk_domain::stream::{Entry, EntryBody, MAX_PAGE, Span, StreamKey};

use super::mailing::{Mailing, Recipient};
use crate::attempt::JobError;

/// Most messages of one mail; who wants the others follows the link.
const MOST: usize = 20;

pub(super) async fn run(
    mailing: &Mailing<'_>,
    stream: StreamKey,
    seq: u64,
    user_id: UserId,
) -> Result<(), JobError> {
    let store = &mailing.app.store;
    let unread = store.unread(user_id, &[stream]).await?;
    let read = unread.first().map_or(0, |unread| unread.read);
    let known = read.max(store.mailed(stream, user_id).await?);
    if known >= seq {
        tracing::info!("the answer was read, or written before");
        return Ok(());
    }
    let reader = mailing.user(user_id).await?;
    let Some(email) = &reader.email else {
        tracing::info!("they left no address; there is nobody to write to");
        return Ok(());
    };
    let page = store.entries(stream, Span::After(known, MAX_PAGE)).await?;
    let last = page.entries.last().map_or(seq, |entry| entry.seq).max(seq);
    let messages: Vec<UnreadMessage> = page
        .entries
        .iter()
        .filter_map(of_staff)
        .take(MOST)
        .collect();
    if messages.is_empty() {
        tracing::info!("what was written was taken back");
        return Ok(());
    }
    let order_id = match stream {
        StreamKey::Order(order) => Some(order),
        _ => None,
    };
    let to = Recipient {
        email,
        name: &reader.name,
        locale: reader.locale,
    };
    let letter = Letter::UnreadReply { order_id, messages };
    mailing.send(&to, mailing.shop().await?, letter).await?;
    Ok(store.note_mailed(stream, user_id, last).await?)
}

fn of_staff(entry: &Entry) -> Option<UnreadMessage> {
    let author = entry
        .author
        .as_ref()
        .filter(|author| author.role.is_staff())?;
    let EntryBody::Message { text, .. } = entry.content.body()? else {
        return None;
    };
    Some(UnreadMessage {
        author: author.name.clone(),
        text: text.clone(),
    })
}
