//! The standalone program: one process that takes sign-ups, brings them onto the roster, and serves its pages.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context as _;
use axum::{Router, middleware};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use url::Url;

use crate::channel::button::flic_key::FlicKey;
use crate::metrics::{Meter, Metrics};
use crate::secret::Secret;
pub use crate::standalone::announcing::{Announcing, MailSettings, WebhookPolicy};
use crate::standalone::home::{Home, Loop, key_of, looping};
use crate::standalone::mqtt::{Mqtt, MqttSettings, listen_until};
use crate::standalone::rate_limit::{self, RateLimit};
use crate::standalone::server;
use crate::standalone::worker::forget_idle_until;
pub use crate::web::client::ListEveryone;
use crate::web::{self, App};

/// What `countmein serve` is told.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    /// The folder of the database and the organiser's key.
    pub data: PathBuf,
    pub store: Store,
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
    pub announcing: Announcing,
    /// Flic's public key, where its buttons are taken.
    pub flic_key: Option<FlicKey>,
    /// The broker whose buttons are heard.
    pub mqtt: Option<MqttSettings>,
}

impl Settings {
    /// How this server is reached that serves at an address: as the operator says, else by that.
    fn public_url_at(&self, address: SocketAddr) -> anyhow::Result<Url> {
        if let Some(url) = &self.public_url {
            return Ok(url.clone());
        }
        let here = match address.ip() {
            ip if ip.is_unspecified() => format!("localhost:{}", address.port()),
            _ => address.to_string(),
        };
        Url::parse(&format!("http://{here}/")).context("the address of this server")
    }
}

/// Where sign-ups and attendees are kept.
#[derive(Debug, Clone)]
pub enum Store {
    /// In one file of the data folder.
    Sqlite,
    /// In a table and a queue on AWS.
    #[cfg(feature = "aws")]
    Remote(crate::aws::home::Remote),
}

/// The program, ready to serve: its address is taken, its home open.
pub struct Server {
    listener: TcpListener,
    router: Router,
    behind_proxy: bool,
    loops: Vec<Loop>,
    closing: Pin<Box<dyn Future<Output = ()> + Send>>,
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
        let metrics: Arc<dyn Meter> = Arc::new(Metrics::new());
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("cannot listen on {}; choose another address with --listen", settings.listen))?;
        let address = listener.local_addr().context("the listener's address")?;
        let home = Home::open(settings, settings.public_url_at(address)?, metrics.clone()).await?;

        let limit = NonZeroU32::new(settings.rate_limit).map(|per_second| Arc::new(RateLimit::new(per_second)));
        let Home { mut loops, closing, key_whereabouts, .. } = home;
        if let Some(limit) = limit.clone() {
            loops.push(looping(|stop| forget_idle_until(limit, stop)));
        }
        if let Some(mqtt) = &settings.mqtt {
            // Of this folder alone, and the same at every start: the broker keeps presses for it meanwhile.
            let key = key_of(&settings.data, "mqtt.key")?.key;
            let client_id = format!("countmein-{}", URL_SAFE_NO_PAD.encode(&key.tag("mqtt client", &[])[..9]));
            let mqtt = Mqtt::new(mqtt, client_id, home.queue.clone(), metrics.clone())?;
            loops.push(looping(|stop| listen_until(mqtt, stop)));
        }
        let app = App {
            queue: home.queue,
            roster: home.roster,
            rejects: home.rejects,
            idempotency: home.idempotency,
            buttons: home.buttons,
            import_room: home.import_room,
            flic_key: settings.flic_key.clone(),
            contacts: home.contacts,
            inbox: home.inbox,
            guards: home.guards,
            token_secret: home.token_secret,
            secrets: home.secrets,
            public_url: settings.public_url.clone(),
            list_everyone: match settings.list_everyone {
                // Every request of a proxy on this machine comes from this machine.
                ListEveryone::Loopback if settings.behind_proxy => ListEveryone::Nobody,
                others => others,
            },
            metrics,
        };
        let router = web::router(Arc::new(app), |routes| limited(routes, limit));
        Ok(Self { listener, router, behind_proxy: settings.behind_proxy, loops, closing, key_whereabouts })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is ready, and finishes what runs.
    pub async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let (stopping, stopped) = watch::channel(false);
        let loops: Vec<_> = self.loops.into_iter().map(|start| tokio::spawn(start(stopped.clone()))).collect();
        server::serve(self.listener, self.router, self.behind_proxy, stop).await;
        stopping.send_replace(true);
        for ended in loops {
            ended.await.context("a loop of the program")?;
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

fn limited(router: Router, limit: Option<Arc<RateLimit>>) -> Router {
    match limit {
        Some(limit) => router.layer(middleware::from_fn_with_state(limit, rate_limit::limit)),
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
