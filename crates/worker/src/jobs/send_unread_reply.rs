//! Sends somebody what staff wrote to them, unless they have read it meanwhile.
//!
//! Several answers in a row make one mail: the first job claims all that is unread; the jobs of the others then find
//! nothing left to send.

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
    let reader = mailing.user(user_id).await?;
    let Some(email) = &reader.email else {
        tracing::info!("they left no address; there is nobody to write to");
        return Ok(());
    };
    let head = store
        .heads(&[stream])
        .await?
        .first()
        .copied()
        .unwrap_or(seq);
    let claimed = store
        .claim_mail(stream, user_id, seq, head, mailing.job.id)
        .await?;
    let Some((after, upto)) = claimed else {
        tracing::info!("the answer was read, or written before");
        return Ok(());
    };
    let page = store.entries(stream, Span::After(after, MAX_PAGE)).await?;
    let messages: Vec<UnreadMessage> = page
        .entries
        .iter()
        .filter(|entry| entry.seq <= upto)
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
    mailing.send(&to, mailing.shop().await?, letter).await
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
