//! The streams that a transaction grows: what is there of them is asked in a few questions, numbers are given in memory,
//! and what is new is written in a few commands, however many callers' entries they are.
//!
//! A ledger is good for one transaction. It knows the ids that it was opened with, and no others.

use std::collections::{BTreeMap, HashMap};

use mongodb::bson::{Bson, Document, Uuid as BsonUuid, doc};
use serde::{Deserialize, Serialize};
use souk_app::ports::store::Appended;
use souk_domain::EntryId;
use souk_domain::stream::{Author, Content, Entry, NewEntry, StreamKey};

use crate::failure::Failure;
use crate::records::{id, integer, nanos, natural, time, uuid};
use crate::transaction::{Transaction, Update};

/// An entry as it is kept. `by` is the author's id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EntryRow {
    pub(crate) stream: String,
    pub(crate) seq: i64,
    pub(crate) id: BsonUuid,
    pub(crate) at: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) by: Option<BsonUuid>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) author: Option<String>,
    pub(crate) body: String,
}

/// The head of a stream as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HeadRow {
    #[serde(rename = "_id")]
    pub(crate) stream: String,
    pub(crate) head: i64,
}

impl EntryRow {
    /// An entry with its number.
    pub(crate) fn of(stream: StreamKey, entry: &Entry) -> Result<Self, Failure> {
        let body = serde_json::to_string(&entry.content)?;
        Self::new(
            stream,
            integer(entry.seq)?,
            entry.id,
            entry.at,
            entry.author.as_ref(),
            body,
        )
    }

    fn new(
        stream: StreamKey,
        seq: i64,
        entry: EntryId,
        at: souk_domain::Timestamp,
        author: Option<&Author>,
        body: String,
    ) -> Result<Self, Failure> {
        Ok(Self {
            stream: stream.to_string(),
            seq,
            id: id(entry.0),
            at: nanos(at),
            by: author.map(|author| id(author.id.0)),
            author: author.map(serde_json::to_string).transpose()?,
            body,
        })
    }

    /// The entry that it keeps.
    pub(crate) fn entry(&self) -> Result<Entry, Failure> {
        let author = self.author.as_deref().map(serde_json::from_str);
        Ok(Entry {
            seq: natural(self.seq),
            id: EntryId(uuid(self.id)),
            author: author.transpose()?,
            at: time(self.at),
            content: serde_json::from_str(&self.body)?,
        })
    }
}

/// Streams under way.
pub(crate) struct Ledger {
    transaction: Transaction,
    heads: HashMap<StreamKey, i64>,
    known: HashMap<(StreamKey, EntryId), Entry>,
    grown: BTreeMap<StreamKey, i64>,
    new: Vec<EntryRow>,
}

impl Ledger {
    /// Opens the streams of entries that may be new.
    pub(crate) async fn open(
        transaction: &Transaction,
        entries: &[(StreamKey, EntryId)],
    ) -> Result<Self, Failure> {
        let mut asked: BTreeMap<StreamKey, Vec<Bson>> = BTreeMap::new();
        for (stream, entry) in entries {
            asked.entry(*stream).or_default().push(id(entry.0).into());
        }
        let mut ledger = Self {
            transaction: transaction.clone(),
            heads: heads(transaction, asked.keys().copied()).await?,
            known: HashMap::new(),
            grown: BTreeMap::new(),
            new: Vec::new(),
        };
        // A stream that is not there has no entry that is.
        asked.retain(|stream, _| ledger.heads.contains_key(stream));
        ledger.known = there(transaction, asked).await?;
        Ok(ledger)
    }

    /// Begins streams, each with its first entry. None of them may be there: that would be an error, of which nobody may
    /// go on.
    pub(crate) async fn begin(
        transaction: &Transaction,
        entries: &[&NewEntry],
    ) -> Result<(), Failure> {
        let mut heads = Vec::with_capacity(entries.len());
        let mut rows = Vec::with_capacity(entries.len());
        for entry in entries {
            let row = row_of(entry, 1)?;
            heads.push(HeadRow {
                stream: row.stream.clone(),
                head: 1,
            });
            rows.push(row);
        }
        transaction.insert("streams", &heads).await?;
        transaction.insert("entries", &rows).await
    }

    /// The number of a stream's last entry, what is under way included; 0 for one that has none.
    pub(crate) fn head(&self, stream: StreamKey) -> i64 {
        self.heads.get(&stream).copied().unwrap_or(0)
    }

    /// What stands under an id.
    pub(crate) fn entry(&self, stream: StreamKey, id: EntryId) -> Option<&Entry> {
        self.known.get(&(stream, id))
    }

    /// Appends one entry, or says what is there under its id.
    pub(crate) fn append(&mut self, entry: &NewEntry) -> Result<Appended, Failure> {
        if let Some(there) = self.known.get(&(entry.stream, entry.id)) {
            return Ok(Appended::before(there, entry));
        }
        let seq = self.head(entry.stream) + 1;
        self.heads.insert(entry.stream, seq);
        self.grown.insert(entry.stream, seq);
        self.new.push(row_of(entry, seq)?);
        let seq = natural(seq);
        let kept = Entry {
            seq,
            id: entry.id,
            author: entry.author.clone(),
            at: entry.at,
            content: Content::Said(entry.body.clone()),
        };
        self.known.insert((entry.stream, entry.id), kept);
        Ok(Appended::At {
            seq,
            at: entry.at,
            repeated: false,
        })
    }

    /// Appends an entry whose id is known to be new; its number.
    pub(crate) fn append_new(&mut self, entry: &NewEntry) -> Result<u64, Failure> {
        match self.append(entry)? {
            Appended::At { seq, .. } => Ok(seq),
            Appended::IdConflict => Err(Failure::Refused("an entry's id was taken meanwhile")),
        }
    }

    /// Writes what is new; the streams that grew, with their heads.
    pub(crate) async fn write(self) -> Result<BTreeMap<StreamKey, i64>, Failure> {
        let heads = self.grown.iter().map(|(stream, head)| Update {
            filter: doc! { "_id": stream.to_string() },
            change: doc! { "$set": { "head": *head } },
            upsert: true,
        });
        self.transaction.update("streams", heads.collect()).await?;
        self.transaction.insert("entries", &self.new).await?;
        Ok(self.grown)
    }
}

/// Appends entries to their streams.
pub(crate) async fn append(
    transaction: &Transaction,
    entries: &[NewEntry],
) -> Result<Vec<Appended>, Failure> {
    let ids: Vec<_> = entries
        .iter()
        .map(|entry| (entry.stream, entry.id))
        .collect();
    let mut ledger = Ledger::open(transaction, &ids).await?;
    let appended = entries.iter().map(|entry| ledger.append(entry));
    let appended = appended.collect::<Result<_, _>>()?;
    ledger.write().await?;
    Ok(appended)
}

/// The heads of streams, as far as they were begun.
pub(crate) async fn heads(
    transaction: &Transaction,
    streams: impl IntoIterator<Item = StreamKey>,
) -> Result<HashMap<StreamKey, i64>, Failure> {
    let names: Vec<_> = streams
        .into_iter()
        .map(|stream| stream.to_string())
        .collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let filter = doc! { "_id": { "$in": names } };
    let found: Vec<HeadRow> = transaction.find("streams", filter).await?;
    found.iter().map(named).collect()
}

/// A stream and its head.
pub(crate) fn named(row: &HeadRow) -> Result<(StreamKey, i64), Failure> {
    Ok((key(&row.stream)?, row.head))
}

/// A stream by its name.
pub(crate) fn key(name: &str) -> Result<StreamKey, Failure> {
    let key = name.parse();
    key.map_err(|_| Failure::Refused("a stored name names no stream"))
}

/// The entries that stand under ids.
async fn there(
    transaction: &Transaction,
    asked: BTreeMap<StreamKey, Vec<Bson>>,
) -> Result<HashMap<(StreamKey, EntryId), Entry>, Failure> {
    let mut filters: Vec<Document> = asked
        .into_iter()
        .map(|(stream, ids)| doc! { "stream": stream.to_string(), "id": { "$in": ids } })
        .collect();
    let mut known = HashMap::new();
    while !filters.is_empty() {
        let rest = filters.split_off(filters.len().min(MOST_PARTS));
        let part = std::mem::replace(&mut filters, rest);
        let found: Vec<EntryRow> = transaction.find("entries", doc! { "$or": part }).await?;
        for row in found {
            let entry = row.entry()?;
            known.insert((key(&row.stream)?, entry.id), entry);
        }
    }
    Ok(known)
}

/// Most streams of one question, so that no question grows with the group.
const MOST_PARTS: usize = 64;

fn row_of(entry: &NewEntry, seq: i64) -> Result<EntryRow, Failure> {
    EntryRow::new(
        entry.stream,
        seq,
        entry.id,
        entry.at,
        entry.author.as_ref(),
        serde_json::to_string(&entry.body)?,
    )
}
