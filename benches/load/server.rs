//! The server under load, as a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// The unit of processor times in `/proc`.
const TICK: Duration = Duration::from_millis(10);

/// A server process. Dropping it stops the process.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
}

impl Server {
    /// A server that writes its address to stdout.
    pub fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.next().unwrap().unwrap().parse().unwrap();
        Self { process, address }
    }

    pub fn program(data: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_countmein"))
            .args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", "--data"])
            .arg(data)
            .env_remove("RUST_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
        let address = log.find_map(|line| {
            let line: Value = serde_json::from_str(&line).ok()?;
            line["message"].as_str()?.strip_prefix("serving http://")?.trim_end_matches('/').parse().ok()
        });
        thread::spawn(move || log.for_each(|line| eprintln!("{line}")));
        Self { process, address: address.expect("the program logs its address") }
    }

    /// The processor time of the process; zero if `/proc` does not show it.
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let Some((_, fields)) = stat.rsplit_once(')') else { return Duration::ZERO };
        let ticks = |index: usize| fields.split_whitespace().nth(index).and_then(|field| field.parse::<u32>().ok());
        TICK * (ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0))
    }
}

impl Server {
    /// The memory in RAM that the process uses now, and the most that it has used, in MB; zero if `/proc` does not show it.
    pub fn memory(&self) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let kilobytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<f64>().ok()
        };
        (kilobytes("VmRSS:").unwrap_or(0.0) / 1e3, kilobytes("VmHWM:").unwrap_or(0.0) / 1e3)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
