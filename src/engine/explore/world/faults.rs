//! Faults: calls that fail, tasks that crash, consumers that start again.

use super::{RESTARTS, State, World, id};
use crate::{
    engine::explore::{
        memo::ROOT,
        sim::{
            call::{Answer, Call, CallFailure, Fate},
            executor::ExploreError,
            topic::Topic,
        },
    },
    model::interleaving::CallFault,
};

/// A call of a task, with its fault.
pub(super) struct FaultyCall<'a> {
    pub task: usize,
    pub call: &'a Call,
    pub fault: CallFault,
}

impl World {
    /// Makes a call with a fault; `None` where this call cannot have the fault, or where the fault makes no difference.
    pub(super) fn call_with_fault(
        &mut self,
        before: &State,
        state: &mut State,
        faulty: &FaultyCall<'_>,
    ) -> Result<Option<Answer>, ExploreError> {
        let FaultyCall { task, call, fault } = *faulty;
        if fault == CallFault::Repeated {
            let again = matches!(call, Call::Poll).then(|| self.topic(state).repeat());
            return Ok(again
                .flatten()
                .map(|delivery| Answer::Delivered(vec![delivery])));
        }
        if !call.can_fail() {
            return Ok(None);
        }
        let produces = matches!(call, Call::Produce(_));
        Ok(match fault {
            CallFault::Refused => {
                self.break_transaction(state, task, call);
                Some(Answer::Failed(CallFailure::REFUSED))
            }
            CallFault::NoAnswer if produces => {
                self.change_topic(state, Topic::give_up_a_record);
                Some(Answer::Fate(Fate::Unknown))
            }
            CallFault::NoAnswer => {
                self.break_transaction(state, task, call);
                Some(Answer::Failed(CallFailure::NO_ANSWER))
            }
            CallFault::Undelivered if produces => {
                self.change_topic(state, Topic::give_up_a_record);
                Some(Answer::Fate(Fate::Refused))
            }
            CallFault::AnswerLost if !matches!(call, Call::Begin(_) | Call::Rollback(_)) => {
                let answer = self.perform(state, task, call)?;
                let happened = state.same_world(before);
                match answer {
                    None | Some(Answer::Failed(_)) => None,
                    Some(_) if happened => None,
                    Some(_) if produces => Some(Answer::Fate(Fate::Unknown)),
                    Some(_) => {
                        self.break_transaction(state, task, call);
                        Some(Answer::Failed(CallFailure::NO_ANSWER))
                    }
                }
            }
            _ => None,
        })
    }

    /// Ends the transaction of a connection that fails.
    fn break_transaction(&mut self, state: &mut State, task: usize, call: &Call) {
        match *call {
            Call::Sql(Some(serial), _) => {
                self.change_database(state, |database| database.abort(id(task, serial)));
            }
            Call::Commit(serial) | Call::Rollback(serial) => {
                self.change_database(state, |database| database.rollback(id(task, serial)));
            }
            _ => {}
        }
    }

    pub(super) fn crash(&mut self, state: &mut State, task: usize) -> Result<bool, ExploreError> {
        let slot = state.slots[task];
        let idle = !slot.started || slot.crashed || slot.node == ROOT;
        if idle || self.ended(state, task)?.is_some() {
            return Ok(false);
        }
        let owner = u8::try_from(task).unwrap_or(u8::MAX);
        self.change_database(state, |database| database.rollback_all(owner));
        self.unlock(state, task);
        if self.is_consumer(task) {
            self.restart(state, task);
        } else {
            state.slots[task].crashed = true;
        }
        Ok(true)
    }

    /// Starts a consumer again that has ended with an error, like a supervisor.
    pub(super) fn restart(&mut self, state: &mut State, task: usize) {
        let slot = &mut state.slots[task];
        if slot.restarts < RESTARTS {
            slot.restarts += 1;
            slot.node = ROOT;
            self.change_topic(state, Topic::rewind);
        }
    }
}
