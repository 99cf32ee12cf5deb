//! A service that several processes ask: one of them sets it up and reads its ledger, the others join it.

use std::collections::{HashMap, HashSet};

use super::Stage;
use crate::{ports::UserId, service::ledger::Spelling};

impl Stage {
    /// What the setup has given, for other processes that ask the service.
    pub fn given(&self) -> Vec<Option<String>> {
        self.event.setup.known()
    }

    /// Joins a service that another process has set up, for these users.
    pub fn join(&mut self, given: Vec<Option<String>>, share: HashSet<UserId>) {
        self.event.setup.restore(given);
        for secret in self.event.setup.secrets() {
            self.secrets.add(secret);
        }
        self.share = Some(share);
    }

    /// How the ledger spells the users of this process, where only their sessions tell.
    pub fn spelled(&mut self) -> HashMap<UserId, String> {
        std::mem::take(&mut self.spelled)
    }

    /// Learns how the ledger spells users 1 to `users` from the processes that have asked for them.
    pub fn spell(&mut self, users: u64, spelled: &HashMap<UserId, String>) -> Result<(), String> {
        self.spelling = Spelling::new(users, |user| match spelled.get(&user) {
            Some(known) => known.clone(),
            None => self.spelling_of(user, None),
        })?;
        Ok(())
    }
}
