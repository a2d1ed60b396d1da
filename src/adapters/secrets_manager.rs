//! The stage's secrets in Secrets Manager, each read once.

use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use tokio::sync::OnceCell;

use crate::domain::secret::Secret;
use crate::ports::{Secrets, Unavailable};

/// The version that a rotation makes the newest, and the one that it replaces (Secrets Manager, "Secret versions").
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// The newest version.
pub async fn current(config: &SdkConfig, id: &str) -> anyhow::Result<Secret> {
    read_current(&Client::new(config), id).await
}

/// The version before the newest, if the secret ever was rotated.
pub async fn previous(config: &SdkConfig, id: &str) -> anyhow::Result<Option<Secret>> {
    read(&Client::new(config), id, PREVIOUS).await
}

/// Secrets that are read when they are first needed, by their ids.
///
/// Most instances of a function never need them, and each would lengthen their start by a call.
pub struct LazySecrets {
    client: Client,
    organiser: String,
    token: String,
    organiser_key: OnceCell<Secret>,
    previous_token_secret: OnceCell<Option<Secret>>,
}

impl LazySecrets {
    pub fn new(config: &SdkConfig, organiser: String, token: String) -> Self {
        let client = Client::new(config);
        Self { client, organiser, token, organiser_key: OnceCell::new(), previous_token_secret: OnceCell::new() }
    }
}

#[async_trait]
impl Secrets for LazySecrets {
    async fn organiser_key(&self) -> Result<Secret, Unavailable> {
        let key = self.organiser_key.get_or_try_init(|| read_current(&self.client, &self.organiser)).await;
        key.cloned().map_err(unavailable)
    }

    async fn previous_token_secret(&self) -> Result<Option<Secret>, Unavailable> {
        let secret = self.previous_token_secret.get_or_try_init(|| read(&self.client, &self.token, PREVIOUS)).await;
        secret.cloned().map_err(unavailable)
    }
}

fn unavailable(error: anyhow::Error) -> Unavailable {
    Unavailable { doing: "reading a secret", cause: format!("{error:#}") }
}

async fn read_current(client: &Client, id: &str) -> anyhow::Result<Secret> {
    read(client, id, CURRENT).await?.with_context(|| format!("the secret {id} has no value yet"))
}

/// None if there is no such version.
async fn read(client: &Client, id: &str, stage: &str) -> anyhow::Result<Option<Secret>> {
    let value = match client.get_secret_value().secret_id(id).version_stage(stage).send().await {
        Ok(value) => value,
        Err(error)
            if stage == PREVIOUS
                && error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read the secret {id}")),
    };
    let text = value.secret_string.ok_or_else(|| anyhow!("the secret {id} is not text"))?;
    Secret::new(text).map(Some).with_context(|| format!("the secret {id}"))
}
