//! Following streams: what was missed first, then live, with nothing lost or repeated between the two.

use std::sync::Arc;

use serde_json::Value;
use souk_app::streams;
use souk_domain::stream::{MAX_PAGE, Page, Span, StreamKey};
use souk_socketio::{Ack, Event, NotJoined, Socket};

use crate::answer::{self, Code, Failure};
use crate::hub;
use crate::payload::{Entry, Reset, Subscribe, Subscribed, Unsubscribe};
use crate::sockets::Shared;
use crate::visitor::Visitor;

/// Streams that one socket may follow.
pub(crate) const MOST_STREAMS: usize = 200;

pub(crate) async fn subscribe(
    shared: &Arc<Shared>,
    socket: &Socket,
    visitor: &Visitor,
    event: &mut Event,
    mut ack: Option<Ack>,
) {
    if let Err(failure) = follow(shared, socket, visitor, event, &mut ack).await {
        answer::send(ack, Err(failure), visitor.locale());
    }
}

pub(crate) fn unsubscribe(
    socket: &Socket,
    visitor: &Visitor,
    event: &mut Event,
) -> Result<Value, Failure> {
    let wanted: Unsubscribe = answer::read(event)?;
    leave(socket, visitor, wanted.stream);
    Ok(answer::done(&Value::Null))
}

fn leave(socket: &Socket, visitor: &Visitor, stream: StreamKey) {
    if visitor.unfollow(stream) {
        socket.leave(&stream.to_string());
    }
}

async fn follow(
    shared: &Arc<Shared>,
    socket: &Socket,
    visitor: &Visitor,
    event: &mut Event,
    ack: &mut Option<Ack>,
) -> Result<(), Failure> {
    let reader = visitor.actor().ok_or(Failure::new(Code::Unauthenticated))?;
    let Subscribe { stream, after } = answer::read(event)?;
    streams::authorise(&shared.app, &reader, stream).await?;
    if !visitor.follows(stream) && visitor.followed() >= MOST_STREAMS {
        return Err(Failure::new(Code::TooManyStreams));
    }
    // Who asks again is sent nothing live until this is answered.
    leave(socket, visitor, stream);
    // The backlog is read while others are served: thousands may come back at once.
    let mut early = None;
    if let Some(after) = after {
        let page = read(shared, stream, after).await?;
        if !ends(&page, after) {
            tell(ack.take(), &page, true, visitor);
            return Ok(());
        }
        early = Some((after, page));
    }
    let live = shared.hub.live(stream);
    let mut position = live.lock().await;
    // What was read may reach past where the others are: news of it was lost, or is on its way.
    let mut ahead = None;
    let page = match (early, *position) {
        // What was read reaches to where the others are: nothing need be asked while they wait.
        (Some((after, page)), Some(served)) if after <= served && last(&page, after) >= served => {
            ahead = Some(page.head).filter(|head| *head > served);
            upto(page, served)
        }
        (early, _) => {
            let head = hub::catch_up(shared, &live, &mut position).await?;
            match early {
                None => upto(Page::default(), head),
                Some((after, _)) if after > head => {
                    let reset = Reset { reset: true, head };
                    answer::send(ack.take(), Ok(answer::done(&reset)), visitor.locale());
                    return Ok(());
                }
                Some((after, _)) => upto(read(shared, stream, after).await?, head),
            }
        }
    };
    let more = after.is_some_and(|after| !ends(&page, after));
    tell(ack.take(), &page, more, visitor);
    if let Some(head) = ahead {
        // It waits until this is let go, and serves whoever follows then.
        hub::heard(shared, stream, head);
    }
    if !more {
        // The answer is on its way, and the next entry comes after it: nobody is served while this is held.
        visitor.follow(stream);
        match socket.join(&stream.to_string()) {
            Ok(()) | Err(NotJoined::Closed) => {}
            Err(NotJoined::TooMany) => {
                visitor.unfollow(stream);
                tracing::error!(%stream, "a socket has no room for a stream that it may follow");
            }
        }
    }
    Ok(())
}

async fn read(shared: &Shared, stream: StreamKey, after: u64) -> Result<Page, Failure> {
    Ok(shared
        .app
        .store
        .entries(stream, Span::After(after, MAX_PAGE))
        .await?)
}

/// Whether a page after `after` ends at the stream's end.
fn ends(page: &Page, after: u64) -> bool {
    last(page, after) >= page.head
}

/// Up to where a page after `after` goes.
fn last(page: &Page, after: u64) -> u64 {
    page.entries.last().map_or(after, |entry| entry.seq)
}

/// A page without what comes live: all after `head`.
fn upto(mut page: Page, head: u64) -> Page {
    page.entries.retain(|entry| entry.seq <= head);
    page.head = head;
    page
}

fn tell(ack: Option<Ack>, page: &Page, more: bool, visitor: &Visitor) {
    let entries = page.entries.iter().map(|entry| Entry::new(None, entry));
    let subscribed = Subscribed {
        head: page.head,
        entries: entries.collect(),
        more,
    };
    answer::send(ack, Ok(answer::done(&subscribed)), visitor.locale());
}
