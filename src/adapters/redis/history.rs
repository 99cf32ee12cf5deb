//! The events of the server of a run that can explain a ledger: a restart, another master, evicted keys.

use std::sync::{Mutex, PoisonError};

use super::{connection::Endpoint, facts::Facts};

/// Every server that the run has used, in order.
#[derive(Default)]
pub struct History(Mutex<Vec<Seen>>);

/// A server between a start and its end.
struct Seen {
    peer: Endpoint,
    run_id: String,
    /// Evicted keys at the first look and at the last look.
    evicted: (u64, u64),
}

impl History {
    /// Records a server that was found, with its facts.
    pub fn saw(&self, peer: &Endpoint, facts: &Facts) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.last_mut() {
            Some(last) if last.run_id == facts.run_id => last.evicted.1 = facts.evicted,
            _ => seen.push(Seen {
                peer: peer.clone(),
                run_id: facts.run_id.clone(),
                evicted: (facts.evicted, facts.evicted),
            }),
        }
    }

    /// The events as sentences for the report.
    pub fn notes(&self) -> Vec<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notes: Vec<_> = seen
            .windows(2)
            .map(|pair| match pair {
                [before, after] if before.peer != after.peer => format!(
                    "Redis changed its master during the run, from {} to {}: what the new one had not received is lost",
                    before.peer, after.peer
                ),
                _ => "Redis restarted during the run: what it had not saved is lost, counters included".to_owned(),
            })
            .collect();
        notes.dedup();
        let evicted: u64 = seen
            .iter()
            .map(|server| server.evicted.1.saturating_sub(server.evicted.0))
            .sum();
        if evicted > 0 {
            notes.push(format!(
                "Redis threw away {evicted} keys during the run for want of memory (maxmemory): counters may be among them"
            ));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(port: u16) -> Endpoint {
        Endpoint {
            host: "h".to_owned(),
            port,
            tls: false,
        }
    }

    fn facts(run_id: &str, evicted: u64) -> Facts {
        Facts {
            run_id: run_id.to_owned(),
            evicted,
            ..Facts::default()
        }
    }

    #[test]
    fn what_did_not_happen_is_not_told() {
        let history = History::default();
        history.saw(&endpoint(1), &facts("a", 3));
        history.saw(&endpoint(1), &facts("a", 3));
        assert_eq!(history.notes(), [""; 0]);
    }

    #[test]
    fn a_restart_another_master_and_evictions_are_told() {
        let history = History::default();
        history.saw(&endpoint(1), &facts("a", 3));
        history.saw(&endpoint(1), &facts("b", 0));
        history.saw(&endpoint(1), &facts("b", 5));
        history.saw(&endpoint(2), &facts("c", 7));
        let notes = history.notes();
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert!(notes[0].contains("restarted"), "{notes:?}");
        assert!(notes[1].contains("from h:1 to h:2"), "{notes:?}");
        assert!(notes[2].contains("threw away 5 keys"), "{notes:?}");
    }
}
