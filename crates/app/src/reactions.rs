//! What follows from each event: one exhaustive match, so that a new event does not compile until somebody says.
//!
//! Everything that follows has an id derived from the event, so that handing an event on twice does nothing twice.

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
        Event::OrderPlaced {
            order_id,
            number,
            total,
            items,
            ..
        } => Reactions {
            jobs: vec![
                job(
                    record,
                    &Job::SendReceipt {
                        order_id: *order_id,
                    },
                ),
                job(
                    record,
                    &Job::SendNewOrder {
                        order_id: *order_id,
                    },
                ),
            ],
            entries: vec![entry(
                record,
                EntryBody::OrderPlaced {
                    order_id: *order_id,
                    number: *number,
                    total: *total,
                    items: *items,
                },
            )],
        },
        Event::OrderStatusChanged {
            order_id,
            number,
            status,
            previous,
        } => Reactions {
            jobs: vec![],
            entries: vec![entry(
                record,
                EntryBody::OrderStatus {
                    order_id: *order_id,
                    number: *number,
                    status: *status,
                    previous: *previous,
                },
            )],
        },
        Event::OrderPaymentChanged { .. } => Reactions::default(),
        Event::ConversationOpened { user_id, name } => Reactions {
            jobs: vec![],
            entries: vec![entry(
                record,
                EntryBody::ConversationOpened {
                    user_id: *user_id,
                    name: name.clone(),
                },
            )],
        },
        Event::StaffReplied {
            stream,
            seq,
            user_id,
            mail_at,
        } => {
            let reply = Job::SendUnreadReply {
                stream: *stream,
                seq: *seq,
                user_id: *user_id,
            };
            Reactions {
                jobs: vec![NewJob {
                    run_at: *mail_at,
                    ..job(record, &reply)
                }],
                entries: vec![],
            }
        }
        Event::StockRanLow {
            variant_id,
            product_id,
            title,
            sku,
            left,
            threshold,
        } => Reactions {
            jobs: vec![],
            entries: vec![entry(
                record,
                EntryBody::LowStock {
                    variant_id: *variant_id,
                    product_id: *product_id,
                    title: title.clone(),
                    sku: sku.clone(),
                    left: *left,
                    threshold: *threshold,
                },
            )],
        },
        Event::EmailVerificationRequested { user_id } => Reactions {
            jobs: vec![job(
                record,
                &Job::SendEmailVerification { user_id: *user_id },
            )],
            entries: vec![],
        },
        Event::PasswordResetRequested { user_id } => Reactions {
            jobs: vec![job(record, &Job::SendPasswordReset { user_id: *user_id })],
            entries: vec![],
        },
        Event::JobFailed {
            job_id,
            kind,
            error,
        } => Reactions {
            jobs: vec![],
            entries: vec![entry(
                record,
                EntryBody::JobFailed {
                    job_id: *job_id,
                    kind: kind.clone(),
                    error: error.clone(),
                },
            )],
        },
        // Even a job that this version does not know is queued: it fails again, and is not silently gone.
        Event::JobRetryRequested { job_id, payload } => Reactions {
            jobs: vec![NewJob {
                kind: Job::kind_of(payload),
                payload: payload.clone(),
                ..new_job(record, *job_id, Job::decode(payload).ok().as_ref())
            }],
            entries: vec![],
        },
    }
}

fn job(record: &EventRecord, job: &Job) -> NewJob {
    new_job(
        record,
        JobId(ids::derive_v7(record.id.0, &["job", job.kind()])),
        Some(job),
    )
}

fn new_job(record: &EventRecord, id: JobId, job: Option<&Job>) -> NewJob {
    NewJob {
        id,
        kind: job.map(Job::kind).unwrap_or_default().to_owned(),
        payload: job.map(Job::encode).unwrap_or_default(),
        priority: job.map_or(u8::MAX, Job::priority),
        run_at: record.at,
        event_id: record.id,
        trace: record.trace.clone(),
        created_at: record.at,
    }
}

fn entry(record: &EventRecord, body: EntryBody) -> NewEntry {
    NewEntry {
        stream: StreamKey::Store,
        id: EntryId(ids::derive_v7(record.id.0, &["entry", "store"])),
        author: None,
        at: record.at,
        body,
    }
}

#[cfg(test)]
mod tests {
    use souk_domain::{EventId, Timestamp};
    use uuid::Uuid;

    use super::*;

    fn record(event: Event) -> EventRecord {
        EventRecord {
            id: EventId(Uuid::from_u128(1)),
            event,
            at: Timestamp::UNIX_EPOCH,
            trace: None,
        }
    }

    #[test]
    fn a_retried_job_comes_back_as_it_was_known_or_not() {
        let job_id = JobId(Uuid::from_u128(2));
        for payload in [
            r#"{"job":"SendReceiptV9","orderId":"x"}"#,
            &Job::SendReceipt {
                order_id: souk_domain::OrderId(Uuid::nil()),
            }
            .encode(),
        ] {
            let follows = follow(&record(Event::JobRetryRequested {
                job_id,
                payload: payload.to_owned(),
            }));
            assert_eq!(follows.jobs.len(), 1);
            assert_eq!(
                (follows.jobs[0].id, follows.jobs[0].payload.as_str()),
                (job_id, payload)
            );
            assert!(follows.jobs[0].kind.starts_with("SendReceiptV"));
        }
    }
}
