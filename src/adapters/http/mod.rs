//! The HTTP client for a service of the user's own, with connections that are open before the load.
//!
//! A load tool's client differs from an application's. It opens all its connections first, and never more. It follows no
//! redirect. It never sends a request again that the service may have processed. A request goes out again only where the service
//! says that it has not processed it (HTTP/2: GOAWAY, `REFUSED_STREAM`), or cannot have received all of it. The client says of every
//! failure whether the service may have acted, which is the difference between a *failed* and an *indeterminate* attempt. And it
//! can hold a request back at the last byte of its body ([`Client::hold`]), so that requests which were prepared one after the
//! other take effect together.
//!
//! The caller sets the deadlines, and drops the future to stop waiting. Over HTTP/1.1 that closes the connection, which is
//! opened anew when it is next needed; over HTTP/2 it resets the stream alone.

mod body;
mod client;
mod coding;
mod descriptors;
mod dial;
mod endpoint;
mod error;
mod frames;
mod http1;
mod http2;
mod message;
mod source;
mod tally;
mod tls;
mod wire;

#[cfg(test)]
mod tests;

pub use client::{Client, HeldRequest, Identity, Options, Version};
pub use coding::Undecoded;
pub use endpoint::{Endpoint, Remote};
pub use error::{ConnectError, EndpointError, SendError};
pub use source::Sources;
pub use tally::Tally;
