//! Bodies that a service has compressed: gzip, deflate, br and zstd, in any combination, up to a size.
//!
//! The client never asks for compression: a load generator sends what the file says, and a user who wants compressed responses writes so in
//! a header. What comes compressed all the same is decoded here.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::{HeaderMap, Response, header::CONTENT_ENCODING};
use ruzstd::decoding::{
    StreamingDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

/// The maximum number of codings on one body.
const MOST: usize = 5;

/// Bytes that the decoder of br reads at a time.
const BUFFER: usize = 4096;

/// The largest window of zstd in HTTP (RFC 9659), in bytes: it is memory that a few bytes can ask for.
const ZSTD_WINDOW: u64 = 8 * 1024 * 1024;

/// The reason why the body of a response is not decoded, in the extensions of the response. Status and headers are valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecoded(pub String);

/// The response with its body decoded, or with [`Undecoded`] and the original body. `limit` is the maximum size of the body in bytes.
pub fn decoded(mut response: Response<Bytes>, limit: usize) -> Response<Bytes> {
    if response.body().is_empty() || !response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    match all(response.headers(), response.body(), limit) {
        Ok(body) => *response.body_mut() = body,
        Err(why) => {
            response.extensions_mut().insert(Undecoded(why));
        }
    }
    response
}

/// Decodes all codings, the last one first.
fn all(headers: &HeaderMap, body: &Bytes, limit: usize) -> Result<Bytes, String> {
    let named = headers.get_all(CONTENT_ENCODING).iter();
    let named: Vec<_> = named
        .map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase())
        .collect();
    let named = named.join(",");
    let codings: Vec<_> = named
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != "identity")
        .collect();
    if codings.len() > MOST {
        return Err(format!(
            "the body has {} content-encodings, and at most {MOST} are decoded",
            codings.len()
        ));
    }
    let mut body = body.clone();
    for name in codings.into_iter().rev() {
        body = one(name, &body, limit)?;
    }
    Ok(body)
}

fn one(name: &str, body: &[u8], limit: usize) -> Result<Bytes, String> {
    let mut text = Vec::new();
    let read = match name {
        "gzip" | "x-gzip" => bounded(MultiGzDecoder::new(body), limit, &mut text),
        "deflate" => deflate(body, limit, &mut text),
        "br" => bounded(brotli::Decompressor::new(body, BUFFER), limit, &mut text),
        "zstd" => zstd(body, limit, &mut text),
        _ => {
            return Err(format!(
                "the body has the content-encoding {name:?}, which this program does not decode: it knows gzip, deflate, br and zstd"
            ));
        }
    };
    match read {
        Ok(()) if text.len() > limit => Err(format!(
            "the body is larger than {limit} bytes when its {name} is decoded, and was not read on"
        )),
        Ok(()) => Ok(text.into()),
        Err(error) => Err(format!("the body is no valid {name}: {error}")),
    }
}

/// Reads one byte more than the limit at most.
fn bounded(decoder: impl Read, limit: usize, text: &mut Vec<u8>) -> io::Result<()> {
    let left = limit.saturating_sub(text.len()) as u64 + 1;
    decoder.take(left).read_to_end(text).map(drop)
}

/// The standard defines the zlib format; some servers send a raw deflate stream.
fn deflate(body: &[u8], limit: usize, text: &mut Vec<u8>) -> io::Result<()> {
    bounded(ZlibDecoder::new(body), limit, text).or_else(|error| {
        text.clear();
        bounded(DeflateDecoder::new(body), limit, text).map_err(|_| error)
    })
}

/// Decodes all frames; skippable frames are skipped.
fn zstd(mut body: &[u8], limit: usize, text: &mut Vec<u8>) -> io::Result<()> {
    while !body.is_empty() && text.len() <= limit {
        match StreamingDecoder::new_with_max_window_size(&mut body, ZSTD_WINDOW) {
            Ok(decoder) => bounded(decoder, limit, text)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                body = body.get(length..).unwrap_or_default();
            }
            Err(error) => return Err(io::Error::other(error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Write;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 100_000;

    fn encoded(coding: &str, text: &[u8]) -> Vec<u8> {
        let level = Compression::default();
        match coding {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            "deflate" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            "bare deflate" => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            "br" => {
                let mut encoded = Vec::new();
                let parameters = brotli::enc::BrotliEncoderParams::default();
                brotli::BrotliCompress(&mut &*text, &mut encoded, &parameters).unwrap();
                encoded
            }
            "zstd" => {
                let level = ruzstd::encoding::CompressionLevel::Fastest;
                ruzstd::encoding::compress_to_vec(text, level)
            }
            other => panic!("{other}"),
        }
    }

    fn answer(codings: &[&str], body: Vec<u8>) -> Response<Bytes> {
        let mut response = Response::builder();
        for coding in codings {
            response = response.header(CONTENT_ENCODING, *coding);
        }
        decoded(response.body(body.into()).unwrap(), LIMIT)
    }

    fn trouble(answer: &Response<Bytes>) -> String {
        let trouble = answer.extensions().get::<Undecoded>();
        trouble.map_or(String::new(), |undecoded| undecoded.0.clone())
    }

    #[test]
    fn every_coding_is_undone() {
        let text = br#"{"result":"won"}"#;
        for (named, coding) in [
            ("gzip", "gzip"),
            ("X-GZIP", "gzip"),
            ("deflate", "deflate"),
            ("deflate", "bare deflate"),
            ("br", "br"),
            ("zstd", "zstd"),
            (" identity , gzip", "gzip"),
        ] {
            let answer = answer(&[named], encoded(coding, text));
            assert_eq!(
                (&answer.body()[..], trouble(&answer)),
                (&text[..], String::new()),
                "{coding}"
            );
        }
        let twice = encoded("br", &encoded("gzip", text));
        assert_eq!(&answer(&["gzip, br"], twice.clone()).body()[..], text);
        assert_eq!(&answer(&["gzip", "br"], twice).body()[..], text);
        assert_eq!(&answer(&[], text.to_vec()).body()[..], text);
        assert!(answer(&["gzip"], Vec::new()).body().is_empty());
    }

    #[test]
    fn several_frames_are_one_body() {
        for coding in ["gzip", "zstd"] {
            let mut both = encoded(coding, b"one ");
            both.extend(encoded(coding, b"two"));
            assert_eq!(&answer(&[coding], both).body()[..], b"one two");
        }
        // A skippable frame of four bytes in front.
        let mut skipped = vec![0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];
        skipped.extend(encoded("zstd", b"text"));
        assert_eq!(&answer(&["zstd"], skipped).body()[..], b"text");
    }

    #[test]
    fn a_bomb_ends_in_an_error() {
        let zeros = vec![0; 50 * LIMIT];
        for coding in ["gzip", "deflate", "br", "zstd"] {
            let bomb = encoded(coding, &zeros);
            let answer = answer(&[coding], bomb.clone());
            assert_eq!(
                trouble(&answer),
                format!(
                    "the body is larger than 100000 bytes when its {coding} is decoded, and was not read on"
                )
            );
            assert_eq!(&answer.body()[..], bomb);
        }
        let exact = encoded("gzip", &zeros[..LIMIT]);
        assert_eq!(answer(&["gzip"], exact).body().len(), LIMIT);
    }

    #[test]
    fn what_cannot_be_decoded_is_said() {
        let unknown = answer(&["compress"], b"text".to_vec());
        assert_eq!(
            trouble(&unknown),
            "the body has the content-encoding \"compress\", which this program does not decode: it knows gzip, deflate, br and zstd"
        );
        let many = answer(&["gzip, gzip, gzip, gzip, gzip, gzip"], b"text".to_vec());
        assert!(trouble(&many).contains("6 content-encodings"));
        for coding in ["gzip", "deflate", "br", "zstd"] {
            let whole = encoded(coding, &b"some text with a few words ".repeat(40));
            for broken in [&whole[..whole.len() / 2], b"{\"plain\": true}"] {
                let answer = answer(&[coding], broken.to_vec());
                let said = trouble(&answer);
                assert!(
                    said.starts_with(&format!("the body is no valid {coding}: ")),
                    "{said}"
                );
                assert_eq!(&answer.body()[..], broken);
            }
        }
    }

    proptest! {
        #[test]
        fn foreign_bytes_never_panic(bytes: Vec<u8>, coding in "gzip|deflate|br|zstd|zstd, gzip") {
            answer(&[&coding], bytes);
        }
    }
}
