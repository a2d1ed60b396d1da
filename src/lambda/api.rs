//! The function that serves the HTTP API and the pages.

use std::sync::Arc;

use anyhow::bail;
use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use lambda_http::request::RequestContext;

use super::notify::{limits, message_texts, parse_public_url};
use super::{optional_setting, parsed_setting, required_setting};
use crate::adapters::aws::config;
use crate::adapters::cached_events::CachedEvents;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::metrics::emf::Emf;
use crate::adapters::s3::S3Downloads;
use crate::adapters::secrets_manager as secrets;
use crate::adapters::secrets_manager::{LazySecrets, SecretIds};
use crate::adapters::sqs::Sqs;
use crate::http::base_path::BasePath;
use crate::http::client::{ClientAddress, ListEveryone};
use crate::http::middleware::rate_limit::RateLimit;
use crate::http::site::Site;
use crate::http::{self, App, ClientLimits, Delivery};

/// Creates the router, with the SQS queue and the DynamoDB table as its backends. Reads the token secret, which every
/// sign-up needs.
pub async fn router() -> anyhow::Result<Router> {
    let config = config::load_for_function()?;
    let secret_ids = SecretIds {
        organiser_key: required_setting("COUNTMEIN_ORGANISER_SECRET")?,
        token_secret: required_setting("COUNTMEIN_TOKEN_SECRET")?,
        contact_secret: required_setting("COUNTMEIN_CONTACT_SECRET")?,
    };
    // This also opens the connection to AWS. It is fast here, because Lambda provides a full CPU during initialisation.
    let token_secret = secrets::read_current(&config, &secret_ids.token_secret).await?;
    let limits = limits()?;
    let public_url = optional_setting("COUNTMEIN_PUBLIC_URL").map(|url| parse_public_url(&url)).transpose()?;
    let app = App {
        queue: Arc::new(Sqs::new(&config, required_setting("COUNTMEIN_QUEUE_URL")?)),
        backend: CachedEvents::of(EventsTable::new(&config, required_setting("COUNTMEIN_TABLE")?).backend()),
        event_creators: parsed_setting("COUNTMEIN_NEW_EVENTS")?.unwrap_or_default(),
        import_queue_limit: None,
        downloads: Some(Arc::new(S3Downloads::new(&config, required_setting("COUNTMEIN_EXPORTS_BUCKET")?))),
        alexa: None,
        flic_key: parsed_setting("COUNTMEIN_FLIC_KEY")?,
        texts: message_texts()?,
        delivery: Delivery { email: true, sms: limits.sms.is_some(), webhooks: true },
        limits: Some(limits),
        token_secret,
        secrets: Arc::new(LazySecrets::new(&config, secret_ids)),
        site: Site {
            imprint_url: parsed_setting("COUNTMEIN_IMPRINT_URL")?,
            privacy_url: parsed_setting("COUNTMEIN_PRIVACY_URL")?,
            base: BasePath::of(public_url.as_ref()),
        },
        public_url,
        login_limit: Arc::new(RateLimit::for_logins()),
        list_everyone: parse_list_everyone(optional_setting("COUNTMEIN_LIST_EVERYONE").as_deref())?,
        metrics: Arc::new(Emf::new(required_setting("COUNTMEIN_STAGE")?)),
        exposition: None,
        live: None,
    };
    // API Gateway limits the rate of requests, and Lambda handles one request at a time.
    Ok(http::router(Arc::new(app), ClientLimits::default()).layer(map_request(add_client_address)))
}

/// Adds the client's address, which API Gateway reports.
async fn add_client_address(mut request: Request) -> Request {
    if let Some(RequestContext::ApiGatewayV2(context)) = request.extensions().get()
        && let Some(address) = context.http.source_ip.as_deref().and_then(|text| text.parse().ok())
    {
        request.extensions_mut().insert(ClientAddress(address));
    }
    request
}

/// Lambda has no loopback clients, so `loopback` is not a choice.
fn parse_list_everyone(text: Option<&str>) -> anyhow::Result<ListEveryone> {
    match text {
        None | Some("nobody") => Ok(ListEveryone::Nobody),
        Some("anyone") => Ok(ListEveryone::Anyone),
        Some(other) => bail!("COUNTMEIN_LIST_EVERYONE is {other}; use nobody or anyone"),
    }
}
