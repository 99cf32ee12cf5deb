//! The states of a simulation, and the actions between them.

use crate::{
    engine::explore::{
        layout::{Layout, MAX_INSTANCES, MAX_TASKS},
        memo::Node,
    },
    model::interleaving::{CallFault, Move},
};

/// The owner of a mutex that no task holds.
pub(super) const FREE: u8 = u8::MAX;

/// The state of one task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskState {
    /// The answers of the task so far.
    pub node: Node,
    pub started: bool,
    /// Whether the task started after another user was refused.
    pub late: bool,
    pub crashed: bool,
    pub restarts: u8,
}

/// The state of all services and tasks. Equal states have equal successors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    pub database: u32,
    pub topic: u32,
    pub cache: u32,
    pub(super) mutexes: [u8; MAX_INSTANCES],
    /// The number of faults that may still happen.
    pub faults: u8,
    pub slots: [TaskState; MAX_TASKS],
}

/// The next action. The order is that of schedules: by task, faults last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The next call of a task, with its fault.
    Call(u8, Option<CallFault>),
    /// The crash of a task.
    Crash(u8),
    LeasesEnd,
    CacheRestarts,
}

impl Action {
    /// The task of the action.
    pub fn task(self) -> Option<u8> {
        match self {
            Self::Call(task, _) | Self::Crash(task) => Some(task),
            Self::LeasesEnd | Self::CacheRestarts => None,
        }
    }

    pub fn is_fault(self) -> bool {
        !matches!(self, Self::Call(_, None))
    }

    pub fn to_move(self, layout: &Layout) -> Move {
        match self {
            Self::Call(task, fault) => Move::Call(layout.actor(task.into()), fault),
            Self::Crash(task) => Move::Crash(layout.actor(task.into())),
            Self::LeasesEnd => Move::LeasesEnd,
            Self::CacheRestarts => Move::CacheRestarts,
        }
    }
}

impl State {
    /// Whether all services are in the same state.
    pub(super) fn same_world(&self, other: &Self) -> bool {
        (self.database, self.topic, self.cache, self.mutexes)
            == (other.database, other.topic, other.cache, other.mutexes)
    }

    /// The same state with other numbers for tasks.
    pub fn rearranged(&self, to: impl Fn(usize) -> usize) -> Self {
        let mut slots = [TaskState::default(); MAX_TASKS];
        for (task, slot) in self.slots.iter().enumerate() {
            slots[to(task)] = *slot;
        }
        let owner = |owner: u8| {
            if owner == FREE {
                FREE
            } else {
                u8::try_from(to(owner.into())).unwrap_or(FREE)
            }
        };
        Self {
            mutexes: self.mutexes.map(owner),
            slots,
            ..*self
        }
    }
}
