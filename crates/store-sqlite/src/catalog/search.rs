//! Finding products: by words, newest first by default.
//!
//! Words are the user's: each is quoted, so that none is read as syntax of the search. The order is kept by the cursor:
//! whether the last product had all the words in its title, and its id.

use rusqlite::{Connection, Row, ToSql, params_from_iter};
use souk_app::ports::store::{ListError, Listed, ProductFilter, StockedProduct};
use uuid::Uuid;

use crate::failure::Failure;
use crate::records::product_status;
use souk_app::ports::store::cursor;

/// A question, ready to be asked.
pub(super) struct Question {
    /// All words, anywhere, as the index reads them; none when everything is asked for.
    words: Option<String>,
    filter: ProductFilter,
    /// Whether the last product of the page before had all words in its title, and its id.
    after: Option<(i64, Uuid)>,
    limit: u32,
}

impl Question {
    pub(super) fn new(
        filter: &ProductFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Self, ListError> {
        let words = quoted(&filter.words);
        let after = cursor::decode(
            if words.is_some() {
                cursor::FOUND_PRODUCTS
            } else {
                cursor::PRODUCTS
            },
            cursor,
        )?;
        Ok(Self {
            words,
            filter: filter.clone(),
            after,
            limit,
        })
    }
}

/// The beginnings of words, all of which are asked for.
fn quoted(words: &[String]) -> Option<String> {
    let quoted: Vec<_> = words
        .iter()
        .filter(|word| !word.trim().is_empty())
        .map(|word| format!("\"{}\"*", word.replace('"', "\"\"").replace('\0', "")))
        .collect();
    (!quoted.is_empty()).then(|| quoted.join(" AND "))
}

pub(super) fn find(
    connection: &Connection,
    question: &Question,
) -> Result<Listed<StockedProduct>, Failure> {
    let (sql, values) = sql(question);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let body: String = row.get(2)?;
        found.push((place(row)?, body));
    }
    let list = if question.words.is_some() {
        cursor::FOUND_PRODUCTS
    } else {
        cursor::PRODUCTS
    };
    let found = Listed::cut(found, question.limit, |((in_title, id), _)| {
        cursor::encode(list, *in_title, *id)
    });
    found.try_map(|(_, body)| super::stocked(connection, &body))
}

fn place(row: &Row<'_>) -> rusqlite::Result<(i64, Uuid)> {
    Ok((row.get(0)?, crate::records::uuid(row, 1)?))
}

fn sql(question: &Question) -> (String, Vec<Box<dyn ToSql>>) {
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut value = |value: Box<dyn ToSql>| {
        values.push(value);
        values.len()
    };
    let mut wheres = Vec::new();
    let title = match &question.words {
        Some(words) => {
            let in_title = value(Box::new(format!("{{title}} : ({words})")));
            let anywhere = value(Box::new(words.clone()));
            wheres.push(format!(
                "p.seq IN (SELECT rowid FROM product_search WHERE product_search MATCH ?{anywhere})"
            ));
            format!(
                "(p.seq IN (SELECT rowid FROM product_search WHERE product_search MATCH ?{in_title}))"
            )
        }
        None => "0".to_owned(),
    };
    if let Some(category) = &question.filter.category {
        wheres.push(format!(
            "p.category = ?{}",
            value(Box::new(category.clone()))
        ));
    }
    if let Some(status) = question.filter.status {
        wheres.push(format!(
            "p.status = ?{}",
            value(Box::new(product_status(status)))
        ));
    }
    if let Some(tag) = &question.filter.tag {
        let tag = value(Box::new(tag.clone()));
        wheres.push(format!(
            "p.id IN (SELECT product_id FROM product_tags WHERE tag = ?{tag})"
        ));
    }
    if let Some((in_title, id)) = question.after {
        let id = value(Box::new(id.into_bytes()));
        if question.words.is_some() {
            wheres.push(format!(
                "({title}, p.id) < ({}, ?{id})",
                i64::from(in_title > 0)
            ));
        } else {
            wheres.push(format!("p.id < ?{id}"));
        }
    }
    let wheres = if wheres.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", wheres.join(" AND "))
    };
    let order = if question.words.is_some() {
        "1 DESC, p.id DESC"
    } else {
        "p.id DESC"
    };
    // Places are found and sorted first; bodies are read for one page only. One more says whether there is a next page.
    let sql = format!(
        "WITH found AS MATERIALIZED (SELECT {title} AS in_title, p.id AS id, p.seq AS seq FROM products AS p {wheres} ORDER BY {order} LIMIT {})
        SELECT found.in_title, found.id, p.body FROM found CROSS JOIN products AS p ON p.seq = found.seq
        ORDER BY found.in_title DESC, found.id DESC",
        u64::from(question.limit) + 1
    );
    (sql, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_never_syntax() {
        let words = [
            "a\" OR \"b".to_owned(),
            " ".to_owned(),
            "*".to_owned(),
            "x\0y".to_owned(),
        ];
        assert_eq!(
            quoted(&words).as_deref(),
            Some("\"a\"\" OR \"\"b\"* AND \"*\"* AND \"xy\"*")
        );
        assert_eq!(quoted(&[]), None);
    }
}
