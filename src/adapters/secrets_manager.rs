//! The stage's secrets in AWS Secrets Manager.

use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use tokio::sync::OnceCell;

use crate::domain::secret::Secret;
use crate::ports::{Secrets, Unavailable};

/// The labels of the newest version of a secret, and of the version that it replaced (Secrets Manager, "Secret
/// versions").
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// Reads the newest version of a secret.
pub async fn read_current(config: &SdkConfig, id: &str) -> anyhow::Result<Secret> {
    read_current_version(&Client::new(config), id).await
}

/// Reads the version before the newest. None if the secret was never rotated.
pub async fn read_previous(config: &SdkConfig, id: &str) -> anyhow::Result<Option<Secret>> {
    read_version(&Client::new(config), id, PREVIOUS).await
}

/// Reads secrets when they are first needed, and keeps them.
///
/// Most instances of a function never need them, and each read would delay their start.
pub struct LazySecrets {
    client: Client,
    organiser_key_id: String,
    token_secret_id: String,
    organiser_key: OnceCell<Secret>,
    previous_token_secret: OnceCell<Option<Secret>>,
}

impl LazySecrets {
    pub fn new(config: &SdkConfig, organiser_key_id: String, token_secret_id: String) -> Self {
        Self {
            client: Client::new(config),
            organiser_key_id,
            token_secret_id,
            organiser_key: OnceCell::new(),
            previous_token_secret: OnceCell::new(),
        }
    }
}

#[async_trait]
impl Secrets for LazySecrets {
    async fn organiser_key(&self) -> Result<Secret, Unavailable> {
        let read = || read_current_version(&self.client, &self.organiser_key_id);
        self.organiser_key.get_or_try_init(read).await.cloned().map_err(unavailable)
    }

    async fn previous_token_secret(&self) -> Result<Option<Secret>, Unavailable> {
        let read = || read_version(&self.client, &self.token_secret_id, PREVIOUS);
        self.previous_token_secret.get_or_try_init(read).await.cloned().map_err(unavailable)
    }
}

fn unavailable(error: anyhow::Error) -> Unavailable {
    Unavailable { doing: "reading a secret", cause: format!("{error:#}") }
}

async fn read_current_version(client: &Client, id: &str) -> anyhow::Result<Secret> {
    read_version(client, id, CURRENT).await?.with_context(|| format!("the secret {id} has no value; set one"))
}

/// None if there is no previous version.
async fn read_version(client: &Client, id: &str, label: &str) -> anyhow::Result<Option<Secret>> {
    let value = match client.get_secret_value().secret_id(id).version_stage(label).send().await {
        Ok(value) => value,
        Err(error)
            if label == PREVIOUS
                && error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read the secret {id}")),
    };
    let text = value.secret_string.ok_or_else(|| anyhow!("the secret {id} is binary; store it as text"))?;
    Secret::new(text).map(Some).with_context(|| format!("the secret {id}"))
}
