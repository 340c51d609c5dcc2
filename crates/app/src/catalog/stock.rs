//! Stock changes by hand.

use souk_domain::order::OrderError;
use souk_domain::order::commit::{Action, AdjustStock, Command, Outcome};
use souk_domain::{MoveId, VariantId, ids};

use crate::committer::CommitError;
use crate::{Actor, App};

/// Puts stock in or takes it out, with a reason; what is left then. With the admin's `Idempotency-Key` a repeat changes
/// nothing.
pub async fn adjust(
    app: &App,
    admin: &Actor,
    variant: VariantId,
    delta: i64,
    reason: String,
    key: Option<&str>,
    trace: Option<String>,
) -> Result<i64, CommitError> {
    let id = match key {
        // With all that was said: the same key with other words is another move, long after the key is forgotten.
        Some(key) => ids::derive(
            admin.id().0,
            &[
                "stock",
                &variant.to_string(),
                &delta.to_string(),
                &reason,
                key,
            ],
        ),
        None => app.ids.uuid(),
    };
    let action = Action::Adjust(AdjustStock {
        id: MoveId(id),
        variant,
        delta,
        reason,
    });
    match app
        .committer
        .submit(Command {
            action,
            at: app.now(),
            trace,
        })
        .await?
    {
        Outcome::Adjusted { remaining } => Ok(remaining),
        Outcome::Placed { .. } | Outcome::Changed(_) => Err(OrderError::NotFound.into()),
    }
}
