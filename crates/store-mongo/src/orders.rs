//! Orders and the shop's settings: what is asked of them. What changes orders and stock is in [`crate::commit`].
//!
//! The newest order is the one with the greatest id: ids are given in the order of time.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::FutureExt as _;
use futures::TryStreamExt as _;
use mongodb::bson::{Document, Uuid as BsonUuid, doc};
use serde::Deserialize;
use souk_app::ports::EngineError;
use souk_app::ports::store::{Committed, ListError, Listed, OrderFilter, OrderStore};
use souk_domain::OrderId;
use souk_domain::order::Order;
use souk_domain::order::commit::Command;
use souk_domain::shop::ShopSettings;
use souk_domain::user::Email;

use crate::ask::{Answer, Known};
use crate::commit;
use crate::conversation::Body;
use crate::failure::Failure;
use crate::jobs::{IdRow, among};
use crate::order_row::{ORDER_IDS, ORDERS, OrderRow, Whose, numbered, of_buyers};
use crate::records::{id, nanos, order_status};
use crate::store::{Inner, MongoStore};
use souk_app::ports::store::cursor;

/// The letter of this list's cursors.
const LIST: char = 'o';

/// Most guests of one address whose orders are shown.
const MOST_GUESTS: i64 = 100;

#[async_trait]
impl OrderStore for MongoStore {
    async fn commit(&self, batch: Vec<Command>) -> Result<Committed, EngineError> {
        let _turn = self.turn.lock().await;
        Ok(commit::commit(&self.inner, &batch).await?)
    }

    async fn order(&self, order: OrderId) -> Result<Option<Order>, EngineError> {
        self.asked.orders.one(order).await
    }

    async fn orders(
        &self,
        filter: &OrderFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<Order>, ListError> {
        let before = cursor::decode(LIST, cursor)?.map(|(_, id)| id);
        let listed = list(&self.inner, filter, before, limit).await;
        Ok(listed.map_err(EngineError::from)?)
    }

    async fn shop(&self) -> Result<Option<ShopSettings>, EngineError> {
        self.asked.shop.one(()).await
    }

    async fn keep_shop(&self, shop: &ShopSettings) -> Result<(), EngineError> {
        let body = serde_json::to_string(shop).map_err(Failure::from)?;
        let rows = self.inner.collection::<Document>("shop");
        let kept = rows
            .update_one(doc! { "_id": "shop" }, doc! { "$set": { "body": body } })
            .upsert(true);
        self.inner.within(kept.into_future()).await?;
        Ok(())
    }
}

/// The orders with these ids: whose they are is asked first, since they are kept by their buyers.
pub(crate) fn known(inner: &Inner, ids: Vec<OrderId>) -> Answer<'_, OrderId, Order> {
    async move {
        let asked = || among(ids.iter().map(|order| order.0));
        let whose: Vec<Whose> = inner.find(ORDER_IDS, asked()).await?;
        if whose.is_empty() {
            return Ok(Known::new());
        }
        let found: Vec<OrderRow> = inner.find(ORDERS, of_buyers(asked(), &whose)).await?;
        let order = |row: OrderRow| row.order().map(|order| (order.id, order));
        found.into_iter().map(order).collect()
    }
    .boxed()
}

/// The shop's settings.
pub(crate) fn shop(inner: &Inner, _: Vec<()>) -> Answer<'_, (), ShopSettings> {
    async {
        let found: Option<Body> = inner.find_one("shop", doc! { "_id": "shop" }).await?;
        let shop = found.map(|found| serde_json::from_str(&found.body));
        Ok(shop
            .transpose()?
            .map(|shop| ((), shop))
            .into_iter()
            .collect())
    }
    .boxed()
}

async fn whose(inner: &Inner, filter: Document) -> Result<Option<Whose>, Failure> {
    let rows = inner.collection::<Whose>(ORDER_IDS);
    inner.within(rows.find_one(filter).into_future()).await
}

async fn list(
    inner: &Inner,
    filter: &OrderFilter,
    before: Option<uuid::Uuid>,
    limit: u32,
) -> Result<Listed<Order>, Failure> {
    let nothing = Listed {
        items: Vec::new(),
        next: None,
    };
    let mut found = Document::new();
    if let Some(users) = users(inner, filter).await? {
        if users.is_empty() {
            return Ok(nothing);
        }
        let users: Vec<_> = users.into_iter().map(BsonUuid::from_bytes).collect();
        found.insert("user", doc! { "$in": users });
    }
    let mut ids = Document::new();
    if let Some(number) = filter.number {
        // Two lists of people have to meet: the buyer with this number, and those who were asked for.
        let Some(Whose {
            order: Some(order),
            user,
            ..
        }) = whose(inner, numbered([number])).await?
        else {
            return Ok(nothing);
        };
        ids.insert("$eq", order);
        let buyer = doc! { "user": user };
        found = doc! { "$and": [found, buyer] };
    }
    if let Some(before) = before {
        ids.insert("$lt", id(before));
    }
    if !ids.is_empty() {
        found.insert("_id", ids);
    }
    if let Some(status) = filter.status {
        found.insert("status", order_status(status));
    }
    let rows = inner.collection::<OrderRow>(ORDERS);
    // One more than asked for says whether there is a next page.
    let page = async {
        rows.find(found)
            .sort(doc! { "_id": -1 })
            .limit(i64::from(limit) + 1)
            .await?
            .try_collect::<Vec<_>>()
            .await
    };
    let page = inner.within(page).await?;
    let items = page.iter().take(limit as usize).map(OrderRow::order);
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let next = items
        .last()
        .filter(|_| page.len() > limit as usize)
        .map(|last| cursor::encode(LIST, nanos(last.placed_at), last.id.0));
    Ok(Listed { items, next })
}

/// The people whose orders are asked for, if it is for people's that is asked.
async fn users(inner: &Inner, filter: &OrderFilter) -> Result<Option<BTreeSet<[u8; 16]>>, Failure> {
    let named = filter
        .user
        .map(|user| BTreeSet::from([user.0.into_bytes()]));
    let Some(email) = &filter.email else {
        return Ok(named);
    };
    let people = people(inner, email).await?;
    let people: BTreeSet<_> = people.into_iter().map(BsonUuid::bytes).collect();
    Ok(Some(match named {
        Some(named) => &named & &people,
        None => people,
    }))
}

/// The people with an address: the account, and guests, who share addresses. The newest of them are the ones that
/// somebody looks for.
async fn people(inner: &Inner, email: &Email) -> Result<Vec<BsonUuid>, Failure> {
    #[derive(Deserialize)]
    struct Owner {
        user_id: BsonUuid,
    }
    let emails = inner.collection::<Owner>("emails");
    let owner = emails.find_one(doc! { "_id": email.key() });
    let owner = inner.within(owner.into_future()).await?;
    let mut people: Vec<_> = owner.into_iter().map(|owner| owner.user_id).collect();
    let users = inner.collection::<IdRow>("users");
    let guests = async {
        users
            .find(doc! { "guest_key": email.key() })
            .sort(doc! { "_id": -1 })
            .limit(MOST_GUESTS)
            .projection(doc! { "_id": 1 })
            .await?
            .try_collect::<Vec<_>>()
            .await
    };
    let guests = inner.within(guests).await?;
    people.extend(guests.into_iter().map(|row| row.id));
    Ok(people)
}
