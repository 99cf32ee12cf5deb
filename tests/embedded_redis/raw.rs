//! Raw RESP connections and comparing their replies.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use coupon_bench::adapters::redis::embedded::EmbeddedRedis;

/// A raw RESP connection that keeps replies as the bytes that came.
pub struct Raw(pub BufReader<TcpStream>);

impl Raw {
    pub fn connect(addr: impl std::net::ToSocketAddrs) -> std::io::Result<Self> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        Ok(Self(BufReader::new(stream)))
    }

    pub fn embedded(server: &EmbeddedRedis) -> Self {
        Self::connect(server.addr()).unwrap()
    }

    /// The real server, database 9.
    pub fn real() -> Self {
        let url = std::env::var("COUPON_BENCH_TEST_REDIS")
            .unwrap_or_else(|_| "redis://127.0.0.1:16379".to_owned());
        let host = url
            .trim_start_matches("redis://")
            .split('/')
            .next()
            .unwrap();
        let mut raw = Self::connect(host).unwrap_or_else(|error| {
            panic!("no Redis at {url} ({error}): run `scripts/services start`")
        });
        assert_eq!(raw.words("SELECT 9"), "+OK\r\n");
        raw
    }

    pub fn send(&mut self, command: &[Vec<u8>]) -> Vec<u8> {
        let mut request = format!("*{}\r\n", command.len()).into_bytes();
        for word in command {
            request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        self.write(&request);
        self.reply()
    }

    pub fn words(&mut self, command: &str) -> String {
        let words: Vec<_> = command.split(' ').map(|w| w.as_bytes().to_vec()).collect();
        String::from_utf8(self.send(&words)).unwrap()
    }

    pub fn eval(&mut self, script: &str) -> String {
        let command = ["EVAL", script, "0"].map(|word| word.as_bytes().to_vec());
        String::from_utf8(self.send(&command)).unwrap()
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    pub fn line(&mut self) -> Vec<u8> {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).unwrap();
        line
    }

    pub fn reply(&mut self) -> Vec<u8> {
        let mut reply = self.line();
        let len = || -> i64 { String::from_utf8_lossy(&reply[1..]).trim().parse().unwrap() };
        match reply.first() {
            Some(b'$' | b'=') if len() >= 0 => {
                let mut body = vec![0; usize::try_from(len()).unwrap() + 2];
                self.0.read_exact(&mut body).unwrap();
                reply.extend_from_slice(&body);
            }
            Some(kind @ (b'*' | b'~' | b'%')) => {
                let factor = if *kind == b'%' { 2 } else { 1 };
                for _ in 0..len().max(0) * factor {
                    reply.extend(self.reply());
                }
            }
            _ => {}
        }
        reply
    }
}

/// Splits an array reply's items for comparison without order. Items here are never nested.
pub fn sorted(reply: &[u8]) -> Vec<Vec<u8>> {
    let mut items: Vec<Vec<u8>> = Vec::new();
    let mut rest = Items(reply);
    while let Some(item) = rest.next_item() {
        items.push(item);
    }
    items.sort();
    items
}

/// A reader over bytes that hands out headers and strings one by one.
struct Items<'a>(&'a [u8]);

impl Items<'_> {
    fn next_item(&mut self) -> Option<Vec<u8>> {
        let end = self.0.windows(2).position(|w| w == b"\r\n")? + 2;
        let mut len = end;
        if self.0[0] == b'$' {
            let digits = std::str::from_utf8(&self.0[1..end - 2]).unwrap();
            len += digits.parse::<usize>().unwrap() + 2;
        }
        let (item, rest) = self.0.split_at(len);
        self.0 = rest;
        Some(item.to_vec())
    }
}

/// Whether Redis leaves the order of a command's reply open.
pub fn is_unordered(command: &[Vec<u8>]) -> bool {
    let name = command[0].to_ascii_lowercase();
    [&b"smembers"[..], b"keys", b"scan", b"config"].contains(&name.as_slice())
}
