//! What staff look after beside orders: jobs that failed, and the mails of a folder.

mod jobs;
mod mails;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(jobs::list_jobs))
        .routes(routes!(jobs::retry_job))
        .routes(routes!(mails::list_mails))
        .routes(routes!(mails::get_mail))
}
