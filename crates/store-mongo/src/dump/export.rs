//! Reading everything, in canonical order, as it was at one moment.

use mongodb::bson::{Document, doc};
use mongodb::{ClientSession, SessionCursor};
use serde::de::DeserializeOwned;
use souk_app::ports::store::{Row, hash_text};
use souk_domain::{EventId, JobId, UserId};
use tokio::sync::mpsc;

use super::BATCH;
use crate::catalog::{Kept, PRODUCTS};
use crate::conversation::{Body, CONVERSATIONS};
use crate::edits::AuditRow;
use crate::failure::Failure;
use crate::jobs::{DONE, DoneRow, FAILED, FailedRow};
use crate::ledger::{self, EntryRow};
use crate::marks::MarkRow;
use crate::order_row::{ORDERS, OrderRow};
use crate::outbox_row::{EventRow, OUTBOX};
use crate::people::{Person, USERS};
use crate::records::{hash, natural, time, uuid};
use crate::stock::{MoveRow, StockRow};
use crate::store::Inner;
use crate::support::REPLIES;

pub(super) async fn export(inner: &Inner, out: mpsc::Sender<Vec<Row>>) -> Result<(), Failure> {
    let mut export = Export {
        inner,
        session: inner.snapshot(None).await?,
        out,
    };
    let exported = export.all().await;
    exported.map(|_| ()).map_err(Failure::of_moment)
}

struct Export<'a> {
    inner: &'a Inner,
    session: ClientSession,
    out: mpsc::Sender<Vec<Row>>,
}

impl Export<'_> {
    /// Sends all rows; whether they are still wanted.
    async fn all(&mut self) -> Result<bool, Failure> {
        Ok(self.things().await? && self.said().await? && self.work().await?)
    }

    /// The shop, people, what is sold, what was bought.
    async fn things(&mut self) -> Result<bool, Failure> {
        let by_id = || doc! { "_id": 1 };
        let shop = |shop: Body| Ok(Row::Shop(serde_json::from_str(&shop.body)?));
        let user = |person: Person| {
            Ok(Row::User {
                user: person.user()?,
                password_hash: person.password_hash,
            })
        };
        let product = |kept: Kept| Ok(Row::Product(kept.product()?));
        let stock = |row: StockRow| {
            let (variant_id, stock) = row.stock();
            Ok(Row::Stock { variant_id, stock })
        };
        let stock_move = |row: MoveRow| Ok(Row::StockMove(row.stock_move()?));
        let order = |row: OrderRow| {
            Ok(Row::Order {
                order: row.order()?,
                key: row.key,
                request_hash: hash_text(&hash(&row.hash)?),
            })
        };
        Ok(self.each("shop", by_id(), shop).await?
            && self.each(USERS, by_id(), user).await?
            && self.each(PRODUCTS, by_id(), product).await?
            && self.each("stock", by_id(), stock).await?
            && self.each("stock_moves", by_id(), stock_move).await?
            && self.each(ORDERS, by_id(), order).await?)
    }

    /// What was said, and the desk.
    async fn said(&mut self) -> Result<bool, Failure> {
        let entry = |row: EntryRow| {
            Ok(Row::Entry {
                stream: ledger::key(&row.stream)?,
                entry: row.entry()?,
            })
        };
        let mark = |row: MarkRow| {
            Ok(Row::ReadMark {
                stream: ledger::key(&row.stream)?,
                user_id: UserId(uuid(row.user)),
                mark: row.mark(),
            })
        };
        let audit = |row: AuditRow| {
            Ok(Row::Audit {
                stream: ledger::key(&row.stream)?,
                by_entry: natural(row.by_entry),
                record: row.record()?,
            })
        };
        let conversation = |found: Body| Ok(Row::Conversation(serde_json::from_str(&found.body)?));
        let reply = |found: Body| Ok(Row::CannedReply(serde_json::from_str(&found.body)?));
        Ok(self
            .each("entries", doc! { "stream": 1, "seq": 1 }, entry)
            .await?
            && self
                .each("read_marks", doc! { "stream": 1, "user": 1 }, mark)
                .await?
            && self
                .each("entry_audit", doc! { "stream": 1, "by_entry": 1 }, audit)
                .await?
            && self
                .each(CONVERSATIONS, doc! { "_id": 1 }, conversation)
                .await?
            && self.each(REPLIES, doc! { "_id": 1 }, reply).await?)
    }

    /// What is to be done, and what became of it.
    async fn work(&mut self) -> Result<bool, Failure> {
        let event = |row: EventRow| {
            Ok(Row::Event {
                id: EventId(uuid(row.id)),
                at: time(row.at),
                trace: row.trace,
                event: serde_json::from_str(&row.body)?,
                settled: count(row.settled)?,
                retries: row.retries.map(|job| JobId(uuid(job))),
            })
        };
        let done = |row: DoneRow| {
            Ok(Row::DoneJob {
                id: JobId(uuid(row.id)),
                at: time(row.at),
            })
        };
        let failed = |row: FailedRow| Ok(Row::FailedJob(row.job()));
        Ok(self.each(OUTBOX, doc! { "_id": 1 }, event).await?
            && self.each(DONE, doc! { "_id": 1 }, done).await?
            && self.each(FAILED, doc! { "_id": 1 }, failed).await?)
    }

    /// Sends the documents of a collection, in an order that an index has; whether they are still wanted.
    async fn each<T>(
        &mut self,
        collection: &str,
        order: Document,
        row: impl Fn(T) -> Result<Row, Failure> + Send,
    ) -> Result<bool, Failure>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let documents = self.inner.at_moment::<T>(collection);
        let asked = documents
            .find(doc! {})
            .sort(order)
            .batch_size(BATCH)
            .session(&mut self.session);
        let mut found: SessionCursor<T> = self.inner.within(asked.into_future()).await?;
        let mut batch = Vec::new();
        while self.inner.within(found.advance(&mut self.session)).await? {
            batch.push(row(found.deserialize_current()?)?);
            if batch.len() == BATCH as usize
                && self.out.send(std::mem::take(&mut batch)).await.is_err()
            {
                return Ok(false);
            }
        }
        Ok(batch.is_empty() || self.out.send(batch).await.is_ok())
    }
}

fn count(number: i64) -> Result<u32, Failure> {
    u32::try_from(number)
        .map_err(|_| Failure::Refused("a stored count is past what can be counted"))
}
