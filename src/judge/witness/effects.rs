//! What the steps of a history changed, and when others could see it: at once, or with the commit of their transaction.

use std::collections::BTreeMap;

use crate::{
    model::interleaving::{
        Actor, Call, CallFault, Command, Happened, Observation, Statement, What,
    },
    ports::UserId,
};

/// What can be read and changed.
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
    /// What a call that only reads asks for.
    pub fn read_by(call: &Call) -> Option<Self> {
        match call {
            Call::Sql(Statement::Count) => Some(Self::Rows),
            Call::Sql(Statement::Event | Statement::LockEvent) => Some(Self::Event),
            Call::Cache(Command::Get(key)) => Some(Self::Counter(key)),
            _ => None,
        }
    }

    /// Whether a change of `other` changes this.
    pub fn is_changed_with(self, other: Self) -> bool {
        self == other || (other == Self::Redis && matches!(self, Self::Counter(_)))
    }
}

/// A change that others can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// The step from which on they can.
    pub at: usize,
    /// Whose; `None` is the world's.
    pub actor: Option<Actor>,
    /// Of what.
    pub subject: Subject,
    /// Whose coupon it is, where it is one.
    pub row: Option<UserId>,
}

/// All changes of a history, in order.
pub fn effects(history: &[Happened]) -> Vec<Effect> {
    let mut seen = Effects::default();
    for (at, happened) in history.iter().enumerate() {
        seen.take(at, happened);
    }
    seen.visible
}

#[derive(Default)]
struct Effects {
    visible: Vec<Effect>,
    /// Of everybody who has an open transaction.
    uncommitted: BTreeMap<Actor, Vec<Effect>>,
}

impl Effects {
    fn take(&mut self, at: usize, happened: &Happened) {
        match (&happened.what, happened.actor) {
            (What::Called { call, saw, fault }, Some(actor)) if took_effect(saw, *fault) => {
                self.called(at, actor, call, saw);
            }
            (What::Crash, Some(actor)) => {
                self.uncommitted.remove(&actor);
            }
            (What::CacheRestarts | What::LeasesEnd, actor) => self.visible.push(Effect {
                at,
                actor,
                subject: Subject::Redis,
                row: None,
            }),
            _ => {}
        }
        if let (Some(_), Some(actor)) = (happened.told, happened.actor) {
            // Whoever ends leaves nothing open.
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
                // Which of them were there before is not said: those that had a row already, if any.
                new.sort_by_key(|user| self.has_row(*user));
                match saw {
                    Observation::New(count) => {
                        new.truncate(usize::try_from(*count).unwrap_or(usize::MAX))
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
