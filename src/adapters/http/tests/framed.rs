//! A server that speaks HTTP/2 frame by frame, for what no library's server does: it refuses streams, goes away in the middle, and
//! closes connections without a word.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::listener;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

/// Of HEADERS and DATA.
const END_STREAM: u8 = 1;
/// Of SETTINGS and PING.
const ACK: u8 = 1;

/// What the server does besides answering with 200.
#[derive(Clone, Copy)]
pub struct Manners {
    /// Requests that are processed on a connection. The last is followed by GOAWAY, and further streams are ignored.
    pub requests: u32,
    /// As announced.
    pub streams: u32,
    /// The first streams of the server's life are refused, so many of them.
    pub refused: u32,
    /// Each connection is closed at its first complete request, without an answer.
    pub is_rude: bool,
}

impl Manners {
    pub const GOOD: Self = Self {
        requests: u32::MAX,
        streams: 100,
        refused: 0,
        is_rude: false,
    };
}

/// A server that runs as long as the test.
pub struct Framed {
    pub address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicU32,
    processed: AtomicU32,
    refused: AtomicU32,
}

impl Framed {
    pub async fn start(manners: Manners) -> Self {
        let (listener, address) = listener().await;
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, SeqCst);
                let connection = Connection {
                    stream,
                    manners,
                    processed: 0,
                    last: 0,
                    counts: Arc::clone(&shared),
                };
                // Ends with the client at the latest.
                tokio::spawn(async move { drop(connection.serve().await) });
            }
        });
        Self { address, counts }
    }

    /// Requests that were processed.
    pub fn processed(&self) -> u32 {
        self.counts.processed.load(SeqCst)
    }

    pub fn connections(&self) -> u32 {
        self.counts.connections.load(SeqCst)
    }
}

struct Connection {
    stream: TcpStream,
    manners: Manners,
    processed: u32,
    /// The last stream that was looked at.
    last: u32,
    counts: Arc<Counts>,
}

impl Connection {
    async fn serve(mut self) -> std::io::Result<()> {
        self.stream.set_nodelay(true)?;
        self.stream.read_exact(&mut [0; 24]).await?;
        let streams = self.manners.streams.to_be_bytes();
        // SETTINGS_MAX_CONCURRENT_STREAMS is 3.
        let setting = [[0, 3].as_slice(), &streams].concat();
        self.send(SETTINGS, 0, 0, &setting).await?;
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await?;
            let [l2, l1, l0, kind, flags, s3, s2, s1, s0] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, l2, l1, l0]) as usize];
            self.stream.read_exact(&mut payload).await?;
            let stream = u32::from_be_bytes([s3, s2, s1, s0]);
            match kind {
                SETTINGS if flags & ACK == 0 => self.send(SETTINGS, ACK, 0, &[]).await?,
                PING if flags & ACK == 0 => self.send(PING, ACK, 0, &payload).await?,
                HEADERS | DATA if flags & END_STREAM != 0 && self.request(stream).await? => {
                    return Ok(());
                }
                _ => {}
            }
        }
    }

    /// Whether the connection is to be closed.
    async fn request(&mut self, stream: u32) -> std::io::Result<bool> {
        if self.processed == self.manners.requests {
            return Ok(false);
        }
        if self.counts.refused.fetch_add(1, SeqCst) < self.manners.refused {
            // REFUSED_STREAM is 7.
            self.send(RST_STREAM, 0, stream, &7_u32.to_be_bytes())
                .await?;
            return Ok(false);
        }
        self.processed += 1;
        self.last = self.last.max(stream);
        self.counts.processed.fetch_add(1, SeqCst);
        if self.manners.is_rude {
            return Ok(true);
        }
        // END_HEADERS and END_STREAM; 0x88 is ":status: 200".
        self.send(HEADERS, 5, stream, &[0x88]).await?;
        if self.processed == self.manners.requests {
            let last = [self.last.to_be_bytes(), [0; 4]].concat();
            self.send(GOAWAY, 0, 0, &last).await?;
        }
        Ok(false)
    }

    async fn send(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
    ) -> std::io::Result<()> {
        let length = u32::try_from(payload.len()).unwrap();
        let mut frame = length.to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.stream.write_all(&frame).await
    }
}
