//! What people say: posts, read marks, typing.

use serde_json::Value;
use souk_app::ports::News;
use souk_app::streams::{self, PostRequest};
use souk_domain::EntryId;
use souk_socketio::{Event, Socket};

use crate::answer::{self, Code, Failure};
use crate::payload::{Marked, Post, Posted, Read, Typing};
use crate::sockets::Shared;
use crate::visitor::Visitor;

pub(crate) async fn post(
    shared: &Shared,
    socket: &Socket,
    visitor: &Visitor,
    event: &mut Event,
) -> Result<Value, Failure> {
    let author = visitor.actor().ok_or(Failure::new(Code::Unauthenticated))?;
    let wanted: Post = answer::read(event)?;
    let request = PostRequest {
        stream: wanted.stream,
        id: EntryId(wanted.id),
        kind: wanted.kind,
        data: wanted.data,
        trace: socket.handshake().header("traceparent").map(str::to_owned),
    };
    let posted = streams::post(&shared.app, &author, request).await?;
    Ok(answer::done(&Posted {
        seq: posted.seq,
        at: posted.at,
    }))
}

pub(crate) async fn read(
    shared: &Shared,
    visitor: &Visitor,
    event: &mut Event,
) -> Result<Value, Failure> {
    let reader = visitor.actor().ok_or(Failure::new(Code::Unauthenticated))?;
    let wanted: Read = answer::read(event)?;
    let seq = streams::mark_read(&shared.app, &reader, wanted.stream, wanted.seq).await?;
    Ok(answer::done(&Marked { seq }))
}

/// Says that somebody is writing, where they follow what is said.
pub(crate) fn typing(
    shared: &Shared,
    visitor: &Visitor,
    event: &mut Event,
) -> Result<Value, Failure> {
    let author = visitor.actor().ok_or(Failure::new(Code::Unauthenticated))?;
    let wanted: Typing = answer::read(event)?;
    // Who follows a stream was found to be allowed to read it, and where people talk, that is to talk.
    if !visitor.follows(wanted.stream) {
        return Err(Failure::new(Code::Forbidden));
    }
    shared.app.bus.publish(News::Typing {
        stream: wanted.stream,
        user_id: author.id(),
        name: author.user.name,
    });
    Ok(answer::done(&Value::Null))
}
