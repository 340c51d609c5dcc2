//! The contract tests of the store and the queue: what every engine must do, whichever it is.
//!
//! An engine's crate implements [`Engine`] or [`QueueEngine`] for its tests and lets
//! [`store_contract!`](crate::store_contract) or [`queue_contract!`](crate::queue_contract) make a test of each function
//! here. Every test gets an engine on empty data. The functions panic where the contract is broken.

#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod accounts;
pub mod catalog;
pub mod chat;
pub mod files;
pub mod fixtures;
pub mod mailer;
pub mod orders;
pub mod outbox;
pub mod queue;
pub mod streams;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Queue, Store};

/// A data engine under test, on data of its own.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Its store.
    fn store(&self) -> Arc<dyn Store>;
    /// Ends it and starts it again on the same data. Nobody holds its store or queue meanwhile.
    async fn restart(&mut self);
}

/// A queue under test, beside the store that knows what became of its jobs.
pub trait QueueEngine: Engine {
    /// Its queue.
    fn queue(&self) -> Arc<dyn Queue>;
    /// Whose time it goes by.
    fn pace(&self) -> Pace {
        Pace::Told
    }
}

/// Whose time a queue goes by.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// The time that each call names.
    Told,
    /// Its own. What the tests call a second takes so long, and what falls due may be there a little later.
    Real(Duration),
}

/// Makes a test of every function of the store's contract. The argument is an async function (or closure) that starts an
/// engine on empty data.
#[macro_export]
macro_rules! store_contract {
    ($start:expr) => {
        $crate::contract_area!($start, orders:
            one_unit_is_sold_once,
            many_buyers_get_exactly_what_is_there,
            one_key_makes_one_order,
            a_key_binds_its_buyer_and_its_request,
            what_is_refused_leaves_no_trace,
            a_sale_reads_the_catalogue_of_its_moment,
            orders_move_on_and_give_stock_back_once,
            buyers_move_their_own_orders_alone,
            payments_move_on,
            a_stock_change_by_hand_happens_once,
            lists_are_stable_and_filtered,
            what_was_answered_survives_a_restart,
            the_shop_is_kept,
        );
        $crate::contract_area!($start, streams:
            entries_are_numbered_without_holes,
            a_repeat_is_answered_as_the_first_time,
            parts_are_read_in_order,
            streams_survive_a_restart,
        );
        $crate::contract_area!($start, chat:
            what_is_said_at_once_is_numbered_once,
            an_id_is_bound_to_its_author_and_words,
            words_are_changed_and_taken_back,
            marks_move_forward_and_count_the_rest,
            one_job_mails_what_was_not_read,
            conversations_are_begun_taken_closed_and_opened_again,
            the_queue_is_in_order,
            canned_replies_are_kept,
        );
        $crate::contract_area!($start, catalog:
            products_are_kept_and_found_by_name,
            what_changed_meanwhile_is_not_overwritten,
            variants_that_go_leave_their_counts,
            words_are_found_in_every_form,
            titles_come_first_and_pages_do_not_repeat,
            words_are_never_syntax,
            lists_are_filtered_and_newest_first,
            categories_are_counted,
            a_second_import_changes_nothing,
            an_import_sets_stock_only_when_asked,
            a_dry_run_says_the_same_and_changes_nothing,
        );
        $crate::contract_area!($start, accounts:
            an_address_belongs_to_one_account,
            guests_become_customers_in_place,
            the_setup_code_works_once,
            people_change,
            a_password_is_replaced_only_if_it_is_the_one_known,
            refresh_tokens_rotate,
            two_tabs_get_the_same_successor,
            sessions_are_listed_and_ended,
            keys_keep_their_answers,
            what_outlived_its_retention_goes,
        );
        $crate::contract_area!($start, outbox:
            events_wait_until_their_work_is_done,
            late_events_come_oldest_first,
            settling_and_handing_on_may_come_in_any_order,
            an_end_is_recorded_once,
            failed_jobs_are_listed_and_tried_again,
            a_retried_job_counts_once_for_each_event,
            failed_jobs_outlive_those_that_were_done,
        );
    };
}

/// Makes a test of every function of the queue's contract; the argument is as in [`store_contract!`].
#[macro_export]
macro_rules! queue_contract {
    ($start:expr) => {
        $crate::contract_area!($start, queue:
            jobs_are_known_by_their_id,
            the_most_urgent_come_first,
            jobs_wait_for_their_time,
            a_lease_that_ran_out_is_somebody_elses,
            attempts_are_counted,
            what_is_done_is_never_handed_out_again,
            tokens_of_an_earlier_life_are_void,
            nobody_gets_what_another_has,
            waiting_ends_with_news,
            jobs_survive_a_restart,
        );
    };
}

/// Makes a test of each named function of one area.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_area {
    ($start:expr, $area:ident: $($name:ident),+ $(,)?) => {
        mod $area {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    $crate::ports::contract::$area::$name(&mut ($start)().await).await;
                }
            )+
        }
    };
}
