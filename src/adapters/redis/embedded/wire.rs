//! RESP on the wire: finds complete requests in the read buffer and writes replies.
//!
//! The codec crate decodes the frames and encodes the scalars. In front of it stands a scanner that
//! checks lengths as Redis does and remembers how far it came, because the codec would start over at
//! each read, nests without limit and words its errors differently. Aggregate headers and RESP3 doubles
//! are written here, because the codec neither keeps a map's order nor prints doubles as Redis does.
//! Left out: client-side pushes, attributes, big numbers.

use std::fmt::Write as _;

use bytes::{Buf, Bytes, BytesMut};
use redis_protocol::resp2::{
    decode::decode_range,
    encode::extend_encode,
    types::{BytesFrame, RangeFrame},
};

use super::{
    inline,
    number::{self, format_double},
    reply::Reply,
};

/// Longest line (an inline request, a length) before its line break.
const MAX_LINE: usize = 64 * 1024;
/// Longest string, Redis's `proto-max-bulk-len`.
pub(super) const MAX_BULK_LEN: usize = 512 * 1024 * 1024;

/// Why a connection's input cannot be understood; ends the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProtocolError(pub(super) String);

impl ProtocolError {
    fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn to_reply(&self) -> Reply {
        Reply::error_owned(format!("ERR Protocol error: {}", self.0))
    }
}

/// Progress inside the request at the front of the buffer.
#[derive(Debug, Default)]
pub(super) struct RequestReader {
    /// Bytes already checked.
    scanned: usize,
    /// Strings still to come, once the array header is read.
    pending: Option<i64>,
    /// Length of the string whose bytes are awaited.
    bulk: Option<usize>,
}

impl RequestReader {
    /// Takes the next complete request off the buffer; `None` when more bytes are needed.
    /// An empty request (Redis ignores those) is an empty vector.
    pub(super) fn next(
        &mut self,
        buffer: &mut BytesMut,
    ) -> Result<Option<Vec<Bytes>>, ProtocolError> {
        match buffer.first() {
            None => Ok(None),
            Some(b'*') => self.next_multibulk(buffer),
            Some(_) => next_inline(buffer),
        }
    }

    /// How many more bytes the awaited string needs, so that the buffer grows once.
    pub(super) fn wanted(&self, buffered: usize) -> usize {
        self.bulk
            .map_or(0, |len| (self.scanned + len + 2).saturating_sub(buffered))
    }

    fn next_multibulk(
        &mut self,
        buffer: &mut BytesMut,
    ) -> Result<Option<Vec<Bytes>>, ProtocolError> {
        if !self.scan(buffer)? {
            return Ok(None);
        }
        let frame = buffer.split_to(self.scanned).freeze();
        let empty = self.pending.is_none_or(|count| count < 0);
        *self = Self::default();
        if empty {
            return Ok(Some(Vec::new()));
        }
        let decoded = decode_range(&frame).map_err(|e| ProtocolError(e.to_string()))?;
        let Some((RangeFrame::Array(items), _)) = decoded else {
            return Ok(Some(Vec::new()));
        };
        let strings = items.iter().map(|item| match item {
            RangeFrame::BulkString((start, end)) => frame.slice(*start..*end),
            _ => Bytes::new(),
        });
        Ok(Some(strings.collect()))
    }

    /// Whether a whole request is in the buffer; `scanned` is then its length.
    fn scan(&mut self, buffer: &[u8]) -> Result<bool, ProtocolError> {
        let mut pending = if let Some(pending) = self.pending {
            pending
        } else {
            let Some((line, next)) = line(buffer, 0, "too big mbulk count string")? else {
                return Ok(false);
            };
            let count = number::parse_int(&line[1..])
                .filter(|&count| count <= i64::from(i32::MAX))
                .ok_or_else(|| ProtocolError::new("invalid multibulk length"))?;
            self.scanned = next;
            // Marks the header's own negative count for the caller; Redis ignores such a request.
            self.pending = Some(count);
            count
        };
        while pending > 0 {
            if !self.scan_bulk(buffer)? {
                self.pending = Some(pending);
                return Ok(false);
            }
            pending -= 1;
        }
        Ok(true)
    }

    fn scan_bulk(&mut self, buffer: &[u8]) -> Result<bool, ProtocolError> {
        let len = if let Some(len) = self.bulk {
            len
        } else {
            let Some((line, next)) = line(buffer, self.scanned, "too big bulk count string")?
            else {
                return Ok(false);
            };
            let len = bulk_length(line)?;
            self.scanned = next;
            self.bulk = Some(len);
            len
        };
        // Redis skips the two bytes after a string without looking at them.
        let end = self.scanned + len + 2;
        if buffer.len() < end {
            return Ok(false);
        }
        self.scanned = end;
        self.bulk = None;
        Ok(true)
    }
}

fn bulk_length(line: &[u8]) -> Result<usize, ProtocolError> {
    let Some((b'$', digits)) = line.split_first() else {
        let got = char::from(line.first().copied().unwrap_or(b'\r'));
        return Err(ProtocolError(format!("expected '$', got '{got}'")));
    };
    number::parse_int(digits)
        .and_then(|len| usize::try_from(len).ok())
        .filter(|&len| len <= MAX_BULK_LEN)
        .ok_or_else(|| ProtocolError::new("invalid bulk length"))
}

/// The line that starts at `from` and the position after its break.
fn line<'a>(
    buffer: &'a [u8],
    from: usize,
    too_long: &str,
) -> Result<Option<(&'a [u8], usize)>, ProtocolError> {
    let rest = buffer.get(from..).unwrap_or_default();
    // As Redis: the carriage return ends the line, the byte after it is taken for the line feed.
    match rest.iter().position(|&b| b == b'\r') {
        Some(end) if end + 1 < rest.len() => Ok(Some((&rest[..end], from + end + 2))),
        None if rest.len() > MAX_LINE => Err(ProtocolError::new(too_long)),
        _ => Ok(None),
    }
}

fn next_inline(buffer: &mut BytesMut) -> Result<Option<Vec<Bytes>>, ProtocolError> {
    let Some(end) = buffer.iter().position(|&b| b == b'\n') else {
        return if buffer.len() > MAX_LINE {
            Err(ProtocolError::new("too big inline request"))
        } else {
            Ok(None)
        };
    };
    let line = buffer.split_to(end);
    buffer.advance(1);
    let line = line.strip_suffix(b"\r").unwrap_or(&line);
    inline::split(line)
        .map(Some)
        .ok_or_else(|| ProtocolError::new("unbalanced quotes in request"))
}

/// Protocol version a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Resp {
    /// RESP2, the default.
    #[default]
    V2,
    /// RESP3, after `HELLO 3`.
    V3,
}

/// Appends a reply to the write buffer.
pub(super) fn encode(reply: Reply, resp: Resp, out: &mut BytesMut) {
    let v3 = resp == Resp::V3;
    match reply {
        Reply::Status(text) => scalar(out, &BytesFrame::SimpleString(text)),
        // Not through the codec, which wants UTF-8: errors may quote the client's bytes.
        Reply::Error(text) => {
            out.extend_from_slice(b"-");
            out.extend_from_slice(&text);
            out.extend_from_slice(b"\r\n");
        }
        Reply::Int(value) => scalar(out, &BytesFrame::Integer(value)),
        Reply::Bulk(bytes) => scalar(out, &BytesFrame::BulkString(bytes)),
        Reply::Null | Reply::NullArray if v3 => out.extend_from_slice(b"_\r\n"),
        Reply::Null => scalar(out, &BytesFrame::Null),
        Reply::NullArray => out.extend_from_slice(b"*-1\r\n"),
        Reply::Double(value) => encode_double(value, v3, out),
        Reply::Verbatim(text) if v3 => {
            header(out, '=', text.len() + 4);
            out.extend_from_slice(b"txt:");
            out.extend_from_slice(&text);
            out.extend_from_slice(b"\r\n");
        }
        Reply::Verbatim(text) => scalar(out, &BytesFrame::BulkString(text)),
        Reply::Array(items) => aggregate('*', items, resp, out),
        Reply::Set(items) => aggregate(if v3 { '~' } else { '*' }, items, resp, out),
        Reply::Map(pairs) => {
            let (kind, factor) = if v3 { ('%', 1) } else { ('*', 2) };
            header(out, kind, pairs.len() * factor);
            for (key, value) in pairs {
                encode(key, resp, out);
                encode(value, resp, out);
            }
        }
    }
}

fn encode_double(value: f64, v3: bool, out: &mut BytesMut) {
    let text = format_double(value);
    if v3 {
        out.extend_from_slice(b",");
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"\r\n");
    } else {
        scalar(out, &BytesFrame::BulkString(text.into()));
    }
}

fn aggregate(kind: char, items: Vec<Reply>, resp: Resp, out: &mut BytesMut) {
    header(out, kind, items.len());
    for item in items {
        encode(item, resp, out);
    }
}

fn header(out: &mut BytesMut, kind: char, len: usize) {
    // Writing to a growing buffer cannot fail.
    let _ = write!(out, "{kind}{len}\r\n");
}

fn scalar(out: &mut BytesMut, frame: &BytesFrame) {
    // Fails only when the buffer is too small, and this call extends it first.
    let _ = extend_encode(out, frame, false);
}
