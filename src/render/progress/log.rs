//! A line every few seconds, for a log file.

use std::io::Write;

use super::{View, board::Board};

/// The writer of the lines.
pub struct Log<W>(pub W);

impl<W: Write> View for Log<W> {
    fn show(&mut self, board: &Board) {
        if let Some(text) = board.sentence() {
            self.say(&text);
        }
    }

    fn say(&mut self, text: &str) {
        // A log that cannot be written is no reason to fail. One write keeps the line in one piece.
        let _ = self.0.write_all(format!("{text}\n").as_bytes());
    }
}
