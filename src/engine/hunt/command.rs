//! The process of a service that a hunt starts.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::{sleep, timeout},
};

pub use super::redirect::Redirect;
use super::redirect::redirect;

/// The number of lines of output that are kept.
const LINES: usize = 50;

/// The number of bytes of a line that are kept.
const LINE: usize = 1024;

/// How long a process may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// The time between two questions whether the processes have ended.
const PAUSE: Duration = Duration::from_millis(50);

/// The program of a service cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {program}: {error}")]
pub struct StartError {
    program: String,
    error: io::Error,
}

/// The process of a service, with the processes that it has started. Dropping it kills them.
#[derive(Debug)]
pub struct ServiceProcess {
    child: Child,
    /// The process group; `None` after its end.
    group: Option<Pid>,
    output: Tail,
    changed: Vec<String>,
}

impl ServiceProcess {
    /// Starts a service whose connections to databases go to gates: the addresses of the databases are replaced in its arguments and
    /// in its environment. Its output is kept, and not shown.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn start(words: &[String], redirects: &[Redirect]) -> Result<Self, StartError> {
        let environment: BTreeMap<_, _> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let redirected = redirect(words, &environment, redirects);
        let program = redirected.words.first().cloned().unwrap_or_default();
        let spawned = Command::new(&program)
            .args(redirected.words.iter().skip(1))
            .envs(&redirected.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = spawned.map_err(|error| StartError { program, error })?;
        let output = Tail::default();
        output.follow(child.stdout.take());
        output.follow(child.stderr.take());
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Ok(Self {
            child,
            group: id.and_then(Pid::from_raw),
            output,
            changed: redirected.changed,
        })
    }

    /// The variables and arguments in which the address of a database was replaced: `DATABASE_URL`, `argument 2`.
    pub fn changed(&self) -> &[String] {
        &self.changed
    }

    /// The last lines of the output.
    pub fn output(&self) -> Vec<String> {
        self.output.lines()
    }

    /// How the process ended; `None` while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks the process and those that it started to end, and kills them after 5 s.
    pub async fn stop(self) {
        self.stop_within(PATIENCE).await;
    }

    async fn stop_within(mut self, patience: Duration) {
        self.signal(Signal::TERM);
        let group_ends = async {
            let _ = self.child.wait().await;
            // The program may be a script that ends before the service that it started.
            while self
                .group
                .is_some_and(|group| test_kill_process_group(group).is_ok())
            {
                sleep(PAUSE).await;
            }
        };
        if timeout(patience, group_ends).await.is_ok() {
            self.group = None;
        }
        // Dropping kills what is left of the group.
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // There may be no process left.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// The last lines of an output.
#[derive(Debug, Default, Clone)]
struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// Reads an output until its end, in the background.
    fn follow(&self, output: Option<impl AsyncRead + Send + Unpin + 'static>) {
        let tail = self.clone();
        if let Some(output) = output {
            tokio::spawn(async move { tail.read(output).await });
        }
    }

    async fn read(&self, mut output: impl AsyncRead + Unpin) {
        let mut line = Vec::new();
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = output.read(&mut chunk).await {
            for byte in &chunk[..length] {
                if *byte == b'\n' {
                    self.push(&line);
                    line.clear();
                } else if line.len() < LINE {
                    line.push(*byte);
                }
            }
        }
        if !line.is_empty() {
            self.push(&line);
        }
    }

    fn push(&self, line: &[u8]) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(String::from_utf8_lossy(line).into_owned());
    }

    fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
