//! The trace that work belongs to, from hop to hop (W3C Trace Context, `traceparent`).
//!
//! Owns the reading and writing of the header; spans and their export belong to who logs.

use std::fmt;
use std::str::FromStr;

use crate::ports::Ids;

/// One place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The whole trace; never 0.
    pub trace_id: u128,
    /// This place in it; never 0.
    pub span_id: u64,
    /// Whether the caller records it.
    pub sampled: bool,
}

/// The text is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent of W3C Trace Context")]
pub struct NotATrace;

impl TraceContext {
    /// A new trace, for work that nobody's trace led to.
    #[must_use]
    pub fn root(ids: &dyn Ids) -> Self {
        let mut random = [0; 16];
        ids.fill_name(&mut random);
        Self {
            trace_id: u128::from_be_bytes(random).max(1),
            span_id: span_id(ids),
            sampled: true,
        }
    }

    /// The next place of the same trace.
    #[must_use]
    pub fn child(&self, ids: &dyn Ids) -> Self {
        Self {
            span_id: span_id(ids),
            ..*self
        }
    }

    /// The next place of the trace that a header names, or a new trace when it names none.
    #[must_use]
    pub fn continued(header: Option<&str>, ids: &dyn Ids) -> Self {
        let known: Option<Self> = header.and_then(|header| header.parse().ok());
        known.map_or_else(|| Self::root(ids), |known| known.child(ids))
    }

    /// The trace's id as logs and headers write it: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

fn span_id(ids: &dyn Ids) -> u64 {
    let mut random = [0; 8];
    ids.fill_name(&mut random);
    u64::from_be_bytes(random).max(1)
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id,
            self.span_id,
            u8::from(self.sampled)
        )
    }
}

impl FromStr for TraceContext {
    type Err = NotATrace;

    /// Reads version 00, and what later versions share with it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let mut part = |digits: usize| {
            let lower_hex = |part: &&str| {
                part.bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            };
            parts
                .next()
                .filter(|part| part.len() == digits)
                .filter(lower_hex)
                .ok_or(NotATrace)
        };
        let (version, trace_id, span_id, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return Err(NotATrace);
        }
        let trace_id = u128::from_str_radix(trace_id, 16).map_err(|_| NotATrace)?;
        let span_id = u64::from_str_radix(span_id, 16).map_err(|_| NotATrace)?;
        let flags = u8::from_str_radix(flags, 16).map_err(|_| NotATrace)?;
        if trace_id == 0 || span_id == 0 {
            return Err(NotATrace);
        }
        Ok(Self {
            trace_id,
            span_id,
            sampled: flags & 1 == 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use souk_domain::OrderNumber;

    struct Counting;

    impl Ids for Counting {
        fn uuid(&self) -> uuid::Uuid {
            uuid::Uuid::nil()
        }
        fn order_number(&self) -> OrderNumber {
            OrderNumber::from_random(0)
        }
        fn fill_secret(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn a_header_reads_back_and_goes_on() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let trace: TraceContext = header.parse().expect("a good header");
        assert!(trace.sampled);
        assert_eq!(trace.to_string(), header);
        assert_eq!(trace.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        let next = TraceContext::continued(Some(header), &Counting);
        assert_eq!(
            (next.trace_id, next.span_id),
            (trace.trace_id, 0x0707_0707_0707_0707)
        );
        assert_ne!(
            TraceContext::continued(Some("nonsense"), &Counting).trace_id,
            trace.trace_id
        );
        assert_eq!(
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
                .parse()
                .map(|t: TraceContext| t.sampled),
            Ok(false)
        );
        assert!(
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later"
                .parse::<TraceContext>()
                .is_ok()
        );
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for wrong in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(wrong.parse::<TraceContext>(), Err(NotATrace), "{wrong}");
        }
    }
}
