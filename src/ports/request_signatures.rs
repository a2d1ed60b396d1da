//! Verifies that a request comes from Amazon's Alexa service.

use async_trait::async_trait;

use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// A request with its signature.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The header `SignatureCertChainUrl`.
    pub chain_url: &'a str,
    /// The header `Signature-256`.
    pub signature: &'a str,
    /// The body, unchanged.
    pub body: &'a [u8],
}

/// Why a signature is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// The text names the check that failed.
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Verifies that requests come from Alexa.
#[async_trait]
pub trait RequestSignatures: Send + Sync {
    /// Verifies the signature of a request that arrived at `now`.
    async fn verify(&self, request: SignedRequest<'_>, now: Timestamp) -> Result<(), SignatureError>;
}
