//! Written-out attempts and rows with a known reconciliation, and properties.

use proptest::prelude::*;

use super::*;

fn attempt((user, outcome): (u64, Outcome)) -> Attempt {
    Attempt::immediate(user, outcome)
}

fn users(numbers: &[u64]) -> Vec<UserId> {
    numbers.iter().copied().map(UserId).collect()
}

fn reconciled(
    told: &[(u64, Outcome)],
    rows: &[u64],
    limit: u64,
    one_per_user: bool,
) -> Reconciliation {
    let attempts: Vec<_> = told.iter().copied().map(attempt).collect();
    reconcile(
        &attempts,
        &users(rows),
        Rules {
            limit,
            one_per_user,
        },
    )
}

#[test]
fn a_correct_run_has_no_differences() {
    let told = [
        (1, Outcome::Issued),
        (2, Outcome::Issued),
        (3, Outcome::SoldOut),
    ];
    let result = reconciled(&told, &[2, 1], 2, true);
    let expected = Reconciliation {
        issued: 2,
        demand: 3,
        ..Reconciliation::default()
    };
    assert_eq!(result, expected);
}

#[test]
fn over_issued_users_are_in_the_order_of_the_rows() {
    let told = [
        (1, Outcome::Issued),
        (2, Outcome::Issued),
        (3, Outcome::Issued),
    ];
    assert_eq!(
        reconciled(&told, &[3, 1, 2], 1, false).over_issued,
        users(&[1, 2])
    );
}

#[test]
fn an_issued_response_without_a_row_is_lost_and_missing() {
    let told = [
        (1, Outcome::Issued),
        (2, Outcome::Issued),
        (3, Outcome::SoldOut),
    ];
    let result = reconciled(&told, &[1], 2, true);
    assert_eq!((result.lost, result.under_issued), (users(&[2]), 1));
}

#[test]
fn a_row_after_a_refusal_or_an_error_is_a_phantom() {
    let told = [
        (1, Outcome::SoldOut),
        (2, Outcome::Failed),
        (3, Outcome::Duplicate),
    ];
    assert_eq!(
        reconciled(&told, &[1, 2, 3, 9], 9, false).phantom,
        users(&[1, 2, 3, 9])
    );
}

#[test]
fn a_row_of_an_attempt_without_an_answer_is_recovered_and_a_second_row_is_a_phantom() {
    let result = reconciled(&[(1, Outcome::Indeterminate)], &[1, 1], 9, false);
    assert_eq!(
        (result.recovered, result.phantom),
        (users(&[1]), users(&[1]))
    );
    assert_eq!(result.duplicate_users, users(&[1]));
}

#[test]
fn a_row_after_an_accepted_response_is_correct() {
    let told = [(1, Outcome::Accepted), (2, Outcome::Accepted)];
    let result = reconciled(&told, &[1], 1, true);
    let nothing = Reconciliation {
        issued: 1,
        demand: 2,
        ..Reconciliation::default()
    };
    assert_eq!(result, nothing);
}

#[test]
fn the_demand_is_the_number_of_users_or_of_attempts() {
    let told = [
        (1, Outcome::Issued),
        (1, Outcome::Duplicate),
        (2, Outcome::Issued),
    ];
    assert_eq!(reconciled(&told, &[1, 2], 100, true).under_issued, 0);
    assert_eq!(reconciled(&told, &[1, 2], 100, false).under_issued, 1);
}

/// Reconciles by removing pairs: each row removes an "issued" response of its user, or an "accepted" one, or an attempt without
/// an answer. The rest on both sides is counted.
fn by_removing_pairs(
    told: &[(u64, Outcome)],
    rows: &[u64],
) -> (Vec<UserId>, Vec<UserId>, Vec<UserId>) {
    let mut open = told.to_vec();
    let mut left = Vec::new();
    let mut remove_pair = |user: u64, outcome| {
        let found = open.iter().position(|entry| *entry == (user, outcome));
        found.map(|index| open.remove(index)).is_some()
    };
    for row in rows {
        if !remove_pair(*row, Outcome::Issued) && !remove_pair(*row, Outcome::Accepted) {
            left.push(*row);
        }
    }
    let (recovered, phantom): (Vec<u64>, Vec<u64>) = left
        .into_iter()
        .partition(|row| remove_pair(*row, Outcome::Indeterminate));
    let lost = open
        .iter()
        .filter(|(_, outcome)| *outcome == Outcome::Issued);
    let sorted = |mut numbers: Vec<u64>| {
        numbers.sort_unstable();
        users(&numbers)
    };
    (
        sorted(lost.map(|(user, _)| *user).collect()),
        sorted(phantom),
        sorted(recovered),
    )
}

proptest! {
    #[test]
    fn reconcile_agrees_with_removing_pairs(
        told in prop::collection::vec((1u64..8, any_outcome()), 0..30),
        rows in prop::collection::vec(1u64..9, 0..20),
        limit in 1u64..10,
        one_per_user: bool,
    ) {
        let result = reconciled(&told, &rows, limit, one_per_user);
        let (lost, phantom, recovered) = by_removing_pairs(&told, &rows);
        prop_assert_eq!(&result.lost, &lost);
        prop_assert_eq!(&result.phantom, &phantom);
        prop_assert_eq!(&result.recovered, &recovered);
        prop_assert_eq!(result.over_issued.len() as u64, (rows.len() as u64).saturating_sub(limit));
        // The sums agree: every row is explained, recovered or a phantom.
        let told_yes = told.iter().filter(|(_, outcome)| *outcome == Outcome::Issued).count();
        let noted = (1..9).map(|user| {
            let of = |wanted| told.iter().filter(|it| **it == (user, wanted)).count();
            let rows = rows.iter().filter(|row| **row == user).count();
            of(Outcome::Accepted).min(rows.saturating_sub(of(Outcome::Issued)))
        });
        let noted: usize = noted.sum();
        prop_assert_eq!(rows.len() + lost.len(), told_yes + noted + recovered.len() + phantom.len());
        let mut twice: Vec<u64> = (1..9).filter(|user| rows.iter().filter(|row| *row == user).count() > 1).collect();
        twice.sort_unstable();
        prop_assert_eq!(result.duplicate_users, users(&twice));
    }
}
