//! Importing products: the body is read while it comes, and never held whole.

use std::io::{self, Read};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use souk_app::catalog::import::{self, FileError, ImportError, Notice};
use souk_domain::catalog::ImportOptions;
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};

use crate::extract::{Admin, Json, Query};
use crate::problem::{Code, Fault, Problem};
use crate::state::ApiState;

/// Parts of the body that wait for the reader.
const WAITING: usize = 8;
/// A client that sends nothing for so long never will.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to import.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportParams {
    /// Change nothing; only say what would change.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// Set the stock of known variants to the file's; otherwise only new ones get it.
    #[serde(default)]
    #[param(required = false)]
    stock: bool,
}

/// What an import did, or would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportReport {
    /// Whether nothing was changed.
    dry_run: bool,
    /// Rows of the file, without the header and those that are empty.
    rows: u64,
    /// Rows that changed nothing: those with errors, and the others of products that could not be imported.
    refused_rows: u64,
    /// Products that came in.
    products: ImportedProducts,
    /// Their variants.
    variants: ImportedVariants,
    /// What was read otherwise than written: the first 1,000.
    warnings: Vec<ImportIssue>,
    /// How many there were.
    warning_count: u64,
    /// What was not imported: the first 1,000.
    errors: Vec<ImportIssue>,
    /// How many there were.
    error_count: u64,
}

/// Counts of products.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportedProducts {
    /// New ones.
    created: u64,
    /// Known ones that changed.
    updated: u64,
    /// Known ones that stayed as they were.
    unchanged: u64,
}

/// Counts of variants.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportedVariants {
    /// New ones.
    created: u64,
    /// Known ones that changed.
    updated: u64,
    /// Known ones that stayed as they were.
    unchanged: u64,
    /// Known ones that the file no longer has.
    removed: u64,
}

/// Something about one row of the file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportIssue {
    /// The line on which the row starts; the header is line 1.
    line: u64,
    /// What it is; stable, for programs.
    code: &'static str,
    /// What it is, for people.
    detail: String,
}

impl From<Notice> for ImportIssue {
    fn from(notice: Notice) -> Self {
        Self {
            line: notice.line,
            code: notice.code,
            detail: notice.detail,
        }
    }
}

impl From<import::ImportReport> for ImportReport {
    fn from(report: import::ImportReport) -> Self {
        let (products, variants) = (report.products, report.variants);
        Self {
            dry_run: report.dry_run,
            rows: report.rows,
            refused_rows: report.refused_rows,
            products: ImportedProducts {
                created: products.created,
                updated: products.updated,
                unchanged: products.unchanged,
            },
            variants: ImportedVariants {
                created: variants.created,
                updated: variants.updated,
                unchanged: variants.unchanged,
                removed: variants.removed,
            },
            warnings: report.warnings.into_iter().map(ImportIssue::from).collect(),
            warning_count: report.warning_count,
            errors: report.errors.into_iter().map(ImportIssue::from).collect(),
            error_count: report.error_count,
        }
    }
}

/// Imports products from the CSV file that Shopify writes. Good rows come in, bad ones are named. Importing the same file
/// again changes nothing.
#[utoipa::path(
    post, path = "/products/import", tag = "catalog", params(ImportParams),
    request_body(content = String, content_type = "text/csv"),
    security(("bearer" = ["admin"])),
    responses((status = 200, description = "What was done, row by row", body = ImportReport))
)]
pub(crate) async fn import_products(
    State(state): State<ApiState>,
    Admin(_): Admin,
    Query(params): Query<ImportParams>,
    request: Request,
) -> Result<Json<ImportReport>, Problem> {
    let (parts, body) = request.into_parts();
    let limit = state.options().import_body_limit as u64;
    if !is_csv(&parts.headers) {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    if declared_length(&parts.headers).is_some_and(|length| length > limit) {
        return Err(Problem::new(Code::BodyTooLarge));
    }
    let options = ImportOptions {
        set_stock: params.stock,
        dry_run: params.dry_run,
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    let reader = BodyReader {
        parts: receiver,
        current: Bytes::new(),
        ended: false,
    };
    let (report, ()) = tokio::join!(
        import::import_products(state.app(), reader, options, |_| ()),
        pump(body, limit, sender)
    );
    report.map(|report| Json(report.into())).map_err(problem)
}

/// The types under which browsers and tools send CSV.
fn is_csv(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    matches!(
        kind.as_str(),
        "text/csv" | "application/csv" | "application/vnd.ms-excel"
    )
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Hands the body over part by part. Ends early when nobody reads on.
async fn pump(mut body: Body, limit: u64, to: mpsc::Sender<io::Result<Bytes>>) {
    let mut length = 0_u64;
    loop {
        let part = match tokio::time::timeout(PATIENCE, body.frame()).await {
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
            // An empty part says that this was all: a body that breaks off must not be taken for a whole one.
            Ok(None) => Ok(Bytes::new()),
            Ok(Some(Err(error))) => Err(io::Error::other(error)),
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) if data.is_empty() => continue,
                Ok(data) => {
                    length += data.len() as u64;
                    if length > limit {
                        Err(io::ErrorKind::FileTooLarge.into())
                    } else {
                        Ok(data)
                    }
                }
                Err(_trailers) => continue,
            },
        };
        let is_last = part.as_ref().map_or(true, Bytes::is_empty);
        if to.send(part).await.is_err() || is_last {
            return;
        }
    }
}

/// The body, for a thread that reads as from a file.
struct BodyReader {
    parts: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
    ended: bool,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.current.is_empty() && !self.ended {
            self.current = self
                .parts
                .blocking_recv()
                .unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))?;
            self.ended = self.current.is_empty();
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

fn problem(error: ImportError) -> Problem {
    let of_file = |code, must: String| {
        Problem::invalid(vec![Fault {
            path: String::new(),
            code,
            must,
        }])
    };
    match error {
        ImportError::Engine(error) => error.into(),
        ImportError::File(FileError::Empty) => of_file("empty_file", "must have rows".into()),
        ImportError::File(FileError::Encoding) => Problem::new(Code::BadUtf8),
        ImportError::File(FileError::Columns { missing }) => of_file(
            "missing_columns",
            format!("must have these columns: {}", missing.join(", ")),
        ),
        ImportError::File(FileError::TooManyProducts) => {
            of_file("too_many_products", "must have fewer products".into())
        }
        ImportError::File(FileError::Read(error)) => match error.kind() {
            io::ErrorKind::FileTooLarge => Problem::new(Code::BodyTooLarge),
            io::ErrorKind::TimedOut => Problem::new(Code::RequestTimeout),
            // Broken off by the client: nobody reads the answer.
            _ => of_file("unreadable", "must come whole".into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(body: Body, limit: u64) -> io::Result<String> {
        let (sender, parts) = mpsc::channel(WAITING);
        let mut reader = BodyReader {
            parts,
            current: Bytes::new(),
            ended: false,
        };
        let reading = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).map(|_| text)
        });
        pump(body, limit, sender).await;
        reading.await.unwrap()
    }

    #[tokio::test]
    async fn a_body_is_read_whole_or_not_at_all() {
        let parts =
            |parts: Vec<io::Result<&'static str>>| Body::from_stream(futures::stream::iter(parts));
        let whole = parts(vec![Ok("Handle,"), Ok(""), Ok("Title\n")]);
        assert_eq!(read(whole, 13).await.unwrap(), "Handle,Title\n");
        let too_large = parts(vec![Ok("Handle,"), Ok("Title\n")]);
        assert_eq!(
            read(too_large, 12).await.unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
        let broken = parts(vec![
            Ok("Handle,"),
            Err(io::ErrorKind::ConnectionReset.into()),
        ]);
        assert!(read(broken, 100).await.is_err());
    }

    #[test]
    fn a_sender_that_goes_away_is_no_end_of_file() {
        let (sender, parts) = mpsc::channel(1);
        let mut reader = BodyReader {
            parts,
            current: Bytes::new(),
            ended: false,
        };
        sender
            .blocking_send(Ok(Bytes::from_static(b"Handle")))
            .unwrap();
        drop(sender);
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
