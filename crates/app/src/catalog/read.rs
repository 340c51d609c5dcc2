//! Looking at products.

use souk_domain::catalog::{ProductStatus, search};

use crate::ports::EngineError;
use crate::ports::store::{ListError, Listed, ProductFilter, ProductRef, StockedProduct};
use crate::{Actor, App};

/// A product by id or handle. Drafts are for staff.
pub async fn get(
    app: &App,
    reader: Option<&Actor>,
    which: &str,
) -> Result<Option<StockedProduct>, EngineError> {
    let which = which
        .parse()
        .map_or_else(|_| ProductRef::Handle(which.to_owned()), ProductRef::Id);
    let found = app.store.product(&which).await?;
    Ok(found
        .filter(|found| sees_drafts(reader) || found.product.status == ProductStatus::Published))
}

/// Products that match, best and newest first. Drafts are for staff.
pub async fn list(
    app: &App,
    reader: Option<&Actor>,
    question: &str,
    mut filter: ProductFilter,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Listed<StockedProduct>, ListError> {
    filter.words = search::question(question);
    // A question of signs alone asks for nothing that is there.
    if filter.words.is_empty() && !question.trim().is_empty() {
        return Ok(Listed {
            items: Vec::new(),
            next: None,
        });
    }
    if !sees_drafts(reader) {
        filter.status = Some(ProductStatus::Published);
    }
    app.store.products(&filter, cursor, limit).await
}

fn sees_drafts(reader: Option<&Actor>) -> bool {
    reader.is_some_and(|reader| reader.role().is_staff())
}
