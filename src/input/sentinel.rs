//! Parses the URL of a Redis behind sentinels: `redis+sentinel://user:password@HOST:PORT,HOST:PORT/MASTER/0`.

use percent_encoding::percent_decode_str;
use url::{Url, form_urlencoded};

use crate::{
    input::address::SentinelUrl,
    text::{problem::Problem, quote::quoted},
};

const FORM: &str = "write redis+sentinel://HOST:26379,HOST:26379/MASTER";

/// The default port of a sentinel.
const PORT: u16 = 26_379;

/// `rest` is the text after the scheme and its colon.
pub(crate) fn sentinel(text: &str, tls: bool, rest: &str) -> Result<SentinelUrl, Problem> {
    let wrong = |what: &str| Problem::new(format!("{what} in {}", quoted(text)), FORM);
    let rest = rest.strip_prefix("//").ok_or_else(|| wrong("no host"))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (Some(login), hosts),
        None => (None, authority),
    };
    let hosts = hosts
        .split(',')
        .map(|name| host(name.trim()).ok_or_else(|| wrong("invalid host")))
        .collect::<Result<Vec<_>, _>>()?;
    let (master, database) = path.split_once('/').unwrap_or((path, ""));
    let master = decoded(master);
    if master.is_empty() {
        return Err(wrong("no master"));
    }
    let database = match database.trim_end_matches('/') {
        "" => 0,
        number => number
            .parse()
            .map_err(|_| wrong("invalid database number"))?,
    };
    Ok(SentinelUrl {
        tls,
        hosts,
        master,
        database,
        login: login.map(|login| match login.split_once(':') {
            Some(("", password)) => (None, decoded(password)),
            Some((user, password)) => (Some(decoded(user)), decoded(password)),
            None => (None, decoded(login)),
        }),
        sentinel_login: sentinel_login(text, query)?,
        text: text.to_owned(),
    })
}

fn host(name: &str) -> Option<(String, u16)> {
    let url = Url::parse(&format!("redis://{name}")).ok()?;
    let plain = url.path().trim_matches('/').is_empty() && url.username().is_empty();
    let host = url.host_str().filter(|host| plain && !host.is_empty())?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some((host.to_owned(), url.port().unwrap_or(PORT)))
}

fn sentinel_login(text: &str, query: &str) -> Result<Option<(Option<String>, String)>, Problem> {
    let (mut user, mut password) = (None, None);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "sentinel_username" => user = Some(value.into_owned()),
            "sentinel_password" => password = Some(value.into_owned()),
            _ => {
                let what = format!("unknown parameter {} in {}", quoted(&key), quoted(text));
                let advice = "the parameters are sentinel_username and sentinel_password";
                return Err(Problem::new(what, advice));
            }
        }
    }
    Ok(password.map(|password| (user, password)))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
