//! The reasons why a run may prove nothing, as sentences.

use super::{Circumstances, Discrepancy, LimitFrom, PromiseTerms};
use crate::{
    judge::ledger::Ledger,
    model::verdict::{Completion, FindingKind},
    strategies::Promise,
};

/// The reasons that concern the run itself.
pub fn of_run(claim: PromiseTerms, ledger: Option<&Ledger>, run: &Circumstances) -> Vec<String> {
    let mut doubts = run.problems.clone();
    if run.made != run.asked {
        doubts.push(format!(
            "only {} of {} attempts were made",
            run.made, run.asked
        ));
    }
    if run.completion == Completion::Pending {
        doubts.push("work was still under way when the ledger was read".to_owned());
    }
    doubts.extend(undecided(run));
    if run.peak_in_flight <= 1 {
        doubts.push("no two attempts overlapped, so nothing could race".to_owned());
    }
    doubts.extend(out_of_reach(claim, ledger, run));
    doubts
}

/// Too many attempts without a decision.
fn undecided(run: &Circumstances) -> Option<String> {
    let undecided = run.told.undecided();
    let share = share(undecided, run.made)?;
    if let Some(most) = run.max_undecided.filter(|most| share > *most) {
        return Some(format!(
            "{undecided} of {} attempts were never decided, {} %, where at most {} % may be (--max-undecided)",
            run.made,
            percent(share),
            percent(most)
        ));
    }
    (run.unanswered * 2 > run.made)
        .then(|| format!("{} of {} attempts got no answer", run.unanswered, run.made))
}

/// The share of `part` in `whole`; `None` if `whole` is 0.
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A share in percent without trailing zeros: `98.5`, `5`, `0.02`.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = match percent {
        tiny if tiny > 0.0 && tiny < 0.005 => return "less than 0.01".to_owned(),
        small if small < 1.0 => format!("{small:.2}"),
        large => format!("{large:.1}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Too few attempts to reach or exceed the limit. If more coupons were issued than the demand, only the limit counts.
fn out_of_reach(
    claim: PromiseTerms,
    ledger: Option<&Ledger>,
    run: &Circumstances,
) -> Option<String> {
    let limit = claim.limit;
    let issued = ledger.map_or(0, Ledger::issued);
    let demand = ledger.map_or(u64::MAX, Ledger::demand);
    if issued > demand {
        return (issued < limit).then(|| format!("the limit of {limit} was not reached"));
    }
    if demand < limit {
        return Some(format!(
            "a demand of {demand} cannot reach the limit of {limit}"
        ));
    }
    (run.asked <= limit)
        .then(|| format!("{} attempts cannot exceed the limit of {limit}", run.asked))
}

/// Missing coupons that may still come.
pub fn not_there_yet(
    claim: PromiseTerms,
    open: &[Discrepancy],
    completion: Completion,
) -> Option<String> {
    let of = |kind| {
        open.iter()
            .find(|finding| finding.kind == kind && matters(claim, kind))
    };
    let (finding, whose) = match (of(FindingKind::Lost), of(FindingKind::UnderIssue)) {
        (Some(lost), _) => (lost, "that users were promised "),
        (None, Some(short)) => (short, ""),
        (None, None) => return None,
    };
    let (coupons, are) = coupons(finding.count);
    Some(match completion {
        Completion::Pending => format!("{coupons} {whose}{are} not there yet"),
        Completion::Unproven | Completion::Proven => format!(
            "{coupons} {whose}{are} not there, and nothing proves that no work was under way"
        ),
    })
}

/// Missing coupons that are no proof after a fault.
pub fn after_faults(
    claim: PromiseTerms,
    doubtful: &[&Discrepancy],
    run: &Circumstances,
) -> Option<String> {
    let finding = doubtful
        .iter()
        .find(|finding| matters(claim, finding.kind))?;
    let (coupons, are) = coupons(finding.count);
    (run.faults > 0).then(|| {
        let faults = things(run.faults);
        format!("{coupons} {are} missing, but {faults} went wrong on the way")
    })
}

/// Whether a proven difference of this kind would be a violation or a finding. A promise of "at most" allows missing coupons.
fn matters(claim: PromiseTerms, kind: FindingKind) -> bool {
    claim.promise != Promise::AtMost || kind != FindingKind::UnderIssue
}

/// The number of issued coupons, if it is below the limit, all other attempts were refused, and nothing else explains this. The
/// service may be configured with another limit than the run, or have no coupons left.
pub fn refused_at(claim: PromiseTerms, ledger: &Ledger, run: &Circumstances) -> Option<u64> {
    let (issued, told) = (ledger.issued(), run.told);
    let undisturbed = run.faults == 0 && run.made == run.asked;
    let short = issued < claim.limit && issued == told.issued;
    let refused = told.sold_out > 0 && told.accepted == 0;
    // Every attempt that was not refused got the response "accepted".
    let used_up = issued == 0 && run.made > 0;
    let suspect = undisturbed && short && (refused || used_up);
    (claim.limit_from == LimitFrom::User && suspect).then_some(issued)
}

/// The question to the user if [`refused_at`] returns a number.
pub fn another_limit(issued: u64, limit: u64) -> String {
    match issued {
        0 => "no coupon was issued: every attempt was refused, or got the response \"accepted\": was the event used up, or not \
        reset, before the run?"
            .to_owned(),
        issued => format!(
            "every refused user was refused at {issued} issued: is the event's limit {issued}, and not {limit}?"
        ),
    }
}

/// The number of coupons with the verb that agrees.
fn coupons(count: u64) -> (String, &'static str) {
    match count {
        1 => ("1 coupon".to_owned(), "is"),
        several => (format!("{several} coupons"), "are"),
    }
}

fn things(count: u64) -> String {
    match count {
        1 => "1 attempt or record".to_owned(),
        several => format!("{several} attempts or records"),
    }
}
