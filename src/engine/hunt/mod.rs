//! The search for a race in a service of the user, over its real databases.
//!
//! Two requests run at the same time. Their statements are held at gates, and released in every order. The ledger judges each order.
//!
//! # Layout
//!
//! - [`settings`]: what is hunted, through which gates, within which bounds; [`cases`]: the situations in which the requests meet
//! - [`session`], [`opening`]: the gates, the [process](command) of the service, its [redirect]ed addresses, and the connections that
//!   tell of [locks] and of [links] between tables
//! - [`search`]: the orders that are still to be played
//! - [`trial`]: one order, from an empty event to the judgement; [`case`]: all orders of one case
//! - [`schedule`]: the two requests, statement by statement; [`attribution`]: to which request a statement belongs; [`background`]: what
//!   belongs to none; [`waiting`]: which request waits for the other
//! - [`conductor`], [`connections`], [`requests`]: what is known of the gates, the connections and the requests
//! - [`picture`], [`explain`]: a schedule as an interleaving, with the reason and a remedy; [`step`]: its steps
//! - [`result`]: what a hunt has found

mod attribution;
mod background;
mod case;
mod cases;
mod command;
mod conductor;
mod connections;
mod error;
mod explain;
mod links;
mod locks;
mod opening;
mod picture;
mod redirect;
mod requests;
pub mod result;
mod schedule;
pub mod search;
mod session;
pub mod settings;
pub mod step;
mod trial;
mod waiting;

use std::time::Instant;

use tokio::sync::watch;

pub use locks::LockMonitor;
pub use result::{CaseResult, Extent, HuntResult, HuntWitness, Played};
pub use settings::{HuntBounds, HuntProgress, HuntSettings, Upstream};

use self::{case::CaseSearch, error::ScheduleError, session::Session};
use crate::{
    adapters::OpenError,
    model::{hunt::HuntToken, verdict::Verdict},
};

/// Searches all cases. The service is started and ended if the settings have a command.
///
/// # Errors
/// A gate cannot listen, or the service cannot be started, reached or set up before the search.
pub async fn hunt(
    settings: &HuntSettings,
    progress: &mut dyn FnMut(HuntProgress),
    mut stop: watch::Receiver<bool>,
) -> Result<HuntResult, OpenError> {
    let mut result = HuntResult::of(settings);
    let Some(mut session) = Session::open(settings, progress, &mut stop).await? else {
        result.interrupted = true;
        return Ok(result);
    };
    let begin = Instant::now();
    let mut can_go_on = true;
    let target = &settings.target;
    for case in cases::cases(settings.limit, target.one_per_user, target.uses_limit()) {
        if !can_go_on || result.interrupted {
            result.cases.push(CaseResult::not_searched(case));
            continue;
        }
        let search = CaseSearch::new(settings, case, begin);
        let searched = search.run(&mut session, progress, &mut stop).await;
        let searched = match searched {
            Ok((searched, next)) => {
                can_go_on = next;
                searched
            }
            Err(error) if result.cases.is_empty() => {
                session.close().await;
                return Err(error);
            }
            Err(error) => {
                can_go_on = false;
                CaseResult {
                    extent: Extent::Failed(error.to_string()),
                    ..CaseResult::not_searched(case)
                }
            }
        };
        result.interrupted = *stop.borrow();
        result.cases.push(searched);
    }
    result.took = begin.elapsed();
    result.background = session.conductor.background.clone().into_iter().collect();
    result.notes = session.take_notes();
    session.close().await;
    Ok(result)
}

/// Plays one schedule several times.
///
/// # Errors
/// A gate cannot listen, or the service cannot be started, reached or set up.
pub async fn replay(
    settings: &HuntSettings,
    token: &HuntToken,
    trials: u32,
    progress: &mut dyn FnMut(HuntProgress),
    mut stop: watch::Receiver<bool>,
) -> Result<Vec<Played>, OpenError> {
    let mut all = Vec::new();
    let Some(mut session) = Session::open(settings, progress, &mut stop).await? else {
        return Ok(all);
    };
    let mut failed = None;
    for trial in 1..=trials {
        let played = session
            .play(settings, token.case, &token.moves, &mut stop)
            .await;
        all.push(match played {
            Ok(trial) => picture::played(settings, token, &trial),
            Err(ScheduleError::Interrupted) => break,
            Err(ScheduleError::Open(error)) => {
                failed = Some(error);
                break;
            }
            Err(
                ScheduleError::NotControllable(why)
                | ScheduleError::Ambiguous(why)
                | ScheduleError::Failed(why),
            ) => Played::failed(token, why),
        });
        progress(HuntProgress::Trial(trial));
    }
    session.close().await;
    match failed {
        Some(error) if all.is_empty() => Err(error),
        Some(error) => {
            all.push(Played::failed(token, error.to_string()));
            Ok(all)
        }
        None => Ok(all),
    }
}

impl HuntResult {
    /// The result of a hunt that has not begun.
    fn of(settings: &HuntSettings) -> Self {
        let target = &settings.target;
        Self {
            target: target.title.clone().unwrap_or_else(|| target.name.clone()),
            gates: settings
                .upstreams
                .iter()
                .map(|upstream| (upstream.kind, upstream.address()))
                .collect(),
            background: Vec::new(),
            cases: Vec::new(),
            notes: Vec::new(),
            took: std::time::Duration::ZERO,
            interrupted: false,
        }
    }
}

impl CaseResult {
    fn not_searched(case: crate::model::hunt::HuntCase) -> Self {
        Self {
            case,
            schedules: 0,
            extent: Extent::NotSearched,
            witness: None,
            took: std::time::Duration::ZERO,
        }
    }
}

impl Played {
    /// A trial that ended with an error.
    fn failed(token: &HuntToken, why: String) -> Self {
        Self {
            verdict: Verdict::Inconclusive,
            findings: Vec::new(),
            reasons: vec![why],
            interleaving: picture::empty(token),
            advice: String::new(),
            deviations: Vec::new(),
        }
    }
}
