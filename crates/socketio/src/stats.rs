//! What the server counts. Counters only grow, gauges say what is now; reading them costs a few loads.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::Reason;

/// What was counted until now, for the embedding's metrics.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// Handshakes accepted since the start.
    pub connections: u64,
    /// Handshakes refused since the start (limits, origin, shutdown).
    pub refused: u64,
    /// Connections open now whose transport is long polling.
    pub polling: u64,
    /// Connections open now whose transport is a WebSocket.
    pub websocket: u64,
    /// Sockets connected now, over all namespaces.
    pub sockets: u64,
    /// Messages received since the start (an attachment is one too).
    pub packets_in: u64,
    /// Messages handed to transports since the start (an attachment is one too).
    pub packets_out: u64,
    /// Connections closed since the start, by the name of the reason.
    pub closes: Vec<(&'static str, u64)>,
}

/// The counters themselves.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub connections: AtomicU64,
    pub refused: AtomicU64,
    pub polling: AtomicU64,
    pub websocket: AtomicU64,
    pub sockets: AtomicU64,
    pub packets_in: AtomicU64,
    pub packets_out: AtomicU64,
    closes: [AtomicU64; Reason::NAMES.len()],
}

impl Counters {
    pub(crate) fn closed(&self, reason: Reason) {
        self.closes[reason.index()].fetch_add(1, Relaxed);
    }

    pub(crate) fn read(&self) -> Stats {
        Stats {
            connections: self.connections.load(Relaxed),
            refused: self.refused.load(Relaxed),
            polling: self.polling.load(Relaxed),
            websocket: self.websocket.load(Relaxed),
            sockets: self.sockets.load(Relaxed),
            packets_in: self.packets_in.load(Relaxed),
            packets_out: self.packets_out.load(Relaxed),
            closes: Reason::NAMES
                .iter()
                .zip(&self.closes)
                .map(|(name, count)| (*name, count.load(Relaxed)))
                .collect(),
        }
    }
}
