//! Hints about a service of the user, from the connections to it and the statuses of its answers.

use crate::{
    model::report::{AttemptCounts, TargetLoad},
    text::format::plural,
};

/// One in this number of attempts: from this share on, refusals by status look like a limit.
const MANY: u64 = 20;

/// The hints, a sentence each.
pub fn of(target: &TargetLoad, attempts: &AttemptCounts) -> Vec<String> {
    let hints = [
        closed_under(target),
        backlog(target, attempts),
        limited(429, target.too_many_requests, target, attempts),
        limited(403, target.forbidden_later, target, attempts),
    ];
    hints.into_iter().flatten().collect()
}

fn closed_under(target: &TargetLoad) -> Option<String> {
    (target.closed_under > 0).then(|| {
        format!(
            "{} indeterminate because the service closed the connection during the request: it closes connections that it has \
             not announced to close, perhaps because its keep-alive timeout is too short",
            is_or_are(target.closed_under, "attempt")
        )
    })
}

fn backlog(target: &TargetLoad, attempts: &AttemptCounts) -> Option<String> {
    let (silent, connections) = (target.never_answered, target.connections);
    if attempts.indeterminate == 0 || silent == 0 || silent >= connections {
        return None;
    }
    Some(format!(
        "{} of {connections} connections never received an answer: the service accepts connections more slowly than they arrive, \
         its listen backlog is probably full; try --http-connections {}",
        silent,
        connections - silent
    ))
}

fn limited(
    status: u16,
    answers: u64,
    target: &TargetLoad,
    attempts: &AttemptCounts,
) -> Option<String> {
    if answers == 0 || answers.saturating_mul(MANY) < attempts.total {
        return None;
    }
    let hint = match &target.source {
        None => {
            "see source in [http], which lets connections come from several addresses".to_owned()
        }
        Some(source) => format!("the connections came from {source}"),
    };
    Some(format!(
        "{} the status {status}: is there a limit per address? ({hint})",
        if answers == 1 {
            "1 answer has".to_owned()
        } else {
            format!("{answers} answers have")
        },
    ))
}

fn is_or_are(count: u64, noun: &str) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} {verb}", plural(count, noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints(target: TargetLoad, indeterminate: u64) -> Vec<String> {
        let connections = 1_000;
        let attempts = AttemptCounts {
            total: 1_000,
            indeterminate,
            ..AttemptCounts::default()
        };
        of(
            &TargetLoad {
                connections,
                ..target
            },
            &attempts,
        )
    }

    #[test]
    fn a_healthy_service_has_no_hint() {
        assert_eq!(hints(TargetLoad::default(), 5), [""; 0]);
        let few = TargetLoad {
            too_many_requests: 49,
            forbidden_later: 49,
            ..TargetLoad::default()
        };
        assert_eq!(hints(few, 0), [""; 0]);
        // A service that answers no request has another problem. A service that has answered every request has none.
        for (never_answered, indeterminate) in [(1_000, 1_000), (5, 0)] {
            let silent = TargetLoad {
                never_answered,
                ..TargetLoad::default()
            };
            assert_eq!(hints(silent, indeterminate), [""; 0]);
        }
    }

    #[test]
    fn each_hint_names_the_cause_and_the_remedy() {
        let odd = TargetLoad {
            closed_under: 106,
            never_answered: 994,
            too_many_requests: 900,
            forbidden_later: 50,
            ..TargetLoad::default()
        };
        let odd = hints(odd, 994);
        let expected = [
            "106 attempts are indeterminate because the service closed the connection",
            "994 of 1000 connections never received an answer: the service accepts connections more slowly than they arrive, its \
             listen backlog is probably full; try --http-connections 6",
            "900 answers have the status 429: is there a limit per address? (see source in [http]",
            "50 answers have the status 403",
        ];
        for (hint, expected) in odd.iter().zip(expected) {
            assert!(hint.starts_with(expected), "{hint}");
        }
        assert_eq!(odd.len(), expected.len());
        let spread = TargetLoad {
            too_many_requests: 900,
            source: Some("127.0.0.0/8".to_owned()),
            ..TargetLoad::default()
        };
        assert!(hints(spread, 0)[0].contains("the connections came from 127.0.0.0/8"));
    }
}
