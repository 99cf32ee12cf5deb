//! The commands of the client.

use mysql_common::constants::Command as C;

use super::{
    answer::{Answer, Expected},
    prepared,
    session::Session,
    sql,
};
use crate::gate::{
    event::{Content, SqlStatement},
    wire::WireError,
};

/// The command of MariaDB that contains other commands.
const MULTI: u8 = 0xfe;

/// A command of the client.
#[derive(Debug)]
pub struct Command {
    /// The statement, if the command executes one.
    pub statement: Option<Content>,
    /// The answer that the server will give; `None` if it gives none.
    pub answer: Option<Answer>,
}

impl Command {
    /// A command that executes no statement.
    pub fn without_statement(expected: Expected) -> Self {
        Self {
            statement: None,
            answer: Some(Answer::new(expected, Vec::new())),
        }
    }

    /// A command that the server does not answer.
    pub fn without_answer() -> Self {
        Self {
            statement: None,
            answer: None,
        }
    }
}

/// Reads a command.
///
/// # Errors
/// The command starts a replication, or is unknown.
pub fn read(payload: &[u8], session: &mut Session) -> Result<Command, WireError> {
    let (code, rest) = payload.split_first().unwrap_or((&0, &[]));
    let code = *code;
    let is = |command: C| code == command as u8;
    Ok(if is(C::COM_QUERY) {
        query(rest, session)
    } else if is(C::COM_STMT_EXECUTE) || is(C::COM_STMT_BULK_EXECUTE) {
        execute(rest, is(C::COM_STMT_BULK_EXECUTE), session)
    } else if is(C::COM_STMT_PREPARE) {
        session.statements.prepare(sql::decoded(rest));
        Command::without_statement(Expected::Prepared)
    } else if is(C::COM_STMT_SEND_LONG_DATA) {
        session.statements.part(rest);
        Command::without_answer()
    } else if is(C::COM_STMT_CLOSE) {
        session.statements.close(rest);
        Command::without_answer()
    } else if is(C::COM_QUIT) {
        Command::without_answer()
    } else if is(C::COM_STMT_RESET) {
        session.statements.reset(rest);
        Command::without_statement(Expected::Status)
    } else if is(C::COM_STMT_FETCH) {
        Command::without_statement(Expected::Rows)
    } else if is(C::COM_CHANGE_USER) {
        Command::without_statement(Expected::Login)
    } else if is(C::COM_RESET_CONNECTION) {
        Command::without_statement(Expected::Reset)
    } else if is(C::COM_FIELD_LIST) {
        Command::without_statement(Expected::Fields)
    } else if is(C::COM_STATISTICS) {
        Command::without_statement(Expected::Text)
    } else if is(C::COM_PROCESS_INFO) {
        Command::without_statement(Expected::Results)
    } else {
        other(code)?
    })
}

/// A command whose answer is an OK packet, an EOF packet or an error.
fn other(code: u8) -> Result<Command, WireError> {
    let simple = [
        C::COM_SLEEP,
        C::COM_INIT_DB,
        C::COM_CREATE_DB,
        C::COM_DROP_DB,
        C::COM_REFRESH,
        C::COM_DEPRECATED_1,
        C::COM_CONNECT,
        C::COM_PROCESS_KILL,
        C::COM_DEBUG,
        C::COM_PING,
        C::COM_TIME,
        C::COM_DELAYED_INSERT,
        C::COM_SET_OPTION,
    ];
    if simple.iter().any(|command| *command as u8 == code) {
        return Ok(Command::without_statement(Expected::Status));
    }
    let replication = [
        C::COM_BINLOG_DUMP,
        C::COM_BINLOG_DUMP_GTID,
        C::COM_TABLE_DUMP,
        C::COM_REGISTER_SLAVE,
    ];
    Err(WireError(
        if replication.iter().any(|command| *command as u8 == code) {
            "the connection is a replication, which a gate does not read".to_owned()
        } else if code == MULTI {
            "the service sends several commands in one (COM_MULTI), which a gate does not read"
                .to_owned()
        } else {
            format!("the service sent the unknown command {code}")
        },
    ))
}

fn query(rest: &[u8], session: &Session) -> Command {
    let text = if session.agreed.has_attributes() {
        prepared::after_attributes(rest).unwrap_or(rest)
    } else {
        rest
    };
    let parts = sql::divide(&sql::decoded(text));
    let statement = |text| SqlStatement {
        text,
        parameters: Vec::new(),
    };
    let statements = parts.texts.into_iter().map(statement).collect();
    Command {
        statement: Some(Content::Sql(statements)),
        answer: Some(Answer::new(Expected::Results, parts.verbs)),
    }
}

fn execute(rest: &[u8], is_bulk: bool, session: &mut Session) -> Command {
    let id = prepared::number(rest).unwrap_or_default();
    let has_attributes = session.agreed.has_attributes();
    let Some(prepared) = session.statements.find(id) else {
        // The server will answer with an error, or the statement was prepared unseen.
        let text = format!("EXECUTE {id}");
        let parameters = Vec::new();
        return Command {
            statement: Some(Content::Sql(vec![SqlStatement { text, parameters }])),
            answer: Some(Answer::new(Expected::Results, Vec::new()).of_prepared(id)),
        };
    };
    let statements = if is_bulk {
        prepared.bulk(rest)
    } else {
        vec![prepared.execute(rest, has_attributes)]
    };
    Command {
        answer: Some(Answer::new(Expected::Results, vec![prepared.verb]).of_prepared(id)),
        statement: Some(Content::Sql(statements)),
    }
}
