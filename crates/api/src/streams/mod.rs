//! Streams: reading them, posting in them, and how far everybody has read.

mod marks;
mod post;
mod views;

use axum::extract::State;
use serde::Deserialize;
use souk_app::streams;
use souk_domain::stream::{MAX_PAGE, Span, StreamKey};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Id, Json, Query, SignedIn};
use crate::problem::Problem;
use crate::state::ApiState;
use views::EntriesPage;

/// Entries of an answer unless said.
const USUAL: i64 = 50;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_entries, post::post_entry))
        .routes(routes!(marks::list_marks))
        .routes(routes!(marks::mark_read))
        .routes(routes!(marks::count_unread))
        .routes(routes!(marks::list_audit))
}

/// Which part of a stream.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EntryParams {
    /// The first entries after this number.
    after: Option<u64>,
    /// The last entries before this number. Without either: the last ones.
    before: Option<u64>,
    /// How many: 1 to 200, 50 unless said.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

impl EntryParams {
    fn span(&self) -> Result<Span, Problem> {
        let limit = u32::try_from(self.limit.unwrap_or(USUAL))
            .ok()
            .filter(|limit| (1..=MAX_PAGE).contains(limit));
        let limit = limit
            .ok_or_else(|| Problem::invalid_field("limit", format!("must be 1 to {MAX_PAGE}")))?;
        match (self.after, self.before) {
            (Some(_), Some(_)) => Err(Problem::invalid_field(
                "before",
                "must be left out when after is given",
            )),
            (Some(after), None) => Ok(Span::After(after, limit)),
            (None, Some(before)) => Ok(Span::Before(before, limit)),
            (None, None) => Ok(Span::Latest(limit)),
        }
    }
}

/// A part of a stream, lowest number first.
#[utoipa::path(
    get, path = "/streams/{key}/entries", tag = "streams",
    params(("key" = String, Path, description = "`order:{orderId}`, `support:{userId}`, `user:{userId}`; for staff also `store`, `notes:{userId}`, `campaign:{id}`"), EntryParams),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The entries, and where the stream ends", body = EntriesPage),
        (status = 403, description = "`forbidden`: the stream is for others"),
    )
)]
async fn list_entries(
    State(state): State<ApiState>,
    SignedIn(reader): SignedIn,
    Id(key): Id<StreamKey>,
    Query(params): Query<EntryParams>,
) -> Result<Json<EntriesPage>, Problem> {
    let page = streams::read(state.app(), &reader, key, params.span()?).await?;
    EntriesPage::new(page).map(Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_end_at_a_time_and_not_too_many() {
        let span = |after, before, limit| {
            EntryParams {
                after,
                before,
                limit,
            }
            .span()
            .ok()
        };
        assert_eq!(span(None, None, None), Some(Span::Latest(50)));
        assert_eq!(span(Some(0), None, Some(200)), Some(Span::After(0, 200)));
        assert_eq!(span(None, Some(9), Some(1)), Some(Span::Before(9, 1)));
        assert_eq!(span(Some(0), Some(9), None), None);
        for wrong in [0, -1, 201, i64::MAX] {
            assert_eq!(span(None, None, Some(wrong)), None);
        }
    }
}
