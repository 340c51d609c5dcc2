//! Import of a product catalogue from the CSV file that Shopify writes.
//!
//! It reads the file as a stream (`records`, `columns`, `parse`), gathers its rows to products (`product`, `variant`) and
//! merges them into the catalogue in batches, so that sales go on meanwhile. It never takes a bad row for a missing one:
//! every row that is not imported is named in the report, and nothing of a known product goes because of it. Running it
//! again is safe, wherever it stopped.

mod columns;
mod parse;
mod product;
mod records;
mod report;
mod variant;

#[cfg(test)]
mod tests;

use std::io::Read;
use std::time::Duration;

use souk_domain::ProductId;
use souk_domain::catalog::ImportOptions;
use tokio::sync::mpsc;

use crate::App;
use crate::ports::EngineError;
use crate::ports::store::ImportResult;

use product::Gathered;

pub use parse::FileError;
pub use report::{ImportReport, MAX_NOTICES, Notice, Products, Progress, Variants};

/// Batches that wait for the store while the file is read on.
const WAITING: usize = 2;
/// How often a batch is tried when other writers are in the way.
const TRIES: u32 = 10;

/// Why an import stopped. What was imported before stays; the same file can be imported again.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read, or not on.
    #[error(transparent)]
    File(#[from] FileError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Imports the products of a file; prices are in the shop's currency. `progress` hears of every batch.
pub async fn import_products(
    app: &App,
    reader: impl Read + Send + 'static,
    options: ImportOptions,
    progress: impl Fn(Progress) + Send + Sync,
) -> Result<ImportReport, ImportError> {
    let currency = app.shop().await?.currency;
    let (sender, mut batches) = mpsc::channel(WAITING);
    // When this future is dropped, so is the receiver, and the thread stops at its next batch.
    let parsing = tokio::task::spawn_blocking(move || {
        parse::parse(reader, currency, |batch| {
            sender.blocking_send(batch).is_ok()
        })
    });
    let mut report = ImportReport {
        dry_run: options.dry_run,
        ..ImportReport::default()
    };
    let mut refused = Vec::new();
    let mut products = 0;
    while let Some(batch) = batches.recv().await {
        let results = import_batch(app, &batch.products, options).await?;
        products += results.len() as u64;
        for (gathered, result) in batch.products.into_iter().zip(results) {
            match result {
                Some(result) => count(&mut report, &result),
                None => refused.push(gathered),
            }
        }
        progress(Progress {
            rows: batch.rows,
            products,
        });
    }
    let parsed = parsing
        .await
        .map_err(|error| EngineError::Refused(error.into()))??;
    let mut log = parsed.log;
    for Gathered {
        line,
        rows,
        product,
    } in refused
    {
        log.refuse(
            rows,
            line,
            "store_refused",
            format!("the store could not keep `{}`", product.handle),
        );
    }
    progress(Progress {
        rows: parsed.rows,
        products,
    });
    report.rows = parsed.rows;
    report.refused_rows = log.refused_rows;
    (report.warnings, report.warning_count) = (log.warnings.kept, log.warnings.count);
    (report.errors, report.error_count) = (log.errors.kept, log.errors.count);
    Ok(report)
}

/// Imports a batch; if the store refuses it, each product alone, so that one cannot spoil the others.
async fn import_batch(
    app: &App,
    batch: &[Gathered],
    options: ImportOptions,
) -> Result<Vec<Option<ImportResult>>, EngineError> {
    match import_patiently(app, batch, options).await {
        Err(EngineError::Refused(_)) => {}
        results => return Ok(results?.into_iter().map(Some).collect()),
    }
    let mut results = Vec::with_capacity(batch.len());
    for alone in batch {
        match import_patiently(app, std::slice::from_ref(alone), options).await {
            Err(EngineError::Refused(cause)) => {
                tracing::error!(%cause, handle = alone.product.handle, "the store refused an imported product");
                results.push(None);
            }
            imported => results.extend(imported?.into_iter().map(Some)),
        }
    }
    Ok(results)
}

async fn import_patiently(
    app: &App,
    batch: &[Gathered],
    options: ImportOptions,
) -> Result<Vec<ImportResult>, EngineError> {
    let mut tries = 1;
    loop {
        let products = batch
            .iter()
            .map(|gathered| (ProductId(app.ids.uuid()), gathered.product.clone()))
            .collect();
        match app
            .store
            .import_products(products, options, app.now())
            .await
        {
            Err(EngineError::Conflict) if tries < TRIES => {
                tokio::time::sleep(Duration::from_millis(10 << tries.min(6))).await;
                tries += 1;
            }
            result => {
                if !options.dry_run {
                    app.pages.changed();
                }
                return result;
            }
        }
    }
}

fn count(report: &mut ImportReport, result: &ImportResult) {
    let variants = &mut report.variants;
    variants.created += result.created as u64;
    variants.updated += result.updated as u64;
    variants.unchanged += result.unchanged as u64;
    variants.removed += result.removed as u64;
    let products = &mut report.products;
    let changed = result.changed || result.created + result.updated + result.removed > 0;
    let counted = match (result.known, changed) {
        (false, _) => &mut products.created,
        (true, true) => &mut products.updated,
        (true, false) => &mut products.unchanged,
    };
    *counted += 1;
}
