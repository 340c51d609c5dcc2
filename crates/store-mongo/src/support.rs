//! The support desk: conversations as staff see and change them, and canned replies. What posts do to a conversation is
//! in [`crate::conversation`].

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use mongodb::bson::{Document, Uuid as BsonUuid, doc};
use mongodb::options::FindOptions;
use souk_app::ports::EngineError;
use souk_app::ports::store::{
    ConversationCounts, ConversationView, DeskConversation, ListError, Listed, SupportStore,
};
use souk_domain::stream::{Assignee, Author, StreamKey};
use souk_domain::support::{CannedReply, Conversation, ConversationChange, ConversationError};
use souk_domain::user::User;
use souk_domain::{EntryId, Timestamp, UserId};
use uuid::Uuid;

use crate::MongoStore;
use crate::conversation::{self, Body, CONVERSATIONS};
use crate::failure::Failure;
use crate::ledger::{HeadRow, Ledger};
use crate::people::{Person, USERS};
use crate::records::{id as key, nanos, natural};
use crate::store::Inner;
use crate::transaction::{RETRY, Transaction};
use souk_app::ports::store::cursor;

/// Canned replies, by id.
pub(crate) const REPLIES: &str = "canned_replies";

/// `status` of conversations that are open, and of those that are not.
const OPEN: i64 = 0;
const CLOSED: i64 = 1;

#[async_trait]
impl SupportStore for MongoStore {
    async fn conversations(
        &self,
        view: ConversationView,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<DeskConversation>, ListError> {
        let before = cursor::decode(cursor::CONVERSATIONS, cursor)?;
        let listed = list(&self.inner, view, before, limit).await;
        Ok(listed.map_err(EngineError::from)?)
    }

    async fn conversation(&self, user: UserId) -> Result<Option<DeskConversation>, EngineError> {
        let theirs = doc! { "_id": key(user.0) };
        let found = self.inner.find_one::<Body>(CONVERSATIONS, theirs).await?;
        let found = found.iter().map(read).collect::<Result<_, _>>()?;
        Ok(on_the_desk(&self.inner, found).await?.pop())
    }

    async fn conversation_counts(&self, staff: UserId) -> Result<ConversationCounts, EngineError> {
        let of = |view| count(&self.inner, asked(view));
        let (unassigned, mine, open, closed) = tokio::try_join!(
            of(ConversationView::Unassigned),
            of(ConversationView::Of(staff)),
            of(ConversationView::Open),
            of(ConversationView::Closed),
        )?;
        Ok(ConversationCounts {
            unassigned,
            mine,
            open,
            closed,
        })
    }

    async fn change_conversation(
        &self,
        user: UserId,
        change: ConversationChange,
        by: Author,
        entry: EntryId,
        at: Timestamp,
    ) -> Result<Result<DeskConversation, ConversationError>, EngineError> {
        let by = &by;
        let changed = self
            .inner
            .transact(RETRY, |transaction| async move {
                change_one(&transaction, user, change, by, entry, at).await
            })
            .await?;
        match changed {
            Ok(after) => {
                let shown = on_the_desk(&self.inner, vec![after]).await?.pop();
                Ok(Ok(shown.ok_or(NO_CUSTOMER)?))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    async fn canned_replies(&self) -> Result<Vec<CannedReply>, EngineError> {
        let by_title = FindOptions::builder()
            .sort(doc! { "title": 1, "_id": 1 })
            .build();
        let found = self
            .inner
            .find_with::<Body>(REPLIES, doc! {}, by_title)
            .await?;
        let replies: Result<_, Failure> = found
            .iter()
            .map(|reply| Ok(serde_json::from_str(&reply.body)?))
            .collect();
        Ok(replies?)
    }

    async fn keep_canned_reply(&self, reply: &CannedReply) -> Result<(), EngineError> {
        let replies = self.inner.collection::<Document>(REPLIES);
        let keep = replies
            .replace_one(doc! { "_id": key(reply.id) }, canned(reply)?)
            .upsert(true);
        self.inner.within(keep.into_future()).await?;
        Ok(())
    }

    async fn remove_canned_reply(&self, id: Uuid) -> Result<bool, EngineError> {
        let gone = self.inner.delete_one(REPLIES, doc! { "_id": key(id) });
        Ok(gone.await?)
    }
}

const NO_CUSTOMER: Failure = Failure::Refused("a conversation's customer is not there");

/// A canned reply as it is kept.
pub(crate) fn canned(reply: &CannedReply) -> Result<Document, Failure> {
    Ok(doc! {
        "_id": key(reply.id),
        "title": &reply.title,
        "body": serde_json::to_string(reply)?,
    })
}

fn read(found: &Body) -> Result<Conversation, Failure> {
    Ok(serde_json::from_str(&found.body)?)
}

fn asked(view: ConversationView) -> Document {
    match view {
        ConversationView::Unassigned => doc! { "assignee": null, "status": OPEN },
        ConversationView::Of(staff) => doc! { "assignee": key(staff.0), "status": OPEN },
        ConversationView::Open => doc! { "status": OPEN },
        ConversationView::Closed => doc! { "status": CLOSED },
    }
}

async fn count(inner: &Inner, asked: Document) -> Result<u64, Failure> {
    let conversations = inner.collection::<Document>(CONVERSATIONS);
    let counted = conversations.count_documents(asked);
    inner.within(counted.into_future()).await
}

async fn change_one(
    transaction: &Transaction,
    user: UserId,
    change: ConversationChange,
    by: &Author,
    entry: EntryId,
    at: Timestamp,
) -> Result<Result<Conversation, ConversationError>, Failure> {
    let Some(before) = conversation::load(transaction, [user]).await?.remove(&user) else {
        return Ok(Err(ConversationError::NotFound));
    };
    let after = match before.clone().changed(by.id, change) {
        Ok(after) => after,
        Err(error) => return Ok(Err(error)),
    };
    if after == before {
        return Ok(Ok(before));
    }
    conversation::save(transaction, [&after]).await?;
    let assignee = match after.assignee {
        Some(id) => named(transaction, id).await?,
        None => None,
    };
    let said = after.entry_of_change(assignee, by.clone(), entry, at);
    let mut ledger = Ledger::open(transaction, &[(said.stream, said.id)]).await?;
    ledger.append_new(&said)?;
    ledger.write().await?;
    Ok(Ok(after))
}

async fn named(transaction: &Transaction, id: UserId) -> Result<Option<Assignee>, Failure> {
    let found = transaction
        .find_one::<Person>(USERS, doc! { "_id": key(id.0) })
        .await?;
    let user = found.map(|person| person.user()).transpose()?;
    Ok(user.map(|user| Assignee {
        id,
        name: user.name,
    }))
}

/// What the desk shows beside conversations: one question for all their people, and one for their heads.
async fn on_the_desk(
    inner: &Inner,
    conversations: Vec<Conversation>,
) -> Result<Vec<DeskConversation>, Failure> {
    if conversations.is_empty() {
        return Ok(Vec::new());
    }
    let (people, heads) =
        tokio::try_join!(people(inner, &conversations), heads(inner, &conversations))?;
    conversations
        .into_iter()
        .map(|conversation| {
            let customer = people.get(&conversation.user_id).ok_or(NO_CUSTOMER)?;
            let assignee = conversation.assignee.and_then(|id| people.get(&id));
            let stream = StreamKey::Support(conversation.user_id).to_string();
            Ok(DeskConversation {
                customer: customer.clone(),
                assignee_name: assignee.map(|assignee| assignee.name.clone()),
                head: heads.get(&stream).copied().unwrap_or(0),
                conversation,
            })
        })
        .collect()
}

async fn people(
    inner: &Inner,
    conversations: &[Conversation],
) -> Result<HashMap<UserId, User>, Failure> {
    let all = conversations
        .iter()
        .flat_map(|one| one.assignee.into_iter().chain([one.user_id]));
    let all: BTreeSet<UserId> = all.collect();
    let ids: Vec<BsonUuid> = all.into_iter().map(|user| key(user.0)).collect();
    let asked = doc! { "_id": { "$in": ids } };
    let found = inner
        .find_with::<Person>(USERS, asked, FindOptions::default())
        .await?;
    let user = |person: &Person| person.user().map(|user| (user.id, user));
    found.iter().map(user).collect()
}

async fn heads(
    inner: &Inner,
    conversations: &[Conversation],
) -> Result<HashMap<String, u64>, Failure> {
    let names: Vec<String> = conversations
        .iter()
        .map(|one| StreamKey::Support(one.user_id).to_string())
        .collect();
    let asked = doc! { "_id": { "$in": names } };
    let found = inner
        .find_with::<HeadRow>("streams", asked, FindOptions::default())
        .await?;
    Ok(found
        .into_iter()
        .map(|row| (row.stream, natural(row.head)))
        .collect())
}

async fn list(
    inner: &Inner,
    view: ConversationView,
    before: Option<(i64, Uuid)>,
    limit: u32,
) -> Result<Listed<DeskConversation>, Failure> {
    let mut asked = asked(view);
    if let Some((at, id)) = before {
        // The first part bounds what is read of the index, the second passes over what the page before had of its end.
        asked.insert("last_at", doc! { "$lte": at });
        let earlier = [
            doc! { "last_at": { "$lt": at } },
            doc! { "last_at": at, "_id": { "$lt": key(id) } },
        ];
        asked.insert("$or", earlier.to_vec());
    }
    let latest = FindOptions::builder()
        .sort(doc! { "last_at": -1, "_id": -1 })
        .projection(doc! { "body": 1 })
        .limit(i64::from(limit) + 1)
        .build();
    let found = inner
        .find_with::<Body>(CONVERSATIONS, asked, latest)
        .await?;
    let found: Vec<Conversation> = found.iter().map(read).collect::<Result<_, _>>()?;
    let found = Listed::cut(found, limit, |last| {
        cursor::encode(cursor::CONVERSATIONS, nanos(last.last_at), last.user_id.0)
    });
    Ok(Listed {
        items: on_the_desk(inner, found.items).await?,
        next: found.next,
    })
}
