//! A server of its own for a test, on a data folder of its own.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countmein::app::server::Server;
use countmein::app::settings::{ListEveryone, NotificationSettings, Settings, Site, Store, WebhookPolicy};
use countmein::domain::event_creators::EventCreators;
use countmein::domain::secret::Secret;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Endpoint;

pub const KEY: &str = "correct-horse-battery";

/// Longer than any wait on a busy machine; never waited for in full unless something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A server that runs until it is dropped.
pub struct Running {
    endpoint: Endpoint,
    stop: Option<oneshot::Sender<()>>,
    ended: Option<JoinHandle<anyhow::Result<()>>>,
    runtime: Runtime,
    data: Arc<TempDir>,
}

/// Starts a server as its operator would by default, but without a rate limit.
pub fn serve() -> Running {
    serve_with(tempfile::tempdir().unwrap(), |_| {})
}

/// Starts a server on a folder that may hold something already.
pub fn serve_with(data: impl Into<Arc<TempDir>>, change: impl FnOnce(&mut Settings)) -> Running {
    let data = data.into();
    let mut settings = Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        data: data.path().to_owned(),
        new_database: false,
        store: Store::Sqlite,
        organiser_key: Some(Secret::new(KEY).unwrap()),
        public_url: None,
        site: Site::default(),
        cors_origins: Vec::new(),
        rate_limit: 0,
        behind_proxy: false,
        list_everyone: ListEveryone::Loopback,
        event_creators: EventCreators::Anyone,
        contact_retention: countmein::upkeep::days(countmein::upkeep::DEFAULT_CONTACT_DAYS),
        alexa: None,
        flic_key: None,
        mqtt: None,
        notifications: NotificationSettings { webhooks: WebhookPolicy::Off, ..NotificationSettings::default() },
    };
    change(&mut settings);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime.block_on(Server::bind(&settings)).unwrap();
    let address = server.address().unwrap();
    let (stop, stopped) = oneshot::channel();
    let ended = runtime.spawn(server.run(async {
        let _ = stopped.await;
    }));
    Running { endpoint: Endpoint::new(address), stop: Some(stop), ended: Some(ended), runtime, data }
}

impl Deref for Running {
    type Target = Endpoint;

    fn deref(&self) -> &Self::Target {
        &self.endpoint
    }
}

impl Running {
    pub fn folder(&self) -> &Path {
        self.data.path()
    }

    pub fn database(&self) -> PathBuf {
        self.folder().join("countmein.sqlite")
    }

    /// The data folder, which outlives the server.
    pub fn data(&self) -> &Arc<TempDir> {
        &self.data
    }

    /// Asks the server to stop.
    pub fn stop(&mut self) {
        self.stop.take();
    }

    /// Whether it ends within a while.
    pub fn ends_within(&mut self, patience: Duration) -> bool {
        let ended = self.ended.as_mut().expect("it was not waited for");
        self.runtime.block_on(async { tokio::time::timeout(patience, ended).await }).is_ok()
    }

    /// Waits for the end of a server that was asked to stop: how long that took.
    pub fn wait_for_the_end(&mut self) -> Duration {
        let began = Instant::now();
        let ended = self.ended.take().expect("it is waited for once");
        let end = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, ended).await });
        end.expect("the server ends").unwrap().unwrap();
        began.elapsed()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        if self.ended.is_some() && !std::thread::panicking() {
            self.wait_for_the_end();
        }
    }
}
