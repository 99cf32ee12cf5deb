//! Tasks that wait for each other, and the deadlock detection of databases.

use super::{State, World, id};
use crate::engine::explore::sim::{
    call::{Answer, Call, CallFailure},
    database::{TransactionId, Waits},
    executor::{ExploreError, Next},
};

impl World {
    /// The answer to a call that has to wait for `owner`: a deadlock error if `owner` waits for the task, directly or through
    /// other tasks; otherwise `None`.
    pub(super) fn wait(
        &mut self,
        state: &mut State,
        task: usize,
        transaction: Option<TransactionId>,
        owner: TransactionId,
    ) -> Result<Option<Answer>, ExploreError> {
        let mut holder = owner;
        for _ in 0..self.layout.tasks() {
            if usize::from(holder.task) == task {
                if let Some(transaction) = transaction {
                    self.change_database(state, |database| database.abort(transaction));
                }
                let deadlock = CallFailure::conflict("deadlock detected");
                return Ok(Some(Answer::Failed(deadlock)));
            }
            match self.waits_for(state, holder.task.into())? {
                Some(next) => holder = next,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    fn waits_for(
        &mut self,
        state: &State,
        task: usize,
    ) -> Result<Option<TransactionId>, ExploreError> {
        let reaction = self.reaction(state, task)?;
        let Next::Call(Call::Sql(serial, statement)) = &reaction.next else {
            return Ok(None);
        };
        let transaction = serial.map(|serial| id(task, serial));
        let waits = self.database(state).clone().run(transaction, statement);
        Ok(waits.err().map(|Waits(owner)| owner))
    }
}
