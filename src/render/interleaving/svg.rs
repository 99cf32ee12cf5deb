//! The picture as an SVG without fonts, scripts or references, for light and dark pages.

use std::fmt::Write;

use super::{column, in_words, legend, lines, sign, wrap};
use crate::{
    model::interleaving::{Interleaving, Mark, Step},
    text::is_unsafe,
};

/// The width of a letter of the monospaced text, in pixels.
const LETTER: usize = 8;
const LINE: usize = 18;
const MARGIN: usize = 20;
const GUTTER: usize = 44;
const GAP: usize = 16;
/// The space between a step's box and its text.
const PADDING: usize = 8;
/// The largest number of letters in one line of a step.
const WIDEST: usize = 34;
const NARROWEST: usize = 10;

/// Rules without variables first, as some viewers support neither variables nor media queries.
const STYLE: &str = "\
text{fill:#1c2128;font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}\
.title{font-weight:700;font-size:15px}.who{font-weight:700}.quiet,.told{fill:#656d76}.told{font-style:italic}\
.paper{fill:#fff}.life{stroke:#d0d7de;stroke-width:1.5}.step{fill:#f6f8fa;stroke:#d0d7de}\
.stale,.waits,.fault{fill:#fff8c5;stroke:#9a6700}.stale,.waits{stroke-dasharray:4 3}.broke{fill:#ffebe9;stroke:#cf222e;stroke-width:2}\
.mark-stale,.mark-waits,.mark-fault,.mark-broke{font-weight:700}.mark-stale,.mark-waits,.mark-fault{fill:#9a6700}.mark-broke{fill:#cf222e}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.quiet,.told{fill:#9198a1}.paper{fill:#0d1117}.life{stroke:#3d444d}\
.step{fill:#161b22;stroke:#3d444d}.stale,.waits,.fault{fill:#2e2207;stroke:#e3b341}.broke{fill:#3c1618;stroke:#ff7b72}\
.mark-stale,.mark-waits,.mark-fault{fill:#e3b341}.mark-broke{fill:#ff7b72}}";

/// A whole document.
pub fn render(picture: &Interleaving) -> String {
    let sizes = Sizes::of(picture);
    let mut drawing = Drawing {
        body: String::new(),
        y: MARGIN,
        sizes,
    };
    drawing.title(&picture.title);
    let top = drawing.actors(picture);
    let mut steps = Drawing {
        body: String::new(),
        y: drawing.y,
        sizes: drawing.sizes.clone(),
    };
    for (number, step) in (1..).zip(&picture.steps) {
        steps.step(picture, number, step);
    }
    // The lines first: the boxes are drawn over them.
    drawing.lives(top, steps.y);
    drawing.body.push_str(&steps.body);
    drawing.y = steps.y + LINE / 2;
    drawing.notes(picture);
    let (width, height) = (drawing.sizes.width, drawing.y + MARGIN / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n\
         <style>{STYLE}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n{}</svg>\n",
        escaped(&picture.title),
        escaped(&in_words(picture)),
        drawing.body
    )
}

#[derive(Clone)]
struct Sizes {
    /// The left edge of each actor's column.
    left: Vec<usize>,
    /// Letters in each actor's column.
    letters: Vec<usize>,
    width: usize,
}

impl Sizes {
    fn of(picture: &Interleaving) -> Self {
        let mut left = Vec::new();
        let mut letters = Vec::new();
        let mut x = MARGIN + GUTTER;
        for index in 0..picture.actors.len() {
            let own = picture
                .steps
                .iter()
                .filter(|step| column(picture, step) == Some(index));
            let longest = own.flat_map(lines).map(|line| line.chars().count()).max();
            let letters_here = longest.unwrap_or(0).clamp(NARROWEST, WIDEST);
            left.push(x);
            letters.push(letters_here);
            x += letters_here * LETTER + 2 * PADDING + GAP;
        }
        Self {
            left,
            letters,
            width: (x - GAP + MARGIN).max(420),
        }
    }

    /// The left edge of a step's column and its width in letters. A step without an actor takes all columns.
    fn place(&self, picture: &Interleaving, step: &Step) -> (usize, usize) {
        let all = (self.width - MARGIN - GUTTER - MARGIN - 2 * PADDING) / LETTER;
        match column(picture, step) {
            Some(at) => (self.left[at], self.letters[at]),
            None => (MARGIN + GUTTER, all),
        }
    }
}

struct Drawing {
    body: String,
    y: usize,
    sizes: Sizes,
}

impl Drawing {
    /// A line of text with its baseline one line below the current height.
    fn text(&mut self, x: usize, class: &str, text: &str) {
        self.y += LINE;
        self.beside(x, class, text);
    }

    fn beside(&mut self, x: usize, class: &str, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{}\" class=\"{class}\">{}</text>",
            self.y - 4,
            escaped(text)
        );
    }

    fn title(&mut self, title: &str) {
        for line in wrap(title, (self.sizes.width - 2 * MARGIN) / (LETTER + 2)) {
            self.text(MARGIN, "title", &line);
        }
        self.y += LINE / 2;
    }

    /// Draws the heads of the columns, and returns the height at which the lines below begin.
    fn actors(&mut self, picture: &Interleaving) -> usize {
        self.y += LINE;
        for (actor, x) in picture.actors.iter().zip(self.sizes.left.clone()) {
            self.beside(x + PADDING, "who", &actor.to_string());
        }
        self.y += 6;
        self.y
    }

    fn lives(&mut self, top: usize, bottom: usize) {
        for x in &self.sizes.left {
            let x = x + PADDING * 2;
            let _ = writeln!(
                self.body,
                "<line class=\"life\" x1=\"{x}\" y1=\"{top}\" x2=\"{x}\" y2=\"{bottom}\"/>"
            );
        }
    }

    fn step(&mut self, picture: &Interleaving, number: usize, step: &Step) {
        let (x, letters) = self.sizes.place(picture, step);
        let class = match step.mark {
            Mark::Plain => "step",
            Mark::Stale => "stale",
            Mark::Waits => "waits",
            Mark::Fault => "fault",
            Mark::Broke => "broke",
        };
        let text = wrap(&step.text(), letters);
        let told = step.told.iter().map(|told| format!("= {told}"));
        let told: Vec<_> = told.collect();
        let height = (text.len() + told.len()) * LINE + PADDING;
        let _ = writeln!(
            self.body,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{}\" width=\"{}\" height=\"{height}\" rx=\"5\"/>",
            self.y,
            letters * LETTER + 2 * PADDING
        );
        let top = self.y;
        self.y = top + LINE + PADDING / 2;
        self.beside(MARGIN, "quiet", &format!("{number:>2}"));
        self.beside(MARGIN + 26, &format!("mark-{class}"), sign(step.mark));
        self.y = top + PADDING / 2;
        for line in &text {
            self.text(x + PADDING, "call", line);
        }
        for line in &told {
            self.text(x + PADDING, "told", line);
        }
        self.y = top + height + 6;
    }

    fn notes(&mut self, picture: &Interleaving) {
        let letters = (self.sizes.width - 2 * MARGIN) / LETTER;
        let legend = legend(picture).join(" · ");
        let token = picture
            .token
            .as_ref()
            .map(|token| format!("schedule {token}"));
        let ledger = format!("ledger   {}", picture.ledger);
        for (class, text) in [
            ("quiet", Some(legend)),
            ("call", Some(ledger)),
            ("who", Some(picture.why.clone())),
            ("quiet", token),
        ] {
            for line in text.iter().flat_map(|text| wrap(text, letters)) {
                self.text(MARGIN, class, &line);
            }
            self.y += 4;
        }
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // Control characters are not allowed in XML, not even escaped.
            unseen if is_unsafe(unseen) => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}
