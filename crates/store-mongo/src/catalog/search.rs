//! Finding products: by words, newest first by default.
//!
//! A word of a question must begin a word of the product. Words are the user's: each is escaped, so that none is read as a
//! pattern. Products with all of them in the title come first: they are asked for on their own, and the others after
//! them. The order is kept by the cursor: whether the last product had all the words in its title, and its id.

use mongodb::bson::{Bson, Document, Regex, doc};
use mongodb::options::FindOptions;
use souk_app::ports::store::{ListError, Listed, ProductFilter};
use souk_domain::catalog::Product;
use uuid::Uuid;

use super::{Kept, PRODUCTS};
use crate::failure::Failure;
use crate::records::{id as key, product_status};
use crate::store::Inner;
use souk_app::ports::store::cursor;

/// A question, ready to be asked.
pub(crate) struct Question {
    /// The beginnings of words, all of which are asked for; none when everything is.
    words: Vec<Bson>,
    filter: ProductFilter,
    /// Whether the last product of the page before had all words in its title, and its id.
    after: Option<(bool, Uuid)>,
    limit: u32,
}

impl Question {
    pub(crate) fn new(
        filter: &ProductFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Self, ListError> {
        let words: Vec<Bson> = filter
            .words
            .iter()
            .filter_map(|word| beginning(&word.replace('\0', "")))
            .collect();
        let after = cursor::decode(
            if words.is_empty() {
                cursor::PRODUCTS
            } else {
                cursor::FOUND_PRODUCTS
            },
            cursor,
        )?;
        Ok(Self {
            words,
            filter: filter.clone(),
            after: after.map(|(in_title, id)| (in_title > 0, id)),
            limit,
        })
    }

    /// All words, each in this field.
    pub(crate) fn words_in(&self, field: &str) -> Document {
        let words = self.words.iter().map(|word| doc! { field: word.clone() });
        doc! { "$and": words.collect::<Vec<_>>() }
    }

    /// What is asked beside the words, after a product.
    fn rest(&self, after: Option<Uuid>) -> Document {
        let mut rest = Document::new();
        if let Some(category) = &self.filter.category {
            rest.insert("category", category);
        }
        if let Some(status) = self.filter.status {
            rest.insert("status", product_status(status));
        }
        if let Some(tag) = &self.filter.tag {
            rest.insert("tags", tag);
        }
        if let Some(after) = after {
            rest.insert("_id", doc! { "$lt": key(after) });
        }
        rest
    }
}

/// What begins with a word, as an index reads it: the start, and letters that stand for themselves. Nothing for a blank.
fn beginning(word: &str) -> Option<Bson> {
    if word.trim().is_empty() {
        return None;
    }
    let mut pattern = String::from("^");
    for letter in word.chars() {
        if !letter.is_alphanumeric() {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    let (pattern, options) = (pattern.try_into().ok()?, String::new().try_into().ok()?);
    Some(Bson::RegularExpression(Regex { pattern, options }))
}

pub(super) async fn find(inner: &Inner, question: &Question) -> Result<Listed<Product>, Failure> {
    // One more says whether there is a next page.
    let most = question.limit as usize + 1;
    let mut found: Vec<(bool, Product)> = Vec::new();
    if question.words.is_empty() {
        let after = question.after.map(|(_, id)| id);
        ask(inner, question.rest(after), false, most, &mut found).await?;
    } else {
        let titled = question.words_in("title_words");
        if question.after.is_none_or(|(in_title, _)| in_title) {
            let mut asked = question.rest(question.after.map(|(_, id)| id));
            asked.extend(titled.clone());
            ask(inner, asked, true, most, &mut found).await?;
        }
        if found.len() < most {
            let after = question.after.filter(|(in_title, _)| !in_title);
            let mut asked = question.rest(after.map(|(_, id)| id));
            asked.extend(question.words_in("words"));
            asked.insert("$nor", vec![titled]);
            ask(inner, asked, false, most, &mut found).await?;
        }
    }
    let list = if question.words.is_empty() {
        cursor::PRODUCTS
    } else {
        cursor::FOUND_PRODUCTS
    };
    let found = Listed::cut(found, question.limit, |(in_title, last)| {
        cursor::encode(list, i64::from(*in_title), last.id.0)
    });
    found.try_map(|(_, product)| Ok(product))
}

/// Asks for the newest that fit, as many as are missing.
async fn ask(
    inner: &Inner,
    asked: Document,
    in_title: bool,
    most: usize,
    found: &mut Vec<(bool, Product)>,
) -> Result<(), Failure> {
    let missing = i64::try_from(most - found.len()).unwrap_or(i64::MAX);
    let newest = FindOptions::builder()
        .sort(doc! { "_id": -1 })
        .projection(doc! { "body": 1 })
        .limit(missing)
        .build();
    for kept in inner.find_with::<Kept>(PRODUCTS, asked, newest).await? {
        found.push((in_title, kept.product()?));
    }
    Ok(())
}
