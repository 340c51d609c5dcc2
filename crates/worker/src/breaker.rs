//! A circuit breaker before a mail provider.
//!
//! Only silence counts ([`MailError::Unavailable`]): a provider that refuses one mail is well. `recloser` decides when
//! the circuit opens and when it may be tried again; it lets any number of calls try, so this lets through one at a time
//! until the provider has answered. A failed try is nobody's fault, and burns no attempt of the job it was made with.

use std::sync::atomic::{AtomicU32, Ordering};

use recloser::{AsyncRecloser, Error, Recloser};
use souk_app::ports::{MailError, Mailer, OutgoingMail};
use tokio::sync::Semaphore;

use crate::options::BreakerOptions;

/// Why a mail did not go out.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The circuit is open, or this was the try that found the provider still silent.
    Open,
    /// The mail was tried on a closed circuit.
    Tried(MailError),
}

/// A provider's circuit.
pub(crate) struct Breaker {
    provider: &'static str,
    recloser: AsyncRecloser,
    /// Calls without an answer since the last answer.
    silent: AtomicU32,
    /// With so many of them the circuit is open for certain.
    most_silent: u32,
    tries: Semaphore,
}

impl Breaker {
    pub(crate) fn new(provider: &'static str, options: &BreakerOptions) -> Self {
        let window = options.window.max(1);
        let recloser = Recloser::custom()
            .error_rate(0.5)
            .closed_len(window as usize)
            .half_open_len(1)
            .open_wait(options.wait)
            .build();
        metrics::gauge!("souk_breaker_open", "provider" => provider).set(0.0);
        Self {
            provider,
            recloser: recloser.into(),
            silent: AtomicU32::new(0),
            // The window is judged with the first call after it is full.
            most_silent: window.saturating_add(1),
            tries: Semaphore::new(1),
        }
    }

    /// Sends a mail, if the circuit lets it through.
    pub(crate) async fn send(
        &self,
        mailer: &dyn Mailer,
        mail: &OutgoingMail,
    ) -> Result<(), Stopped> {
        let is_try = self.silent.load(Ordering::Relaxed) >= self.most_silent;
        let _turn = if is_try {
            Some(self.tries.try_acquire().map_err(|_| Stopped::Open)?)
        } else {
            None
        };
        let silence = |error: &MailError| matches!(error, MailError::Unavailable(_));
        match self.recloser.call_with(silence, mailer.send(mail)).await {
            Ok(()) => {
                self.answered();
                Ok(())
            }
            Err(Error::Rejected) => {
                self.is_open();
                Err(Stopped::Open)
            }
            Err(Error::Inner(error)) if silence(&error) => {
                self.silence_grows();
                if !is_try {
                    return Err(Stopped::Tried(error));
                }
                tracing::warn!(
                    provider = self.provider,
                    error = &error as &dyn std::error::Error,
                    "the provider is still silent"
                );
                Err(Stopped::Open)
            }
            Err(Error::Inner(error)) => {
                self.answered();
                Err(Stopped::Tried(error))
            }
        }
    }

    fn answered(&self) {
        if self.silent.swap(0, Ordering::Relaxed) >= self.most_silent {
            tracing::info!(provider = self.provider, "the provider answers again");
        }
        metrics::gauge!("souk_breaker_open", "provider" => self.provider).set(0.0);
    }

    fn silence_grows(&self) {
        let before = self.silent.fetch_add(1, Ordering::Relaxed);
        self.seen_open(before, before.saturating_add(1));
    }

    fn is_open(&self) {
        let before = self.silent.fetch_max(self.most_silent, Ordering::Relaxed);
        self.seen_open(before, self.most_silent);
    }

    fn seen_open(&self, before: u32, now: u32) {
        if now < self.most_silent {
            return;
        }
        if before < self.most_silent {
            tracing::warn!(
                provider = self.provider,
                "the provider does not answer; its jobs wait"
            );
        }
        metrics::gauge!("souk_breaker_open", "provider" => self.provider).set(1.0);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use async_trait::async_trait;
    use souk_app::ports::{Letter, Mailbox};
    use souk_domain::shop::ShopSettings;
    use souk_domain::{Locale, Timestamp};
    use tokio::time::sleep;
    use uuid::Uuid;

    use super::*;

    const WAIT: Duration = Duration::from_millis(200);

    /// A provider that does what it is told, and counts.
    #[derive(Default)]
    struct Provider {
        says: std::sync::Mutex<Says>,
        asked: AtomicU32,
    }

    #[derive(Default, Clone, Copy)]
    enum Says {
        #[default]
        Yes,
        No,
        Nothing,
        NothingForLong,
    }

    impl Provider {
        fn says(&self, says: Says) {
            *self.says.lock().unwrap() = says;
        }
        fn asked(&self) -> u32 {
            self.asked.swap(0, Ordering::SeqCst)
        }
    }

    #[async_trait]
    impl Mailer for Provider {
        async fn send(&self, _mail: &OutgoingMail) -> Result<(), MailError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let says = *self.says.lock().unwrap();
            match says {
                Says::Yes => Ok(()),
                Says::No => Err(MailError::Refused("550".into())),
                Says::Nothing => Err(MailError::Unavailable("silence".into())),
                Says::NothingForLong => {
                    sleep(WAIT).await;
                    Err(MailError::Unavailable("silence".into()))
                }
            }
        }
        async fn check(&self) -> Result<(), MailError> {
            Ok(())
        }
        fn mailbox(&self) -> Option<&dyn Mailbox> {
            None
        }
    }

    fn mail() -> OutgoingMail {
        OutgoingMail {
            id: Uuid::nil(),
            to: "a@b.co".parse().unwrap(),
            name: String::new(),
            locale: Locale::Ar,
            at: Timestamp::UNIX_EPOCH,
            shop: ShopSettings::new("SAR".parse().unwrap()),
            letter: Letter::VerifyEmail {
                token: String::new(),
            },
            trace: None,
        }
    }

    fn breaker() -> Breaker {
        Breaker::new(
            "test",
            &BreakerOptions {
                window: 4,
                wait: WAIT,
            },
        )
    }

    /// Sends until the circuit is open; how many attempts that burned.
    async fn open(breaker: &Breaker, provider: &Provider) -> u32 {
        provider.says(Says::Nothing);
        for burned in 0..100 {
            if matches!(breaker.send(provider, &mail()).await, Err(Stopped::Open)) {
                return burned;
            }
        }
        panic!("the circuit never opens");
    }

    #[tokio::test]
    async fn silence_opens_the_circuit_and_then_nothing_is_tried_or_burned() {
        let (breaker, provider) = (breaker(), Provider::default());
        assert_eq!(open(&breaker, &provider).await, 5);
        assert_eq!(provider.asked(), 5);
        for _ in 0..10 {
            assert!(matches!(
                breaker.send(&provider, &mail()).await,
                Err(Stopped::Open)
            ));
        }
        assert_eq!(provider.asked(), 0);
    }

    #[tokio::test]
    async fn tries_that_fail_burn_nothing_and_one_answer_closes_the_circuit() {
        let (breaker, provider) = (breaker(), Provider::default());
        open(&breaker, &provider).await;
        for _ in 0..3 {
            sleep(WAIT + Duration::from_millis(50)).await;
            provider.asked();
            for _ in 0..10 {
                assert!(matches!(
                    breaker.send(&provider, &mail()).await,
                    Err(Stopped::Open)
                ));
            }
            assert!((1..=2).contains(&provider.asked()), "a try or two, not ten");
        }
        provider.says(Says::Yes);
        sleep(WAIT + Duration::from_millis(50)).await;
        for _ in 0..5 {
            assert!(breaker.send(&provider, &mail()).await.is_ok());
        }
        assert!(
            (1..=5).contains(&open(&breaker, &provider).await),
            "closed: silence counts from the start"
        );
    }

    #[tokio::test]
    async fn one_try_at_a_time() {
        let (breaker, provider) = (breaker(), Provider::default());
        open(&breaker, &provider).await;
        sleep(WAIT + Duration::from_millis(50)).await;
        provider.asked();
        provider.says(Says::NothingForLong);
        let (mailer, mail) = (&provider, mail());
        let sends = (0..8).map(|_| breaker.send(mailer, &mail));
        let results = futures::future::join_all(sends).await;
        assert!(
            results
                .iter()
                .all(|result| matches!(result, Err(Stopped::Open)))
        );
        assert_eq!(provider.asked(), 1);
    }

    #[tokio::test]
    async fn a_provider_that_refuses_mails_is_well() {
        let (breaker, provider) = (breaker(), Provider::default());
        provider.says(Says::No);
        for _ in 0..20 {
            assert!(matches!(
                breaker.send(&provider, &mail()).await,
                Err(Stopped::Tried(MailError::Refused(_)))
            ));
        }
        assert_eq!(provider.asked(), 20);
    }
}
