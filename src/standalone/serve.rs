//! The standalone program: one process that takes sign-ups, brings them onto the roster, and serves its pages.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use crate::secret::Secret;

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

/// Who gets everybody's names from `GET /`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListEveryone {
    /// Clients on this machine.
    Loopback,
    Anyone,
    Nobody,
}
