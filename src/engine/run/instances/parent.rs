//! The parent: starts the children, releases them together, waits for them, and adds up their measurements.

use std::{
    io,
    process::Stdio,
    sync::{Mutex, PoisonError, atomic::Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    io::BufReader,
    process::{ChildStdin, Command},
    sync::{mpsc, watch},
};

use super::{
    COMMAND,
    assignment::assignment,
    message::{AssignedSubject, Assignment, ChildMessage, ParentMessage, receive, send},
};
use crate::{
    adapters::OpenError,
    config::scenario::Scenario,
    engine::{
        load::{Counters, Schedule},
        run::measurements::Measurements,
    },
    model::outcome::{Attempt, Outcome},
    text::durations::nanoseconds,
};

/// The time from the order to release until the release, so that the order reaches every child.
pub const HEAD_START: Duration = Duration::from_millis(50);

/// How long a child may be silent, beyond the timeout of the run, before it counts as dead. A child reports its progress every
/// 100 ms.
const SILENCE: Duration = Duration::from_secs(5);

/// The shortest time that a child has for its preparation, in which it opens its connections.
const START: Duration = Duration::from_secs(30);

/// The children of one run.
pub struct Instances {
    children: Vec<Child>,
}

struct Child {
    /// The index of the child, from 0.
    index: usize,
    process: tokio::process::Child,
    orders: Option<ChildStdin>,
    /// Closes when the child is gone.
    news: mpsc::Receiver<ChildMessage>,
    /// Why the child takes no part any more.
    trouble: Option<String>,
}

impl Instances {
    /// Starts the children, and waits until all are ready.
    ///
    /// # Errors
    ///
    /// A child could not start, could not connect, or died.
    pub async fn start(
        scenario: &Scenario,
        run_id: &str,
        subject: &AssignedSubject,
    ) -> Result<Self, OpenError> {
        let count = scenario.instances as usize;
        let fail = |what: String| OpenError::new("--instances", count.to_string(), what);
        let mut children = Vec::new();
        for index in 0..count {
            let assignment = assignment(scenario, run_id, subject, (index, count));
            let child = Child::start(index, assignment).await;
            children.push(child.map_err(|error| fail(error.to_string()))?);
        }
        for child in &mut children {
            match child
                .receive_message(scenario.workload.timeout.max(START))
                .await
            {
                Some(ChildMessage::Ready) => {}
                Some(ChildMessage::Failed(problem)) => return Err(fail(problem)),
                _ => return Err(fail(child.cause_of_death().await)),
            }
        }
        Ok(Self { children })
    }

    /// Releases all children at one instant, and waits until each has ended its load. Returns the problems.
    pub async fn load(
        &mut self,
        scenario: &Scenario,
        counters: &Counters,
        stop: watch::Receiver<bool>,
    ) -> Vec<String> {
        let at = SystemTime::now() + HEAD_START;
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = nanoseconds(at);
        for child in &mut self.children {
            child.order(&ParentMessage::Release(at)).await;
        }
        let patience = scenario.workload.timeout + SILENCE;
        let progress = Progress {
            children: Mutex::new(vec![[0; 4]; self.children.len()]),
            counters,
        };
        let children = self.children.iter_mut();
        let loads = children.map(|child| child.load(patience, stop.clone(), &progress));
        let troubles = futures::future::join_all(loads).await;
        troubles.into_iter().flatten().collect()
    }

    /// Collects the measurements of the children, and ends the children. The outcomes of a dead child are indeterminate. Returns
    /// the problems too.
    pub async fn finish(&mut self, scenario: &Scenario) -> (Measurements, Vec<String>) {
        let (mut whole, mut troubles) = (Measurements::default(), Vec::new());
        let count = self.children.len();
        for child in &mut self.children {
            let measured = match child.trouble {
                None => {
                    child
                        .measurements(scenario.workload.timeout + SILENCE)
                        .await
                }
                Some(_) => None,
            };
            if let Some(measurements) = measured {
                whole.merge(measurements);
                continue;
            }
            if child.trouble.is_none() {
                troubles.push(child.cause_of_death().await);
            }
            whole.merge(unknown(scenario, (child.index, count)));
        }
        for child in &mut self.children {
            child.orders = None;
            let ended = tokio::time::timeout(SILENCE, child.process.wait()).await;
            if ended.is_err() {
                // The child hangs, which has been reported.
                let _ = child.process.kill().await;
            }
        }
        (whole, troubles)
    }
}

impl Child {
    async fn start(index: usize, assignment: Assignment) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // The parent receives Ctrl-C, and tells its children to stop.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let no_pipe = || io::Error::other("no pipe to the child");
        let mut orders = process.stdin.take().ok_or_else(no_pipe)?;
        let mut output = BufReader::new(process.stdout.take().ok_or_else(no_pipe)?);
        send(&mut orders, &ParentMessage::Prepare(Box::new(assignment))).await?;
        // A task of its own reads the messages: a line must not be cut when the parent stops waiting for it.
        let (heard, news) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Some(message) = receive(&mut output).await {
                if heard.send(message).await.is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            index,
            process,
            orders: Some(orders),
            news,
            trouble: None,
        })
    }

    /// Sends an order. A child that is gone does not read it, and its silence is detected.
    async fn order(&mut self, order: &ParentMessage) {
        if let Some(orders) = &mut self.orders {
            let _ = send(orders, order).await;
        }
    }

    async fn receive_message(&mut self, patience: Duration) -> Option<ChildMessage> {
        let news = tokio::time::timeout(patience, self.news.recv()).await;
        news.ok().flatten()
    }

    /// Waits until the load of the child has ended; returns its problem.
    async fn load(
        &mut self,
        patience: Duration,
        mut stop: watch::Receiver<bool>,
        progress: &Progress<'_>,
    ) -> Option<String> {
        let mut stop_sent = false;
        loop {
            let news = tokio::select! {
                news = self.receive_message(patience) => news,
                _ = stop.wait_for(|stop| *stop), if !stop_sent => {
                    stop_sent = true;
                    self.order(&ParentMessage::Stop).await;
                    continue;
                }
            };
            match news {
                Some(ChildMessage::Progress {
                    started,
                    finished,
                    issued,
                    inserted,
                }) => {
                    progress.update(self.index, [started, finished, issued, inserted]);
                }
                Some(ChildMessage::Loaded { trouble }) => return trouble,
                _ => {
                    let cause_of_death = self.cause_of_death().await;
                    self.trouble = Some(cause_of_death.clone());
                    return Some(cause_of_death);
                }
            }
        }
    }

    async fn measurements(&mut self, patience: Duration) -> Option<Measurements> {
        self.order(&ParentMessage::Finish).await;
        loop {
            match self.receive_message(patience).await {
                Some(ChildMessage::Measured(measurements)) => return Some(*measurements),
                Some(ChildMessage::Progress { .. } | ChildMessage::Loaded { .. }) => {}
                _ => return None,
            }
        }
    }

    /// Why a child is silent.
    async fn cause_of_death(&mut self) -> String {
        let number = self.index + 1;
        match tokio::time::timeout(Duration::from_secs(1), self.process.wait()).await {
            Ok(Ok(status)) => format!("instance {number} died ({status})"),
            Ok(Err(error)) => format!("instance {number} died ({error})"),
            Err(_) => {
                let _ = self.process.kill().await;
                format!("instance {number} sent no more messages and was ended")
            }
        }
    }
}

/// The progress of all children together.
struct Progress<'a> {
    /// Attempts started, attempts finished, coupons issued and rows inserted, by child.
    children: Mutex<Vec<[u64; 4]>>,
    /// The sums.
    counters: &'a Counters,
}

impl Progress<'_> {
    fn update(&self, index: usize, progress: [u64; 4]) {
        // Numbers stay valid where a panic has poisoned the lock.
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        children[index] = progress;
        let sum = |field: usize| children.iter().map(|child| child[field]).sum();
        self.counters.started.store(sum(0), Ordering::Relaxed);
        self.counters.finished.store(sum(1), Ordering::Relaxed);
        self.counters.issued.store(sum(2), Ordering::Relaxed);
        self.counters.inserted.store(sum(3), Ordering::Relaxed);
    }
}

/// The attempts that a dead child may have made, all indeterminate.
fn unknown(scenario: &Scenario, share_of: (usize, usize)) -> Measurements {
    let schedule = Schedule::share(&scenario.workload, share_of);
    let attempts = schedule.users.iter().enumerate().map(|(index, user)| {
        let intended = Duration::from_nanos(schedule.intended(index, 0));
        Attempt {
            user: *user,
            outcome: Outcome::Indeterminate,
            intended,
            start: intended,
            answered: None,
            end: None,
        }
    });
    Measurements {
        attempts: attempts.collect(),
        ..Measurements::default()
    }
}
