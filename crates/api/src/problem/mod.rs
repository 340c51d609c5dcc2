//! Problems: what a request is told that is not done (RFC 9457).
//!
//! A [`Problem`] says what is wrong, once, in no language. `render` writes it in the reader's, on the way out. What caused
//! it is logged and never sent.

mod code;
mod mapping;
mod render;

use std::fmt::Display;
use std::time::Duration;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use souk_domain::Locale;

pub(crate) use code::Code;
pub(crate) use mapping::of_access_token;
pub(crate) use render::{Problem as ProblemView, render_problems};

use crate::values::Money;
use render::LineShortage;

/// A field that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where: `lines[0].quantity`, `address.phone`, the name of a parameter or header.
    pub(crate) path: String,
    /// What kind of fault.
    pub(crate) code: &'static str,
    /// What the field must be, in English; `messages` has it in the reader's language.
    pub(crate) must: String,
}

impl Fault {
    /// A value that is of the right type and yet cannot be taken.
    pub(crate) fn invalid(path: impl Into<String>, must: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            code: "invalid",
            must: must.into(),
        }
    }
}

/// A sentence in both languages.
#[derive(Debug, Clone)]
struct Sentence {
    ar: String,
    en: String,
}

/// Why a request is not done.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    code: Code,
    // Apart, so that a result is not as large as its rarest error.
    more: Box<More>,
}

/// What only some problems say.
#[derive(Debug, Clone, Default)]
struct More {
    detail: Option<Sentence>,
    faults: Vec<Fault>,
    lines: Vec<LineShortage>,
    total: Option<Money>,
    retry_after: Option<Duration>,
    cause: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: Code) -> Self {
        Self {
            code,
            more: Box::default(),
        }
    }

    /// Fields that cannot be taken.
    pub(crate) fn invalid(faults: Vec<Fault>) -> Self {
        Self::new(Code::InvalidInput).with_faults(faults)
    }

    /// One field that cannot be taken.
    pub(crate) fn invalid_field(path: impl Into<String>, must: impl Into<String>) -> Self {
        Self::invalid(vec![Fault::invalid(path, must)])
    }

    /// A defect of ours, or data that cannot be read; the cause is for the log.
    pub(crate) fn internal(cause: impl Display) -> Self {
        Self::new(Code::Internal).caused_by(&cause)
    }

    pub(crate) fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.more.faults = faults;
        self
    }

    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.more.retry_after = Some(wait);
        self
    }

    fn caused_by(mut self, cause: &impl Display) -> Self {
        self.more.cause = Some(cause.to_string());
        self
    }

    fn with_detail(mut self, detail: Sentence) -> Self {
        self.more.detail = Some(detail);
        self
    }

    fn with_lines(mut self, lines: Vec<LineShortage>) -> Self {
        self.more.lines = lines;
        self
    }

    fn with_total(mut self, total: Money) -> Self {
        self.more.total = Some(total);
        self
    }

    /// Whether it says that the refresh cookie is good for nothing.
    pub(crate) fn is_of_session(&self) -> bool {
        matches!(self.code, Code::SessionExpired | Code::TokenReused)
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    #[cfg(test)]
    pub(crate) fn faults(&self) -> &[Fault] {
        &self.more.faults
    }

    fn detail_in(&self, locale: Locale) -> String {
        match (&self.more.detail, locale) {
            (Some(sentence), Locale::Ar) => sentence.ar.clone(),
            (Some(sentence), Locale::En) => sentence.en.clone(),
            (None, _) => self.code.detail(locale).to_owned(),
        }
    }
}

impl IntoResponse for Problem {
    /// The status and the headers; [`render_problems`] writes the body.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        let headers = response.headers_mut();
        if let Some(challenge) = self.code.challenge() {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        if let Some(wait) = self.more.retry_after {
            // Rounded up: who comes back a moment early is refused again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// The answer where there is no route.
pub(crate) async fn not_found() -> Problem {
    Problem::new(Code::NotFound)
}

/// The answer where there is a route, but not for this method.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed)
}
