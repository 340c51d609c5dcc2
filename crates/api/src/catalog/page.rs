//! Pages of the catalogue as they are sent, kept for all shoppers alike.

use std::fmt::{self, Write as _};

use axum::http::HeaderMap;
use axum::response::Response;
use bytes::{BufMut as _, Bytes, BytesMut};
use serde::Serialize;
use souk_app::ports::EngineError;
use souk_app::ports::cache::SharedCause;
use souk_domain::Locale;

use crate::conditional;
use crate::problem::Problem;
use crate::state::ApiState;

/// A page: one byte for the length of its tag, the tag, the body.
pub(super) struct Page(Bytes);

impl Page {
    /// A page of these bytes.
    pub(super) fn new(tag: &str, body: &[u8]) -> Self {
        let mut page = BytesMut::with_capacity(1 + tag.len() + body.len());
        page.put_u8(u8::try_from(tag.len()).unwrap_or(0));
        page.extend_from_slice(tag.as_bytes());
        page.extend_from_slice(body);
        Self(page.freeze())
    }

    /// A page that shows this.
    pub(super) fn of(view: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(view).map_err(Problem::internal)?;
        Ok(Self::new(&conditional::tag_of(&body), &body))
    }

    /// The page with its tag; 304 when the reader has it already.
    pub(super) fn answer(&self, headers: &HeaderMap, cache: &'static str) -> Response {
        // What was kept in another process may be anything.
        let end = 1 + usize::from(self.0.first().copied().unwrap_or(0));
        let tag = self.0.get(1..end).unwrap_or_default();
        let tag = str::from_utf8(tag).unwrap_or_default();
        let body = self.0.slice(end.min(self.0.len())..);
        conditional::answer(headers, body, "application/json", tag, cache)
    }
}

/// The name of a page. What is asked for stands in it with its length, so that two questions never have one name.
pub(super) fn kept_name(
    locale: Locale,
    what: &str,
    asked: &[&Option<String>],
    limit: u32,
) -> String {
    let mut name = format!("{what}:{locale}:{limit}");
    for part in asked {
        match part {
            // Writing to a string cannot fail.
            Some(part) => drop(write!(name, ":{}:{part}", part.len())),
            None => name.push_str(":-"),
        }
    }
    name
}

/// The page of this name: kept, or made now. What cannot be shown is not kept.
pub(super) async fn kept(
    state: &ApiState,
    name: &str,
    make: impl Future<Output = Result<Page, Problem>> + Send,
) -> Result<Page, Problem> {
    let made = Box::pin(async {
        let page = make.await.map(|page| page.0);
        page.map_err(|problem| EngineError::Refused(Box::new(NotShown(problem))))
    });
    let made = state.app().pages.get_or(name, made).await;
    made.map(Page)
        .map_err(|error| match SharedCause::of::<NotShown>(&error) {
            Some(NotShown(problem)) => problem.clone(),
            None => error.into(),
        })
}

/// What all who asked for a page are told in its place.
#[derive(Debug)]
struct NotShown(Problem);

impl fmt::Display for NotShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the page cannot be made")
    }
}

impl std::error::Error for NotShown {}
