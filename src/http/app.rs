//! What the routes work with.

use std::sync::Arc;

use url::Url;

use crate::domain::secret::Secret;
use crate::formats::button::flic_key::FlicKey;
use crate::http::client::ListEveryone;
use crate::notify::Limits;
use crate::ports::{Backend, Exposition, Meter, Queue, Secrets};

/// What the routes work with.
pub struct App {
    pub queue: Arc<dyn Queue>,
    pub backend: Backend,
    /// How long the queue may be before an import waits, where a long one delays others.
    pub import_room: Option<u64>,
    /// Verifies what Flic's cloud posts; without it such requests are refused.
    pub flic_key: Option<FlicKey>,
    /// The limits on notifications; none where this program sends none.
    pub limits: Option<Limits>,
    /// Signs manage links.
    pub token_secret: Secret,
    pub secrets: Arc<dyn Secrets>,
    /// How others reach this server; without it a link begins with the address that the client used.
    pub public_url: Option<Url>,
    pub list_everyone: ListEveryone,
    pub metrics: Arc<dyn Meter>,
    pub exposition: Option<Arc<dyn Exposition>>,
}
