//! The progress of a hunt on stderr: a line that is redrawn, or a line every few seconds for a log.
//!
//! What the user has to do, such as to start the service, is always written, and stays.

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use console::Term;

use crate::{
    engine::hunt::HuntProgress,
    gate::GateKind,
    render::progress::{LINE_EVERY, Mode, TICK, screen::Screen},
    text::{
        format::{count, plural},
        printable, redact,
    },
};

/// The display of a hunt. It lasts until [`HuntDisplay::end`] or until it is dropped.
pub struct HuntDisplay(Mutex<Display>);

struct Display {
    view: View,
    /// The time between two updates.
    every: Duration,
    due: Instant,
}

enum View {
    Live(Screen<Term>),
    Lines,
    Off,
}

impl HuntDisplay {
    /// A display on stderr.
    pub fn new(mode: Mode) -> Self {
        let (view, every) = match mode {
            Mode::Live { color } => {
                let screen = Screen::new(Term::buffered_stderr(), color);
                (View::Live(screen), TICK)
            }
            Mode::Lines => (View::Lines, LINE_EVERY),
            Mode::Off => (View::Off, LINE_EVERY),
        };
        // A log of a short hunt has no line of progress.
        let due = match view {
            View::Live(_) => Instant::now(),
            _ => Instant::now() + every,
        };
        Self(Mutex::new(Display { view, every, due }))
    }

    /// Shows an event of the hunt.
    pub fn show(&self, progress: &HuntProgress) {
        let mut display = self.lock();
        match text(progress) {
            Shown::Lasting(lines) => display.say(&lines.join("\n")),
            Shown::Passing(line) => display.pass(&line),
        }
    }

    /// Writes a text to stderr that stays.
    pub fn say(&self, text: &str) {
        self.lock().say(text);
    }

    /// Clears the line, and shows no further progress.
    pub fn end(&self) {
        self.lock().view = View::Off;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Display> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Display {
    fn say(&mut self, text: &str) {
        let text = redact::output(text);
        let text = printable(&text);
        match &mut self.view {
            View::Live(screen) => screen.print(&text),
            // A closed stderr is no reason to fail.
            View::Lines | View::Off => drop(writeln!(io::stderr(), "{text}")),
        }
    }

    fn pass(&mut self, line: &str) {
        let now = Instant::now();
        if now < self.due {
            return;
        }
        self.due = now + self.every;
        match &mut self.view {
            View::Live(screen) => screen.draw(&[line.to_owned()]),
            View::Lines => self.say(line),
            View::Off => {}
        }
    }
}

/// How an event is shown.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    /// Lines that stay.
    Lasting(Vec<String>),
    /// A line that the next one replaces.
    Passing(String),
}

fn text(progress: &HuntProgress) -> Shown {
    match progress {
        HuntProgress::Gates(gates) => {
            let lines = gates.iter();
            Shown::Lasting(
                lines
                    .map(|(kind, gate, service)| connect(*kind, gate, service))
                    .collect(),
            )
        }
        HuntProgress::Started(changed) if changed.is_empty() => Shown::Lasting(vec![
            "no variable and no argument of the command names a database: the service finds its gates in COUPON_BENCH_POSTGRES, \
             COUPON_BENCH_MYSQL and COUPON_BENCH_REDIS"
                .to_owned(),
        ]),
        HuntProgress::Started(changed) => Shown::Lasting(vec![format!(
            "started the service, with the addresses of the gates in {}",
            changed.join(", ")
        )]),
        HuntProgress::WaitsForService(address) => {
            Shown::Lasting(vec![format!("waiting for the service at {address}")])
        }
        HuntProgress::Baseline => {
            Shown::Passing("observing the service without requests".to_owned())
        }
        HuntProgress::Schedule { case, played, left } => {
            let played = plural(*played, "schedule");
            let left = match left {
                0 => String::new(),
                left => format!(", about {} left", count(*left)),
            };
            Shown::Passing(format!("{case}: {played} played{left}"))
        }
        HuntProgress::Trial(number) => {
            Shown::Passing(format!("{} played", plural(u64::from(*number), "trial")))
        }
    }
}

/// The address that the service has to use, as its configuration spells it.
fn connect(kind: GateKind, gate: &str, service: &str) -> String {
    let url = match kind {
        GateKind::Postgres => format!("postgres://{gate}/NAME"),
        GateKind::Mysql => format!("mysql://{gate}/NAME"),
        GateKind::Redis => format!("redis://{gate}"),
    };
    format!("gate of {kind}: the service connects to {gate} in place of {service}, as in {url}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hunt::HuntCase;

    #[test]
    fn the_user_is_told_where_the_service_connects() {
        let gates = vec![(
            GateKind::Postgres,
            "127.0.0.1:17400".to_owned(),
            "127.0.0.1:5432".to_owned(),
        )];
        assert_eq!(
            text(&HuntProgress::Gates(gates)),
            Shown::Lasting(vec![
                "gate of postgres: the service connects to 127.0.0.1:17400 in place of 127.0.0.1:5432, as in postgres://127.0.0.1:17400/NAME"
                    .to_owned()
            ])
        );
        assert_eq!(
            text(&HuntProgress::WaitsForService("127.0.0.1:8080".to_owned())),
            Shown::Lasting(vec!["waiting for the service at 127.0.0.1:8080".to_owned()])
        );
    }

    #[test]
    fn a_line_counts_the_schedules() {
        let case = HuntCase {
            same_user: false,
            limit: 1,
            given: 0,
        };
        let schedule = |played, left| text(&HuntProgress::Schedule { case, played, left });
        let line = |text: &str| Shown::Passing(text.to_owned());
        assert_eq!(
            schedule(1_037, 12),
            line("two users, limit 1: 1,037 schedules played, about 12 left")
        );
        assert_eq!(
            schedule(1, 0),
            line("two users, limit 1: 1 schedule played")
        );
        assert_eq!(text(&HuntProgress::Trial(2)), line("2 trials played"));
    }
}
