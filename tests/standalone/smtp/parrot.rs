//! A server with prepared answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread::{self, JoinHandle};

/// Sends the first answer at once and the next after each line; returns the lines.
pub fn parrot(answers: &'static [&'static str]) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let conversation = thread::spawn(move || {
        let mut heard = String::new();
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        for answer in answers {
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            stream.read_line(&mut heard).unwrap();
        }
        stream.read_to_string(&mut heard).unwrap();
        heard
    });
    (port, conversation)
}
