//! `POST /alexa`: the skill of a server without AWS, which accepts only what Amazon has signed.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countmein::adapters::alexa_signatures::AlexaSignatures;
use countmein::domain::timestamp::Timestamp;
use countmein::http::AlexaEndpoint;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{SKILL_ID, request, speech};
use crate::http::support::{Answer, Running, serve_with};

const CHAIN_URL: &str = "https://s3.amazonaws.com/echo.api/echo-api-cert.pem";

/// A key like Amazon's. The libraries of the tests cannot make one.
fn rsa_key() -> String {
    let arguments = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
    let output = Command::new("openssl").args(arguments).output().expect("openssl is installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// A certificate authority, with a key that signs requests.
struct Amazon {
    root: Authority,
    key: String,
}

impl Amazon {
    fn new() -> Self {
        let root = CertifiedIssuer::self_signed(authority_params(), KeyPair::generate().unwrap()).unwrap();
        Self { root, key: rsa_key() }
    }

    /// A chain from a certificate for `name`, valid for days counted from today, over an intermediate authority.
    fn chain(&self, name: &str, days: std::ops::Range<i64>) -> String {
        let between = CertifiedIssuer::signed_by(authority_params(), KeyPair::generate().unwrap(), &self.root).unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (
            OffsetDateTime::now_utc() + Duration::days(days.start),
            OffsetDateTime::now_utc() + Duration::days(days.end),
        );
        let key = KeyPair::from_pem(&self.key).unwrap();
        format!("{}{}", params.signed_by(&key, &between).unwrap().pem(), between.pem())
    }

    fn sign(&self, body: &[u8]) -> String {
        let der = pem_to_der(&self.key);
        let key = RsaKeyPair::from_pkcs8(&der).unwrap();
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body, &mut signature).unwrap();
        STANDARD.encode(signature)
    }

    /// A server that gets `chain` at every address.
    fn serve(&self, chain: String) -> (Running, Arc<AtomicUsize>) {
        let downloads = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&downloads);
        let download = move |_: &url::Url| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(chain.clone().into_bytes())
        };
        let root = CertificateDer::from(self.root.der().to_vec());
        let signatures = AlexaSignatures::with(&[root], Arc::new(download));
        let server = serve_with(tempfile::tempdir().unwrap(), |settings| {
            settings.alexa = Some(AlexaEndpoint { skill_id: SKILL_ID.to_owned(), signatures: Arc::new(signatures) });
        });
        (server, downloads)
    }
}

fn pem_to_der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64).unwrap()
}

/// A request as of now, with an id of its own.
fn signing_up(name: &str, age: std::time::Duration) -> Value {
    let mut request = request("en/03-name-given.json");
    request["request"]["timestamp"] = Timestamp::now().minus(age).to_string().into();
    request["request"]["requestId"] = format!("amzn1.echo-api.request.{name}").into();
    request["request"]["intent"]["slots"]["Name"]["value"] = name.into();
    request
}

const NOW: std::time::Duration = std::time::Duration::ZERO;

fn post(server: &Running, body: &Value, url: &str, signature: &str) -> Answer {
    let request = server.post("/alexa").header("SignatureCertChainUrl", url).header("Signature-256", signature);
    request.body("application/json", body.to_string()).send()
}

fn send(server: &Running, amazon: &Amazon, body: &Value) -> Answer {
    post(server, body, CHAIN_URL, &amazon.sign(body.to_string().as_bytes()))
}

#[test]
fn signed_request_signs_up() {
    let amazon = Amazon::new();
    let (server, downloads) = amazon.serve(amazon.chain("echo-api.amazon.com", -1..1));
    let ana = signing_up("ana", NOW);
    assert_eq!(speech(&send(&server, &amazon, &ana).is(200).json()), "Ana is in for Dance. What else would you like?");
    server.settled();
    assert_eq!(server.who("dance"), ["Ana"]);
    assert_eq!(
        speech(&send(&server, &amazon, &signing_up("ben", NOW)).is(200).json()),
        "Ben is in for Dance. What else would you like?"
    );
    send(&server, &Amazon::new(), &signing_up("eve", NOW)).is(400);
    send(&server, &amazon, &signing_up("cem", NOW)).is(200);
    assert_eq!(downloads.load(Ordering::Relaxed), 1, "the chain is kept, also after a wrong signature");

    let repeated = send(&server, &amazon, &ana).is(400);
    assert!(repeated.text().contains("it was answered before"), "{}", repeated.text());
}

#[test]
fn request_that_amazon_did_not_sign_is_refused() {
    let (amazon, other) = (Amazon::new(), Amazon::new());
    let (server, _) = amazon.serve(amazon.chain("echo-api.amazon.com", -1..1));
    let refuses = |answer: Answer, why: &str| {
        let answer = answer.is(400);
        assert!(answer.text().contains(why), "{why}: {}", answer.text());
    };
    let ana = signing_up("ana", NOW);
    refuses(server.post("/alexa").json(&ana).send(), "it is not signed");
    refuses(post(&server, &ana, CHAIN_URL, "%"), "the signature is not base64");
    refuses(send(&server, &other, &ana), "the signature does not match the body");
    let mut changed = ana.clone();
    changed["request"]["intent"]["slots"]["Name"]["value"] = "eve".into();
    refuses(post(&server, &changed, CHAIN_URL, &amazon.sign(ana.to_string().as_bytes())), "does not match the body");
    let elsewhere = "https://s3.amazonaws.com.evil.example/echo.api/echo-api-cert.pem";
    refuses(post(&server, &ana, elsewhere, &amazon.sign(ana.to_string().as_bytes())), "not at an address of Alexa");
    let minutes = |minutes: u64| std::time::Duration::from_secs(60 * minutes);
    refuses(send(&server, &amazon, &signing_up("late", minutes(3))), "differs from the clock");
    let mut early = signing_up("early", NOW);
    early["request"]["timestamp"] = Timestamp::now().plus(minutes(3)).to_string().into();
    refuses(send(&server, &amazon, &early), "differs from the clock");
    let mut foreign = signing_up("foreign", NOW);
    foreign["context"]["System"]["application"]["applicationId"] = "amzn1.ask.skill.other".into();
    refuses(send(&server, &amazon, &foreign), "for another skill");
    refuses(send(&server, &amazon, &json!("nonsense")), "not a valid Alexa request");

    for (chain, why) in [
        (amazon.chain("echo-api.amazon.com", -9..-1), "the certificate is not trusted"),
        (amazon.chain("echo-api.amazon.com", 1..9), "the certificate is not trusted"),
        (amazon.chain("evil.example", -1..1), "the certificate is not for echo-api.amazon.com"),
        (other.chain("echo-api.amazon.com", -1..1), "the certificate is not trusted"),
        (String::new(), "the certificate chain is empty"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(), "malformed"),
    ] {
        let (server, _) = amazon.serve(chain);
        refuses(send(&server, &amazon, &ana), why);
        server.settled();
        assert!(server.who("dance").is_empty(), "{why}");
    }
    server.settled();
    assert!(server.who("dance").is_empty());
}

#[test]
fn server_without_a_skill_has_no_such_address() {
    let server = serve_with(tempfile::tempdir().unwrap(), |_| ());
    server.post("/alexa").json(&json!({})).send().is(404);
}
