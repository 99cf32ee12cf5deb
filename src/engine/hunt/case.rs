//! The search of one case.

use std::time::Instant;

use tokio::sync::watch;

use super::{
    HuntProgress, HuntSettings,
    error::ScheduleError,
    picture,
    result::{CaseResult, Extent, HuntWitness},
    schedule::Missed,
    search::{Search, SearchStep},
    session::Session,
    trial::Trial,
};
use crate::{
    adapters::OpenError,
    gate::GateKind,
    model::{
        hunt::{HuntCase, HuntToken},
        verdict::Verdict,
    },
};

/// The search of one case.
pub struct CaseSearch<'a> {
    settings: &'a HuntSettings,
    case: HuntCase,
    /// The begin of the whole hunt.
    hunt_begin: Instant,
    begin: Instant,
    search: Search,
    schedules: u64,
    /// The schedules that a shared connection made impossible.
    shared: u64,
    /// The schedules that the service did not follow, because a request made fewer statements than before.
    missed: u64,
    /// A statement that may belong to a request or to background work.
    doubtful: Option<String>,
    /// Why a request may have waited for the only connection to this service.
    one_connection: Option<(GateKind, String)>,
    /// The schedules that proved nothing, and why the first of them did not.
    unproved: Option<(u64, String)>,
}

/// What ends the search of a case.
enum End {
    Extent(Extent),
    Witness(Box<HuntWitness>),
}

impl<'a> CaseSearch<'a> {
    /// A search that has played nothing.
    pub fn new(settings: &'a HuntSettings, case: HuntCase, hunt_begin: Instant) -> Self {
        Self {
            settings,
            case,
            hunt_begin,
            begin: Instant::now(),
            search: Search::default(),
            schedules: 0,
            shared: 0,
            one_connection: None,
            missed: 0,
            doubtful: None,
            unproved: None,
        }
    }

    /// Plays schedules until one breaks the promise, all are played, or a bound is reached. The second part of the result says whether the
    /// next case can be searched: a service that cannot be controlled, or that has failed, will not be better there.
    ///
    /// # Errors
    /// The service could not be set up before the first schedule of the hunt.
    pub async fn run(
        mut self,
        session: &mut Session,
        progress: &mut dyn FnMut(HuntProgress),
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(CaseResult, bool), OpenError> {
        let end = match session
            .check_limit(self.settings, self.case.limit, stop)
            .await
        {
            Ok(()) => self.schedules(session, progress, stop).await,
            Err(error) => Err(error),
        };
        let end = match end {
            Ok(end) => end,
            Err(ScheduleError::Open(error)) if self.schedules == 0 => return Err(error),
            Err(ScheduleError::Interrupted) if self.schedules > 0 => {
                let left = self.search.left() + 1;
                End::Extent(Extent::Bounded { left })
            }
            Err(error) => End::Extent(extent_of(error)),
        };
        let can_go_on = match &end {
            End::Extent(Extent::NotControllable(_)) => self.unproved.is_some(),
            // Another case may have the limit of the event.
            End::Extent(Extent::Failed(_)) => self.unproved.is_some() || self.schedules == 0,
            End::Extent(_) | End::Witness(_) => true,
        };
        let (extent, witness) = match end {
            End::Extent(extent) => (extent, None),
            End::Witness(witness) => (Extent::Found, Some(*witness)),
        };
        let result = CaseResult {
            case: self.case,
            schedules: self.schedules,
            extent,
            witness,
            took: self.begin.elapsed(),
        };
        Ok((result, can_go_on))
    }

    async fn schedules(
        &mut self,
        session: &mut Session,
        progress: &mut dyn FnMut(HuntProgress),
        stop: &mut watch::Receiver<bool>,
    ) -> Result<End, ScheduleError> {
        while let Some(moves) = self.search.pop() {
            if self.is_bounded() {
                let left = self.search.left() + 1;
                return Ok(End::Extent(Extent::Bounded { left }));
            }
            let mut trial = session.play(self.settings, self.case, &moves, stop).await?;
            self.schedules += 1;
            if trial.missed != Missed::default() {
                // A slow request looks like one that waits. If it was slow, the order can be played now.
                if let Some(end) = self.take(session, &trial) {
                    return Ok(end);
                }
                trial = session.play(self.settings, self.case, &moves, stop).await?;
                self.schedules += 1;
                self.missed += u64::from(trial.missed.ended > 0);
            }
            if let Some(end) = self.take(session, &trial) {
                return Ok(end);
            }
            progress(HuntProgress::Schedule {
                case: self.case,
                played: self.schedules,
                left: self.search.left(),
            });
        }
        Ok(End::Extent(self.exhausted(session)))
    }

    fn is_bounded(&self) -> bool {
        let bounds = self.settings.bounds;
        self.schedules >= bounds.schedules || self.hunt_begin.elapsed() >= bounds.time
    }

    /// Takes a trial in. Returns what ends the search.
    fn take(&mut self, session: &mut Session, trial: &Trial) -> Option<End> {
        if trial.steps.is_empty() {
            let why = "the two requests made no statement at a gate: the service has to connect to the gates, and not to the databases";
            return Some(End::Extent(Extent::NotControllable(why.to_owned())));
        }
        session.learn(self.case, trial);
        match trial.judgement.verdict {
            Verdict::Violated | Verdict::Finding => {
                let waited = session.has_waited_inside();
                return Some(End::Witness(Box::new(self.witness(trial, waited))));
            }
            Verdict::Inconclusive => {
                let reasons = trial.judgement.reasons.join("; ");
                self.unproved.get_or_insert((0, reasons)).0 += 1;
            }
            Verdict::Holds => {}
        }
        self.shared += trial.shared;
        if self.doubtful.is_none() {
            self.doubtful.clone_from(&trial.doubtful);
        }
        if self.one_connection.is_none() {
            self.one_connection.clone_from(&trial.one_connection);
        }
        let steps = trial.steps.iter().map(SearchStep::from);
        self.search.take(steps.collect());
        None
    }

    fn witness(&self, trial: &Trial, waited_inside: bool) -> HuntWitness {
        let token = HuntToken {
            case: self.case,
            moves: trial.steps.iter().map(|step| step.contender).collect(),
        };
        let explained = picture::explained(self.settings, &token, trial, [waited_inside; 2]);
        HuntWitness {
            verdict: trial.judgement.verdict,
            findings: trial.judgement.findings.clone(),
            interleaving: explained.interleaving,
            advice: explained.advice,
            serial: !trial.overlapped,
            schedules: self.schedules,
            after: self.hunt_begin.elapsed(),
            token,
        }
    }

    /// The extent after the last schedule. A schedule that proved nothing, or that could not be played, leaves the case open.
    fn exhausted(&self, session: &Session) -> Extent {
        if let Some((kind, why)) = &self.one_connection
            && session.conductor.connections.used(*kind) <= 1
        {
            return Extent::NotControllable(why.clone());
        }
        if let Some(text) = &self.doubtful {
            return Extent::NotControllable(format!(
                "`{text}` arrives without a request, too, and touches the data of the requests: it cannot be held for one of them"
            ));
        }
        match &self.unproved {
            Some((count, why)) => Extent::Failed(format!(
                "{count} of {} schedules proved nothing: {why}",
                self.schedules
            )),
            None if self.shared + self.missed > 0 => Extent::Bounded {
                left: self.shared + self.missed,
            },
            None => Extent::Exhausted,
        }
    }
}

fn extent_of(error: ScheduleError) -> Extent {
    match error {
        ScheduleError::NotControllable(why) | ScheduleError::Ambiguous(why) => {
            Extent::NotControllable(why)
        }
        ScheduleError::Failed(why) => Extent::Failed(why),
        ScheduleError::Open(error) => Extent::Failed(error.to_string()),
        ScheduleError::Interrupted => Extent::NotSearched,
    }
}
