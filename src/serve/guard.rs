//! Refuses requests for other hosts, and requests from web pages of other origins.
//!
//! A web page can send a POST to any address of this machine. The browser then sends the origin of the page in `Origin`. A web page
//! can also resolve its own host name to 127.0.0.1 (DNS rebinding). The browser then sends that name in `Host`.

use std::net::IpAddr;

use hyper::{
    Request, StatusCode,
    header::{HOST, HeaderMap, ORIGIN},
    http::uri::Authority,
};

use super::{Listen, ServeSettings, problem::Problem};

/// Refuses a request for another host, or from a web page of another origin. A browser cannot use a Unix socket.
pub(super) fn check<B>(settings: &ServeSettings, request: &Request<B>) -> Result<(), Problem> {
    let Listen::Tcp(_) = &settings.listen else {
        return Ok(());
    };
    let host = asked_for(request)?;
    if let Some(host) = &host
        && !is_own_host(settings, host.host())
    {
        return Err(foreign_host(settings, host.host()));
    }
    let Some(origin) = text(request.headers(), ORIGIN.as_str())? else {
        return Ok(());
    };
    let page = origin.split_once("://").map(|(_, rest)| rest);
    let is_own = page.is_some_and(|page| {
        let same = host
            .as_ref()
            .is_some_and(|host| host.as_str().eq_ignore_ascii_case(page));
        same || page
            .parse()
            .is_ok_and(|page: Authority| is_allowed(settings, page.host()))
    });
    if is_own {
        Ok(())
    } else {
        Err(foreign_origin(origin))
    }
}

/// The host in the request. `None` for HTTP/1.0 without a host.
fn asked_for<B>(request: &Request<B>) -> Result<Option<Authority>, Problem> {
    if let Some(authority) = request.uri().authority() {
        return Ok(Some(authority.clone()));
    }
    let Some(host) = text(request.headers(), HOST.as_str())? else {
        return Ok(None);
    };
    let authority = host.parse();
    let authority =
        authority.map_err(|_| Problem::bad("the Host header is not a host".to_owned()))?;
    Ok(Some(authority))
}

/// The only header of this name. Two headers are an error, because another program could read the other one.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => {
            let text = only.to_str();
            let wrong = |_| Problem::bad(format!("the {name} header is not text"));
            text.map(Some).map_err(wrong)
        }
        _ => Err(Problem::bad(format!(
            "there is more than one {name} header"
        ))),
    }
}

/// Whether a host is this server: a loopback name, the address that the server listens on, or an allowed name.
fn is_own_host(settings: &ServeSettings, host: &str) -> bool {
    let name = host.trim_end_matches('.');
    let address = name.trim_start_matches('[').trim_end_matches(']');
    match (address.parse::<IpAddr>(), &settings.listen) {
        (Ok(address), Listen::Tcp(at)) => {
            let (address, at) = (address.to_canonical(), at.ip().to_canonical());
            // A server on all addresses has every address of the machine. A web page cannot fake an address.
            address.is_loopback()
                || address == at
                || at.is_unspecified()
                || is_allowed(settings, name)
        }
        _ => name.eq_ignore_ascii_case("localhost") || is_allowed(settings, name),
    }
}

fn is_allowed(settings: &ServeSettings, host: &str) -> bool {
    let name = host.trim_end_matches('.');
    let mut allowed = settings.allow_hosts.iter();
    allowed.any(|allowed| allowed.eq_ignore_ascii_case(name))
}

fn foreign_host(settings: &ServeSettings, host: &str) -> Problem {
    let host: String = host.chars().take(100).collect();
    let detail = format!(
        "this server is not {host}: use {}, or start it with --allow-host {host}",
        settings.listen
    );
    Problem::new(StatusCode::FORBIDDEN, detail)
}

fn foreign_origin(origin: &str) -> Problem {
    let origin: String = origin.chars().take(100).collect();
    let detail = format!(
        "web pages of {origin} may not send requests to this server: to allow them, start it with --allow-host and the host of the page"
    );
    Problem::new(StatusCode::FORBIDDEN, detail)
}
