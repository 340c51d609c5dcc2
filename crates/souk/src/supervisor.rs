//! What the service manager is told (sd_notify(3)): that the process is ready, that it stops, and, as often as it wants to
//! hear it, that it lives. Without a service manager nothing is said.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use souk_app::App;
use tokio_util::sync::CancellationToken;

/// The process answers.
pub fn ready() {
    tell(&NotifyState::Ready);
}

/// The process was asked to stop.
pub fn stopping() {
    tell(&NotifyState::Stopping);
}

/// Says that the process lives, until `stop`. It is said by a task of the runtime that serves, so that it is not said
/// when that is stuck. A store that does not answer is no reason to be started anew.
pub async fn keep_alive(app: Arc<App>, stop: CancellationToken) {
    let Some(within) = sd_notify::watchdog_enabled() else {
        return;
    };
    let mut ticks = tokio::time::interval((within / 3).max(Duration::from_millis(10)));
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if app.committer.is_running() {
            tell(&NotifyState::Watchdog);
        }
    }
}

fn tell(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
