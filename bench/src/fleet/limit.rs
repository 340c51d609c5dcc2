//! The limit: the driver of MongoDB alone, committing what a batch of orders is, with no server and no shop around it; and
//! the same batches through Souk's store.

use std::time::{Duration, Instant};

use mongodb::bson::{Binary, Document, Uuid as BsonUuid, doc, spec::BinarySubtype};
use mongodb::options::{
    Acknowledgment, IndexOptions, ReadConcern, TransactionOptions, WriteConcern,
};
use mongodb::{ClientSession, Database, IndexModel};
use souk_app::ports::store::OrderStore as _;
use souk_store_mongo::{MongoOptions, MongoStore};

use super::FleetPlan;
use super::ground::Site;
use crate::shop::{self, Buyers, Catalogue, Demand, PRODUCTS, STOCK, VARIANTS};
use crate::stats::{as_f64, per_second};
use crate::world::World;

/// Orders of a batch.
const BATCH: usize = 64;
/// Bytes of the text that an order is kept as, and of the texts of its entry and its event: what Souk's are.
const ORDER: usize = 900;
/// See [`ORDER`].
const ENTRY: usize = 150;
/// See [`ORDER`].
const EVENT: usize = 500;

/// The driver alone; orders a second of both demands.
pub async fn raw(plan: &FleetPlan, site: Site, world: &mut World) -> anyhow::Result<[f64; 2]> {
    let raw = Raw::prepare(&site.database).await?;
    let mut rates = [0.0; 2];
    for (demand, rate) in Demand::ALL.into_iter().zip(&mut rates) {
        *rate = repeat(plan, async || raw.commit(demand, world).await).await?;
    }
    site.clear().await?;
    Ok(rates)
}

/// Souk's store; orders a second of both demands.
pub async fn store(plan: &FleetPlan, site: Site, world: &mut World) -> anyhow::Result<[f64; 2]> {
    let store = MongoStore::open(&site.mongo, MongoOptions::default()).await?;
    let (catalogue, mut buyers) = (Catalogue::furnish(&store).await?, Buyers::new());
    let mut rates = [0.0; 2];
    for (demand, rate) in Demand::ALL.into_iter().zip(&mut rates) {
        *rate = repeat(plan, async || {
            let batch = shop::batch(BATCH, &catalogue, &mut buyers, demand, world);
            let committed = store.commit(batch).await?;
            let placed = committed.results.iter().filter(|result| result.is_ok());
            anyhow::ensure!(placed.count() == BATCH, "an order was refused");
            Ok(())
        })
        .await?;
    }
    drop(store);
    site.clear().await?;
    Ok(rates)
}

/// Batches one after the other, for a while, after a warm-up of a tenth of that; orders a second.
async fn repeat(
    plan: &FleetPlan,
    mut commit: impl AsyncFnMut() -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    let lasts = Duration::from_secs(plan.limit_seconds);
    let warming = Instant::now();
    while warming.elapsed() < lasts / 10 {
        commit().await?;
    }
    let (started, mut batches) = (Instant::now(), 0_u64);
    while started.elapsed() < lasts {
        commit().await?;
        batches += 1;
    }
    Ok(per_second(batches, started.elapsed()) * as_f64(BATCH as u64))
}

struct Raw {
    database: Database,
    hot: BsonUuid,
    spread: Vec<BsonUuid>,
    texts: [String; 3],
}

impl Raw {
    /// Collections with the indexes that orders cannot do without, and stock.
    async fn prepare(database: &Database) -> anyhow::Result<Self> {
        let (hot, spread) = (
            id(),
            (0..PRODUCTS * VARIANTS).map(|_| id()).collect::<Vec<_>>(),
        );
        let stock = |variant: &BsonUuid| doc! { "_id": *variant, "received": STOCK, "sold": 0_i64, "returned": 0_i64 };
        let rows = std::iter::once(&hot).chain(&spread).map(stock);
        let of = |name: &str| database.collection::<Document>(name);
        of("stock").insert_many(rows).await?;
        database.create_collection("moves").await?;
        let indexes = [
            ("orders", doc! { "user": 1, "key": 1 }, true),
            ("entries", doc! { "stream": 1, "seq": 1 }, true),
            ("entries", doc! { "stream": 1, "id": 1 }, true),
            ("outbox", doc! { "handed_at": 1, "at": 1 }, false),
        ];
        for (collection, keys, unique) in indexes {
            let options = IndexOptions::builder().unique(unique).build();
            let index = IndexModel::builder().keys(keys).options(options).build();
            of(collection).create_index(index).await?;
        }
        Ok(Self {
            database: database.clone(),
            hot,
            spread,
            texts: [ORDER, ENTRY, EVENT].map(|length| "x".repeat(length)),
        })
    }

    /// One batch in one transaction: a question, an update of many statements, and an insert for each collection.
    async fn commit(&self, demand: Demand, world: &mut World) -> anyhow::Result<()> {
        let mut session = self.database.client().start_session().await?;
        let options = TransactionOptions::builder()
            .read_concern(ReadConcern::snapshot())
            .write_concern(majority())
            .build();
        session.start_transaction().with_options(options).await?;
        let variants: Vec<BsonUuid> = (0..BATCH)
            .map(|_| match demand {
                Demand::Hot => self.hot,
                Demand::Spread => *world.choose(&self.spread),
            })
            .collect();
        let mut sold: Vec<(BsonUuid, i64)> = Vec::new();
        for variant in &variants {
            match sold.iter_mut().find(|(known, _)| known == variant) {
                Some((_, count)) => *count += 1,
                None => sold.push((*variant, 1)),
            }
        }
        sold.sort_unstable_by_key(|(variant, _)| variant.bytes());
        self.take(&mut session, &sold).await?;
        self.insert(&mut session, &variants, world).await?;
        Ok(session.commit_transaction().await?)
    }

    async fn take(
        &self,
        session: &mut ClientSession,
        sold: &[(BsonUuid, i64)],
    ) -> anyhow::Result<()> {
        let ids: Vec<BsonUuid> = sold.iter().map(|(variant, _)| *variant).collect();
        let stock = self.database.collection::<Document>("stock");
        let mut found = stock
            .find(doc! { "_id": { "$in": ids } })
            .session(&mut *session)
            .await?;
        let mut rows = 0;
        while let Some(row) = found.next(session).await {
            anyhow::ensure!(row?.get_i64("received")? == STOCK, "another count");
            rows += 1;
        }
        anyhow::ensure!(rows == sold.len(), "a variant is not there");
        let updates: Vec<Document> = sold
            .iter()
            .map(|(variant, count)| doc! { "q": { "_id": *variant }, "u": { "$inc": { "sold": *count } } })
            .collect();
        let command = doc! { "update": "stock", "updates": updates, "ordered": true };
        let answer = self
            .database
            .run_command(command)
            .session(&mut *session)
            .await?;
        anyhow::ensure!(!answer.contains_key("writeErrors"), "{answer}");
        Ok(())
    }

    async fn insert(
        &self,
        session: &mut ClientSession,
        variants: &[BsonUuid],
        world: &mut World,
    ) -> anyhow::Result<()> {
        let at = World::now().as_millisecond();
        let [order_text, entry_text, event_text] = &self.texts;
        let (mut orders, mut entries, mut events, mut moves) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for variant in variants {
            let (order, user, hash) = (
                id(),
                id(),
                Binary {
                    subtype: BinarySubtype::Generic,
                    bytes: vec![7; 32],
                },
            );
            let number = i64::try_from(world.random() >> 14)?;
            orders.push(doc! {
                "_id": order, "user": user, "key": world.key(), "hash": hash, "number": number,
                "status": 0_i64, "placed_at": at, "body": order_text,
            });
            entries.push(doc! {
                "stream": format!("order:{order}"), "seq": 1_i64, "id": id(), "at": at, "by": user, "body": entry_text,
            });
            events.push(doc! {
                "_id": id(), "at": at, "settled": 0_i64, "trace": world.trace(), "body": event_text,
            });
            moves.push(doc! {
                "_id": id(), "variant": *variant, "kind": 1_i64, "quantity": 1_i64, "reason": "sold", "order": order, "at": at,
            });
        }
        for (name, rows) in [
            ("orders", orders),
            ("entries", entries),
            ("outbox", events),
            ("moves", moves),
        ] {
            let collection = self.database.collection::<Document>(name);
            collection.insert_many(rows).session(&mut *session).await?;
        }
        Ok(())
    }
}

fn id() -> BsonUuid {
    BsonUuid::from_bytes(*World::uuid().as_bytes())
}

fn majority() -> WriteConcern {
    let mut concern = WriteConcern::default();
    concern.w = Some(Acknowledgment::Majority);
    concern.journal = Some(true);
    concern
}
