//! Whether there is a server that may be written to, as the driver's monitors see it (Server Discovery and Monitoring).
//!
//! An election takes seconds, and whoever asks during one is answered after it. When there is no majority it does not end:
//! then nobody waits the whole time again and again, once for each question that a page is made of.

use std::future::pending;
use std::time::Duration;

use mongodb::event::EventHandler;
use mongodb::event::sdam::SdamEvent;
use mongodb::options::ClientOptions;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// How long whoever asks waits at least: while somebody asks, the driver looks for servers twice a second.
const LEAST: Duration = Duration::from_secs(1);

/// What is known of it.
#[derive(Debug, Clone, Copy)]
enum State {
    Here,
    Away { since: Instant },
}

/// The server that may be written to.
#[derive(Debug)]
pub(crate) struct Primary(watch::Receiver<State>);

impl Primary {
    /// The one that a client with these options will see.
    pub(crate) fn seen_with(options: &mut ClientOptions) -> Self {
        let (seen, primary) = watch::channel(State::Here);
        options.sdam_event_handler = Some(EventHandler::callback(move |event| {
            let SdamEvent::TopologyDescriptionChanged(change) = event else {
                return;
            };
            let is_here = change.new_description.has_writable_server();
            seen.send_if_modified(|state| {
                let was_here = matches!(state, State::Here);
                if is_here {
                    *state = State::Here;
                } else if was_here {
                    *state = State::Away {
                        since: Instant::now(),
                    };
                }
                was_here != is_here
            });
        }));
        Self(primary)
    }

    /// Ends when it is away for longer than an election may take; does not end while it is there, or comes back.
    ///
    /// To be awaited beside the answer, not before it: the driver looks for servers often only while somebody asks.
    pub(crate) async fn is_lost(&self, election: Duration) {
        let mut state = self.0.clone();
        let State::Away { since } = *state.borrow_and_update() else {
            return pending().await;
        };
        let until = (since + election).max(Instant::now() + LEAST);
        let here = state.wait_for(|state| matches!(state, State::Here));
        if timeout_at(until, here).await.is_ok() {
            pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELECTION: Duration = Duration::from_secs(10);

    fn away() -> (watch::Sender<State>, Primary) {
        let since = Instant::now();
        let (seen, primary) = watch::channel(State::Away { since });
        (seen, Primary(primary))
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_during_an_election_waits_for_its_end() {
        let (seen, primary) = away();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(6)).await;
            seen.send_replace(State::Here);
            seen.closed().await;
        });
        for _ in 0..2 {
            let lost = tokio::time::timeout(ELECTION * 2, primary.is_lost(ELECTION));
            assert!(lost.await.is_err());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_majority_only_the_first_wait_is_long() {
        let (_seen, primary) = away();
        let asked = Instant::now();
        for waited in [10, 11, 12] {
            primary.is_lost(ELECTION).await;
            assert_eq!(asked.elapsed(), Duration::from_secs(waited));
        }
    }
}
