//! The SMTP server: its address, its encryption and the login.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

const URL_FORMS: &str = "use smtps://USER:PASSWORD@HOST, smtp://USER:PASSWORD@HOST for STARTTLS, or \
                         smtp://HOST?tls=none for a server on this machine";

pub struct Server {
    host: String,
    port: u16,
    encryption: Encryption,
    login: Option<Credentials>,
    /// The name of this client in the command `EHLO`.
    client_id: ClientId,
}

enum Encryption {
    None,
    StartTls(TlsParameters),
    Tls(TlsParameters),
}

impl Server {
    /// Parses the URL. Errors never include any part of it, because it may contain a password.
    pub fn parse(url: &Url, client_id: &str, roots: Option<&[u8]>) -> anyhow::Result<Self> {
        let host = match url.host_str().map(Host::parse) {
            Some(Ok(Host::Domain(domain))) => domain,
            Some(Ok(Host::Ipv4(address))) => address.to_string(),
            Some(Ok(Host::Ipv6(address))) => address.to_string(),
            Some(Err(_)) | None => bail!("the mail server's URL has no host; {URL_FORMS}"),
        };
        ensure!(
            matches!(url.path(), "" | "/") && url.fragment().is_none(),
            "the mail server's URL has a path or a fragment; {URL_FORMS}"
        );
        let (encryption, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Encryption::Tls(tls_parameters(&host, roots)?), 465),
            ("smtp", None | Some("tls=required")) => (Encryption::StartTls(tls_parameters(&host, roots)?), 587),
            ("smtp", Some("tls=none")) => (Encryption::None, 25),
            _ => bail!("the mail server's URL has an unknown scheme or query; {URL_FORMS}"),
        };
        let login = parse_login(url)?;
        Ok(Self {
            host,
            port: url.port().unwrap_or(port),
            encryption,
            login,
            client_id: ClientId::Domain(client_id.to_owned()),
        })
    }

    /// Connects and logs in.
    pub async fn connect(&self, timeout: Duration) -> Result<AsyncSmtpConnection, Error> {
        // The host may have several addresses, so an address that does not answer must not use up the whole timeout.
        let timeout_per_address = Some(timeout / 3);
        let implicit_tls = match &self.encryption {
            Encryption::Tls(tls) => Some(tls.clone()),
            Encryption::None | Encryption::StartTls(_) => None,
        };
        let address = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, timeout_per_address, &self.client_id, implicit_tls, None)
                .await?;
        if let Encryption::StartTls(tls) = &self.encryption {
            connection.starttls(tls.clone(), &self.client_id).await?;
        }
        if let Some(login) = &self.login {
            connection.auth(DEFAULT_MECHANISMS, login).await?;
        }
        Ok(connection)
    }
}

fn parse_login(url: &Url) -> anyhow::Result<Option<Credentials>> {
    let decoded = |text| percent_decode_str(text).decode_utf8().context("the mail server's login is not UTF-8");
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => {
            bail!("the mail server's URL has only a user or only a password; give both or none")
        }
        (user, Some(password)) => {
            Ok(Some(Credentials::new(decoded(user)?.into_owned(), decoded(password)?.into_owned())))
        }
    }
}

fn tls_parameters(host: &str, roots: Option<&[u8]>) -> anyhow::Result<TlsParameters> {
    let builder = TlsParameters::builder(host.to_owned());
    let builder = match roots {
        None => builder.certificate_store(CertificateStore::WebpkiRoots),
        Some(pem) => {
            let has_certificate = pem.windows(BEGIN_CERTIFICATE.len()).any(|window| window == BEGIN_CERTIFICATE);
            ensure!(has_certificate, "the file of trusted certificates contains no certificate");
            let roots = Certificate::from_pem(pem).context("the file of trusted certificates is not PEM")?;
            builder.certificate_store(CertificateStore::None).add_root_certificate(roots)
        }
    };
    builder.build().context("cannot use the trusted certificates")
}

const BEGIN_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> anyhow::Result<Server> {
        Server::parse(&Url::parse(url).unwrap(), "example.org", None)
    }

    #[test]
    fn scheme_sets_encryption_and_port() {
        let parts = |url| {
            let server = parse(url).unwrap();
            let encryption = match server.encryption {
                Encryption::None => "none",
                Encryption::StartTls(_) => "STARTTLS",
                Encryption::Tls(_) => "TLS",
            };
            (encryption, server.host, server.port)
        };
        assert_eq!(parts("smtps://mail.example.org"), ("TLS", "mail.example.org".into(), 465));
        assert_eq!(parts("smtp://Mail.Example.org/"), ("STARTTLS", "mail.example.org".into(), 587));
        assert_eq!(parts("smtp://bücher.example:25"), ("STARTTLS", "xn--bcher-kva.example".into(), 25));
        assert_eq!(parts("smtp://[::1]?tls=required"), ("STARTTLS", "::1".into(), 587));
        assert_eq!(parts("smtp://127.0.0.1?tls=none"), ("none", "127.0.0.1".into(), 25));
        assert_eq!(parts("smtp://localhost:1025?tls=none"), ("none", "localhost".into(), 1025));
    }

    #[test]
    fn login_is_complete_and_percent_encoded() {
        assert!(parse("smtp://host").unwrap().login.is_none());
        let login = parse("smtps://ana%40club:p%40ss%3Aw%2Frd%25+@host").unwrap().login;
        assert!(login == Some(Credentials::new("ana@club".into(), "p@ss:w/rd%+".into())));
        for half in ["smtp://ana@host", "smtp://:secret@host", "smtp://ana:%FF@host"] {
            assert!(parse(half).is_err(), "{half}");
        }
    }

    #[test]
    fn rejects_unknown_urls_without_showing_passwords() {
        for url in [
            "https://ana:secret@host",
            "smtp:ana:secret@host",
            "smtp://ana:secret@host/more",
            "smtp://ana:secret@host#more",
            "smtp://ana:secret@host?tls=opportunistic",
            "smtp://ana:secret@host?tls=none&more",
            "smtps://ana:secret@host?tls=none",
        ] {
            let error = parse(url).err().unwrap_or_else(|| panic!("{url} is accepted"));
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }
}
