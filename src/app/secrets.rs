//! Secrets that are read once, when the program starts.

use async_trait::async_trait;

use crate::domain::secret::Secret;
use crate::ports::{Secrets, Unavailable};

/// Secrets that are read once, when the program starts.
#[derive(Debug, Clone)]
pub struct FixedSecrets {
    pub organiser_key: Secret,
    pub previous_token_secret: Option<Secret>,
    pub contact_secret: Option<Secret>,
}

#[async_trait]
impl Secrets for FixedSecrets {
    async fn organiser_key(&self) -> Result<Secret, Unavailable> {
        Ok(self.organiser_key.clone())
    }

    async fn contact_secret(&self) -> Result<Option<Secret>, Unavailable> {
        Ok(self.contact_secret.clone())
    }

    async fn previous_token_secret(&self) -> Result<Option<Secret>, Unavailable> {
        Ok(self.previous_token_secret.clone())
    }
}
