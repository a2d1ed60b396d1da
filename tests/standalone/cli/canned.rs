//! A server with prepared answers that records its requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Longer than any of these tests runs; only a failing one waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Canned {
    address: SocketAddr,
    requests: mpsc::Receiver<String>,
}

/// One answer: the head as it goes over the wire, then the body.
pub struct Reply {
    status: &'static str,
    header: String,
    body: String,
}

impl Reply {
    pub fn json(status: &'static str, body: impl ToString) -> Self {
        Self { status, header: "content-type: application/json".to_owned(), body: body.to_string() }
    }

    pub fn problem(status: &'static str, body: impl ToString) -> Self {
        Self { header: "content-type: application/problem+json".to_owned(), ..Self::json(status, body) }
    }

    pub fn with_header(status: &'static str, header: &str, body: &str) -> Self {
        Self { status, header: header.to_owned(), body: body.to_owned() }
    }
}

impl Canned {
    /// Gives these answers, one for each connection.
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let replies: Vec<Reply> = replies.into_iter().collect();
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for reply in replies {
                let (mut stream, _) = listener.accept().unwrap();
                sender.send(read_request(&mut stream)).unwrap();
                write!(
                    stream,
                    "HTTP/1.1 {}\r\n{}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{}",
                    reply.status,
                    reply.header,
                    reply.body.len(),
                    reply.body
                )
                .unwrap();
            }
        });
        Self { address, requests }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same server under an address that is not loopback by its form.
    pub fn url_elsewhere(&self) -> String {
        format!("http://0.0.0.0:{}", self.address.port())
    }

    /// The next request as it came, its head in lower case but for the first line.
    pub fn request(&self) -> String {
        self.requests.recv_timeout(PATIENCE).unwrap()
    }

    pub fn was_asked_nothing_more(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

fn read_request(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some((name, value)) = line.trim().split_once(": ") {
            let name = name.to_lowercase();
            if name == "content-length" {
                length = value.parse().unwrap();
            }
            request += &format!("{name}: {value}\n");
        } else {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    request + "\n" + std::str::from_utf8(&body).unwrap()
}
