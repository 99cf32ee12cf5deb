//! Bugs around counters, sets and locks in Redis.

use super::{Bug, bug, double_clicks, faulty, race, users};
use crate::{
    engine::explore::Settings,
    ports::{Effect, PortError, Script},
    strategies::{Decision, Need},
};

const IS_MEMBER: Script = Script {
    name: "is-member.lua",
    source: "return redis.call('SISMEMBER', KEYS[1], ARGV[1])",
};

const DELETE: Script = Script {
    name: "delete.lua",
    source: "return redis.call('DEL', KEYS[1])",
};

const TAKE: Script = Script {
    name: "take.lua",
    source: "
        if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then
            return 0
        end
        return redis.call('INCR', KEYS[1])",
};

const BY_CLOCK: Script = Script {
    name: "by-clock.lua",
    source: "
        redis.call('ZADD', KEYS[1], 'NX', -tonumber(ARGV[1]), ARGV[1])
        return redis.call('ZRANK', KEYS[1], ARGV[1])",
};

const REDIS: &[Need] = &[Need::Redis];

pub fn bugs() -> Vec<Bug> {
    let groups = [counters(), sets(), given_back(), locks(), clocks()];
    groups.into_iter().flatten().collect()
}

/// Bugs of a counter.
fn counters() -> Vec<Bug> {
    vec![
        bug!(GetThenIncr, "get-then-incr" breaks OverIssue in race(), one_per_user false, needs REDIS, |event, user| {
            let count = event.cache.get("coupon_count").await?;
            if count.unwrap_or(0) >= event.limit.cast_signed() {
                return Ok(Decision::SoldOut);
            }
            event.cache.incr("coupon_count").await?;
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(GreaterForGreaterOrEqual, "compare-with-less" breaks UnderIssue in race(), one_per_user false, needs REDIS, |event, user| {
            if event.cache.incr("coupon_count").await? >= event.limit.cast_signed() {
                return Ok(Decision::SoldOut);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(OneMore, "compare-with-more" breaks OverIssue in race(), one_per_user false, needs REDIS, |event, user| {
            if event.cache.incr("coupon_count").await? > event.limit.cast_signed() + 1 {
                return Ok(Decision::SoldOut);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(IncrAfter, "incr-after-the-insert" breaks OverIssue in race(), one_per_user false, needs REDIS, |event, user| {
            event.coupons.insert(user).await?;
            if event.cache.incr("coupon_count").await? > event.limit.cast_signed() {
                return Ok(Decision::SoldOut);
            }
            Ok(Decision::Issued)
        }),
    ]
}

/// Bugs of a set of users.
fn sets() -> Vec<Bug> {
    vec![
        bug!(NoDedupe, "dedupe-left-out" breaks Duplicate in double_clicks(2), one_per_user true, needs REDIS, |event, user| {
            if event.cache.incr("coupon_count").await? > event.limit.cast_signed() {
                return Ok(Decision::SoldOut);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(LookThenAdd, "look-then-add" breaks Duplicate in double_clicks(2), one_per_user true, needs REDIS, |event, user| {
            if event.cache.script(IS_MEMBER, &["applied_user"], &[&user.to_string()]).await? == 1 {
                return Ok(Decision::Duplicate);
            }
            event.cache.sadd("applied_user", user).await?;
            if event.cache.incr("coupon_count").await? > event.limit.cast_signed() {
                return Ok(Decision::SoldOut);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(AddAfterIncr, "sadd-after-incr" breaks UnderIssue in double_clicks(2), one_per_user true, needs REDIS, |event, user| {
            if event.cache.incr("coupon_count").await? > event.limit.cast_signed() {
                return Ok(Decision::SoldOut);
            }
            if !event.cache.sadd("applied_user", user).await? {
                return Ok(Decision::Duplicate);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
    ]
}

/// Bugs of a counter that is decremented again, and of the order of the steps.
fn given_back() -> Vec<Bug> {
    vec![
        bug!(GivenBackTwice, "given-back-twice" breaks OverIssue in users(3, 1), one_per_user false, needs REDIS, |event, user| {
            if event.cache.incr("coupon_count").await? > event.limit.cast_signed() {
                event.cache.decr("coupon_count").await?;
                event.cache.decr("coupon_count").await?;
                return Ok(Decision::SoldOut);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(GivenBackLate, "given-back-after-a-refusal" breaks Order in Settings { attempts: 2, ..users(3, 2) }, one_per_user true, needs REDIS, |event, user| {
            let limit = event.limit.to_string();
            if event.cache.script(TAKE, &["coupon_count"], &[&limit]).await? == 0 {
                return Ok(Decision::SoldOut);
            }
            if !event.cache.sadd("applied_user", user).await? {
                event.cache.decr("coupon_count").await?;
                return Ok(Decision::Duplicate);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(SoldOutIssued, "sold-out-counted-as-issued" breaks Lost in race(), one_per_user false, needs REDIS, |event, user| {
            if event.cache.incr("coupon_count").await? <= event.limit.cast_signed() {
                event.coupons.insert(user).await?;
            }
            Ok(Decision::Issued)
        }),
        bug!(InsertThenDedupe, "insert-before-the-dedupe" breaks Duplicate in double_clicks(2), one_per_user true, needs REDIS, |event, user| {
            if event.cache.incr("coupon_count").await? > event.limit.cast_signed() {
                return Ok(Decision::SoldOut);
            }
            event.coupons.insert(user).await?;
            if !event.cache.sadd("applied_user", user).await? {
                return Ok(Decision::Duplicate);
            }
            Ok(Decision::Issued)
        }),
    ]
}

/// Bugs of a lock with a lease.
fn locks() -> Vec<Bug> {
    vec![
        bug!(OthersLock, "releases-the-lock-of-another-user" breaks OverIssue in race(), one_per_user false, needs REDIS, |event, user| {
            let token = user.to_string();
            let mut held = false;
            for _ in 0..event.patience.lock_tries {
                held = event.cache.set_nx_px("lock", &token, event.patience.lease).await?;
                if held {
                    break;
                }
                event.cache.script(DELETE, &["lock"], &[]).await?;
            }
            if !held {
                return Err(PortError::new("lock", Effect::None, "gave up"));
            }
            let room = event.coupons.count().await? < event.limit;
            if room {
                event.coupons.insert(user).await?;
            }
            event.cache.script(DELETE, &["lock"], &[]).await?;
            Ok(if room { Decision::Issued } else { Decision::SoldOut })
        }),
        bug!(LockNotAsked, "lock-not-asked-for-its-answer" breaks OverIssue in race(), one_per_user false, needs REDIS, |event, user| {
            event.cache.set_nx_px("lock", &user.to_string(), event.patience.lease).await?;
            let room = event.coupons.count().await? < event.limit;
            if room {
                event.coupons.insert(user).await?;
            }
            event.cache.script(DELETE, &["lock"], &[]).await?;
            Ok(if room { Decision::Issued } else { Decision::SoldOut })
        }),
        bug!(NoFencing, "lease-without-fencing" breaks OverIssue in faulty(race()), one_per_user false, needs REDIS, |event, user| {
            if !event.cache.set_nx_px("lock", &user.to_string(), event.patience.lease).await? {
                return Err(PortError::new("lock", Effect::None, "busy"));
            }
            let room = event.coupons.count().await? < event.limit;
            if room {
                event.coupons.insert(user).await?;
            }
            event.cache.script(DELETE, &["lock"], &[]).await?;
            Ok(if room { Decision::Issued } else { Decision::SoldOut })
        }),
        // The strategy distinguishes users by their numbers: a later user may have a smaller rank.
    ]
}

/// Bugs of clocks and retries.
fn clocks() -> Vec<Bug> {
    vec![
        bug!(ByClock, "rank-by-the-clients'-clocks" breaks OverIssue in race(), one_per_user true, needs REDIS, |event, user| {
            let rank = event.cache.script(BY_CLOCK, &["arrivals"], &[&user.to_string()]).await?;
            if rank >= event.limit.cast_signed() {
                return Ok(Decision::SoldOut);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(RetriedIncr, "retried-although-it-may-have-happened" breaks UnderIssue in faulty(race()), one_per_user false, needs REDIS, |event, user| {
            let number = match event.cache.incr("coupon_count").await {
                Err(error) if error.effect == Effect::Unknown => event.cache.incr("coupon_count").await?,
                other => other?,
            };
            if number > event.limit.cast_signed() {
                return Ok(Decision::SoldOut);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
    ]
}
