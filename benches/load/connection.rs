//! An HTTP client that does as little as possible.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::{TcpSocket, TcpStream};

/// The size of the receive buffer. Every answer fits, including its head.
const ANSWER_BYTES: usize = 32_768;

/// A kept-alive HTTP/1.1 connection with one request at a time. It does as little as possible, because the client
/// competes with the server for the processor.
pub struct Connection {
    stream: TcpStream,
    received: [u8; ANSWER_BYTES],
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        Self::open_from(Ipv4Addr::LOCALHOST.into(), address).await
    }

    /// A connection from one of this machine's addresses.
    pub async fn open_from(local: IpAddr, address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((local, 0).into()).unwrap();
        let stream = socket.connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: [0; ANSWER_BYTES] }
    }

    /// The status and the body of the answer.
    pub async fn request(&mut self, request: &[u8]) -> (u16, &[u8]) {
        let mut rest = request;
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await.unwrap(),
                Err(error) => panic!("cannot send: {error}"),
            }
        }
        let mut length = 0;
        let (status, body) = loop {
            if let Some(head) = Head::parse(&self.received[..length])
                && length >= head.length + head.content_length
            {
                break (head.status, head.length..head.length + head.content_length);
            }
            self.stream.readable().await.unwrap();
            match self.stream.try_read(&mut self.received[length..]) {
                Ok(0) => panic!("the server closed the connection, or its answer exceeds {ANSWER_BYTES} bytes"),
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("cannot receive: {error}"),
            }
        };
        (status, &self.received[body])
    }
}

struct Head {
    status: u16,
    length: usize,
    content_length: usize,
}

impl Head {
    /// `None` until the whole head is received.
    fn parse(received: &[u8]) -> Option<Self> {
        let length = received.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let head = str::from_utf8(&received[..length]).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let content_length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
        });
        Some(Self { status, length, content_length: content_length.expect("the servers send a content-length") })
    }
}
