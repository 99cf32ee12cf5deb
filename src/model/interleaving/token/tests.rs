//! Tests of tokens and their errors.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

fn user(user: u64) -> Actor {
    Actor::Claim { user, attempt: 1 }
}

#[test]
fn a_token_without_optional_fields_is_parsed() {
    let token: Token = "naive:u2:l1:ABBA".parse().unwrap();
    assert_eq!((token.users, token.limit, token.tries), (2, 1, TRIES));
    let order = [1, 2, 2, 1].map(|number| Move::Call(user(number), None));
    assert_eq!(token.moves, order);
    assert_eq!(token.to_string(), "naive:u2:l1:ABBA");
}

#[test]
fn the_letters_of_attempts_go_user_by_user() {
    let token: Token = "redis-set-incr:u2:l1:a2:i2:t2:ABCD".parse().unwrap();
    let actors: Vec<_> = token
        .moves
        .iter()
        .map(|step| step.actor().unwrap().to_string())
        .collect();
    assert_eq!(actors, ["u1", "u1#2", "u2", "u2#2"]);
    assert_eq!((token.attempts, token.instances, token.tries), (2, 2, 2));
}

#[test]
fn a_fault_follows_its_call() {
    let text = "redis-kafka:u1:l1:AArAfKKdKxLR";
    let token: Token = text.parse().unwrap();
    let expected = [
        Move::Call(user(1), None),
        Move::Call(user(1), Some(CallFault::Refused)),
        Move::Call(user(1), Some(CallFault::Undelivered)),
        Move::Call(Actor::Consumer, None),
        Move::Call(Actor::Consumer, Some(CallFault::Repeated)),
        Move::Crash(Actor::Consumer),
        Move::LeasesEnd,
        Move::CacheRestarts,
    ];
    assert_eq!(token.moves, expected);
    assert_eq!(token.to_string(), text);
}

#[test]
fn an_error_points_at_the_wrong_character() {
    for (text, at, part) in [
        ("naive", 0, "STRATEGY:uUSERS"),
        (":u2:l1:AB", 0, "name is missing"),
        ("naive:u2:AB", 9, "field l is missing"),
        ("naive:l1:AB", 9, "field u is missing"),
        ("naive:u2:lx:AB", 9, "not a letter with a number"),
        ("naive:u0:l1:AB", 6, "not a letter with a number"),
        ("naive:u2:z1:AB", 9, "the only fields are"),
        ("naive:u9:l1:AB", 6, "at most 8"),
        ("naive:u2:l1:ABC", 14, "A to B"),
        ("naive:u2:l1:AzB", 13, "not a fault"),
        ("naive:u2:l1:ALr", 14, "take no fault"),
        ("naive:u2:l1:aA", 12, "not an actor"),
    ] {
        let error = text.parse::<Token>().unwrap_err();
        assert_eq!(error.at, at, "{error}");
        assert!(error.what.contains(part), "{error}");
        let caret = error.to_string();
        assert!(
            caret.ends_with(&format!("  {}^", " ".repeat(at))),
            "{caret}"
        );
    }
}

proptest! {
    #[test]
    fn any_text_parses_or_returns_an_error(text in "\\PC{0,40}") {
        let _ = text.parse::<Token>();
    }

    #[test]
    fn a_printed_token_parses_to_the_same_token(moves in prop::collection::vec((0_u64..5, 0_usize..7), 0..20)) {
        let moves = moves.into_iter().map(|(who, what)| {
            let actor = if who == 4 {
                Actor::Consumer
            } else {
                Actor::Claim { user: who / 2 + 1, attempt: u32::try_from(who % 2).unwrap() + 1 }
            };
            match what {
                0 => Move::Call(actor, None),
                6 => Move::Crash(actor),
                fault => Move::Call(actor, Some(CallFault::ALL[fault - 1])),
            }
        });
        let token = Token {
            strategy: "redis-kafka".into(),
            users: 2,
            limit: 1,
            attempts: 2,
            instances: 1,
            tries: 4,
            batch: 2,
            moves: moves.collect(),
        };
        prop_assert_eq!(token.to_string().parse(), Ok(token));
    }
}
