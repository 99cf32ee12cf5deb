//! The users of a run in the spelling of a ledger.

use std::collections::HashMap;

use super::Row;
use crate::{ports::UserId, service::Secrets};

/// The spelling of every user of the run.
#[derive(Default)]
pub struct Spelling {
    users: HashMap<String, UserId>,
}

/// The rows of a ledger with users as numbers. A user that is not in the run gets a number above those of all users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedRows {
    /// The user of every coupon, in the order of the ledger.
    pub rows: Vec<UserId>,
    /// The number of coupons of users that are not in the run.
    pub strangers: u64,
    /// The first three of these users, in the spelling of the ledger.
    pub samples: Vec<String>,
    /// The codes of the coupons with their users, if the ledger has codes.
    pub codes: Vec<(String, UserId)>,
}

impl Spelling {
    /// The spellings of users 1 to `count`.
    ///
    /// # Errors
    /// Two users have the same spelling.
    pub fn new(count: u64, spell: impl Fn(UserId) -> String) -> Result<Self, String> {
        let mut spelled = HashMap::with_capacity(usize::try_from(count).unwrap_or_default());
        for user in (1..=count).map(UserId) {
            if let Some(other) = spelled.insert(spell(user), user) {
                return Err(format!(
                    "users {other} and {user} have the same spelling in the ledger"
                ));
            }
        }
        Ok(Self { users: spelled })
    }

    /// Translates the users of the rows into the users of the run.
    pub fn names(&self, rows: &[Row], secrets: &Secrets) -> NamedRows {
        const SAMPLES: usize = 3;
        let mut strangers: HashMap<&str, UserId> = HashMap::new();
        let mut named = NamedRows::default();
        for row in rows {
            let user = if let Some(user) = self.users.get(row.user.trim()) {
                *user
            } else {
                let next = UserId::stranger(strangers.len() as u64);
                let stranger = *strangers.entry(&row.user).or_insert(next);
                named.strangers += 1;
                if stranger == next && named.samples.len() < SAMPLES {
                    named.samples.push(secrets.mask(&row.user));
                }
                stranger
            };
            named.rows.push(user);
            named
                .codes
                .extend(row.code.clone().map(|code| (code, user)));
        }
        named
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn spelling(prefix: &str, count: u64) -> Result<Spelling, String> {
        Spelling::new(count, |user| format!("{prefix}{user}"))
    }

    #[test]
    fn a_user_that_is_not_in_the_run_has_a_number_of_its_own() {
        let rows = ["u-2", "u-9", "u-1", "u-9", "x"].map(|user| Row::from(user.to_owned()));
        let named = spelling("u-", 2).unwrap().names(&rows, &Secrets::default());
        let strangers = named.rows.iter().map(|user| user.is_stranger());
        assert_eq!(
            strangers.collect::<Vec<_>>(),
            [false, true, false, true, true]
        );
        assert_eq!((named.rows[0], named.rows[2]), (UserId(2), UserId(1)));
        assert_eq!((named.rows[1], named.strangers), (named.rows[3], 3));
        assert_ne!(named.rows[1], named.rows[4]);
        assert_eq!(named.samples, ["u-9", "x"]);
    }

    #[test]
    fn two_users_with_one_spelling_are_an_error() {
        assert!(spelling("", 3).is_ok());
        let error = Spelling::new(3, |_| "same".to_owned()).err().unwrap();
        assert_eq!(error, "users 1 and 2 have the same spelling in the ledger");
    }
}
