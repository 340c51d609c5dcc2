//! The API as a client sees it, on the embedded store: whole requests through the whole router.

mod accounts;
mod catalog;
mod flows;
mod jobs;
mod problems;
mod protocol;
mod stock;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::Value;
use sha2::{Digest, Sha256};
use souk_app::accounts::{
    LoginQuotas, NewUserRequest, Passwords, RegisterRequest, SigningKey, Tokens, create_user,
};
use souk_app::catalog::pages::Pages;
use souk_app::committer::{Committer, CommitterOptions};
use souk_app::local::{LocalBus, LocalPresence, MemoryCache, MemoryLimits, NoLimits};
use souk_app::ports::mailer::KeptMail;
use souk_app::ports::store::ListError;
use souk_app::ports::{
    Blob, Clock, EngineError, Files, Ids, Limits, MailError, Mailbox, Mailer, OutgoingMail,
};
use souk_app::{App, Options, Relay};
use souk_domain::user::Role;
use souk_domain::{EventRecord, Locale, OrderNumber, Timestamp};
use souk_store_sqlite::{SqliteOptions, SqliteStore};
use tokio::sync::mpsc;
use tower::ServiceExt;
use uuid::Uuid;

use crate::{ApiOptions, router};

pub(crate) const ORIGIN: &str = "http://shop.test";
pub(crate) const PASSWORD: &str = "correct horse";

/// A clock that stands until it is moved.
pub(crate) struct StandingClock(AtomicI64);

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

impl StandingClock {
    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }
}

/// Ids that count.
#[derive(Default)]
struct CountingIds(AtomicU64);

impl CountingIds {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Ids for CountingIds {
    fn uuid(&self) -> Uuid {
        let next = u128::from(self.next());
        Uuid::from_u128((0x0192_d9f0_0000 << 80) | (7 << 76) | (2 << 62) | next)
    }
    fn order_number(&self) -> OrderNumber {
        OrderNumber::from_random(self.next())
    }
    fn fill_secret(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let bytes = Sha256::digest(self.next().to_be_bytes());
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

#[derive(Default)]
struct MemoryFiles(Mutex<HashMap<String, Blob>>);

#[async_trait]
impl Files for MemoryFiles {
    async fn put(&self, key: &str, blob: Blob) -> Result<(), EngineError> {
        self.0.lock().unwrap().insert(key.to_owned(), blob);
        Ok(())
    }
    async fn get(&self, key: &str) -> Result<Option<Blob>, EngineError> {
        assert_ne!(key, "defect", "a defect of a handler");
        Ok(self.0.lock().unwrap().get(key).cloned())
    }
    async fn remove(&self, key: &str) -> Result<(), EngineError> {
        self.0.lock().unwrap().remove(key);
        Ok(())
    }
    async fn check(&self) -> Result<(), EngineError> {
        Ok(())
    }
}

/// Mail that goes nowhere, and whose provider is away.
struct NoMail;

#[async_trait]
impl Mailer for NoMail {
    async fn send(&self, _mail: &OutgoingMail) -> Result<(), MailError> {
        Err(MailError::Unavailable("away".into()))
    }
    async fn check(&self) -> Result<(), MailError> {
        Err(MailError::Unavailable("away".into()))
    }
    fn mailbox(&self) -> Option<&dyn Mailbox> {
        Some(self)
    }
}

#[async_trait]
impl Mailbox for NoMail {
    async fn list(&self, _before: Option<&str>, _limit: usize) -> Result<Vec<KeptMail>, ListError> {
        Ok(Vec::new())
    }
    async fn open(
        &self,
        _id: &str,
    ) -> Result<Option<(KeptMail, souk_app::ports::mailer::MailText)>, EngineError> {
        Ok(None)
    }
}

/// A shop with its API.
pub(crate) struct TestApi {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<StandingClock>,
    router: Router,
    _events: mpsc::Receiver<Vec<EventRecord>>,
    _folder: tempfile::TempDir,
}

impl TestApi {
    pub(crate) async fn start() -> Self {
        Self::with(Arc::new(NoLimits), ApiOptions::default()).await
    }

    pub(crate) async fn limited() -> Self {
        Self::with(Arc::new(MemoryLimits::default()), ApiOptions::default()).await
    }

    pub(crate) async fn with(limits: Arc<dyn Limits>, options: ApiOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store =
            SqliteStore::open(&folder.path().join("souk.db"), SqliteOptions::default()).unwrap();
        let queue = store.queue();
        let store = Arc::new(store);
        let ids: Arc<dyn Ids> = Arc::new(CountingIds::default());
        let clock = Arc::new(StandingClock(AtomicI64::new(1_800_000_000_000)));
        let (relay, events) = Relay::channel(1_000);
        let bus = Arc::new(LocalBus::default());
        let cache = Arc::new(MemoryCache::new(1 << 20));
        let pages = Arc::new(Pages::new(cache.clone(), bus.clone(), ids.clone()));
        let (committer, _) = Committer::start(
            store.clone(),
            relay.clone(),
            bus.clone(),
            pages.clone(),
            Arc::clone(&ids),
            Arc::new(souk_app::local::NoRivals),
            CommitterOptions::default(),
        );
        let app = Arc::new(App {
            store,
            queue: Arc::new(queue),
            files: Arc::new(MemoryFiles::default()),
            mailer: Arc::new(NoMail),
            bus,
            presence: Arc::new(LocalPresence::default()),
            cache,
            pages,
            limits,
            turns: Arc::new(souk_app::local::NoRivals),
            clock: clock.clone(),
            tokens: Tokens::new(&[SigningKey::new(&[7; 32], clock.now())]).unwrap(),
            passwords: Passwords::new(2, &*ids).unwrap(),
            ids,
            committer,
            relay,
            options: Options {
                public_url: ORIGIN.into(),
                quotas: LoginQuotas::default(),
                demo: false,
            },
        });
        souk_app::shop::ensure(&app, "SAR".parse().unwrap())
            .await
            .unwrap();
        let options = ApiOptions {
            origins: vec![ORIGIN.into()],
            ..options
        };
        Self {
            router: router(app.clone(), options),
            app,
            clock,
            _events: events,
            _folder: folder,
        }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub(crate) fn get<'a>(&'a self, path: &str) -> Call<'a> {
        Call::new(self, "GET", path)
    }

    pub(crate) fn post<'a>(&'a self, path: &str) -> Call<'a> {
        Call::new(self, "POST", path)
    }

    pub(crate) fn call<'a>(&'a self, method: &str, path: &str) -> Call<'a> {
        Call::new(self, method, path)
    }

    /// An access token of somebody new with this role.
    pub(crate) async fn token(&self, role: Role) -> String {
        if role == Role::Guest {
            let answer = self.post("/api/v1/auth/guest").send().await;
            return answer.json()["accessToken"].as_str().unwrap().to_owned();
        }
        let email = format!(
            "{}-{}@example.com",
            role.as_str(),
            self.app.ids.uuid().simple()
        );
        let account = RegisterRequest {
            email: email.clone(),
            password: PASSWORD.into(),
            name: "Sara".into(),
            locale: Some(Locale::Ar),
        };
        create_user(
            &self.app,
            NewUserRequest {
                account,
                role,
                email_verified: true,
            },
        )
        .await
        .unwrap();
        let body = serde_json::json!({"email": email, "password": PASSWORD});
        let answer = self.post("/api/v1/auth/login").json(&body).send().await;
        answer.json()["accessToken"].as_str().unwrap().to_owned()
    }

    /// A published product with one tracked variant; its variant's id.
    pub(crate) async fn mug(&self, admin: &str, handle: &str, stock: i64) -> String {
        let body = serde_json::json!({
            "handle": handle, "title": "Mug", "descriptionHtml": "<p>Holds tea.</p>", "status": "published", "category": "Kitchen",
            "translations": {"ar": {"title": "كوب", "terms": {"Kitchen": "المطبخ"}}},
            "variants": [{"sku": "MUG", "price": {"amount": 3600, "currency": "SAR"}, "stock": stock}],
        });
        let answer = self
            .post("/api/v1/products")
            .token(admin)
            .json(&body)
            .send()
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()["variants"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

/// A request that is being made.
pub(crate) struct Call<'a> {
    api: &'a TestApi,
    request: axum::http::request::Builder,
    body: Body,
    socket: SocketAddr,
}

impl<'a> Call<'a> {
    fn new(api: &'a TestApi, method: &str, path: &str) -> Self {
        Self {
            api,
            request: Request::builder().method(method).uri(path),
            body: Body::empty(),
            socket: "192.0.2.1:5000".parse().unwrap(),
        }
    }

    /// From another address.
    pub(crate) fn from(self, address: &str) -> Self {
        Self {
            socket: SocketAddr::new(address.parse().unwrap(), 5_000),
            ..self
        }
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self {
            request: self.request.header(name, value),
            ..self
        }
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn arabic(self) -> Self {
        self.header("accept-language", "ar-SA,ar;q=0.9")
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    pub(crate) fn body(self, body: impl Into<Body>) -> Self {
        Self {
            body: body.into(),
            ..self
        }
    }

    pub(crate) async fn send(self) -> Answer {
        let request = self
            .request
            .extension(ConnectInfo(self.socket))
            .body(self.body)
            .unwrap();
        self.api.send(request).await
    }
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{} is not JSON: {}", self.status, self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    /// Status and code of a problem, which must look like one.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(
            self.header(header::CONTENT_TYPE.as_str()),
            "application/problem+json",
            "{} {}",
            self.status,
            self.text()
        );
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        assert_eq!(body["requestId"], self.header("x-request-id"));
        (
            self.status.as_u16(),
            body["code"].as_str().unwrap().to_owned(),
        )
    }
}

/// Compares a problem.
pub(crate) fn is(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        answer.problem(),
        (status, code.to_owned()),
        "{}",
        answer.text()
    );
}
