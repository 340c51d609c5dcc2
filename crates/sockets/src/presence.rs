//! Who is there, and telling staff. What is counted and what is said of it go together, under one lock: two sockets of a
//! person that come and go at once (a page that is loaded anew) must not leave staff with the news of the earlier one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use souk_domain::UserId;
use souk_socketio::Socket;

use crate::news::value;
use crate::payload::{Presence, PresenceState};
use crate::rooms;
use crate::sockets::Shared;

/// The lock of counting and telling.
#[derive(Default)]
pub(crate) struct Telling(Mutex<()>);

impl Telling {
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket of a person was let in.
pub(crate) fn came(shared: &Shared, user: UserId) {
    let _telling = shared.telling.lock();
    if shared.app.presence.enter(user) {
        tell(shared, user, PresenceState::Online);
    }
}

/// A socket of a person is gone.
pub(crate) fn left(shared: &Shared, user: UserId) {
    let _telling = shared.telling.lock();
    if shared.app.presence.leave(user) {
        tell(shared, user, PresenceState::Offline);
    }
}

/// Tells a socket of staff who is there, and from now on who comes and goes.
pub(crate) fn follow(shared: &Shared, socket: &Socket) {
    let _telling = shared.telling.lock();
    // A new socket has room for this.
    let _ = socket.join(rooms::STAFF);
    for user in shared.app.presence.online() {
        let _ = socket.emit("presence", &[said(user, PresenceState::Online)]);
    }
}

fn tell(shared: &Shared, user: UserId, state: PresenceState) {
    if let Some(staff) = shared.room(rooms::STAFF) {
        staff.emit("presence", &[said(user, state)]);
    }
}

fn said(user: UserId, state: PresenceState) -> serde_json::Value {
    value(&Presence {
        user_id: user.0,
        state,
    })
}
