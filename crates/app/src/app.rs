//! The application: the ports, put together.

use std::sync::Arc;

use souk_domain::shop::ShopSettings;
use souk_domain::{EventRecord, Timestamp};
use tokio::sync::mpsc;

use crate::accounts::{LoginQuotas, Passwords, Tokens};
use crate::catalog::pages::Pages;
use crate::committer::Committer;
use crate::ports::store::Store;
use crate::ports::{
    Bus, Cache, Clock, EngineError, Files, Ids, Limits, Mailer, Presence, Queue, Turns,
};

/// What the owner of the machine decides, and nobody at run time.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the shop's pages are, without a slash at the end: for links in mails.
    pub public_url: String,
    /// How often somebody may try to sign in, and the like.
    pub quotas: LoginQuotas,
    /// Whether this is a demo, which says so.
    pub demo: bool,
}

/// Everything a use case needs.
pub struct App {
    /// Data.
    pub store: Arc<dyn Store>,
    /// Jobs.
    pub queue: Arc<dyn Queue>,
    /// Blobs.
    pub files: Arc<dyn Files>,
    /// Mail.
    pub mailer: Arc<dyn Mailer>,
    /// News between instances.
    pub bus: Arc<dyn Bus>,
    /// Who is there.
    pub presence: Arc<dyn Presence>,
    /// What may be forgotten.
    pub cache: Arc<dyn Cache>,
    /// Pages of the catalogue.
    pub pages: Arc<Pages>,
    /// How often somebody may try.
    pub limits: Arc<dyn Limits>,
    /// Whose turn it is.
    pub turns: Arc<dyn Turns>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Arc<dyn Ids>,
    /// Signs and reads tokens.
    pub tokens: Tokens,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Gathers what changes orders and stock.
    pub committer: Committer,
    /// Hands events on as soon as they are committed.
    pub relay: Relay,
    /// What the owner of the machine decides.
    pub options: Options,
}

impl App {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The shop's settings.
    pub async fn shop(&self) -> Result<ShopSettings, EngineError> {
        let kept = self.store.shop().await?;
        kept.ok_or_else(|| EngineError::Refused("the shop has no settings yet".into()))
    }
}

/// The way from a commit to the relay of this process. What does not fit is no loss: the sweeper finds it in the outbox.
#[derive(Debug, Clone)]
pub struct Relay(mpsc::Sender<Vec<EventRecord>>);

impl Relay {
    /// A relay's two ends; at most `capacity` commits wait.
    #[must_use]
    pub fn channel(capacity: usize) -> (Self, mpsc::Receiver<Vec<EventRecord>>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Self(sender), receiver)
    }

    /// Hands committed events over.
    pub fn hand_over(&self, events: Vec<EventRecord>) {
        if !events.is_empty() && self.0.try_send(events).is_err() {
            metrics::counter!("souk_relay_overflow_total").increment(1);
        }
    }
}
