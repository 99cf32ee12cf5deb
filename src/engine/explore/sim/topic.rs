//! The topic, with one partition and one consumer group: records in the order of their production.

use crate::ports::{Delivery, UserId};

/// The records, and the offsets that the consumer has read and committed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Topic {
    records: Vec<UserId>,
    next: u8,
    committed: u8,
    /// Records that the producer has accepted and the broker has not received.
    undelivered: u8,
}

impl Topic {
    pub fn append(&mut self, user: UserId) {
        self.records.push(user);
    }

    pub fn give_up_a_record(&mut self) {
        self.undelivered += 1;
    }

    pub fn undelivered(&self) -> u64 {
        self.undelivered.into()
    }

    /// The next records, at most `most`.
    pub fn poll(&mut self, most: u8) -> Vec<Delivery> {
        let batch: Vec<_> = (self.next..self.next.saturating_add(most))
            .map_while(|offset| self.at(offset))
            .collect();
        self.next += u8::try_from(batch.len()).unwrap_or(most);
        batch
    }

    /// Whether all records were read.
    pub fn is_drained(&self) -> bool {
        self.at(self.next).is_none()
    }

    /// The previous record, again.
    pub fn repeat(&self) -> Option<Delivery> {
        self.at(self.next.checked_sub(1)?)
    }

    /// Commits the offset after the last record of the batch.
    pub fn commit(&mut self, batch: &[Delivery]) {
        if let Some(last) = batch.last() {
            self.committed = u8::try_from(last.offset + 1).unwrap_or(u8::MAX);
        }
    }

    /// Moves back to the last commit, for a consumer that starts again.
    pub fn rewind(&mut self) {
        self.next = self.committed;
    }

    fn at(&self, offset: u8) -> Option<Delivery> {
        Some(Delivery {
            user: *self.records.get(usize::from(offset))?,
            partition: 0,
            offset: offset.into(),
        })
    }

    /// The same topic with other users.
    pub fn renamed(&self, user: impl Fn(UserId) -> UserId) -> Self {
        let records = self.records.iter().map(|record| user(*record)).collect();
        Self {
            records,
            ..self.clone()
        }
    }

    /// The position of the user's first record, as a number to sort users by.
    pub fn rank(&self, user: UserId) -> u64 {
        let at = self.records.iter().position(|record| *record == user);
        at.map_or(u64::MAX, |at| at as u64)
    }
}
