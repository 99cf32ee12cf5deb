//! Where a frame of RESP2 or RESP3 ends.
//!
//! The decoders of `redis-protocol` begin anew with each read, and refuse frames that Redis sends, such as a map whose keys are numbers.
//! What is forwarded needs the borders alone.

use super::WireError;

/// The first line of a frame: its kind, and what follows in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// The first byte.
    pub(super) kind: u8,
    /// The rest of the line.
    pub(super) line: &'a [u8],
    /// The number of bytes of the line with its end.
    pub(super) length: usize,
}

/// How many elements or bytes come after a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// None: the line is the frame.
    None,
    /// So many bytes, then the end of a line.
    Bytes(usize),
    /// So many frames.
    Frames(u64),
    /// So many frames of attributes, then the frame itself.
    Attributes(u64),
}

impl<'a> Head<'a> {
    /// The head at the beginning of `bytes`; `None` if its line has not ended.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut from = 2;
        let end = loop {
            let end = from + bytes.get(from..)?.iter().position(|byte| *byte == b'\n')?;
            if bytes[end - 1] == b'\r' {
                break end;
            }
            from = end + 1;
        };
        Some(Self {
            kind: bytes[0],
            line: &bytes[1..end - 1],
            length: end + 1,
        })
    }

    /// What comes after the head.
    pub(super) fn body(&self) -> Result<Body, WireError> {
        Ok(match self.kind {
            b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(' => Body::None,
            b'$' | b'=' | b'!' => match self.number()? {
                None => Body::None,
                Some(length) => Body::Bytes(usize::try_from(length).unwrap_or(usize::MAX)),
            },
            b'*' | b'~' | b'>' => self.number()?.map_or(Body::None, Body::Frames),
            b'%' => Body::Frames(self.number()?.unwrap_or(0).saturating_mul(2)),
            b'|' => Body::Attributes(self.number()?.unwrap_or(0).saturating_mul(2)),
            other => {
                let character = char::from(other).escape_default();
                return Err(WireError(format!(
                    "no frame of Redis begins with '{character}'"
                )));
            }
        })
    }

    /// The number in the line; `None` for -1, which is nil in RESP2.
    fn number(&self) -> Result<Option<u64>, WireError> {
        let line = String::from_utf8_lossy(self.line);
        match line.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) if line == "-1" => Ok(None),
            Err(_) => Err(WireError(format!(
                "'{}' is no length of a frame of Redis",
                line.escape_default()
            ))),
        }
    }
}

/// Finds the end of a frame while its bytes arrive. What was looked at is not looked at again.
#[derive(Debug)]
pub(super) struct Border {
    /// Where the next head begins.
    at: usize,
    /// How many frames have still to come until the frame is complete.
    open: u64,
}

impl Default for Border {
    fn default() -> Self {
        Self { at: 0, open: 1 }
    }
}

impl Border {
    /// The length of the frame with which `bytes` begins; `None` if it is not complete. The next call gets the same bytes and more, or,
    /// after a length was returned, the bytes after the frame.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Result<Option<usize>, WireError> {
        while self.open > 0 {
            let Some(head) = bytes.get(self.at..).and_then(Head::of) else {
                return Ok(None);
            };
            self.pass(&head)?;
        }
        if self.at > bytes.len() {
            return Ok(None);
        }
        let length = self.at;
        *self = Self::default();
        Ok(Some(length))
    }

    fn pass(&mut self, head: &Head<'_>) -> Result<(), WireError> {
        let body = head.body()?;
        self.at += head.length;
        self.open -= 1;
        match body {
            Body::None => {}
            Body::Bytes(length) => self.at = self.at.saturating_add(length).saturating_add(2),
            Body::Frames(count) => self.open = self.open.saturating_add(count),
            Body::Attributes(count) => {
                self.open = self.open.saturating_add(count).saturating_add(1);
            }
        }
        Ok(())
    }
}
