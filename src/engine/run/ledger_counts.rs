//! The figures of the ledger in a report. A figure that is not known is left out.
//!
//! A row that was read is a fact, so surplus coupons are known at once. Missing coupons are known only when no work is under way,
//! because they may still come before.

use crate::{
    judge::ledger::{Counted, Ledger, Reconciliation, SharedCodes},
    model::{
        report::{Basis, LedgerCounts},
        verdict::Completion,
    },
};

/// The figures of a ledger; `None` is a ledger that could not be read. `can_be_drained` tells whether the subject can report work
/// under way.
pub fn of(found: Option<&Ledger>, completion: Completion, can_be_drained: bool) -> LedgerCounts {
    let counts = match found {
        None => LedgerCounts::default(),
        Some(Ledger::ByUser(found)) => by_user(found, completion),
        Some(Ledger::ByCount(found)) => by_count(found, completion),
        Some(Ledger::ToldOnly(found)) => told_only(found, completion),
    };
    LedgerCounts {
        drained: drained(completion).filter(|_| can_be_drained),
        ..counts
    }
}

fn drained(completion: Completion) -> Option<bool> {
    match completion {
        Completion::Proven => Some(true),
        Completion::Pending => Some(false),
        Completion::Unproven => None,
    }
}

fn by_user(found: &Reconciliation, completion: Completion) -> LedgerCounts {
    let surplus = |users: &[_]| surplus(users.len() as u64, completion);
    LedgerCounts {
        basis: Basis::Users,
        issued: Some(found.issued),
        over_issued: surplus(&found.over_issued),
        under_issued: shortfall(found.under_issued, completion),
        duplicate_users: surplus(&found.duplicate_users),
        duplicate_codes: codes(found.shared_codes.as_ref(), completion),
        lost: shortfall(found.lost.len() as u64, completion),
        phantom: surplus(&found.phantom),
        recovered: surplus(&found.recovered),
        drained: None,
    }
}

fn by_count(found: &Counted, completion: Completion) -> LedgerCounts {
    LedgerCounts {
        basis: Basis::Count,
        issued: Some(found.issued),
        over_issued: surplus(found.over_issued, completion),
        under_issued: shortfall(found.under_issued, completion),
        duplicate_users: surplus(found.duplicate_users.len() as u64, completion),
        duplicate_codes: codes(found.shared_codes.as_ref(), completion),
        lost: shortfall(found.lost, completion),
        phantom: surplus(found.phantom, completion),
        recovered: surplus(found.recovered, completion),
        drained: None,
    }
}

/// Without a ledger, the outcomes of the users can prove a violation but not its absence.
fn told_only(found: &Counted, completion: Completion) -> LedgerCounts {
    let seen = |count: u64| (count > 0).then_some(count);
    LedgerCounts {
        basis: Basis::Told,
        over_issued: seen(found.over_issued),
        under_issued: seen(found.under_issued).filter(|_| completion == Completion::Proven),
        duplicate_users: seen(found.duplicate_users.len() as u64),
        duplicate_codes: codes(found.shared_codes.as_ref(), completion),
        ..LedgerCounts::default()
    }
}

/// The number of codes that several users have, where any code is known.
fn codes(shared: Option<&SharedCodes>, completion: Completion) -> Option<u64> {
    shared.and_then(|shared| surplus(shared.codes, completion))
}

/// A number of surplus rows. Zero is unknown while work is under way.
fn surplus(count: u64, completion: Completion) -> Option<u64> {
    (count > 0 || completion != Completion::Pending).then_some(count)
}

/// A number of missing rows. Missing rows may still come until no work is under way.
fn shortfall(count: u64, completion: Completion) -> Option<u64> {
    (count == 0 || completion == Completion::Proven).then_some(count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ports::UserId;

    fn read(issued: u64) -> Reconciliation {
        Reconciliation {
            issued,
            demand: 10,
            under_issued: 3_u64.saturating_sub(issued),
            over_issued: (3..issued).map(UserId).collect(),
            ..Reconciliation::default()
        }
    }

    fn lossy(issued: u64) -> Ledger {
        Ledger::from(Reconciliation {
            lost: vec![UserId(7)],
            ..read(issued)
        })
    }

    #[test]
    fn an_unread_ledger_has_no_figures() {
        for completion in [Completion::Proven, Completion::Unproven] {
            let counts = of(None, completion, true);
            let drained = (completion == Completion::Proven).then_some(true);
            assert_eq!(
                counts,
                LedgerCounts {
                    drained,
                    ..LedgerCounts::default()
                }
            );
        }
    }

    #[test]
    fn missing_coupons_are_known_once_no_work_is_under_way() {
        let known = of(Some(&lossy(2)), Completion::Proven, true);
        assert_eq!((known.under_issued, known.lost), (Some(1), Some(1)));
        for completion in [Completion::Unproven, Completion::Pending] {
            let open = of(Some(&lossy(2)), completion, true);
            assert_eq!(
                (open.issued, open.under_issued, open.lost),
                (Some(2), None, None)
            );
            assert!(open.may_grow());
        }
        let whole = of(Some(&Ledger::from(read(3))), Completion::Unproven, false);
        assert_eq!((whole.under_issued, whole.lost), (Some(0), Some(0)));
        assert!(!whole.may_grow());
    }

    #[test]
    fn surplus_coupons_are_known_at_once_and_their_absence_only_at_the_end() {
        let over = of(Some(&Ledger::from(read(5))), Completion::Pending, true);
        assert_eq!((over.over_issued, over.phantom), (Some(2), None));
        let none = of(Some(&Ledger::from(read(3))), Completion::Unproven, true);
        assert_eq!((none.over_issued, none.phantom), (Some(0), Some(0)));
    }

    #[test]
    fn without_a_ledger_there_are_no_rows_to_count() {
        let told = Ledger::ToldOnly(Counted {
            issued: 5,
            demand: 10,
            over_issued: 2,
            ..Counted::default()
        });
        let counts = of(Some(&told), Completion::Proven, false);
        let expected = LedgerCounts {
            basis: Basis::Told,
            over_issued: Some(2),
            ..LedgerCounts::default()
        };
        assert_eq!(counts, expected);
    }

    #[test]
    fn a_subject_without_a_drain_has_no_drained_figure() {
        let ledger = Ledger::from(read(3));
        for completion in [
            Completion::Proven,
            Completion::Unproven,
            Completion::Pending,
        ] {
            assert_eq!(of(Some(&ledger), completion, false).drained, None);
        }
    }

    proptest! {
        /// A reported number stays a correct lower bound, whichever rows come later.
        #[test]
        fn a_reported_number_is_never_corrected_downwards(now in 0u64..6, more in 0u64..4) {
            let before = of(Some(&Ledger::from(read(now))), Completion::Pending, true);
            let after = of(Some(&Ledger::from(read(now + more))), Completion::Proven, true);
            prop_assert!(before.over_issued.is_none_or(|count| Some(count) <= after.over_issued));
            prop_assert!(before.under_issued.is_none_or(|count| Some(count) == after.under_issued));
            prop_assert!(before.issued <= after.issued);
        }
    }
}
