#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::Ordering::Relaxed;

use indicatif::{InMemoryTerm, TermLike};

use super::*;
use crate::render::Style;

const NAMES: [&str; 3] = ["naive", "redis-incr", "redis-kafka"];

fn plan(trials: u32) -> PlannedRuns {
    PlannedRuns {
        strategies: NAMES.map(str::to_owned).to_vec(),
        trials,
        total: 20_000,
        limit: 100,
        counts_rows: true,
    }
}

fn counters(answered: u64, issued: u64, rows: u64) -> Arc<Counters> {
    let counters = Counters::default();
    counters.finished.store(answered, Relaxed);
    counters.issued.store(issued, Relaxed);
    counters.inserted.store(rows, Relaxed);
    Arc::new(counters)
}

fn lines(board: &Board, width: usize) -> Vec<String> {
    let style = Style {
        color: false,
        width,
    };
    board.lines(24, style)
}

/// The line of a single run of `naive` with so many issued coupons.
fn single(issued: u64) -> String {
    let mut board = Board::new(&plan(1));
    board.load("naive", 1, counters(4_200, issued, issued));
    lines(&board, 80).swap_remove(1)
}

#[test]
fn a_bar_is_full_at_the_limit() {
    let bar = |filled, half, left| "█".repeat(filled) + half + &"░".repeat(left);
    for (issued, bar, end) in [
        (0, bar(0, "", 25), "      0   4,200"),
        (50, bar(12, "▌", 12), "     50   4,200"),
        (99, bar(24, "▌", 0), "     99   4,200"),
        (100, bar(25, "", 0), "    100   4,200"),
        (1_204, bar(25, "", 0), "  1,204   4,200  over by 1,104"),
    ] {
        assert_eq!(single(issued), format!("naive        {bar}{end}"));
    }
}

#[test]
fn a_drain_shows_the_rows_so_far() {
    let mut board = Board::new(&plan(1));
    board.load("redis-kafka", 1, counters(20_000, 100, 87));
    board.drain();
    let line = &lines(&board, 80)[3];
    assert!(line.ends_with("100  20,000  draining, 87 rows"), "{line}");
}

#[test]
fn all_trials_and_those_beyond_the_limit_are_counted() {
    let mut board = Board::new(&plan(3));
    for (trial, issued) in [(1, 130), (2, 100)] {
        board.load("naive", trial, counters(20_000, issued, issued));
        board.done();
    }
    board.load("redis-incr", 2, counters(12_345, 100, 100));
    insta::assert_snapshot!(lines(&board, 80).join("\n"), @r"
                 trial  issued of 100              answered of 20,000
    naive          2/3  ██████████████████    100  20,000  over in 1 of 2
    redis-incr     2/3  ██████████████████    100  12,345
    redis-kafka         waiting
    ");
    board.load("naive", 3, counters(300, 101, 101));
    let line = &lines(&board, 80)[1];
    assert!(line.ends_with("101     300  over in 2 of 3"), "{line}");
}

#[test]
fn only_a_surplus_is_red_and_a_waiting_line_is_dimmed() {
    let style = Style {
        color: true,
        width: 80,
    };
    let mut board = Board::new(&plan(1));
    board.load("naive", 1, counters(300, 100, 100));
    let lines = board.lines(24, style);
    assert!(!lines[1].contains('\u{1b}'), "{:?}", lines[1]);
    assert!(lines[2].starts_with("\u{1b}[2m"), "{:?}", lines[2]);
    board.load("naive", 1, counters(300, 101, 101));
    let lines = board.lines(24, style);
    assert!(lines[1].contains("\u{1b}[31m█"), "{:?}", lines[1]);
    assert!(lines[1].contains("\u{1b}[31mover by 1"), "{:?}", lines[1]);
}

#[test]
fn every_line_fits() {
    let mut plan = plan(100);
    plan.strategies[2] = "a-name-that-is-longer-than-any".to_owned();
    plan.total = 1_000_000;
    let mut board = Board::new(&plan);
    for name in plan.strategies.clone() {
        board.load(&name, 100, counters(1_000_000, 1_000_000, 1_000_000));
        board.drain();
    }
    for width in [2, 20, 40, 80, 200] {
        for line in lines(&board, width) {
            assert!(console::measure_text_width(&line) < width, "{line}");
        }
    }
    assert!(lines(&board, 80)[3].starts_with("a-name-that-is-long… "));
}

#[test]
fn few_rows_show_the_current_strategy_and_those_before() {
    let strategies = ["a", "b", "c", "d", "e", "f"];
    let mut board = Board::new(&PlannedRuns {
        strategies: strategies
            .iter()
            .chain(&NAMES[..2])
            .map(|&name| name.to_owned())
            .collect(),
        ..plan(1)
    });
    let shown = |board: &Board, rows| -> Vec<String> {
        let lines = board.lines(rows, Style::PLAIN);
        let first = |line: &String| line.split_whitespace().next().unwrap().to_owned();
        lines[1..].iter().map(first).collect()
    };
    assert_eq!(shown(&board, 10).len(), 8);
    assert_eq!(shown(&board, 6), ["a", "b", "c", "and"]);
    board.load("e", 1, counters(0, 0, 0));
    assert_eq!(shown(&board, 6), ["c", "d", "e", "and"]);
    assert_eq!(shown(&board, 1), ["e", "and"]);
    assert_eq!(
        board.lines(6, Style::PLAIN).last().map(String::as_str),
        Some("and 5 more")
    );
}

#[test]
fn a_sentence_has_the_progress_of_the_trial() {
    let mut board = Board::new(&plan(1));
    assert_eq!(board.sentence(), None);
    board.load("redis-kafka", 1, counters(4_200, 101, 87));
    let text = "redis-kafka: 4,200 of 20,000 attempts, issued 101 of 100, 87 in the database";
    assert_eq!(board.sentence().as_deref(), Some(text));
    board.drain();
    let text = "redis-kafka: draining after 20,000 attempts, issued 101 of 100, 87 in the database";
    assert_eq!(board.sentence().as_deref(), Some(text));
    board.done();
    assert_eq!(board.sentence(), None);

    let mut board = Board::new(&plan(3));
    board.load("naive", 2, counters(1, 0, 0));
    assert!(board.sentence().unwrap().starts_with("naive 2/3: 1 of"));
}

#[test]
fn the_screen_has_a_line_for_every_strategy_and_is_empty_at_the_end() {
    let term = InMemoryTerm::new(24, 80);
    term.write_line("$ coupon-bench run").unwrap();
    let mut screen = Screen::new(term.clone(), false);
    let mut board = Board::new(&plan(1));
    let seen = |board: &Board| format!("$ coupon-bench run\n{}", lines(board, 80).join("\n"));
    screen.show(&board);
    assert_eq!(term.contents(), seen(&board));

    let rising = counters(10, 10, 10);
    board.load("naive", 1, Arc::clone(&rising));
    screen.show(&board);
    assert_eq!(term.contents(), seen(&board));
    rising.issued.store(1_000, Relaxed);
    screen.show(&board);
    assert!(term.contents().contains("over by 900"));
    // The next update removes typed text.
    term.write_str("^C").unwrap();
    board.done();
    screen.show(&board);
    assert_eq!(term.contents(), seen(&board));

    screen.say("stopping\nnow");
    screen.show(&board);
    let said = seen(&board).replacen('\n', "\nstopping\nnow\n", 1);
    assert_eq!(term.contents(), said);
    drop(screen);
    assert_eq!(term.contents(), "$ coupon-bench run\nstopping\nnow");
}

#[test]
fn an_update_with_fewer_lines_clears_the_others() {
    let term = InMemoryTerm::new(10, 80);
    let mut screen = Screen::new(term.clone(), false);
    let texts = |texts: &[&str]| -> Vec<String> { texts.iter().map(|&t| t.to_owned()).collect() };
    for picture in [&["a", "b", "c", "d"][..], &["a", "c"], &["a", "c", "e"]] {
        screen.draw(&texts(picture));
        assert_eq!(term.contents(), picture.join("\n"));
    }
}

#[test]
fn progress_shows_its_messages_and_clears_its_lines() {
    let term = InMemoryTerm::new(24, 80);
    let view = term.clone();
    let every = Duration::from_millis(1);
    let progress = Progress::shown(Board::new(&plan(3)), every, move || {
        Screen::new(view, false)
    });
    progress.load("naive", 2, counters(20_000, 130, 99));
    progress.drain();
    seen(&term, "over in 1 of 2, draining");
    progress.done();
    progress.load("redis-incr", 2, counters(5, 5, 5));
    seen(&term, "redis-incr     2/3");
    progress.say("a note");
    seen(&term, "a note\n");
    progress.end();
    assert_eq!(term.contents(), "a note");
    // The thread has ended, and the text goes to stderr.
    progress.done();
    assert_eq!(term.contents(), "a note");
}

/// Waits until the text is on the screen.
fn seen(term: &InMemoryTerm, text: &str) {
    for _ in 0..10_000 {
        if term.contents().contains(text) {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("no {text:?} in\n{}", term.contents());
}

/// Writes into a buffer of the test.
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_log_has_messages_and_no_line_of_a_short_run() {
    let written = Arc::new(Mutex::new(Vec::new()));
    let shared = Shared(Arc::clone(&written));
    let progress = Progress::shown(Board::new(&plan(1)), LINE_EVERY, || Log(shared));
    progress.load("naive", 1, counters(1, 1, 1));
    progress.say("a note");
    progress.end();
    assert_eq!(*written.lock().unwrap(), b"a note\n");
}

#[test]
fn a_log_gets_a_line_at_intervals() {
    let mut written = Vec::new();
    let (messages, inbox) = mpsc::channel();
    let load = Message::Load("naive".to_owned(), 0, counters(1, 1, 1));
    messages.send(load).unwrap();
    let watcher = thread::spawn(move || {
        watch(
            Board::new(&plan(1)),
            &inbox,
            Duration::from_millis(5),
            Log(&mut written),
        );
        String::from_utf8(written).unwrap()
    });
    thread::sleep(Duration::from_millis(50));
    drop(messages);
    let written = watcher.join().unwrap();
    let line = "naive: 1 of 20,000 attempts, issued 1 of 100, 1 in the database";
    assert!(written.lines().count() >= 1);
    assert!(written.lines().all(|written| written == line), "{written}");
}

#[test]
fn every_mode_ends() {
    for mode in [Mode::Off, Mode::Lines, Mode::Live { color: false }] {
        let progress = Progress::start(&plan(1), mode);
        progress.load("naive", 1, counters(0, 0, 0));
        progress.drain();
        progress.done();
        progress.end();
    }
}
