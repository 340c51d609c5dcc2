//! Who is there, and telling staff. The port counts; what staff were told is kept here, and changed and said together,
//! under one lock: two sockets of a person that come and go at once (a page that is loaded anew) must not leave staff with
//! the news of the earlier one. A change that is heard of is a hint: what is said is what the port answers under the lock.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use souk_domain::UserId;
use souk_socketio::Socket;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::news::value;
use crate::payload::{Presence, PresenceState};
use crate::rooms;
use crate::sockets::Shared;

/// Whom staff were told to be there.
#[derive(Default)]
pub(crate) struct Telling(Mutex<HashSet<UserId>>);

impl Telling {
    fn lock(&self) -> MutexGuard<'_, HashSet<UserId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket of a person was let in.
pub(crate) fn came(shared: &Shared, user: UserId) {
    shared.app.presence.enter(user);
}

/// A socket of a person is gone.
pub(crate) fn left(shared: &Shared, user: UserId) {
    shared.app.presence.leave(user);
}

/// Tells staff of this process who comes and goes anywhere, until nobody says so any more.
pub(crate) async fn run(shared: Arc<Shared>, mut changes: Receiver<UserId>) {
    loop {
        match changes.recv().await {
            Ok(user) => tell(&shared, &mut shared.telling.lock(), user),
            Err(RecvError::Lagged(_)) => tell_all(&shared),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Tells a socket of staff who is there, and from now on who comes and goes.
pub(crate) fn follow(shared: &Shared, socket: &Socket) {
    let mut told = shared.telling.lock();
    // Those whose coming is still to be told are told to all staff first, so that nobody is told twice.
    for user in shared.app.presence.online() {
        tell(shared, &mut told, user);
    }
    // A new socket has room for this.
    let _ = socket.join(rooms::STAFF);
    for user in told.iter() {
        let _ = socket.emit("presence", &[said(*user, PresenceState::Online)]);
    }
}

/// Says of a person what is so now, if it is not what was said.
fn tell(shared: &Shared, told: &mut HashSet<UserId>, user: UserId) {
    let state = if shared.app.presence.is_online(user) {
        told.insert(user).then_some(PresenceState::Online)
    } else {
        told.remove(&user).then_some(PresenceState::Offline)
    };
    if let (Some(state), Some(staff)) = (state, shared.room(rooms::STAFF)) {
        staff.emit("presence", &[said(user, state)]);
    }
}

/// Says of everybody what is so now, where it is not what was said.
fn tell_all(shared: &Shared) {
    let mut told = shared.telling.lock();
    let mut all = shared.app.presence.online();
    all.extend(told.iter().copied());
    for user in all {
        tell(shared, &mut told, user);
    }
}

fn said(user: UserId, state: PresenceState) -> serde_json::Value {
    value(&Presence {
        user_id: user.0,
        state,
    })
}
