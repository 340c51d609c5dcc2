//! Answers to events: `{ok: true, …}`, or why not, in the reader's language.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use souk_app::accounts::AccountError;
use souk_app::ports::EngineError;
use souk_app::streams::{PostFailure, StreamError};
use souk_domain::Locale;
use souk_domain::stream::PostError;
use souk_socketio::{Ack, Event, Refused};

use crate::payload::{FieldError, Refusal};

macro_rules! codes {
    ($($variant:ident = $name:literal, $en:literal, $ar:literal;)+) => {
        /// What is wrong. The names are those of the HTTP API where it knows the same.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $($variant,)+ }

        impl Code {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)+];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            fn message(self, locale: Locale) -> &'static str {
                match (self, locale) {
                    $((Self::$variant, Locale::En) => $en, (Self::$variant, Locale::Ar) => $ar,)+
                }
            }
        }
    };
}

codes! {
    Unauthenticated = "unauthenticated", "Sign in first.", "سجّل الدخول أولًا.";
    TokenExpired = "token_expired", "The access token is too old.", "انتهت صلاحية رمز الدخول.";
    TokenInvalid = "token_invalid", "The access token is not valid.", "رمز الدخول غير صالح.";
    Forbidden = "forbidden", "Your account may not do this.", "لا يملك حسابك صلاحية القيام بذلك.";
    NotFound = "not_found", "There is nothing here, or it is not yours to see.", "لا يوجد شيء هنا، أو لا يحق لك الاطلاع عليه.";
    InvalidInput = "invalid_input", "Some fields cannot be taken.", "بعض الحقول غير مقبولة.";
    UnknownEvent = "unknown_event", "There is no such event.", "لا يوجد حدث بهذا الاسم.";
    IdConflict = "id_conflict", "Another entry of this stream has this id.", "يستخدم إدخال آخر في هذا المسار هذا المعرّف.";
    MessageDeleted = "message_deleted", "The message was deleted.", "حُذفت الرسالة.";
    RateLimited = "rate_limited", "Too much at once. Wait a little, then try again.", "طلبات كثيرة دفعة واحدة. انتظر قليلًا ثم حاول مرة أخرى.";
    TooManyStreams = "too_many_streams", "A socket follows at most 200 streams.", "يتابع الاتصال الواحد 200 مسار على الأكثر.";
    Unavailable = "unavailable", "Not available right now. Try again in a moment.", "غير متاح الآن. حاول مرة أخرى بعد لحظات.";
    Internal = "internal", "Something went wrong. The fault is ours.", "حدث خطأ ما. الخطأ من جهتنا.";
}

/// Why an event is not done.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    retry_after: Option<Duration>,
    errors: Vec<FieldError>,
}

impl Failure {
    pub(crate) fn new(code: Code) -> Self {
        Self {
            code,
            retry_after: None,
            errors: Vec::new(),
        }
    }

    pub(crate) fn field(path: impl Into<String>, must: impl Into<String>) -> Self {
        let error = FieldError {
            path: path.into(),
            code: "invalid",
            detail: must.into(),
        };
        Self {
            errors: vec![error],
            ..Self::new(Code::InvalidInput)
        }
    }

    pub(crate) fn limited(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::new(Code::RateLimited)
        }
    }

    /// As the answer to an event.
    pub(crate) fn into_value(self, locale: Locale) -> Value {
        let millis = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        let refusal = Refusal {
            ok: false,
            code: self.code.name(),
            message: self.code.message(locale),
            retry_after_ms: self.retry_after.map(millis),
            errors: self.errors,
        };
        serde_json::to_value(refusal).unwrap_or(Value::Null)
    }

    /// As the answer to a socket that is not let in.
    pub(crate) fn refused(self, locale: Locale) -> Refused {
        let message = self.code.message(locale);
        Refused::new(message).with_data(json!({ "code": self.code.name() }))
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match &error {
            EngineError::Conflict | EngineError::Unavailable(_) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "an engine is away"
                );
                Self {
                    retry_after: Some(Duration::from_secs(1)),
                    ..Self::new(Code::Unavailable)
                }
            }
            EngineError::Refused(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an event failed");
                Self::new(Code::Internal)
            }
        }
    }
}

impl From<StreamError> for Failure {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::NotFound => Self::new(Code::NotFound),
            StreamError::Forbidden => Self::new(Code::Forbidden),
            StreamError::Engine(error) => error.into(),
        }
    }
}

impl From<PostFailure> for Failure {
    fn from(failure: PostFailure) -> Self {
        match failure {
            PostFailure::Field(fault) => Self::field(fault.path, fault.must),
            PostFailure::TooMany(wait) => Self::limited(wait),
            PostFailure::Stream(error) => error.into(),
            PostFailure::Post(error) => Self::new(match error {
                PostError::IdConflict => Code::IdConflict,
                PostError::NoSuchMessage | PostError::NoSuchStream => Code::NotFound,
                PostError::MessageDeleted => Code::MessageDeleted,
                PostError::NotTheirs => Code::Forbidden,
            }),
        }
    }
}

/// Why a token does not let anybody in.
pub(crate) fn of_token(error: AccountError) -> Failure {
    match error {
        AccountError::TokenExpired | AccountError::SessionExpired => {
            Failure::new(Code::TokenExpired)
        }
        AccountError::Engine(error) => error.into(),
        _ => Failure::new(Code::TokenInvalid),
    }
}

/// Reads an event's one argument.
pub(crate) fn read<T: DeserializeOwned>(event: &mut Event) -> Result<T, Failure> {
    if !event.attachments.is_empty() {
        return Err(Failure::field("", "must not be binary"));
    }
    let value = match event.args.as_mut_slice() {
        [one] => one.take(),
        _ => return Err(Failure::field("", "must be one object")),
    };
    // What the library says names fields and types, and nothing of ours.
    serde_json::from_value(value).map_err(|error| Failure::field("", error.to_string()))
}

/// `{ok: true, …}`.
pub(crate) fn done<T: Serialize>(body: &T) -> Value {
    let mut answer = serde_json::to_value(body).unwrap_or(Value::Null);
    if let Value::Object(fields) = &mut answer {
        fields.insert("ok".to_owned(), Value::Bool(true));
        answer
    } else {
        json!({ "ok": true })
    }
}

/// Answers, if the client wants to know.
pub(crate) fn send(ack: Option<Ack>, answer: Result<Value, Failure>, locale: Locale) {
    let answer = answer.unwrap_or_else(|failure| {
        metrics::counter!("souk_socket_refusals_total", "code" => failure.code.name()).increment(1);
        failure.into_value(locale)
    });
    if let Some(ack) = ack {
        // A socket that is gone needs no answer.
        let _ = ack.send(&[answer]);
    }
}
