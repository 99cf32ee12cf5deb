//! The sentence and the remedy of each shape of a finding.

use super::{
    HuntCircumstances,
    cause::{Cause, Stale},
    effects::verb,
};
use crate::{
    gate::GateKind,
    judge::witness::sentence,
    model::{interleaving::user_names, outcome::Outcome, verdict::FindingKind},
};

/// The longest statement in a sentence, in characters.
const LONGEST: usize = 60;

/// One sentence that explains the finding.
pub(super) fn why(scene: &HuntCircumstances<'_>, kind: FindingKind, cause: &Cause) -> String {
    let text = match cause {
        Cause::NotGivenBack { counted } => format!(
            "{} counted {} in Redis before its transaction failed, and the count was not given back",
            scene.who(*counted),
            scene.text(*counted)
        ),
        Cause::LockEndedEarly { release, stale } => {
            let holder = scene.actor(stale.change.contender);
            let release = match release {
                Some(at) => format!("{holder} released its lock ({})", scene.name(*at)),
                None => format!("{holder} released its lock inside the service"),
            };
            format!("{release} before its COMMIT: {}", stale_text(scene, stale))
        }
        Cause::StaleRead(stale) => stale_text(scene, stale),
        Cause::OldSnapshot(stale) => format!(
            "{} read {} from the snapshot of its transaction, which is older than {}'s {}",
            scene.who(stale.read),
            scene.text(stale.read),
            scene.actor(stale.change.contender),
            stale.change.verb
        ),
        Cause::NoRace(Some(read)) if kind == FindingKind::OverIssue => format!(
            "{} saw {} at a limit of {} and went on: no race is needed",
            scene.who(*read),
            scene.text(*read),
            scene.case.limit
        ),
        Cause::NoRace(_) => format!("{}: no race is needed", without_read(scene, kind)),
        Cause::Unknown => without_read(scene, kind),
    };
    sentence(&[], &text)
}

fn stale_text(scene: &HuntCircumstances<'_>, stale: &Stale) -> String {
    format!(
        "{} read {} before {}'s {} was visible, and went on when that was no longer true",
        scene.who(stale.read),
        scene.text(stale.read),
        scene.actor(stale.change.contender),
        stale.change.verb
    )
}

/// The finding in words, if no read explains it.
fn without_read(scene: &HuntCircumstances<'_>, kind: FindingKind) -> String {
    let finding = scene.findings.iter().find(|finding| finding.kind == kind);
    let users = finding.map_or(&[][..], |finding| finding.users.as_slice());
    let who = if users.is_empty() {
        "a user".to_owned()
    } else {
        user_names(users)
    };
    match kind {
        FindingKind::OverIssue => {
            format!(
                "{who} was let through beyond the limit of {}",
                scene.case.limit
            )
        }
        FindingKind::UnderIssue => under_issue(scene),
        FindingKind::DuplicateUser => {
            format!("{who} has two rows, because nothing prevents the second row")
        }
        FindingKind::DuplicateCode => "one code was given to two users".to_owned(),
        FindingKind::Lost => format!("{who} was told \"issued\", and no row will ever come"),
        FindingKind::Phantom => format!("{who} was not told \"issued\", and has a row"),
        FindingKind::Recovered => format!("{who} got no answer, and has a row"),
    }
}

fn under_issue(scene: &HuntCircumstances<'_>) -> String {
    let attempts = scene.attempts.iter();
    let without = attempts.filter(|attempt| attempt.outcome != Outcome::Issued);
    format!(
        "coupons are left, and {} of {} attempts came away without one",
        without.count(),
        scene.attempts.len()
    )
}

/// One sentence with a remedy; empty if the shape suggests none.
pub(super) fn advice(
    scene: &HuntCircumstances<'_>,
    kind: FindingKind,
    cause: &Cause,
) -> &'static str {
    let duplicate = scene
        .findings
        .iter()
        .any(|finding| finding.kind == FindingKind::DuplicateUser);
    match cause {
        Cause::NotGivenBack { .. } => {
            "Give the count back (DECR) when the transaction fails, or decide in the database."
        }
        Cause::LockEndedEarly { .. } => {
            "Release the lock after the COMMIT; in Spring, take the lock outside the @Transactional method."
        }
        Cause::OldSnapshot(_) => {
            "Take the lock before the first read of the transaction, or read with FOR UPDATE: under REPEATABLE READ, a plain \
             read returns the data of the first read."
        }
        Cause::StaleRead(stale) if stale.change.kind == GateKind::Redis => {
            "Check and change in one step: one Lua script, or INCR and the number that it returns."
        }
        Cause::StaleRead(_) | Cause::NoRace(_) | Cause::Unknown if duplicate => {
            "Add a unique key on (event, user), and answer \"duplicate\" when it refuses the row."
        }
        Cause::StaleRead(stale) if writes_back(scene, stale) => {
            "Let the database count: UPDATE … SET issued = issued + 1 WHERE issued < limit, and decide by the number of changed rows."
        }
        Cause::StaleRead(_) => {
            "Decide and write in one statement (UPDATE … SET issued = issued + 1 WHERE issued < limit), or lock the event row \
             first (SELECT … FOR UPDATE)."
        }
        Cause::NoRace(_) | Cause::Unknown => match kind {
            FindingKind::OverIssue => {
                "Compare the count with the limit in the statement that issues the coupon."
            }
            FindingKind::Lost => "Answer \"issued\" only after the COMMIT succeeded.",
            FindingKind::Phantom | FindingKind::Recovered => {
                "Answer by the result of the COMMIT: an error after it does not undo the row."
            }
            _ => "",
        },
    }
}

/// Whether the request updates the table that it read.
fn writes_back(scene: &HuntCircumstances<'_>, stale: &Stale) -> bool {
    let reads = &scene.steps[stale.read].statement.footprint.reads;
    let after = &scene.steps[stale.read..=stale.acted.at];
    after.iter().any(|step| {
        step.contender == stale.acted.contender
            && step.kind == stale.acted.kind
            // MySQL tells that nothing was changed if the row had the same value before.
            && verb(step).as_deref() == Some("UPDATE")
            && step.statement.footprint.writes.meets(reads)
    })
}

impl HuntCircumstances<'_> {
    /// The user of a step.
    fn who(&self, at: usize) -> String {
        self.actor(self.steps[at].contender)
    }

    /// The statement of a step: `SELECT count(*) FROM coupon`.
    fn name(&self, at: usize) -> String {
        let shown = &self.steps[at].shown;
        if shown.chars().count() <= LONGEST {
            return shown.clone();
        }
        let kept: String = shown.chars().take(LONGEST - 1).collect();
        format!("{}…", kept.trim_end())
    }

    /// The statement of a step with its answer: `SELECT count(*) FROM coupon → 0`.
    fn text(&self, at: usize) -> String {
        match &self.steps[at].answer.text {
            Some(saw) => format!("{} → {saw}", self.name(at)),
            None => self.name(at),
        }
    }
}
