//! No text makes the packet parser panic, and what it reads keeps to its limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use souk_socketio::packet::{MAX_NAMESPACE, Packet, decode};

fuzz_target!(|text: &str| {
    if let Ok((namespace, packet)) = decode(text, 16) {
        assert!(namespace.len() <= MAX_NAMESPACE);
        if let Packet::Event { attachments, .. } | Packet::Ack { attachments, .. } = packet {
            assert!(attachments <= 16);
        }
    }
});
