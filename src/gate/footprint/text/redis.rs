//! Redis commands as one line.

use std::{fmt::Write, sync::LazyLock};

use regex::Regex;

use super::shortened;
use crate::gate::footprint::redis::keys;

/// The longest word that is shown, in characters.
const LONGEST_WORD: usize = 40;

/// The most characters of a script that are shown.
const LONGEST_SCRIPT: usize = 24;

/// The words of commands that are no values.
const OPTIONS: &str = "NX XX GT LT CH EX PX EXAT PXAT KEEPTTL GET INCR WITHSCORES WITHSCORE LIMIT BYSCORE BYLEX REV COUNT MATCH \
                       STREAMS GROUP BLOCK NOACK MAXLEN MINID LEFT RIGHT BEFORE AFTER AGGREGATE WEIGHTS STORE ASC DESC";

/// The command with `?` for every value, and for every number in a key: `SET lock:? ? NX PX ?`.
pub(super) fn shape(command: &[Vec<u8>]) -> String {
    let keys = keys(command);
    let script = is_script(command);
    let mut shape = name(command);
    for (at, word) in command.iter().enumerate().skip(1) {
        let word = String::from_utf8_lossy(word);
        let upper = word.to_ascii_uppercase();
        let is_key = keys.contains(word.as_ref());
        let part = match at {
            // The script itself, and the number of its keys.
            1 if script => shortened(&word, LONGEST_SCRIPT),
            2 if script => continue,
            _ if is_key || (at == 1 && keys.is_empty()) => without_numbers(&word),
            _ if OPTIONS.split(' ').any(|option| option == upper) => upper,
            _ if shape.ends_with(" ?") => continue,
            _ => "?".to_owned(),
        };
        shape.push(' ');
        shape.push_str(&part);
    }
    shape
}

/// The command for a diagram. Bytes that are no text are `\x…`. Scripts are shortened.
pub(super) fn shown(command: &[Vec<u8>]) -> String {
    let script = is_script(command);
    let mut shown = name(command);
    for (at, word) in command.iter().enumerate().skip(1) {
        let part = match at {
            1 if script => script_text(word),
            2 if script => continue,
            _ => word_text(word),
        };
        shown.push(' ');
        shown.push_str(&part);
    }
    shown
}

fn name(command: &[Vec<u8>]) -> String {
    let first = command.first().map_or(&[][..], Vec::as_slice);
    word_text(first).to_ascii_uppercase()
}

fn is_script(command: &[Vec<u8>]) -> bool {
    let name = name(command);
    let scripts = [
        "EVAL",
        "EVALSHA",
        "EVAL_RO",
        "EVALSHA_RO",
        "FCALL",
        "FCALL_RO",
    ];
    scripts.contains(&name.as_str())
}

fn without_numbers(key: &str) -> String {
    static NUMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]+").ok()
    });
    match &*NUMBERS {
        Some(numbers) => numbers.replace_all(key, "?").into_owned(),
        None => key.to_owned(),
    }
}

/// A digest by its first characters, and a script by its begin.
fn script_text(word: &[u8]) -> String {
    let text = String::from_utf8_lossy(word);
    let is_digest = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest {
        return format!("{}…", &text[..4]);
    }
    let words: Vec<_> = text.split_whitespace().collect();
    word_text(shortened(&words.join(" "), LONGEST_SCRIPT).as_bytes())
}

fn word_text(word: &[u8]) -> String {
    let text = match std::str::from_utf8(word) {
        Ok(text) if !text.chars().any(char::is_control) => shortened(text, LONGEST_WORD),
        _ => return shortened(&escaped(word), LONGEST_WORD),
    };
    if text.is_empty() || text.contains([' ', '"']) {
        format!("\"{}\"", text.replace('"', "\\\""))
    } else {
        text
    }
}

fn escaped(word: &[u8]) -> String {
    let mut text = String::new();
    for &byte in word.iter().take(LONGEST_WORD + 1) {
        if byte.is_ascii_graphic() {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}
