//! Tells everybody who works here that there is a new order, each in their language.

use souk_app::ports::Letter;
use souk_domain::OrderId;

use super::mailing::{Mailing, Recipient};
use crate::attempt::JobError;

/// One mail for each, whatever became of the others'. If any did not go out the job says so; it tries again as long as
/// that may help one of them.
pub(super) async fn run(mailing: &Mailing<'_>, order: OrderId) -> Result<(), JobError> {
    let order = mailing.order(order).await?;
    let user = mailing.user(order.user_id).await?;
    let in_address = order.address.as_ref().map(|address| address.name.clone());
    let buyer = Some(user.name)
        .filter(|name| !name.is_empty())
        .or(in_address)
        .unwrap_or_default();
    let (shop, staff) = (mailing.shop().await?, mailing.app.store.staff().await?);
    let (mut sent, mut failed): (usize, Vec<JobError>) = (0, Vec::new());
    for member in &staff {
        let Some(email) = &member.email else { continue };
        let to = Recipient {
            email,
            name: &member.name,
            locale: member.locale,
        };
        let letter = Letter::NewOrder {
            order: Box::new(order.clone()),
            buyer: buyer.clone(),
        };
        match mailing.send(&to, shop.clone(), letter).await {
            Ok(()) => sent += 1,
            Err(error) => failed.push(error),
        }
    }
    sum_up(sent, failed)
}

/// What the job's end is, of those of its mails: the one with the most hope.
fn sum_up(sent: usize, failed: Vec<JobError>) -> Result<(), JobError> {
    let all = sent + failed.len();
    let hope = |error: &JobError| match error {
        JobError::Retry(_) => 2,
        JobError::Wait(..) => 1,
        JobError::Fail(_) => 0,
    };
    let count = failed.len();
    let Some(worst) = failed.into_iter().max_by_key(hope) else {
        return Ok(());
    };
    let of = |error: String| {
        if all == 1 {
            error
        } else {
            format!("{count} of {all} mails did not go out: {error}")
        }
    };
    Err(match worst {
        JobError::Retry(error) => JobError::Retry(of(error)),
        JobError::Wait(pause, error) => JobError::Wait(pause, of(error)),
        JobError::Fail(error) => JobError::Fail(of(error)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn one_mail_that_may_still_go_out_keeps_the_job_alive() {
        let fail = || JobError::Fail("no such mailbox".to_owned());
        let wait = || JobError::Wait(Duration::from_secs(1), "silent".to_owned());
        let retry = || JobError::Retry("busy".to_owned());
        assert_eq!(sum_up(3, vec![]), Ok(()));
        assert_eq!(sum_up(0, vec![]), Ok(()));
        assert_eq!(sum_up(0, vec![fail()]), Err(fail()));
        assert!(matches!(
            sum_up(1, vec![fail(), retry(), wait()]),
            Err(JobError::Retry(_))
        ));
        assert!(matches!(
            sum_up(1, vec![wait(), fail()]),
            Err(JobError::Wait(..))
        ));
        let said = "1 of 3 mails did not go out: no such mailbox";
        assert_eq!(
            sum_up(2, vec![fail()]),
            Err(JobError::Fail(said.to_owned()))
        );
    }
}
