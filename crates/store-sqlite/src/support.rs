//! The support desk: conversations, as they are kept and as staff change them, and canned replies.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_app::ports::EngineError;
use souk_app::ports::store::{
    ConversationCounts, ConversationView, DeskConversation, ListError, Listed, SupportStore,
};
use souk_domain::stream::{Assignee, Author, StreamKey};
use souk_domain::support::{
    CannedReply, Conversation, ConversationChange, ConversationError, ConversationStatus,
};
use souk_domain::{EntryId, Timestamp, UserId};
use uuid::Uuid;

use crate::failure::Failure;
use crate::records::{nanos, natural, stream_key};
use crate::{SqliteStore, accounts, chat, streams};
use souk_app::ports::store::cursor;

#[async_trait]
impl SupportStore for SqliteStore {
    async fn conversations(
        &self,
        view: ConversationView,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<DeskConversation>, ListError> {
        let before = cursor::decode(cursor::CONVERSATIONS, cursor)?;
        Ok(self
            .inner
            .read(move |connection| list(connection, view, before, limit))
            .await?)
    }

    async fn conversation(&self, user: UserId) -> Result<Option<DeskConversation>, EngineError> {
        self.inner
            .read(move |connection| {
                let found = load(connection, user)?;
                found
                    .map(|found| on_the_desk(connection, found))
                    .transpose()
            })
            .await
    }

    async fn conversation_counts(&self, staff: UserId) -> Result<ConversationCounts, EngineError> {
        self.inner
            .read(move |connection| {
                let sql = "SELECT
                    (SELECT count(*) FROM conversations WHERE assignee IS NULL AND status = 0),
                    (SELECT count(*) FROM conversations WHERE assignee = ?1 AND status = 0),
                    (SELECT count(*) FROM conversations WHERE status = 0),
                    (SELECT count(*) FROM conversations WHERE status = 1)";
                let mut statement = connection.prepare_cached(sql)?;
                let counts = statement.query_row([staff.0.as_bytes()], |row| {
                    Ok(ConversationCounts {
                        unassigned: natural(row.get(0)?),
                        mine: natural(row.get(1)?),
                        open: natural(row.get(2)?),
                        closed: natural(row.get(3)?),
                    })
                });
                Ok(counts?)
            })
            .await
    }

    async fn change_conversation(
        &self,
        user: UserId,
        change: ConversationChange,
        by: Author,
        entry: EntryId,
        at: Timestamp,
    ) -> Result<Result<DeskConversation, ConversationError>, EngineError> {
        self.inner
            .write(move |connection| {
                let Some(before) = load(connection, user)? else {
                    return Ok(Err(ConversationError::NotFound));
                };
                let after = match before.clone().changed(by.id, change) {
                    Ok(after) => after,
                    Err(error) => return Ok(Err(error)),
                };
                if after == before {
                    return on_the_desk(connection, before).map(Ok);
                }
                save(connection, &after)?;
                let assignee = after.assignee.map(|id| named(connection, id)).transpose()?;
                let said = after.entry_of_change(assignee.flatten(), by, entry, at);
                chat::append(connection, &said)?;
                on_the_desk(connection, after).map(Ok)
            })
            .await
    }

    async fn canned_replies(&self) -> Result<Vec<CannedReply>, EngineError> {
        self.inner
            .read(|connection| {
                let sql = "SELECT body FROM canned_replies ORDER BY title, id";
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query([])?;
                let mut replies = Vec::new();
                while let Some(row) = rows.next()? {
                    let body: String = row.get(0)?;
                    replies.push(serde_json::from_str(&body)?);
                }
                Ok(replies)
            })
            .await
    }

    async fn keep_canned_reply(&self, reply: &CannedReply) -> Result<(), EngineError> {
        let reply = reply.clone();
        self.inner
            .write(move |connection| keep_reply(connection, &reply))
            .await
    }

    async fn remove_canned_reply(&self, id: Uuid) -> Result<bool, EngineError> {
        self.inner
            .write(move |connection| {
                let sql = "DELETE FROM canned_replies WHERE id = ?1";
                Ok(connection.prepare_cached(sql)?.execute([id.as_bytes()])? > 0)
            })
            .await
    }
}

pub(crate) fn keep_reply(connection: &Connection, reply: &CannedReply) -> Result<(), Failure> {
    let sql = "INSERT INTO canned_replies (id, title, body) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET title = excluded.title, body = excluded.body";
    connection.prepare_cached(sql)?.execute(params![
        reply.id.as_bytes(),
        reply.title,
        serde_json::to_string(reply)?
    ])?;
    Ok(())
}

pub(crate) fn save(connection: &Connection, conversation: &Conversation) -> Result<(), Failure> {
    let sql = "INSERT INTO conversations (user_id, status, assignee, last_at, body) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT DO UPDATE SET status = excluded.status, assignee = excluded.assignee,
            last_at = excluded.last_at, body = excluded.body";
    connection.prepare_cached(sql)?.execute(params![
        conversation.user_id.0.as_bytes(),
        conversation.status == ConversationStatus::Closed,
        conversation.assignee.map(|id| id.0.into_bytes()),
        nanos(conversation.last_at),
        serde_json::to_string(conversation)?
    ])?;
    Ok(())
}

pub(crate) fn load(connection: &Connection, user: UserId) -> Result<Option<Conversation>, Failure> {
    let sql = "SELECT body FROM conversations WHERE user_id = ?1";
    let body: Option<String> = connection
        .prepare_cached(sql)?
        .query_row([user.0.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

fn named(connection: &Connection, id: UserId) -> Result<Option<Assignee>, Failure> {
    let user = accounts::load(connection, id)?;
    Ok(user.map(|user| Assignee {
        id,
        name: user.name,
    }))
}

fn on_the_desk(
    connection: &Connection,
    conversation: Conversation,
) -> Result<DeskConversation, Failure> {
    let assignee = conversation
        .assignee
        .map(|id| named(connection, id))
        .transpose()?;
    let customer = accounts::load(connection, conversation.user_id)?
        .ok_or(Failure::Refused("a conversation's customer is not there"))?;
    let key = stream_key(StreamKey::Support(conversation.user_id));
    let head = streams::head(connection, &key)?.unwrap_or(0);
    Ok(DeskConversation {
        customer,
        assignee_name: assignee.flatten().map(|assignee| assignee.name),
        head: natural(head),
        conversation,
    })
}

fn list(
    connection: &Connection,
    view: ConversationView,
    before: Option<(i64, Uuid)>,
    limit: u32,
) -> Result<Listed<DeskConversation>, Failure> {
    let (only, closed, assignee) = match view {
        ConversationView::Unassigned => ("AND assignee IS NULL", false, None),
        ConversationView::Of(staff) => ("AND assignee = ?5", false, Some(staff)),
        ConversationView::Open => ("", false, None),
        ConversationView::Closed => ("", true, None),
    };
    let (at, id) = before.unwrap_or((i64::MAX, Uuid::max()));
    // `?5` is named in every form, so that all of them take the same values.
    let sql = format!(
        "SELECT body FROM conversations WHERE status = ?1 AND (last_at, user_id) < (?2, ?3) {only}
            AND (?5 IS NULL OR 1) ORDER BY last_at DESC, user_id DESC LIMIT ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![
        closed,
        at,
        id.as_bytes(),
        i64::from(limit) + 1,
        assignee.map(|staff| staff.0.into_bytes())
    ])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(conversation(row)?);
    }
    let found = Listed::cut(found, limit, |last| {
        cursor::encode(cursor::CONVERSATIONS, nanos(last.last_at), last.user_id.0)
    });
    found.try_map(|one| on_the_desk(connection, one))
}

fn conversation(row: &Row<'_>) -> Result<Conversation, Failure> {
    let body: String = row.get(0)?;
    Ok(serde_json::from_str(&body)?)
}
