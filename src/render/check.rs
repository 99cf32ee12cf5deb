//! `target check`: one claim of one user, step by step.

use std::time::Duration;

use super::document::{Document, Style, Text, Tone};
use crate::{
    model::{report::AnswerSample, verdict::Completion},
    service::{
        ExchangeText, Meaning, Target,
        check::{ServiceCheck, ShownRequest},
        ledger::LedgerContents,
    },
    strategies::Decision,
    text::{
        durations::nanoseconds,
        format::{clean, count, duration, plural, shorten},
    },
};

/// The number of users of a ledger that are named.
const USERS: usize = 5;

/// The largest number of users that the proposed command has.
const MANY: u64 = 10_000;

/// Longer texts are cut.
const LINE: usize = 240;

/// The check of a target, and the command of a run if the check has found no problem.
pub fn render(trial: &ServiceCheck, target: &Target, style: Style) -> String {
    let mut document = Document::new();
    let promised = if target.one_per_user {
        ", one per user"
    } else {
        ""
    };
    let name = clean(&target.path.display().to_string());
    document.fact(
        "target",
        format!("{name} · promise {}{promised}", target.promise),
    );
    let version = target.service.version;
    let at = clean(&trial.addresses.join(", "));
    document.fact(
        "service",
        format!("{} · {at} · {version}", clean(&target.address())),
    );
    document.gap();
    for part in &trial.setup {
        dialogue(&mut document, "setup", part);
    }
    before(&mut document, trial.before.as_ref());
    for step in &trial.steps {
        document.gap();
        dialogue(&mut document, "step", step);
    }
    request(&mut document, &trial.request);
    answer(&mut document, trial);
    for (step, rule) in &trial.followed {
        document.gap();
        dialogue(&mut document, "then", step);
        means(&mut document, *rule);
    }
    drained(&mut document, trial);
    after(&mut document, trial.after.as_ref());
    document.gap();
    conclusion(&mut document, trial, target);
    document.terminal(style)
}

/// The requests and the answers of one step.
fn dialogue(document: &mut Document, label: &str, part: &ExchangeText) {
    let what = format!("{} → {}", clean(&part.name), part.answer);
    document.fact(label, what);
    for line in &part.sent {
        document.fact("", format!("→ {}", shorten(&clean(line), LINE)));
    }
    for line in &part.received {
        document.fact("", format!("← {}", shorten(&clean(line), LINE)));
    }
}

fn request(document: &mut Document, request: &ShownRequest) {
    document.gap();
    document.fact("claim", clean(&request.line));
    message(document, &request.headers, &request.body);
}

fn message(document: &mut Document, headers: &[String], body: &str) {
    for header in headers {
        document.fact("", shorten(&clean(header), LINE));
    }
    if !body.is_empty() {
        document.fact("", shorten(&clean(body), LINE));
    }
}

fn answer(document: &mut Document, trial: &ServiceCheck) {
    document.gap();
    match &trial.answer {
        Err(error) => {
            let text = Text::toned(Tone::Bad, clean(&error.message));
            document.fact("answer", text);
        }
        Ok((sample, took)) => {
            let AnswerSample {
                status,
                headers,
                body,
            } = sample;
            document.fact("answer", format!("status {status} after {}", time(*took)));
            message(document, headers, body);
            means(document, trial.rule);
        }
    }
}

fn means(document: &mut Document, rule: Option<(usize, Meaning)>) {
    let meaning = match rule {
        None => Text::toned(Tone::Warn, "no rule fits it"),
        Some((number, meaning)) => {
            format!("{} · by [[outcome]] rule {number}", said(meaning)).into()
        }
    };
    document.fact("means", meaning);
}

fn said(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Told(Decision::Accepted) => "accepted: the ledger will tell",
        meaning => meaning.name(),
    }
}

fn drained(document: &mut Document, trial: &ServiceCheck) {
    document.gap();
    let after = time(trial.moved_after);
    match (trial.waited.completion, trial.has_drain) {
        (Completion::Proven, true) => document.fact("drained", format!("after {after}")),
        // A ledger that no longer changes is no proof that the drain is complete.
        (Completion::Unproven, true) => {
            document.fact("drained", "unknown: the ledger no longer changes");
        }
        (Completion::Proven | Completion::Unproven, false) => {}
        (Completion::Pending, _) => {
            let text = Text::toned(Tone::Warn, "no");
            document.fact("drained", text);
        }
    }
}

fn before(document: &mut Document, read: Option<&LedgerContents>) {
    let text = match read {
        None => "none: a run can judge the answers alone".to_owned(),
        Some(found) => format!("before: {}", held(found)),
    };
    document.fact("ledger", text);
}

fn after(document: &mut Document, read: Option<&Result<LedgerContents, String>>) {
    let text = match read {
        None => return,
        Some(Ok(found)) => format!("after: {}", held(found)).into(),
        // The reason is one of the doubts.
        Some(Err(_)) => Text::toned(Tone::Bad, "after: could not be read"),
    };
    document.fact("ledger", text);
}

fn held(found: &LedgerContents) -> String {
    match found {
        LedgerContents::Count(number) => format!("a count of {}", count(*number)),
        LedgerContents::Stock(stock) => {
            format!("a stock of {} left of {}", stock.left, count(stock.limit))
        }
        LedgerContents::Users(users) if users.is_empty() => "no coupons".to_owned(),
        LedgerContents::Users(users) => {
            let named: Vec<_> = users
                .iter()
                .take(USERS)
                .map(|row| shorten(&clean(&row.user), LINE))
                .collect();
            let more = if users.len() > USERS { " …" } else { "" };
            let coupons = plural(users.len() as u64, "coupon");
            let users = if users.len() == 1 { "user" } else { "users" };
            format!("{coupons}, of {users} {}{more}", named.join(", "))
        }
    }
}

fn conclusion(document: &mut Document, trial: &ServiceCheck, target: &Target) {
    for doubt in &trial.doubts {
        document.bar(Tone::Warn, clean(doubt));
    }
    if trial.doubts.is_empty() {
        let name = clean(&target.path.display().to_string());
        let users = target
            .users
            .as_ref()
            .map_or(MANY, |users| users.len().min(MANY));
        let limit = trial.limit;
        document.bar(
            Tone::Good,
            format!("ready: coupon-bench run --target {name} --users {users} --limit {limit}"),
        );
        let left = matches!(&trial.after, Some(Ok(found)) if found.coupons() > 0);
        if left && target.setup.is_empty() {
            document.bar(
                Tone::Plain,
                "no [[setup]] resets the event: a run begins only if its ledger is empty",
            );
        }
    }
}

fn time(time: Duration) -> String {
    duration(nanoseconds(time))
}
