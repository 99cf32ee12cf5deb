//! What a run is doing, on stderr, while it does it.
//!
//! A thread of its own looks at the counters ten times a second, so that neither the load nor its runtime does anything for it.
//! Results are not shown here: this is gone, or only a log, when the report comes.
//!
//! # Layout
//!
//! - `board`: where every strategy is, from what is heard of the runs
//! - `columns`: a strategy's line
//! - `screen`: lines that stay where they are, in a terminal
//! - `log`: a line every few seconds, where there is no terminal

mod board;
mod columns;
mod log;
mod screen;

use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use console::Term;

use self::{board::Board, log::Log, screen::Screen};
use crate::{
    engine::load::counters::Counters,
    text::{printable, redact},
};

/// Between two looks at the counters for a terminal.
const TICK: Duration = Duration::from_millis(100);

/// Between two lines of a log. What is over sooner prints none.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A line for each strategy that redraws itself, for a terminal.
    Live {
        /// Whether a count past the limit turns red.
        color: bool,
    },
    /// A line every five seconds, for a log.
    Lines,
    /// Not at all.
    Off,
}

impl Mode {
    /// Live if stderr is a terminal, lines if not.
    pub fn for_stderr(color: bool) -> Self {
        if io::stderr().is_terminal() {
            Self::Live { color }
        } else {
            Self::Lines
        }
    }
}

/// What is going to be run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// By name, in their order.
    pub strategies: Vec<String>,
    /// Of each strategy.
    pub trials: u32,
    /// Attempts of each trial.
    pub total: u64,
    /// Coupons of each trial.
    pub limit: u64,
    /// Whether rows are counted as they are inserted: those of somebody else's service are not.
    pub counts_rows: bool,
}

/// Shown until it ends or is dropped.
#[derive(Debug)]
pub struct Progress(Mutex<Option<Watch>>);

/// The thread that shows it.
#[derive(Debug)]
struct Watch {
    news: Sender<News>,
    thread: JoinHandle<()>,
}

/// What the thread is told.
enum News {
    /// A trial of a strategy begins: which, from 1.
    Load(String, u32, Arc<Counters>),
    /// All attempts have been answered; what is left is the pipeline.
    Drain,
    /// The trial is over.
    Done,
    /// Something else that is to be read.
    Say(String),
}

/// Where it is shown.
trait Face {
    fn show(&mut self, board: &Board);
    fn say(&mut self, text: &str);
}

impl Progress {
    /// Starts to show how far the plan is.
    pub fn start(plan: &Plan, mode: Mode) -> Self {
        let board = Board::new(plan);
        match mode {
            Mode::Live { color } => Self::shown(board, TICK, move || {
                Screen::new(Term::buffered_stderr(), color)
            }),
            Mode::Lines => Self::shown(board, LINE_EVERY, || Log(io::stderr())),
            Mode::Off => Self::off(),
        }
    }

    /// Shows nothing but what is said.
    pub fn off() -> Self {
        Self(Mutex::new(None))
    }

    fn shown<F: Face>(
        board: Board,
        every: Duration,
        face: impl FnOnce() -> F + Send + 'static,
    ) -> Self {
        let (news, inbox) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || watch(board, &inbox, every, face()));
        // A run without progress is better than no run.
        Self(Mutex::new(thread.ok().map(|thread| Watch { news, thread })))
    }

    /// A trial of the strategy begins: which, from 1, and what goes up meanwhile.
    pub fn load(&self, strategy: &str, trial: u32, counters: Arc<Counters>) {
        let _ = self.tell(News::Load(strategy.to_owned(), trial, counters));
    }

    /// All attempts of the trial have been answered.
    pub fn drain(&self) {
        let _ = self.tell(News::Drain);
    }

    /// The trial is over.
    pub fn done(&self) {
        let _ = self.tell(News::Done);
    }

    /// Writes a text to stderr, above what stays there.
    pub fn say(&self, text: &str) {
        let text = redact::output(text);
        let text = printable(&text);
        if self.tell(News::Say(text.clone().into_owned())).is_none() {
            // Nobody to tell is nothing to fail for.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// Stops and clears what was drawn, as dropping it does.
    pub fn end(&self) {
        // The thread ends when nobody can send any more.
        let watch = self.watch().take();
        if let Some(Watch { news, thread }) = watch {
            drop(news);
            let _ = thread.join();
        }
    }

    /// `None` if nobody listens.
    fn tell(&self, news: News) -> Option<()> {
        self.watch().as_ref()?.news.send(news).ok()
    }

    fn watch(&self) -> std::sync::MutexGuard<'_, Option<Watch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// Shows the board at intervals, until nobody can send any more.
fn watch(mut board: Board, inbox: &Receiver<News>, every: Duration, mut face: impl Face) {
    let mut due = Instant::now() + every;
    loop {
        match inbox.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(News::Load(strategy, trial, counters)) => board.load(&strategy, trial, counters),
            Ok(News::Drain) => board.drain(),
            Ok(News::Done) => board.done(),
            Ok(News::Say(text)) => face.say(&text),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // News come in between, and are no reason to draw: a thousand short trials are still ten pictures a second.
        let now = Instant::now();
        if now >= due {
            face.show(&board);
            due = now + every;
        }
    }
}

#[cfg(test)]
mod tests;
