//! Validates `[claim]`, `[confirm]` and `[poll]`.

use std::time::Duration;

use toml::Spanned;

use super::{Scope, Validator, captures::Space, wrong};
use crate::{
    input::error::UsageError,
    service::{
        Meaning, RequestTemplate, Rules,
        claim::{Follow, Poll},
        file::{self, Drain, TargetFile},
        request::capture::Captures,
    },
    strategies::Decision,
    text::{problem::Problem, values::span},
};

/// The pause between a response and the next poll, unless the file gives one.
const EVERY: Duration = Duration::from_millis(200);

/// The timeout of the polls, unless the file gives one.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The requests from the claim to the decision.
pub(super) struct Claims {
    pub request: RequestTemplate,
    pub captures: Captures,
    pub rules: Rules,
    pub confirm: Option<Follow>,
    pub poll: Option<Poll>,
}

impl Validator<'_> {
    pub(super) fn claims(&mut self, typed: &TargetFile) -> Result<Claims, UsageError> {
        let request = self.claim(typed.claim.get_ref())?;
        let captures = self.captures(&typed.claim.get_ref().capture, Space::Claim)?;
        // Each of the two can use the captures of the other: the responses decide which is sent first.
        let follows = [&typed.confirm, &typed.poll];
        let [confirm_captures, poll_captures] = follows.map(|follow| match follow {
            None => Ok(Captures::default()),
            Some(follow) => self.captures(&follow.get_ref().capture, Space::Claim),
        });
        let confirm = typed.confirm.as_ref();
        let poll = typed.poll.as_ref();
        let claims = Claims {
            request,
            captures,
            rules: self.rules(&typed.outcome)?,
            confirm: match confirm {
                None => None,
                Some(typed) => Some(self.confirm(typed, confirm_captures?)?),
            },
            poll: match poll {
                None => None,
                Some(typed) => Some(self.poll(typed, poll_captures?)?),
            },
        };
        self.can_decide(&claims, typed)?;
        self.leads_on(&claims, typed)?;
        Ok(claims)
    }

    fn claim(&mut self, typed: &file::Request) -> Result<RequestTemplate, UsageError> {
        if let Some(status) = typed.status.first() {
            let advice = "write an [[outcome]] for each answer to a claim";
            return Err(wrong(
                self.file,
                status,
                Problem::new("status of a claim", advice),
            ));
        }
        self.request(&typed.parts(), "POST", Scope::User)
    }

    fn confirm(
        &mut self,
        spanned: &Spanned<file::Follow>,
        captures: Captures,
    ) -> Result<Follow, UsageError> {
        let typed = spanned.get_ref();
        if let Some(typed) = typed.every.as_ref().or(typed.timeout.as_ref()) {
            let problem = Problem::new(
                "time of a confirmation",
                "it is sent once and immediately: only [poll] repeats a request",
            );
            return Err(wrong(self.file, typed, problem));
        }
        let follow = self.follow(spanned, "POST", captures)?;
        if follow.rules.has(Meaning::Reserved) {
            let problem = Problem::new(
                "\"reserved\" after a confirmation",
                "a confirmation is sent once: its answer decides, or means \"waiting\"",
            );
            return Err(self.file.wrong_at(spanned.span().start, problem));
        }
        Ok(follow)
    }

    fn poll(
        &mut self,
        spanned: &Spanned<file::Follow>,
        captures: Captures,
    ) -> Result<Poll, UsageError> {
        let typed = spanned.get_ref();
        let duration = |typed: &Option<_>, usual| {
            let typed = typed.as_ref();
            typed.map_or(Ok(usual), |typed| self.parse(typed, span))
        };
        let (every, timeout) = (
            duration(&typed.every, EVERY)?,
            duration(&typed.timeout, TIMEOUT)?,
        );
        if every.is_zero() || every >= timeout {
            let problem = Problem::new(
                "timeout that is not longer than every",
                "there would be no second poll: give it more time",
            );
            return Err(self.file.wrong_at(spanned.span().start, problem));
        }
        let follow = self.follow(spanned, "GET", captures)?;
        Ok(Poll {
            follow,
            every,
            timeout,
        })
    }

    fn follow(
        &mut self,
        spanned: &Spanned<file::Follow>,
        usual: &'static str,
        captures: Captures,
    ) -> Result<Follow, UsageError> {
        let typed = spanned.get_ref();
        let request = self.request(&typed.parts(), usual, Scope::User)?;
        if request.has_attempt() {
            let problem = Problem::new(
                "placeholder of an attempt after the claim",
                "capture a value of the answer to the claim, and use {{claim.NAME}}",
            );
            return Err(self.file.wrong_at(spanned.span().start, problem));
        }
        if typed.outcome.is_empty() {
            let problem = Problem::new(
                "no [[outcome]] for the answers",
                "add [[confirm.outcome]] or [[poll.outcome]]",
            );
            return Err(self.file.wrong_at(spanned.span().start, problem));
        }
        Ok(Follow {
            request,
            captures,
            rules: self.rules(&typed.outcome)?,
        })
    }

    /// Requires a rule that means `issued` or `accepted`; and for `accepted` a ledger and a drain condition.
    fn can_decide(&self, claims: &Claims, typed: &TargetFile) -> Result<(), UsageError> {
        let accepted = Meaning::Told(Decision::Accepted);
        let has = |meaning| claims.all().any(|rules| rules.has(meaning));
        if !has(Meaning::Told(Decision::Issued)) && !has(accepted) {
            let problem = Problem::new(
                "no answer means issued",
                "add an [[outcome]] with is = \"issued\" (or \"accepted\", if the answers do not decide)",
            );
            return Err(self.file.wrong_at(typed.claim.span().start, problem));
        }
        let drain = typed.drain.as_ref().map(Spanned::get_ref);
        let has_criterion = drain.is_some_and(Drain::has_criterion);
        let missing = match (has(accepted), &typed.ledger, has_criterion) {
            (true, None, _) => Some(Problem::new(
                "\"accepted\" without a [ledger]",
                "if the answers do not decide, only a ledger shows which users have a coupon",
            )),
            (true, _, false) => Some(Problem::new(
                "\"accepted\" without a [drain]",
                "the run has to wait for coupons that come later: add a condition to [drain] that shows that no work is left (http, kafka, redis, \
                 rabbitmq or sql), or write synchronous = true if the coupon is durable before the answer",
            )),
            _ => None,
        };
        missing.map_or(Ok(()), |problem| {
            Err(self.file.wrong_at(first_outcome(typed), problem))
        })
    }

    /// Requires a `[poll]` for `waiting` and a `[confirm]` for `reserved`, and a rule for each of the two tables.
    fn leads_on(&self, claims: &Claims, typed: &TargetFile) -> Result<(), UsageError> {
        let parts = [
            ("waiting", Meaning::Waiting, "[poll]", &typed.poll),
            ("reserved", Meaning::Reserved, "[confirm]", &typed.confirm),
        ];
        for (word, meaning, table, there) in parts {
            let led = claims.all().any(|rules| rules.has(meaning));
            let (start, problem) = match (led, there) {
                (true, None) => (
                    first_outcome(typed),
                    Problem::new(
                        format!("\"{word}\" without a {table}"),
                        "add the table: the next request, and the meanings of its answers",
                    ),
                ),
                (false, Some(there)) => (
                    there.span().start,
                    Problem::new(
                        format!("{table} that no [[outcome]] leads to"),
                        format!("add an [[outcome]] with is = \"{word}\", or remove the table"),
                    ),
                ),
                _ => continue,
            };
            return Err(self.file.wrong_at(start, problem));
        }
        Ok(())
    }
}

impl Claims {
    /// The rules of all requests.
    fn all(&self) -> impl Iterator<Item = &Rules> {
        let confirm = self.confirm.iter().map(|confirm| &confirm.rules);
        let poll = self.poll.iter().map(|poll| &poll.follow.rules);
        [&self.rules].into_iter().chain(confirm).chain(poll)
    }
}

fn first_outcome(typed: &TargetFile) -> usize {
    let first = typed.outcome.first();
    first.map_or(0, |outcome| outcome.span().start)
}
