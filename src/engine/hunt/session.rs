//! What a hunt needs from its begin to its end: the gates, the service, and the connections to the databases.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::sync::watch;

use super::{
    HuntProgress, HuntSettings,
    command::{Redirect, ServiceProcess},
    conductor::{Conductor, Pace, Profile},
    connections::Connections,
    error::ScheduleError,
    opening,
    requests::path,
    trial::{self, Trial},
};
use crate::{
    adapters::OpenError,
    gate::{Gate, GateControl},
    model::hunt::{Contender, HuntCase},
    service::connected::{self, ConnectedService},
};

/// How long the hunt observes the service without requests.
const BASELINE: Duration = Duration::from_secs(1);

/// The pause between two attempts to connect to a service that the user starts.
const PAUSE: Duration = Duration::from_millis(100);

/// The shortest time after which a request that waits inside the service is looked at again.
const SHORTEST_QUIET: Duration = Duration::from_millis(15);

/// How often a trial is repeated if a statement can belong to both requests.
const RETRIES: u32 = 2;

/// The number of lines of the service's output in an error message.
const SHOWN_LINES: usize = 10;

/// After an error, the hunt goes on when the gates were calm for this time.
const CALM: Duration = Duration::from_millis(100);

/// The gates, the service, and the connections to the databases.
pub struct Session {
    /// The gates, seen as a whole.
    pub conductor: Conductor,
    notes: Vec<String>,
    /// The limits that were checked.
    limits: BTreeSet<u64>,
    /// The longest time that the service has worked between two statements.
    gap: Duration,
    has_waited_inside: bool,
    /// The connections of the last trial to the service and its ledger.
    service: Option<ConnectedService>,
    /// The process of the service. It ends with the session.
    process: Option<ServiceProcess>,
    /// The gates close with the session.
    gates: Vec<Gate>,
}

impl Session {
    /// Opens the gates, starts the service or waits for it, and observes it without requests.
    ///
    /// # Errors
    /// A gate cannot listen, the command cannot be started, or the service accepts no connection in time.
    pub async fn open(
        settings: &HuntSettings,
        progress: &mut dyn FnMut(HuntProgress),
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<Self>, OpenError> {
        let (control, events) = GateControl::new();
        opening::reach(settings).await?;
        let gates = opening::gates(settings, &control)?;
        progress(HuntProgress::Gates(
            settings
                .upstreams
                .iter()
                .zip(&gates)
                .map(|(upstream, gate)| {
                    (
                        upstream.kind,
                        gate.address().to_string(),
                        upstream.address(),
                    )
                })
                .collect(),
        ));
        let (monitors, notes) = opening::monitors(settings).await;
        let mut session = Self {
            conductor: Conductor {
                control,
                events,
                connections: Connections::default(),
                background: BTreeMap::new(),
                monitors,
                profile: Profile::default(),
                pace: Pace {
                    quiet: settings.quiet,
                    again: settings.quiet,
                    timeout: settings.timeout,
                },
            },
            notes,
            limits: BTreeSet::new(),
            gap: Duration::ZERO,
            has_waited_inside: false,
            service: None,
            process: None,
            gates,
        };
        let opened = tokio::select! {
            opened = session.start(settings, progress) => opened,
            _ = stop.wait_for(|stop| *stop) => return Ok(None),
        };
        opened?;
        Ok(Some(session))
    }

    async fn start(
        &mut self,
        settings: &HuntSettings,
        progress: &mut dyn FnMut(HuntProgress),
    ) -> Result<(), OpenError> {
        if let Some(words) = &settings.command {
            let redirects: Vec<_> = settings
                .upstreams
                .iter()
                .zip(&self.gates)
                .map(|(upstream, gate)| Redirect {
                    kind: upstream.kind,
                    host: upstream.host.clone(),
                    port: upstream.port,
                    gate: gate.address(),
                })
                .collect();
            let started = ServiceProcess::start(words, &redirects);
            let started = started.map_err(|error| {
                let program = words.first().cloned().unwrap_or_default();
                OpenError::new("COMMAND", program, error.to_string())
            })?;
            progress(HuntProgress::Started(started.changed().to_vec()));
            self.process = Some(started);
        }
        let address = settings.target.address();
        progress(HuntProgress::WaitsForService(address.clone()));
        self.wait_until_it_accepts(settings).await?;
        progress(HuntProgress::Baseline);
        self.conductor.observe_until_calm(CALM).await;
        self.conductor.observe_background(BASELINE).await;
        self.notes.extend(self.conductor.ask_links().await);
        Ok(())
    }

    async fn wait_until_it_accepts(&mut self, settings: &HuntSettings) -> Result<(), OpenError> {
        let deadline = tokio::time::Instant::now() + settings.start_timeout;
        loop {
            let refused = match connected::accepts(&settings.target).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if let Some(why) = self.ended() {
                let command = settings.command.as_ref().and_then(|words| words.first());
                return Err(OpenError::new(
                    "COMMAND",
                    command.cloned().unwrap_or_default(),
                    why,
                ));
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(refused);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Plays the moves once. If a statement can belong to both requests, the trial is repeated with a longer quiet time.
    ///
    /// # Errors
    /// The requests cannot be controlled, the service or a database failed, or the user interrupted the hunt.
    pub async fn play(
        &mut self,
        settings: &HuntSettings,
        case: HuntCase,
        moves: &[Contender],
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Trial, ScheduleError> {
        let pace = self.conductor.pace;
        let mut played = self.play_once(settings, case, moves, stop).await;
        for _ in 0..RETRIES {
            if !matches!(played, Err(ScheduleError::Ambiguous(_))) {
                break;
            }
            self.conductor.pace.quiet *= 2;
            self.conductor.pace.again = self.conductor.pace.quiet;
            played = self.play_once(settings, case, moves, stop).await;
        }
        self.conductor.pace = pace;
        played
    }

    async fn play_once(
        &mut self,
        settings: &HuntSettings,
        case: HuntCase,
        moves: &[Contender],
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Trial, ScheduleError> {
        let played = tokio::select! {
            played = trial::play(settings, (&mut self.conductor, &mut self.service), case, moves) => played,
            _ = stop.wait_for(|stop| *stop) => Err(ScheduleError::Interrupted),
        };
        if played.is_err() {
            self.conductor.control.pass();
            self.conductor.observe_until_calm(CALM).await;
        }
        match (played, self.ended()) {
            (Err(ScheduleError::Interrupted), _) => Err(ScheduleError::Interrupted),
            (Err(_), Some(why)) => Err(ScheduleError::Failed(why)),
            (played, _) => played,
        }
    }

    /// Checks that the event has `limit` coupons. Each limit is checked once.
    ///
    /// # Errors
    /// The event has fewer coupons, or the service failed.
    pub async fn check_limit(
        &mut self,
        settings: &HuntSettings,
        limit: u64,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), ScheduleError> {
        if self.limits.contains(&limit) {
            return Ok(());
        }
        tokio::select! {
            checked = trial::check_limit(settings, limit) => checked?,
            _ = stop.wait_for(|stop| *stop) => return Err(ScheduleError::Interrupted),
        }
        self.limits.insert(limit);
        Ok(())
    }

    /// How the service that the hunt has started ended, with the last lines of its output. `None` while it runs.
    fn ended(&mut self) -> Option<String> {
        let process = self.process.as_mut()?;
        let status = process.ended()?;
        let output = process.output();
        let last = output[output.len().saturating_sub(SHOWN_LINES)..].join("\n  ");
        Some(match last.as_str() {
            "" => format!("the service ended with {status}"),
            last => {
                format!("the service ended with {status}; the last lines of its output:\n  {last}")
            }
        })
    }

    /// Takes in what a trial tells of the service: its statements, its speed, and where a request waited.
    pub fn learn(&mut self, case: HuntCase, trial: &Trial) {
        for contender in Contender::BOTH {
            self.conductor.profile.learn(&path(&trial.steps, contender));
            if trial.waited_inside[contender.index()] {
                self.has_waited_inside = true;
                let (waits, other) = (case.actor(contender), case.actor(contender.other()));
                self.note(format!(
                    "{waits} waited inside the service for {other}: a lock of one process does not hold for several"
                ));
            }
        }
        if trial.shared > 0 {
            self.note(
                "some orders could not be played, because both requests use one Redis connection, which gives its answers in order"
                    .to_owned(),
            );
        }
        self.gap = self.gap.max(trial.gap);
        self.adapt(self.gap);
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Whether a request has waited inside the service for the other one in any schedule.
    pub fn has_waited_inside(&self) -> bool {
        self.has_waited_inside
    }

    /// The sentences about the session for the result.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Takes the speed of the service into account: `gap` is the longest time that the service has worked between two statements.
    fn adapt(&mut self, gap: Duration) {
        let pace = &mut self.conductor.pace;
        let again = (gap * 4).max(SHORTEST_QUIET);
        pace.again = again.min(pace.quiet);
    }

    /// Ends the service that the hunt has started.
    pub async fn close(mut self) {
        self.conductor.control.pass();
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }
}
