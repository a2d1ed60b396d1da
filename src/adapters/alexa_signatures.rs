//! Verifies the signatures of Alexa's requests, as Amazon requires of a skill that is a web service:
//! <https://developer.amazon.com/docs/alexa/custom-skills/host-a-custom-skill-as-a-web-service.html>.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::ensure;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use tokio::task::spawn_blocking;
use url::Url;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::domain::timestamp::Timestamp;
use crate::ports::{RequestSignatures, SignatureError, SignedRequest, Unavailable};

/// The name in Amazon's certificate.
const AMAZON: &str = "echo-api.amazon.com";

/// Amazon's chains have about 8 KB.
const MAX_CHAIN_BYTES: u64 = 64 * 1_024;

/// Alexa waits 8 seconds for a response.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(3);

/// The number of chains that are kept. Amazon uses one at a time, and changes it every few months.
const MAX_CHAINS: usize = 4;

/// Downloads what is at an address.
pub type Download = dyn Fn(&Url) -> anyhow::Result<Vec<u8>> + Send + Sync;

/// Verifies signatures with Amazon's certificates, which it downloads and keeps.
pub struct AlexaSignatures {
    roots: Vec<TrustAnchor<'static>>,
    download: Arc<Download>,
    chains: Mutex<HashMap<Url, Arc<Vec<CertificateDer<'static>>>>>,
}

impl AlexaSignatures {
    /// Trusts the certificate authorities of this machine, and downloads from Amazon.
    ///
    /// # Errors
    /// Returns an error if this machine has no certificate authorities.
    pub fn new() -> anyhow::Result<Self> {
        let roots = rustls_native_certs::load_native_certs().certs;
        ensure!(!roots.is_empty(), "this machine trusts no certificate authority; install the package ca-certificates");
        Ok(Self::with(&roots, Arc::new(download)))
    }

    /// Trusts `roots`, without those that are no valid certificates.
    pub fn with(roots: &[CertificateDer<'_>], download: Arc<Download>) -> Self {
        let roots = roots.iter().filter_map(|root| anchor_from_trusted_cert(root).ok());
        Self { roots: roots.map(|root| root.to_owned()).collect(), download, chains: Mutex::default() }
    }

    async fn chain(&self, url: &Url) -> Result<Arc<Vec<CertificateDer<'static>>>, SignatureError> {
        if let Some(chain) = self.chains().get(url) {
            return Ok(Arc::clone(chain));
        }
        let (download, from) = (Arc::clone(&self.download), url.clone());
        let downloaded = spawn_blocking(move || download(&from)).await;
        let pem = downloaded
            .map_err(anyhow::Error::from)
            .flatten()
            .map_err(|error| Unavailable { doing: "downloading Amazon's certificate", cause: format!("{error:#}") })?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let chain = Arc::new(chain.map_err(|_| invalid("the certificate chain is not PEM"))?);
        let mut chains = self.chains();
        if chains.len() >= MAX_CHAINS {
            chains.clear();
        }
        chains.insert(url.clone(), Arc::clone(&chain));
        Ok(chain)
    }

    fn chains(&self) -> std::sync::MutexGuard<'_, HashMap<Url, Arc<Vec<CertificateDer<'static>>>>> {
        self.chains.lock().expect("no code panics while it holds the lock")
    }

    /// Returns the certificate of a chain if it is Amazon's.
    fn trusted<'a>(
        &self,
        chain: &'a [CertificateDer<'_>],
        now: Timestamp,
    ) -> Result<EndEntityCert<'a>, SignatureError> {
        let [certificate, intermediates @ ..] = chain else { return Err(invalid("the certificate chain is empty")) };
        let certificate =
            EndEntityCert::try_from(certificate).map_err(|_| invalid("the certificate of the chain is malformed"))?;
        let now = UnixTime::since_unix_epoch(Duration::from_millis(now.as_millis().unsigned_abs()));
        let usage = KeyUsage::server_auth();
        certificate
            .verify_for_usage(ALL_VERIFICATION_ALGS, &self.roots, intermediates, now, usage, None, None)
            .map_err(|error| invalid(&format!("the certificate is not trusted: {error}")))?;
        let name = ServerName::try_from(AMAZON).expect("it is a host name");
        certificate
            .verify_is_valid_for_subject_name(&name)
            .map_err(|_| invalid(&format!("the certificate is not for {AMAZON}")))?;
        Ok(certificate)
    }
}

#[async_trait]
impl RequestSignatures for AlexaSignatures {
    async fn verify(&self, request: SignedRequest<'_>, now: Timestamp) -> Result<(), SignatureError> {
        let url = chain_url(request.chain_url)?;
        let signature = STANDARD.decode(request.signature.trim());
        let signature = signature.map_err(|_| invalid("the signature is not base64"))?;
        let chain = self.chain(&url).await?;
        let certificate = self.trusted(&chain, now).inspect_err(|_| {
            // Amazon may have replaced the chain at this address. A wrong signature is no reason to download it again.
            self.chains().remove(&url);
        })?;
        certificate
            .verify_signature(webpki::ring::RSA_PKCS1_2048_8192_SHA256, request.body, &signature)
            .map_err(|_| invalid("the signature does not match the body"))
    }
}

/// Returns the address of a chain if it is one of Amazon's.
fn chain_url(text: &str) -> Result<Url, SignatureError> {
    let url = Url::parse(text.trim()).map_err(|_| invalid("the address of the certificate chain is malformed"))?;
    let is_amazons = url.scheme() == "https"
        && url.host_str() == Some("s3.amazonaws.com")
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.path().starts_with("/echo.api/");
    if is_amazons { Ok(url) } else { Err(invalid("the certificate chain is not at an address of Alexa")) }
}

fn invalid(check: &str) -> SignatureError {
    SignatureError::Invalid(check.to_owned())
}

fn download(url: &Url) -> anyhow::Result<Vec<u8>> {
    let config = ureq::Agent::config_builder().timeout_global(Some(DOWNLOAD_TIMEOUT)).max_redirects(0).https_only(true);
    let mut response = ureq::Agent::new_with_config(config.build()).get(url.as_str()).call()?;
    Ok(response.body_mut().with_config().limit(MAX_CHAIN_BYTES).read_to_vec()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chain_must_be_at_amazons_address() {
        for text in [
            "https://s3.amazonaws.com/echo.api/echo-api-cert.pem",
            "HTTPS://S3.AmazonAWS.com:443/echo.api/echo-api-cert.pem",
            "https://s3.amazonaws.com/echo.api/../echo.api/echo-api-cert.pem",
        ] {
            assert!(chain_url(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "http://s3.amazonaws.com/echo.api/echo-api-cert.pem",
            "https://notamazon.com/echo.api/echo-api-cert.pem",
            "https://s3.amazonaws.com.evil.example/echo.api/echo-api-cert.pem",
            "https://s3.amazonaws.com@evil.example/echo.api/echo-api-cert.pem",
            "https://s3.amazonaws.com/EcHo.aPi/echo-api-cert.pem",
            "https://s3.amazonaws.com/invalid.path/echo-api-cert.pem",
            "https://s3.amazonaws.com/echo.api/../evil/echo-api-cert.pem",
            "https://s3.amazonaws.com:563/echo.api/echo-api-cert.pem",
        ] {
            assert!(chain_url(text).is_err(), "{text}");
        }
    }
}
