//! Sends the buyer the receipt of an order, in the language they bought in.

use souk_app::ports::Letter;
use souk_domain::OrderId;

use super::mailing::{Mailing, Recipient};
use crate::attempt::JobError;

pub(super) async fn run(mailing: &Mailing<'_>, order: OrderId) -> Result<(), JobError> {
    let order = mailing.order(order).await?;
    let buyer = mailing.user(order.user_id).await?;
    let Some(email) = &buyer.email else {
        tracing::info!("the buyer left no address; there is nobody to write to");
        return Ok(());
    };
    let to = Recipient {
        email,
        name: &buyer.name,
        locale: order.locale,
    };
    mailing
        .send(
            &to,
            mailing.shop().await?,
            Letter::Receipt {
                order: Box::new(order),
            },
        )
        .await
}
