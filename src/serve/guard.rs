//! Which requests are answered at all: those that are meant for this server, and do not come from a page of somebody else's.
//!
//! A page in a browser can send a POST to any address of this machine. The browser then names the page in `Origin`. A page can
//! also give its own name the address 127.0.0.1 (DNS rebinding). The browser then names the page in `Host`.

use std::net::IpAddr;

use hyper::{
    Request, StatusCode,
    header::{HOST, HeaderMap, ORIGIN},
    http::uri::Authority,
};

use super::{Listen, Plan, problem::Problem};

/// Refuses a request for another host, or from a page of another origin. A Unix socket cannot be reached from a browser.
pub(super) fn check<B>(plan: &Plan, request: &Request<B>) -> Result<(), Problem> {
    let Listen::Tcp(_) = &plan.listen else {
        return Ok(());
    };
    let host = asked_for(request)?;
    if let Some(host) = &host
        && !is_ours(plan, host.host())
    {
        return Err(foreign_host(plan, host.host()));
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
            .is_ok_and(|page: Authority| is_allowed(plan, page.host()))
    });
    if is_own {
        Ok(())
    } else {
        Err(foreign_origin(origin))
    }
}

/// The host that the client asked for; `None` where HTTP/1.0 names none.
fn asked_for<B>(request: &Request<B>) -> Result<Option<Authority>, Problem> {
    if let Some(authority) = request.uri().authority() {
        return Ok(Some(authority.clone()));
    }
    let Some(host) = text(request.headers(), HOST.as_str())? else {
        return Ok(None);
    };
    let authority = host.parse();
    let authority = authority.map_err(|_| Problem::bad("the Host header is no host".to_owned()))?;
    Ok(Some(authority))
}

/// The only header of this name. Of two of them, another program might believe the other.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => {
            let text = only.to_str();
            let wrong = |_| Problem::bad(format!("the {name} header is no text"));
            text.map(Some).map_err(wrong)
        }
        _ => Err(Problem::bad(format!(
            "there is more than one {name} header"
        ))),
    }
}

/// Whether a name stands for this server: a name of the loopback, the address that is listened on, or a name that was allowed.
fn is_ours(plan: &Plan, host: &str) -> bool {
    let name = host.trim_end_matches('.');
    let address = name.trim_start_matches('[').trim_end_matches(']');
    match (address.parse::<IpAddr>(), &plan.listen) {
        (Ok(address), Listen::Tcp(at)) => {
            let (address, at) = (address.to_canonical(), at.ip().to_canonical());
            // Behind every address of the machine is this server; a page cannot pass for an address.
            address.is_loopback() || address == at || at.is_unspecified() || is_allowed(plan, name)
        }
        _ => name.eq_ignore_ascii_case("localhost") || is_allowed(plan, name),
    }
}

fn is_allowed(plan: &Plan, host: &str) -> bool {
    let name = host.trim_end_matches('.');
    let mut allowed = plan.allow_hosts.iter();
    allowed.any(|allowed| allowed.eq_ignore_ascii_case(name))
}

fn foreign_host(plan: &Plan, host: &str) -> Problem {
    let host: String = host.chars().take(100).collect();
    let detail = format!(
        "this server is not {host}: ask for {}, or start it with --allow-host {host}",
        plan.listen
    );
    Problem::new(StatusCode::FORBIDDEN, detail)
}

fn foreign_origin(origin: &str) -> Problem {
    let origin: String = origin.chars().take(100).collect();
    let detail = format!(
        "a page of {origin} may not ask this server: if that is meant, start it with --allow-host and the page's host"
    );
    Problem::new(StatusCode::FORBIDDEN, detail)
}
