//! The next event on the connections of the last one.

use std::sync::Arc;

use super::{ConnectedService, event};
use crate::{
    model::workload::Workload,
    service::{ledger::Spelling, request::session::Session},
};

impl ConnectedService {
    /// Forgets the event, so that the next one can be set up. The connections to the service and to the ledger stay, unless the place of
    /// the ledger depends on the event.
    pub fn begin_again(&mut self, workload: &Workload, run_id: &str) {
        let target = Arc::clone(&self.target);
        let is_same = self.event.limit == workload.limit
            && target.prepared.is_empty()
            && !target.ledger.is_of_the_run();
        if !is_same {
            self.ledger = None;
        }
        self.probes.clear();
        self.event = event(&target, workload, run_id);
        self.session = Session::default();
        self.secrets = target.secrets.clone();
        self.spelling = Spelling::default();
        self.spelled.clear();
    }
}
