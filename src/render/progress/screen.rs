//! Lines of a terminal that are redrawn in place.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::{View, board::Board};
use crate::render::Style;

/// A bar of indicatif for each line. The lines are cleared on drop.
pub struct Screen<T> {
    term: T,
    color: bool,
    multi: MultiProgress,
    bars: Vec<ProgressBar>,
    /// The widths of the drawn lines, without the last one, which has the cursor.
    drawn: Vec<usize>,
}

impl<T: TermLike + Clone + 'static> Screen<T> {
    pub fn new(term: T, color: bool) -> Self {
        let terminal = LineTerminal {
            term: term.clone(),
            below: AtomicBool::new(false),
        };
        let target = ProgressDrawTarget::term_like(Box::new(terminal));
        let multi = MultiProgress::with_draw_target(target);
        multi.set_move_cursor(true);
        Self {
            term,
            color,
            multi,
            bars: Vec::new(),
            drawn: Vec::new(),
        }
    }

    /// Replaces the lines.
    pub(in crate::render) fn draw(&mut self, lines: &[String]) {
        self.find_top();
        for bar in self.bars.split_off(lines.len().min(self.bars.len())) {
            self.multi.remove(&bar);
        }
        while self.bars.len() < lines.len() {
            let bar = self.multi.add(ProgressBar::no_length());
            if let Ok(look) = ProgressStyle::with_template("{msg}") {
                bar.set_style(look);
            }
            self.bars.push(bar);
        }
        let mut changed = false;
        for (bar, line) in self.bars.iter().zip(lines) {
            if bar.message() != *line {
                bar.set_message(line.clone());
                changed = true;
            }
        }
        // A redraw removes typed text.
        if let (false, Some(bar)) = (changed, self.bars.first()) {
            bar.tick();
        }
        let widths = lines.iter().map(|line| console::measure_text_width(line));
        self.drawn = widths.collect();
        self.drawn.pop();
    }

    /// Writes a text above the lines.
    pub(in crate::render) fn print(&mut self, text: &str) {
        self.find_top();
        self.multi.suspend(|| {
            // A closed terminal is no reason to fail.
            let _ = text.lines().try_for_each(|line| self.term.write_line(line));
            let _ = self.term.flush();
        });
    }

    /// A terminal that became narrower has wrapped the lines, so that the first line is further up than indicatif expects.
    fn find_top(&mut self) {
        let width = usize::from(self.term.width()).max(1);
        let wrapped: usize = self
            .drawn
            .iter()
            .map(|drawn| drawn.div_ceil(width).saturating_sub(1))
            .sum();
        if wrapped > 0 {
            let _ = self.term.move_cursor_up(wrapped);
        }
        self.drawn.clear();
    }
}

impl<T: TermLike + Clone + 'static> View for Screen<T> {
    fn show(&mut self, board: &Board) {
        let style = Style {
            color: self.color,
            width: usize::from(self.term.width()),
        };
        self.draw(&board.lines(usize::from(self.term.height()), style));
    }

    fn say(&mut self, text: &str) {
        self.print(text);
    }
}

impl<T> Drop for Screen<T> {
    fn drop(&mut self) {
        // A closed terminal is not cleared.
        let _ = self.multi.clear();
        for bar in &self.bars {
            self.multi.remove(bar);
        }
    }
}

/// A terminal that ends each line by a line break.
///
/// Indicatif fills a line with spaces, so that the next line begins by wrapping. After a resize, a terminal would wrap these lines
/// again, and a slow terminal shows the spaces as flicker.
#[derive(Debug)]
struct LineTerminal<T> {
    term: T,
    /// Whether the next text begins a new line.
    below: AtomicBool,
}

impl<T: TermLike> TermLike for LineTerminal<T> {
    fn width(&self) -> u16 {
        self.term.width()
    }

    fn height(&self) -> u16 {
        self.term.height()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.term.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if text.bytes().all(|byte| byte == b' ') {
            self.below.store(true, Relaxed);
            // To the end of the line.
            return self.term.write_str("\x1b[K");
        }
        if self.below.swap(false, Relaxed) {
            self.term.write_str("\r\n")?;
        }
        self.term.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.term.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.below.store(false, Relaxed);
        // Clears the rest of the screen, as there may be fewer lines than before. At the start of a line, the `^C` that a terminal
        // shows does not wrap.
        self.term.write_str("\x1b[J\r")?;
        self.term.flush()
    }
}
