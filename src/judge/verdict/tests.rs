//! Written-out ledgers with a known verdict, and properties.

use proptest::prelude::*;

use super::*;
use crate::judge::ledger::{Counted, Reconciliation};

fn claim(promise: Promise, one_per_user: bool) -> PromiseTerms {
    PromiseTerms {
        promise,
        one_per_user,
        limit: 3,
        limit_from: LimitFrom::Subject,
    }
}

/// The terms of a service that may be configured with another limit.
fn claim_on_a_service() -> PromiseTerms {
    PromiseTerms {
        limit_from: LimitFrom::User,
        ..claim(Promise::Exact, true)
    }
}

/// Ten overlapping attempts without faults, all drained; three are issued.
fn good() -> Circumstances {
    Circumstances {
        asked: 10,
        made: 10,
        told: ResponseCounts {
            issued: 3,
            sold_out: 7,
            ..ResponseCounts::default()
        },
        faults: 0,
        injected: false,
        unanswered: 0,
        max_undecided: Some(0.05),
        peak_in_flight: 10,
        completion: Completion::Proven,
        problems: Vec::new(),
    }
}

fn ledger() -> Reconciliation {
    Reconciliation {
        issued: 3,
        demand: 10,
        ..Reconciliation::default()
    }
}

fn verdict(promise: Promise, ledger: &Reconciliation, run: &Circumstances) -> Verdict {
    judged(claim(promise, true), ledger, run).verdict
}

fn judged(claim: PromiseTerms, ledger: &Reconciliation, run: &Circumstances) -> Judgement {
    judge(claim, Some(&ledger.clone().into()), run)
}

#[test]
fn exactly_the_limit_holds() {
    let judged = judged(claim(Promise::Exact, true), &ledger(), &good());
    assert_eq!(judged.verdict, Verdict::Holds);
    assert_eq!(
        (judged.violations, judged.findings, judged.reasons),
        (vec![], vec![], vec![])
    );
}

#[test]
fn an_over_issue_breaks_every_promise_and_is_a_finding_without_a_promise() {
    let over = Reconciliation {
        issued: 4,
        over_issued: vec![UserId(7)],
        ..ledger()
    };
    for promise in [Promise::SingleProcess, Promise::AtMost, Promise::Exact] {
        let judged = judged(claim(promise, false), &over, &good());
        assert_eq!(judged.verdict, Verdict::Violated, "{promise}");
        assert_eq!(judged.violations[0].users, [UserId(7)]);
    }
    let judged = judged(claim(Promise::None, false), &over, &good());
    assert_eq!(
        (judged.verdict, judged.violations),
        (Verdict::Finding, vec![])
    );
    assert_eq!(judged.findings[0].kind, FindingKind::OverIssue);
}

#[test]
fn an_under_issue_breaks_exact_and_is_a_finding_under_at_most() {
    let under = Reconciliation {
        issued: 2,
        under_issued: 1,
        ..ledger()
    };
    assert_eq!(verdict(Promise::Exact, &under, &good()), Verdict::Violated);
    for promise in [Promise::AtMost, Promise::None] {
        assert_eq!(verdict(promise, &under, &good()), Verdict::Finding);
    }
}

#[test]
fn an_under_issue_after_faults_is_inconclusive_with_a_reason() {
    let under = Reconciliation {
        issued: 2,
        under_issued: 1,
        ..ledger()
    };
    let run = Circumstances {
        faults: 4,
        ..good()
    };
    let judged = judged(claim(Promise::Exact, true), &under, &run);
    assert_eq!(judged.verdict, Verdict::Inconclusive);
    assert_eq!(
        judged.reasons,
        ["1 coupon is missing, but 4 attempts or records went wrong on the way"]
    );
}

#[test]
fn an_over_issue_after_faults_is_a_violation() {
    let over = Reconciliation {
        issued: 4,
        over_issued: vec![UserId(1)],
        ..ledger()
    };
    let run = Circumstances {
        faults: 5,
        completion: Completion::Pending,
        ..good()
    };
    assert_eq!(verdict(Promise::Exact, &over, &run), Verdict::Violated);
}

#[test]
fn two_coupons_for_one_user_break_only_one_per_user() {
    let twice = Reconciliation {
        duplicate_users: vec![UserId(5)],
        ..ledger()
    };
    let judged = |one| super::tests::judged(claim(Promise::Exact, one), &twice, &good());
    assert_eq!(judged(true).verdict, Verdict::Violated);
    assert_eq!(judged(false).verdict, Verdict::Holds);
    assert_eq!(judged(false).findings[0].kind, FindingKind::DuplicateUser);
}

#[test]
fn an_issued_coupon_without_a_row_is_lost_after_the_drain() {
    let lost = Reconciliation {
        lost: vec![UserId(2)],
        ..ledger()
    };
    assert_eq!(verdict(Promise::AtMost, &lost, &good()), Verdict::Violated);
    let run = Circumstances {
        completion: Completion::Pending,
        ..good()
    };
    assert_eq!(verdict(Promise::AtMost, &lost, &run), Verdict::Inconclusive);
}

#[test]
fn a_run_that_proves_nothing_is_inconclusive() {
    let cases: [(Circumstances, &str); 4] = [
        (
            Circumstances {
                peak_in_flight: 1,
                ..good()
            },
            "overlapped",
        ),
        (
            Circumstances {
                completion: Completion::Pending,
                ..good()
            },
            "under way",
        ),
        (Circumstances { made: 9, ..good() }, "9 of 10"),
        (
            Circumstances {
                problems: vec!["interrupted".into()],
                ..good()
            },
            "interrupted",
        ),
    ];
    for (run, words) in cases {
        for promise in [Promise::None, Promise::Exact] {
            let judged = judged(claim(promise, true), &ledger(), &run);
            assert_eq!(judged.verdict, Verdict::Inconclusive, "{words}");
            assert!(judged.reasons[0].contains(words), "{:?}", judged.reasons);
        }
    }
}

#[test]
fn a_run_with_mostly_unanswered_attempts_is_inconclusive_and_one_with_failed_attempts_is_not() {
    let silent = Circumstances {
        faults: 6,
        unanswered: 6,
        ..good()
    };
    assert_eq!(
        verdict(Promise::Exact, &ledger(), &silent),
        Verdict::Inconclusive
    );
    let gave_up = Circumstances {
        faults: 6,
        ..good()
    };
    assert_eq!(
        verdict(Promise::AtMost, &ledger(), &gave_up),
        Verdict::Holds
    );
}

/// A run with this number of attempts, of failed attempts and of attempts without an answer.
fn undecided(made: u64, failed: u64, indeterminate: u64) -> Circumstances {
    Circumstances {
        asked: made,
        made,
        told: ResponseCounts {
            issued: 3,
            sold_out: made - 3 - failed - indeterminate,
            failed,
            indeterminate,
            ..ResponseCounts::default()
        },
        faults: failed + indeterminate,
        unanswered: indeterminate,
        ..good()
    }
}

#[test]
fn too_many_attempts_without_a_decision_are_inconclusive() {
    let found = Reconciliation {
        demand: 10_000,
        ..ledger()
    };
    let dead = judged(
        claim(Promise::Exact, true),
        &found,
        &undecided(10_000, 8_851, 1_000),
    );
    assert_eq!(dead.verdict, Verdict::Inconclusive);
    assert_eq!(
        dead.reasons,
        [
            "9851 of 10000 attempts were never decided, 98.5 %, where at most 5 % may be (--max-undecided)"
        ]
    );
    for (failed, max_undecided, expected) in [
        (500, Some(0.05), Verdict::Holds),
        (501, Some(0.05), Verdict::Inconclusive),
        (501, Some(0.1), Verdict::Holds),
        (1, Some(0.0), Verdict::Inconclusive),
        (501, None, Verdict::Holds),
    ] {
        let run = Circumstances {
            max_undecided,
            ..undecided(10_000, failed, 0)
        };
        assert_eq!(verdict(Promise::Exact, &found, &run), expected, "{failed}");
    }
}

#[test]
fn a_violation_stays_a_violation_with_undecided_attempts() {
    let over = Reconciliation {
        issued: 4,
        over_issued: vec![UserId(7)],
        ..ledger()
    };
    let run = undecided(10, 4, 0);
    assert_eq!(verdict(Promise::Exact, &over, &run), Verdict::Violated);
    assert_eq!(verdict(Promise::None, &over, &run), Verdict::Finding);
}

#[test]
fn a_defect_after_an_injected_fault_is_a_finding() {
    let wrong = Reconciliation {
        issued: 2,
        under_issued: 1,
        lost: vec![UserId(2)],
        ..ledger()
    };
    let run = Circumstances {
        faults: 1,
        injected: true,
        ..good()
    };
    let judged = judged(claim(Promise::Exact, true), &wrong, &run);
    assert_eq!(
        (judged.verdict, judged.findings.len()),
        (Verdict::Finding, 2)
    );
    assert!(judged.violations.is_empty());
}

#[test]
fn a_coupon_that_may_still_come_is_neither_lost_nor_missing() {
    let open = Reconciliation {
        issued: 2,
        under_issued: 1,
        lost: vec![UserId(2)],
        ..ledger()
    };
    for (completion, words) in [
        (Completion::Pending, "are promised"),
        (
            Completion::Unproven,
            "nothing proves that no work was under way",
        ),
    ] {
        let run = Circumstances {
            completion,
            ..good()
        };
        for promise in [Promise::None, Promise::Exact] {
            let judged = judged(claim(promise, true), &open, &run);
            assert_eq!(judged.verdict, Verdict::Inconclusive);
            assert_eq!(judged.findings, []);
            let told = judged.reasons.join("; ");
            let words = words.replace(
                "are promised",
                "1 coupon that users were promised is not there yet",
            );
            assert!(told.contains(&words), "{told}");
        }
    }
}

/// A service that issues `stock` coupons and refuses all other attempts.
fn a_stock_of(stock: u64) -> (Reconciliation, Circumstances) {
    let found = Reconciliation {
        issued: stock,
        under_issued: 3_u64.saturating_sub(stock),
        ..ledger()
    };
    let run = Circumstances {
        told: ResponseCounts {
            issued: stock,
            sold_out: 10 - stock,
            ..ResponseCounts::default()
        },
        ..good()
    };
    (found, run)
}

#[test]
fn a_service_with_another_limit_is_inconclusive_and_not_violated() {
    let (found, run) = a_stock_of(2);
    let judged = super::tests::judged(claim_on_a_service(), &found, &run);
    assert_eq!(judged.verdict, Verdict::Inconclusive);
    assert_eq!(
        judged.reasons,
        ["every refused user was refused at 2 issued: is the event's limit 2, and not 3?"]
    );
    // A strategy is built with the limit of the run.
    assert_eq!(verdict(Promise::Exact, &found, &run), Verdict::Violated);
}

#[test]
fn a_used_up_event_is_inconclusive_and_not_violated() {
    let (found, mut run) = a_stock_of(0);
    for accepted in [0, 4, 10] {
        run.told = ResponseCounts {
            accepted,
            sold_out: 10 - accepted,
            ..ResponseCounts::default()
        };
        let judged = judged(claim_on_a_service(), &found, &run);
        assert_eq!(judged.verdict, Verdict::Inconclusive, "{accepted}");
        assert!(
            judged.reasons[0].contains("used up"),
            "{:?}",
            judged.reasons
        );
    }
}

#[test]
fn an_under_issue_of_a_service_is_a_violation_if_another_limit_does_not_explain_it() {
    let (found, run) = a_stock_of(2);
    for told in [
        // A user with the response "accepted" got no coupon.
        ResponseCounts {
            issued: 2,
            accepted: 1,
            sold_out: 7,
            ..ResponseCounts::default()
        },
        // There are more responses "issued" than coupons.
        ResponseCounts {
            issued: 3,
            sold_out: 7,
            ..ResponseCounts::default()
        },
        // No attempt was refused.
        ResponseCounts {
            issued: 2,
            ..ResponseCounts::default()
        },
    ] {
        let run = Circumstances {
            told,
            ..run.clone()
        };
        let judged = judged(claim_on_a_service(), &found, &run);
        assert_eq!(judged.verdict, Verdict::Violated, "{told:?}");
    }
}

#[test]
fn a_run_that_issued_more_than_the_demand_has_no_reason_about_the_demand() {
    for (issued, demand, limit) in [(132, 60, 100), (132, 60, 200), (61, 60, 100)] {
        let found = Reconciliation {
            issued,
            demand,
            duplicate_users: vec![UserId(1)],
            ..Reconciliation::default()
        };
        let run = Circumstances {
            asked: demand,
            made: demand,
            ..good()
        };
        let claim = PromiseTerms {
            limit,
            ..claim_on_a_service()
        };
        let judged = judged(claim, &found, &run);
        assert_eq!(judged.verdict, Verdict::Violated);
        let told = judged.reasons.join("; ");
        assert!(!told.contains("cannot"), "{told}");
    }
}

#[test]
fn a_limit_above_the_demand_is_inconclusive() {
    let small = Reconciliation {
        issued: 2,
        demand: 2,
        ..ledger()
    };
    assert_eq!(
        verdict(Promise::Exact, &small, &good()),
        Verdict::Inconclusive
    );
}

#[test]
fn an_over_issue_without_overlapping_attempts_is_a_violation() {
    let over = Reconciliation {
        issued: 4,
        over_issued: vec![UserId(4)],
        ..ledger()
    };
    let run = Circumstances {
        peak_in_flight: 1,
        ..good()
    };
    let judged = judged(claim(Promise::None, true), &over, &run);
    assert_eq!(
        (judged.verdict, judged.reasons.len()),
        (Verdict::Finding, 0)
    );
}

#[test]
fn an_unreadable_ledger_is_inconclusive_with_its_problem() {
    let run = Circumstances {
        problems: vec!["the ledger could not be read".into()],
        ..good()
    };
    let judged = judge(claim(Promise::Exact, true), None, &run);
    assert_eq!(judged.verdict, Verdict::Inconclusive);
}

fn any_promise() -> impl Strategy<Value = Promise> {
    prop_oneof![
        Just(Promise::None),
        Just(Promise::SingleProcess),
        Just(Promise::AtMost),
        Just(Promise::Exact),
    ]
}

prop_compose! {
    fn any_ledger()(rows in 0u64..6, demand in 0u64..10, dup in 0u64..2, lost in 0u64..2, phantom in 0u64..2, recovered in 0u64..2) -> Reconciliation {
        let users = |count: u64| (1..=count).map(UserId).collect::<Vec<_>>();
        Reconciliation {
            shared_codes: None,
            issued: rows,
            demand,
            over_issued: users(rows.saturating_sub(3)),
            under_issued: demand.min(3).saturating_sub(rows),
            duplicate_users: users(dup),
            lost: users(lost),
            phantom: users(phantom),
            recovered: users(recovered),
        }
    }
}

fn any_completion() -> impl Strategy<Value = Completion> {
    prop::sample::select(vec![
        Completion::Proven,
        Completion::Unproven,
        Completion::Pending,
    ])
}

prop_compose! {
    fn any_run()(made in 8u64..11, faults in 0u64..3, peak in 1u64..3, completion in any_completion(), trouble: bool) -> Circumstances {
        Circumstances {
            asked: 10,
            made,
            told: ResponseCounts { issued: 3, sold_out: made - 3 - faults, failed: faults, ..ResponseCounts::default() },
            faults,
            injected: false,
            unanswered: 0,
            max_undecided: None,
            peak_in_flight: peak,
            completion,
            problems: if trouble { vec!["trouble".to_owned()] } else { vec![] },
        }
    }
}

proptest! {
    #[test]
    fn an_exact_promise_holds_only_without_differences(ledger in any_ledger(), run in any_run()) {
        let judged = judged(claim(Promise::Exact, true), &ledger, &run);
        if judged.verdict == Verdict::Holds {
            prop_assert_eq!(ledger.issued, 3);
            prop_assert!(ledger.lost.is_empty() && ledger.phantom.is_empty() && ledger.duplicate_users.is_empty());
            prop_assert!(run.completion != Completion::Pending && run.made == run.asked && run.peak_in_flight > 1 && run.problems.is_empty());
        }
    }

    #[test]
    fn the_verdict_agrees_with_its_reasons(promise in any_promise(), one: bool, ledger in any_ledger(), run in any_run()) {
        let judged = judged(claim(promise, one), &ledger, &run);
        prop_assert_eq!(judged.verdict == Verdict::Violated, !judged.violations.is_empty());
        match judged.verdict {
            Verdict::Inconclusive => prop_assert!(!judged.reasons.is_empty()),
            Verdict::Holds | Verdict::Finding => prop_assert!(judged.reasons.is_empty()),
            Verdict::Violated => {}
        }
        if judged.verdict == Verdict::Finding {
            prop_assert!(judged.findings.iter().any(|finding| is_defect(finding.kind, one)));
        }
        for violation in &judged.violations {
            prop_assert!(judged.findings.contains(violation));
        }
        if promise == Promise::None {
            prop_assert_ne!(judged.verdict, Verdict::Violated);
            let over = !ledger.over_issued.is_empty();
            prop_assert!(!over || judged.verdict == Verdict::Finding);
        }
    }

    /// A missing coupon is no violation until it is proven that no work is in progress.
    #[test]
    fn a_missing_coupon_is_no_violation_until_the_work_is_done(promise in any_promise(), ledger in any_ledger(), run in any_run()) {
        let judged = judged(claim(promise, true), &ledger, &run);
        let missing = |finding: &Discrepancy| {
            matches!(finding.kind, FindingKind::Lost | FindingKind::UnderIssue)
        };
        if run.completion != Completion::Proven {
            prop_assert!(!judged.findings.iter().any(missing));
            if !ledger.lost.is_empty() {
                prop_assert_ne!(judged.verdict, Verdict::Holds);
            }
        }
    }

    #[test]
    fn a_larger_over_issue_never_improves_the_verdict(ledger in any_ledger(), run in any_run()) {
        let mut worse = ledger.clone();
        worse.issued = worse.issued.max(3) + 1;
        worse.over_issued.push(UserId(9));
        worse.under_issued = 0;
        for promise in [Promise::SingleProcess, Promise::AtMost, Promise::Exact] {
            prop_assert_eq!(verdict(promise, &worse, &run), Verdict::Violated);
        }
    }
}

#[test]
fn a_count_proves_lower_bounds_and_names_no_users() {
    let counted = Ledger::ByCount(Counted {
        issued: 5,
        demand: 10,
        over_issued: 2,
        lost: 1,
        ..Counted::default()
    });
    let judged = judge(claim(Promise::Exact, true), Some(&counted), &good());
    let broken = judged.violations.iter();
    let broken: Vec<_> = broken
        .map(|it| (it.kind, it.count, it.users.len()))
        .collect();
    assert_eq!(
        broken,
        [(FindingKind::OverIssue, 2, 0), (FindingKind::Lost, 1, 0)]
    );
}
