//! The simulation: a state consists of a few numbers, and an action leads to the next state.

mod faults;
mod state;
mod waiting;

use std::rc::Rc;

use self::{faults::FaultyCall, state::FREE};
use super::{
    layout::{Layout, MAX_INSTANCES, MAX_TASKS, Role},
    memo::Memo,
    sim::{
        cache::Cache,
        call::{Answer, Call, Fate, Serial},
        database::{Database, TransactionId, Waits},
        executor::{ExploreError, Next, Reaction, TaskEnd},
        intern::Interner,
        mailbox::Released,
        topic::Topic,
    },
};
use crate::{
    model::interleaving::CallFault,
    strategies::{Decision, Entry, Need},
};

pub use self::state::{Action, State, TaskState};

/// How often a consumer is started again.
pub const RESTARTS: u8 = 2;

/// The result of an action.
pub struct Stepped {
    pub state: State,
    /// The call, and its answer.
    pub answered: Option<(Rc<Reaction>, Answer)>,
}

/// The values that states refer to by number.
pub struct World {
    pub entry: &'static Entry,
    pub layout: Layout,
    pub memo: Memo,
    pub databases: Interner<Database>,
    pub topics: Interner<Topic>,
    pub cache: Cache,
}

impl World {
    pub fn new(entry: &'static Entry, layout: Layout) -> Self {
        Self {
            entry,
            layout,
            memo: Memo::new(entry),
            databases: Interner::default(),
            topics: Interner::default(),
            cache: Cache::new(),
        }
    }

    /// Whether users are distinguished by more than their names.
    pub fn tells_users_apart(&self) -> bool {
        self.memo.asymmetric || self.cache.asymmetric
    }

    /// The state before the first step.
    pub fn start(&mut self, faults: u8) -> State {
        let prefilled = if self.entry.needs(Need::Prefilled) {
            self.layout.limit
        } else {
            0
        };
        let database = Database::new(self.entry.needs(Need::UniqueUser), prefilled);
        State {
            database: self.databases.put(database),
            topic: self.topics.put(Topic::default()),
            cache: Cache::EMPTY,
            mutexes: [FREE; MAX_INSTANCES],
            faults,
            slots: [TaskState::default(); MAX_TASKS],
        }
    }

    pub fn database(&self, state: &State) -> &Database {
        self.databases.get(state.database)
    }

    pub fn topic(&self, state: &State) -> &Topic {
        self.topics.get(state.topic)
    }

    /// The next step of the task in this state.
    pub fn reaction(&mut self, state: &State, task: usize) -> Result<Rc<Reaction>, ExploreError> {
        let node = state.slots[task].node;
        self.memo.reaction(&self.layout, task, node)
    }

    /// How the task has ended, if it has.
    pub fn ended(&mut self, state: &State, task: usize) -> Result<Option<TaskEnd>, ExploreError> {
        Ok(match &self.reaction(state, task)?.next {
            Next::Ended(end) => Some(end.clone()),
            Next::Call(_) => None,
        })
    }

    /// The state after `action`; `None` where the action is not possible now.
    pub fn step(&mut self, state: &State, action: Action) -> Result<Option<Stepped>, ExploreError> {
        if action.is_fault() && state.faults == 0 {
            return Ok(None);
        }
        let mut next = *state;
        next.faults -= u8::from(action.is_fault());
        let changed = match action {
            Action::Call(task, fault) => return self.call(state, task.into(), fault),
            Action::Crash(task) => self.crash(&mut next, task.into())?,
            Action::LeasesEnd => match self.cache.without_leases(state.cache) {
                Some(cache) => {
                    next.cache = cache;
                    true
                }
                None => false,
            },
            Action::CacheRestarts => {
                next.cache = Cache::EMPTY;
                state.cache != Cache::EMPTY
            }
        };
        Ok(changed.then_some(Stepped {
            state: next,
            answered: None,
        }))
    }

    fn call(
        &mut self,
        before: &State,
        task: usize,
        fault: Option<CallFault>,
    ) -> Result<Option<Stepped>, ExploreError> {
        let mut next = *before;
        next.faults -= u8::from(fault.is_some());
        if before.slots[task].crashed {
            return Ok(None);
        }
        let reaction = self.reaction(before, task)?;
        let Next::Call(call) = &reaction.next else {
            return Ok(None);
        };
        let answer = match fault {
            None => self.perform(&mut next, task, call)?,
            Some(fault) => {
                let faulty = FaultyCall { task, call, fault };
                self.call_with_fault(before, &mut next, &faulty)?
            }
        };
        let Some(answer) = answer else {
            return Ok(None);
        };
        if !before.slots[task].started {
            next.slots[task].started = true;
            next.slots[task].late = self.another_user_was_refused(before, task)?;
        }
        next.slots[task].node = self.memo.after(before.slots[task].node, answer.clone());
        self.react(&mut next, task)?;
        Ok(Some(Stepped {
            state: next,
            answered: Some((reaction, answer)),
        }))
    }

    /// Applies what the task does before its next call: it releases locks and transactions, or ends.
    fn react(&mut self, state: &mut State, task: usize) -> Result<(), ExploreError> {
        let reaction = self.reaction(state, task)?;
        for released in &reaction.released {
            match *released {
                Released::Mutex => self.unlock(state, task),
                Released::Transaction(serial) => {
                    self.change_database(state, |database| database.rollback(id(task, serial)));
                }
            }
        }
        if matches!(reaction.next, Next::Ended(TaskEnd::Failed(..))) && self.is_consumer(task) {
            self.restart(state, task);
        }
        Ok(())
    }

    fn is_consumer(&self, task: usize) -> bool {
        self.layout.consumer() == Some(task)
    }

    fn another_user_was_refused(
        &mut self,
        state: &State,
        task: usize,
    ) -> Result<bool, ExploreError> {
        let Role::Claim { user, .. } = self.layout.role(task) else {
            return Ok(false);
        };
        for other in 0..self.layout.claims() {
            let is_other = !self.layout.of_user(user).contains(&other);
            let turned_away = Some(TaskEnd::Told(Decision::SoldOut));
            if is_other && self.ended(state, other)? == turned_away {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes a call without a fault; `None` while the call has to wait.
    fn perform(
        &mut self,
        state: &mut State,
        task: usize,
        call: &Call,
    ) -> Result<Option<Answer>, ExploreError> {
        Ok(match call {
            Call::Begin(isolation) => {
                let owner = u8::try_from(task).unwrap_or(u8::MAX);
                let begin = |database: &mut Database| database.begin(owner, *isolation);
                Some(Answer::Opened(self.change_database(state, begin)))
            }
            Call::Sql(serial, statement) => {
                let transaction = serial.map(|serial| id(task, serial));
                let mut database = self.database(state).clone();
                match database.run(transaction, statement) {
                    Ok(answer) => {
                        state.database = self.databases.put(database);
                        Some(answer)
                    }
                    Err(Waits(owner)) => self.wait(state, task, transaction, owner)?,
                }
            }
            Call::Commit(serial) => {
                let transaction = id(task, *serial);
                Some(self.change_database(state, |database| database.commit(transaction)))
            }
            Call::Rollback(serial) => {
                let transaction = id(task, *serial);
                self.change_database(state, |database| database.rollback(transaction));
                Some(Answer::Done)
            }
            Call::Cache(command) => {
                let (content, reply) = self.cache.run(state.cache, command);
                state.cache = content;
                Some(Answer::Reply(reply))
            }
            Call::Produce(user) => {
                self.change_topic(state, |topic| topic.append(*user));
                Some(Answer::Fate(Fate::Delivered))
            }
            Call::Poll => self.poll(state, task)?,
            Call::CommitOffset(batch) => {
                self.change_topic(state, |topic| topic.commit(batch));
                Some(Answer::Done)
            }
            Call::Lock => self.lock(state, task),
            Call::BackOff => Some(Answer::Done),
        })
    }

    /// The next records. After the last record, the consumer learns that the run is over, if it reacts to that.
    fn poll(&mut self, state: &mut State, task: usize) -> Result<Option<Answer>, ExploreError> {
        let most = self.layout.batch;
        let polled = self.change_topic(state, |topic| topic.poll(most));
        if !polled.is_empty() {
            return Ok(Some(Answer::Delivered(polled)));
        }
        for claim in 0..self.layout.claims() {
            if !state.slots[claim].crashed && self.ended(state, claim)?.is_none() {
                return Ok(None);
            }
        }
        let node = self.memo.after(state.slots[task].node, Answer::Over);
        let after = self.memo.reaction(&self.layout, task, node)?;
        let goes_on = matches!(&after.next, Next::Call(call) if *call != Call::Poll);
        Ok(goes_on.then_some(Answer::Over))
    }

    fn lock(&mut self, state: &mut State, task: usize) -> Option<Answer> {
        let mutex = &mut state.mutexes[self.layout.instance(task)];
        (*mutex == FREE).then(|| {
            *mutex = u8::try_from(task).unwrap_or(FREE);
            Answer::Done
        })
    }

    fn unlock(&mut self, state: &mut State, task: usize) {
        let mutex = &mut state.mutexes[self.layout.instance(task)];
        if usize::from(*mutex) == task {
            *mutex = FREE;
        }
    }

    fn change_database<T>(
        &mut self,
        state: &mut State,
        change: impl FnOnce(&mut Database) -> T,
    ) -> T {
        let mut database = self.database(state).clone();
        let result = change(&mut database);
        state.database = self.databases.put(database);
        result
    }

    fn change_topic<T>(&mut self, state: &mut State, change: impl FnOnce(&mut Topic) -> T) -> T {
        let mut topic = self.topic(state).clone();
        let result = change(&mut topic);
        state.topic = self.topics.put(topic);
        result
    }
}

fn id(task: usize, serial: Serial) -> TransactionId {
    TransactionId {
        task: u8::try_from(task).unwrap_or(u8::MAX),
        serial,
    }
}
