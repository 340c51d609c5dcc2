//! What is there of variants, and the moves that the catalogue makes: stock that comes in with a product or a file.
//!
//! Sales of a variant and what is received of it meet at its count: each is a change of that document, so that of two
//! transactions at once one sees what the other did.

use std::collections::{BTreeMap, BTreeSet};

use mongodb::bson::{Uuid as BsonUuid, doc};
use mongodb::options::FindOptions;
use souk_domain::catalog::{
    COUNTING_STARTS, IMPORT, ImportOptions, Inventory, Merge, MoveKind, Product, Stock, StockMove,
    owed, recount,
};
use souk_domain::{MoveId, Timestamp, VariantId, ids};

use crate::failure::Failure;
use crate::records::{id as key, nanos};
use crate::stock::{self, StockRow};
use crate::store::Inner;
use crate::transaction::Transaction;

/// The counts of variants; nothing of those that nothing was ever counted of.
pub(super) async fn of(
    inner: &Inner,
    variants: &BTreeSet<VariantId>,
) -> Result<BTreeMap<VariantId, Stock>, Failure> {
    if variants.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<BsonUuid> = variants.iter().map(|id| key(id.0)).collect();
    let asked = doc! { "_id": { "$in": ids } };
    let rows = inner
        .find_with::<StockRow>("stock", asked, FindOptions::default())
        .await?;
    Ok(rows.iter().map(StockRow::stock).collect())
}

/// Counts as a transaction sees them, and what it does to them.
pub(super) struct Counting {
    there: BTreeMap<VariantId, Stock>,
    received: BTreeMap<VariantId, i64>,
    /// Looked at, in a way that no sale may change meanwhile.
    held: BTreeSet<VariantId>,
    moves: Vec<StockMove>,
}

impl Counting {
    pub(super) async fn load(
        transaction: &Transaction,
        variants: &BTreeSet<VariantId>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            there: stock::counts(transaction, variants.iter().copied())
                .await?
                .into_iter()
                .collect(),
            received: BTreeMap::new(),
            held: BTreeSet::new(),
            moves: Vec::new(),
        })
    }

    /// Puts stock in (takes it out, where negative), as a move. Its id is derived from when it was made and what was there:
    /// the number of the move among those of the call tells apart what comes and goes at once.
    pub(super) fn receive(
        &mut self,
        variant: VariantId,
        quantity: i64,
        reason: &str,
        at: Timestamp,
    ) {
        if quantity == 0 {
            return;
        }
        let there = self.there.entry(variant).or_default();
        let names = [
            nanos(at),
            there.received,
            there.sold,
            there.returned,
            i64::try_from(self.moves.len()).unwrap_or(i64::MAX),
        ]
        .map(|number| number.to_string());
        let mut all = vec!["received"];
        all.extend(names.iter().map(String::as_str));
        self.moves.push(StockMove {
            id: MoveId(ids::derive_v7(variant.0, &all)),
            variant_id: variant,
            kind: MoveKind::Received,
            quantity,
            reason: reason.to_owned(),
            order_id: None,
            at,
        });
        there.apply(MoveKind::Received, quantity);
        *self.received.entry(variant).or_default() += quantity;
    }

    /// Brings counts to what a file says; how many variants changed by that alone.
    pub(super) fn recount(
        &mut self,
        before: Option<&Product>,
        merged: &Merge,
        options: ImportOptions,
        at: Timestamp,
    ) -> Result<usize, Failure> {
        let recount = recount(merged, before, options.set_stock, &self.there)
            .ok_or(Failure::Refused("a quantity is past what can be counted"))?;
        for (variant, change) in recount.changes {
            self.receive(variant, change, IMPORT, at);
        }
        Ok(recount.alone)
    }

    /// Counts from zero what was sold below zero and is tracked from now on. A sale that does not know yet that it is
    /// tracked must not come in between: its count is held.
    pub(super) fn start(&mut self, before: Option<&Product>, product: &Product, at: Timestamp) {
        for (variant, owed) in owed(product, &self.there) {
            self.receive(variant, owed, COUNTING_STARTS, at);
        }
        let inventory = |product: &Product, id| {
            let mut variants = product.variants.iter();
            let variant = variants.find(|variant| variant.id == id)?;
            Some(variant.inventory)
        };
        for variant in &product.variants {
            let before = before.and_then(|before| inventory(before, variant.id));
            let starts =
                variant.inventory == Inventory::Tracked && before != Some(Inventory::Tracked);
            let may_be_sold =
                self.there.contains_key(&variant.id) || before == Some(Inventory::Backorder);
            if starts && may_be_sold {
                self.held.insert(variant.id);
            }
        }
    }

    pub(super) async fn write(self, transaction: &Transaction) -> Result<(), Failure> {
        let mut received = self.received;
        for variant in self.held {
            received.entry(variant).or_default();
        }
        let add = |variant: VariantId, received: i64| {
            let change = Stock {
                received,
                ..Stock::default()
            };
            (variant, change)
        };
        let mut changes = Vec::new();
        for (variant, received) in received {
            if received == 0 {
                // A change that is none would meet no sale: one that is taken back does.
                changes.extend([add(variant, 1), add(variant, -1)]);
            } else {
                changes.push(add(variant, received));
            }
        }
        stock::apply(transaction, &self.moves, changes).await
    }
}
