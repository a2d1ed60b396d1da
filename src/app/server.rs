//! The server of `countmein serve`: opens the storage, serves HTTP, and runs the background tasks in one process.

use crate::http::base_path::BasePath;
use crate::http::middleware::host::require_one;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

use anyhow::Context as _;
use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::adapters::metrics::prometheus::PrometheusMetrics;
use crate::adapters::mqtt::{MqttListener, listen_until};
use crate::adapters::private_files;
#[cfg(feature = "aws")]
use crate::app::aws_storage;
use crate::app::keys::read_or_create_key;
use crate::app::settings::{Settings, Store, WebhookPolicy};
use crate::app::storage::{Storage, Task};
use crate::app::upkeep::forget_idle_until;
use crate::app::{connections, sqlite_storage};
use crate::http::client::ListEveryone;
use crate::http::live_pages::LivePages;
use crate::http::middleware::memory_limit::MemoryLimit;
use crate::http::middleware::rate_limit::RateLimit;
use crate::http::{self, App, ClientLimits, Delivery};
use crate::notify::text::MessageTexts;
use crate::ports::Meter;

/// A server that has bound its address and opened its storage.
pub struct Server {
    listener: TcpListener,
    router: Router,
    base: BasePath,
    behind_proxy: bool,
    live: Option<Arc<LivePages>>,
    /// Cancelled to end the background tasks.
    stop: CancellationToken,
    tasks: Vec<Task>,
    on_close: Task,
    key_location: String,
}

/// Serves until SIGTERM or Ctrl-C. It then accepts no more requests, finishes running ones, and returns within 10
/// seconds.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    let server = Server::bind(&settings).await?;
    server.log_start(&settings)?;
    server.run(stop).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Allows what the template allows in front of the functions.
fn cors(origins: &[HeaderValue]) -> Option<CorsLayer> {
    let origin = match origins {
        [] => return None,
        [origin] if origin == "*" => AllowOrigin::any(),
        origins => AllowOrigin::list(origins.iter().cloned()),
    };
    let headers = [header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH];
    let layer = CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::POST, Method::PATCH])
        .allow_headers(headers.into_iter().chain([HeaderName::from_static("idempotency-key")]).collect::<Vec<_>>())
        .expose_headers([header::ETAG])
        .max_age(Duration::from_secs(3_600));
    Some(layer)
}

/// The kinds of messages that are sent: by this program, or by the functions that use the same table.
fn delivery(settings: &Settings) -> Delivery {
    let notifications = &settings.notifications;
    match settings.store {
        Store::Sqlite => Delivery {
            email: notifications.mail.is_some(),
            sms: notifications.limits.sms.is_some(),
            webhooks: notifications.webhooks != WebhookPolicy::Off,
        },
        #[cfg(feature = "aws")]
        Store::Aws(_) => Delivery { email: true, sms: notifications.limits.sms.is_some(), webhooks: true },
    }
}

impl Server {
    pub async fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let metrics = Arc::new(PrometheusMetrics::new());
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("cannot listen on {}; choose another address with --listen", settings.listen))?;
        let address = listener.local_addr().context("cannot read the address of the listener")?;
        let stop = CancellationToken::new();
        prepare_data_folder(&settings.data)?;
        let storage = open_storage(settings, settings.public_url_at(address)?, metrics.clone(), &stop).await?;

        let requests = NonZeroU32::new(settings.rate_limit).map(|per_second| Arc::new(RateLimit::new(per_second)));
        let memory = Arc::new(MemoryLimit::default());
        let Storage { queue, backend, mut tasks, on_close, key_location, .. } = storage;
        let login_limit = Arc::new(RateLimit::for_logins());
        let rates = requests.clone().into_iter().chain([Arc::clone(&login_limit)]).collect();
        tasks.push(Box::pin(forget_idle_until(rates, Arc::clone(&memory), stop.clone())));
        if let Some(mqtt) = &settings.mqtt {
            // The id is unique to this data folder and the same at every start, so that the broker queues button
            // presses while the program is down.
            let key = read_or_create_key(&settings.data, "mqtt.key")?;
            let client_id = format!("countmein-{}", URL_SAFE_NO_PAD.encode(&key.key.tag("mqtt client", &[])[..9]));
            let listener = MqttListener::new(mqtt, client_id, queue.clone(), metrics.clone())?;
            tasks.push(Box::pin(listen_until(listener, stop.clone())));
        }
        let live = storage.commits.map(|commits| Arc::new(LivePages::new(commits)));
        let app = App {
            queue,
            backend,
            import_queue_limit: storage.import_queue_limit,
            downloads: None,
            alexa: settings.alexa.clone(),
            flic_key: settings.flic_key.clone(),
            event_creators: settings.event_creators,
            texts: MessageTexts::new(settings.notifications.language, settings.notifications.names_shown),
            limits: storage.limits,
            delivery: delivery(settings),
            token_secret: storage.token_secret,
            secrets: storage.secrets,
            public_url: settings.public_url.clone(),
            site: settings.site.clone(),
            login_limit,
            list_everyone: match settings.list_everyone {
                // Behind a proxy on this machine, the requests of all clients come from the loopback address.
                ListEveryone::Loopback if settings.behind_proxy => ListEveryone::Nobody,
                policy => policy,
            },
            metrics: metrics.clone(),
            exposition: Some(metrics),
            live: live.clone(),
        };
        let router = http::router(Arc::new(app), ClientLimits { requests, memory: Some(memory) });
        let router = match cors(&settings.cors_origins) {
            Some(cors) => router.layer(cors),
            None => router,
        };
        let router = router.layer(middleware::from_fn(require_one));
        let base = settings.site.base.clone();
        Ok(Self {
            listener,
            router,
            base,
            behind_proxy: settings.behind_proxy,
            live,
            stop,
            tasks,
            on_close,
            key_location,
        })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` completes, then finishes running requests and tasks.
    pub async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let running: Vec<_> = self.tasks.into_iter().map(tokio::spawn).collect();
        let live = self.live;
        let stop = async move {
            stop.await;
            if let Some(live) = live {
                live.close();
            }
        };
        connections::serve(self.listener, self.router, self.base, self.behind_proxy, stop).await;
        self.stop.cancel();
        for task in running {
            task.await.context("a background task failed")?;
        }
        self.on_close.await;
        Ok(())
    }

    fn log_start(&self, settings: &Settings) -> anyhow::Result<()> {
        let address = self.address().context("cannot read the address of the listener")?;
        let url = settings.public_url_at(address)?;
        let data = settings.data.display();
        tracing::info!(%data, organiser.key = self.key_location, "serving {url}");
        Ok(())
    }
}

/// Creates the folder if it does not exist, and makes it and its files private.
fn prepare_data_folder(folder: &Path) -> anyhow::Result<()> {
    private_files::create_folder(folder)
        .and_then(|()| private_files::make_private(folder))
        .with_context(|| format!("cannot use the data folder {}", folder.display()))
}

/// Opens the storage backend of the settings. Links in notifications start with `public_url`. The background tasks end
/// when `stop` is cancelled.
async fn open_storage(
    settings: &Settings,
    public_url: Url,
    metrics: Arc<dyn Meter>,
    stop: &CancellationToken,
) -> anyhow::Result<Storage> {
    match &settings.store {
        Store::Sqlite => sqlite_storage::open(settings, public_url, metrics, stop).await,
        #[cfg(feature = "aws")]
        Store::Aws(aws) => aws_storage::open(aws, settings, metrics, stop).await,
    }
}

fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM received; finishing running requests"),
            _ = interrupt.recv() => tracing::info!("Ctrl-C received; finishing running requests"),
        }
    })
}
