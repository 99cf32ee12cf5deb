//! The assignment of partitions to the members of the run's consumer group, before the first record is produced.
//!
//! An assignment during the run would take seconds, and would be a part of the measurement.

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use futures::future::{select_all, try_join_all};
use rdkafka::consumer::Consumer as _;
use tokio::time::timeout;

use super::{PARTITIONS, consumer::Member};

/// The pause between two requests for an earlier heartbeat.
const HEARTBEAT_PAUSE: Duration = Duration::from_millis(250);

/// How long the assignment has to be unchanged before a member without partitions counts as settled.
const SETTLED_AFTER: Duration = Duration::from_millis(500);

/// The possible numbers of partitions of one of `members` members. The partitions are distributed evenly.
fn share(members: u32) -> RangeInclusive<i32> {
    let members = i32::try_from(members).unwrap_or(i32::MAX).max(1);
    let most = PARTITIONS / members + i32::from(PARTITIONS % members > 0);
    PARTITIONS / members..=most
}

/// Polls `members`, all members of this process in a group of `size`, until each has its share of the partitions. A member that
/// has its share is polled as well, because the others may wait for partitions that it gives up.
///
/// # Errors
/// A member has a fatal error, or a record arrives.
pub async fn settle(members: &[Arc<Member>], size: u32) -> Result<(), String> {
    if members.is_empty() {
        return Ok(());
    }
    let driven = try_join_all(members.iter().map(|member| member.drive()));
    tokio::select! {
        () = assigned(members, size) => Ok(()),
        failed = driven => failed.map(drop),
    }
}

/// Waits until these members have their shares. The cluster does not report that a member will have no partition. If all members
/// are in this process, the sum of the partitions shows it; otherwise a member is settled when its assignment stays unchanged.
async fn assigned(members: &[Arc<Member>], size: u32) {
    let mut counts: Vec<_> = members
        .iter()
        .map(|member| member.consumer.context().partitions.subscribe())
        .collect();
    let (share, all_here) = (share(size), members.len() == size as usize);
    loop {
        let now: Vec<_> = counts
            .iter_mut()
            .map(|count| *count.borrow_and_update())
            .collect();
        let fair = now.iter().all(|count| share.contains(count));
        let complete = if all_here {
            now.iter().sum::<i32>() == PARTITIONS
        } else {
            now.iter().all(|count| *count > 0)
        };
        if fair && complete {
            return;
        }
        let change = select_all(counts.iter_mut().map(|count| Box::pin(count.changed())));
        let quiet = timeout(SETTLED_AFTER, change).await.is_err();
        if fair && quiet && !all_here {
            return;
        }
    }
}

impl Member {
    /// Polls the member. Ends only with an error.
    async fn drive(&self) -> Result<(), String> {
        let mut fatal = self.consumer.context().fatal.subscribe();
        tokio::select! {
            // The consumer owns the sender, so it exists here.
            reason = fatal.wait_for(Option::is_some) => {
                Err(reason.ok().and_then(|reason| reason.clone()).unwrap_or_default())
            }
            record = self.receive() => match record {
                Ok(_) => Err("a record arrived before the run".to_owned()),
                Err(error) => Err(error.to_string()),
            },
            () = self.hasten_heartbeats() => Ok(()),
        }
    }

    /// A member learns of a new assignment with its next heartbeat, up to 5 s later. A repeated subscription sends a heartbeat at once.
    /// Never ends.
    async fn hasten_heartbeats(&self) {
        loop {
            tokio::time::sleep(HEARTBEAT_PAUSE).await;
            // An error of the subscription is reported when records are read.
            let _ = self.consumer.subscribe(&[&self.topic]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_distributed_evenly() {
        for (members, expected) in [(0, 3..=3), (1, 3..=3), (2, 1..=2), (3, 1..=1), (4, 0..=1)] {
            assert_eq!(share(members), expected, "{members}");
        }
        assert_eq!(share(u32::MAX), 0..=1);
    }
}
