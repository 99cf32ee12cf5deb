//! Bugs around tables, transactions and locks.

use super::{Bug, bug, double_clicks, faulty, race, users};
use crate::{
    engine::explore::Settings,
    ports::Isolation::{Default, Serializable},
    strategies::{Decision, Need},
};

pub fn bugs() -> Vec<Bug> {
    let groups = [
        counts(),
        locks(),
        event_row(),
        keys(),
        transactions(),
        prefilled(),
    ];
    groups.into_iter().flatten().collect()
}

/// Bugs of a count under a lock.
fn counts() -> Vec<Bug> {
    vec![
        bug!(OffByOne, "off-by-one" breaks OverIssue in race(), one_per_user false, needs &[], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            transaction.lock_event().await?;
            if transaction.count().await? > event.limit {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.insert(user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
        bug!(TooEarly, "sold-out-one-too-early" breaks UnderIssue in users(2, 2), one_per_user false, needs &[], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            transaction.lock_event().await?;
            if transaction.count().await? + 1 >= event.limit {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.insert(user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
        bug!(NoLock, "transaction-without-lock" breaks OverIssue in race(), one_per_user false, needs &[], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            if transaction.count().await? >= event.limit {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.insert(user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
        bug!(NoRecheck, "lock-without-re-check" breaks OverIssue in race(), one_per_user false, needs &[], |event, user| {
            if event.coupons.count().await? >= event.limit {
                return Ok(Decision::SoldOut);
            }
            let transaction = event.coupons.begin(Default).await?;
            transaction.lock_event().await?;
            transaction.insert(user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
    ]
}

/// Bugs of a lock that does not cover the whole claim.
fn locks() -> Vec<Bug> {
    vec![
        bug!(UnlockEarly, "unlock-before-commit" breaks OverIssue in race(), one_per_user false, needs &[], |event, user| {
            let held = event.mutex.lock().await?;
            let transaction = event.coupons.begin(Default).await?;
            if transaction.count().await? >= event.limit {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.insert(user).await?;
            drop(held);
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
        bug!(ShortLock, "lock-around-the-count-only" breaks OverIssue in race(), one_per_user false, needs &[], |event, user| {
            let held = event.mutex.lock().await?;
            let count = event.coupons.count().await?;
            drop(held);
            if count >= event.limit {
                return Ok(Decision::SoldOut);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(PerInstance, "a-lock-in-each-instance" breaks OverIssue in Settings { instances: 2, ..race() }, one_per_user false, needs &[], |event, user| {
            let _held = event.mutex.lock().await?;
            if event.coupons.count().await? >= event.limit {
                return Ok(Decision::SoldOut);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(NeverUnlocked, "lock-never-released" breaks Stuck in race(), one_per_user false, needs &[], |event, user| {
            std::mem::forget(event.mutex.lock().await?);
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(ReadOutside, "read-outside-of-the-transaction" breaks OverIssue in race(), one_per_user false, needs &[], |event, user| {
            let issued = event.coupons.event().await?.issued;
            let transaction = event.coupons.begin(Default).await?;
            transaction.lock_event().await?;
            if issued >= event.limit {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.set_issued(issued + 1).await?;
            transaction.insert(user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
    ]
}

/// Bugs of the event row and its version.
fn event_row() -> Vec<Bug> {
    vec![
        bug!(LostUpdate, "lost-update-on-the-event-row" breaks OverIssue in race(), one_per_user false, needs &[], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            let issued = transaction.event().await?.issued;
            if issued >= event.limit {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.set_issued(issued + 1).await?;
            transaction.insert(user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
        bug!(VersionIgnored, "version-not-checked" breaks OverIssue in race(), one_per_user false, needs &[], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            let row = transaction.event().await?;
            if row.issued >= event.limit {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.set_issued_if_version(row.issued + 1, row.version).await?;
            transaction.insert(user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
        bug!(VersionReread, "version-read-again" breaks OverIssue in race(), one_per_user false, needs &[], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            let issued = transaction.event().await?.issued;
            if issued >= event.limit {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            let version = transaction.event().await?.version;
            if !transaction.set_issued_if_version(issued + 1, version).await? {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.insert(user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
        bug!(ConflictIsSoldOut, "one-try-and-sold-out" breaks UnderIssue in users(2, 2), one_per_user false, needs &[], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            let row = transaction.event().await?;
            if row.issued >= event.limit
                || !transaction.set_issued_if_version(row.issued + 1, row.version).await?
            {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.insert(user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
    ]
}

/// Bugs of the limit and the unique key.
fn keys() -> Vec<Bug> {
    vec![
        bug!(CountBefore, "counted-before-it-is-there" breaks UnderIssue in faulty(users(2, 1)), one_per_user false, needs &[], |event, user| {
            if !event.coupons.increment_issued_below(event.limit).await? {
                return Ok(Decision::SoldOut);
            }
            event.coupons.insert(user).await?;
            Ok(Decision::Issued)
        }),
        bug!(DuplicateCounts, "a-duplicate-that-counts" breaks UnderIssue in double_clicks(2), one_per_user true, needs &[Need::UniqueUser], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            if !transaction.increment_issued_below(event.limit).await? {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            let new = transaction.insert_if_absent(user).await?;
            transaction.commit().await?;
            Ok(if new { Decision::Issued } else { Decision::Duplicate })
        }),
        bug!(NoUniqueKey, "unique-key-forgotten" breaks Duplicate in double_clicks(2), one_per_user true, needs &[], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            if !transaction.increment_issued_below(event.limit).await? {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.insert_if_absent(user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
    ]
}

/// Bugs of the order and the end of a transaction.
fn transactions() -> Vec<Bug> {
    vec![
        bug!(InsertThenCount, "count-after-insert" breaks OverIssue in race(), one_per_user false, needs &[], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            transaction.insert(user).await?;
            if transaction.count().await? > event.limit {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
        bug!(RefusedAfter, "refused-after-the-insert" breaks Phantom in race(), one_per_user false, needs &[], |event, user| {
            event.coupons.insert(user).await?;
            if event.coupons.count().await? > event.limit {
                return Ok(Decision::SoldOut);
            }
            Ok(Decision::Issued)
        }),
        bug!(ConflictSwallowed, "conflict-swallowed" breaks Lost in users(2, 2), one_per_user false, needs &[], |event, user| {
            let transaction = event.coupons.begin(Serializable).await?;
            if transaction.count().await? >= event.limit {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            let _ = transaction.insert(user).await;
            let _ = transaction.commit().await;
            Ok(Decision::Issued)
        }),
        bug!(NoCommit, "commit-forgotten" breaks Lost in users(1, 1), one_per_user false, needs &[], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            transaction.lock_event().await?;
            if transaction.count().await? >= event.limit {
                return Ok(Decision::SoldOut);
            }
            transaction.insert(user).await?;
            Ok(Decision::Issued)
        }),
    ]
}

/// Bugs of coupons that exist before the claim.
fn prefilled() -> Vec<Bug> {
    vec![
        bug!(AssignLater, "assigned-after-the-lock-is-gone" breaks Lost in race(), one_per_user false, needs &[Need::Prefilled, Need::SkipLocked], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            let Some(coupon) = transaction.lock_free_coupon().await? else {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            };
            transaction.commit().await?;
            let transaction = event.coupons.begin(Default).await?;
            transaction.assign(coupon, user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
        bug!(LockedIsSoldOut, "who-finds-it-locked-goes" breaks UnderIssue in users(2, 1), one_per_user false, needs &[Need::Prefilled, Need::SkipLocked], |event, user| {
            let transaction = event.coupons.begin(Default).await?;
            let Some(coupon) = transaction.lock_free_coupon().await? else {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            };
            // A user who only reads takes the coupon from a user who claims it.
            if user.0.is_multiple_of(2) {
                transaction.rollback().await?;
                return Ok(Decision::SoldOut);
            }
            transaction.assign(coupon, user).await?;
            transaction.commit().await?;
            Ok(Decision::Issued)
        }),
    ]
}
