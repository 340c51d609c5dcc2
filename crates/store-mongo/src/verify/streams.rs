//! Invariant 3: every stream's entries are 1 to its head, and an entry's id is once in its stream.
//!
//! Heads never fall, and streams never go: what is held against a head may be older than the head.

use std::collections::{BTreeSet, HashMap};

use mongodb::bson::{Bson, Document, doc};
use mongodb::options::FindOptions;
use serde::Deserialize;
use souk_domain::stream::{Content, StreamKey};
use souk_domain::support::Conversation;

use super::Faults;
use super::view::{Pages, View};
use crate::conversation::{Body, CONVERSATIONS};
use crate::edits::AuditRow;
use crate::failure::Failure;
use crate::ledger::{EntryRow, HeadRow};
use crate::marks::MarkRow;
use crate::records::{integer, uuid};
use crate::store::Inner;

pub(super) async fn check(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    holes(inner, faults).await?;
    headless(inner, faults).await?;
    marks(inner, faults).await?;
    audit(inner, faults).await?;
    conversations(inner, faults).await
}

#[derive(Default, Deserialize)]
struct Span {
    #[serde(rename = "_id")]
    stream: String,
    entries: i64,
    first: i64,
    last: i64,
}

async fn holes(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    let mut pages = Pages::of("streams", doc! {});
    while let Some((mut view, rows)) = pages.next::<HeadRow>(inner, faults).await? {
        let names: Vec<_> = rows.iter().map(|row| row.stream.clone()).collect();
        let these = doc! { "$match": { "stream": { "$in": names } } };
        let group = doc! { "$group": {
            "_id": "$stream",
            "entries": { "$sum": 1_i64 }, "first": { "$min": "$seq" }, "last": { "$max": "$seq" },
        } };
        let mut spans = HashMap::new();
        view.aggregate("entries", vec![these.clone(), group], |row| {
            if let Ok(span) = mongodb::bson::deserialize_from_document::<Span>(row) {
                spans.insert(span.stream.clone(), span);
            }
            true
        })
        .await?;
        for HeadRow { stream, head } in rows {
            let span = spans.remove(&stream).unwrap_or_default();
            let (entries, first, last) = (span.entries, span.first, span.last);
            if (entries, first, last) != (head, 1, head) {
                faults.add(
                    3,
                    format!(
                        "stream {stream} has head {head}, and {entries} entries from {first} to {last}"
                    ),
                );
            }
        }
        twice(&mut view, these, faults).await?;
    }
    Ok(())
}

/// An index that keeps ids apart may have been dropped.
async fn twice(view: &mut View<'_>, these: Document, faults: &mut Faults) -> Result<(), Failure> {
    let group = doc! { "$group": {
        "_id": { "stream": "$stream", "id": "$id" }, "count": { "$sum": 1_i64 },
    } };
    let many = doc! { "$match": { "count": { "$gt": 1 } } };
    view.aggregate("entries", vec![these, group, many], |row| {
        let count = row.get_i64("count").unwrap_or_default();
        if let Ok(key) = row.get_document("_id") {
            let id = key.get("id").map(ToString::to_string).unwrap_or_default();
            let stream = key.get_str("stream").unwrap_or_default();
            faults.add(3, format!("entry {id} is {count} times in stream {stream}"));
        }
        !faults.are_enough()
    })
    .await
}

/// The heads of streams, as they are after whatever was read before.
async fn heads(
    inner: &Inner,
    names: impl Iterator<Item = String>,
) -> Result<HashMap<String, i64>, Failure> {
    let names: BTreeSet<_> = names.collect();
    let names: Vec<Bson> = names.into_iter().map(Bson::from).collect();
    let mut view = View::now(inner).await?;
    let found: Vec<HeadRow> = view
        .find("streams", doc! { "_id": { "$in": names } })
        .await?;
    Ok(found
        .into_iter()
        .map(|row| (row.stream, row.head))
        .collect())
}

async fn headless(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        // The names alone, from the index: each is looked for once, however many entries it has.
        let pipeline = vec![
            doc! { "$match": { "stream": { "$gt": &after } } },
            doc! { "$sort": { "stream": 1 } },
            doc! { "$group": { "_id": "$stream" } },
            doc! { "$sort": { "_id": 1 } },
            doc! { "$limit": 10_000 },
        ];
        names.clear();
        let mut view = View::now(inner).await?;
        view.aggregate("entries", pipeline, |row| {
            names.extend(row.get_str("_id").map(str::to_owned));
            true
        })
        .await?;
        let Some(last) = names.last() else {
            return Ok(());
        };
        after.clone_from(last);
        let heads = heads(inner, names.iter().cloned()).await?;
        for name in names.iter().filter(|name| !heads.contains_key(*name)) {
            faults.add(3, format!("stream {name} has entries and no head"));
        }
        if faults.are_enough() {
            return Ok(());
        }
    }
}

async fn marks(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    let mut pages = Pages::of("read_marks", doc! {});
    while let Some((_, rows)) = pages.next::<MarkRow>(inner, faults).await? {
        let heads = heads(inner, rows.iter().map(|row| row.stream.clone())).await?;
        for row in rows {
            let head = heads.get(&row.stream).copied().unwrap_or(0);
            if row.seq.max(row.mailed) > head {
                let (user, stream) = (uuid(row.user), row.stream);
                faults.add(
                    3,
                    format!("user {user} has read stream {stream} past its head"),
                );
            }
        }
    }
    Ok(())
}

/// What was edited or deleted says so, and what says so was.
async fn audit(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    let mut pages = Pages::of("entry_audit", doc! {});
    while let Some((mut view, rows)) = pages.next::<AuditRow>(inner, faults).await? {
        for row in rows {
            let filter =
                doc! { "stream": &row.stream, "seq": { "$in": [row.entry, row.by_entry] } };
            let options = FindOptions::builder().limit(2).build();
            let found: Vec<EntryRow> = view.find_with("entries", filter, options).await?;
            let content = |seq| {
                let entry = found.iter().find(|entry| entry.seq == seq);
                entry.and_then(|entry| serde_json::from_str::<Content>(&entry.body).ok())
            };
            let kind = if row.deleted { "delete" } else { "edit" };
            let sound = content(row.entry)
                .is_some_and(|content| !row.deleted || content.body().is_none())
                && content(row.by_entry).is_some_and(|content| content.kind() == kind);
            if !sound {
                let (entry, stream) = (row.entry, row.stream);
                faults.add(
                    3,
                    format!("entry {entry} of stream {stream} is not what its audit says"),
                );
            }
        }
    }
    Ok(())
}

async fn conversations(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    let mut pages = Pages::of(CONVERSATIONS, doc! {});
    while let Some((_, rows)) = pages.next::<Body>(inner, faults).await? {
        let mut talks = Vec::with_capacity(rows.len());
        for row in rows {
            match serde_json::from_str::<Conversation>(&row.body) {
                Ok(talk) => talks.push(talk),
                Err(error) => faults.add(3, format!("a conversation cannot be read: {error}")),
            }
        }
        let name = |talk: &Conversation| StreamKey::Support(talk.user_id).to_string();
        let heads = heads(inner, talks.iter().map(name)).await?;
        for talk in talks {
            let head = heads.get(&name(&talk)).copied().unwrap_or(0);
            if integer(talk.last_seq).unwrap_or(i64::MAX) > head {
                let user = talk.user_id;
                faults.add(
                    3,
                    format!("the conversation of {user} is ahead of its stream"),
                );
            }
        }
    }
    Ok(())
}
