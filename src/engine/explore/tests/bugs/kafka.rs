//! Bugs between the claim, the topic and the consumer.

use super::{Bug, bug, faulty, race, users};
use crate::{
    ports::{Effect, Event, Result, UserId},
    strategies::{Decision, Need},
};

const KAFKA: &[Need] = &[Need::Redis, Need::Kafka];
const KAFKA_AND_KEY: &[Need] = &[Need::Redis, Need::Kafka, Need::UniqueUser];

/// Whether the user may have a coupon: the correct part of each bug.
async fn admitted(event: &Event, user: UserId) -> Result<Option<Decision>> {
    if !event.cache.sadd("applied_user", user).await? {
        return Ok(Some(Decision::Duplicate));
    }
    if event.cache.incr("coupon_count").await? > event.limit.cast_signed() {
        return Ok(Some(Decision::SoldOut));
    }
    Ok(None)
}

pub fn bugs() -> Vec<Bug> {
    let groups = [producers(), consumers(), deliveries()];
    groups.into_iter().flatten().collect()
}

/// Bugs of the producer and of the commit.
fn producers() -> Vec<Bug> {
    vec![
        bug!(Swallowed, "produce-error-swallowed" breaks Lost in faulty(users(1, 1)), one_per_user true, needs KAFKA_AND_KEY, |event, user| {
            if let Some(refusal) = admitted(event, user).await? {
                return Ok(refusal);
            }
            if let Ok(acknowledgement) = event.coupon_create.produce(user).await {
                let _ = acknowledgement.delivered().await;
            }
            Ok(Decision::Issued)
        }, |event, consumer| {
            while let Some(batch) = consumer.poll().await? {
                event.coupons.insert_all_if_absent(&batch.users()).await?;
                consumer.commit(&batch).await?;
            }
            Ok(())
        }),
        bug!(CommittedFirst, "offset-committed-before-the-insert" breaks Lost in faulty(users(1, 1)), one_per_user true, needs KAFKA_AND_KEY, |event, user| {
            if let Some(refusal) = admitted(event, user).await? {
                return Ok(refusal);
            }
            event.coupon_create.produce(user).await?.delivered().await?;
            Ok(Decision::Issued)
        }, |event, consumer| {
            while let Some(batch) = consumer.poll().await? {
                consumer.commit(&batch).await?;
                event.coupons.insert_all_if_absent(&batch.users()).await?;
            }
            Ok(())
        }),
        bug!(RetriedProduce, "produce-retried-without-idempotence" breaks Duplicate in faulty(users(1, 1)), one_per_user true, needs KAFKA, |event, user| {
            if let Some(refusal) = admitted(event, user).await? {
                return Ok(refusal);
            }
            if let Err(error) = event.coupon_create.produce(user).await?.delivered().await {
                if error.effect != Effect::Unknown {
                    return Err(error);
                }
                event.coupon_create.produce(user).await?.delivered().await?;
            }
            Ok(Decision::Issued)
        }, |event, consumer| {
            while let Some(batch) = consumer.poll().await? {
                event.coupons.insert_all(&batch.users()).await?;
                consumer.commit(&batch).await?;
            }
            Ok(())
        }),
    ]
}

/// Bugs of the consumer.
fn consumers() -> Vec<Bug> {
    vec![
        bug!(Poison, "on-conflict-missing" breaks Stuck in faulty(users(1, 1)), one_per_user true, needs KAFKA_AND_KEY, |event, user| {
            if let Some(refusal) = admitted(event, user).await? {
                return Ok(refusal);
            }
            event.coupon_create.produce(user).await?.delivered().await?;
            Ok(Decision::Issued)
        }, |event, consumer| {
            while let Some(batch) = consumer.poll().await? {
                event.coupons.insert_all(&batch.users()).await?;
                consumer.commit(&batch).await?;
            }
            Ok(())
        }),
        bug!(NoLimit, "no-limit-check-in-the-consumer" breaks OverIssue in race(), one_per_user true, needs KAFKA_AND_KEY, |event, user| {
            if !event.cache.sadd("applied_user", user).await? {
                return Ok(Decision::Duplicate);
            }
            event.coupon_create.produce(user).await?.delivered().await?;
            Ok(Decision::Issued)
        }, |event, consumer| {
            while let Some(batch) = consumer.poll().await? {
                event.coupons.insert_all_if_absent(&batch.users()).await?;
                consumer.commit(&batch).await?;
            }
            Ok(())
        }),
        bug!(RefusedLater, "refused-behind-the-user's-back" breaks Lost in race(), one_per_user true, needs KAFKA_AND_KEY, |event, user| {
            if !event.cache.sadd("applied_user", user).await? {
                return Ok(Decision::Duplicate);
            }
            event.coupon_create.produce(user).await?.delivered().await?;
            Ok(Decision::Issued)
        }, |event, consumer| {
            while let Some(batch) = consumer.poll().await? {
                if event.coupons.count().await? < event.limit {
                    event.coupons.insert_all_if_absent(&batch.users()).await?;
                }
                consumer.commit(&batch).await?;
            }
            Ok(())
        }),
    ]
}

/// Bugs of redelivered and ignored records.
fn deliveries() -> Vec<Bug> {
    vec![
        bug!(GivesStockBack, "stock-given-back-on-redelivery" breaks OverIssue in faulty(users(2, 1)), one_per_user true, needs KAFKA_AND_KEY, |event, user| {
            if let Some(refusal) = admitted(event, user).await? {
                return Ok(refusal);
            }
            event.coupon_create.produce(user).await?.delivered().await?;
            Ok(Decision::Issued)
        }, |event, consumer| {
            while let Some(batch) = consumer.poll().await? {
                // The bug needs a second delivery for a user who has asked too late.
                if event.coupons.insert_all_if_absent(&batch.users()).await? == 0 {
                    event.cache.decr("coupon_count").await?;
                }
                consumer.commit(&batch).await?;
            }
            Ok(())
        }),
        bug!(NeverInserted, "consumer-that-only-reads" breaks Lost in users(1, 1), one_per_user true, needs KAFKA_AND_KEY, |event, user| {
            if let Some(refusal) = admitted(event, user).await? {
                return Ok(refusal);
            }
            event.coupon_create.produce(user).await?.delivered().await?;
            Ok(Decision::Issued)
        }, |_event, consumer| {
            while let Some(batch) = consumer.poll().await? {
                consumer.commit(&batch).await?;
            }
            Ok(())
        }),
    ]
}
