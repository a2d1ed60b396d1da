//! The standalone program: one process that takes sign-ups, brings them onto the roster, and serves its pages.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use anyhow::Context as _;
use axum::{Router, middleware};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::adapters::metrics::prometheus::Metrics;
use crate::adapters::mqtt::{Mqtt, listen_until};
#[cfg(feature = "aws")]
use crate::app::aws_storage;
use crate::app::keys::key_of;
use crate::app::settings::{Settings, Store};
use crate::app::storage::{Storage, Task};
use crate::app::upkeep::forget_idle_until;
use crate::app::{connections, sqlite_storage};
use crate::http::client::ListEveryone;
use crate::http::middleware::rate_limit;
use crate::http::middleware::rate_limit::RateLimit;
use crate::http::{self, App};
use crate::ports::Meter;

/// The program, ready to serve: its address is taken, its home open.
pub struct Server {
    listener: TcpListener,
    router: Router,
    behind_proxy: bool,
    /// Cancelled when the tasks are to end.
    stop: CancellationToken,
    tasks: Vec<Task>,
    closing: Task,
    key_whereabouts: String,
}

/// Serves until SIGTERM or Ctrl-C; then takes no more requests, finishes what runs, and returns within 10 seconds.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    let stop = asked_to_stop()?;
    let server = Server::bind(&settings).await?;
    server.greet(&settings)?;
    server.run(stop).await?;
    tracing::info!("stopped");
    Ok(())
}

impl Server {
    pub async fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let metrics = Arc::new(Metrics::new());
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("cannot listen on {}; choose another address with --listen", settings.listen))?;
        let address = listener.local_addr().context("the listener's address")?;
        let stop = CancellationToken::new();
        let storage = open(settings, settings.public_url_at(address)?, metrics.clone(), &stop).await?;

        let limit = NonZeroU32::new(settings.rate_limit).map(|per_second| Arc::new(RateLimit::new(per_second)));
        let Storage { queue, backend, mut tasks, closing, key_whereabouts, .. } = storage;
        if let Some(limit) = limit.clone() {
            tasks.push(Box::pin(forget_idle_until(limit, stop.clone())));
        }
        if let Some(mqtt) = &settings.mqtt {
            // Of this folder alone, and the same at every start: the broker keeps presses for it meanwhile.
            let key = key_of(&settings.data, "mqtt.key")?;
            let client_id = format!("countmein-{}", URL_SAFE_NO_PAD.encode(&key.key.tag("mqtt client", &[])[..9]));
            let mqtt = Mqtt::new(mqtt, client_id, queue.clone(), metrics.clone())?;
            tasks.push(Box::pin(listen_until(mqtt, stop.clone())));
        }
        let app = App {
            queue,
            backend,
            import_queue_limit: storage.import_queue_limit,
            flic_key: settings.flic_key.clone(),
            limits: storage.limits,
            token_secret: storage.token_secret,
            secrets: storage.secrets,
            public_url: settings.public_url.clone(),
            list_everyone: match settings.list_everyone {
                // Every request of a proxy on this machine comes from this machine.
                ListEveryone::Loopback if settings.behind_proxy => ListEveryone::Nobody,
                others => others,
            },
            metrics: metrics.clone(),
            exposition: Some(metrics),
        };
        let router = http::router(Arc::new(app), |routes| limited(routes, limit));
        Ok(Self { listener, router, behind_proxy: settings.behind_proxy, stop, tasks, closing, key_whereabouts })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is ready, and finishes what runs.
    pub async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let running: Vec<_> = self.tasks.into_iter().map(tokio::spawn).collect();
        connections::serve(self.listener, self.router, self.behind_proxy, stop).await;
        self.stop.cancel();
        for task in running {
            task.await.context("a background task")?;
        }
        self.closing.await;
        Ok(())
    }

    fn greet(&self, settings: &Settings) -> anyhow::Result<()> {
        let address = self.address().context("the listener's address")?;
        let url = settings.public_url_at(address)?;
        let data = settings.data.display();
        tracing::info!(%data, organiser.key = self.key_whereabouts, "serving {url}");
        Ok(())
    }
}

/// Opens the backend that the settings name. Links in messages begin with `public_url`; the tasks end when `stop` is
/// cancelled.
async fn open(
    settings: &Settings,
    public_url: Url,
    metrics: Arc<dyn Meter>,
    stop: &CancellationToken,
) -> anyhow::Result<Storage> {
    match &settings.store {
        Store::Sqlite => sqlite_storage::open(settings, public_url, metrics, stop).await,
        #[cfg(feature = "aws")]
        Store::Remote(remote) => aws_storage::open(remote, settings, metrics, stop).await,
    }
}

fn limited(router: Router, limit: Option<Arc<RateLimit>>) -> Router {
    match limit {
        Some(limit) => router.layer(middleware::from_fn_with_state(limit, rate_limit::enforce)),
        None => router,
    }
}

fn asked_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: finishing what runs"),
            _ = interrupt.recv() => tracing::info!("Ctrl-C: finishing what runs"),
        }
    })
}
