//! Statements that the service also makes without a request. They are forwarded at once. It is not known to which request they belong.

use super::{schedule::Schedule, search::Effect};
use crate::gate::{
    event::WireStatement,
    footprint::{shape, shown},
};

/// The statements of a schedule that may come from the background work of the service.
#[derive(Debug, Default)]
pub struct Background(Vec<(Effect, String)>);

impl Schedule<'_> {
    /// Whether the service has made such a statement without a request.
    pub(super) fn is_background(&self, statement: &WireStatement) -> bool {
        let known = &self.conductor.background;
        known.contains_key(&shape(&statement.content))
    }

    /// Notes a statement that is forwarded although it may belong to a request.
    pub(super) fn forwards(&mut self, statement: &WireStatement) {
        let effect = Effect {
            kind: statement.kind,
            footprint: self.conductor.connections.footprint(statement),
        };
        self.background.0.push((effect, shown(&statement.content)));
    }

    /// A forwarded statement that touches the data of the requests. If it belongs to a request, not all orders can be played.
    pub fn doubtful(&self) -> Option<String> {
        let touches = |effect: &Effect| {
            self.steps.iter().any(|step| {
                let (one, other) = (effect, &step.effect);
                one.kind == other.kind && !one.footprint.commutes(&other.footprint)
            })
        };
        let mut forwarded = self.background.0.iter();
        let found = forwarded.find(|(effect, _)| touches(effect));
        found.map(|(_, text)| text.clone())
    }
}
