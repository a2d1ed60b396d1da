//! Mosquitto as a process of its own, and its client.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

pub struct Broker {
    process: Child,
    pub port: u16,
    folder: TempDir,
}

/// A stopped broker and its stored messages.
pub struct Away {
    port: u16,
    folder: TempDir,
}

impl Broker {
    /// With further lines of its configuration.
    pub fn start(more: &str) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let anonymous = if more.contains("allow_anonymous") { "" } else { "allow_anonymous true\n" };
        let autosave = if more.contains("autosave") { "" } else { "autosave_interval 1\nautosave_on_changes true\n" };
        let config = format!(
            "listener {port} 127.0.0.1\n{anonymous}{more}{autosave}persistence true\npersistence_location {}/\n\
             log_dest file {}\nlog_type all\nuser root\n",
            folder.path().display(),
            folder.path().join("log").display(),
        );
        fs::write(folder.path().join("mosquitto.conf"), config).unwrap();
        Away { port, folder }.start_again()
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Waits for a subscriber since the last start of the broker.
    pub fn wait_for_a_subscriber(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.log().rsplit("mosquitto version").next().unwrap().contains("Sending SUBACK") {
            assert!(Instant::now() < deadline, "nobody subscribes: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// At QoS 1: the broker has accepted it when this returns.
    pub fn publish(&self, topic: &str, payload: &str) {
        self.publish_with(topic, payload, &[]);
    }

    pub fn publish_with(&self, topic: &str, payload: &str, more: &[&str]) {
        let port = self.port.to_string();
        let output = Command::new("mosquitto_pub")
            .args(["-h", "localhost", "-p", &port, "-q", "1", "-t", topic, "-m", payload])
            .args(more)
            .output()
            .expect("tests/tools.sh installs mosquitto_pub");
        assert!(output.status.success(), "{output:?}");
    }

    /// Publishes one message per line.
    pub fn publish_lines(&self, topic: &str, lines: &[&str]) {
        let port = self.port.to_string();
        let mut publisher = Command::new("mosquitto_pub")
            .args(["-h", "localhost", "-p", &port, "-q", "1", "-t", topic, "-l"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("tests/tools.sh installs mosquitto_pub");
        let mut input = publisher.stdin.take().expect("it is piped");
        input.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
        drop(input);
        assert!(publisher.wait().unwrap().success());
    }

    /// Asks it to end, as a package's upgrade does.
    pub fn stop(mut self) -> Away {
        assert!(Command::new("kill").arg(self.process.id().to_string()).status().unwrap().success());
        self.process.wait().unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Away { port: self.port, folder }
    }

    pub fn restart(self) -> Self {
        self.stop().start_again()
    }
}

impl Away {
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    pub fn start_again(self) -> Broker {
        let config = self.folder.path().join("mosquitto.conf");
        let process = Command::new("mosquitto").arg("-c").arg(config).stderr(Stdio::null()).spawn();
        let process = process.expect("tests/tools.sh installs mosquitto");
        let broker = Broker { process, port: self.port, folder: self.folder };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, broker.port)).is_err() {
            assert!(Instant::now() < deadline, "the broker does not start: {}", broker.log());
            thread::sleep(Duration::from_millis(20));
        }
        broker
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A certificate authority, with a certificate for the broker and one for clients.
pub struct Authority {
    folder: TempDir,
}

impl Authority {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
        let mut authority = CertificateParams::new([]).unwrap();
        // OpenSSL takes a certificate with its issuer's name for a self-signed one.
        authority.distinguished_name.push(DnType::CommonName, "authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        write("authority.pem", authority.pem());
        for (name, purpose, is_expired) in [
            ("server", ExtendedKeyUsagePurpose::ServerAuth, false),
            ("expired", ExtendedKeyUsagePurpose::ServerAuth, true),
            ("client", ExtendedKeyUsagePurpose::ClientAuth, false),
        ] {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            params.extended_key_usages = vec![purpose];
            if is_expired {
                params.not_after = rcgen::date_time_ymd(2020, 1, 1);
            }
            write(&format!("{name}.pem"), params.signed_by(&key, &authority).unwrap().pem());
            write(&format!("{name}.key"), key.serialize_pem());
        }
        Self { folder }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
