//! Coupon codes. Two users must not have the same code.

use std::collections::BTreeMap;

use crate::ports::UserId;

/// Codes that more than one user has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SharedCodes {
    /// The number of these codes.
    pub codes: u64,
    /// The users who have one of them, in the order of their numbers.
    pub users: Vec<UserId>,
}

/// Finds shared codes among the codes of the ledger and of the responses, each with its user. `None` if no code is known. A code
/// that one user has twice is not shared.
pub fn shared_codes<'a>(
    codes: impl IntoIterator<Item = &'a (String, UserId)>,
) -> Option<SharedCodes> {
    let mut owners: BTreeMap<&str, Vec<UserId>> = BTreeMap::new();
    for (code, user) in codes {
        let owners = owners.entry(code).or_default();
        if !owners.contains(user) {
            owners.push(*user);
        }
    }
    if owners.is_empty() {
        return None;
    }
    let shared: Vec<_> = owners.into_values().filter(|it| it.len() > 1).collect();
    let mut users: Vec<_> = shared.iter().flatten().copied().collect();
    users.sort_unstable();
    users.dedup();
    Some(SharedCodes {
        codes: shared.len() as u64,
        users,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(codes: &[(&str, u64)]) -> Option<(u64, Vec<u64>)> {
        let codes: Vec<_> = codes
            .iter()
            .map(|(code, user)| ((*code).to_owned(), UserId(*user)))
            .collect();
        let users = |shared: SharedCodes| shared.users.iter().map(|user| user.0).collect();
        shared_codes(&codes).map(|shared| (shared.codes, users(shared)))
    }

    #[test]
    fn a_code_of_two_users_is_shared() {
        assert_eq!(shared(&[]), None);
        assert_eq!(shared(&[("A", 1), ("B", 2)]), Some((0, vec![])));
        // The ledger and the response name the same coupon.
        assert_eq!(shared(&[("A", 1), ("A", 1)]), Some((0, vec![])));
        assert_eq!(
            shared(&[("A", 3), ("B", 2), ("A", 1), ("C", 2), ("B", 3), ("A", 1)]),
            Some((2, vec![1, 2, 3]))
        );
    }
}
