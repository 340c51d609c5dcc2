//! The worker on the embedded store and queue: from an event in the outbox to the mail.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::disallowed_methods)] // Tests run on real time and real randomness.

use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use souk_app::accounts::{LoginQuotas, Passwords, SigningKey, Tokens};
use souk_app::catalog::pages::Pages;
use souk_app::committer::{Committer, CommitterOptions};
use souk_app::local::{LocalBus, LocalPresence, MemoryCache, NoLimits};
use souk_app::ports::store::{NewUser, Store};
use souk_app::ports::{
    Blob, Clock, EngineError, Files, Ids, Letter, MailError, Mailbox, Mailer, OutgoingMail,
};
use souk_app::trace::TraceContext;
use souk_app::{App, Options, Relay};
use souk_domain::catalog::{Inventory, Product, ProductStatus, Variant};
use souk_domain::order::commit::{Action, Command, Outcome, PlaceOrder};
use souk_domain::order::{PaymentMethod, RequestedLine};
use souk_domain::shop::ShopSettings;
use souk_domain::stream::{Author, EntryBody, Span, StreamKey};
use souk_domain::user::{Role, User};
use souk_domain::{
    Event, EventId, EventRecord, Locale, Money, OrderId, OrderNumber, ProductId, Timestamp, UserId,
    VariantId,
};
use souk_store_sqlite::{SqliteOptions, SqliteStore};
use souk_worker::{BreakerOptions, RetryOptions, Worker, WorkerOptions, drained};
use tokio::sync::mpsc;
use uuid::Uuid;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const PATIENCE: Duration = Duration::from_secs(20);

struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[derive(Default)]
struct Counter(AtomicU64);

impl Ids for Counter {
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
    fn order_number(&self) -> OrderNumber {
        OrderNumber::from_random(self.0.fetch_add(1, Ordering::SeqCst))
    }
    fn fill_secret(&self, buffer: &mut [u8]) {
        buffer.fill(self.0.fetch_add(1, Ordering::SeqCst).to_le_bytes()[0] | 1);
    }
}

struct NoFiles;

#[async_trait]
impl Files for NoFiles {
    async fn put(&self, _key: &str, _blob: Blob) -> Result<(), EngineError> {
        Ok(())
    }
    async fn get(&self, _key: &str) -> Result<Option<Blob>, EngineError> {
        Ok(None)
    }
    async fn remove(&self, _key: &str) -> Result<(), EngineError> {
        Ok(())
    }
    async fn check(&self) -> Result<(), EngineError> {
        Ok(())
    }
}

/// A provider that keeps what it takes; it is silent while told to be, and refuses the address `refused@…`.
#[derive(Default)]
struct Provider {
    mails: Mutex<Vec<OutgoingMail>>,
    silent: AtomicU32,
    busy: AtomicU32,
}

impl Provider {
    fn mails(&self) -> Vec<OutgoingMail> {
        self.mails.lock().unwrap().clone()
    }
    fn to(&self, address: &str) -> Vec<OutgoingMail> {
        self.mails()
            .into_iter()
            .filter(|mail| mail.to.as_str() == address)
            .collect()
    }
}

fn counts_down(counter: &AtomicU32) -> bool {
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        })
        .is_ok()
}

#[async_trait]
impl Mailer for Provider {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        if counts_down(&self.silent) {
            return Err(MailError::Unavailable("nobody answers".into()));
        }
        if mail.to.as_str() == "refused@mail.example" {
            return Err(MailError::Refused("550 no such user".into()));
        }
        if mail.to.as_str() == "busy@mail.example" && counts_down(&self.busy) {
            return Err(MailError::Later("451 try again".into()));
        }
        self.mails.lock().unwrap().push(mail.clone());
        Ok(())
    }
    async fn check(&self) -> Result<(), MailError> {
        Ok(())
    }
    fn mailbox(&self) -> Option<&dyn Mailbox> {
        None
    }
}

struct Shop {
    app: Arc<App>,
    provider: Arc<Provider>,
    variant: VariantId,
    events: Option<mpsc::Receiver<Vec<EventRecord>>>,
}

/// Opens the shop on a folder; what was there is there. None while another has the folder open.
fn open(folder: &Path) -> Option<Shop> {
    let store = SqliteStore::open(&folder.join("souk.db"), SqliteOptions::default()).ok()?;
    let queue = store.queue();
    let store: Arc<dyn Store> = Arc::new(store);
    let ids: Arc<dyn Ids> = Arc::new(Counter::default());
    let (relay, events) = Relay::channel(64);
    let bus = Arc::new(LocalBus::default());
    let cache = Arc::new(MemoryCache::new(1 << 20));
    let pages = Arc::new(Pages::new(cache.clone(), bus.clone(), ids.clone()));
    let (committer, _) = Committer::start(
        store.clone(),
        relay.clone(),
        bus.clone(),
        pages.clone(),
        ids.clone(),
        Arc::new(souk_app::local::NoRivals),
        CommitterOptions::default(),
    );
    let provider = Arc::new(Provider::default());
    let app = App {
        store,
        queue: Arc::new(queue),
        files: Arc::new(NoFiles),
        mailer: provider.clone(),
        bus,
        presence: Arc::new(LocalPresence::default()),
        cache,
        pages,
        limits: Arc::new(NoLimits),
        turns: Arc::new(souk_app::local::NoRivals),
        clock: Arc::new(RealClock),
        tokens: Tokens::new(&[SigningKey::new(&[7; 32], Timestamp::UNIX_EPOCH)]).unwrap(),
        passwords: Passwords::new(1, &*ids).unwrap(),
        ids,
        committer,
        relay,
        options: Options {
            public_url: "https://shop.example".to_owned(),
            quotas: LoginQuotas::default(),
            demo: false,
        },
    };
    let variant = VariantId(Uuid::from_u128(11));
    Some(Shop {
        app: Arc::new(app),
        provider,
        variant,
        events: Some(events),
    })
}

/// Opens a new shop that sells one thing.
async fn found(folder: &Path) -> Shop {
    let shop = open(folder).unwrap();
    let settings = ShopSettings::new("SAR".parse().unwrap());
    shop.app.store.keep_shop(&settings).await.unwrap();
    let now = Timestamp::now();
    let variant = Variant {
        id: shop.variant,
        sku: String::new(),
        options: Vec::new(),
        price: Money::new(1_000, settings.currency),
        compare_at: None,
        inventory: Inventory::Untracked,
        low_stock_at: None,
    };
    let product = Product {
        id: ProductId(Uuid::from_u128(10)),
        handle: "mug".to_owned(),
        title: "Mug".to_owned(),
        description_html: String::new(),
        translations: [].into(),
        status: ProductStatus::Published,
        options: Vec::new(),
        variants: vec![variant],
        images: Vec::new(),
        tags: Vec::new(),
        category: None,
        vendor: None,
        created_at: now,
        updated_at: now,
    };
    shop.app
        .store
        .create_product(&product, &[], "test")
        .await
        .unwrap();
    shop
}

impl Shop {
    async fn user(&self, email: Option<&str>, role: Role, locale: Locale) -> User {
        let user = User {
            id: UserId(Uuid::now_v7()),
            email: email.map(|email| email.parse().unwrap()),
            email_verified: false,
            name: "Sara".to_owned(),
            role,
            locale,
            created_at: Timestamp::now(),
        };
        let password_hash = (role != Role::Guest).then(|| "hash".to_owned());
        let new = NewUser {
            user: user.clone(),
            password_hash,
            session: None,
            events: Vec::new(),
        };
        self.app.store.create_user(new).await.unwrap();
        user
    }

    async fn buy(&self, buyer: &User, locale: Locale) -> OrderId {
        let order = PlaceOrder {
            id: OrderId(Uuid::now_v7()),
            number: OrderNumber::from_random(Uuid::now_v7().as_u64_pair().1),
            buyer: Author {
                id: buyer.id,
                name: buyer.name.clone(),
                role: buyer.role,
            },
            key: Uuid::now_v7().to_string(),
            request_hash: [0; 32],
            lines: vec![RequestedLine {
                variant: self.variant,
                quantity: 2,
            }],
            expected_total: None,
            address: None,
            note: None,
            payment: PaymentMethod::Cod,
            locale,
        };
        let command = Command {
            action: Action::Place(Box::new(order)),
            at: Timestamp::now(),
            trace: Some(TRACE.to_owned()),
        };
        let Outcome::Placed { order, .. } = self.app.committer.submit(command).await.unwrap()
        else {
            panic!("not placed")
        };
        order.id
    }

    async fn state(&self, event: Event) {
        let record = EventRecord {
            id: EventId(Uuid::now_v7()),
            event,
            at: Timestamp::now(),
            trace: Some(TRACE.to_owned()),
        };
        self.app.store.state(vec![record.clone()]).await.unwrap();
        self.app.relay.hand_over(vec![record]);
    }

    fn work(&mut self) -> Worker {
        Worker::start(self.app.clone(), self.events.take().unwrap(), options())
    }

    async fn staff_stream(&self) -> Vec<EntryBody> {
        let page = self
            .app
            .store
            .entries(StreamKey::Store, Span::Latest(200))
            .await
            .unwrap();
        page.entries
            .into_iter()
            .filter_map(|entry| entry.content.body().cloned())
            .collect()
    }
}

fn options() -> WorkerOptions {
    WorkerOptions {
        retry: RetryOptions {
            attempts: 4,
            base: Duration::from_millis(20),
            cap: Duration::from_millis(100),
        },
        breaker: BreakerOptions {
            window: 2,
            wait: Duration::from_millis(200),
        },
        sweep_every: Duration::from_millis(100),
        ..WorkerOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_ends_in_mails_in_everybodys_language_under_one_trace() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = found(folder.path()).await;
    let buyer = shop
        .user(Some("buyer@mail.example"), Role::Customer, Locale::En)
        .await;
    shop.user(Some("staff@mail.example"), Role::Staff, Locale::En)
        .await;
    shop.user(Some("admin@mail.example"), Role::Admin, Locale::Ar)
        .await;
    let nobody = shop.user(None, Role::Guest, Locale::Ar).await;
    let worker = shop.work();
    let order = shop.buy(&buyer, Locale::Ar).await;
    shop.buy(&nobody, Locale::Ar).await;
    assert!(drained(&shop.app, PATIENCE).await);

    let receipts = shop.provider.to("buyer@mail.example");
    assert_eq!(receipts.len(), 1);
    assert_eq!(
        receipts[0].locale,
        Locale::Ar,
        "the language it was bought in"
    );
    assert!(matches!(&receipts[0].letter, Letter::Receipt { order: sent } if sent.id == order));
    let trace: TraceContext = receipts[0].trace.as_ref().unwrap().parse().unwrap();
    assert_eq!(trace.trace_id(), "0af7651916cd43dd8448eb211c80319c");
    for (address, locale) in [
        ("staff@mail.example", Locale::En),
        ("admin@mail.example", Locale::Ar),
    ] {
        let mails = shop.provider.to(address);
        assert_eq!(mails.len(), 2, "one for each order");
        assert!(mails.iter().all(|mail| mail.locale == locale && matches!(mail.letter, Letter::NewOrder { .. })));
    }
    assert_eq!(
        shop.provider.mails().len(),
        5,
        "nobody to write to is no failure"
    );
    assert_eq!(shop.staff_stream().await.len(), 2);
    worker.stop(PATIENCE).await;
    assert_eq!(shop.app.store.verify().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_carry_tokens_that_work() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = found(folder.path()).await;
    let user = shop
        .user(Some("user@mail.example"), Role::Customer, Locale::Ar)
        .await;
    let _worker = shop.work();
    shop.state(Event::EmailVerificationRequested { user_id: user.id })
        .await;
    shop.state(Event::PasswordResetRequested { user_id: user.id })
        .await;
    assert!(drained(&shop.app, PATIENCE).await);
    let mails = shop.provider.to("user@mail.example");
    assert_eq!(mails.len(), 2);
    for mail in mails {
        let now = Timestamp::now();
        let of = match mail.letter {
            Letter::VerifyEmail { token } => {
                shop.app
                    .tokens
                    .read_email_verification(&token, now)
                    .unwrap()
                    .0
            }
            Letter::ResetPassword { token } => {
                shop.app.tokens.read_password_reset(&token, now).unwrap().0
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(of, user.id);
    }
    // An address that is proved already needs no second mail.
    shop.app
        .store
        .verify_email(user.id, user.email.as_ref().unwrap())
        .await
        .unwrap();
    shop.state(Event::EmailVerificationRequested { user_id: user.id })
        .await;
    assert!(drained(&shop.app, PATIENCE).await);
    assert_eq!(shop.provider.mails().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_left_behind_is_done_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let shop = found(folder.path()).await;
    let buyer = shop
        .user(Some("buyer@mail.example"), Role::Customer, Locale::En)
        .await;
    for _ in 0..20 {
        shop.buy(&buyer, Locale::En).await;
    }
    // Nobody listened to the relay, and the process ends.
    drop(shop);
    let mut shop = loop {
        // The writer lets go of its file a moment after its last handle.
        if let Some(shop) = open(folder.path()) {
            break shop;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let worker = shop.work();
    assert!(drained(&shop.app, PATIENCE).await);
    assert_eq!(shop.provider.to("buyer@mail.example").len(), 20);
    assert_eq!(shop.staff_stream().await.len(), 20);
    worker.stop(PATIENCE).await;
    assert_eq!(shop.app.store.verify().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_mail_ends_in_the_failed_set_and_can_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = found(folder.path()).await;
    let buyer = shop
        .user(Some("refused@mail.example"), Role::Customer, Locale::En)
        .await;
    let _worker = shop.work();
    shop.buy(&buyer, Locale::En).await;
    assert!(drained(&shop.app, PATIENCE).await);
    for round in 1..=2 {
        let failed = shop.app.store.failed_jobs(None, 10).await.unwrap().items;
        assert_eq!(failed.len(), 1);
        assert_eq!(
            (failed[0].kind.as_str(), failed[0].attempts),
            ("SendReceiptV1", 1)
        );
        assert!(
            failed[0].error.contains("550 no such user"),
            "{}",
            failed[0].error
        );
        let stream = shop.staff_stream().await;
        let told = stream
            .iter()
            .filter(|body| matches!(body, EntryBody::JobFailed { .. }))
            .count();
        assert_eq!(told, round, "each failure is told to staff");
        let (job_id, payload) = (failed[0].id, failed[0].payload.clone());
        let again = EventRecord {
            id: EventId(Uuid::now_v7()),
            event: Event::JobRetryRequested { job_id, payload },
            at: Timestamp::now(),
            trace: None,
        };
        assert!(
            shop.app
                .store
                .retry_failed(job_id, again.clone())
                .await
                .unwrap()
        );
        shop.app.relay.hand_over(vec![again]);
        assert!(drained(&shop.app, PATIENCE).await);
    }
    assert_eq!(shop.app.store.verify().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_slow_mailbox_sends_nobody_else_two_mails() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = found(folder.path()).await;
    let buyer = shop.user(None, Role::Guest, Locale::En).await;
    for address in [
        "one@mail.example",
        "busy@mail.example",
        "three@mail.example",
    ] {
        shop.user(Some(address), Role::Staff, Locale::En).await;
    }
    shop.provider.busy.store(2, Ordering::SeqCst);
    let _worker = shop.work();
    shop.buy(&buyer, Locale::En).await;
    assert!(drained(&shop.app, PATIENCE).await);
    for address in [
        "one@mail.example",
        "busy@mail.example",
        "three@mail.example",
    ] {
        assert_eq!(shop.provider.to(address).len(), 1, "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_outlive_a_silent_provider() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = found(folder.path()).await;
    let buyer = shop
        .user(Some("buyer@mail.example"), Role::Customer, Locale::En)
        .await;
    // Far more silence than the attempts of five jobs would bear: 5 × 4 are 20.
    shop.provider.silent.store(30, Ordering::SeqCst);
    let _worker = shop.work();
    for _ in 0..5 {
        shop.buy(&buyer, Locale::En).await;
    }
    assert!(
        !drained(&shop.app, Duration::from_millis(500)).await,
        "the jobs wait"
    );
    assert!(drained(&shop.app, PATIENCE).await);
    assert_eq!(shop.provider.to("buyer@mail.example").len(), 5);
    assert_eq!(
        shop.app.store.failed_jobs(None, 10).await.unwrap().items,
        []
    );
}
