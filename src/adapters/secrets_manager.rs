//! Reads a stage's secrets from AWS Secrets Manager.

use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use tokio::sync::OnceCell;

use crate::domain::secret::Secret;
use crate::ports::{Secrets, Unavailable};

/// The staging label of a secret's newest version (Secrets Manager user guide, "Secret versions").
const CURRENT_LABEL: &str = "AWSCURRENT";

/// The staging label of the version that the newest version replaced.
const PREVIOUS_LABEL: &str = "AWSPREVIOUS";

/// Reads the newest version of a secret.
pub async fn read_current(config: &SdkConfig, id: &str) -> anyhow::Result<Secret> {
    read_current_version(&Client::new(config), id).await
}

/// Reads the version before the newest. Returns `None` if the secret was never rotated.
pub async fn read_previous(config: &SdkConfig, id: &str) -> anyhow::Result<Option<Secret>> {
    read_version(&Client::new(config), id, PREVIOUS_LABEL).await
}

/// Reads each secret when it is first needed, and caches it.
///
/// Most instances of a function never need these secrets. Reading them at startup would delay every start.
pub struct LazySecrets {
    client: Client,
    ids: SecretIds,
    organiser_key: OnceCell<Secret>,
    contact_secret: OnceCell<Secret>,
    previous_token_secret: OnceCell<Option<Secret>>,
}

/// The names or ARNs of a stage's secrets.
pub struct SecretIds {
    pub organiser_key: String,
    pub token_secret: String,
    pub contact_secret: String,
}

impl LazySecrets {
    pub fn new(config: &SdkConfig, ids: SecretIds) -> Self {
        Self {
            client: Client::new(config),
            ids,
            organiser_key: OnceCell::new(),
            contact_secret: OnceCell::new(),
            previous_token_secret: OnceCell::new(),
        }
    }
}

#[async_trait]
impl Secrets for LazySecrets {
    async fn organiser_key(&self) -> Result<Secret, Unavailable> {
        let read = || read_current_version(&self.client, &self.ids.organiser_key);
        self.organiser_key.get_or_try_init(read).await.cloned().map_err(unavailable)
    }

    async fn contact_secret(&self) -> Result<Option<Secret>, Unavailable> {
        let read = || read_current_version(&self.client, &self.ids.contact_secret);
        self.contact_secret.get_or_try_init(read).await.cloned().map(Some).map_err(unavailable)
    }

    async fn previous_token_secret(&self) -> Result<Option<Secret>, Unavailable> {
        let read = || read_version(&self.client, &self.ids.token_secret, PREVIOUS_LABEL);
        self.previous_token_secret.get_or_try_init(read).await.cloned().map_err(unavailable)
    }
}

fn unavailable(error: anyhow::Error) -> Unavailable {
    Unavailable { doing: "reading a secret", cause: format!("{error:#}") }
}

async fn read_current_version(client: &Client, id: &str) -> anyhow::Result<Secret> {
    read_version(client, id, CURRENT_LABEL).await?.with_context(|| format!("the secret {id} has no value; set one"))
}

/// Reads the version with a staging label. Returns `None` if there is no previous version.
async fn read_version(client: &Client, id: &str, label: &str) -> anyhow::Result<Option<Secret>> {
    let value = match client.get_secret_value().secret_id(id).version_stage(label).send().await {
        Ok(value) => value,
        Err(error)
            if label == PREVIOUS_LABEL
                && error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read the secret {id}")),
    };
    let text = value.secret_string.ok_or_else(|| anyhow!("the secret {id} is binary; store it as text"))?;
    Secret::new(text).map(Some).with_context(|| format!("the secret {id} is invalid"))
}
