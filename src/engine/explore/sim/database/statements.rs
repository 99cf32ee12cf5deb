//! The effect of each statement on the tables, and the transaction that it has to wait for.

use super::{CONFLICT, Change, Claimed, Database, Outcome, Row, TransactionId, Waits};
use crate::{
    engine::explore::sim::call::{Answer, CallFailure},
    model::interleaving::Statement,
    ports::{CouponId, EventRow, UserId},
};

impl Database {
    pub(super) fn perform(&mut self, id: Option<TransactionId>, statement: &Statement) -> Outcome {
        match *statement {
            Statement::Count => Ok(Answer::Count(self.count(id))),
            Statement::Event => Ok(Answer::Event(self.read_event(id))),
            Statement::Insert(ref users) => self.insert(id, users),
            Statement::InsertIfAbsent(ref users) => self.insert_if_absent(id, users),
            Statement::SetIssued(issued) => self.write_event(id, |event| {
                event.issued = issued;
                Answer::Done
            }),
            Statement::SetIssuedIfVersion { issued, version } => self.write_event(id, |event| {
                let current = event.version == version;
                if current {
                    (event.issued, event.version) = (issued, version + 1);
                }
                Answer::Flag(current)
            }),
            Statement::IncrementIssuedBelow(limit) => self.write_event(id, |event| {
                let room = event.issued < limit;
                event.issued += u64::from(room);
                Answer::Flag(room)
            }),
            Statement::LockEvent => self.write_event(id, |event| Answer::Event(*event)),
            Statement::LockName => self.lock_name(id),
            Statement::LockFreeCoupon => Ok(self.lock_free_coupon(id)),
            Statement::Assign(coupon, user) => self.assign(id, coupon, user),
        }
    }

    /// The rows that a transaction sees at read committed: committed rows and its own rows.
    pub(super) fn visible(&self, id: Option<TransactionId>) -> u64 {
        let rows = self.rows.iter().filter(|row| match row.held {
            Some((owner, Change::Inserted)) => Some(owner) == id,
            _ => true,
        });
        rows.count() as u64
    }

    fn count(&mut self, id: Option<TransactionId>) -> u64 {
        let now = self.visible(id);
        let own = now - self.visible(None);
        match self.snapshot(id) {
            Some(snapshot) => {
                snapshot.read.rows = true;
                snapshot.rows + own
            }
            None => now,
        }
    }

    fn read_event(&mut self, id: Option<TransactionId>) -> EventRow {
        if let Some((owner, Some(own))) = self.event_held
            && Some(owner) == id
        {
            return own;
        }
        let now = self.event;
        match self.snapshot(id) {
            Some(snapshot) => {
                snapshot.read.event = true;
                snapshot.event
            }
            None => now,
        }
    }

    /// Inserts all rows or none.
    fn insert(&mut self, id: Option<TransactionId>, users: &[UserId]) -> Outcome {
        let new = self.absent(id, users)?;
        if new.len() < users.len() {
            return Ok(Answer::Failed(CallFailure::none("duplicate key")));
        }
        Ok(self.append(id, &new).unwrap_or(Answer::Done))
    }

    fn insert_if_absent(&mut self, id: Option<TransactionId>, users: &[UserId]) -> Outcome {
        let new = self.absent(id, users)?;
        let count = Answer::Count(new.len() as u64);
        Ok(self.append(id, &new).unwrap_or(count))
    }

    /// The users that a unique key accepts; all users without such a key.
    fn absent(&self, id: Option<TransactionId>, users: &[UserId]) -> Result<Vec<UserId>, Waits> {
        if !self.unique_user {
            return Ok(users.to_vec());
        }
        let mut new = Vec::new();
        for user in users {
            let mut there = new.contains(user);
            for row in &self.rows {
                match row.claimed_by(*user) {
                    Claimed::No => {}
                    Claimed::By(owner) if Some(owner) != id => return Err(Waits(owner)),
                    Claimed::By(_) | Claimed::Yes => there = true,
                }
            }
            if !there {
                new.push(*user);
            }
        }
        Ok(new)
    }

    /// Adds rows; returns the answer where the rows are refused.
    fn append(&mut self, id: Option<TransactionId>, users: &[UserId]) -> Option<Answer> {
        if users.is_empty() {
            return None;
        }
        if self.conflicts(id) {
            return Some(Answer::Failed(CONFLICT));
        }
        self.rows.extend(users.iter().map(|user| Row {
            user: Some(*user),
            held: id.map(|id| (id, Change::Inserted)),
        }));
        self.written(id, true, false);
        None
    }

    /// Waits for the event row, then lets `write` change it. The row is locked even if it does not change.
    fn write_event(
        &mut self,
        id: Option<TransactionId>,
        write: impl FnOnce(&mut EventRow) -> Answer,
    ) -> Outcome {
        let mut event = self.event;
        if let Some((owner, own)) = self.event_held {
            if Some(owner) != id {
                return Err(Waits(owner));
            }
            event = own.unwrap_or(event);
        }
        if let Some(snapshot) = self.snapshot(id)
            && snapshot.changed.event
        {
            return Ok(Answer::Failed(CONFLICT));
        }
        let before = event;
        let answer = write(&mut event);
        let changed = event != before;
        if changed && self.conflicts(id) {
            return Ok(Answer::Failed(CONFLICT));
        }
        match id {
            None => self.event = event,
            // A row that an UPDATE has not selected stays unlocked.
            Some(_) if !changed && answer == Answer::Flag(false) => {}
            Some(id) => {
                let own = match self.event_held {
                    Some((_, own)) if !changed => own,
                    _ if changed => Some(event),
                    _ => None,
                };
                self.event_held = Some((id, own));
            }
        }
        if changed {
            self.written(id, false, true);
        }
        Ok(answer)
    }

    fn lock_name(&mut self, id: Option<TransactionId>) -> Outcome {
        match self.name_held {
            Some(owner) if Some(owner) != id => Err(Waits(owner)),
            _ => {
                self.name_held = id;
                Ok(Answer::Done)
            }
        }
    }

    fn lock_free_coupon(&mut self, id: Option<TransactionId>) -> Answer {
        let free = self.rows.iter().position(|row| match row.held {
            None => row.user.is_none(),
            Some((owner, change)) => change == Change::Locked && Some(owner) == id,
        });
        if let (Some(index), Some(id)) = (free, id) {
            self.rows[index].held = Some((id, Change::Locked));
        }
        Answer::Coupon(free.map(|index| CouponId(index as u64)))
    }

    fn assign(&mut self, id: Option<TransactionId>, coupon: CouponId, user: UserId) -> Outcome {
        let index = usize::try_from(coupon.0).unwrap_or(usize::MAX);
        let Some(row) = self.rows.get_mut(index) else {
            return Ok(Answer::Done);
        };
        match (row.held, id) {
            (Some((owner, _)), _) if Some(owner) != id => return Err(Waits(owner)),
            (_, Some(id)) => row.held = Some((id, Change::Assigned(user))),
            (_, None) => row.user = Some(user),
        }
        self.written(id, true, false);
        Ok(Answer::Done)
    }

    /// Whether a write comes after another transaction has committed a change of what this transaction has read.
    fn conflicts(&mut self, id: Option<TransactionId>) -> bool {
        id.and_then(|id| self.transaction(id))
            .is_some_and(|open| open.is_stale())
    }
}
