//! A service that several processes send claims to. One process runs the setup and reads the ledger, the others join.

use std::collections::{HashMap, HashSet};

use super::ConnectedService;
use crate::{ports::UserId, service::ledger::Spelling};

impl ConnectedService {
    /// The captured values of the setup, for the other processes that send claims.
    pub fn given(&self) -> Vec<Option<String>> {
        self.event.setup.known()
    }

    /// Joins a service that another process has set up. This process sends the claims of the users in `share`.
    pub fn join(&mut self, given: Vec<Option<String>>, share: HashSet<UserId>) {
        self.event.setup.restore(given);
        for secret in self.event.setup.secrets() {
            self.secrets.add(secret);
        }
        self.share = Some(share);
    }

    /// Takes the ledger's spelling of the users of this process. Empty if the spelling does not depend on their sessions.
    pub fn spelled(&mut self) -> HashMap<UserId, String> {
        std::mem::take(&mut self.spelled)
    }

    /// Sets the ledger's spelling of users 1 to `users`. `spelled` comes from the processes that have sent their claims.
    ///
    /// # Errors
    /// Two users have the same spelling.
    pub fn spell(&mut self, users: u64, spelled: &HashMap<UserId, String>) -> Result<(), String> {
        self.spelling = Spelling::new(users, |user| match spelled.get(&user) {
            Some(known) => known.clone(),
            None => self.spelling_of(user, None),
        })?;
        Ok(())
    }
}
