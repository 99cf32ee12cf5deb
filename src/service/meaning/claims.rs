//! How a user asks: the claim, what its answers mean, and what follows an answer that decides nothing.

use std::time::Duration;

use toml::Spanned;

use super::{Reader, Speaks, captures::Space, wrong};
use crate::{
    input::error::UsageError,
    service::{
        Meaning, RequestTemplate, Rules,
        capture::Captures,
        claim::{Follow, Poll},
        file::{self, Drain, TargetFile},
    },
    strategies::Decision,
    text::{problem::Problem, values::span},
};

/// Between an answer and the next question, unless the file says otherwise.
const EVERY: Duration = Duration::from_millis(200);

/// How long is asked, unless the file says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Everything from a user's question to the decision.
pub(super) struct Claims {
    pub request: RequestTemplate,
    pub captures: Captures,
    pub rules: Rules,
    pub confirm: Option<Follow>,
    pub poll: Option<Poll>,
}

impl Reader<'_> {
    pub(super) fn claims(&mut self, typed: &TargetFile) -> Result<Claims, UsageError> {
        let request = self.claim(typed.claim.get_ref())?;
        let captures = self.captures(&typed.claim.get_ref().capture, Space::Claim)?;
        // Each of the two can use what the other one captures: which goes first is for the answers to say.
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
            let advice = "what an answer to a claim means is said by [[outcome]]";
            return Err(wrong(
                self.file,
                status,
                Problem::new("status of a claim", advice),
            ));
        }
        self.request(&typed.parts(), "POST", Speaks::OfAUser)
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
                "it is sent once and at once: only [poll] asks again",
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
                "there would be no second question: give it more time",
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
        let request = self.request(&typed.parts(), usual, Speaks::OfAUser)?;
        if request.has_attempt() {
            let problem = Problem::new(
                "placeholder of an attempt after the claim",
                "capture what the claim was answered, and use {{claim.NAME}}",
            );
            return Err(self.file.wrong_at(spanned.span().start, problem));
        }
        if typed.outcome.is_empty() {
            let problem = Problem::new(
                "no answer means anything",
                "say what its answers mean, in [[confirm.outcome]] or [[poll.outcome]]",
            );
            return Err(self.file.wrong_at(spanned.span().start, problem));
        }
        Ok(Follow {
            request,
            captures,
            rules: self.rules(&typed.outcome)?,
        })
    }

    /// Of all answers, one has to be good news; and what says neither yes nor no needs a ledger that does.
    fn can_decide(&self, claims: &Claims, typed: &TargetFile) -> Result<(), UsageError> {
        let accepted = Meaning::Told(Decision::Accepted);
        let has = |meaning| claims.all().any(|rules| rules.has(meaning));
        if !has(Meaning::Told(Decision::Issued)) && !has(accepted) {
            let problem = Problem::new(
                "no answer means issued",
                "add an [[outcome]] with is = \"issued\" (or \"accepted\", where answers say neither yes nor no)",
            );
            return Err(self.file.wrong_at(typed.claim.span().start, problem));
        }
        let drain = typed.drain.as_ref().map(Spanned::get_ref);
        let says_how = drain.is_some_and(Drain::says_how);
        let missing = match (has(accepted), &typed.ledger, says_how) {
            (true, None, _) => Some(Problem::new(
                "\"accepted\" without a [ledger]",
                "if answers say neither yes nor no, only a ledger tells who has a coupon",
            )),
            (true, _, false) => Some(Problem::new(
                "\"accepted\" without a [drain]",
                "coupons that come later have to be waited for: say in [drain] what shows that no work is left (http, kafka, redis, \
                 rabbitmq or sql), or synchronous = true if the coupon is there before the answer",
            )),
            _ => None,
        };
        missing.map_or(Ok(()), |problem| {
            Err(self.file.wrong_at(first_outcome(typed), problem))
        })
    }

    /// What is waited for or confirmed says how, and what says how is led to.
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
                        "say in it what is sent next, and what its answers mean",
                    ),
                ),
                (false, Some(there)) => (
                    there.span().start,
                    Problem::new(
                        format!("{table} that no answer leads to"),
                        format!("add an [[outcome]] with is = \"{word}\", or leave it out"),
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
    /// What answers mean, to whatever was sent.
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
