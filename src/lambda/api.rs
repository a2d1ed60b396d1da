//! The router of all homes, on the queue and the table.

use std::sync::Arc;

use anyhow::bail;
use axum::Router;

use super::notify::{limits, public_url};
use super::{optional_setting, parsed_setting, setting};
use crate::adapters::aws::config;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::metrics::emf::Emf;
use crate::adapters::secrets_manager as secrets;
use crate::adapters::secrets_manager::LazySecrets;
use crate::adapters::sqs::Sqs;
use crate::http::client::ListEveryone;
use crate::http::{self, App};

/// The router, with the secret read that signing up needs.
pub async fn router() -> anyhow::Result<Router> {
    let config = config::of_function()?;
    let (organiser, token) = (setting("COUNTMEIN_ORGANISER_SECRET")?, setting("COUNTMEIN_TOKEN_SECRET")?);
    // Opens the connection too, while Lambda still gives the start a whole processor.
    let token_secret = secrets::current(&config, &token).await?;
    let app = App {
        queue: Arc::new(Sqs::new(&config, setting("COUNTMEIN_QUEUE_URL")?)),
        backend: EventsTable::new(&config, setting("COUNTMEIN_TABLE")?).backend(),
        import_queue_limit: None,
        flic_key: parsed_setting("COUNTMEIN_FLIC_KEY")?,
        limits: Some(limits()?),
        token_secret,
        secrets: Arc::new(LazySecrets::new(&config, organiser, token)),
        public_url: optional_setting("COUNTMEIN_PUBLIC_URL").map(|url| public_url(&url)).transpose()?,
        list_everyone: list_everyone(optional_setting("COUNTMEIN_LIST_EVERYONE").as_deref())?,
        metrics: Arc::new(Emf::new(setting("COUNTMEIN_STAGE")?)),
        exposition: None,
    };
    // API Gateway holds down who asks too often.
    Ok(http::router(Arc::new(app), |routes| routes))
}

/// There is no loopback in the cloud.
fn list_everyone(text: Option<&str>) -> anyhow::Result<ListEveryone> {
    match text {
        None | Some("nobody") => Ok(ListEveryone::Nobody),
        Some("anyone") => Ok(ListEveryone::Anyone),
        Some(other) => bail!("COUNTMEIN_LIST_EVERYONE is {other}; use nobody or anyone"),
    }
}
