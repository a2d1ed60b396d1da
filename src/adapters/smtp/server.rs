//! The mail server: where it is, and how it lets us in.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

const FORMS: &str = "use smtps://USER:PASSWORD@HOST, smtp://USER:PASSWORD@HOST for STARTTLS, or smtp://HOST?tls=none for a \
                     server on this machine";

pub struct Server {
    host: String,
    port: u16,
    encryption: Encryption,
    login: Option<Credentials>,
    /// Whom we say we are.
    us: ClientId,
}

enum Encryption {
    None,
    StartTls(TlsParameters),
    Tls(TlsParameters),
}

impl Server {
    /// No error holds any of the URL, which has a password in it.
    pub fn parse(url: &Url, us: &str, roots: Option<&[u8]>) -> anyhow::Result<Self> {
        let host = match url.host_str().map(Host::parse) {
            Some(Ok(Host::Domain(domain))) => domain,
            Some(Ok(Host::Ipv4(address))) => address.to_string(),
            Some(Ok(Host::Ipv6(address))) => address.to_string(),
            Some(Err(_)) | None => bail!("the mail server's URL names no host; {FORMS}"),
        };
        ensure!(
            matches!(url.path(), "" | "/") && url.fragment().is_none(),
            "the mail server's URL has more than a host; {FORMS}"
        );
        let (encryption, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Encryption::Tls(tls(&host, roots)?), 465),
            ("smtp", None | Some("tls=required")) => (Encryption::StartTls(tls(&host, roots)?), 587),
            ("smtp", Some("tls=none")) => (Encryption::None, 25),
            _ => bail!("the mail server's URL is none that we know; {FORMS}"),
        };
        let login = login(url)?;
        Ok(Self { host, port: url.port().unwrap_or(port), encryption, login, us: ClientId::Domain(us.to_owned()) })
    }

    /// A connection that takes mail.
    pub async fn connect(&self, patience: Duration) -> Result<AsyncSmtpConnection, Error> {
        // Of several addresses the first may be one that nobody answers at.
        let each = Some(patience / 3);
        let wrapped = match &self.encryption {
            Encryption::Tls(tls) => Some(tls.clone()),
            Encryption::None | Encryption::StartTls(_) => None,
        };
        let address = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, each, &self.us, wrapped, None).await?;
        if let Encryption::StartTls(tls) = &self.encryption {
            connection.starttls(tls.clone(), &self.us).await?;
        }
        if let Some(login) = &self.login {
            connection.auth(DEFAULT_MECHANISMS, login).await?;
        }
        Ok(connection)
    }
}

fn login(url: &Url) -> anyhow::Result<Option<Credentials>> {
    let decoded = |text| percent_decode_str(text).decode_utf8().context("the mail server's login is not UTF-8");
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => bail!("the mail server's URL has half a login; give a user and a password"),
        (user, Some(password)) => {
            Ok(Some(Credentials::new(decoded(user)?.into_owned(), decoded(password)?.into_owned())))
        }
    }
}

fn tls(host: &str, roots: Option<&[u8]>) -> anyhow::Result<TlsParameters> {
    let builder = TlsParameters::builder(host.to_owned());
    let builder = match roots {
        None => builder.certificate_store(CertificateStore::WebpkiRoots),
        Some(pem) => {
            let some = pem.windows(BEGIN_CERTIFICATE.len()).any(|window| window == BEGIN_CERTIFICATE);
            ensure!(some, "there is no certificate among the trusted certificates");
            let roots = Certificate::from_pem(pem).context("the trusted certificates are not PEM")?;
            builder.certificate_store(CertificateStore::None).add_root_certificate(roots)
        }
    };
    builder.build().context("the trusted certificates")
}

const BEGIN_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> anyhow::Result<Server> {
        Server::parse(&Url::parse(url).unwrap(), "example.org", None)
    }

    #[test]
    fn the_scheme_says_how_it_is_encrypted_and_where() {
        let place = |url| {
            let server = parse(url).unwrap();
            let encryption = match server.encryption {
                Encryption::None => "none",
                Encryption::StartTls(_) => "STARTTLS",
                Encryption::Tls(_) => "TLS",
            };
            (encryption, server.host, server.port)
        };
        assert_eq!(place("smtps://mail.example.org"), ("TLS", "mail.example.org".into(), 465));
        assert_eq!(place("smtp://Mail.Example.org/"), ("STARTTLS", "mail.example.org".into(), 587));
        assert_eq!(place("smtp://bücher.example:25"), ("STARTTLS", "xn--bcher-kva.example".into(), 25));
        assert_eq!(place("smtp://[::1]?tls=required"), ("STARTTLS", "::1".into(), 587));
        assert_eq!(place("smtp://127.0.0.1?tls=none"), ("none", "127.0.0.1".into(), 25));
        assert_eq!(place("smtp://localhost:1025?tls=none"), ("none", "localhost".into(), 1025));
    }

    #[test]
    fn a_login_is_whole_and_percent_encoded() {
        assert!(parse("smtp://host").unwrap().login.is_none());
        let login = parse("smtps://ana%40club:p%40ss%3Aw%2Frd%25+@host").unwrap().login;
        assert!(login == Some(Credentials::new("ana@club".into(), "p@ss:w/rd%+".into())));
        for half in ["smtp://ana@host", "smtp://:secret@host", "smtp://ana:%FF@host"] {
            assert!(parse(half).is_err(), "{half}");
        }
    }

    #[test]
    fn what_it_does_not_know_is_refused_and_no_password_shown() {
        for url in [
            "https://ana:secret@host",
            "smtp:ana:secret@host",
            "smtp://ana:secret@host/more",
            "smtp://ana:secret@host#more",
            "smtp://ana:secret@host?tls=opportunistic",
            "smtp://ana:secret@host?tls=none&more",
            "smtps://ana:secret@host?tls=none",
        ] {
            let error = parse(url).err().unwrap_or_else(|| panic!("{url} is taken"));
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }
}
