//! The stage's secrets in Secrets Manager, read once at the start.

use anyhow::{Context as _, anyhow};
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;

use crate::secret::{Keyring, Secret};

/// The version that a rotation makes the newest, and the one that it replaces (Secrets Manager, "Secret versions").
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// The organiser's key: the secret's text.
pub async fn organiser_key(config: &SdkConfig, id: &str) -> anyhow::Result<Secret> {
    read(&Client::new(config), id, CURRENT).await?.with_context(|| format!("the secret {id} has no value yet"))
}

/// What signs manage links: the newest version; and the one before it, whose links stay good until the next rotation.
pub async fn token_keys(config: &SdkConfig, id: &str) -> anyhow::Result<Keyring> {
    let client = Client::new(config);
    let (current, previous) = tokio::try_join!(read(&client, id, CURRENT), read(&client, id, PREVIOUS))?;
    Ok(Keyring::new(current.with_context(|| format!("the secret {id} has no value yet"))?, previous))
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
