//! Validates `[http]`: the address of the service, and how it is reached.

use std::path::PathBuf;

use url::Url;

use super::{Validator, wrong};
use crate::{
    adapters::http::{Identity, Sources, Version},
    input::{error::UsageError, raw_value::RawValue},
    service::{Service, file},
    text::problem::Problem,
};

impl Validator<'_> {
    pub(super) fn service(&mut self, http: &file::Http) -> Result<Service, UsageError> {
        let version = http
            .version
            .as_ref()
            .map(|typed| self.parse(typed, version));
        Ok(Service {
            base_url: self.resolved_as(&http.base_url, base_url)?,
            unix_socket: self.beside(http.unix_socket.as_ref())?,
            version: version.transpose()?.unwrap_or(Version::Http1),
            ca_file: self.beside(http.ca_file.as_ref())?,
            identity: self.identity(http)?,
            source: self.source(http)?,
        })
    }

    /// The path of a file that the target file names.
    fn beside(&mut self, typed: Option<&RawValue>) -> Result<Option<PathBuf>, UsageError> {
        let name = typed.map(|typed| self.resolved(typed)).transpose()?;
        Ok(name.map(|name| self.file.beside(&name)))
    }

    fn identity(&mut self, http: &file::Http) -> Result<Option<Identity>, UsageError> {
        let certificate = self.beside(http.client_cert.as_ref())?;
        let key = self.beside(http.client_key.as_ref())?;
        match (certificate, key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) if self.is_https(http)? => {
                Ok(Some(Identity { certificate, key }))
            }
            (Some(_), Some(_)) => self.reject(
                http.client_cert.as_ref(),
                "a client certificate without TLS",
                "write https:// in base_url",
            ),
            (Some(_), None) => self.reject(
                http.client_cert.as_ref(),
                "a client certificate without its key",
                "name the file with the private key: client_key = \"client.key\"",
            ),
            (None, Some(_)) => self.reject(
                http.client_key.as_ref(),
                "a key without its client certificate",
                "name the file with the certificate: client_cert = \"client.pem\"",
            ),
        }
    }

    fn is_https(&mut self, http: &file::Http) -> Result<bool, UsageError> {
        let url = self.resolved_as(&http.base_url, base_url)?;
        Ok(url.scheme() == "https")
    }

    fn source(&self, http: &file::Http) -> Result<Option<Sources>, UsageError> {
        let Some(first) = http.source.first() else {
            return Ok(None);
        };
        if http.unix_socket.is_some() {
            return self.reject(
                Some(first),
                "source addresses for a Unix socket",
                "remove source or unix_socket",
            );
        }
        let parts = http.source.iter().map(|typed| self.parse(typed, sources));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Sources::of(parts)))
    }

    /// The error for two keys that exclude each other, at the place of `typed`.
    fn reject<T>(
        &self,
        typed: Option<&RawValue>,
        what: &str,
        advice: &str,
    ) -> Result<T, UsageError> {
        let problem = Problem::new(what, advice);
        Err(match typed {
            Some(typed) => wrong(self.file, typed, problem),
            None => self.file.wrong_at(0, problem),
        })
    }
}

fn sources(text: &str) -> Result<Sources, Problem> {
    Sources::parse(text).map_err(|why| Problem::invalid(text, why))
}

fn version(text: &str) -> Result<Version, Problem> {
    match text {
        "1" | "1.1" => Ok(Version::Http1),
        "2" => Ok(Version::Http2),
        _ => Err(Problem::invalid(text, "write \"1.1\" or \"2\"")),
    }
}

fn base_url(text: &str) -> Result<Url, Problem> {
    let advice = "write http://HOST:PORT or https://HOST:PORT";
    let url =
        Url::parse(text).map_err(|error| Problem::invalid(text, format!("{error}; {advice}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(Problem::invalid(text, advice));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let advice = "put the credentials in a header, as in headers = { Authorization = \"Bearer {{env.TOKEN}}\" }";
        return Err(Problem::new("a user name or password in the URL", advice));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Problem::invalid(
            text,
            "the query belongs to the url of a request",
        ));
    }
    Ok(url)
}
