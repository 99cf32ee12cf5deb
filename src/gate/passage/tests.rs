#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::*;
use crate::gate::event::SqlStatement;

/// A protocol of lines, for tests: `say …` is no statement, `bad` is no protocol, all other lines are statements. Each line of the server
/// answers a forwarded line. With `REORDERS`, the answers are not put into the client's order.
#[derive(Debug, Default)]
pub(in crate::gate) struct Lines<const REORDERS: bool> {
    next: UnitId,
    sent: std::collections::VecDeque<UnitId>,
}

fn line(bytes: &mut BytesMut) -> Result<Option<Bytes>, WireError> {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return Ok(None);
    };
    if bytes.starts_with(b"bad") {
        return Err(WireError("bad line".to_owned()));
    }
    Ok(Some(bytes.split_to(end + 1).freeze()))
}

impl<const R: bool> Wire for Lines<R> {
    const REORDERS: bool = R;

    fn from_client(&mut self, bytes: &mut BytesMut) -> Result<Option<ClientUnit>, WireError> {
        let Some(bytes) = line(bytes)? else {
            return Ok(None);
        };
        self.next += 1;
        let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        let statement = SqlStatement {
            text,
            parameters: Vec::new(),
        };
        let is_statement = !bytes.starts_with(b"say");
        Ok(Some(ClientUnit {
            id: self.next - 1,
            bytes,
            reply: Bytes::new(),
            statement: is_statement.then(|| Content::Sql(vec![statement])),
        }))
    }

    fn forwarded(&mut self, unit: UnitId) {
        self.sent.push_back(unit);
    }

    fn from_server(&mut self, bytes: &mut BytesMut) -> Result<Option<ServerUnit>, WireError> {
        let Some(bytes) = line(bytes)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        let answer = WireAnswer {
            text: Some(text),
            ..WireAnswer::default()
        };
        Ok(Some(ServerUnit {
            bytes,
            answered: self.sent.pop_front().map(|unit| (unit, answer)),
            session: None,
        }))
    }
}

struct Bench<const R: bool> {
    passage: Passage<Lines<R>>,
    events: UnboundedReceiver<GateEvent>,
    releases: UnboundedReceiver<StatementId>,
    control: GateControl,
}

impl<const R: bool> Bench<R> {
    fn new() -> Self {
        let (control, events) = GateControl::new();
        let (sender, releases) = mpsc::unbounded_channel();
        let reporter = Reporter {
            kind: GateKind::Postgres,
            connection: ConnectionId::next(),
            control: control.clone(),
        };
        Self {
            passage: Passage::open(reporter, Lines::default(), sender),
            events,
            releases,
            control,
        }
    }

    /// The client sends; what the server gets.
    fn client(&mut self, text: &str) -> String {
        self.passage.client_bytes.extend_from_slice(text.as_bytes());
        self.passage.read_client();
        self.server_got()
    }

    fn server_got(&mut self) -> String {
        String::from_utf8(self.passage.to_server.take()).unwrap()
    }

    /// The server sends; what the client gets.
    fn server(&mut self, text: &str) -> String {
        self.passage.server_bytes.extend_from_slice(text.as_bytes());
        self.passage.read_server();
        String::from_utf8(self.passage.to_client.take()).unwrap()
    }

    /// Releases a statement; what the server gets.
    fn release(&mut self, id: StatementId) -> String {
        assert!(self.control.release(id));
        let id = self.releases.try_recv().unwrap();
        self.passage.release(id);
        self.server_got()
    }

    /// The events so far, in words, and the statements that arrived.
    fn events(&mut self) -> (String, Vec<StatementId>) {
        let (mut words, mut ids) = (Vec::new(), Vec::new());
        while let Ok(event) = self.events.try_recv() {
            words.push(match event.what {
                GateEventKind::Opened => "opened".to_owned(),
                GateEventKind::Session(session) => format!("session {session}"),
                GateEventKind::Arrived { id, held, .. } => {
                    ids.push(id);
                    if held { "held" } else { "passed" }.to_owned()
                }
                GateEventKind::Answered { answer, .. } => answer.text.unwrap(),
                GateEventKind::Unreachable(text) | GateEventKind::Unreadable(text) => text,
                GateEventKind::Closed => "closed".to_owned(),
            });
        }
        (words.join(", "), ids)
    }
}

#[test]
fn without_holding_everything_is_forwarded_at_once() {
    let mut bench = Bench::<false>::new();
    assert_eq!(bench.client("one\nsay\ntw"), "one\nsay\n");
    assert_eq!(bench.client("o\n"), "two\n");
    assert_eq!(bench.server("1\n2\n3"), "1\n2\n");
    assert_eq!(bench.server("\n"), "3\n");
    let (words, _) = bench.events();
    assert_eq!(words, "opened, passed, passed, 1, 3");
}

#[test]
fn an_ordered_protocol_forwards_released_statements_in_the_order_of_arrival() {
    let mut bench = Bench::<false>::new();
    bench.control.hold();
    assert_eq!(bench.client("one\nsay\ntwo\n"), "");
    let (words, ids) = bench.events();
    assert_eq!(words, "opened, held, held");
    assert_eq!(bench.release(ids[1]), "");
    assert_eq!(bench.release(ids[0]), "one\nsay\ntwo\n");
}

#[test]
fn a_reordering_protocol_forwards_statements_as_they_are_released() {
    let mut bench = Bench::<true>::new();
    bench.control.hold();
    assert_eq!(bench.client("one\ntwo\nsay\nthree\n"), "");
    let (_, ids) = bench.events();
    assert_eq!(bench.release(ids[1]), "two\n");
    assert_eq!(bench.release(ids[2]), "", "the unit before keeps its place");
    assert_eq!(bench.release(ids[0]), "one\nsay\nthree\n");
}

#[test]
fn what_cannot_be_read_is_forwarded_after_what_is_held() {
    let mut bench = Bench::<false>::new();
    bench.control.hold();
    assert_eq!(bench.client("one\nbad\ntwo"), "");
    let (words, ids) = bench.events();
    assert_eq!(words, "opened, held, bad line");
    assert_eq!(bench.client("\nthree\n"), "");
    assert_eq!(bench.server("1"), "1", "unread, too");
    assert_eq!(bench.release(ids[0]), "one\nbad\ntwo\nthree\n");
    assert_eq!(bench.client("4"), "4");
}

#[test]
fn an_error_of_the_server_forwards_both_directions_unread() {
    let mut bench = Bench::<false>::new();
    assert_eq!(bench.client("on"), "");
    assert_eq!(bench.server("bad\n"), "bad\n");
    assert_eq!(bench.server_got(), "on");
    assert_eq!(bench.client("e"), "e");
    assert_eq!(bench.server("bad"), "bad");
    assert_eq!(bench.events().0, "opened, bad line");
}

#[test]
fn a_closed_connection_holds_nothing() {
    let mut bench = Bench::<false>::new();
    bench.control.hold();
    bench.client("one\n");
    let (_, ids) = bench.events();
    assert!(bench.passage.client_ended(), "no client waits");
    bench.passage.close();
    drop(bench.passage);
    assert!(!bench.control.release(ids[0]));
    assert_eq!(bench.events.try_recv().unwrap().what, GateEventKind::Closed);
    assert!(bench.events.try_recv().is_err(), "reported once");
}

#[test]
fn passing_releases_what_is_held() {
    let mut bench = Bench::<false>::new();
    bench.control.hold();
    bench.client("one\ntwo\n");
    bench.control.pass();
    while let Ok(id) = bench.releases.try_recv() {
        bench.passage.release(id);
    }
    assert_eq!(bench.server_got(), "one\ntwo\n");
    assert_eq!(bench.client("three\n"), "three\n");
}

#[test]
fn a_traceparent_is_read_from_a_comment() {
    let of = |text: &str| {
        let statement = SqlStatement {
            text: text.to_owned(),
            parameters: Vec::new(),
        };
        traceparent(&Content::Sql(vec![statement]))
    };
    let value = "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01";
    let comment = format!("SELECT 1 /*traceparent='{value}',tracestate='x'*/");
    assert_eq!(of(&comment).as_deref(), Some(value));
    assert_eq!(of("SELECT traceparent FROM span"), None);
}
