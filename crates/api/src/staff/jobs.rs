//! Jobs that failed for good, and trying them again.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use souk_app::jobs;
use souk_app::ports::store;
use souk_app::trace::TraceContext;
use souk_domain::JobId;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::extract::{Id, Json, Query, RequestContext, Staff, checked_limit};
use crate::problem::Problem;
use crate::state::ApiState;

/// How a job stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JobState {
    /// It will not be tried again unless somebody asks for it.
    Failed,
}

/// A job that failed for good.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailedJob {
    /// Which.
    id: Uuid,
    /// What it was to do: the name of the job type, with its version.
    #[schema(examples("SendReceiptV1"))]
    kind: String,
    /// How it stands.
    state: JobState,
    /// Attempts that it took.
    attempts: u32,
    /// Why it failed.
    error: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it failed.
    #[schema(value_type = String, format = DateTime)]
    finished_at: Timestamp,
    /// Its trace, as logs name it.
    #[schema(required)]
    trace_id: Option<String>,
}

impl From<store::FailedJob> for FailedJob {
    fn from(job: store::FailedJob) -> Self {
        let trace: Option<TraceContext> = job.trace.and_then(|trace| trace.parse().ok());
        Self {
            id: job.id.0,
            kind: job.kind,
            state: JobState::Failed,
            attempts: job.attempts,
            error: job.error,
            created_at: job.created_at,
            finished_at: job.failed_at,
            trace_id: trace.map(|trace| trace.trace_id()),
        }
    }
}

/// A part of a list of jobs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailedJobList {
    /// The latest first.
    items: Vec<FailedJob>,
    /// Give this back as `cursor` for the next ones; null at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Which jobs.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobParams {
    /// How they stand; `failed` is the only state that is listed.
    #[allow(
        dead_code,
        reason = "read to refuse other states; there is one to choose"
    )]
    state: Option<JobState>,
    /// How many: 1 to 100, 24 unless said.
    #[param(minimum = 1, maximum = 100, default = 24)]
    limit: Option<i64>,
    /// Where the part before ended: its `nextCursor`.
    cursor: Option<String>,
}

/// Jobs that failed for good, the latest first.
#[utoipa::path(
    get, path = "/admin/jobs", tag = "staff", params(JobParams),
    security(("bearer" = ["staff"])),
    responses(
        (status = 200, description = "A part of them", body = FailedJobList),
        (status = 400, description = "`bad_cursor`"),
    )
)]
pub(crate) async fn list_jobs(
    State(state): State<ApiState>,
    Staff(_): Staff,
    Query(params): Query<JobParams>,
) -> Result<Json<FailedJobList>, Problem> {
    let limit = checked_limit(params.limit)?;
    let jobs = state
        .app()
        .store
        .failed_jobs(params.cursor.as_deref(), limit)
        .await?;
    let items = jobs.items.into_iter().map(FailedJob::from).collect();
    Ok(Json(FailedJobList {
        items,
        next_cursor: jobs.next,
    }))
}

/// Has a failed job tried again.
#[utoipa::path(
    post, path = "/admin/jobs/{id}/retry", tag = "staff",
    params(("id" = Uuid, Path, description = "Which job")),
    security(("bearer" = ["staff"])),
    responses((status = 202, description = "It is tried again soon"))
)]
pub(crate) async fn retry_job(
    State(state): State<ApiState>,
    Staff(_): Staff,
    Id(id): Id<JobId>,
    context: RequestContext,
) -> Result<StatusCode, Problem> {
    jobs::retry(state.app(), id, context.trace()).await?;
    Ok(StatusCode::ACCEPTED)
}
