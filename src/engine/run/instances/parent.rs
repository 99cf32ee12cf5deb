//! The parent's side: starts the children, releases them together, waits for them, and puts together what they have seen.

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
};

/// From the order to release until the release: long enough for the order to reach everybody.
pub const HEAD_START: Duration = Duration::from_millis(50);

/// How long a child may say nothing, beyond the run's timeout, before it counts as dead. It reports progress all the time.
const SILENCE: Duration = Duration::from_secs(5);

/// How long a child may take at least until it is ready: it opens its connections meanwhile.
const START: Duration = Duration::from_secs(30);

/// The children of one run.
pub struct Instances {
    children: Vec<Child>,
}

struct Child {
    /// From 0.
    index: usize,
    process: tokio::process::Child,
    orders: Option<ChildStdin>,
    /// Closes when the child is gone.
    news: mpsc::Receiver<ChildMessage>,
    /// Why it takes no part any more.
    trouble: Option<String>,
}

impl Instances {
    /// Starts them, and waits until all are ready.
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
            match child.hear(scenario.workload.timeout.max(START)).await {
                Some(ChildMessage::Ready) => {}
                Some(ChildMessage::Failed(problem)) => return Err(fail(problem)),
                _ => return Err(fail(child.obituary().await)),
            }
        }
        Ok(Self { children })
    }

    /// Releases them all at one instant, and waits until each has made its attempts; then what went wrong.
    pub async fn load(
        &mut self,
        scenario: &Scenario,
        counters: &Counters,
        stop: watch::Receiver<bool>,
    ) -> Vec<String> {
        let at = SystemTime::now() + HEAD_START;
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        for child in &mut self.children {
            child.tell(&ParentMessage::Release(at)).await;
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

    /// Lets them tell what they have seen, and end. What the users of a dead child were told is indeterminate.
    pub async fn finish(&mut self, scenario: &Scenario) -> (Measurements, Vec<String>) {
        let (mut whole, mut troubles) = (Measurements::default(), Vec::new());
        let count = self.children.len();
        for child in &mut self.children {
            let measured = match child.trouble {
                None => child.last_word(scenario.workload.timeout + SILENCE).await,
                Some(_) => None,
            };
            if let Some(measurements) = measured {
                whole.merge(measurements);
                continue;
            }
            if child.trouble.is_none() {
                troubles.push(child.obituary().await);
            }
            whole.merge(unknown(scenario, (child.index, count)));
        }
        for child in &mut self.children {
            child.orders = None;
            let ended = tokio::time::timeout(SILENCE, child.process.wait()).await;
            if ended.is_err() {
                // Frozen, perhaps; it has been reported.
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
            // Ctrl-C is for the parent, which tells its children.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let no_pipe = || io::Error::other("no pipe to the child");
        let mut orders = process.stdin.take().ok_or_else(no_pipe)?;
        let mut output = BufReader::new(process.stdout.take().ok_or_else(no_pipe)?);
        send(&mut orders, &ParentMessage::Prepare(Box::new(assignment))).await?;
        // Read in a task of its own: a line must not be cut in two because somebody stops waiting for it.
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

    /// A child that is gone does not hear, and its silence will be noticed.
    async fn tell(&mut self, order: &ParentMessage) {
        if let Some(orders) = &mut self.orders {
            let _ = send(orders, order).await;
        }
    }

    async fn hear(&mut self, patience: Duration) -> Option<ChildMessage> {
        let news = tokio::time::timeout(patience, self.news.recv()).await;
        news.ok().flatten()
    }

    /// Until its load has ended; what went wrong.
    async fn load(
        &mut self,
        patience: Duration,
        mut stop: watch::Receiver<bool>,
        progress: &Progress<'_>,
    ) -> Option<String> {
        let mut told_to_stop = false;
        loop {
            let news = tokio::select! {
                news = self.hear(patience) => news,
                _ = stop.wait_for(|stop| *stop), if !told_to_stop => {
                    told_to_stop = true;
                    self.tell(&ParentMessage::Stop).await;
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
                    let obituary = self.obituary().await;
                    self.trouble = Some(obituary.clone());
                    return Some(obituary);
                }
            }
        }
    }

    async fn last_word(&mut self, patience: Duration) -> Option<Measurements> {
        self.tell(&ParentMessage::Finish).await;
        loop {
            match self.hear(patience).await {
                Some(ChildMessage::Measured(measurements)) => return Some(*measurements),
                Some(ChildMessage::Progress { .. } | ChildMessage::Loaded { .. }) => {}
                _ => return None,
            }
        }
    }

    /// What became of a child that says nothing more.
    async fn obituary(&mut self) -> String {
        let number = self.index + 1;
        match tokio::time::timeout(Duration::from_secs(1), self.process.wait()).await {
            Ok(Ok(status)) => format!("instance {number} died ({status})"),
            Ok(Err(error)) => format!("instance {number} died ({error})"),
            Err(_) => {
                let _ = self.process.kill().await;
                format!("instance {number} said nothing more and was ended")
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

/// The attempts that a dead child may have made.
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
