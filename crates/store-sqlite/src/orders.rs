//! Orders and the shop's settings: what is asked of them. What changes orders and stock is in [`crate::commit`].
//!
//! The newest order is the one that was committed last.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, ToSql, params};
use souk_app::ports::EngineError;
use souk_app::ports::store::{Committed, ListError, Listed, OrderFilter, OrderStore};
use souk_domain::order::Order;
use souk_domain::order::commit::Command;
use souk_domain::shop::ShopSettings;
use souk_domain::user::Email;
use souk_domain::{OrderId, OrderNumber, UserId};

use crate::failure::Failure;
use crate::{SqliteStore, commit, fresh, records};
use souk_app::ports::store::cursor;

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
        let before = cursor::decode(cursor::ORDERS, cursor)?.map_or(i64::MAX, |(seq, _)| seq);
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
        let shop = shop.clone();
        self.inner
            .write(move |connection| keep_shop(connection, &shop))
            .await
    }
}

pub(crate) fn keep_shop(connection: &Connection, shop: &ShopSettings) -> Result<(), Failure> {
    let sql = "INSERT INTO shop (id, body) VALUES (1, ?1)
        ON CONFLICT DO UPDATE SET body = excluded.body WHERE body != excluded.body";
    let body = serde_json::to_string(shop)?;
    connection.prepare_cached(sql)?.execute(params![body])?;
    Ok(())
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

/// What is asked of `orders`, in SQL.
struct Asked {
    found: Vec<String>,
    wheres: Vec<String>,
    values: Vec<Box<dyn ToSql>>,
}

impl Asked {
    /// Adds a value; its place in the statement.
    fn value(&mut self, value: impl ToSql + 'static) -> String {
        self.values.push(Box::new(value));
        format!("?{}", self.values.len())
    }

    /// Only orders that one of the tiers knows under a number. An order that is in both is one.
    fn of_number(&mut self, number: OrderNumber) {
        let number = self.value(records::number(number));
        self.found.push(format!(
            "SELECT seq FROM (SELECT seq FROM order_numbers WHERE number = {number}
                UNION SELECT seq FROM fresh_orders WHERE number = {number})"
        ));
    }

    /// Only orders of these people, likewise. Of people whose keys are found alike, the order says whose it is.
    fn of_people(&mut self, people: &[UserId]) {
        let (mut ids, mut highs, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for user in people {
            ids.push(self.value(user.0.into_bytes()));
            let high = self.value(fresh::high(*user));
            rows.push(format!("({high})"));
            highs.push(high);
        }
        let (ids, highs, rows) = (ids.join(", "), highs.join(", "), rows.join(", "));
        self.found.push(format!(
            "SELECT seq FROM (SELECT k.seq FROM (VALUES {rows}) AS p CROSS JOIN order_keys AS k
                    ON k.key_hash BETWEEN p.column1 << 32 AND (p.column1 << 32) + 4294967295
                UNION SELECT seq FROM fresh_orders WHERE key_hash >> 32 IN ({highs}))"
        ));
        self.wheres.push(format!("user_id IN ({ids})"));
    }
}

/// The people whose orders are asked for by an address.
fn people(connection: &Connection, email: &Email) -> Result<Vec<UserId>, Failure> {
    // Guests share addresses; the newest of them are the ones that somebody looks for.
    let sql = "SELECT id FROM users WHERE email_key = ?1
        UNION ALL SELECT * FROM (SELECT id FROM users WHERE guest_key = ?1 ORDER BY id DESC LIMIT 100)";
    let mut statement = connection.prepare_cached(sql)?;
    let people = statement.query_map([email.key()], |row| records::uuid(row, 0).map(UserId))?;
    Ok(people.collect::<Result<_, _>>()?)
}

fn list(
    connection: &Connection,
    filter: &OrderFilter,
    before: i64,
    limit: u32,
) -> Result<Listed<Order>, Failure> {
    let mut asked = Asked {
        found: Vec::new(),
        wheres: vec!["seq < ?1".to_owned()],
        values: vec![Box::new(before)],
    };
    if let Some(user) = filter.user {
        asked.of_people(&[user]);
    }
    if let Some(email) = &filter.email {
        let people = people(connection, email)?;
        if people.is_empty() {
            return Ok(Listed {
                items: Vec::new(),
                next: None,
            });
        }
        asked.of_people(&people);
    }
    if let Some(number) = filter.number {
        asked.of_number(number);
    }
    if let Some(status) = filter.status {
        let status = asked.value(records::order_status(status));
        asked.wheres.push(format!("status = {status}"));
    }
    // Those that were found are few: each is looked up, in the order in which they stand.
    let from = if asked.found.is_empty() {
        "orders".to_owned()
    } else {
        format!(
            "({}) CROSS JOIN orders USING (seq)",
            asked.found.join(" INTERSECT ")
        )
    };
    // One more than asked for says whether there is a next page.
    let sql = format!(
        "WITH page AS MATERIALIZED (SELECT seq FROM {from} WHERE {} ORDER BY seq DESC LIMIT {})
        SELECT seq, body FROM page CROSS JOIN orders USING (seq) ORDER BY seq DESC",
        asked.wheres.join(" AND "),
        u64::from(limit) + 1
    );
    let values = asked.values;
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut found: Vec<(i64, Order)> = Vec::new();
    while let Some(row) = rows.next()? {
        let body = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        found.push((row.get(0)?, serde_json::from_str(body)?));
    }
    let found = Listed::cut(found, limit, |(seq, last)| {
        cursor::encode(cursor::ORDERS, *seq, last.id.0)
    });
    found.try_map(|(_, order)| Ok(order))
}
