//! Orders and the shop's settings: what is asked of them. What changes orders and stock is in [`crate::commit`].

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, ToSql, params};
use souk_app::ports::EngineError;
use souk_app::ports::store::{Committed, ListError, Listed, OrderFilter, OrderStore};
use souk_domain::order::Order;
use souk_domain::order::commit::Command;
use souk_domain::shop::ShopSettings;
use souk_domain::OrderId;
use uuid::Uuid;

use crate::failure::Failure;
use crate::{SqliteStore, commit, cursor, records};

/// The letter of this list's cursors.
const LIST: char = 'o';

#[async_trait]
impl OrderStore for SqliteStore {
    async fn commit(&self, batch: Vec<Command>) -> Result<Committed, EngineError> {
        self.inner.write(move |connection| commit::commit(connection, &batch)).await
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, EngineError> {
        self.inner.read(move |connection| load(connection, id)).await
    }

    async fn orders(&self, filter: &OrderFilter, cursor: Option<&str>, limit: u32) -> Result<Listed<Order>, ListError> {
        let before = cursor::decode(LIST, cursor)?.map(|(_, id)| id);
        let filter = filter.clone();
        Ok(self.inner.read(move |connection| list(connection, &filter, before, limit)).await?)
    }

    async fn shop(&self) -> Result<Option<ShopSettings>, EngineError> {
        self.inner.read(shop).await
    }

    async fn keep_shop(&self, shop: &ShopSettings) -> Result<(), EngineError> {
        let body = serde_json::to_string(shop).map_err(Failure::from)?;
        self.inner
            .write(move |connection| {
                let sql = "INSERT INTO shop (id, body) VALUES (1, ?1)
                    ON CONFLICT DO UPDATE SET body = excluded.body WHERE body != excluded.body";
                connection.prepare_cached(sql)?.execute(params![body])?;
                Ok(())
            })
            .await
    }
}

/// Reads one order.
pub(crate) fn load(connection: &Connection, id: OrderId) -> Result<Option<Order>, Failure> {
    let mut statement = connection.prepare_cached("SELECT body FROM orders WHERE id = ?1")?;
    let body: Option<String> = statement.query_row([id.0.as_bytes()], |row| row.get(0)).optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// Reads the settings.
pub(crate) fn shop(connection: &Connection) -> Result<Option<ShopSettings>, Failure> {
    let mut statement = connection.prepare_cached("SELECT body FROM shop WHERE id = 1")?;
    let body: Option<String> = statement.query_row([], |row| row.get(0)).optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

fn list(connection: &Connection, filter: &OrderFilter, before: Option<Uuid>, limit: u32) -> Result<Listed<Order>, Failure> {
    let mut wheres = Vec::new();
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut only = |column: &str, value: Box<dyn ToSql>| {
        values.push(value);
        wheres.push(format!("{column} ?{}", values.len()));
    };
    if let Some(user) = filter.user {
        only("user_id =", Box::new(user.0.into_bytes()));
    }
    if let Some(email) = &filter.email {
        let mut statement = connection.prepare_cached("SELECT id FROM users WHERE email_key = ?1")?;
        let user: Option<[u8; 16]> = statement.query_row([email.key()], |row| row.get(0)).optional()?;
        let Some(user) = user else { return Ok(Listed { items: Vec::new(), next: None }) };
        only("user_id =", Box::new(user));
    }
    if let Some(status) = filter.status {
        // A person has few orders: their list is looked through, not that of the status.
        let column = if filter.user.is_some() || filter.email.is_some() { "+status =" } else { "status =" };
        only(column, Box::new(records::order_status(status)));
    }
    if let Some(number) = filter.number {
        only("number =", Box::new(records::number(number)));
    }
    if let Some(before) = before {
        only("id <", Box::new(before.into_bytes()));
    }
    let wheres = if wheres.is_empty() { String::new() } else { format!("WHERE {}", wheres.join(" AND ")) };
    // One more than asked for says whether there is a next page.
    let sql = format!("SELECT body FROM orders {wheres} ORDER BY id DESC LIMIT {}", u64::from(limit) + 1);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut items: Vec<Order> = Vec::new();
    let mut next = None;
    while let Some(row) = rows.next()? {
        if items.len() == limit as usize {
            next = items.last().map(|last| cursor::encode(LIST, 0, last.id.0));
            break;
        }
        items.push(serde_json::from_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
    }
    Ok(Listed { items, next })
}
