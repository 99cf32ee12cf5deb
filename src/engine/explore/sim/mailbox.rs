//! The mailboxes between the tasks and the simulation. A task puts its call into its mailbox and waits for the answer. The
//! simulation decides which call is answered next, and with which answer.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::pending;

use super::call::{Answer, Call, CallFailure, Serial};
use crate::ports::{PortError, Result};

/// What a task releases by dropping it, without a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Released {
    /// A transaction that was not ended, and is rolled back.
    Transaction(Serial),
    /// The in-process lock.
    Mutex,
}

#[derive(Default)]
struct Mailbox {
    call: Option<Call>,
    answer: Option<Answer>,
    released: Vec<Released>,
    at_once: bool,
}

#[derive(Default)]
struct State {
    current: usize,
    mailboxes: Vec<Mailbox>,
}

/// The mailboxes of all tasks. All clones share one state.
#[derive(Clone, Default)]
pub struct Mailboxes(Arc<Mutex<State>>);

impl Mailboxes {
    /// Mailboxes for this number of tasks.
    pub fn new(tasks: usize) -> Self {
        let mailboxes = Self::default();
        mailboxes
            .lock()
            .mailboxes
            .resize_with(tasks, Mailbox::default);
        mailboxes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the task that is polled from now on.
    pub fn turn_to(&self, task: usize) {
        self.lock().current = task;
    }

    /// The call of the task.
    pub fn call(&self, task: usize) -> Option<Call> {
        self.lock().mailboxes[task].call.clone()
    }

    /// Puts an answer into the mailbox.
    pub fn answer(&self, task: usize, answer: Answer) {
        let mut state = self.lock();
        let mailbox = &mut state.mailboxes[task];
        mailbox.call = None;
        mailbox.answer = Some(answer);
    }

    /// What the task has released since the last call of this function.
    pub fn released(&self, task: usize) -> Vec<Released> {
        mem::take(&mut self.lock().mailboxes[task].released)
    }

    /// Clears the task's mailbox.
    pub fn forget(&self, task: usize) {
        self.lock().mailboxes[task] = Mailbox::default();
    }

    /// Whether the task made two calls at the same time, which a sequence of single steps cannot represent.
    pub fn at_once(&self, task: usize) -> bool {
        self.lock().mailboxes[task].at_once
    }

    /// The task that is being polled.
    pub(super) fn current(&self) -> usize {
        self.lock().current
    }

    pub(super) fn release(&self, task: usize, released: Released) {
        self.lock().mailboxes[task].released.push(released);
    }

    /// One step: puts the call into the mailbox, and waits for its answer.
    pub(super) async fn ask(&self, call: Call) -> Answer {
        let task = {
            let mut state = self.lock();
            let task = state.current;
            let mailbox = &mut state.mailboxes[task];
            mailbox.at_once |= mailbox.call.is_some();
            mailbox.call = Some(call);
            task
        };
        loop {
            if let Some(answer) = self.lock().mailboxes[task].answer.take() {
                return answer;
            }
            pending!();
        }
    }

    /// The same for calls that can fail.
    pub(super) async fn try_ask(&self, call: Call) -> Result<Answer> {
        let name = call.name();
        match self.ask(call).await {
            Answer::Failed(CallFailure { effect, message }) => {
                Err(PortError::new(name, effect, message))
            }
            answer => Ok(answer),
        }
    }
}
