//! Prepared statements: their texts, and the values with which they are executed.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, VecDeque},
};

use mysql_common::{
    io::ParseBuf,
    packets::{NullBitmap, StmtPacket},
    value::{ClientSide, Value},
};

use super::{
    sql::{self, Verb},
    values::{self, Kind},
};
use crate::gate::event::SqlStatement;

/// The number by which a client of MariaDB means the statement that it prepared last.
const LAST: u32 = u32::MAX;

/// The number of bytes of a value that are kept, if the client sends it in parts.
const KEPT: usize = 4096;

/// The number of rows of a bulk that become statements.
const ROWS: usize = 100;

/// The flag of an execute command whose number of parameters is in the command.
const HAS_COUNT: u8 = 8;

/// The flag of a bulk whose types are in the command.
const HAS_TYPES: u16 = 128;

/// A prepared statement.
#[derive(Debug, Clone)]
pub struct Prepared {
    text: String,
    /// What an answer to the statement says.
    pub verb: Verb,
    parameters: usize,
    types: Vec<Kind>,
    /// The values that the client sent before the execute command, by the place of the parameter.
    long: BTreeMap<u16, Vec<u8>>,
    /// The columns of the last definitions. `None` for a type that cannot be read.
    pub columns: Vec<Option<Kind>>,
}

/// The prepared statements of a connection.
#[derive(Debug, Default)]
pub struct Statements {
    known: HashMap<u32, Prepared>,
    /// The statements whose prepare commands are not answered, in the order of the commands.
    unanswered: VecDeque<Prepared>,
    last: u32,
}

impl Statements {
    /// The client prepares a statement.
    pub fn prepare(&mut self, text: String) {
        let verb = sql::divide(&text).verbs.first().copied();
        self.unanswered.push_back(Prepared {
            parameters: sql::placeholders(&text),
            verb: verb.unwrap_or(Verb::Other),
            text,
            types: Vec::new(),
            long: BTreeMap::new(),
            columns: Vec::new(),
        });
    }

    /// The server answers the first unanswered prepare command, with an error if `answer` is `None`.
    pub fn answered(&mut self, answer: Option<&StmtPacket>) {
        let prepared = self.unanswered.pop_front();
        if let (Some(mut prepared), Some(answer)) = (prepared, answer) {
            prepared.parameters = usize::from(answer.num_params());
            self.last = answer.statement_id();
            self.known.insert(self.last, prepared);
        }
    }

    /// The statement with a number.
    pub fn find(&mut self, id: u32) -> Option<&mut Prepared> {
        match id {
            LAST if self.unanswered.is_empty() => self.known.get_mut(&self.last),
            LAST => self.unanswered.back_mut(),
            id => self.known.get_mut(&id),
        }
    }

    /// The client closes the statement of a command.
    pub fn close(&mut self, command: &[u8]) {
        if let Some(id) = number(command) {
            self.known.remove(&id);
        }
    }

    /// The client removes the values that it sent before.
    pub fn reset(&mut self, command: &[u8]) {
        let statement = number(command).and_then(|id| self.find(id));
        if let Some(statement) = statement {
            statement.long.clear();
        }
    }

    /// The server has removed all statements.
    pub fn clear(&mut self) {
        self.known.clear();
    }

    /// A part of a value, before the execute command.
    pub fn part(&mut self, command: &[u8]) {
        let mut rest = ParseBuf(command);
        let (Some(id), Some(place)) = (rest.checked_eat_u32_le(), rest.checked_eat_u16_le()) else {
            return;
        };
        if let Some(statement) = self.find(id) {
            let value = statement.long.entry(place).or_default();
            let space = KEPT.saturating_sub(value.len()).min(rest.len());
            value.extend_from_slice(rest.eat(space));
        }
    }
}

/// The number of the statement of a command, without the byte of the command.
pub fn number(command: &[u8]) -> Option<u32> {
    ParseBuf(command).checked_eat_u32_le()
}

impl Prepared {
    /// The statement of an execute command.
    pub fn execute(&mut self, command: &[u8], has_attributes: bool) -> SqlStatement {
        let mut rest = ParseBuf(command);
        let values = self.values(&mut rest, has_attributes);
        self.long.clear();
        self.with(values.unwrap_or_default())
    }

    fn with(&self, parameters: Vec<Option<String>>) -> SqlStatement {
        SqlStatement {
            text: self.text.clone(),
            parameters,
        }
    }

    /// The parameters of an execute command. `None` if they are incomplete.
    fn values(
        &mut self,
        command: &mut ParseBuf<'_>,
        has_attributes: bool,
    ) -> Option<Vec<Option<String>>> {
        command.checked_skip(4).then_some(())?;
        let has_count = has_attributes && command.checked_eat_u8()? & HAS_COUNT != 0;
        // The flags, if they were not read yet, and the number of executions.
        let skipped = if has_attributes { 4 } else { 5 };
        command.checked_skip(skipped).then_some(())?;
        let count = if has_count {
            usize::try_from(command.checked_eat_lenenc_int()?).ok()?
        } else {
            self.parameters
        };
        if count == 0 {
            return Some(Vec::new());
        }
        let nulls: NullBitmap<ClientSide, Cow<'_, [u8]>> = command.parse(count).ok()?;
        if command.checked_eat_u8()? == 1 {
            self.types = types(command, count, has_count)?;
        }
        let mut values = Vec::new();
        for (place, kind) in self.types.iter().enumerate().take(count) {
            let long = u16::try_from(place)
                .ok()
                .and_then(|place| self.long.get(&place));
            let value = match long {
                Some(long) => Value::Bytes(long.clone()),
                None if nulls.is_null(place) => Value::NULL,
                None => values::binary(*kind, command)?,
            };
            values.push(values::parameter(&value));
        }
        // Attributes come after the parameters.
        values.truncate(self.parameters);
        Some(values)
    }

    /// The statements of a bulk command, one for each row.
    pub fn bulk(&mut self, command: &[u8]) -> Vec<SqlStatement> {
        let mut rest = ParseBuf(command);
        let mut statements = Vec::new();
        if self.bulk_types(&mut rest).is_some() && self.parameters > 0 {
            while !rest.is_empty() && statements.len() < ROWS {
                let Some(row) = self.bulk_row(&mut rest) else {
                    break;
                };
                statements.push(self.with(row));
            }
        }
        if statements.is_empty() {
            statements.push(self.with(Vec::new()));
        }
        statements
    }

    fn bulk_types(&mut self, command: &mut ParseBuf<'_>) -> Option<()> {
        command.checked_skip(4).then_some(())?;
        if command.checked_eat_u16_le()? & HAS_TYPES != 0 {
            self.types = types(command, self.parameters, false)?;
        }
        (self.types.len() >= self.parameters).then_some(())
    }

    fn bulk_row(&self, command: &mut ParseBuf<'_>) -> Option<Vec<Option<String>>> {
        let mut row = Vec::new();
        for kind in self.types.iter().take(self.parameters) {
            // 0 is before a value; other numbers mean NULL, the default, or no change.
            row.push(match command.checked_eat_u8()? {
                0 => values::parameter(&values::binary(*kind, command)?),
                _ => None,
            });
        }
        Some(row)
    }
}

/// The types of parameters; each has a name if there are attributes.
fn types(command: &mut ParseBuf<'_>, count: usize, has_names: bool) -> Option<Vec<Kind>> {
    let mut types = Vec::new();
    for _ in 0..count {
        let (kind, flags) = (command.checked_eat_u8()?, command.checked_eat_u8()?);
        if has_names {
            command.checked_eat_lenenc_str()?;
        }
        types.push(Kind::of_parameter(kind, flags)?);
    }
    Some(types)
}

/// The text of a query command, after its attributes.
pub fn after_attributes(command: &[u8]) -> Option<&[u8]> {
    let mut rest = ParseBuf(command);
    let count = usize::try_from(rest.checked_eat_lenenc_int()?).ok()?;
    // The number of sets of attributes is always 1.
    rest.checked_eat_lenenc_int()?;
    if count > 0 {
        let nulls: NullBitmap<ClientSide, Cow<'_, [u8]>> = rest.parse(count).ok()?;
        rest.checked_eat_u8()?;
        for (place, kind) in types(&mut rest, count, true)?.into_iter().enumerate() {
            if !nulls.is_null(place) {
                values::binary(kind, &mut rest)?;
            }
        }
    }
    Some(rest.0)
}
