//! The verdict in words, and who was affected: the same sentences in every output.
//!
//! A strategy that promises nothing keeps its promise however many coupons it gives away. Its verdict is "holds" for programs,
//! and must not read as praise here.

use super::{
    Basis, Finding, FindingKind, Run, TargetLoad,
    format::{clean, count, plural, shorten},
    terminal::{Style, Tone},
};
use crate::{
    strategy::Promise,
    verdict::{Verdict, is_trouble},
};

/// How many users a line names.
const USERS: usize = 10;

/// Characters of an answer that a line shows: the JSON has more.
const SAMPLE: usize = 240;

/// Whether coupons went wrong that nothing had promised would go right.
pub(super) fn is_unpromised_failure(run: &Run) -> bool {
    // A promise for one process is none for several.
    let unpromised = matches!(run.promise, Promise::None | Promise::SingleProcess);
    unpromised && run.verdict == Verdict::Holds && serious(run).next().is_some()
}

/// In which colour to say it.
pub(super) fn tone(run: &Run) -> Tone {
    match severity(run) {
        Severity::Violated => Tone::Bad,
        Severity::Finding | Severity::Inconclusive => Tone::Warn,
        Severity::Fine => Tone::Good,
    }
}

/// How bad a run is; the higher, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Nothing went wrong.
    Fine,
    /// Nothing is proven.
    Inconclusive,
    /// Coupons went wrong that nothing had promised would go right.
    Finding,
    /// A promise was broken.
    Violated,
}

/// How bad it is.
pub(super) fn severity(run: &Run) -> Severity {
    match run.verdict {
        Verdict::Violated => Severity::Violated,
        Verdict::Holds if is_unpromised_failure(run) => Severity::Finding,
        Verdict::Inconclusive => Severity::Inconclusive,
        Verdict::Holds => Severity::Fine,
    }
}

/// What there is to say of a run, line by line: the verdict, why, and what was found.
pub(super) fn lines(style: Style, run: &Run, limit: u64) -> Vec<String> {
    let mut lines = vec![headline(style, run, limit)];
    if is_unpromised_failure(run) {
        lines.push(format!("issued {} of {}", issued(run), count(limit)));
    }
    lines.extend(basis(run.ledger.basis).map(str::to_owned));
    lines.extend(run.reasons.iter().map(|reason| clean(reason)));
    lines.extend(run.target.as_deref().into_iter().flat_map(unknown));
    lines.extend(
        run.violations
            .iter()
            .map(|finding| describe(style, finding)),
    );
    lines.extend(
        run.findings
            .iter()
            .filter(|finding| !run.violations.contains(finding))
            .map(|finding| describe(style, finding) + remark(run, finding)),
    );
    lines
}

/// Why it does not count against the strategy, where one would ask.
fn remark(run: &Run, finding: &Finding) -> &'static str {
    match finding.kind {
        FindingKind::DuplicateUser if !run.one_per_user => " · one per user is not promised",
        _ => "",
    }
}

/// What the verdict rests on, where that is not who has which coupon.
fn basis(basis: Basis) -> Option<&'static str> {
    match basis {
        Basis::Users => None,
        Basis::Count => Some(
            "judged by a count: whose coupons they are is unknown, and lost or phantom is the least that must be",
        ),
        Basis::Told => {
            Some("judged by what users were told alone: there is no ledger to hold it against")
        }
    }
}

/// What a service said, and its ledger holds, that nobody expected.
fn unknown(target: &TargetLoad) -> Vec<String> {
    let mut lines = Vec::new();
    for sample in &target.unclassified.samples {
        let headers = clean(&sample.headers.join(", "));
        let body = match clean(&sample.body) {
            body if body.is_empty() => "no body".to_owned(),
            body => body,
        };
        let text = format!("no rule for: status {} · {headers} · {body}", sample.status);
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
            "{} in the ledger of nobody of this run, such as {}: is `user` in [ledger] how it spells them all?",
            plural(strangers.count, "coupon"),
            names.join(", ")
        ));
    }
    lines
}

fn headline(style: Style, run: &Run, limit: u64) -> String {
    let tone = tone(run);
    if is_unpromised_failure(run) {
        let what: Vec<_> = serious(run)
            .map(|finding| format!("{} {}", past(finding.kind), count(finding.count)))
            .collect();
        let promise = match run.promise {
            Promise::SingleProcess => "promises nothing to several processes",
            _ => "promises nothing",
        };
        return format!(
            "{} — {promise}, so this is a finding, not a broken promise",
            style.paint(tone, what.join(", "))
        );
    }
    let promise = match (run.promise, run.verdict) {
        (Promise::None, Verdict::Holds) => "promise none, so holding it proves nothing".to_owned(),
        (promise, _) => format!("promise {promise}"),
    };
    let word = style.paint(tone, word(run.verdict));
    format!("{word}: {} · {promise}", sums(style, run, limit))
}

pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Violated => "violated",
        Verdict::Inconclusive => "inconclusive",
    }
}

fn sums(style: Style, run: &Run, limit: u64) -> String {
    let bad = |text: String, number: u64| {
        let tone = if number == 0 { Tone::Plain } else { Tone::Bad };
        style.paint(tone, text)
    };
    let ledger = &run.ledger;
    let issued = format!("issued {} of {}", issued(run), count(limit));
    if !ledger.is_known() {
        return issued;
    }
    format!(
        "{issued}, {}, {}",
        bad(
            format!("over-issued {}", count(ledger.over_issued)),
            ledger.over_issued
        ),
        bad(format!("lost {}", count(ledger.lost)), ledger.lost),
    )
}

fn issued(run: &Run) -> String {
    run.ledger
        .issued
        .map_or("an unknown number".to_owned(), count)
}

/// Everything but good news.
fn serious(run: &Run) -> impl Iterator<Item = &Finding> {
    run.findings
        .iter()
        .filter(|finding| is_trouble(finding.kind, run.one_per_user))
}

/// A finding and who was affected.
pub(super) fn describe(style: Style, finding: &Finding) -> String {
    let tone = match finding.kind {
        FindingKind::OverIssue | FindingKind::Lost => Tone::Bad,
        _ => Tone::Warn,
    };
    let what = style.paint(
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
    format!("{what}: {users} {}{rest}", named.join(", "))
}

fn noun(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::OverIssue => "over-issue",
        FindingKind::UnderIssue => "under-issue",
        FindingKind::DuplicateUser => "duplicate users",
        FindingKind::Lost => "lost",
        FindingKind::Phantom => "phantom",
        FindingKind::Recovered => "recovered",
    }
}

/// What happened to the coupons.
pub(super) fn past(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::OverIssue => "over-issued",
        FindingKind::UnderIssue => "under-issued",
        other => noun(other),
    }
}
