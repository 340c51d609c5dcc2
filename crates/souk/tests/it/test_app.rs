//! A whole Souk in this process, on a free port and a folder of its own.
//!
//! With `SOUK_TEST_ENGINES=fleet` it is two instances over MongoDB and Redis, and each connection goes to the other one
//! than the last: what holds of one process must hold of a fleet.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once};
use std::time::Duration;

use clap::Parser;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use souk::config::{EngineOptions, ServeOptions};
use souk::wire::Souk;
use souk_app::accounts::{NewUserRequest, RegisterRequest, create_user};
use souk_domain::Locale;
use souk_domain::user::Role;
use souk_testbed::Redis;
use tempfile::TempDir;
use uuid::Uuid;

use crate::balancer::Balancer;

/// The password of everybody in tests.
pub const PASSWORD: &str = "correct horse battery";

/// Panics of the server's own threads; a test's own panic is its failure anyway.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[derive(Parser)]
struct Options {
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    serve: ServeOptions,
}

/// A running Souk and a client for it.
pub struct TestApp {
    pub souk: Souk,
    pub folder: TempDir,
    pub http: reqwest::Client,
    address: SocketAddr,
    url: String,
    fleet: Option<Fleet>,
}

/// What a fleet has more than one process.
struct Fleet {
    second: Souk,
    _balancer: Balancer,
    _redis: Redis,
}

/// A signed-in person.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    pub token: String,
    pub email: Option<String>,
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.text))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The body, if the answer is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// Asserts a problem (RFC 9457) with this status and code.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status.as_u16(), self.code().as_str()),
            (status, code),
            "{}",
            self.text
        );
        assert_eq!(self.headers["content-type"], "application/problem+json");
        self.json()
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With more options, as on the command line.
    pub async fn start_with(more: &[&str]) -> Self {
        Self::start_in(TempDir::new().unwrap(), more).await
    }

    /// On a folder that may hold a shop already.
    pub async fn start_in(folder: TempDir, more: &[&str]) -> Self {
        watch_panics();
        if std::env::var("SOUK_TEST_ENGINES").is_ok_and(|engines| engines == "fleet") {
            return Self::start_fleet_in(folder, more).await;
        }
        let souk = start_souk(&folder, &[], more).await;
        let address = souk.address();
        Self::of(folder, souk, address, None).await
    }

    async fn start_fleet_in(folder: TempDir, more: &[&str]) -> Self {
        // A folder that is opened again is the same shop. Its Redis is a new one: nothing may need the old one's data.
        let name = folder.path().join("database");
        if !name.exists() {
            std::fs::write(&name, format!("it_{}", Uuid::now_v7().simple())).unwrap();
        }
        let name = std::fs::read_to_string(&name).unwrap();
        let database = souk_testbed::shared_replica_set().await.url(&name);
        let redis = Redis::start().await.unwrap();
        let (balancer, to) = Balancer::bind();
        let address = balancer.address;
        let (public_url, origins, redis_url) = (
            format!("http://localhost:{}", address.port()),
            format!("http://{address}"),
            redis.url(),
        );
        let engines = [
            "--database",
            &database,
            "--redis",
            &redis_url,
            "--public-url",
            &public_url,
            "--origins",
            &origins,
        ];
        let souk = start_souk(&folder, &engines, more).await;
        let second = start_souk(&folder, &engines, more).await;
        to.send(vec![souk.address(), second.address()]).unwrap();
        let fleet = Fleet {
            second,
            _balancer: balancer,
            _redis: redis,
        };
        Self::of(folder, souk, address, Some(fleet)).await
    }

    async fn of(folder: TempDir, souk: Souk, address: SocketAddr, fleet: Option<Fleet>) -> Self {
        // Mails of unread answers wait for minutes: only their own test wants them.
        let mut shop = souk.app().shop().await.unwrap();
        shop.support.mail_after_minutes = None;
        souk.app().store.keep_shop(&shop).await.unwrap();
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(1_000)
            .build()
            .unwrap();
        Self {
            souk,
            folder,
            http,
            address,
            url: format!("http://{address}"),
            fleet,
        }
    }

    /// What the instance that started last tells whoever started it.
    pub fn greeting(&self) -> &[String] {
        let last = self
            .fleet
            .as_ref()
            .map_or(&self.souk, |fleet| &fleet.second);
        last.greeting()
    }

    /// Whether it is a fleet.
    pub fn is_fleet(&self) -> bool {
        self.fleet.is_some()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub fn api(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.url)
    }

    pub fn request(
        &self,
        method: Method,
        path: &str,
        person: Option<&Person>,
    ) -> reqwest::RequestBuilder {
        let request = self.http.request(method, self.api(path));
        match person {
            Some(person) => request.bearer_auth(&person.token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str, person: impl Into<Option<&Person>>) -> Answer {
        answer(self.request(Method::GET, path, person.into())).await
    }

    pub async fn post(
        &self,
        path: &str,
        person: impl Into<Option<&Person>>,
        body: Value,
    ) -> Answer {
        answer(self.request(Method::POST, path, person.into()).json(&body)).await
    }

    pub async fn patch(
        &self,
        path: &str,
        person: impl Into<Option<&Person>>,
        body: Value,
    ) -> Answer {
        answer(self.request(Method::PATCH, path, person.into()).json(&body)).await
    }

    pub async fn delete(&self, path: &str, person: impl Into<Option<&Person>>) -> Answer {
        answer(self.request(Method::DELETE, path, person.into())).await
    }

    pub async fn guest(&self) -> Person {
        let made = self.post("/auth/guest", None, json!({})).await.expect(201);
        person(&made)
    }

    /// A customer with an address, in a language.
    pub async fn customer(&self, locale: &str) -> Person {
        let email = format!("{}@example.com", Uuid::now_v7().simple());
        let body =
            json!({"email": email, "password": PASSWORD, "name": "Sara Ali", "locale": locale});
        person(&self.post("/auth/register", None, body).await.expect(201))
    }

    pub async fn staff(&self) -> Person {
        self.with_role(Role::Staff).await
    }

    pub async fn admin(&self) -> Person {
        self.with_role(Role::Admin).await
    }

    async fn with_role(&self, role: Role) -> Person {
        let email = format!("{}@example.com", Uuid::now_v7().simple());
        let account = RegisterRequest {
            email: email.clone(),
            password: PASSWORD.to_owned(),
            name: role.as_str().to_owned(),
            locale: Some(Locale::En),
        };
        create_user(
            self.souk.app(),
            NewUserRequest {
                account,
                role,
                email_verified: true,
            },
        )
        .await
        .unwrap();
        let body = json!({"email": email, "password": PASSWORD});
        person(&self.post("/auth/login", None, body).await.expect(200))
    }

    /// A published product with one tracked variant; its variant's id.
    pub async fn product(&self, admin: &Person, stock: i64) -> String {
        let title = format!("Mug {}", Uuid::now_v7().simple());
        let body = json!({
            "title": title,
            "status": "published",
            "translations": {"ar": {"title": "كوب"}},
            "variants": [{"sku": "MUG", "price": {"amount": 2500, "currency": "SAR"}, "stock": stock}],
        });
        let made = self.post("/products", admin, body).await.expect(201);
        made["variants"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Asks for an order of one variant.
    pub async fn order(&self, buyer: &Person, variant: &str, quantity: i64, key: &str) -> Answer {
        self.order_of(
            buyer,
            json!({"lines": [{"variantId": variant, "quantity": quantity}]}),
            key,
        )
        .await
    }

    pub async fn order_of(&self, buyer: &Person, body: Value, key: &str) -> Answer {
        let request = self.request(Method::POST, "/orders", Some(buyer));
        answer(request.header("Idempotency-Key", key).json(&body)).await
    }

    /// Waits until all that follows from what was done is done.
    pub async fn drain(&self) {
        assert!(
            souk_worker::drained(self.souk.app(), Duration::from_secs(30)).await,
            "work is left over"
        );
    }

    pub fn mails(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// Ends a test: all work is done, the invariants hold, nothing panicked. Gives the folder back.
    pub async fn finish(self) -> TempDir {
        self.drain().await;
        self.finish_with_waiting_jobs().await
    }

    /// The same where jobs are left that wait for their time.
    pub async fn finish_with_waiting_jobs(self) -> TempDir {
        let faults = self.souk.app().store.verify().await.unwrap();
        assert!(faults.is_empty(), "{faults:#?}");
        self.souk.stop(Duration::from_secs(10)).await;
        if let Some(fleet) = self.fleet {
            fleet.second.stop(Duration::from_secs(10)).await;
        }
        let panics = PANICS.lock().unwrap();
        assert!(panics.is_empty(), "{panics:#?}");
        self.folder
    }
}

/// Starts an instance. What a test says comes last and counts.
async fn start_souk(folder: &TempDir, engines: &[&str], more: &[&str]) -> Souk {
    let data_dir = folder.path().to_str().unwrap();
    let mut pairs = vec![
        "--data-dir",
        data_dir,
        "--listen",
        "127.0.0.1:0",
        "--rate-limits",
        "off",
    ];
    pairs.extend(engines);
    let mut arguments: Vec<&str> = vec!["souk"];
    for pair in pairs.chunks(2) {
        if !more.contains(&pair[0]) {
            arguments.extend(pair);
        }
    }
    arguments.extend(more);
    let options = Options::parse_from(arguments);
    let listener = souk::server::listen(options.serve.listen).unwrap();
    Souk::start(&options.engines, &options.serve, listener)
        .await
        .unwrap()
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer {
        status,
        headers,
        text: response.text().await.unwrap(),
    }
}

fn person(made: &Value) -> Person {
    Person {
        id: made["user"]["id"].as_str().unwrap().to_owned(),
        token: made["accessToken"].as_str().unwrap().to_owned(),
        email: made["user"]["email"].as_str().map(str::to_owned),
    }
}

fn watch_panics() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // What panics in a test is that test's failure; here only the server's own code counts.
            if !panic
                .location()
                .is_some_and(|at| at.file().contains("tests/it"))
            {
                PANICS.lock().unwrap().push(panic.to_string());
            }
            before(panic);
        }));
    });
}

/// The `.eml` files of a folder, as text.
pub fn eml_files(folder: &Path) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
        .map(|path| String::from_utf8(std::fs::read(path).unwrap()).unwrap())
        .collect()
}

/// The receipts among mails: (order id, language).
pub fn receipts(mails: &[String], to: &str) -> Vec<(String, String)> {
    let header = |mail: &str, name: &str| {
        let head = mail.split("\r\n\r\n").next().unwrap_or_default();
        let line = head
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
        line.unwrap_or_default()
    };
    mails
        .iter()
        .filter(|mail| header(mail, "To").contains(to))
        .map(|mail| {
            (
                header(mail, "X-Souk-Order-Id"),
                header(mail, "Content-Language"),
            )
        })
        .filter(|(order, _)| !order.is_empty())
        .collect()
}
