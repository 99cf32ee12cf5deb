//! A line every few seconds, where there is no terminal.

use std::io::Write;

use super::{Face, board::Board};

/// Wherever lines go.
pub struct Log<W>(pub W);

impl<W: Write> Face for Log<W> {
    fn show(&mut self, board: &Board) {
        if let Some(text) = board.sentence() {
            self.say(&text);
        }
    }

    fn say(&mut self, text: &str) {
        // A log that cannot be written is no reason to fail. One write, so that no other process gets in between.
        let _ = self.0.write_all(format!("{text}\n").as_bytes());
    }
}
