//! A handler that panics: a defect of ours. The client hears that something went wrong, the log hears what.

use std::any::Any;

use axum::body::Body;
use axum::http::Response;
use axum::response::IntoResponse;
use tower_http::catch_panic::ResponseForPanic;

use crate::problem::Problem;

/// Turns a panic into the problem `internal`.
#[derive(Clone, Copy)]
pub(crate) struct OnPanic;

impl ResponseForPanic for OnPanic {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a value that is no text");
        Problem::internal(format!("a handler gave up: {text}")).into_response()
    }
}
