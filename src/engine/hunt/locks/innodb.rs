//! The report of the state of InnoDB, `SHOW ENGINE INNODB STATUS`.

/// A transaction in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Transaction {
    session: u64,
    /// It waits for a lock.
    waits: bool,
}

/// The sessions that may block this session: those with another transaction, if it waits for a lock.
pub(super) fn blockers(status: &str, session: u64) -> Vec<u64> {
    let transactions: Vec<_> = transactions(status).collect();
    let waits = |one: &Transaction| one.session == session && one.waits;
    if !transactions.iter().any(waits) {
        return Vec::new();
    }
    let others = transactions.iter().map(|one| one.session);
    others.filter(|other| *other != session).collect()
}

/// The transactions that are open, each with the session it belongs to.
fn transactions(status: &str) -> impl Iterator<Item = Transaction> {
    // A part before this one tells the last deadlock, whose transactions have ended.
    let list = status.split_once("LIST OF TRANSACTIONS FOR EACH SESSION:");
    let list = list.map_or("", |(_, list)| list);
    let parts = list.split("\n---TRANSACTION ").skip(1);
    parts.filter_map(|part| {
        let mut lines = part.lines();
        lines.next()?.contains(", ACTIVE").then_some(())?;
        let mut waits = false;
        for line in lines {
            waits |= line.starts_with("LOCK WAIT ");
            if let Some((_, rest)) = line.split_once(" thread id ") {
                let (id, _) = rest.split_once(',')?;
                let session = id.trim().parse().ok()?;
                return Some(Transaction { session, waits });
            }
        }
        None
    })
}

/// The name in a call of `GET_LOCK`, with its quotes. `None` if it is no literal.
pub(super) fn lock_name(statement: &str) -> Option<&str> {
    let at = statement.to_ascii_lowercase().find("get_lock")?;
    let rest = statement.get(at + "get_lock".len()..)?.trim_start();
    let rest = rest.strip_prefix('(')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let end = rest[1..].find(quote)? + 1;
    let name = &rest[..=end];
    // A name with escaped characters is not taken apart.
    let escaped = name.contains('\\') || rest[end + 1..].starts_with(quote);
    (!escaped).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "
------------------------
LATEST DETECTED DEADLOCK
------------------------
---TRANSACTION 9, ACTIVE 1 sec
LOCK WAIT 2 lock struct(s)
MariaDB thread id 9, OS thread handle 1, query id 1
------------
TRANSACTIONS
------------
Trx id counter 40
LIST OF TRANSACTIONS FOR EACH SESSION:
---TRANSACTION 38, ACTIVE 1 sec starting index read
mysql tables in use 1, locked 1
LOCK WAIT 2 lock struct(s), heap size 1128, 1 row lock(s)
MariaDB thread id 12, OS thread handle 140, query id 77 localhost 127.0.0.1 coupon Updating
UPDATE event SET issued = 1
------- TRX HAS BEEN WAITING 1 SEC FOR THIS LOCK TO BE GRANTED:
---TRANSACTION 37, ACTIVE 3 sec
2 lock struct(s), heap size 1128, 1 row lock(s)
MySQL thread id 11, OS thread handle 141, query id 70 localhost 127.0.0.1 coupon
---TRANSACTION (0x7f), not started
0 lock struct(s), heap size 1128, 0 row lock(s)
MariaDB thread id 10, OS thread handle 142, query id 60
--------
FILE I/O
--------
";

    #[test]
    fn a_session_that_waits_has_the_other_transactions_as_blockers() {
        assert_eq!(blockers(STATUS, 12), [11]);
        assert!(blockers(STATUS, 11).is_empty());
        assert!(blockers(STATUS, 9).is_empty());
        assert!(blockers("", 1).is_empty());
    }

    #[test]
    fn the_name_of_a_lock_is_a_literal() {
        assert_eq!(lock_name("SELECT GET_LOCK('a b', 10)"), Some("'a b'"));
        assert_eq!(lock_name("do get_lock ( \"x\" , 1)"), Some("\"x\""));
        for text in [
            "SELECT GET_LOCK(?, 10)",
            "SELECT GET_LOCK('a''b', 1)",
            "SELECT GET_LOCK('a\\'b', 1)",
            "SELECT GET_LOCK('a",
            "SELECT 1",
        ] {
            assert_eq!(lock_name(text), None, "{text}");
        }
    }
}
