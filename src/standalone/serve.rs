//! The standalone program: one process that takes sign-ups, brings them onto the roster, and serves its pages.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use url::Url;

use crate::metrics::Metrics;
use crate::secret::Secret;
use crate::standalone::rate_limit::{self, RateLimit};
use crate::standalone::sqlite::Sqlite;
use crate::standalone::worker::{Ingest, ingest_until, upkeep_until};
use crate::standalone::{organiser_key, server};
pub use crate::web::client::ListEveryone;
use crate::web::{self, App};

/// What `countmein serve` is told.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    /// The folder of the database and the organiser's key.
    pub data: PathBuf,
    /// Instead of the key in the data folder.
    pub organiser_key: Option<Secret>,
    /// How others reach this server; links begin with it. Without it a link begins with the address that the
    /// client used.
    pub public_url: Option<Url>,
    /// Requests a second for one client address, with bursts of ten times that; 0 is without a limit.
    pub rate_limit: u32,
    /// Client addresses come from the last entry of `X-Forwarded-For`, as a reverse proxy writes it.
    pub behind_proxy: bool,
    pub list_everyone: ListEveryone,
}

/// The program, ready to serve: its address is taken, its data folder open.
pub struct Server {
    listener: TcpListener,
    router: Router,
    behind_proxy: bool,
    ingest: Ingest,
    sqlite: Sqlite,
    limit: Option<Arc<RateLimit>>,
    /// Where the organiser's key is, for the operator.
    key_whereabouts: String,
}

/// Serves until SIGTERM or Ctrl-C; then takes no more requests, finishes what runs, and returns within 5 seconds.
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
        let sqlite = Sqlite::open(&settings.data)?;
        let (organiser_key, key_whereabouts) = organiser_key(settings)?;
        let token_secret = Secret::new(sqlite.secret("token").await?).context("the stored token secret")?;
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("cannot listen on {}; choose another address with --listen", settings.listen))?;

        let metrics = Arc::new(Metrics::new());
        let limit = NonZeroU32::new(settings.rate_limit).map(|per_second| Arc::new(RateLimit::new(per_second)));
        let backend = Arc::new(sqlite.clone());
        let app = App {
            queue: backend.clone(),
            roster: backend.clone(),
            rejects: backend.clone(),
            idempotency: backend.clone(),
            token_secret,
            organiser_key,
            public_url: settings.public_url.clone(),
            list_everyone: match settings.list_everyone {
                // Every request of a proxy on this machine comes from this machine.
                ListEveryone::Loopback if settings.behind_proxy => ListEveryone::Nobody,
                others => others,
            },
            metrics: Arc::clone(&metrics),
        };
        let ingest = Ingest { queue: backend.clone(), roster: backend.clone(), rejects: backend, metrics };
        let router = web::router(Arc::new(app), |routes| limited(routes, limit.clone()));
        Ok(Self { listener, router, behind_proxy: settings.behind_proxy, ingest, sqlite, limit, key_whereabouts })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is ready, and finishes what runs.
    pub async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let (stopping, stopped) = watch::channel(false);
        let ingesting = tokio::spawn(ingest_until(self.ingest, stopped.clone()));
        let sqlite = self.sqlite.clone();
        let upkeep = tokio::spawn(upkeep_until(self.sqlite, self.limit, stopped));
        server::serve(self.listener, self.router, self.behind_proxy, stop).await;
        stopping.send_replace(true);
        ingesting.await.context("the ingest loop")?;
        upkeep.await.context("the upkeep loop")?;
        sqlite.checkpoint().await;
        Ok(())
    }

    fn greet(&self, settings: &Settings) -> anyhow::Result<()> {
        let address = self.address().context("the listener's address")?;
        let here = match address.ip() {
            ip if ip.is_unspecified() => format!("localhost:{}", address.port()),
            _ => address.to_string(),
        };
        let url = settings.public_url.as_ref().map_or_else(|| format!("http://{here}/"), Url::to_string);
        let data = settings.data.display();
        tracing::info!(%data, organiser.key = self.key_whereabouts, "serving {url}");
        Ok(())
    }
}

fn limited(router: Router, limit: Option<Arc<RateLimit>>) -> Router {
    match limit {
        Some(limit) => router.layer(middleware::from_fn_with_state(limit, rate_limit::limit)),
        None => router,
    }
}

fn organiser_key(settings: &Settings) -> anyhow::Result<(Secret, String)> {
    if let Some(key) = &settings.organiser_key {
        return Ok((key.clone(), "as given".to_owned()));
    }
    let file = organiser_key::read_or_make(&settings.data)
        .with_context(|| format!("cannot read the organiser's key in {}", settings.data.display()))?;
    let made = if file.is_new { "made just now, in" } else { "in" };
    Ok((file.key, format!("{made} {}", file.path.display())))
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
