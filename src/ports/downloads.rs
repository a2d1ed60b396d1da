//! Stores files that are too large for a response.

use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use crate::ports::Unavailable;

/// How long a stored file can be downloaded.
pub const DOWNLOAD_TIME: Duration = Duration::from_secs(10 * 60);

/// A file to download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// The name under which a browser stores the file: ASCII letters, digits, `-` and `.`.
    pub name: &'static str,
    pub content_type: &'static str,
    pub content: Vec<u8>,
}

/// Stores files that are too large for a response.
#[async_trait]
pub trait Downloads: Send + Sync {
    /// Stores a file. Returns an address from which everybody who knows it can download the file for [`DOWNLOAD_TIME`].
    async fn store(&self, download: Download) -> Result<Url, Unavailable>;
}
