//! What a command answers, independent of the protocol version that will carry it.

use bytes::Bytes;

use super::number::IntText;

/// A command's reply. RESP2 and RESP3 spell some of these differently; scripts see the RESP2 shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// A status such as `OK`.
    Status(Bytes),
    /// An error, code first, without the leading `-`.
    Error(Bytes),
    /// An integer.
    Int(i64),
    /// A string.
    Bulk(Bytes),
    /// The missing string (`$-1` in RESP2).
    Null,
    /// The missing array (`*-1` in RESP2).
    NullArray,
    /// A double; a string in RESP2.
    Double(f64),
    /// An array.
    Array(Vec<Reply>),
    /// A map; a flat array in RESP2.
    Map(Vec<(Reply, Reply)>),
    /// A set; an array in RESP2.
    Set(Vec<Reply>),
    /// Text for people; a string in RESP2.
    Verbatim(Bytes),
}

/// A handler's result: both sides are replies, the split only serves `?`.
pub(super) type Outcome = Result<Reply, Reply>;

impl Reply {
    /// The status `OK`.
    pub const OK: Self = Self::status("OK");

    /// A fixed status.
    pub const fn status(text: &'static str) -> Self {
        Self::Status(Bytes::from_static(text.as_bytes()))
    }

    /// A fixed error.
    pub const fn error(text: &'static str) -> Self {
        Self::Error(Bytes::from_static(text.as_bytes()))
    }

    /// A fixed string.
    pub const fn text(text: &'static str) -> Self {
        Self::Bulk(Bytes::from_static(text.as_bytes()))
    }

    /// A string, copied so that it does not keep a network buffer alive.
    pub fn bulk(bytes: &[u8]) -> Self {
        Self::Bulk(Bytes::copy_from_slice(bytes))
    }

    /// An integer as a string.
    pub fn bulk_int(value: i64) -> Self {
        Self::bulk(IntText::new(value).as_bytes())
    }

    /// A count.
    pub fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// `1` or `0`.
    pub const fn flag(flag: bool) -> Self {
        Self::Int(flag as i64)
    }

    /// Whether this is an error.
    pub const fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    pub(super) fn error_owned(text: String) -> Self {
        Self::Error(Bytes::from(text.into_bytes()))
    }
}

/// Error texts that several families share.
pub(super) mod errors {
    use super::Reply;

    pub const SYNTAX: Reply = Reply::error("ERR syntax error");
    pub const NOT_INTEGER: Reply = Reply::error("ERR value is not an integer or out of range");
    pub const NOT_FLOAT: Reply = Reply::error("ERR value is not a valid float");
    pub const WRONG_TYPE: Reply =
        Reply::error("WRONGTYPE Operation against a key holding the wrong kind of value");
}
