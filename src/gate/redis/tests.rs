#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

/// A command as clients send it.
fn command(line: &str) -> String {
    let words: Vec<_> = line.split(' ').collect();
    let bulk: Vec<_> = words
        .iter()
        .map(|word| format!("${}\r\n{word}\r\n", word.len()))
        .collect();
    format!("*{}\r\n{}", words.len(), bulk.concat())
}

fn commands(lines: &[&str]) -> BytesMut {
    let text: String = lines.iter().map(|line| command(line)).collect();
    BytesMut::from(text.as_str())
}

fn units(wire: &mut RedisWire, bytes: &mut BytesMut) -> Vec<ClientUnit> {
    let next = || wire.from_client(bytes).unwrap();
    std::iter::from_fn(next).collect()
}

/// A statement as a line for each command.
fn shown(unit: &ClientUnit) -> String {
    let Some(Content::Redis(commands)) = &unit.statement else {
        return "–".to_owned();
    };
    let line = |words: &Words| String::from_utf8(words.join(&b' ')).unwrap();
    commands.iter().map(line).collect::<Vec<_>>().join("; ")
}

fn statements(lines: &[&str]) -> Vec<String> {
    let units = units(&mut RedisWire::default(), &mut commands(lines));
    units.iter().map(shown).collect()
}

/// What a client gets for the server's bytes, and the texts of the answers.
fn replies(wire: &mut RedisWire, text: &str) -> (String, Vec<String>) {
    let mut bytes = BytesMut::from(text);
    let (mut client, mut texts) = (Vec::new(), Vec::new());
    while let Some(unit) = wire.from_server(&mut bytes).unwrap() {
        client.extend_from_slice(&unit.bytes);
        texts.extend(unit.answered.map(|(unit, answer)| {
            let text = answer.text.unwrap();
            format!("{unit}: {text}")
        }));
    }
    (String::from_utf8(client).unwrap(), texts)
}

/// A wire to which these commands were sent, and which forwarded them in this order.
fn sent(lines: &[&str], order: &[UnitId]) -> RedisWire {
    let mut wire = RedisWire::default();
    units(&mut wire, &mut commands(lines));
    for unit in order {
        wire.forwarded(*unit);
    }
    wire
}

#[test]
fn commands_on_data_are_statements_and_those_about_the_connection_are_none() {
    let lines = [
        "HELLO 3",
        "select 1",
        "GET k",
        "BLPOP l 0",
        "INCR n",
        "SUBSCRIBE c",
    ];
    assert_eq!(statements(&lines), ["–", "–", "GET k", "–", "INCR n", "–"]);
    let lines = ["XREAD STREAMS s 0", "XREAD BLOCK 0 STREAMS s $", "EVAL x 0"];
    assert_eq!(statements(&lines), ["XREAD STREAMS s 0", "–", "EVAL x 0"]);
}

#[test]
fn a_whole_block_is_one_unit() {
    let lines = ["MULTI", "INCR n", "GET n", "EXEC", "GET k"];
    let mut wire = RedisWire::default();
    let units = units(&mut wire, &mut commands(&lines));
    let shown: Vec<_> = units.iter().map(shown).collect();
    assert_eq!(shown, ["MULTI; INCR n; GET n; EXEC", "GET k"]);
    assert!(!wire.keeps_place(&units[0]));
    for unit in &units {
        wire.forwarded(unit.id);
    }
    let server = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n$1\r\n1\r\n$-1\r\n";
    let (client, texts) = replies(&mut wire, server);
    assert_eq!(client, server);
    assert_eq!(texts, ["0: [1, 1]", "1: nil"]);
}

#[test]
fn a_block_in_pieces_is_a_statement_at_its_end_which_keeps_its_place() {
    let mut wire = RedisWire::default();
    let mut seen = Vec::new();
    for line in [
        "MULTI", "INCR n", "EXEC", "GET k", "MULTI", "SET k v", "DISCARD",
    ] {
        let units = units(&mut wire, &mut commands(&[line]));
        seen.push((shown(&units[0]), wire.keeps_place(&units[0])));
    }
    let expected = [
        ("–", true),
        ("–", true),
        ("MULTI; INCR n; EXEC", true),
        ("GET k", false),
        ("–", true),
        ("–", true),
        ("–", true),
    ];
    assert_eq!(seen, expected.map(|(text, keeps)| (text.to_owned(), keeps)));
}

#[test]
fn replies_are_put_into_the_order_of_the_client() {
    let mut wire = sent(&["GET a", "GET b", "GET c"], &[2, 0]);
    assert!(wire.reordered());
    assert_eq!(
        replies(&mut wire, "+c\r\n"),
        (String::new(), vec!["2: c".to_owned()])
    );
    assert_eq!(replies(&mut wire, "+a\r\n").0, "+a\r\n");
    wire.forwarded(1);
    let (client, texts) = replies(&mut wire, ">1\r\n+push\r\n+b\r\n");
    assert_eq!(client, ">1\r\n+push\r\n+b\r\n+c\r\n");
    assert_eq!(texts, ["1: b"]);
    assert!(!wire.reordered());
}

#[test]
fn messages_and_confirmations_of_subscriptions_pass() {
    let lines = ["SUBSCRIBE a b", "PING", "UNSUBSCRIBE", "GET k"];
    for (mark, pong) in [("*", "*2\r\n$4\r\npong\r\n$0\r\n\r\n"), (">", "+PONG\r\n")] {
        let mut wire = sent(&lines, &[0, 1, 2, 3]);
        let message = |kind: &str| {
            format!(
                "{mark}3\r\n${}\r\n{kind}\r\n$1\r\na\r\n$1\r\nx\r\n",
                kind.len()
            )
        };
        let server = [
            message("subscribe"),
            message("message"),
            message("subscribe"),
            message("message"),
            pong.to_owned(),
            message("unsubscribe"),
            message("unsubscribe"),
            "+v\r\n".to_owned(),
        ]
        .concat();
        let (client, texts) = replies(&mut wire, &server);
        assert_eq!(client, server);
        assert_eq!(texts.last().unwrap(), "3: v");
        assert!(!wire.reordered());
    }
}

#[test]
fn a_refused_subscription_is_answered_with_an_error() {
    let mut wire = sent(&["SUBSCRIBE a b", "GET k"], &[0, 1]);
    let (client, texts) = replies(&mut wire, "-NOPERM x\r\n:1\r\n");
    assert_eq!(client, "-NOPERM x\r\n:1\r\n");
    assert_eq!(texts, ["1: 1"]);
}

#[test]
fn commands_may_come_in_lines() {
    let mut wire = RedisWire::default();
    let mut bytes = BytesMut::from("\r\nSET k 'a b'\nGET \"k\"\r\nPI");
    let units = units(&mut wire, &mut bytes);
    let shown: Vec<_> = units.iter().map(shown).collect();
    assert_eq!(shown, ["–", "SET k a b", "GET k"]);
    assert_eq!(&bytes[..], b"PI");
    for unit in &units {
        wire.forwarded(unit.id);
    }
    assert_eq!(
        replies(&mut wire, "+OK\r\n$1\r\na\r\n").1,
        ["1: OK", "2: a"]
    );
}

#[test]
fn what_cannot_be_read_stays_in_the_buffer() {
    for text in [
        command("CLIENT REPLY OFF"),
        command("client reply skip"),
        command("PSYNC ? -1"),
        "*1\r\n:1\r\n".to_owned(),
        "*x\r\n".to_owned(),
        "\u{16}\u{3}\u{1}".to_owned(),
    ] {
        let mut bytes = BytesMut::from(text.as_str());
        let error = RedisWire::default().from_client(&mut bytes);
        assert!(error.is_err(), "{text:?}");
        assert_eq!(&bytes[..], text.as_bytes());
    }
    let mut wire = sent(&["GET a"], &[0]);
    let mut bytes = BytesMut::from("HTTP/1.1 400\r\n");
    assert!(wire.from_server(&mut bytes).is_err());
    assert_eq!(&bytes[..], b"HTTP/1.1 400\r\n");
    assert!(!wire.reordered(), "the rest may be forwarded as it is");
    let mut wire = sent(&["GET a", "GET b"], &[1]);
    assert!(
        wire.from_server(&mut BytesMut::from("HTTP/1.1 400\r\n"))
            .is_err()
    );
    assert!(wire.reordered());
}

/// A frame of RESP3 with frames in it.
fn frame() -> impl Strategy<Value = String> {
    let line = |mark: &'static str| move |text: String| format!("{mark}{text}\r\n");
    let leaf = prop_oneof![
        "[ -~]{0,9}".prop_map(line("+")),
        "[ -~]{0,9}".prop_map(line("-")),
        "-?[0-9]{1,9}".prop_map(line(":")),
        "[ -~\r\n]{0,20}".prop_map(|text| format!("${}\r\n{text}\r\n", text.len())),
        Just("$-1\r\n".to_owned()),
        Just("*-1\r\n".to_owned()),
        Just("_\r\n".to_owned()),
        Just("#t\r\n".to_owned()),
        Just(",1.5\r\n".to_owned()),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        (0_usize..4, proptest::collection::vec(inner, 0..6)).prop_map(|(kind, mut inner)| {
            if kind == 2 {
                inner.truncate(inner.len() / 2 * 2);
            }
            let mark = ["*", "~", "%", "*"][kind];
            let count = if kind == 2 {
                inner.len() / 2
            } else {
                inner.len()
            };
            format!("{mark}{count}\r\n{}", inner.concat())
        })
    })
}

/// A line of words that no rule of the connection concerns.
fn data_command() -> impl Strategy<Value = String> {
    prop_oneof!["GET [a-c]", "INCR [a-c]", "SET [a-c] [a-z]{0,40}", "PING"]
}

fn any_command() -> impl Strategy<Value = String> {
    let special = prop_oneof![
        Just("MULTI"),
        Just("EXEC"),
        Just("DISCARD"),
        Just("SELECT 1"),
        Just("BLPOP l 0"),
    ];
    prop_oneof![4 => data_command(), 1 => special.prop_map(str::to_owned)]
}

/// The text in pieces that end at these positions.
fn cut(text: &str, at: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut cuts: Vec<_> = at.iter().map(|at| at.index(text.len() + 1)).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    let piece = |pair: &[usize]| text.as_bytes()[pair[0]..pair[1]].to_vec();
    cuts.windows(2).map(piece).collect()
}

proptest! {
    #[test]
    fn the_borders_of_reads_change_nothing_for_commands(
        lines in proptest::collection::vec(any_command(), 0..12),
        at in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let text: String = lines.iter().map(|line| command(line)).collect();
        let statements = |pieces: Vec<Vec<u8>>| {
            let (mut wire, mut bytes) = (RedisWire::default(), BytesMut::new());
            let (mut sent, mut shown_all) = (Vec::new(), Vec::new());
            for piece in pieces {
                bytes.extend_from_slice(&piece);
                for unit in units(&mut wire, &mut bytes) {
                    sent.extend_from_slice(&unit.bytes);
                    shown_all.extend(unit.statement.is_some().then(|| shown(&unit)));
                }
            }
            (sent, shown_all)
        };
        let whole = statements(vec![text.clone().into_bytes()]);
        prop_assert_eq!(&whole.0, text.as_bytes());
        prop_assert_eq!(statements(cut(&text, &at)), whole);
    }

    #[test]
    fn the_borders_of_reads_change_nothing_for_replies(
        frames in proptest::collection::vec(frame(), 0..8),
        at in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let text = frames.concat();
        let run = |pieces: Vec<Vec<u8>>| {
            let (mut wire, mut bytes) = (RedisWire::default(), BytesMut::new());
            let lines = vec!["GET k"; frames.len()];
            for unit in units(&mut wire, &mut commands(&lines)) {
                wire.forwarded(unit.id);
            }
            let (mut client, mut answers) = (Vec::new(), Vec::new());
            for piece in pieces {
                bytes.extend_from_slice(&piece);
                while let Some(unit) = wire.from_server(&mut bytes).unwrap() {
                    client.extend_from_slice(&unit.bytes);
                    answers.extend(unit.answered);
                }
            }
            (client, answers)
        };
        let whole = run(vec![text.clone().into_bytes()]);
        prop_assert_eq!(&whole.0, text.as_bytes());
        prop_assert_eq!(whole.1.len(), frames.len());
        prop_assert_eq!(run(cut(&text, &at)), whole);
    }

    #[test]
    fn in_any_order_of_forwarding_the_client_gets_its_replies_in_its_own_order(
        choices in proptest::collection::vec((0_usize..100, any::<bool>()), 1..60),
        count in 1_usize..12,
    ) {
        let lines: Vec<_> = (0..count).map(|n| format!("ECHO {n}")).collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let mut wire = RedisWire::default();
        let units = units(&mut wire, &mut commands(&lines));
        let mut waiting: Vec<_> = units.iter().map(|unit| unit.id).collect();
        let mut server = VecDeque::new();
        let (mut client, mut answered) = (String::new(), Vec::new());
        // After the choices, everything is forwarded and answered.
        let rest = std::iter::repeat_n((0, true), 2 * count);
        for (index, forwards) in choices.into_iter().chain(rest) {
            if forwards && !waiting.is_empty() {
                let unit = waiting.remove(index % waiting.len());
                wire.forwarded(unit);
                server.push_back(unit);
            } else if let Some(unit) = server.pop_front() {
                let (bytes, texts) = replies(&mut wire, &format!(":{unit}\r\n"));
                client += &bytes;
                answered.extend(texts);
                prop_assert_eq!(answered.last().unwrap(), &format!("{unit}: {unit}"));
            }
        }
        let expected: Vec<_> = (0..count).map(|n| format!(":{n}\r\n")).collect();
        prop_assert_eq!(client, expected.concat());
        prop_assert_eq!(answered.len(), count);
        prop_assert!(!wire.reordered());
    }
}
