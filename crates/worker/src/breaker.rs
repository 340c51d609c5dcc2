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
    pub(crate) async fn send(&self, mailer: &dyn Mailer, mail: &OutgoingMail) -> Result<(), Stopped> {
        let is_try = self.silent.load(Ordering::Relaxed) >= self.most_silent;
        let _turn = if is_try { Some(self.tries.try_acquire().map_err(|_| Stopped::Open)?) } else { None };
        let silence = |error: &MailError| matches!(error, MailError::Unavailable(_));
        match self.recloser.call_with(silence, mailer.send(mail)).await {
            Ok(()) => {
                self.answered();
                Ok(())
            }
            Err(Error::Rejected) => {
                self.silent_for(self.most_silent);
                Err(Stopped::Open)
            }
            Err(Error::Inner(error)) if silence(&error) => {
                self.silent_for(self.silent.load(Ordering::Relaxed).saturating_add(1));
                if !is_try {
                    return Err(Stopped::Tried(error));
                }
                tracing::warn!(provider = self.provider, error = &error as &dyn std::error::Error, "the provider is still silent");
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

    fn silent_for(&self, calls: u32) {
        let before = self.silent.fetch_max(calls, Ordering::Relaxed);
        if calls >= self.most_silent && before < self.most_silent {
            tracing::warn!(provider = self.provider, "the provider does not answer; its jobs wait");
        }
        if calls >= self.most_silent {
            metrics::gauge!("souk_breaker_open", "provider" => self.provider).set(1.0);
        }
    }
}
