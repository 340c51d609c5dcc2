//! Ends sockets whose time is over: tokens that were not renewed, sessions that ended without anybody hearing of it.

use std::sync::Arc;
use std::time::Duration;

use souk_socketio::{Reason, Server, Socket};

use crate::news::value;
use crate::payload::Expiring;
use crate::sockets::{NAMESPACE, Shared};
use crate::visitor;

/// How often all sockets are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// So long before a token ends its socket is told.
const WARN: i64 = 60;
/// So long after its end a token still counts: the renewal may be on its way.
const GRACE: i64 = 5;
/// In how many rounds each session is looked up once.
const ROUNDS: usize = 60;

/// Looks at all sockets, again and again.
pub(crate) async fn run(shared: Arc<Shared>, server: Server) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in 0_usize.. {
        ticks.tick().await;
        let stats = server.stats();
        for (transport, count) in [("websocket", stats.websocket), ("polling", stats.polling)] {
            #[allow(clippy::cast_precision_loss, reason = "a gauge")]
            metrics::gauge!("souk_sockets", "transport" => transport).set(count as f64);
        }
        let sockets = server.of(NAMESPACE).local().sockets();
        for (place, socket) in sockets.iter().enumerate() {
            look_at(&shared, socket, place % ROUNDS == round % ROUNDS).await;
        }
    }
}

async fn look_at(shared: &Shared, socket: &Socket, look_up: bool) {
    let Some((visitor, pass)) = visitor::of(socket).and_then(|it| it.pass().map(|pass| (it, pass)))
    else {
        return;
    };
    let left = pass.ends.as_second() - shared.app.now().as_second();
    if left < -GRACE {
        socket.disconnect(true);
        return;
    }
    if left <= WARN && !pass.warned {
        let expiring = Expiring {
            in_seconds: left.max(0),
        };
        let _ = socket.emit("expiring", &[value(&expiring)]);
        visitor.update(|pass| pass.warned = true);
    }
    if look_up {
        match shared.app.store.session_state(pass.actor.session).await {
            Ok(None) => socket.disconnect(true),
            Ok(Some(state)) if state.user.role != pass.actor.role() => {
                // What they may see is decided anew when they come back.
                socket.close(Reason::Application("role changed"));
            }
            Ok(Some(state)) => visitor.update(|pass| pass.actor.user = state.user),
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "a session cannot be looked up"
                );
            }
        }
    }
}
