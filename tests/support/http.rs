//! As much of HTTP/1.1 as the tests need: whole messages, one after the other on a connection.

use std::io::{self, BufRead, Write};

/// A request or an answer.
#[derive(Debug, Clone)]
pub struct Message {
    /// `POST / HTTP/1.1`, or `HTTP/1.1 200 OK`.
    pub first_line: String,
    /// In order, with names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Message {
    /// The next message; none if the other side is done.
    pub fn read(stream: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(first_line) = line(stream)? else { return Ok(None) };
        let mut headers = Vec::new();
        while let Some(line) = line(stream)?.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let mut message = Self { first_line, headers, body: Vec::new() };
        if let Some(length) = message.header("content-length") {
            message.body = exactly(stream, length.parse().map_err(io::Error::other)?)?;
        } else if message.header("transfer-encoding") == Some("chunked") {
            message.body = chunks(stream)?;
        }
        Ok(Some(message))
    }

    pub fn answer(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { first_line: format!("HTTP/1.1 {status} -"), headers: Vec::new(), body: body.into() }
    }

    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Of a request: `/` and what follows.
    pub fn path(&self) -> &str {
        self.first_line.split(' ').nth(1).unwrap_or_default()
    }

    /// In one piece, with its length.
    pub fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        let mut bytes = format!("{}\r\n", self.first_line).into_bytes();
        for (name, value) in &self.headers {
            if name != "content-length" && name != "transfer-encoding" {
                bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
            }
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
        bytes.extend_from_slice(&self.body);
        stream.write_all(&bytes)?;
        stream.flush()
    }
}

/// A line without its line break; none at the end of the stream.
fn line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = stream.read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end().to_owned()))
}

fn exactly(stream: &mut impl BufRead, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn chunks(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let length = usize::from_str_radix(&size, 16).map_err(io::Error::other)?;
        body.append(&mut exactly(stream, length)?);
        line(stream)?;
        if length == 0 {
            return Ok(body);
        }
    }
}
