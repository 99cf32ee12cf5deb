//! Values of parameters and columns as text.

use std::fmt::Write;

use fallible_iterator::FallibleIterator;
use postgres_protocol::{Oid, types};
use time::Date;

/// The format code of a value in binary format. All other values are text.
const BINARY: i16 = 1;

/// The most bytes of a value that are shown if its type is not known.
const SHOWN_BYTES: usize = 12;

/// The most members of an array that are shown.
const SHOWN_MEMBERS: usize = 20;

/// The type of a function that returns nothing.
pub(super) const VOID: Oid = 2278;

/// The day 2000-01-01, from which dates are counted, as a Julian day.
const EPOCH_DAY: i32 = 2_451_545;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The value as text. A binary value whose type is not known becomes `\x…`.
pub(super) fn text(bytes: &[u8], oid: Oid, format: i16) -> String {
    if format == BINARY {
        binary(bytes, oid).unwrap_or_else(|| hex(bytes))
    } else {
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// A value in binary format; `None` if the type is not known, or the value is invalid.
fn binary(bytes: &[u8], oid: Oid) -> Option<String> {
    match oid {
        16 => Some(types::bool_from_sql(bytes).ok()?.to_string()),
        20 => Some(types::int8_from_sql(bytes).ok()?.to_string()),
        21 => Some(types::int2_from_sql(bytes).ok()?.to_string()),
        23 => Some(types::int4_from_sql(bytes).ok()?.to_string()),
        26 => Some(types::oid_from_sql(bytes).ok()?.to_string()),
        700 => Some(types::float4_from_sql(bytes).ok()?.to_string()),
        701 => Some(types::float8_from_sql(bytes).ok()?.to_string()),
        // char, name, text, json, xml, unknown, bpchar, varchar
        18 | 19 | 25 | 114 | 142 | 705 | 1042 | 1043 => utf8(bytes),
        // jsonb: a version, then text.
        3802 => utf8(bytes.strip_prefix(&[1])?),
        1082 => date(types::date_from_sql(bytes).ok()?),
        1083 => Some(clock(types::time_from_sql(bytes).ok()?)),
        1114 => timestamp(types::timestamp_from_sql(bytes).ok()?, ""),
        1184 => timestamp(types::timestamp_from_sql(bytes).ok()?, "+00"),
        1700 => numeric(bytes),
        2950 => uuid(bytes),
        VOID => bytes.is_empty().then(String::new),
        _ if is_array(oid) => array(bytes),
        _ => None,
    }
}

fn utf8(bytes: &[u8]) -> Option<String> {
    types::text_from_sql(bytes).ok().map(str::to_owned)
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let bytes = types::uuid_from_sql(bytes).ok()?;
    Some(uuid::Uuid::from_bytes(bytes).to_string())
}

fn date(day: i32) -> Option<String> {
    let date = match day {
        i32::MAX => return Some("infinity".to_owned()),
        i32::MIN => return Some("-infinity".to_owned()),
        day => Date::from_julian_day(day.checked_add(EPOCH_DAY)?).ok()?,
    };
    let (year, month, day) = date.to_calendar_date();
    Some(format!("{year:04}-{:02}-{day:02}", u8::from(month)))
}

/// A time of day from its microseconds.
fn clock(time: i64) -> String {
    let (seconds, micros) = (time / 1_000_000, time % 1_000_000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let mut text = format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
    if micros != 0 {
        let fraction = format!(".{micros:06}");
        text.push_str(fraction.trim_end_matches('0'));
    }
    text
}

/// A timestamp from its microseconds since 2000-01-01.
fn timestamp(time: i64, zone: &str) -> Option<String> {
    match time {
        i64::MAX => return Some("infinity".to_owned()),
        i64::MIN => return Some("-infinity".to_owned()),
        _ => {}
    }
    let date = date(i32::try_from(time.div_euclid(DAY)).ok()?)?;
    Some(format!("{date} {}{zone}", clock(time.rem_euclid(DAY))))
}

/// A number in groups of four decimal digits.
fn numeric(bytes: &[u8]) -> Option<String> {
    let shorts: Vec<u16> = bytes
        .chunks(2)
        .map(|pair| pair.try_into().ok().map(u16::from_be_bytes))
        .collect::<Option<_>>()?;
    let (&[count, weight, sign, scale], digits) = shorts.split_first_chunk()?;
    if digits.len() != usize::from(count) || digits.iter().any(|digit| *digit > 9999) {
        return None;
    }
    let weight = i32::from(weight.cast_signed());
    if !(-1000..1000).contains(&weight) || scale > 1000 {
        return None;
    }
    let sign = match sign {
        0x0000 => "",
        0x4000 => "-",
        0xC000 => return Some("NaN".to_owned()),
        _ => return None,
    };
    let digit = |place: i32| {
        let index = usize::try_from(weight - place).ok();
        index.and_then(|index| digits.get(index)).copied()
    };
    let group = |place| digit(place).unwrap_or(0);
    let mut text = format!("{sign}{}", group(weight.max(0)));
    for place in (0..weight.max(0)).rev() {
        let _ = write!(text, "{:04}", group(place));
    }
    if scale > 0 {
        text.push('.');
        let end = text.len() + usize::from(scale);
        for place in 1..=i32::from(scale.div_ceil(4)) {
            let _ = write!(text, "{:04}", group(-place));
        }
        text.truncate(end);
    }
    Some(text)
}

/// Arrays of bool, bytea, char, name, int2, int4, text, bpchar, varchar, int8, float4, float8, timestamp, date, timestamptz, numeric, uuid.
fn is_array(oid: Oid) -> bool {
    matches!(oid, 1000..=1003 | 1005 | 1007 | 1009 | 1014..=1016 | 1021 | 1022 | 1115 | 1182 | 1185 | 1231 | 2951)
}

/// An array of any dimensions as a list of its members.
fn array(bytes: &[u8]) -> Option<String> {
    let array = types::array_from_sql(bytes).ok()?;
    let (mut members, mut text) = (array.values(), String::from("{"));
    let mut shown = 0;
    while let Some(member) = members.next().ok()? {
        if shown == SHOWN_MEMBERS {
            text.push_str(",…");
            break;
        }
        if shown > 0 {
            text.push(',');
        }
        shown += 1;
        match member {
            // No array contains arrays, so this does not recur.
            Some(_) if is_array(array.element_type()) => return None,
            Some(member) => text.push_str(&self::text(member, array.element_type(), BINARY)),
            None => text.push_str("NULL"),
        }
    }
    text.push('}');
    Some(text)
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::from("\\x");
    for byte in bytes.iter().take(SHOWN_BYTES) {
        let _ = write!(text, "{byte:02x}");
    }
    if bytes.len() > SHOWN_BYTES {
        text.push('…');
    }
    text
}
