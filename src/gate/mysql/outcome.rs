//! What the gate reports of an answer, which may contain several results.

use super::{result_set::ResultSet, sql::Verb};
use crate::{gate::event::WireAnswer, text::format::plural};

/// The results of a command so far.
#[derive(Debug)]
pub struct Outcome {
    /// What the results of the statements say.
    verbs: Vec<Verb>,
    /// The statement of the current result.
    current: usize,
    texts: Vec<String>,
    is_error: bool,
    has_changed: bool,
}

impl Outcome {
    /// The outcome of statements before the first result.
    pub fn of(verbs: Vec<Verb>) -> Self {
        Self {
            verbs,
            current: 0,
            texts: Vec::new(),
            is_error: false,
            has_changed: false,
        }
    }

    /// A statement was answered without rows.
    pub fn affected(&mut self, rows: u64) {
        match self.verb() {
            Verb::Change => {
                self.texts.push(plural(rows, "row"));
                self.has_changed |= rows > 0;
            }
            Verb::Read => {}
            Verb::Call | Verb::Other => self.has_changed = true,
        }
        self.current += 1;
    }

    /// A statement was answered with rows. If `rows_follow`, later commands fetch them.
    pub fn result(&mut self, result: &ResultSet, rows_follow: bool) {
        if !rows_follow {
            self.texts.push(result.text());
        }
        let verb = self.verb();
        self.has_changed |= match verb {
            Verb::Change => result.rows() > 0,
            Verb::Read => false,
            Verb::Call | Verb::Other => true,
        };
        // The results of a procedure end with an OK packet.
        if verb != Verb::Call {
            self.current += 1;
        }
    }

    /// A statement failed.
    pub fn error(&mut self, text: String) {
        self.texts.push(text);
        self.is_error = true;
    }

    /// The answer as the gate reports it.
    pub fn finish(self, in_transaction: bool) -> WireAnswer {
        WireAnswer {
            text: (!self.texts.is_empty()).then(|| self.texts.join("; ")),
            is_error: self.is_error,
            changed_nothing: !self.has_changed,
            in_transaction,
        }
    }

    fn verb(&self) -> Verb {
        self.verbs.get(self.current).copied().unwrap_or(Verb::Other)
    }
}
