//! What follows from each event: one exhaustive match, so that a new event does not compile until somebody says.
//!
//! Everything that follows has an id derived from the event, so that handing an event on twice does nothing twice.

use souk_domain::order::OrderStatus;
use souk_domain::stream::{EntryBody, NewEntry, StreamKey};
use souk_domain::{EntryId, Event, EventRecord, JobId, ids};

use crate::jobs::Job;
use crate::ports::NewJob;

/// What follows from an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reactions {
    /// Jobs for the queue; the event is done when all of them are settled.
    pub jobs: Vec<NewJob>,
    /// Entries of shared streams.
    pub entries: Vec<NewEntry>,
}

/// Says what follows from an event.
#[must_use]
pub fn follow(record: &EventRecord) -> Reactions {
    match &record.event {
        Event::OrderPlaced { order_id, number, total, items, .. } => Reactions {
            jobs: vec![
                job(record, &Job::SendReceipt { order_id: *order_id }),
                job(record, &Job::SendNewOrder { order_id: *order_id }),
            ],
            entries: vec![entry(
                record,
                EntryBody::OrderPlaced { order_id: *order_id, number: *number, total: *total, items: *items },
            )],
        },
        Event::OrderStatusChanged { order_id, number, status, previous } => Reactions {
            jobs: vec![],
            entries: vec![entry(
                record,
                EntryBody::OrderStatus { order_id: *order_id, number: *number, status: *status, previous: *previous },
            )],
        },
        Event::OrderPaymentChanged { .. } => Reactions::default(),
        Event::EmailVerificationRequested { user_id } => Reactions {
            jobs: vec![job(record, &Job::SendEmailVerification { user_id: *user_id })],
            entries: vec![],
        },
        Event::PasswordResetRequested { user_id } => Reactions {
            jobs: vec![job(record, &Job::SendPasswordReset { user_id: *user_id })],
            entries: vec![],
        },
        Event::JobFailed { job_id, kind, error } => Reactions {
            jobs: vec![],
            entries: vec![entry(
                record,
                EntryBody::JobFailed { job_id: *job_id, kind: kind.clone(), error: error.clone() },
            )],
        },
        Event::JobRetryRequested { job_id, payload } => Reactions {
            jobs: Job::decode(payload).map(|job| new_job(record, *job_id, &job)).into_iter().collect(),
            entries: vec![],
        },
    }
}

/// What must have followed from an order's placing, by id: `souk verify` looks for it.
#[must_use]
pub fn expected_of_placed_order(order: souk_domain::OrderId) -> (EntryId, [JobId; 2]) {
    let event = souk_domain::event::order_event_id(order, OrderStatus::Placed);
    let job_id = |kind: &str| JobId(ids::derive(event.0, &["job", kind]));
    let jobs = [Job::SendReceipt { order_id: order }, Job::SendNewOrder { order_id: order }];
    (EntryId(ids::derive(event.0, &["entry", "store"])), jobs.map(|job| job_id(job.kind())))
}

fn job(record: &EventRecord, job: &Job) -> NewJob {
    new_job(record, JobId(ids::derive(record.id.0, &["job", job.kind()])), job)
}

fn new_job(record: &EventRecord, id: JobId, job: &Job) -> NewJob {
    NewJob {
        id,
        kind: job.kind().to_owned(),
        payload: job.encode(),
        priority: job.priority(),
        run_at: record.at,
        event_id: record.id,
        trace: record.trace.clone(),
        created_at: record.at,
    }
}

fn entry(record: &EventRecord, body: EntryBody) -> NewEntry {
    NewEntry {
        stream: StreamKey::Store,
        id: EntryId(ids::derive(record.id.0, &["entry", "store"])),
        author: None,
        at: record.at,
        body,
    }
}
