//! The one mapping from errors to problems.

use std::time::Duration;

use souk_app::accounts::{AccountError, FieldFault};
use souk_app::catalog::CatalogError;
use souk_app::committer::CommitError;
use souk_app::jobs::RetryError;
use souk_app::ports::EngineError;
use souk_app::ports::store::ListError;
use souk_app::shop::ShopError;
use souk_app::streams::{PostFailure, StreamError};
use souk_app::support::SupportError;
use souk_domain::order::{AddressFault, MAX_LINES, MAX_QUANTITY, OrderError};
use souk_domain::stream::PostError;
use souk_domain::support::ConversationError;

use super::render::LineShortage;
use super::{Code, Fault, Problem, Sentence};
use crate::values::Money;

/// When to come back to an engine that is away, or busy.
const SOON: Duration = Duration::from_secs(1);

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match &error {
            EngineError::Conflict | EngineError::Unavailable(_) => Self::new(Code::Unavailable)
                .retry_after(SOON)
                .caused_by(&error),
            EngineError::Refused(_) => Self::internal(error),
        }
    }
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Cursor => Self::new(Code::BadCursor),
            ListError::Engine(error) => error.into(),
        }
    }
}

fn fields(faults: Vec<FieldFault>) -> Problem {
    Problem::invalid(
        faults
            .into_iter()
            .map(|fault| Fault::invalid(fault.path, fault.must))
            .collect(),
    )
}

impl From<AccountError> for Problem {
    /// A token here is that of a link in a mail; for access tokens see [`of_access_token`].
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Fields(faults) => fields(faults),
            AccountError::EmailTaken => Self::new(Code::EmailTaken),
            AccountError::BadCredentials => Self::new(Code::BadCredentials),
            AccountError::TooMany(wait) => Self::new(Code::TooManyAttempts).retry_after(wait),
            AccountError::SessionExpired => Self::new(Code::SessionExpired),
            AccountError::TokenReused => Self::new(Code::TokenReused),
            AccountError::TokenInvalid | AccountError::TokenExpired => Self::new(Code::LinkInvalid),
            AccountError::SetupCodeWrong => Self::new(Code::SetupCodeWrong),
            AccountError::AlreadySetUp => Self::new(Code::AlreadySetUp),
            AccountError::NotFound => Self::new(Code::NotFound),
            AccountError::Engine(error) => error.into(),
        }
    }
}

/// Why an access token is refused. One whose session ended is too old as well: what helps is the same.
pub(crate) fn of_access_token(error: AccountError) -> Problem {
    match error {
        AccountError::TokenExpired | AccountError::SessionExpired => {
            Problem::new(Code::TokenExpired)
        }
        AccountError::TokenInvalid => Problem::new(Code::TokenInvalid),
        other => other.into(),
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Fields(faults) => fields(faults),
            CatalogError::HandleTaken => Self::new(Code::HandleTaken),
            CatalogError::Stale => Self::new(Code::ChangedMeanwhile),
            CatalogError::NotFound => Self::new(Code::NotFound),
            CatalogError::Engine(error) => error.into(),
        }
    }
}

impl From<RetryError> for Problem {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound => Self::new(Code::NotFound),
            RetryError::Engine(error) => error.into(),
        }
    }
}

impl From<ShopError> for Problem {
    fn from(error: ShopError) -> Self {
        match error {
            ShopError::Fields(faults) => fields(faults),
            ShopError::Engine(error) => error.into(),
        }
    }
}

impl From<StreamError> for Problem {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::NotFound => Self::new(Code::NotFound),
            StreamError::Forbidden => Self::new(Code::Forbidden),
            StreamError::Engine(error) => error.into(),
        }
    }
}

impl From<PostFailure> for Problem {
    fn from(failure: PostFailure) -> Self {
        match failure {
            PostFailure::Field(fault) => Self::invalid_field(fault.path, fault.must),
            PostFailure::TooMany(wait) => Self::new(Code::TooManyAttempts).retry_after(wait),
            PostFailure::Stream(error) => error.into(),
            PostFailure::Post(error) => match error {
                PostError::IdConflict => Self::new(Code::IdConflict),
                PostError::NoSuchMessage | PostError::NoSuchStream => Self::new(Code::NotFound),
                PostError::MessageDeleted => Self::new(Code::MessageDeleted),
                PostError::NotTheirs => Self::new(Code::Forbidden),
            },
        }
    }
}

impl From<SupportError> for Problem {
    fn from(error: SupportError) -> Self {
        match error {
            SupportError::Fields(faults) => fields(faults),
            SupportError::Conversation(ConversationError::Taken(_)) => {
                Self::new(Code::ConversationTaken)
            }
            SupportError::Conversation(ConversationError::NotStaff) => {
                Self::invalid_field("to", "must be somebody who works here")
            }
            SupportError::Conversation(ConversationError::NotFound) | SupportError::NotFound => {
                Self::new(Code::NotFound)
            }
            SupportError::Engine(error) => error.into(),
        }
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Order(error) => error.into(),
            CommitError::TooMany(wait) => Self::new(Code::TooManyAttempts).retry_after(wait),
            CommitError::Busy => Self::new(Code::Busy).retry_after(SOON),
            CommitError::Engine(error) => error.into(),
        }
    }
}

impl From<OrderError> for Problem {
    /// Paths are those of `POST /orders`.
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::NoLines => Self::invalid_field("lines", "must have at least one line"),
            OrderError::TooManyLines => {
                Self::invalid_field("lines", format!("must have at most {MAX_LINES} lines"))
            }
            OrderError::Quantity { line } => Self::invalid_field(
                format!("lines[{line}].quantity"),
                format!("must be 1 to {MAX_QUANTITY}"),
            ),
            OrderError::UnknownVariant { .. } => Self::new(Code::VariantUnknown),
            OrderError::OutOfStock { short } => Self::new(Code::OutOfStock)
                .with_lines(short.into_iter().map(LineShortage::from).collect()),
            OrderError::PriceChanged { total } => {
                Self::new(Code::PriceChanged).with_total(Money::from(total))
            }
            OrderError::KeyReused => Self::new(Code::KeyReused),
            OrderError::PaymentMethod => Self::invalid_field(
                "payment.method",
                "must be a way of paying that this shop takes",
            ),
            OrderError::NotFound => Self::new(Code::NotFound),
            OrderError::InvalidTransition { from, to } => {
                let (from_ar, to_ar) = (in_arabic(from), in_arabic(to));
                let detail = Sentence {
                    ar: format!("لا يمكن الانتقال من «{from_ar}» إلى «{to_ar}»."),
                    en: format!("What is {from} cannot become {to}."),
                };
                Self::new(Code::InvalidTransition).with_detail(detail)
            }
            OrderError::StockBelowZero { left } => {
                let detail = Sentence {
                    ar: format!("المتبقي {left} فقط، ولا يمكن أن يصبح المخزون أقل من الصفر."),
                    en: format!("Only {left} are left, and stock cannot go below zero."),
                };
                Self::new(Code::StockBelowZero).with_detail(detail)
            }
            OrderError::TooLarge => {
                Self::invalid_field("lines", "must come to an amount that can be counted")
            }
        }
    }
}

/// The name of an order's or a payment's status.
fn in_arabic(status: &'static str) -> &'static str {
    match status {
        "placed" => "تم الطلب",
        "packed" => "تم التجهيز",
        "shipped" => "تم الشحن",
        "delivered" => "تم التسليم",
        "cancelled" => "ملغى",
        "returned" => "مُرجَع",
        "unpaid" => "غير مدفوع",
        "paid" => "مدفوع",
        "refunded" => "مُسترَد",
        other => other,
    }
}

impl From<Vec<AddressFault>> for Problem {
    fn from(faults: Vec<AddressFault>) -> Self {
        let faults = faults
            .into_iter()
            .map(|fault| Fault::invalid(format!("address.{}", fault.field), fault.must));
        Self::invalid(faults.collect())
    }
}
