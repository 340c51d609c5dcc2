//! What each job does: one file per job. A job loads what it needs, sends what it is to send, and keeps nothing.

mod mailing;
mod send_email_verification;
mod send_new_order;
mod send_password_reset;
mod send_receipt;
mod send_unread_reply;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use souk_app::App;
use souk_app::jobs::Job;
use souk_app::ports::NewJob;
use souk_app::trace::TraceContext;

use crate::attempt::{Handler, JobError};
use crate::breaker::Breaker;
use crate::options::BreakerOptions;
use mailing::Mailing;

/// Does the jobs of the shop.
pub(crate) struct Jobs {
    app: Arc<App>,
    mail: Breaker,
    /// How long a job waits for a provider that is silent.
    wait: Duration,
}

impl Jobs {
    pub(crate) fn new(app: Arc<App>, breaker: &BreakerOptions) -> Self {
        Self {
            app,
            mail: Breaker::new("mail", breaker),
            wait: breaker.wait,
        }
    }
}

#[async_trait]
impl Handler for Jobs {
    async fn handle(&self, job: &NewJob, trace: TraceContext) -> Result<(), JobError> {
        let work = Job::decode(&job.payload).map_err(|error| {
            JobError::Fail(format!(
                "this version of Souk does not know this job: {error}"
            ))
        })?;
        let mailing = Mailing {
            app: &self.app,
            breaker: &self.mail,
            wait: self.wait,
            job,
            trace,
        };
        match work {
            Job::SendReceipt { order_id } => send_receipt::run(&mailing, order_id).await,
            Job::SendNewOrder { order_id } => send_new_order::run(&mailing, order_id).await,
            Job::SendUnreadReply {
                stream,
                seq,
                user_id,
            } => send_unread_reply::run(&mailing, stream, seq, user_id).await,
            Job::SendEmailVerification { user_id } => {
                send_email_verification::run(&mailing, user_id).await
            }
            Job::SendPasswordReset { user_id } => send_password_reset::run(&mailing, user_id).await,
        }
    }

    fn label(&self, job: &NewJob) -> &'static str {
        Job::decode(&job.payload).map_or_else(|_| "unknown", |job| job.kind())
    }
}
