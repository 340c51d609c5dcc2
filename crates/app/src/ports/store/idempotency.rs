//! Answers kept for keys, so that a repeated mutation is answered and not done again.

use async_trait::async_trait;
use souk_domain::{Timestamp, UserId};

use super::EngineError;
use super::retention::{self, ANSWERS};

/// An answer that was given under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, if there was a body.
    pub content_type: Option<String>,
    /// `ETag` of what the answer shows, if it has one.
    pub etag: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// It is ours now: do the work, then keep the answer or let the key go.
    Taken,
    /// The same request is being worked on.
    Running,
    /// It was answered.
    Answered(KeptAnswer),
    /// It was used for another request.
    OtherRequest,
}

/// A key as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// The hash of the request that took it.
    pub request_hash: [u8; 32],
    /// When that was.
    pub taken_at: Timestamp,
    /// What was answered; none while the request is worked on.
    pub answer: Option<KeptAnswer>,
}

impl KeptKey {
    /// What is known of the key, for a request with the hash `asked`; none when it is free again.
    #[must_use]
    pub fn judge(
        self,
        asked: &[u8; 32],
        now: Timestamp,
        abandoned_before: Timestamp,
    ) -> Option<KeyState> {
        let same = self.request_hash == *asked;
        let outlived = self.taken_at < retention::oldest_kept(ANSWERS, now);
        let abandoned = self.answer.is_none() && self.taken_at < abandoned_before && same;
        if outlived || abandoned {
            return None;
        }
        Some(match self.answer {
            _ if !same => KeyState::OtherRequest,
            Some(answer) => KeyState::Answered(answer),
            None => KeyState::Running,
        })
    }
}

/// Answers of mutations other than orders, kept for 24 hours under the user's `Idempotency-Key`.
#[async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// Takes a key for a request with this hash, or says what is known of it. A key that was taken before
    /// `abandoned_before` and never answered is taken over.
    async fn take_key(
        &self,
        user: UserId,
        key: &str,
        request_hash: [u8; 32],
        now: Timestamp,
        abandoned_before: Timestamp,
    ) -> Result<KeyState, EngineError>;
    /// Keeps the answer of a taken key.
    async fn keep_answer(
        &self,
        user: UserId,
        key: &str,
        answer: KeptAnswer,
    ) -> Result<(), EngineError>;
    /// Lets a taken key go: the request was refused and binds nothing.
    async fn release_key(&self, user: UserId, key: &str) -> Result<(), EngineError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn a_key_is_free_when_it_was_outlived_or_its_request_was_left() {
        let answer = KeptAnswer {
            status: 204,
            content_type: None,
            etag: None,
            body: vec![],
        };
        let (mine, other) = ([1; 32], [2; 32]);
        let judge = |answer: Option<&KeptAnswer>, asked, now, abandoned_before| {
            let kept = KeptKey {
                request_hash: mine,
                taken_at: at(1_000),
                answer: answer.cloned(),
            };
            kept.judge(asked, at(now), at(abandoned_before))
        };
        let answered = Some(&answer);
        let day = 24 * 60 * 60;
        assert_eq!(judge(None, &mine, 1_001, 1_000), Some(KeyState::Running));
        assert_eq!(judge(None, &mine, 1_002, 1_001), None);
        assert_eq!(
            judge(None, &other, 1_002, 1_001),
            Some(KeyState::OtherRequest),
            "only the same request takes up what was left"
        );
        for now in [1_002, 1_000 + day] {
            assert_eq!(
                judge(answered, &mine, now, 1_001),
                Some(KeyState::Answered(answer.clone()))
            );
            assert_eq!(
                judge(answered, &other, now, 1_001),
                Some(KeyState::OtherRequest)
            );
        }
        assert_eq!(judge(answered, &other, 1_001 + day, 0), None);
    }
}
