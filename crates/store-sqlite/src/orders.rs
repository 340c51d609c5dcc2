//! Orders and the shop's settings: what is asked of them. What changes orders and stock is in [`crate::commit`].
//!
//! The newest order is the one that was committed last.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, ToSql, params};
use souk_app::ports::EngineError;
use souk_app::ports::store::{Committed, ListError, Listed, OrderFilter, OrderStore};
use souk_domain::OrderId;
use souk_domain::order::Order;
use souk_domain::order::commit::Command;
use souk_domain::shop::ShopSettings;

use crate::failure::Failure;
use crate::{SqliteStore, commit, cursor, records};

/// The letter of this list's cursors.
const LIST: char = 'o';

#[async_trait]
impl OrderStore for SqliteStore {
    async fn commit(&self, batch: Vec<Command>) -> Result<Committed, EngineError> {
        self.inner
            .write(move |connection| commit::commit(connection, &batch))
            .await
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, EngineError> {
        self.inner
            .read(move |connection| load(connection, id))
            .await
    }

    async fn orders(
        &self,
        filter: &OrderFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<Order>, ListError> {
        let before = cursor::decode(LIST, cursor)?.map_or(i64::MAX, |(seq, _)| seq);
        let filter = filter.clone();
        Ok(self
            .inner
            .read(move |connection| list(connection, &filter, before, limit))
            .await?)
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
    let body: Option<String> = statement
        .query_row([id.0.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// Reads the settings.
pub(crate) fn shop(connection: &Connection) -> Result<Option<ShopSettings>, Failure> {
    let mut statement = connection.prepare_cached("SELECT body FROM shop WHERE id = 1")?;
    let body: Option<String> = statement.query_row([], |row| row.get(0)).optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// Adds a condition on one column.
fn only(
    wheres: &mut Vec<String>,
    values: &mut Vec<Box<dyn ToSql>>,
    column: &str,
    value: Box<dyn ToSql>,
) {
    values.push(value);
    wheres.push(format!("{column} = ?{}", values.len()));
}

fn list(
    connection: &Connection,
    filter: &OrderFilter,
    before: i64,
    limit: u32,
) -> Result<Listed<Order>, Failure> {
    let mut wheres = vec!["seq < ?1".to_owned()];
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(before)];
    // A person's orders are looked through, whatever else is asked: they are few.
    let mut index = "";
    if let Some(user) = filter.user {
        only(
            &mut wheres,
            &mut values,
            "user_id",
            Box::new(user.0.into_bytes()),
        );
        index = "INDEXED BY orders_by_key";
    }
    if let Some(email) = &filter.email {
        // Guests share addresses; the newest of them are the ones that somebody looks for.
        let sql = "SELECT id FROM users WHERE email_key = ?1
            UNION ALL SELECT * FROM (SELECT id FROM users WHERE guest_key = ?1 ORDER BY id DESC LIMIT 100)";
        let mut statement = connection.prepare_cached(sql)?;
        let people = statement
            .query_map([email.key()], |row| row.get::<_, [u8; 16]>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        if people.is_empty() {
            return Ok(Listed {
                items: Vec::new(),
                next: None,
            });
        }
        let first = values.len() + 1;
        let places: Vec<_> = (first..first + people.len())
            .map(|place| format!("?{place}"))
            .collect();
        wheres.push(format!("user_id IN ({})", places.join(", ")));
        values.extend(people.into_iter().map(|id| Box::new(id) as Box<dyn ToSql>));
        index = "INDEXED BY orders_by_key";
    }
    if let Some(status) = filter.status {
        only(
            &mut wheres,
            &mut values,
            "status",
            Box::new(records::order_status(status)),
        );
    }
    if let Some(number) = filter.number {
        only(
            &mut wheres,
            &mut values,
            "number",
            Box::new(records::number(number)),
        );
    }
    // One more than asked for says whether there is a next page.
    let sql = format!(
        "WITH page AS MATERIALIZED (SELECT seq FROM orders {index} WHERE {} ORDER BY seq DESC LIMIT {})
        SELECT seq, body FROM page CROSS JOIN orders USING (seq) ORDER BY seq DESC",
        wheres.join(" AND "),
        u64::from(limit) + 1
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut items: Vec<Order> = Vec::new();
    let mut last = before;
    let mut next = None;
    while let Some(row) = rows.next()? {
        if items.len() == limit as usize {
            next = items
                .last()
                .map(|order| cursor::encode(LIST, last, order.id.0));
            break;
        }
        last = row.get(0)?;
        items.push(serde_json::from_str(
            row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?,
        )?);
    }
    Ok(Listed { items, next })
}
