//! The answer of the server to one command.

use mysql_common::{io::ParseBuf, packets::StmtPacket};

use super::{outcome::Outcome, packet::Packet, result_set::ResultSet, session::Session, sql::Verb};
use crate::gate::{event::WireAnswer, wire::WireError};

const OK: u8 = 0;
const FILE: u8 = 0xfb;
const EOF: u8 = 0xfe;
const ERROR: u8 = 0xff;

/// The code of an error packet of MariaDB that reports progress, and does not end the answer.
const PROGRESS: [u8; 2] = [0xff, 0xff];

/// The maximum length of an EOF packet.
const MOST_EOF: usize = 8;

/// The kind of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Packets of an authentication, until it succeeds or fails.
    Login,
    /// An OK packet, an EOF packet or an error.
    Status,
    /// Like `Status`; success removes the prepared statements.
    Reset,
    /// One packet of text.
    Text,
    /// Definitions of columns, without their number.
    Fields,
    /// Rows without definitions of columns.
    Rows,
    /// The number of a prepared statement, its parameters and its columns.
    Prepared,
    /// OK packets and result sets.
    Results,
}

/// Where the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before the first packet of the answer, or of the next result.
    First,
    /// This number of definitions of parameters is left.
    Parameters(u64),
    /// An EOF packet ends the parameters.
    AfterParameters,
    /// This number of definitions of columns is left.
    Columns(u64),
    /// An EOF packet ends the columns.
    AfterColumns,
    /// In the rows.
    Rows,
    /// The answer has ended.
    End,
}

/// The answer to one command, as far as it has arrived.
#[derive(Debug)]
pub struct Answer {
    expected: Expected,
    phase: Phase,
    /// The number of the prepared statement that is executed or prepared.
    prepared: Option<u32>,
    result: ResultSet,
    outcome: Outcome,
}

impl Answer {
    /// The answer to a command with these statements.
    pub fn new(expected: Expected, verbs: Vec<Verb>) -> Self {
        Self {
            expected,
            phase: if expected == Expected::Rows {
                Phase::Rows
            } else {
                Phase::First
            },
            prepared: None,
            result: ResultSet::default(),
            outcome: Outcome::of(verbs),
        }
    }

    /// The answer to the execution of the prepared statement with this number. Its rows have the binary format.
    pub fn of_prepared(mut self, id: u32) -> Self {
        self.prepared = Some(id);
        self
    }

    /// The answer as the gate reports it, after its end.
    pub fn finish(self, session: &Session) -> WireAnswer {
        self.outcome.finish(session.status.in_transaction())
    }

    /// Reads a packet. Returns whether it is the last one of the answer.
    ///
    /// # Errors
    /// The packet is not part of such an answer.
    pub fn read(&mut self, packet: &Packet<'_>, session: &mut Session) -> Result<bool, WireError> {
        if is_progress(packet) {
            return Ok(false);
        }
        self.phase = match self.phase {
            Phase::First => self.first(packet, session)?,
            Phase::Parameters(left) if left > 1 => Phase::Parameters(left - 1),
            Phase::Parameters(_) if session.agreed.deprecates_eof() => self.columns(),
            Phase::Parameters(_) => Phase::AfterParameters,
            Phase::AfterParameters => self.columns(),
            Phase::Columns(left) => {
                self.result.define(packet);
                match left {
                    0 | 1 if session.agreed.deprecates_eof() => self.after_columns(session),
                    0 | 1 => Phase::AfterColumns,
                    _ => Phase::Columns(left - 1),
                }
            }
            Phase::AfterColumns => {
                session.eof(packet)?;
                if self.expected == Expected::Results && session.status.has_cursor() {
                    self.end_result(session)
                } else {
                    self.after_columns(session)
                }
            }
            Phase::Rows => self.row(packet, session)?,
            Phase::End => Phase::End,
        };
        Ok(self.phase == Phase::End)
    }

    fn first(&mut self, packet: &Packet<'_>, session: &mut Session) -> Result<Phase, WireError> {
        let tag = packet.tag().ok_or_else(|| unexpected(packet))?;
        if tag == ERROR {
            return Ok(self.error(packet, session));
        }
        match (self.expected, tag) {
            (Expected::Login, OK) => {
                // A change of the user removes them; after the first login there are none.
                session.statements.clear();
                session.ok(packet)?;
                Ok(Phase::End)
            }
            (Expected::Text, _) => Ok(Phase::End),
            (Expected::Status | Expected::Reset, OK) => {
                if self.expected == Expected::Reset {
                    session.statements.clear();
                }
                session.ok(packet)?;
                Ok(Phase::End)
            }
            (Expected::Status | Expected::Fields, EOF) => {
                end(packet, session)?;
                Ok(Phase::End)
            }
            (Expected::Login | Expected::Fields, _) => Ok(Phase::First),
            (Expected::Prepared, OK) => self.prepared(packet, session),
            (Expected::Results, OK) => {
                let affected = session.ok(packet)?;
                self.outcome.affected(affected);
                Ok(next(session))
            }
            (Expected::Results, FILE) => {
                session.wants_file = true;
                Ok(Phase::First)
            }
            (Expected::Results, _) => self.result_set(packet, session),
            _ => Err(unexpected(packet)),
        }
    }

    /// The number of columns.
    fn result_set(
        &mut self,
        packet: &Packet<'_>,
        session: &mut Session,
    ) -> Result<Phase, WireError> {
        let mut rest = ParseBuf(packet.head);
        let columns = rest.checked_eat_lenenc_int().filter(|count| *count > 0);
        let columns = columns.ok_or_else(|| unexpected(packet))?;
        let omits = session.agreed.may_omit_columns() && rest.checked_eat_u8() == Some(0);
        self.result = ResultSet::new(columns, self.prepared.is_some());
        if !omits {
            return Ok(Phase::Columns(columns));
        }
        let prepared = self.prepared.and_then(|id| session.statements.find(id));
        if let Some(prepared) = prepared {
            self.result.know(&prepared.columns);
        }
        Ok(if session.agreed.deprecates_eof() {
            Phase::Rows
        } else {
            Phase::AfterColumns
        })
    }

    fn prepared(&mut self, packet: &Packet<'_>, session: &mut Session) -> Result<Phase, WireError> {
        let mut rest = ParseBuf(packet.head);
        let answer: StmtPacket = rest.parse(()).map_err(|_| unexpected(packet))?;
        session.statements.answered(Some(&answer));
        self.prepared = Some(answer.statement_id());
        self.result = ResultSet::new(answer.num_columns().into(), true);
        // MariaDB always sends the definitions here.
        let omits = session.agreed.may_omit_columns() && rest.checked_eat_u8() == Some(0);
        Ok(match u64::from(answer.num_params()) {
            _ if omits => Phase::End,
            0 => self.columns(),
            parameters => Phase::Parameters(parameters),
        })
    }

    /// The columns of a prepared statement, after its parameters.
    fn columns(&self) -> Phase {
        match self.result.columns() {
            0 => Phase::End,
            columns => Phase::Columns(columns),
        }
    }

    fn after_columns(&self, session: &mut Session) -> Phase {
        let prepared = self.prepared.and_then(|id| session.statements.find(id));
        if let Some(prepared) = prepared {
            prepared.columns = self.result.kinds().to_vec();
        }
        if self.expected == Expected::Prepared {
            Phase::End
        } else {
            Phase::Rows
        }
    }

    fn row(&mut self, packet: &Packet<'_>, session: &mut Session) -> Result<Phase, WireError> {
        match packet.tag() {
            Some(ERROR) => Ok(self.error(packet, session)),
            Some(EOF) if is_end(packet, session) => {
                end(packet, session)?;
                Ok(self.end_result(session))
            }
            _ => {
                self.result.row(packet);
                Ok(Phase::Rows)
            }
        }
    }

    fn error(&mut self, packet: &Packet<'_>, session: &mut Session) -> Phase {
        if self.expected == Expected::Prepared {
            session.statements.answered(None);
        }
        self.outcome.error(session.error(packet));
        Phase::End
    }

    /// The rows have ended, or are left for a cursor.
    fn end_result(&mut self, session: &Session) -> Phase {
        if self.expected != Expected::Results {
            return Phase::End;
        }
        let rows_follow = session.status.has_cursor();
        self.outcome.result(&self.result, rows_follow);
        next(session)
    }
}

fn next(session: &Session) -> Phase {
    if session.status.has_more_results() {
        Phase::First
    } else {
        Phase::End
    }
}

/// Whether a packet with header 254 ends the rows. The first value of a very long row may begin with the same byte.
fn is_end(packet: &Packet<'_>, session: &Session) -> bool {
    if session.agreed.deprecates_eof() {
        packet.length < super::packet::FULL
    } else {
        packet.length <= MOST_EOF
    }
}

/// Reads the packet that ends rows or definitions.
fn end(packet: &Packet<'_>, session: &mut Session) -> Result<(), WireError> {
    // Some commands are always answered with an EOF packet, of 5 bytes.
    let is_eof = packet.length <= MOST_EOF && !session.agreed.deprecates_eof();
    if is_eof || packet.length == 5 {
        session.eof(packet)
    } else {
        session.ok(packet).map(drop)
    }
}

fn is_progress(packet: &Packet<'_>) -> bool {
    matches!(packet.head, [ERROR, code @ ..] if code.starts_with(&PROGRESS))
}

fn unexpected(packet: &Packet<'_>) -> WireError {
    WireError(match packet.tag() {
        Some(tag) => {
            format!("the server sent a packet with header {tag}, which is no answer to the command")
        }
        None => "the server sent an empty packet".to_owned(),
    })
}
