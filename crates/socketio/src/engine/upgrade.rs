//! From long polling to a WebSocket: the probe, and the moment in which the client moves.
//!
//! Until the client says that it has moved, everything stays with polling; what is queued then leaves by the
//! WebSocket. A WebSocket that does not finish this is dropped and the session goes on as it was.

use http::HeaderMap;
use http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::upgrade::OnUpgrade;
use sha1::{Digest, Sha1};

use super::polling::{Unexpected, Upgrade};
use super::session::{Life, Session};
use super::websocket::WebSocket;
use crate::Reason;

/// The value of `Sec-WebSocket-Accept`, when the request asks for a WebSocket of RFC 6455.
pub(super) fn accept_key(headers: &HeaderMap) -> Option<String> {
    use base64::Engine as _;
    let says = |name, token: &str| {
        headers.get_all(name).iter().any(|value| {
            value.to_str().is_ok_and(|value| {
                value
                    .split(',')
                    .any(|part| part.trim().eq_ignore_ascii_case(token))
            })
        })
    };
    let version = headers.get(SEC_WEBSOCKET_VERSION)?.as_bytes() == b"13";
    let key = headers.get(SEC_WEBSOCKET_KEY)?;
    if !version || !says(UPGRADE, "websocket") || !says(CONNECTION, "upgrade") {
        return None;
    }
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    Some(base64::engine::general_purpose::STANDARD.encode(hash.finalize()))
}

/// Reserves the one upgrade that a session may have under way.
pub(super) fn claim(session: &Session) -> Result<(), Unexpected> {
    let mut state = session.lock();
    let open = state.life == Life::Open;
    let polling = state.polling.as_mut().ok_or(Unexpected)?;
    if !open || !matches!(polling.upgrade, Upgrade::No) {
        return Err(Unexpected);
    }
    polling.upgrade = Upgrade::Claimed;
    Ok(())
}

/// Leads a claimed upgrade to its end.
pub(super) async fn run(session: Session, upgrade: OnUpgrade) {
    let claim = Claim(&session);
    let timeout = session.config().upgrade_timeout;
    let moved = tokio::time::timeout(timeout, async {
        let upgraded = upgrade.await.map_err(|_| Reason::TransportError)?;
        let mut socket = WebSocket::new(upgraded);
        probe(&session, &mut socket).await?;
        Ok::<_, Reason>(socket)
    });
    if let Ok(Ok(socket)) = moved.await
        && let Some(polling) = session.lock().polling.as_deref_mut()
    {
        polling.upgrade = Upgrade::Done(Box::new(socket));
    }
    drop(claim);
    session.wake();
}

/// Closes a WebSocket that came for a session which has one, or is about to; the session does not mind.
pub(super) async fn turn_away(session: Session, upgrade: OnUpgrade) {
    let config = session.config();
    if let Ok(Ok(upgraded)) = tokio::time::timeout(config.upgrade_timeout, upgrade).await {
        let patience = config.close_timeout;
        WebSocket::new(upgraded)
            .finish(Reason::TransportClose, patience)
            .await;
    }
}

async fn probe(session: &Session, socket: &mut WebSocket) -> Result<(), Reason> {
    let max = session.config().max_payload;
    if socket.next_text(max).await? != "2probe" {
        return Err(Reason::ProtocolError);
    }
    socket.write_text(b"3probe").await?;
    let get = {
        let mut state = session.lock();
        let polling = state.polling.as_mut().ok_or(Reason::TransportClose)?;
        polling.upgrade = Upgrade::Probed;
        polling.get.take()
    };
    if let Some(get) = get {
        get.wake();
    }
    if socket.next_text(max).await? != "5" {
        return Err(Reason::ProtocolError);
    }
    Ok(())
}

/// Gives the place back when an upgrade comes to nothing.
struct Claim<'a>(&'a Session);

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(polling) = self.0.lock().polling.as_deref_mut()
            && !matches!(polling.upgrade, Upgrade::Done(_))
        {
            polling.upgrade = Upgrade::No;
        }
    }
}
