//! The collections: their validators, indexes and shard keys, and the version that a database has.
//!
//! A document in `schema` says the version. Bringing a database forward makes what is missing and sets what differs; every
//! step may be done again, and by two processes at once: the version is written when all of them are done. An index or
//! a validator is changed in its own file, together with [`VERSION`].

mod accounts;
mod catalog;
mod orders;
mod outbox;
mod streams;
mod support;

use mongodb::bson::{Bson, Document, doc};
use mongodb::error::ErrorKind;
use mongodb::{Database, IndexModel};

use crate::open::OpenError;

/// The version that this program writes. 2: the outbox has an index by time alone.
pub(crate) const VERSION: i64 = 2;

/// Where the version stands.
const SCHEMA: &str = "schema";

/// Its document. No other program would call its own so.
const OURS: &str = "souk";

/// A collection of ours.
pub(crate) struct Collection {
    /// Its name.
    pub(crate) name: &'static str,
    /// What its documents look like.
    pub(crate) fields: &'static [(&'static str, Kind)],
    /// Its indexes, beside that of `_id`.
    pub(crate) indexes: &'static [Index],
}

/// An index: its fields, `1` upwards and `-1` downwards.
pub(crate) struct Index {
    /// The fields.
    pub(crate) keys: &'static [(&'static str, i32)],
    /// Whether a key stands there once.
    pub(crate) unique: bool,
    /// Only documents that have this field.
    pub(crate) having: Option<&'static str>,
}

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A UUID.
    Id,
    /// Bytes.
    Bytes,
    /// A 64-bit whole number.
    Long,
    /// Text.
    Text,
    /// Texts.
    Texts,
    /// Yes or no.
    Bool,
    /// An id or a number.
    IdOrLong,
    /// A UUID, or the field is missing.
    MaybeId,
    /// Bytes, or the field is missing.
    MaybeBytes,
    /// A number, or the field is missing.
    MaybeLong,
    /// Text, or the field is missing.
    MaybeText,
}

impl Kind {
    /// The names of its types, and whether it must be there.
    fn types(self) -> (&'static [&'static str], bool) {
        match self {
            Self::Id | Self::Bytes => (&["binData"], true),
            Self::Long => (&["long"], true),
            Self::Text => (&["string"], true),
            Self::Texts => (&["array"], true),
            Self::Bool => (&["bool"], true),
            Self::IdOrLong => (&["binData", "long"], true),
            Self::MaybeId | Self::MaybeBytes => (&["binData"], false),
            Self::MaybeLong => (&["long"], false),
            Self::MaybeText => (&["string"], false),
        }
    }
}

/// All collections.
pub(crate) fn collections() -> impl Iterator<Item = &'static Collection> {
    [
        orders::COLLECTIONS,
        streams::COLLECTIONS,
        outbox::COLLECTIONS,
        accounts::COLLECTIONS,
        catalog::COLLECTIONS,
        support::COLLECTIONS,
    ]
    .into_iter()
    .flatten()
}

/// Brings a database to [`VERSION`], an older one only when that is wanted.
pub(crate) async fn migrate(database: &Database, older: bool) -> Result<(), OpenError> {
    let found = version(database).await?;
    if found == VERSION {
        return Ok(());
    }
    if found > 0 && !older {
        let needed = VERSION;
        return Err(OpenError::Older { found, needed });
    }
    for collection in collections() {
        collection.bring(database).await.map_err(server)?;
    }
    // Never back: another process may have been quicker, and newer.
    let ours = database.collection::<Document>(SCHEMA);
    ours.update_one(
        doc! { "_id": OURS, "version": { "$lt": VERSION } },
        doc! { "$set": { "version": VERSION } },
    )
    .await
    .map_err(server)?;
    tracing::info!(
        version = VERSION,
        "the database's schema was brought forward"
    );
    Ok(())
}

/// The version of a database, 0 for one that is empty; an error when it is not ours, or newer than we are.
async fn version(database: &Database) -> Result<i64, OpenError> {
    let ours = database.collection::<Document>(SCHEMA);
    if let Some(found) = read(&ours).await? {
        return known(found);
    }
    let names = database.list_collection_names().await.map_err(server)?;
    let foreign = names
        .iter()
        .any(|name| name != SCHEMA && !name.starts_with("system."));
    let others = ours.find_one(doc! {}).await.map_err(server)?;
    if foreign || others.is_some_and(|other| other.get_str("_id").ok() != Some(OURS)) {
        // What stands there may be ours since we looked.
        return match read(&ours).await? {
            Some(found) => known(found),
            None => Err(OpenError::NotOurs(database.name().to_owned())),
        };
    }
    // Says whose the database is before anything else is made. Another process may say it at the same time.
    let first = ours
        .update_one(
            doc! { "_id": OURS },
            doc! { "$setOnInsert": { "version": 0_i64 } },
        )
        .upsert(true)
        .await;
    match first {
        Ok(_) => {}
        Err(error) if is_code(&error, 11_000) => {}
        Err(error) => return Err(server(error)),
    }
    known(read(&ours).await?.unwrap_or(0))
}

async fn read(ours: &mongodb::Collection<Document>) -> Result<Option<i64>, OpenError> {
    let found = ours.find_one(doc! { "_id": OURS }).await.map_err(server)?;
    Ok(found.map(|found| found.get_i64("version").unwrap_or(0)))
}

fn known(found: i64) -> Result<i64, OpenError> {
    if found > VERSION {
        return Err(OpenError::Newer {
            found,
            known: VERSION,
        });
    }
    Ok(found)
}

impl Collection {
    /// Makes what is missing, and sets what differs.
    async fn bring(&self, database: &Database) -> mongodb::error::Result<()> {
        let create = doc! { "create": self.name, "validator": self.validator() };
        match database.run_command(create).await {
            Ok(_) => {}
            Err(error) if is_code(&error, 48) => {
                let change = doc! { "collMod": self.name, "validator": self.validator() };
                database.run_command(change).await?;
            }
            Err(error) => return Err(error),
        }
        if !self.indexes.is_empty() {
            let indexes = self.indexes.iter().map(Index::model);
            let collection = database.collection::<Document>(self.name);
            collection.create_indexes(indexes).await?;
        }
        Ok(())
    }

    fn validator(&self) -> Document {
        let mut required = Vec::new();
        let mut properties = Document::new();
        for (name, kind) in self.fields {
            let (types, must) = kind.types();
            if must {
                required.push(Bson::from(*name));
            }
            let types: Vec<Bson> = types.iter().map(|name| Bson::from(*name)).collect();
            properties.insert(*name, doc! { "bsonType": types });
        }
        doc! { "$jsonSchema": { "bsonType": "object", "required": required, "properties": properties } }
    }
}

impl Index {
    fn model(&self) -> IndexModel {
        let mut keys = Document::new();
        for (field, order) in self.keys {
            keys.insert(*field, *order);
        }
        let mut options = mongodb::options::IndexOptions::default();
        options.unique = self.unique.then_some(true);
        options.partial_filter_expression =
            self.having.map(|field| doc! { field: { "$exists": true } });
        IndexModel::builder().keys(keys).options(options).build()
    }
}

fn is_code(error: &mongodb::error::Error, code: i32) -> bool {
    match error.kind.as_ref() {
        ErrorKind::Command(error) => error.code == code,
        ErrorKind::Write(mongodb::error::WriteFailure::WriteError(error)) => error.code == code,
        _ => false,
    }
}

fn server(error: mongodb::error::Error) -> OpenError {
    OpenError::Server(crate::failure::Said(error).to_string())
}
