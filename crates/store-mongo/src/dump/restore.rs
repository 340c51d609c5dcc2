//! Writing rows of another engine, each kind in the documents that it has here.

use std::collections::BTreeMap;

use mongodb::bson::{RawDocumentBuf, doc, serialize_to_raw_document_buf};
use serde::Serialize;
use souk_app::ports::store::{Row, hash_of};
use souk_domain::order::commit::PlacedOrder;
use souk_domain::{EventRecord, Timestamp};

use crate::catalog::{PRODUCTS, VARIANTS, write};
use crate::conversation::{self, CONVERSATIONS};
use crate::edits::AuditRow;
use crate::failure::Failure;
use crate::jobs::{DONE, DoneRow, FAILED, FailedRow};
use crate::ledger::EntryRow;
use crate::marks::MarkRow;
use crate::order_row::{ORDER_IDS, ORDERS, OrderRow, Whose};
use crate::outbox_row::{EventRow, OUTBOX};
use crate::people::{Address, EMAILS, Person, USERS};
use crate::records::{id, integer, nanos};
use crate::stock::{MoveRow, StockRow};
use crate::store::Inner;
use crate::support::{REPLIES, canned};
use crate::transaction::{RETRY, Update};

/// About how many bytes are written at once: what a call writes within its time.
const COMMAND_BYTES: usize = 4 << 20;

pub(super) async fn restore(inner: &Inner, rows: Vec<Row>) -> Result<(), Failure> {
    let mut documents = Documents::default();
    for row in rows {
        documents.add(row)?;
    }
    documents.write(inner).await
}

/// What is to be written, by collection.
#[derive(Default)]
struct Documents {
    new: BTreeMap<&'static str, Vec<RawDocumentBuf>>,
    heads: BTreeMap<String, i64>,
}

impl Documents {
    fn keep(&mut self, collection: &'static str, document: &impl Serialize) -> Result<(), Failure> {
        let document =
            serialize_to_raw_document_buf(document).map_err(mongodb::error::Error::from)?;
        self.new.entry(collection).or_default().push(document);
        Ok(())
    }

    fn add(&mut self, row: Row) -> Result<(), Failure> {
        match row {
            Row::Shop(shop) => {
                let body = serde_json::to_string(&shop)?;
                self.keep("shop", &doc! { "_id": "shop", "body": body })
            }
            Row::User {
                user,
                password_hash,
            } => {
                if let Some(address) = Address::of(&user) {
                    self.keep(EMAILS, &address)?;
                }
                self.keep(USERS, &Person::new(&user, password_hash)?)
            }
            Row::Product(product) => {
                for variant in &product.variants {
                    self.keep(VARIANTS, &write::variant(&product, variant)?)?;
                }
                self.keep(PRODUCTS, &write::document(&product)?)
            }
            Row::Stock { variant_id, stock } => {
                self.keep("stock", &StockRow::of(variant_id, &stock))
            }
            Row::StockMove(stock_move) => self.keep("stock_moves", &MoveRow::of(&stock_move)),
            Row::Order {
                order,
                key,
                request_hash,
            } => {
                for whose in Whose::of(&order) {
                    self.keep(ORDER_IDS, &whose)?;
                }
                let placed = PlacedOrder {
                    order,
                    key,
                    request_hash: hash_of(&request_hash)
                        .ok_or(Failure::Refused("a request's hash is none"))?,
                };
                self.keep(ORDERS, &OrderRow::of(&placed)?)
            }
            Row::Entry { stream, entry } => {
                let head = self.heads.entry(stream.to_string()).or_default();
                *head = integer(entry.seq)?.max(*head);
                self.keep("entries", &EntryRow::of(stream, &entry)?)
            }
            Row::ReadMark {
                stream,
                user_id,
                mark,
            } => self.keep("read_marks", &MarkRow::of(stream, user_id, &mark)?),
            Row::Audit {
                stream,
                by_entry,
                record,
            } => self.keep("entry_audit", &AuditRow::of(stream, by_entry, record)?),
            Row::Conversation(one) => self.keep(CONVERSATIONS, &conversation::row(&one)?),
            Row::CannedReply(reply) => self.keep(REPLIES, &canned(&reply)?),
            Row::Event {
                id,
                at,
                trace,
                event,
                settled,
                retries,
            } => {
                let record = EventRecord {
                    id,
                    event,
                    at,
                    trace,
                };
                let mut row = EventRow::of(&record, retries)?;
                row.settled = settled.into();
                self.keep(OUTBOX, &row)
            }
            Row::DoneJob { id, at } => self.keep(DONE, &done(id.0, at)),
            Row::FailedJob(job) => self.keep(FAILED, &FailedRow::of(&job)),
        }
    }

    async fn write(self, inner: &Inner) -> Result<(), Failure> {
        for (collection, documents) in self.new {
            let collection = inner.collection::<RawDocumentBuf>(collection);
            for some in in_commands(documents) {
                let insert = collection.insert_many(some);
                inner.within(insert.into_future()).await?;
            }
        }
        if self.heads.is_empty() {
            return Ok(());
        }
        let heads = &self.heads;
        inner
            .transact(RETRY, |transaction| async move {
                let raise = heads.iter().map(|(stream, head)| Update {
                    filter: doc! { "_id": stream },
                    change: doc! { "$max": { "head": *head } },
                    upsert: true,
                });
                transaction.update("streams", raise.collect()).await?;
                Ok(())
            })
            .await
    }
}

fn done(job: uuid::Uuid, at: Timestamp) -> DoneRow {
    DoneRow {
        id: id(job),
        at: nanos(at),
    }
}

/// Documents in their order, as many together as are written at once.
fn in_commands(documents: Vec<RawDocumentBuf>) -> Vec<Vec<RawDocumentBuf>> {
    let mut commands: Vec<Vec<RawDocumentBuf>> = Vec::new();
    let mut bytes = COMMAND_BYTES;
    for document in documents {
        let size = document.as_bytes().len();
        if bytes + size > COMMAND_BYTES {
            commands.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(last) = commands.last_mut() {
            last.push(document);
        }
    }
    commands
}
