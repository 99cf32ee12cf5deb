//! Contradictions between the response to the one claim, the ledger and the target file.

use bytes::Bytes;
use http::Response;

use super::{ServiceCheck, USER};
use crate::{
    model::verdict::Completion,
    service::{
        Meaning, Target,
        connected::{ConnectedService, IssuedCoupons},
        ledger::LedgerContents,
        not_reset,
    },
    strategies::Decision,
    text::format::plural,
};

/// Why no rule matches the response.
pub fn not_understood(target: &Target, answer: &Response<Bytes>) -> Vec<String> {
    let mut doubts = vec!["no [[outcome]] rule matches this answer".to_owned()];
    if answer.status().is_redirection() {
        doubts.push(
            "redirects are not followed: write the URL that the redirect leads to in [claim]"
                .to_owned(),
        );
    }
    let why = target.rules.why_none(answer);
    doubts.extend(why.iter().map(|why| target.secrets.mask(why)));
    doubts
}

/// All contradictions, in the order in which a user would look into them.
pub fn all(check: &ServiceCheck, service: &ConnectedService) -> Vec<String> {
    let mut doubts = Vec::new();
    if check.answer.is_err() {
        doubts.push("the claim was not answered".to_owned());
    }
    let not_empty = check
        .before
        .as_ref()
        .and_then(|found| found.not_empty(check.limit));
    doubts.extend(not_empty.map(|why| format!("a run would refuse to begin: {why}")));
    doubts.extend(
        check
            .after
            .iter()
            .filter_map(|read| read.as_ref().err().cloned()),
    );
    if check.waited.completion == Completion::Pending {
        doubts.extend(check.waited.trouble.clone());
    }
    doubts.extend(nothing_left(check));
    if let (Some(before), Some(Ok(after))) = (&check.before, &check.after) {
        doubts.extend(disagreement(check, before, after, service));
    }
    doubts
}

/// The contradiction between the response and the change of the ledger.
fn disagreement(
    check: &ServiceCheck,
    before: &LedgerContents,
    after: &LedgerContents,
    service: &ConnectedService,
) -> Option<String> {
    let meaning = check.decided()?;
    let more = after.coupons().saturating_sub(before.coupons());
    if let Some(why) = too_many_or_too_few(meaning, more, check.has_drain) {
        return Some(why);
    }
    // A run could not be judged if the ledger spells its users differently.
    match service.issued(after.clone()) {
        Ok(IssuedCoupons::Users(named)) if more > 0 && !named.rows.contains(&USER) => Some(
            "the new coupon in the ledger is not the user's: see `user` in [ledger]".to_owned(),
        ),
        Ok(_) => None,
        Err(why) => Some(why),
    }
}

/// Which part of the event was not reset, if the first user gets no coupon although the ledger is empty.
fn nothing_left(check: &ServiceCheck) -> Option<String> {
    let Meaning::Told(decision) = check.decided()? else {
        return None;
    };
    let is_empty = |found: &LedgerContents| found.coupons() == 0;
    let ledger = match (&check.before, &check.after) {
        (None, _) => "there is no ledger",
        (Some(before), Some(Ok(after))) if is_empty(before) && is_empty(after) => {
            "the ledger is empty"
        }
        _ => return None,
    };
    not_reset(decision).map(|why| format!("{ledger}, but {why}"))
}

/// Why `more` new coupons contradict a response with this meaning. `waited` says whether `[drain]` has a condition.
fn too_many_or_too_few(meaning: Meaning, more: u64, waited: bool) -> Option<String> {
    match (meaning, more) {
        (_, 2..) => Some(format!(
            "there was one claim, and the ledger shows {}: is work of an earlier run still under way, or does the ledger hold more \
             than this event?",
            plural(more, "new coupon")
        )),
        (Meaning::Told(Decision::Issued), 0) => {
            let advice = if waited {
                ""
            } else {
                ": if coupons come later, add a condition to [drain]"
            };
            Some(format!(
                "the answer means issued, and the ledger shows no new coupon{advice}"
            ))
        }
        (Meaning::Told(Decision::SoldOut | Decision::Duplicate) | Meaning::Failed, 1..) => {
            Some(format!(
                "the answer means {}, and the ledger shows a new coupon",
                meaning.name()
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_has_to_grow_by_what_the_answer_means() {
        let issued = Meaning::Told(Decision::Issued);
        let accepted = Meaning::Told(Decision::Accepted);
        let sold_out = Meaning::Told(Decision::SoldOut);
        for (meaning, more, waited, expected) in [
            (issued, 1, true, None),
            (issued, 0, true, Some("shows no new coupon")),
            (issued, 0, false, Some("a condition to [drain]")),
            (issued, 2, true, Some("2 new coupons")),
            (accepted, 0, true, None),
            (accepted, 98, true, Some("98 new coupons")),
            (sold_out, 0, true, None),
            (sold_out, 1, true, Some("means sold_out")),
            (Meaning::Indeterminate, 1, true, None),
        ] {
            let doubt = too_many_or_too_few(meaning, more, waited);
            let fits = doubt
                .as_deref()
                .map(|doubt| expected.is_some_and(|expected| doubt.contains(expected)));
            assert_eq!(
                fits,
                expected.map(|_| true),
                "{meaning:?} {more}: {doubt:?}"
            );
        }
    }
}
