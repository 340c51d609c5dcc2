//! The support desk, for staff.

mod canned;
mod desk;
mod views;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(desk::list_conversations))
        .routes(routes!(desk::count_conversations))
        .routes(routes!(desk::get_conversation))
        .routes(routes!(desk::take_conversation))
        .routes(routes!(desk::hand_over_conversation))
        .routes(routes!(desk::close_conversation))
        .routes(routes!(desk::reopen_conversation))
        .routes(routes!(desk::list_staff))
        .routes(routes!(canned::list_canned_replies))
        .routes(routes!(
            canned::keep_canned_reply,
            canned::remove_canned_reply
        ))
}
