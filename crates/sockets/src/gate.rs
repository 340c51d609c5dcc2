//! Lets sockets in and hands their events on, one after the other.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use souk_app::accounts;
use souk_domain::Locale;
use souk_socketio::{Event, Namespace, Reason, Refused, Socket};

use crate::answer::{self, Code, Failure, of_token};
use crate::sockets::Shared;
use crate::visitor::{self, Pass, Visitor};
use crate::{presence, rooms, say, subscribe, watch};

/// What clients may ask.
#[cfg(test)]
pub(crate) const EVENTS: [&str; 7] = [
    "subscribe",
    "unsubscribe",
    "post",
    "read",
    "typing",
    "watch",
    "auth",
];

/// The door of the one namespace.
pub(crate) struct Gate(Arc<Shared>);

impl Gate {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    async fn let_in(&self, token: Option<&str>) -> Result<Option<Pass>, Failure> {
        let Some(token) = token else { return Ok(None) };
        let (actor, ends) = accounts::authenticate_until(&self.0.app, token)
            .await
            .map_err(of_token)?;
        Ok(Some(Pass {
            actor,
            ends,
            warned: false,
        }))
    }
}

#[async_trait]
impl Namespace for Gate {
    async fn connect(&self, socket: &Socket, auth: Value) -> Result<(), Refused> {
        let locale = language(socket.handshake().header("accept-language"));
        let token = match &auth {
            Value::Null => Ok(None),
            Value::Object(fields) => match fields.get("token") {
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(token)) => Ok(Some(token.as_str())),
                Some(_) => Err(Failure::new(Code::TokenInvalid)),
            },
            _ => Err(Failure::new(Code::TokenInvalid)),
        };
        let pass = match token {
            Ok(token) => self.let_in(token).await,
            Err(failure) => Err(failure),
        };
        let pass = pass.map_err(|failure| failure.refused(locale))?;
        let events = self
            .0
            .options
            .rate_limits
            .then_some(self.0.options.events_by_socket);
        socket.set_state(Visitor::new(pass.clone(), locale, events));
        if let Some(pass) = pass {
            welcome(&self.0, socket, &pass);
        }
        Ok(())
    }

    async fn event(&self, socket: &Socket, mut event: Event) {
        let Some(visitor) = visitor::of(socket) else {
            return;
        };
        let ack = event.ack.take();
        let locale = visitor.locale();
        if let Err(wait) = visitor.take_event() {
            return answer::send(ack, Err(Failure::limited(wait)), locale);
        }
        let shared = &self.0;
        let answered = match event.name.as_str() {
            // Answered where live entries are held back, so that none comes before its answer.
            "subscribe" => {
                return subscribe::subscribe(shared, socket, visitor, &mut event, ack).await;
            }
            "unsubscribe" => subscribe::unsubscribe(socket, visitor, &mut event),
            "post" => say::post(shared, socket, visitor, &mut event).await,
            "read" => say::read(shared, visitor, &mut event).await,
            "typing" => say::typing(shared, visitor, &mut event),
            "watch" => watch::watch(shared, socket, visitor, &mut event).await,
            "auth" => renew(self, socket, visitor, &mut event).await,
            _ => Err(Failure::new(Code::UnknownEvent)),
        };
        answer::send(ack, answered, locale);
    }

    async fn disconnected(&self, socket: &Socket, reason: Reason) {
        metrics::counter!("souk_socket_ends_total", "reason" => reason.as_str()).increment(1);
        let Some(pass) = visitor::of(socket).and_then(Visitor::pass) else {
            return;
        };
        presence::left(&self.0, pass.actor.id());
    }
}

/// Puts a socket where its person is to be found, and says that they are there.
fn welcome(shared: &Shared, socket: &Socket, pass: &Pass) {
    let user = pass.actor.id();
    // A socket has room for these: they are the first.
    let _ = socket.join(&rooms::of_person(user));
    let _ = socket.join(&rooms::of_session(pass.actor.session));
    if pass.actor.role().is_staff() {
        presence::follow(shared, socket);
    }
    presence::came(shared, user);
}

/// Takes a fresh token of the same person on an open socket.
async fn renew(
    gate: &Gate,
    socket: &Socket,
    visitor: &Visitor,
    event: &mut Event,
) -> Result<Value, Failure> {
    let wanted: crate::payload::Auth = answer::read(event)?;
    let before = visitor.pass().ok_or(Failure::new(Code::Unauthenticated))?;
    let pass = gate
        .let_in(Some(&wanted.token))
        .await?
        .ok_or(Failure::new(Code::TokenInvalid))?;
    if pass.actor.id() != before.actor.id() {
        return Err(Failure::new(Code::Forbidden));
    }
    if pass.actor.session != before.actor.session {
        socket.leave(&rooms::of_session(before.actor.session));
        let _ = socket.join(&rooms::of_session(pass.actor.session));
    }
    let left = pass.ends.as_second() - gate.0.app.now().as_second();
    visitor.renew(pass);
    Ok(answer::done(&crate::payload::Renewed { expires_in: left }))
}

/// The language of a stranger: Arabic if they ask for it first.
fn language(accepted: Option<&str>) -> Locale {
    let first = accepted.unwrap_or_default().trim_start();
    if first
        .get(..2)
        .is_some_and(|tag| tag.eq_ignore_ascii_case("ar"))
    {
        Locale::Ar
    } else {
        Locale::En
    }
}
