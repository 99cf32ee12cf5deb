//! The ports as a desk: a task puts the call down that it wants to make, and waits until somebody lays the answer beside it.
//! Whoever sits behind the desk decides who is served next, and what the answer is.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::pending;

use super::call::{Answer, Call, CallFailure, Serial};
use crate::ports::{PortError, Result};

/// What a task lets go without a call: by dropping it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Released {
    /// A transaction that was not ended, and so is rolled back.
    Transaction(Serial),
    /// The lock in memory.
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

/// A handle to the desk; all handles see the same.
#[derive(Clone, Default)]
pub struct Mailboxes(Arc<Mutex<State>>);

impl Mailboxes {
    /// With a place for each of so many tasks.
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

    /// The task that is polled from now on.
    pub fn turn_to(&self, task: usize) {
        self.lock().current = task;
    }

    /// What the task wants.
    pub fn call(&self, task: usize) -> Option<Call> {
        self.lock().mailboxes[task].call.clone()
    }

    /// Lays an answer down.
    pub fn answer(&self, task: usize, answer: Answer) {
        let mut state = self.lock();
        let mailbox = &mut state.mailboxes[task];
        mailbox.call = None;
        mailbox.answer = Some(answer);
    }

    /// What the task has let go since the last look.
    pub fn released(&self, task: usize) -> Vec<Released> {
        mem::take(&mut self.lock().mailboxes[task].released)
    }

    /// Clears the task's mailbox.
    pub fn forget(&self, task: usize) {
        self.lock().mailboxes[task] = Mailbox::default();
    }

    /// Whether the task wanted two things at once, which no order of single steps can tell.
    pub fn at_once(&self, task: usize) -> bool {
        self.lock().mailboxes[task].at_once
    }

    /// The place of the task that is being polled.
    pub(super) fn current(&self) -> usize {
        self.lock().current
    }

    pub(super) fn release(&self, task: usize, released: Released) {
        self.lock().mailboxes[task].released.push(released);
    }

    /// One step: puts the call down, and ends with its answer.
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
