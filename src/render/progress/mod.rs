//! The progress of a run on stderr.
//!
//! A separate thread reads the counters ten times a second, so that neither the load nor its runtime spends time on the progress.
//! Results are not shown here: the lines are cleared before the report.
//!
//! # Layout
//!
//! - `board`: the state of every strategy
//! - `columns`: the line of a strategy
//! - `screen`: lines that are redrawn in place, for a terminal
//! - `log`: a line every few seconds, for a log file

mod board;
mod columns;
mod log;
pub(super) mod screen;

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
    engine::load::Counters,
    text::{printable, redact},
};

/// The time between two updates of a terminal.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// The time between two lines of a log. A shorter run has no line.
pub(super) const LINE_EVERY: Duration = Duration::from_secs(5);

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
    /// No progress.
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

/// The runs whose progress is shown.
#[derive(Debug, Clone)]
pub struct PlannedRuns {
    /// The names, in the order of the lines.
    pub strategies: Vec<String>,
    /// Trials of each strategy.
    pub trials: u32,
    /// Attempts of each trial.
    pub total: u64,
    /// Coupons of each trial.
    pub limit: u64,
    /// Whether inserted rows are counted. The rows of a foreign service are not.
    pub counts_rows: bool,
}

/// The progress display. It lasts until [`Progress::end`] or until it is dropped.
#[derive(Debug)]
pub struct Progress(Mutex<Option<DisplayThread>>);

/// The thread of the display.
#[derive(Debug)]
struct DisplayThread {
    messages: Sender<Message>,
    thread: JoinHandle<()>,
}

/// A message to the thread.
enum Message {
    /// A trial of a strategy begins; trials are counted from 1.
    Load(String, u32, Arc<Counters>),
    /// All attempts have an answer, and the drain begins.
    Drain,
    /// The trial is over.
    Done,
    /// Another text for the user.
    Say(String),
}

/// A form of the display.
trait View {
    fn show(&mut self, board: &Board);
    fn say(&mut self, text: &str);
}

impl Progress {
    /// Starts the display.
    pub fn start(plan: &PlannedRuns, mode: Mode) -> Self {
        let board = Board::new(plan);
        match mode {
            Mode::Live { color } => Self::shown(board, TICK, move || {
                Screen::new(Term::buffered_stderr(), color)
            }),
            Mode::Lines => Self::shown(board, LINE_EVERY, || Log(io::stderr())),
            Mode::Off => Self::off(),
        }
    }

    /// Shows no progress, but the texts of [`Progress::say`].
    pub fn off() -> Self {
        Self(Mutex::new(None))
    }

    fn shown<F: View>(
        board: Board,
        every: Duration,
        view: impl FnOnce() -> F + Send + 'static,
    ) -> Self {
        let (messages, inbox) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || watch(board, &inbox, every, view()));
        // A run does not fail because its progress cannot be shown.
        Self(Mutex::new(
            thread.ok().map(|thread| DisplayThread { messages, thread }),
        ))
    }

    /// A trial of the strategy begins; trials are counted from 1. The display reads the counters.
    pub fn load(&self, strategy: &str, trial: u32, counters: Arc<Counters>) {
        let _ = self.tell(Message::Load(strategy.to_owned(), trial, counters));
    }

    /// All attempts of the trial have an answer, and the drain begins.
    pub fn drain(&self) {
        let _ = self.tell(Message::Drain);
    }

    /// The trial is over.
    pub fn done(&self) {
        let _ = self.tell(Message::Done);
    }

    /// Writes a text to stderr, above the lines of the display.
    pub fn say(&self, text: &str) {
        let text = redact::output(text);
        let text = printable(&text);
        if self.tell(Message::Say(text.clone().into_owned())).is_none() {
            // A closed stderr is no reason to fail.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// Ends the display and clears its lines, as a drop does.
    pub fn end(&self) {
        // The thread ends when its channel is closed.
        let watch = self.watch().take();
        if let Some(DisplayThread { messages, thread }) = watch {
            drop(messages);
            let _ = thread.join();
        }
    }

    /// `None` if there is no thread.
    fn tell(&self, message: Message) -> Option<()> {
        self.watch().as_ref()?.messages.send(message).ok()
    }

    fn watch(&self) -> std::sync::MutexGuard<'_, Option<DisplayThread>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// Shows the board at intervals, until the channel is closed.
fn watch(mut board: Board, inbox: &Receiver<Message>, every: Duration, mut view: impl View) {
    let mut due = Instant::now() + every;
    loop {
        match inbox.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(Message::Load(strategy, trial, counters)) => board.load(&strategy, trial, counters),
            Ok(Message::Drain) => board.drain(),
            Ok(Message::Done) => board.done(),
            Ok(Message::Say(text)) => view.say(&text),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // A message alone is not drawn, so that a thousand short trials are still ten updates a second.
        let now = Instant::now();
        if now >= due {
            view.show(&board);
            due = now + every;
        }
    }
}

#[cfg(test)]
mod tests;
