//! The database, with the behaviour of PostgreSQL at its default isolation (read committed) and at `SERIALIZABLE`.
//!
//! The database is plain data: a statement takes effect at once, or returns the transaction that it has to wait for.

mod statements;

use super::call::{Answer, CallFailure, Serial};
use crate::{
    model::interleaving::Statement,
    ports::{EventRow, Isolation, UserId},
};

/// A transaction: its task, and its number in the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId {
    pub task: u8,
    pub serial: Serial,
}

/// What happens to a row when its transaction commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Change {
    Inserted,
    Locked,
    Assigned(UserId),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Row {
    user: Option<UserId>,
    held: Option<(TransactionId, Change)>,
}

/// The reads of a serializable transaction, and whether they are still valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Snapshot {
    rows: u64,
    event: EventRow,
    read: Tables,
    changed: Tables,
}

/// Some of the two tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Tables {
    rows: bool,
    event: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Open {
    id: TransactionId,
    serializable: bool,
    snapshot: Option<Snapshot>,
    wrote: bool,
    /// After an error, the transaction accepts only its end, which is a rollback.
    aborted: bool,
}

/// The tables, the locks and the open transactions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Database {
    unique_user: bool,
    rows: Vec<Row>,
    event: EventRow,
    /// The transaction that has locked the event row, and the value that it wrote.
    event_held: Option<(TransactionId, Option<EventRow>)>,
    name_held: Option<TransactionId>,
    open: Vec<Open>,
}

/// The transaction that has to end first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits(pub TransactionId);

type Outcome = Result<Answer, Waits>;

impl Database {
    /// A database without rows but for `prefilled` coupons without a user.
    pub fn new(unique_user: bool, prefilled: u64) -> Self {
        let row = Row {
            user: None,
            held: None,
        };
        Self {
            unique_user,
            rows: (0..prefilled).map(|_| row.clone()).collect(),
            event: EventRow {
                issued: 0,
                version: 0,
            },
            event_held: None,
            name_held: None,
            open: Vec::new(),
        }
    }

    /// The ledger: the users of the committed rows, in the order of the rows.
    pub fn ledger(&self) -> Vec<UserId> {
        let committed = self.rows.iter().filter(|row| !row.is_uncommitted());
        committed.filter_map(|row| row.user).collect()
    }

    /// Opens a transaction of a task; returns its number in the task.
    pub fn begin(&mut self, task: u8, isolation: Isolation) -> Serial {
        let mut serials = 0..=Serial::MAX;
        let serial = serials
            .find(|serial| {
                !self.open.iter().any(|open| {
                    open.id
                        == TransactionId {
                            task,
                            serial: *serial,
                        }
                })
            })
            .unwrap_or(Serial::MAX);
        self.open.push(Open {
            id: TransactionId { task, serial },
            serializable: isolation == Isolation::Serializable,
            snapshot: None,
            wrote: false,
            aborted: false,
        });
        self.open.sort_unstable_by_key(|open| open.id);
        serial
    }

    /// Runs a statement, in a transaction or by itself.
    pub fn run(&mut self, id: Option<TransactionId>, statement: &Statement) -> Outcome {
        let Some(id) = id else {
            return self.perform(None, statement);
        };
        match self.transaction(id) {
            None => {
                return Ok(Answer::Failed(CallFailure::none(
                    "the transaction has ended",
                )));
            }
            Some(open) if open.aborted => {
                return Ok(Answer::Failed(CallFailure::none(
                    "the transaction is aborted",
                )));
            }
            Some(_) => self.look(id),
        }
        let answer = self.perform(Some(id), statement)?;
        if matches!(answer, Answer::Failed(_)) {
            self.abort(id);
        }
        Ok(answer)
    }

    /// Aborts the transaction after an error or a lost connection: only a rollback remains.
    pub fn abort(&mut self, id: TransactionId) {
        if let Some(open) = self.transaction(id) {
            open.aborted = true;
        }
    }

    /// Commits the transaction. Rolls back a transaction with an error, without an error message, as PostgreSQL does.
    pub fn commit(&mut self, id: TransactionId) -> Answer {
        let Some(open) = self.transaction(id) else {
            return Answer::Failed(CallFailure::none("the transaction has ended"));
        };
        if open.aborted {
            self.end(id, false);
            return Answer::Done;
        }
        if open.wrote && open.is_stale() {
            self.end(id, false);
            return Answer::Failed(CONFLICT);
        }
        self.end(id, true);
        Answer::Done
    }

    /// Rolls back the transaction, if it is open.
    pub fn rollback(&mut self, id: TransactionId) {
        self.end(id, false);
    }

    /// Rolls back all transactions of a task, as in a crash.
    pub fn rollback_all(&mut self, task: u8) {
        while let Some(open) = self.open.iter().find(|open| open.id.task == task) {
            self.end(open.id, false);
        }
    }

    fn transaction(&mut self, id: TransactionId) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| open.id == id)
    }

    /// Takes the snapshot of a serializable transaction at its first statement.
    fn look(&mut self, id: TransactionId) {
        let snapshot = Snapshot {
            rows: self.visible(None),
            event: self.event,
            read: Tables::default(),
            changed: Tables::default(),
        };
        if let Some(open) = self.transaction(id)
            && open.serializable
        {
            open.snapshot.get_or_insert(snapshot);
        }
    }

    fn snapshot(&mut self, id: Option<TransactionId>) -> Option<&mut Snapshot> {
        self.transaction(id?)?.snapshot.as_mut()
    }

    /// Records a write. A write outside of a transaction is committed at once.
    fn written(&mut self, id: Option<TransactionId>, rows: bool, event: bool) {
        match id.and_then(|id| self.transaction(id)) {
            Some(open) => open.wrote = true,
            None => self.committed(rows, event),
        }
    }

    /// Marks the snapshots of other transactions that have read what was written.
    fn committed(&mut self, rows: bool, event: bool) {
        for snapshot in self
            .open
            .iter_mut()
            .filter_map(|open| open.snapshot.as_mut())
        {
            snapshot.changed.rows |= rows;
            snapshot.changed.event |= event;
        }
    }

    fn end(&mut self, id: TransactionId, commit: bool) {
        let before = self.open.len();
        self.open.retain(|open| open.id != id);
        if self.open.len() == before {
            return;
        }
        let mut rows_changed = false;
        self.rows.retain_mut(|row| match row.held {
            Some((owner, change)) if owner == id => {
                row.held = None;
                rows_changed |= commit && change != Change::Locked;
                if let (true, Change::Assigned(user)) = (commit, change) {
                    row.user = Some(user);
                }
                commit || change != Change::Inserted
            }
            _ => true,
        });
        let mut event_changed = false;
        if let Some((owner, own)) = self.event_held
            && owner == id
        {
            self.event_held = None;
            if let (true, Some(own)) = (commit, own) {
                self.event = own;
                event_changed = true;
            }
        }
        if self.name_held == Some(id) {
            self.name_held = None;
        }
        self.committed(rows_changed, event_changed);
    }

    /// The same database with other users and tasks.
    pub fn renamed(&self, user: impl Fn(UserId) -> UserId, task: impl Fn(u8) -> u8) -> Self {
        let mut renamed = self.clone();
        let transaction = |id: &mut TransactionId| id.task = task(id.task);
        for row in &mut renamed.rows {
            row.user = row.user.map(&user);
            if let Some((owner, change)) = &mut row.held {
                transaction(owner);
                if let Change::Assigned(assigned) = change {
                    *assigned = user(*assigned);
                }
            }
        }
        if let Some((owner, _)) = &mut renamed.event_held {
            transaction(owner);
        }
        renamed.name_held.iter_mut().for_each(transaction);
        for open in &mut renamed.open {
            transaction(&mut open.id);
        }
        renamed.open.sort_unstable_by_key(|open| open.id);
        renamed
    }

    /// The position of the user's first row, as a number to sort users by.
    pub fn rank(&self, user: UserId) -> u64 {
        let at = self.rows.iter().position(|row| {
            let assigned =
                matches!(row.held, Some((_, Change::Assigned(assigned))) if assigned == user);
            row.user == Some(user) || assigned
        });
        at.map_or(u64::MAX, |at| at as u64)
    }
}

const CONFLICT: CallFailure = CallFailure::conflict("could not serialize access");

impl Open {
    fn is_stale(&self) -> bool {
        self.snapshot.is_some_and(|seen| {
            seen.read.rows && seen.changed.rows || seen.read.event && seen.changed.event
        })
    }
}

/// Whether a row belongs to a user.
enum Claimed {
    No,
    Yes,
    /// If this transaction commits.
    By(TransactionId),
}

impl Row {
    fn is_uncommitted(&self) -> bool {
        matches!(self.held, Some((_, Change::Inserted)))
    }

    /// Whether the row belongs to this user.
    fn claimed_by(&self, user: UserId) -> Claimed {
        match self.held {
            Some((owner, Change::Inserted)) if self.user == Some(user) => Claimed::By(owner),
            Some((owner, Change::Assigned(assigned))) if assigned == user => Claimed::By(owner),
            _ if self.user == Some(user) => Claimed::Yes,
            _ => Claimed::No,
        }
    }
}
