//! The memo: the next step of a task is a function of the answers that the task has received. A future is polled once for every
//! such history, so the search over all orders works on plain data.
//!
//! The function is the strategy's own code: a history is played to a new future, answer by answer. A check confirms that only the
//! answers count: every witness, and a sample of the other schedules, is played again with all tasks on one strategy (see
//! [`super::rehearsal`]).

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{
    layout::{Layout, Role},
    sim::{
        cache::renamed,
        call::{Answer, CacheCall, Call, user_id},
        executor::{Executor, ExploreError, Next, Reaction},
        intern::Interner,
    },
};
use crate::{
    model::interleaving::Statement,
    ports::{Delivery, UserId},
    strategies::Entry,
};

/// The number of a history.
pub type Node = u32;

/// The history without an answer.
pub const ROOT: Node = 0;

/// The reactions by history.
pub struct Memo {
    entry: &'static Entry,
    histories: Interner<(Node, Answer)>,
    reactions: FxHashMap<(u8, Node), Rc<Reaction>>,
    /// The reactions of the first user, to compare with those of the other users.
    shapes: FxHashMap<(usize, Node), Rc<Reaction>>,
    renamed: FxHashMap<(Node, u32), Node>,
    /// Whether two users reacted differently to the same answers.
    pub asymmetric: bool,
}

impl Memo {
    pub fn new(entry: &'static Entry) -> Self {
        let mut histories = Interner::default();
        // The first entry is the history without an answer, which has no parent.
        histories.put((Node::MAX, Answer::Done));
        Self {
            entry,
            histories,
            reactions: FxHashMap::default(),
            shapes: FxHashMap::default(),
            renamed: FxHashMap::default(),
            asymmetric: false,
        }
    }

    /// The history with this answer appended.
    pub fn after(&mut self, node: Node, answer: Answer) -> Node {
        self.histories.put((node, answer))
    }

    /// The answers of a history, in order.
    pub fn answers(&self, mut node: Node) -> Vec<Answer> {
        let mut answers = Vec::new();
        while node != ROOT {
            let (before, answer) = self.histories.get(node);
            answers.push(answer.clone());
            node = *before;
        }
        answers.reverse();
        answers
    }

    /// The reaction of a task to a history.
    pub fn reaction(
        &mut self,
        layout: &Layout,
        task: usize,
        node: Node,
    ) -> Result<Rc<Reaction>, ExploreError> {
        let key = (u8::try_from(task).unwrap_or(u8::MAX), node);
        if let Some(known) = self.reactions.get(&key) {
            return Ok(Rc::clone(known));
        }
        let reaction = Rc::new(self.play(layout, task, node)?);
        if let Role::Claim { user, attempt } = layout.role(task) {
            let shape = Rc::new(with_user(&reaction, user, 0));
            let known = self
                .shapes
                .entry((attempt, node))
                .or_insert_with(|| Rc::clone(&shape));
            self.asymmetric |= *known != shape;
        }
        self.reactions.insert(key, Rc::clone(&reaction));
        Ok(reaction)
    }

    /// The attempts of one user share a strategy, so that the strategy can distinguish them. Different users do not share a
    /// strategy, so that they stay interchangeable.
    fn play(&self, layout: &Layout, task: usize, node: Node) -> Result<Reaction, ExploreError> {
        let tasks = match layout.role(task) {
            Role::Claim { user, .. } => layout.of_user(user),
            Role::Consumer => task..task + 1,
        };
        let mut executor = Executor::open(self.entry, layout, tasks)?;
        for answer in self.answers(node) {
            executor.answer(task, answer)?;
        }
        executor
            .reaction(task)
            .cloned()
            .ok_or(ExploreError::Elsewhere)
    }

    /// The same history with other users. `permutation` is the number of the renaming.
    pub fn rename(
        &mut self,
        node: Node,
        permutation: u32,
        user: &impl Fn(UserId) -> UserId,
    ) -> Node {
        if node == ROOT {
            return ROOT;
        }
        if let Some(known) = self.renamed.get(&(node, permutation)) {
            return *known;
        }
        let (before, answer) = self.histories.get(node).clone();
        let before = self.rename(before, permutation, user);
        let answer = match answer {
            Answer::Delivered(batch) => {
                let renamed = batch.into_iter().map(|delivery| Delivery {
                    user: user(delivery.user),
                    ..delivery
                });
                Answer::Delivered(renamed.collect())
            }
            other => other,
        };
        let renamed = self.after(before, answer);
        self.renamed.insert((node, permutation), renamed);
        renamed
    }
}

/// The reaction of another user.
fn with_user(reaction: &Reaction, from: usize, to: usize) -> Reaction {
    let (from, to) = (user_id(from), user_id(to));
    let user = |user: UserId| if user == from { to } else { user };
    let all = |users: &[UserId]| users.iter().map(|id| user(*id)).collect();
    let next = match &reaction.next {
        Next::Call(call) => Next::Call(match call {
            Call::Sql(serial, statement) => Call::Sql(
                *serial,
                match statement {
                    Statement::Insert(users) => Statement::Insert(all(users)),
                    Statement::InsertIfAbsent(users) => Statement::InsertIfAbsent(all(users)),
                    Statement::Assign(coupon, id) => Statement::Assign(*coupon, user(*id)),
                    other => other.clone(),
                },
            ),
            Call::Produce(id) => Call::Produce(user(*id)),
            Call::Cache(command) => {
                let names = [(from.to_string(), to.to_string())];
                let words = command.words.iter().map(|word| renamed(word, &names));
                Call::Cache(CacheCall {
                    command: command.command,
                    words: words.collect(),
                })
            }
            other => other.clone(),
        }),
        Next::Ended(end) => Next::Ended(end.clone()),
    };
    Reaction {
        released: reaction.released.clone(),
        next,
    }
}
