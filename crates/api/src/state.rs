//! What all handlers share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::HeaderValue;
use ipnet::IpNet;
use souk_app::App;
use souk_domain::Locale;

use crate::middleware::page_policy;

/// Writes down the metrics of this process, in the text format of Prometheus.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// How long the shop's default language is remembered. Another instance may have changed it.
const REMEMBERED: Duration = Duration::from_secs(5);

/// What the owner of the machine decides about the API.
#[derive(Clone)]
pub struct ApiOptions {
    /// Origins whose pages may use the refresh cookie and read answers, each exactly as browsers send it
    /// (`https://shop.example`); the shop's own is among them.
    pub origins: Vec<String>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Most bytes of a body.
    pub body_limit: usize,
    /// Most bytes of a file of products.
    pub import_body_limit: usize,
    /// The shop is reached by https: cookies are `Secure`, and browsers are told to stay with https.
    pub secure_cookies: bool,
    /// What `/metrics` answers; without it the route is not there.
    pub metrics: Option<RenderMetrics>,
    /// The web client: gets every path that is not the API's own.
    pub assets: Option<Router>,
    /// Where the web client's hashed files are when another host has them (a CDN): pages may load them from there.
    pub assets_url: Option<String>,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            trusted_proxies: Vec::new(),
            body_limit: 1 << 20,
            import_body_limit: 64 << 20,
            secure_cookies: false,
            metrics: None,
            assets: None,
            assets_url: None,
        }
    }
}

/// The application and the options, shared by all requests.
#[derive(Clone)]
pub(crate) struct ApiState(Arc<Shared>);

struct Shared {
    app: Arc<App>,
    options: ApiOptions,
    page_policy: HeaderValue,
    default_locale: Mutex<Option<(Instant, Locale)>>,
}

impl ApiState {
    pub(crate) fn new(app: Arc<App>, options: ApiOptions) -> Self {
        let page_policy = page_policy(options.assets_url.as_deref());
        Self(Arc::new(Shared {
            app,
            options,
            page_policy,
            default_locale: Mutex::new(None),
        }))
    }

    pub(crate) fn app(&self) -> &App {
        &self.0.app
    }

    pub(crate) fn options(&self) -> &ApiOptions {
        &self.0.options
    }

    /// What pages may load, and from where (`Content-Security-Policy`).
    pub(crate) fn page_policy(&self) -> HeaderValue {
        self.0.page_policy.clone()
    }

    /// Whether an origin is on the exact list.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        self.0.options.origins.iter().any(|known| known == origin)
    }

    /// The language of readers who ask for none of ours. Never fails: an error must be readable while the store is down.
    pub(crate) async fn default_locale(&self) -> Locale {
        let remembered = *self
            .0
            .default_locale
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((at, locale)) = remembered
            && at.elapsed() < REMEMBERED
        {
            return locale;
        }
        match self.app().shop().await {
            Ok(shop) => {
                self.remember_default_locale(shop.default_locale);
                shop.default_locale
            }
            Err(_) => remembered.map_or(Locale::default(), |(_, locale)| locale),
        }
    }

    /// Notes what the default language is now.
    pub(crate) fn remember_default_locale(&self, locale: Locale) {
        let mut remembered = self
            .0
            .default_locale
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *remembered = Some((Instant::now(), locale));
    }
}
