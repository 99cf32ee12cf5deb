//! The verdict of a run and the affected users in sentences, which are the same in every output.
//!
//! A strategy that promises nothing cannot break its promise. The sentences say so: "holds" alone would read as praise.

use super::document::{Text, Tone};
use crate::{
    judge::verdict::is_defect,
    model::{
        report::{Basis, Finding, Run, TargetLoad},
        verdict::{FindingKind, Verdict},
    },
    strategies::Promise,
    text::format::{clean, count, known, percent, shorten},
};

/// The number of users that a line names.
const USERS: usize = 10;

/// The number of characters that a line shows of an answer. The JSON has more.
const SAMPLE: usize = 240;

/// The tone of a run's verdict.
pub(super) fn tone(run: &Run) -> Tone {
    match run.verdict {
        Verdict::Violated => Tone::Bad,
        Verdict::Finding | Verdict::Inconclusive => Tone::Warn,
        Verdict::Holds => Tone::Good,
    }
}

/// The rank of a verdict: a higher number is a worse verdict.
pub(super) fn severity(verdict: Verdict) -> usize {
    let rank = Verdict::ALL.iter().rev().position(|one| *one == verdict);
    rank.unwrap_or_default()
}

/// The lines of a run: the verdict, its reasons, and the findings.
pub(super) fn lines(run: &Run, limit: u64) -> Vec<Text> {
    let mut lines = vec![headline(run, limit)];
    lines.extend(undecided(run).map(Text::from));
    lines.extend(basis(run.ledger.basis).map(Text::from));
    lines.extend(run.reasons.iter().map(|reason| clean(reason).into()));
    let unknown = run.target.as_deref().into_iter().flat_map(unknown);
    lines.extend(unknown.map(Text::from));
    lines.extend(run.violations.iter().map(describe));
    let others = run.findings.iter();
    let others = others.filter(|finding| !run.violations.contains(finding));
    lines.extend(others.map(|finding| describe(finding).then(remark(run, finding))));
    lines
}

/// The reason why a finding does not break the promise, where that is not obvious.
fn remark(run: &Run, finding: &Finding) -> &'static str {
    match finding.kind {
        FindingKind::DuplicateUser if !run.one_per_user => " · one per user is not promised",
        _ => "",
    }
}

/// The evidence of the verdict, where the ledger does not name the users.
fn basis(basis: Basis) -> Option<&'static str> {
    match basis {
        Basis::Users => None,
        Basis::Count => Some(
            "judged by a count: the users of the coupons are unknown, and the numbers of lost and phantom coupons are minimums",
        ),
        Basis::Told => Some("judged by the answers alone, as there is no ledger"),
    }
}

/// Answers that no rule of the service's file fits, and users of the ledger that are not users of the run.
fn unknown(target: &TargetLoad) -> Vec<String> {
    let mut lines = Vec::new();
    for sample in &target.unclassified.samples {
        let headers = clean(&sample.headers.join(", "));
        let body = match clean(&sample.body) {
            body if body.is_empty() => "no body".to_owned(),
            body => body,
        };
        // The body explains the answer, so it comes before the headers, which may be cut off.
        let text = format!("no rule for: status {} · {body} · {headers}", sample.status);
        lines.push(shorten(&text, SAMPLE));
    }
    let strangers = &target.strangers;
    if strangers.count > 0 {
        let names: Vec<_> = strangers
            .samples
            .iter()
            .map(|name| format!("{:?}", clean(name)))
            .collect();
        lines.push(format!(
            "coupons in the ledger of users outside this run: {}, such as {}: check that `user` in [ledger] gives the names as the ledger spells them",
            count(strangers.count),
            names.join(", ")
        ));
    }
    lines
}

fn headline(run: &Run, limit: u64) -> Text {
    Text::toned(tone(run), run.verdict.name())
        .then(": ")
        .then(sums(run, limit))
        .then(format!(" · {}", promised(run)))
}

/// The promise, and its meaning for the verdict where that is not obvious.
fn promised(run: &Run) -> String {
    let promise = run.promise;
    let remark = match (run.verdict, promise) {
        (Verdict::Holds, Promise::None) => ", so this verdict proves nothing",
        (Verdict::Finding, Promise::SingleProcess) => {
            ", which covers one process alone: no promise is broken"
        }
        (Verdict::Finding, Promise::None) => ", so no promise is broken",
        (Verdict::Finding, _) => ", which does not cover this: no promise is broken",
        _ => "",
    };
    format!("promise {promise}{remark}")
}

/// The number of attempts without a decision, if there are any.
fn undecided(run: &Run) -> Option<String> {
    let share = run.undecided.share.filter(|share| *share > 0.0)?;
    Some(format!(
        "never decided: {} of {} attempts, {}\u{a0}% ({} failed, {} indeterminate)",
        count(run.undecided.attempts),
        count(run.attempts.total),
        percent(share),
        count(run.attempts.failed),
        count(run.attempts.indeterminate),
    ))
}

fn sums(run: &Run, limit: u64) -> Text {
    let (ledger, limit) = (&run.ledger, count(limit));
    let bad = |what: &str, number: Option<u64>| {
        let tone = if number > Some(0) {
            Tone::Bad
        } else {
            Tone::Plain
        };
        Text::toned(tone, format!("{what} {}", known(number)))
    };
    let mut parts = match (ledger.basis, ledger.issued) {
        (Basis::Told, _) => {
            let told = count(run.attempts.issued);
            vec![
                format!("told \"issued\" {told} of {limit}").into(),
                bad("over-issued", ledger.over_issued),
            ]
        }
        (_, None) => vec![format!("issued an unknown number of {limit}").into()],
        (_, Some(issued)) => vec![
            format!("issued {} of {limit}", count(issued)).into(),
            bad("over-issued", ledger.over_issued),
            bad("lost", ledger.lost),
        ],
    };
    // The first line names the kind of every finding that decides the verdict.
    let others = run.findings.iter().filter(|finding| {
        let said = [FindingKind::OverIssue, FindingKind::Lost].contains(&finding.kind);
        run.verdict == Verdict::Finding && is_defect(finding.kind, run.one_per_user) && !said
    });
    parts.extend(others.map(|finding| bad(past(finding.kind), Some(finding.count))));
    Text::joined(parts, ", ")
}

/// A finding and the affected users.
pub(super) fn describe(finding: &Finding) -> Text {
    let tone = match finding.kind {
        FindingKind::OverIssue | FindingKind::Lost => Tone::Bad,
        _ => Tone::Warn,
    };
    let what = Text::toned(
        tone,
        format!("{} {}", noun(finding.kind), count(finding.count)),
    );
    let named: Vec<_> = finding
        .users
        .iter()
        .take(USERS)
        .map(u64::to_string)
        .collect();
    if named.is_empty() {
        return what;
    }
    let users = if named.len() == 1 { "user" } else { "users" };
    let more = finding.count.saturating_sub(named.len() as u64);
    let rest = if more == 0 {
        String::new()
    } else {
        format!(" … and {} more", count(more))
    };
    what.then(format!(": {users} {}{rest}", named.join(", ")))
}

fn noun(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::OverIssue => "over-issue",
        FindingKind::UnderIssue => "under-issue",
        FindingKind::DuplicateUser => "duplicate users",
        FindingKind::DuplicateCode => "duplicate codes",
        FindingKind::Lost => "lost",
        FindingKind::Phantom => "phantom",
        FindingKind::Recovered => "recovered",
    }
}

/// The kind of a finding as a participle.
pub(super) fn past(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::OverIssue => "over-issued",
        FindingKind::UnderIssue => "under-issued",
        other => noun(other),
    }
}
