//! What a run is doing, on stderr, while it does it.
//!
//! A thread of its own looks at the counters ten times a second, so that neither the load nor its runtime does anything for it.
//! Results are not shown here: this is gone, or only a log, when the report comes.

use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    format::{clean, count},
    terminal::{Style, Tone},
};
use crate::load::counters::Counters;

/// Between two looks at the counters of a bar.
const TICK: Duration = Duration::from_millis(100);

/// Between two lines. A run that is over sooner prints none.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A bar that redraws itself, for a terminal.
    Bar {
        /// Whether a count past the limit turns red.
        color: bool,
    },
    /// A line every five seconds, for a log.
    Lines,
    /// Not at all.
    Off,
}

impl Mode {
    /// A bar if stderr is a terminal, lines if not.
    pub fn for_stderr(color: bool) -> Self {
        if io::stderr().is_terminal() {
            Self::Bar { color }
        } else {
            Self::Lines
        }
    }
}

/// Shown until it is finished or dropped.
#[derive(Debug)]
pub struct Progress {
    news: Option<Sender<Draining>>,
    thread: Option<JoinHandle<()>>,
}

/// All attempts have been answered; what is left is the pipeline.
struct Draining;

impl Progress {
    /// Starts to show how far a run is: `label` is the strategy, `total` the attempts to be made.
    pub fn start(label: &str, total: u64, limit: u64, counters: Arc<Counters>, mode: Mode) -> Self {
        let view = View {
            label: clean(label),
            total,
            limit,
            counters,
        };
        let (news, inbox) = mpsc::channel();
        let watch = move || match mode {
            Mode::Bar { color } => show_bar(&view, &inbox, color),
            Mode::Lines => show_lines(&view, &inbox, LINE_EVERY, &mut io::stderr()),
            Mode::Off => {}
        };
        // A run without progress is better than no run.
        let thread = (mode != Mode::Off)
            .then(|| {
                thread::Builder::new()
                    .name("progress".to_owned())
                    .spawn(watch)
                    .ok()
            })
            .flatten();
        Self {
            news: Some(news),
            thread,
        }
    }

    /// Says that all attempts have been answered.
    pub fn drain(&self) {
        if let Some(news) = &self.news {
            // Nobody listens where nothing is shown.
            let _ = news.send(Draining);
        }
    }

    /// Stops and clears what was drawn, as dropping it does.
    pub fn finish(self) {}
}

impl Drop for Progress {
    fn drop(&mut self) {
        // The thread ends when nobody can send any more.
        self.news = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct View {
    label: String,
    total: u64,
    limit: u64,
    counters: Arc<Counters>,
}

impl View {
    fn finished(&self) -> u64 {
        self.counters.finished.load(Relaxed)
    }

    fn coupons(&self, style: Style) -> String {
        let issued = self.counters.issued.load(Relaxed);
        let tone = if issued > self.limit {
            Tone::Bad
        } else {
            Tone::Plain
        };
        format!(
            "issued {} of {}, {} in the database",
            style.paint(tone, count(issued)),
            count(self.limit),
            count(self.counters.inserted.load(Relaxed))
        )
    }

    fn line(&self, draining: bool) -> String {
        let attempts = if draining {
            format!("draining after {} attempts", count(self.total))
        } else {
            format!(
                "{} of {} attempts",
                count(self.finished()),
                count(self.total)
            )
        };
        format!(
            "{}: {attempts}, {}\n",
            self.label,
            self.coupons(Style::PLAIN)
        )
    }
}

/// Waits for a tick; `None` is the end.
fn tick(inbox: &Receiver<Draining>, every: Duration, draining: &mut bool) -> Option<()> {
    match inbox.recv_timeout(every) {
        Ok(Draining) => *draining = true,
        Err(RecvTimeoutError::Timeout) => {}
        Err(RecvTimeoutError::Disconnected) => return None,
    }
    Some(())
}

fn show_bar(view: &View, inbox: &Receiver<Draining>, color: bool) {
    let style = Style {
        color,
        ..Style::PLAIN
    };
    let bar = ProgressBar::new(view.total).with_prefix(view.label.clone());
    if let Ok(look) =
        ProgressStyle::with_template("{prefix}  {bar:24}  {human_pos}/{human_len}  {wide_msg}")
    {
        bar.set_style(look.progress_chars("█▌ "));
    }
    let mut draining = false;
    while tick(inbox, TICK, &mut draining).is_some() {
        bar.set_position(view.finished());
        let state = if draining { "draining · " } else { "" };
        bar.set_message(format!("{state}{}", view.coupons(style)));
    }
    bar.finish_and_clear();
}

fn show_lines(view: &View, inbox: &Receiver<Draining>, every: Duration, to: &mut impl Write) {
    let mut draining = false;
    let mut last = std::time::Instant::now();
    while tick(inbox, every.saturating_sub(last.elapsed()), &mut draining).is_some() {
        // News come in between, and are no reason for a line of their own.
        if last.elapsed() >= every {
            last = std::time::Instant::now();
            // A log that cannot be written is no reason to fail.
            let _ = to.write_all(view.line(draining).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn view() -> View {
        let counters = Counters::default();
        counters.finished.store(4_200, Relaxed);
        counters.issued.store(101, Relaxed);
        counters.inserted.store(87, Relaxed);
        View {
            label: "redis-kafka".to_owned(),
            total: 10_000,
            limit: 100,
            counters: Arc::new(counters),
        }
    }

    #[test]
    fn a_line_says_how_far_it_is() {
        assert_eq!(
            view().line(false),
            "redis-kafka: 4,200 of 10,000 attempts, issued 101 of 100, 87 in the database\n"
        );
        assert_eq!(
            view().line(true),
            "redis-kafka: draining after 10,000 attempts, issued 101 of 100, 87 in the database\n"
        );
    }

    #[test]
    fn more_than_the_limit_is_red() {
        let style = Style {
            color: true,
            ..Style::PLAIN
        };
        assert!(view().coupons(style).contains("\u{1b}[31m101"));
    }

    #[test]
    fn lines_come_at_intervals_and_end_with_the_sender() {
        let (news, inbox) = mpsc::channel();
        news.send(Draining).unwrap();
        let watcher = thread::spawn(move || {
            let mut written = Vec::new();
            show_lines(&view(), &inbox, Duration::from_millis(5), &mut written);
            String::from_utf8(written).unwrap()
        });
        thread::sleep(Duration::from_millis(50));
        drop(news);
        let written = watcher.join().unwrap();
        assert!(written.lines().count() >= 1);
        assert!(written.starts_with("redis-kafka: draining"));
    }

    #[test]
    fn a_short_run_prints_no_line() {
        let (news, inbox) = mpsc::channel();
        drop(news);
        let mut written = Vec::new();
        show_lines(&view(), &inbox, LINE_EVERY, &mut written);
        assert!(written.is_empty());
    }

    #[test]
    fn every_mode_ends() {
        for mode in [Mode::Off, Mode::Lines, Mode::Bar { color: false }] {
            let progress = Progress::start("naive", 10, 1, Arc::new(Counters::default()), mode);
            progress.drain();
            progress.finish();
        }
    }
}
