//! How the members of the run's consumer group come to their partitions, before anything is produced.
//!
//! A group that is still sharing out when the run begins makes it wait for seconds, and the run would be measured with it.

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use futures::future::{select_all, try_join_all};
use rdkafka::consumer::Consumer as _;
use tokio::time::timeout;

use super::{PARTITIONS, consumer::Member};

/// Between two attempts to hear sooner what the group has decided.
const HURRY: Duration = Duration::from_millis(250);

/// After so long without any partition, a member that may have none has none.
const NOTHING_COMES: Duration = Duration::from_millis(500);

/// How many partitions each of so many members has, once the group has settled: they are spread as evenly as they can be.
fn share(members: u32) -> RangeInclusive<i32> {
    let members = i32::try_from(members).unwrap_or(i32::MAX).max(1);
    let most = PARTITIONS / members + i32::from(PARTITIONS % members > 0);
    PARTITIONS / members..=most
}

/// Drives the group's protocol for `members`, all of this process in a group of `size`, until each has its share of the partitions.
/// One that has it already is driven on, as the others wait for what it gives up.
pub async fn settle(members: &[Arc<Member>], size: u32) -> Result<(), String> {
    if members.is_empty() {
        return Ok(());
    }
    let driven = try_join_all(members.iter().map(|member| member.drive()));
    tokio::select! {
        () = shared_out(members, size) => Ok(()),
        failed = driven => failed.map(drop),
    }
}

/// Ends when these members have their shares. Nobody says to a member whether it will stay without a partition: if all members are
/// here it is known, otherwise it is so when nothing has come for a while.
async fn shared_out(members: &[Arc<Member>], size: u32) {
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
        let quiet = timeout(NOTHING_COMES, change).await.is_err();
        if fair && quiet && !all_here {
            return;
        }
    }
}

impl Member {
    /// Ends with what is wrong, or never.
    async fn drive(&self) -> Result<(), String> {
        let mut fatal = self.consumer.context().fatal.subscribe();
        tokio::select! {
            // The sender lives in the consumer: it cannot be gone here.
            reason = fatal.wait_for(Option::is_some) => {
                Err(reason.ok().and_then(|reason| reason.clone()).unwrap_or_default())
            }
            record = self.receive() => match record {
                Ok(_) => Err("a record arrived before the run".to_owned()),
                Err(error) => Err(error.to_string()),
            },
            () = self.hurry() => Ok(()),
        }
    }

    /// A member learns with its next heartbeat that it has to share with others, and that can be 5 s away. Saying again what it
    /// is subscribed to brings it forward. Never ends.
    async fn hurry(&self) {
        loop {
            tokio::time::sleep(HURRY).await;
            // Trouble with the subscription will be heard of where records are read.
            let _ = self.consumer.subscribe(&[&self.topic]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_as_even_as_it_can_be() {
        for (members, expected) in [(0, 3..=3), (1, 3..=3), (2, 1..=2), (3, 1..=1), (4, 0..=1)] {
            assert_eq!(share(members), expected, "{members}");
        }
        assert_eq!(share(u32::MAX), 0..=1);
    }
}
