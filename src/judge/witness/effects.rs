//! The effects of the events of a history: what each event changed, and from which event on the change was visible to other actors.

use std::collections::BTreeMap;

use crate::{
    model::interleaving::{
        Actor, Call, CallFault, Command, EventKind, HistoryEvent, Observation, Statement,
    },
    ports::UserId,
};

/// The data that a call reads or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The rows of the coupon table.
    Rows,
    /// The event row.
    Event,
    /// A counter in Redis.
    Counter(&'static str),
    /// All of Redis.
    Redis,
}

impl Subject {
    /// The data that a reading call reads; `None` for other calls.
    pub fn read_by(call: &Call) -> Option<Self> {
        match call {
            Call::Sql(Statement::Count) => Some(Self::Rows),
            Call::Sql(Statement::Event | Statement::LockEvent) => Some(Self::Event),
            Call::Cache(Command::Get(key)) => Some(Self::Counter(key)),
            _ => None,
        }
    }

    /// Whether a change of `other` changes this data.
    pub fn is_changed_with(self, other: Self) -> bool {
        self == other || (other == Self::Redis && matches!(self, Self::Counter(_)))
    }
}

/// A change that is visible to other actors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// The index of the event from which on it is visible.
    pub at: usize,
    /// The actor who made the change; `None` for a fault of a service.
    pub actor: Option<Actor>,
    /// The data that changed.
    pub subject: Subject,
    /// The user of the new coupon row, if the change is one.
    pub row: Option<UserId>,
}

/// All effects of a history, in their order.
pub fn effects(history: &[HistoryEvent]) -> Vec<Effect> {
    let mut seen = Effects::default();
    for (at, happened) in history.iter().enumerate() {
        seen.take(at, happened);
    }
    seen.visible
}

#[derive(Default)]
struct Effects {
    visible: Vec<Effect>,
    /// The effects of open transactions.
    uncommitted: BTreeMap<Actor, Vec<Effect>>,
}

impl Effects {
    fn take(&mut self, at: usize, happened: &HistoryEvent) {
        match (&happened.what, happened.actor) {
            (EventKind::Called { call, saw, fault }, Some(actor)) if took_effect(saw, *fault) => {
                self.called(at, actor, call, saw);
            }
            (EventKind::Crash, Some(actor)) => {
                self.uncommitted.remove(&actor);
            }
            (EventKind::CacheRestarts | EventKind::LeasesEnd, actor) => self.visible.push(Effect {
                at,
                actor,
                subject: Subject::Redis,
                row: None,
            }),
            _ => {}
        }
        if let (Some(_), Some(actor)) = (happened.told, happened.actor) {
            // An actor that ends has no open transaction.
            self.uncommitted.remove(&actor);
        }
    }

    fn called(&mut self, at: usize, actor: Actor, call: &Call, saw: &Observation) {
        match call {
            Call::Begin(_) => {
                self.uncommitted.insert(actor, Vec::new());
            }
            Call::Rollback => {
                self.uncommitted.remove(&actor);
            }
            Call::Commit => {
                let effects = self.uncommitted.remove(&actor).unwrap_or_default();
                let visible = effects.into_iter().map(|effect| Effect { at, ..effect });
                self.visible.extend(visible);
            }
            Call::Sql(statement) => self.statement(at, actor, statement, saw),
            Call::Cache(Command::Incr(key) | Command::Decr(key)) => {
                self.change(at, actor, Subject::Counter(key), None);
            }
            _ => {}
        }
    }

    fn statement(&mut self, at: usize, actor: Actor, statement: &Statement, saw: &Observation) {
        match statement {
            Statement::Insert(users) => {
                for user in users {
                    self.change(at, actor, Subject::Rows, Some(*user));
                }
            }
            Statement::InsertIfAbsent(users) => {
                let mut new = users.clone();
                // The answer does not name the new rows. Users with a row come last, so they are cut off first.
                new.sort_by_key(|user| self.has_row(*user));
                match saw {
                    Observation::New(count) => {
                        new.truncate(usize::try_from(*count).unwrap_or(usize::MAX));
                    }
                    _ => new.retain(|user| !self.has_row(*user)),
                }
                for user in new {
                    self.change(at, actor, Subject::Rows, Some(user));
                }
            }
            Statement::Assign(_, user) => self.change(at, actor, Subject::Rows, Some(*user)),
            Statement::SetIssued(_)
            | Statement::SetIssuedIfVersion { .. }
            | Statement::IncrementIssuedBelow(_)
                if *saw != Observation::Changed(false) =>
            {
                self.change(at, actor, Subject::Event, None);
            }
            _ => {}
        }
    }

    fn has_row(&self, user: UserId) -> bool {
        self.visible.iter().any(|effect| effect.row == Some(user))
    }

    fn change(&mut self, at: usize, actor: Actor, subject: Subject, row: Option<UserId>) {
        let effect = Effect {
            at,
            actor: Some(actor),
            subject,
            row,
        };
        let commits_itself = matches!(subject, Subject::Counter(_));
        match self.uncommitted.get_mut(&actor) {
            Some(open) if !commits_itself => open.push(effect),
            _ => self.visible.push(effect),
        }
    }
}

fn took_effect(saw: &Observation, fault: Option<CallFault>) -> bool {
    fault == Some(CallFault::AnswerLost) || !matches!(saw, Observation::Failed(_))
}
