//! What is heard of other servers, and what they are answered. All of it is taken at once and in order; only for what
//! sockets answer is there a task that waits, bounded in number and in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use souk_socketio::adapter::{AckNews, ServerAnswer, Target};
use souk_socketio::{Adapter as _, Encoded};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::channels::Kind;
use super::described::described;
use super::exchange::{Shared, dropped};
use super::frame::{Asked, Broadcast, Garbled, Request, Response, Told};
use super::mirror;
use super::server::Space;

/// Questions of others to sockets of this process that may wait for answers at a time.
const MOST_QUESTIONS: usize = 1_024;
/// Longest time that such a question waits.
const LONGEST_QUESTION: Duration = Duration::from_mins(1);

impl Space {
    /// Takes a message.
    pub(super) fn take(&self, kind: Kind, message: &[u8]) -> Result<(), Garbled> {
        match kind {
            Kind::Broadcast => self.take_event(message)?,
            Kind::Request => {
                let Some(request) = Request::read(message)? else {
                    dropped("unknown");
                    return Ok(());
                };
                if request.from.as_deref() == Some(self.shared.uid.as_str()) {
                    return Ok(());
                }
                counted("request");
                self.do_as_asked(request);
            }
            // Most answers on the common channel are for others.
            Kind::Response if self.waiting.is_empty() => {}
            Kind::Response => {
                if let Some(response) = Response::read(message)? {
                    self.waiting.told(response);
                }
            }
        }
        Ok(())
    }

    fn take_event(&self, message: &[u8]) -> Result<(), Garbled> {
        // What this process said itself comes back to it, and what the mirror says is served here from the store.
        if Broadcast::is_from(message, &self.shared.uid) || Broadcast::is_from(message, mirror::UID)
        {
            return Ok(());
        }
        let broadcast = Broadcast::read(message)?;
        if broadcast.from == self.shared.uid || broadcast.from == mirror::UID {
            return Ok(());
        }
        if broadcast.namespace != self.namespace() {
            dropped("namespace");
            return Ok(());
        }
        counted("event");
        self.local.broadcast(&broadcast.event, &broadcast.target);
        Ok(())
    }

    fn do_as_asked(&self, request: Request) {
        let reply = request.id.map(|id| Reply {
            shared: self.shared.clone(),
            channel: self
                .shared
                .channels
                .response(self.namespace(), request.from.as_deref()),
            id,
        });
        match (request.what, reply) {
            (Asked::Sockets(target), Some(reply)) => {
                let sockets = self.local.sockets(&target);
                reply.send(&Told::Ids(
                    sockets.iter().map(|it| it.id().to_owned()).collect(),
                ));
            }
            (Asked::AllRooms, Some(reply)) => {
                let own = self.local.sockets(&Target::default());
                let own = own.iter().map(|socket| socket.id().to_owned());
                let rooms = self.local.room_names();
                let rooms = rooms.iter().map(ToString::to_string);
                reply.send(&Told::Rooms(own.chain(rooms).collect()));
            }
            (Asked::Fetch(target), Some(reply)) => {
                let sockets = self.local.sockets(&target);
                let now = self.shared.clock.now();
                let described = sockets.iter().map(|socket| described(socket, now));
                reply.send(&Told::Sockets(described.collect()));
            }
            (Asked::Join(target, rooms), _) => {
                let rooms = self.open_rooms(&rooms, "join_refused");
                if !rooms.is_empty() {
                    self.local.add_sockets(&target, &rooms);
                }
            }
            (Asked::Leave(target, rooms), _) => {
                let rooms = self.open_rooms(&rooms, "leave_refused");
                if !rooms.is_empty() {
                    self.local.del_sockets(&target, &rooms);
                }
            }
            (Asked::Disconnect(target, close), _) => {
                self.local.disconnect_sockets(&target, close);
            }
            (Asked::ServerEvent(args), None) => self.local.server_event(args),
            (Asked::ServerEvent(args), Some(reply)) => {
                let answer = ServerAnswer::new(move |said| reply.send(&Told::Said(said)));
                self.local.server_request(args, answer);
            }
            (Asked::Ask(event, target, timeout), Some(reply)) => {
                let timeout = timeout.unwrap_or(self.shared.options.request_timeout);
                self.ask_sockets(&event, &target, timeout.min(LONGEST_QUESTION), reply);
            }
            // A question that no answer could be given to.
            (_, None) => dropped("unknown"),
        }
    }

    /// Those of the rooms that others may make sockets join and leave; the rest is counted as `why`.
    fn open_rooms<'a>(&self, rooms: &'a [String], why: &'static str) -> Vec<&'a str> {
        let is_open = &self.shared.options.is_open;
        let (open, refused): (Vec<&str>, Vec<&str>) = rooms
            .iter()
            .map(String::as_str)
            .partition(|room| is_open(room));
        for room in refused {
            tracing::debug!(room, why, "another server may not say who is in this room");
            dropped(why);
        }
        open
    }

    fn ask_sockets(&self, event: &Encoded, target: &Target, timeout: Duration, reply: Reply) {
        let Some(place) = Place::take(&self.shared.answering) else {
            tracing::debug!("too many questions of other servers wait for answers");
            return dropped("busy");
        };
        let until = Instant::now() + timeout;
        let (news, mut answers) = mpsc::unbounded_channel();
        self.local.broadcast_with_ack(event, target, timeout, news);
        self.shared.runtime.spawn(async move {
            // Ends early when all have answered or are gone.
            while let Ok(Some(news)) = timeout_at(until, answers.recv()).await {
                reply.send(&match news {
                    AckNews::Expected(count) => Told::Count(count),
                    AckNews::Answer(answer) => Told::Ack(answer),
                });
            }
            drop(place);
        });
    }
}

/// Where an answer goes.
struct Reply {
    shared: Arc<Shared>,
    channel: String,
    id: String,
}

impl Reply {
    /// What cannot be said whole is not said: who asked sees that an answer is missing.
    fn send(&self, told: &Told) {
        match Response::write(&self.id, told) {
            Ok(message) => drop(self.shared.say(self.channel.clone(), message)),
            Err(error) => tracing::debug!(%error, "an answer cannot be written"),
        }
    }
}

/// One of the questions that may wait.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(all: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(all.clone());
        (all.fetch_add(1, Ordering::Relaxed) < MOST_QUESTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn counted(kind: &'static str) {
    metrics::counter!("souk_socket_remote_messages_total", "kind" => kind).increment(1);
}
