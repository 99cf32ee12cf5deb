//! Finds the streams of an HTTP/2 connection that were opened, from the written bytes.
//!
//! `h2` queues frames before it writes them, and does not report which frames were sent. The service cannot have processed a request
//! whose HEADERS frame was not sent, however the connection ended.

/// Bytes that a client sends before its first frame.
const PREFACE: usize = 24;

/// Length (3 bytes), type, flags, stream (4 bytes).
const HEAD: usize = 9;

const HEADERS: u8 = 1;

/// Follows the frames of one direction of a connection, in pieces of any size.
pub struct Frames {
    /// Bytes of the preface or of a payload that are still to come.
    skip: usize,
    head: [u8; HEAD],
    /// Bytes of [`Self::head`] that are there.
    known: usize,
}

impl Frames {
    /// From the first byte of a connection on.
    pub fn new() -> Self {
        Self {
            skip: PREFACE,
            head: [0; HEAD],
            known: 0,
        }
    }

    /// Takes the next bytes; the last stream of which a HEADERS frame has begun in them, if there is one.
    pub fn push(&mut self, mut bytes: &[u8]) -> Option<u32> {
        let mut opened = None;
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let taken = (HEAD - self.known).min(bytes.len());
            self.head[self.known..self.known + taken].copy_from_slice(&bytes[..taken]);
            self.known += taken;
            bytes = &bytes[taken..];
            if self.known == HEAD {
                opened = self.begin_payload().or(opened);
            }
        }
        opened
    }

    /// The head of a frame is complete: its stream, if the frame opens one.
    fn begin_payload(&mut self) -> Option<u32> {
        let [l2, l1, l0, kind, _, s3, s2, s1, s0] = self.head;
        self.known = 0;
        self.skip = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        let stream = u32::from_be_bytes([s3 & 0x7f, s2, s1, s0]);
        (kind == HEADERS).then_some(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap_or_default();
        let mut frame = length.to_be_bytes()[1..].to_vec();
        frame.extend([kind, 0]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    }

    #[test]
    fn streams_are_found_in_pieces_of_any_size() {
        let mut written = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        written.extend(frame(4, 0, &[0; 18]));
        written.extend(frame(1, 1, &[1; 40]));
        written.extend(frame(0, 1, &[1, 0, 0, 0, 1]));
        written.extend(frame(1, 3, &[]));
        written.extend(frame(8, 0, &[0; 4]));
        written.extend(frame(1, 5, &[9; 300]));
        for size in 1..written.len() {
            let mut frames = Frames::new();
            let opened = written.chunks(size).filter_map(|piece| frames.push(piece));
            assert_eq!(opened.last(), Some(5), "pieces of {size}");
        }
        // A frame of which a byte of the head is missing has opened nothing.
        let begun = written.len() - 301;
        let mut frames = Frames::new();
        assert_eq!(frames.push(&written[..begun]), Some(3));
        assert_eq!(frames.push(&written[begun..]), Some(5));
    }
}
