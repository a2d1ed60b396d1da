//! Bytes on a socket, for what no proper client sends.

use std::io::{Read, Write};
use std::net::TcpStream;

use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use super::{Answer, Endpoint, PATIENCE};

/// Sends bytes on a connection of their own and reads all that comes back until the server closes it.
/// None if it closed without an answer.
pub fn exchange(server: &Endpoint, bytes: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The server may have answered and closed before it has read all.
    let _ = stream.write_all(bytes);
    let what = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    read_answer(stream, what)
}

/// Reads up to the end of a head.
pub fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Reads until the server closes the connection.
pub fn read_answer(mut stream: TcpStream, what: String) -> Option<Answer> {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => read.extend_from_slice(&buffer[..count]),
            // What was not read when the server closed comes back as a reset.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error} after {what}"),
        }
    }
    (!read.is_empty()).then(|| parse(&read, what))
}

fn parse(read: &[u8], what: String) -> Answer {
    let end = read.windows(4).position(|window| window == b"\r\n\r\n").expect("a head ends with an empty line");
    let head = std::str::from_utf8(&read[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value.trim()).unwrap())
    });
    let headers: HeaderMap = headers.collect();
    let chunked = headers.get("transfer-encoding").is_some();
    let body = &read[end + 4..];
    Answer::new(what, status, headers, if chunked { unchunked(body) } else { body.to_vec() })
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|window| window == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return whole;
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
}
