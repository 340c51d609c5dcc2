//! Long polling: one GET that waits for what is queued, one POST that brings what the client sends.

use std::future::poll_fn;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::packet;
use super::session::{Life, Session, State};
use super::websocket::WebSocket;
use crate::Reason;

/// How long a poll that begins during an upgrade waits to see how it ends.
const UPGRADE_PATIENCE: Duration = Duration::from_millis(100);

const NOOP: &[u8] = b"6";
const CLOSE: &[u8] = b"1";

/// What a connection has while it is polled.
#[derive(Debug, Default)]
pub(super) struct Polling {
    /// Wakes the GET that waits.
    pub get: Option<Waker>,
    getting: bool,
    posting: bool,
    /// Wakes the POST that waits for its body to be taken.
    pub post: Option<Waker>,
    /// A body of which not everything was taken.
    pub inbox: Option<Inbox>,
    pub upgrade: Upgrade,
    /// When the answer to the last ping is overdue. Whoever polls after it is dead, also when the task is late to say so.
    pub dead_at: Option<Instant>,
    /// The client was told that the connection closes.
    pub told: bool,
}

/// The body of a POST, taken up to `at`.
#[derive(Debug, Clone)]
pub(super) struct Inbox {
    pub body: Bytes,
    pub at: usize,
}

/// How far the way to a WebSocket is.
#[derive(Debug, Default)]
pub(super) enum Upgrade {
    #[default]
    No,
    /// A WebSocket is open and says nothing yet.
    Claimed,
    /// It was probed: the client pauses its polling.
    Probed,
    /// The client has moved.
    Done(Box<WebSocket>),
}

impl Polling {
    /// Whether a GET waits, so that a message would leave at once.
    pub(super) fn is_waiting(&self) -> bool {
        self.get.is_some()
    }
}

/// The request is not one that may come now; the answer is 400.
#[derive(Debug)]
pub(super) struct Unexpected;

/// Ends a GET; one that the client gave up ends the session.
struct Getting<'a> {
    session: &'a Session,
    answered: bool,
}

impl Drop for Getting<'_> {
    fn drop(&mut self) {
        let mut state = self.session.lock();
        let polled = state.polling.as_deref_mut().map(|polling| {
            polling.getting = false;
            polling.get = None;
        });
        drop(state);
        if !self.answered && polled.is_some() {
            self.session.close(Reason::TransportClose);
        }
    }
}

/// Answers a GET: waits until there is something to say.
pub(super) async fn get(session: &Session) -> Result<Bytes, Unexpected> {
    let probed = {
        let mut state = session.lock();
        let polling = state.polling.as_mut().ok_or(Unexpected)?;
        if polling.told {
            return Err(Unexpected);
        }
        if polling.getting {
            drop(state);
            session.close(Reason::ProtocolError);
            return Err(Unexpected);
        }
        if polling.dead_at.is_some_and(|at| at <= Instant::now()) {
            drop(state);
            session.close(Reason::PingTimeout);
            return Err(Unexpected);
        }
        polling.getting = true;
        matches!(polling.upgrade, Upgrade::Probed | Upgrade::Done(_))
    };
    let mut getting = Getting {
        session,
        answered: false,
    };
    let (mut entered, mut packets) = (false, 0);
    let wait = poll_fn(|context| {
        let mut state = session.lock();
        let first = !std::mem::replace(&mut entered, true);
        take(&mut state, context.waker(), probed, first, &mut packets)
    });
    let answer = if probed {
        // A client that moves has no poll open: one that begins now is answered by what becomes of the upgrade.
        tokio::time::timeout(UPGRADE_PATIENCE, wait)
            .await
            .unwrap_or(Ok(Bytes::from_static(NOOP)))
    } else {
        wait.await
    };
    getting.answered = true;
    drop(getting);
    session.counters().packets_out.fetch_add(packets, Relaxed);
    // The task may wait for the queue to be empty before it closes.
    session.wake();
    answer
}

fn take(
    state: &mut State,
    waker: &Waker,
    probed: bool,
    first: bool,
    packets: &mut u64,
) -> Poll<Result<Bytes, Unexpected>> {
    let Some(polling) = state.polling.as_mut() else {
        return Poll::Ready(if probed {
            Err(Unexpected)
        } else {
            Ok(Bytes::from_static(NOOP))
        });
    };
    match polling.upgrade {
        Upgrade::Done(_) if probed => return Poll::Ready(Err(Unexpected)),
        Upgrade::Done(_) => return Poll::Ready(Ok(Bytes::from_static(NOOP))),
        _ => {}
    }
    let noop = matches!(polling.upgrade, Upgrade::Probed) && !probed;
    let mut payload = Vec::new();
    while payload.len() < MAX_ANSWER {
        let Some(message) = state.pop() else { break };
        packet::write(&mut payload, &message);
        *packets += 1;
    }
    let over = match state.life {
        Life::Open => None,
        Life::Closing(reason) | Life::Gone(reason) => Some(reason),
    };
    if let Some(reason) = over.filter(|_| state.queue.is_empty()) {
        if first && matches!(state.life, Life::Gone(_)) && payload.is_empty() {
            return Poll::Ready(Err(Unexpected));
        }
        // Official clients act on a close at once, and on what came before it in the same answer a moment later, when
        // they take it for lost: so it goes alone, in the answer to the next poll.
        if reason != Reason::TransportClose && !payload.is_empty() {
            return Poll::Ready(Ok(payload.into()));
        }
        if let Some(polling) = state.polling.as_mut() {
            polling.told = true;
        }
        let last = if reason == Reason::TransportClose {
            NOOP
        } else {
            CLOSE
        };
        if !payload.is_empty() {
            payload.push(packet::SEPARATOR);
        }
        payload.extend_from_slice(last);
    }
    if !payload.is_empty() {
        return Poll::Ready(Ok(payload.into()));
    }
    if noop {
        return Poll::Ready(Ok(Bytes::from_static(NOOP)));
    }
    if let Some(polling) = state.polling.as_mut() {
        polling.get = Some(waker.clone());
    }
    Poll::Pending
}

/// Bytes at which an answer is long enough; the rest waits for the next poll.
const MAX_ANSWER: usize = 1_000_000;

/// Reserves the one place for a POST, before its body is read.
pub(super) fn begin_post(session: &Session) -> Result<(), Unexpected> {
    let mut state = session.lock();
    let polling = state.polling.as_mut().ok_or(Unexpected)?;
    if matches!(polling.upgrade, Upgrade::Done(_)) {
        return Err(Unexpected);
    }
    if polling.posting {
        drop(state);
        session.close(Reason::ProtocolError);
        return Err(Unexpected);
    }
    polling.posting = true;
    Ok(())
}

/// Gives the place back when a POST ends, however it ends.
pub(super) struct Posting<'a>(pub &'a Session);

impl Drop for Posting<'_> {
    fn drop(&mut self) {
        if let Some(polling) = self.0.lock().polling.as_deref_mut() {
            polling.posting = false;
            polling.post = None;
        }
    }
}

/// Hands the body of a POST over and waits until all of it was taken: so a client that sends more than its handlers
/// take is held back.
pub(super) async fn post(session: &Session, body: Bytes) -> Result<(), Unexpected> {
    let mut body = Some(body);
    poll_fn(|context| {
        let mut state = session.lock();
        match state.life {
            Life::Closing(Reason::TransportClose) | Life::Gone(Reason::TransportClose)
                if body.is_none() =>
            {
                return Poll::Ready(Ok(()));
            }
            Life::Open => {}
            // The client cannot know yet that nobody takes it, and would end by an error, the goodbye unread.
            Life::Closing(reason) | Life::Gone(reason) if reason.flushes() => {
                return Poll::Ready(Ok(()));
            }
            Life::Closing(_) | Life::Gone(_) => return Poll::Ready(Err(Unexpected)),
        }
        let Some(polling) = state.polling.as_mut() else {
            return Poll::Ready(if body.is_none() {
                Ok(())
            } else {
                Err(Unexpected)
            });
        };
        if polling.inbox.is_none() {
            // What a POST that was given up left is taken before this one's turn comes.
            let Some(body) = body.take() else {
                return Poll::Ready(Ok(()));
            };
            polling.inbox = Some(Inbox { body, at: 0 });
        }
        polling.post = Some(context.waker().clone());
        drop(state);
        session.wake();
        Poll::Pending
    })
    .await
}
