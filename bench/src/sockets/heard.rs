//! Numbered messages, and when the last of many sockets has heard each.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longest wait until a message has reached everybody.
const PATIENCE: Duration = Duration::from_secs(10);

/// By how many each message was heard, and when by all. A handle: clones are the same one.
#[derive(Clone, Default)]
pub struct HeardBy(Arc<Mutex<Vec<Heard>>>);

#[derive(Clone, Copy, Default)]
struct Heard {
    count: usize,
    by_all: Option<Instant>,
}

impl HeardBy {
    /// The text of a message, which says its number; about as long as those that are posted to measure rates.
    pub fn text(number: usize) -> String {
        format!("#{number} {}", "x".repeat(12))
    }

    /// One of so many sockets heard this.
    pub fn note(&self, heard: &[u8], all: usize) {
        let Some(number) = number_of(heard) else {
            return;
        };
        let mut messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if messages.len() <= number {
            messages.resize(number + 1, Heard::default());
        }
        let message = &mut messages[number];
        message.count += 1;
        if message.count == all {
            message.by_all = Some(Instant::now());
        }
    }

    /// Waits until everybody has heard a message; when that was.
    pub async fn by_all(&self, number: usize) -> anyhow::Result<Instant> {
        let waiting = Instant::now();
        loop {
            if let Some(reached) = self.reached(number) {
                return Ok(reached);
            }
            let patient = waiting.elapsed() < PATIENCE;
            anyhow::ensure!(patient, "message {number} did not reach everybody");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn reached(&self, number: usize) -> Option<Instant> {
        let messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        messages.get(number)?.by_all
    }
}

/// The number in `"text":"#12 …`.
fn number_of(text: &[u8]) -> Option<usize> {
    const MARK: &[u8] = br##""text":"#"##;
    let at = text.windows(MARK.len()).position(|some| some == MARK)?;
    let digits = text[at + MARK.len()..].split(|byte| *byte == b' ').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_by_its_number() {
        assert_eq!(
            number_of(br##"42["entry",{"data":{"text":"#17 xx"}}]"##),
            Some(17)
        );
        assert_eq!(number_of(br#"42["entry",{"data":{"text":"17"}}]"#), None);
    }
}
