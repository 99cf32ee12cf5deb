//! Source addresses: a service that limits by address sees as many clients as there are connections.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The addresses that connections come from, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// The text of the setting.
    text: Vec<String>,
    /// The first and the last address of each range, as numbers.
    ranges: Vec<(Number, Number)>,
    /// The number of connections of other clients before the first.
    before: usize,
}

/// An address of either family as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    V4(u32),
    V6(u128),
}

impl Number {
    fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6(address.to_bits()),
        }
    }
}

impl Sources {
    /// From a text such as `127.0.0.0/8`, `127.0.0.2-127.0.0.9` or `10.0.0.5`; the error says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self {
            text: vec![text.trim().to_owned()],
            ranges: vec![range(text.trim())?],
            before: 0,
        })
    }

    /// The addresses of several ranges, one range after the other.
    pub fn of(parts: impl IntoIterator<Item = Self>) -> Self {
        let (mut text, mut ranges) = (Vec::new(), Vec::new());
        for part in parts {
            text.extend(part.text);
            ranges.extend(part.ranges);
        }
        Self {
            text,
            ranges,
            before: 0,
        }
    }

    /// The same addresses, as the connections after the first `before` take them.
    #[must_use]
    pub fn from(self, before: usize) -> Self {
        Self { before, ..self }
    }

    /// The address of the `n`-th connection to an address of the same family as `to`; `None` if there is none of that family.
    pub fn address(&self, n: usize, to: IpAddr) -> Option<IpAddr> {
        let ranges = self.ranges.iter().filter_map(|range| match (to, range) {
            (IpAddr::V4(_), (Number::V4(first), Number::V4(last))) => {
                Some((u128::from(*first), u128::from(*last)))
            }
            (IpAddr::V6(_), (Number::V6(first), Number::V6(last))) => Some((*first, *last)),
            _ => None,
        });
        let ranges: Vec<_> = ranges.collect();
        let size = |(first, last): &(u128, u128)| (last - first).saturating_add(1);
        let all = ranges.iter().map(size).fold(0, u128::saturating_add);
        let mut n = (n as u128 + self.before as u128).checked_rem(all)?;
        for range in &ranges {
            if n < size(range) {
                return Some(restored(range.0 + n, to));
            }
            n -= size(range);
        }
        None
    }
}

/// The text of the setting.
impl fmt::Display for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text.join(", "))
    }
}

/// The number as an address of the family of `to`.
fn restored(number: u128, to: IpAddr) -> IpAddr {
    match to {
        IpAddr::V4(_) => Ipv4Addr::from_bits(u32::try_from(number).unwrap_or_default()).into(),
        IpAddr::V6(_) => Ipv6Addr::from_bits(number).into(),
    }
}

const FORMS: &str =
    "write an address, a range such as 127.0.0.2-127.0.0.9, or a network such as 127.0.0.0/8";

fn range(text: &str) -> Result<(Number, Number), String> {
    if let Some((first, last)) = text.split_once('-') {
        return between(address(first.trim())?, address(last.trim())?);
    }
    let Some((network, length)) = text.split_once('/') else {
        let only = Number::of(address(text)?);
        return Ok((only, only));
    };
    let network = address(network)?;
    let length = length.parse().map_err(|_| FORMS)?;
    network_of(network, length).ok_or_else(|| {
        let longest = if network.is_ipv4() { 32 } else { 128 };
        format!("the length of a prefix is 1 to {longest}")
    })
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| FORMS.to_owned())
}

fn between(first: IpAddr, last: IpAddr) -> Result<(Number, Number), String> {
    if first.is_ipv4() != last.is_ipv4() || first > last {
        return Err("the first address of a range comes before its last".to_owned());
    }
    Ok((Number::of(first), Number::of(last)))
}

/// The hosts of a network. The first and the last address of an IPv4 network are no hosts, unless there are no others.
fn network_of(address: IpAddr, length: u32) -> Option<(Number, Number)> {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(length)?)?;
            let (first, last) = (address.to_bits() & mask, address.to_bits() | !mask);
            let edge = u32::from(last - first > 1);
            Some((Number::V4(first + edge), Number::V4(last - edge)))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(length)?)?;
            let bits = address.to_bits();
            Some((Number::V6(bits & mask), Number::V6(bits | !mask)))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn several(texts: &[&str]) -> Sources {
        Sources::of(texts.iter().map(|text| Sources::parse(text).unwrap()))
    }

    fn first(texts: &[&str], count: usize) -> Vec<String> {
        let sources = several(texts);
        let addresses = (0..count).filter_map(|n| sources.address(n, V4));
        addresses.map(|address| address.to_string()).collect()
    }

    #[test]
    fn connections_take_the_addresses_in_turn() {
        assert_eq!(
            first(&["127.0.0.0/8"], 300)[254..258],
            ["127.0.0.255", "127.0.1.0", "127.0.1.1", "127.0.1.2"]
        );
        assert_eq!(
            first(&["127.0.0.9-127.0.0.10", "10.0.0.1"], 5),
            [
                "127.0.0.9",
                "127.0.0.10",
                "10.0.0.1",
                "127.0.0.9",
                "127.0.0.10"
            ]
        );
        let later = several(&["127.0.0.1-127.0.0.3"]).from(4);
        assert_eq!(later.address(0, V4).unwrap().to_string(), "127.0.0.2");
        assert_eq!(
            first(&["127.0.0.4/31"], 3),
            ["127.0.0.4", "127.0.0.5", "127.0.0.4"]
        );
        assert_eq!(
            first(&["127.0.0.4/30"], 3),
            ["127.0.0.5", "127.0.0.6", "127.0.0.5"]
        );
    }

    #[test]
    fn only_addresses_of_the_services_family_are_taken() {
        let sources = several(&["::1", "127.0.0.7"]);
        assert_eq!(sources.address(3, V4).unwrap().to_string(), "127.0.0.7");
        let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
        assert_eq!(sources.address(3, v6), Some(v6));
        let none = Sources::parse("::/1").unwrap();
        assert_eq!(none.address(0, V4), None);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, why) in [
            ("localhost", "write an address"),
            ("127.0.0.0/33", "1 to 32"),
            ("127.0.0.0/0", "1 to 32"),
            ("127.0.0.0/x", "write an address"),
            ("::1/129", "1 to 128"),
            ("127.0.0.9-127.0.0.2", "before its last"),
            ("127.0.0.9-::1", "before its last"),
            ("", "write an address"),
        ] {
            let error = Sources::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
