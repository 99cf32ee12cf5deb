//! Short schedules of two transactions, with the results of PostgreSQL.

use crate::{
    engine::explore::sim::{
        call::{Answer, user_id},
        database::{Database, TransactionId, Waits},
    },
    model::interleaving::Statement,
    ports::{
        CouponId, Effect,
        Isolation::{Default, Serializable},
    },
};

const A: TransactionId = TransactionId { task: 0, serial: 0 };
const B: TransactionId = TransactionId { task: 1, serial: 0 };

fn two(isolation: crate::ports::Isolation) -> Database {
    let mut database = Database::new(false, 0);
    database.begin(0, isolation);
    database.begin(1, isolation);
    database
}

fn conflict(answer: &Answer) -> bool {
    matches!(answer, Answer::Failed(failure) if failure.effect == Effect::Conflict)
}

#[test]
fn an_insert_is_seen_by_its_own_transaction_and_by_others_once_committed() {
    let mut database = two(Default);
    let insert = Statement::Insert(vec![user_id(0)]);
    assert_eq!(database.run(Some(A), &insert), Ok(Answer::Done));
    assert_eq!(
        database.run(Some(A), &Statement::Count),
        Ok(Answer::Count(1))
    );
    assert_eq!(
        database.run(Some(B), &Statement::Count),
        Ok(Answer::Count(0))
    );
    assert_eq!(database.commit(A), Answer::Done);
    assert_eq!(
        database.run(Some(B), &Statement::Count),
        Ok(Answer::Count(1))
    );
    assert_eq!(database.ledger(), [user_id(0)]);
}

#[test]
fn a_lock_waits_for_a_locked_event_row_and_a_read_does_not() {
    let mut database = two(Default);
    assert!(database.run(Some(A), &Statement::LockEvent).is_ok());
    assert_eq!(database.run(Some(B), &Statement::LockEvent), Err(Waits(A)));
    assert_eq!(database.run(None, &Statement::SetIssued(5)), Err(Waits(A)));
    assert!(database.run(Some(B), &Statement::Event).is_ok());
    database.rollback(A);
    assert!(database.run(Some(B), &Statement::LockEvent).is_ok());
}

#[test]
fn a_transaction_that_has_waited_for_a_row_sees_its_new_value() {
    let mut database = two(Default);
    let update = Statement::IncrementIssuedBelow(1);
    assert_eq!(database.run(Some(A), &update), Ok(Answer::Flag(true)));
    assert_eq!(database.run(Some(B), &update), Err(Waits(A)));
    assert_eq!(database.commit(A), Answer::Done);
    assert_eq!(database.run(Some(B), &update), Ok(Answer::Flag(false)));
}

#[test]
fn one_of_two_serializable_transactions_that_count_and_insert_is_refused() {
    let mut database = two(Serializable);
    for (id, user) in [(A, 0), (B, 1)] {
        assert_eq!(
            database.run(Some(id), &Statement::Count),
            Ok(Answer::Count(0))
        );
        assert_eq!(
            database.run(Some(id), &Statement::Insert(vec![user_id(user)])),
            Ok(Answer::Done)
        );
    }
    assert_eq!(database.commit(A), Answer::Done);
    assert!(conflict(&database.commit(B)));
    assert_eq!(database.ledger(), [user_id(0)]);
}

#[test]
fn a_serializable_transaction_that_only_reads_sees_its_snapshot_and_is_never_refused() {
    let mut database = two(Serializable);
    assert_eq!(
        database.run(Some(B), &Statement::Count),
        Ok(Answer::Count(0))
    );
    assert_eq!(
        database.run(Some(A), &Statement::Insert(vec![user_id(0)])),
        Ok(Answer::Done)
    );
    assert_eq!(database.commit(A), Answer::Done);
    assert_eq!(
        database.run(Some(B), &Statement::Count),
        Ok(Answer::Count(0))
    );
    assert_eq!(database.commit(B), Answer::Done);
}

#[test]
fn an_insert_that_comes_after_the_others_commit_is_refused_at_once() {
    let mut database = two(Serializable);
    assert_eq!(
        database.run(Some(B), &Statement::Count),
        Ok(Answer::Count(0))
    );
    assert_eq!(
        database.run(None, &Statement::Insert(vec![user_id(0)])),
        Ok(Answer::Done)
    );
    let insert = database
        .run(Some(B), &Statement::Insert(vec![user_id(1)]))
        .unwrap();
    assert!(conflict(&insert), "{insert:?}");
}

#[test]
fn a_unique_key_makes_the_second_insert_wait_for_the_first() {
    let mut database = Database::new(true, 0);
    database.begin(0, Default);
    let insert = Statement::InsertIfAbsent(vec![user_id(0)]);
    assert_eq!(database.run(Some(A), &insert), Ok(Answer::Count(1)));
    assert_eq!(database.run(None, &insert), Err(Waits(A)));
    let mut undone = database.clone();
    undone.rollback(A);
    assert_eq!(undone.run(None, &insert), Ok(Answer::Count(1)));
    assert_eq!(database.commit(A), Answer::Done);
    assert_eq!(database.run(None, &insert), Ok(Answer::Count(0)));
    let plain = database
        .run(None, &Statement::Insert(vec![user_id(0)]))
        .unwrap();
    assert!(matches!(plain, Answer::Failed(failure) if failure.effect == Effect::None));
}

#[test]
fn after_an_error_a_transaction_can_only_be_rolled_back() {
    let mut database = Database::new(true, 0);
    assert_eq!(
        database.run(None, &Statement::Insert(vec![user_id(0)])),
        Ok(Answer::Done)
    );
    database.begin(0, Default);
    assert_eq!(
        database.run(Some(A), &Statement::Insert(vec![user_id(1)])),
        Ok(Answer::Done)
    );
    assert!(matches!(
        database.run(Some(A), &Statement::Insert(vec![user_id(0)])),
        Ok(Answer::Failed(_))
    ));
    assert!(matches!(
        database.run(Some(A), &Statement::Count),
        Ok(Answer::Failed(_))
    ));
    assert_eq!(
        database.commit(A),
        Answer::Done,
        "PostgreSQL rolls back without a word"
    );
    assert_eq!(database.ledger(), [user_id(0)]);
}

#[test]
fn locked_coupons_are_skipped() {
    let mut database = Database::new(false, 2);
    database.begin(0, Default);
    database.begin(1, Default);
    let free = Statement::LockFreeCoupon;
    assert_eq!(
        database.run(Some(A), &free),
        Ok(Answer::Coupon(Some(CouponId(0))))
    );
    assert_eq!(
        database.run(Some(B), &free),
        Ok(Answer::Coupon(Some(CouponId(1))))
    );
    let assign = Statement::Assign(CouponId(0), user_id(0));
    assert_eq!(database.run(Some(A), &assign), Ok(Answer::Done));
    assert_eq!(database.run(None, &assign), Err(Waits(A)));
    assert_eq!(database.ledger(), []);
    assert_eq!(database.commit(A), Answer::Done);
    assert_eq!(database.ledger(), [user_id(0)]);
}

#[test]
fn a_named_lock_lasts_until_the_end_of_its_transaction() {
    let mut database = two(Default);
    assert_eq!(
        database.run(Some(A), &Statement::LockName),
        Ok(Answer::Done)
    );
    assert_eq!(database.run(Some(B), &Statement::LockName), Err(Waits(A)));
    assert_eq!(database.commit(A), Answer::Done);
    assert_eq!(
        database.run(Some(B), &Statement::LockName),
        Ok(Answer::Done)
    );
}

#[test]
fn a_crash_rolls_back_every_open_transaction() {
    let mut database = two(Default);
    assert!(
        database
            .run(Some(A), &Statement::Insert(vec![user_id(0)]))
            .is_ok()
    );
    assert!(
        database
            .run(Some(A), &Statement::IncrementIssuedBelow(9))
            .is_ok()
    );
    database.rollback_all(0);
    let mut only_b = Database::new(false, 0);
    only_b.begin(1, Default);
    assert_eq!(database, only_b);
}
