//! The tasks of a search: the attempts of every user, the consumer, and the instance of each. All numbers count from 0.

use crate::{model::interleaving::Actor, ports::Patience};

/// The largest number of tasks of a state: the attempts that a token can name, and a consumer.
pub const MAX_TASKS: usize = 9;

/// The largest number of instances of a state.
pub const MAX_INSTANCES: usize = 4;

/// The role of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// One attempt of a user.
    Claim { user: usize, attempt: usize },
    /// The consumer of the topic.
    Consumer,
}

/// The workload of a search. Claims are numbered user by user. The consumer comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub users: usize,
    pub attempts: usize,
    pub instances: usize,
    pub limit: u64,
    pub patience: Patience,
    /// The largest number of records that the consumer reads at once.
    pub batch: u8,
    /// Whether there is a consumer.
    pub consumes: bool,
}

impl Layout {
    pub fn claims(&self) -> usize {
        self.users * self.attempts
    }

    pub fn tasks(&self) -> usize {
        self.claims() + usize::from(self.consumes)
    }

    pub fn consumer(&self) -> Option<usize> {
        self.consumes.then(|| self.claims())
    }

    pub fn role(&self, task: usize) -> Role {
        if task >= self.claims() {
            return Role::Consumer;
        }
        Role::Claim {
            user: task / self.attempts,
            attempt: task % self.attempts,
        }
    }

    /// The role of the task with this number; `None` where there is no such task.
    pub fn role_of_any(&self, task: usize) -> Option<Role> {
        (task < self.tasks()).then(|| self.role(task))
    }

    /// The tasks of one user.
    pub fn of_user(&self, user: usize) -> std::ops::Range<usize> {
        user * self.attempts..(user + 1) * self.attempts
    }

    /// The instance of the task.
    pub fn instance(&self, task: usize) -> usize {
        self.actor(task).instance(self.instances)
    }

    /// Whether the same instances serve two users, so that the users can be exchanged.
    pub fn alike(&self, one: usize, other: usize) -> bool {
        one % self.instances == other % self.instances
    }

    /// The task as pictures and tokens name it.
    pub fn actor(&self, task: usize) -> Actor {
        match self.role(task) {
            Role::Claim { user, attempt } => Actor::Claim {
                user: user as u64 + 1,
                attempt: u32::try_from(attempt).unwrap_or(u32::MAX - 1) + 1,
            },
            Role::Consumer => Actor::Consumer,
        }
    }
}
