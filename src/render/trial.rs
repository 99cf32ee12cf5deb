//! One claim of one user, shown step by step: `target check`.

use std::time::Duration;

use super::terminal::{Style, Tone, layout::Page};
use crate::{
    model::report::AnswerSample,
    text::format::{clean, count, duration, plural, shorten},
};
use crate::{
    model::verdict::Completion,
    service::{
        Dialogue, Meaning, Target,
        ledger::Found,
        trial::{Shown, Trial},
    },
    strategies::Decision,
};

/// How many users of a ledger are named.
const USERS: usize = 5;

/// How many users are proposed, where there are so many.
const MANY: u64 = 10_000;

/// Longer texts are cut.
const LINE: usize = 240;

/// The whole trial.
pub fn render(trial: &Trial, target: &Target, style: Style) -> String {
    let mut page = Page::new(style.readable());
    let promised = if target.one_per_user {
        ", one per user"
    } else {
        ""
    };
    let name = clean(&target.path.display().to_string());
    page.labelled(
        "target",
        &format!("{name} · promise {}{promised}", target.promise),
    );
    let version = target.service.version;
    let at = clean(&trial.addresses.join(", "));
    page.labelled(
        "service",
        &format!("{} · {at} · {version}", clean(&target.address())),
    );
    page.gap();
    for part in &trial.setup {
        dialogue(&mut page, "setup", part);
    }
    before(&mut page, trial.before.as_ref());
    for step in &trial.steps {
        page.gap();
        dialogue(&mut page, "step", step);
    }
    request(&mut page, &trial.request);
    answer(&mut page, trial);
    for (step, rule) in &trial.followed {
        page.gap();
        dialogue(&mut page, "then", step);
        means(&mut page, *rule);
    }
    drained(&mut page, trial);
    after(&mut page, trial.after.as_ref());
    page.gap();
    conclusion(&mut page, trial, target);
    page.finish()
}

/// What was sent, and what came back.
fn dialogue(page: &mut Page, label: &str, part: &Dialogue) {
    let what = format!("{} → {}", clean(&part.name), part.answer);
    page.labelled(label, &what);
    for line in &part.sent {
        page.labelled("", &format!("→ {}", shorten(&clean(line), LINE)));
    }
    for line in &part.received {
        page.labelled("", &format!("← {}", shorten(&clean(line), LINE)));
    }
}

fn request(page: &mut Page, request: &Shown) {
    page.gap();
    page.labelled("claim", &clean(&request.line));
    message(page, &request.headers, &request.body);
}

fn message(page: &mut Page, headers: &[String], body: &str) {
    for header in headers {
        page.labelled("", &shorten(&clean(header), LINE));
    }
    if !body.is_empty() {
        page.labelled("", &shorten(&clean(body), LINE));
    }
}

fn answer(page: &mut Page, trial: &Trial) {
    page.gap();
    match &trial.answer {
        Err(error) => {
            let text = page.style.paint(Tone::Bad, clean(&error.message));
            page.labelled("answer", &text);
        }
        Ok((sample, took)) => {
            let AnswerSample {
                status,
                headers,
                body,
            } = sample;
            page.labelled("answer", &format!("status {status} after {}", time(*took)));
            message(page, headers, body);
            means(page, trial.rule);
        }
    }
}

fn means(page: &mut Page, rule: Option<(usize, Meaning)>) {
    let meaning = match rule {
        None => page.style.paint(Tone::Warn, "no rule fits it"),
        Some((number, meaning)) => format!("{} · by [[outcome]] rule {number}", said(meaning)),
    };
    page.labelled("means", &meaning);
}

fn said(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Told(Decision::Accepted) => "accepted: the ledger will tell",
        meaning => meaning.name(),
    }
}

fn drained(page: &mut Page, trial: &Trial) {
    page.gap();
    let after = time(trial.moved_after);
    match (trial.waited.completion, trial.has_drain) {
        (Completion::Proven, true) => page.labelled("drained", &format!("after {after}")),
        // What stood still is not known to be done.
        (Completion::Unproven, true) => page.labelled("drained", "unknown: the ledger stood still"),
        (Completion::Proven | Completion::Unproven, false) => {}
        (Completion::Pending, _) => {
            let text = page.style.paint(Tone::Warn, "no");
            page.labelled("drained", &text);
        }
    }
}

fn before(page: &mut Page, read: Option<&Found>) {
    let text = match read {
        None => "none: a run can only judge what users were told".to_owned(),
        Some(found) => format!("before: {}", held(found)),
    };
    page.labelled("ledger", &text);
}

fn after(page: &mut Page, read: Option<&Result<Found, String>>) {
    let text = match read {
        None => return,
        Some(Ok(found)) => format!("after: {}", held(found)),
        // The reason is a doubt, too.
        Some(Err(_)) => page.style.paint(Tone::Bad, "after: could not be read"),
    };
    page.labelled("ledger", &text);
}

fn held(found: &Found) -> String {
    match found {
        Found::Count(number) => format!("a count of {}", count(*number)),
        Found::Stock(stock) => format!("a stock of {} left of {}", stock.left, count(stock.limit)),
        Found::Users(users) if users.is_empty() => "no coupons".to_owned(),
        Found::Users(users) => {
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

fn conclusion(page: &mut Page, trial: &Trial, target: &Target) {
    for doubt in &trial.doubts {
        page.barred(Tone::Warn, &clean(doubt));
    }
    if trial.doubts.is_empty() {
        let name = clean(&target.path.display().to_string());
        let users = target
            .users
            .as_ref()
            .map_or(MANY, |users| users.len().min(MANY));
        let limit = trial.limit;
        page.barred(
            Tone::Good,
            &format!("ready: coupon-bench run --target {name} --users {users} --limit {limit}"),
        );
        let left = matches!(&trial.after, Some(Ok(found)) if found.coupons() > 0);
        if left && target.setup.is_empty() {
            page.barred(
                Tone::Plain,
                "no [[setup]] resets the event: a run begins only if its ledger is empty",
            );
        }
    }
}

fn time(time: Duration) -> String {
    duration(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}
