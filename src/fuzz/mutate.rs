//! Makes inputs from known inputs.

use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};

/// The longest input in bytes, unless the known input is longer. One input in a hundred may be as long as [`HUGE`].
const LONG: usize = 2 * 1024;
const HUGE: usize = 64 * 1024;

/// Texts that are often handled wrongly, for every parser.
const ODD: [&str; 30] = [
    "",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "é",
    "𝕏",
    "\"",
    "'",
    "\\",
    "/",
    "%",
    "%00",
    "%zz",
    "#",
    "?",
    "&",
    "=",
    "-",
    "0",
    "-1",
    "1e999",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "0.1",
    "NaN",
];

/// Makes inputs for one parser.
pub struct Mutator {
    corpus: Vec<Vec<u8>>,
    words: &'static [&'static str],
}

impl Mutator {
    /// A mutator of known inputs, at least one, with the words of the parser's language.
    pub fn new(corpus: Vec<Vec<u8>>, words: &'static [&'static str]) -> Self {
        assert!(!corpus.is_empty());
        Self { corpus, words }
    }

    /// The next input.
    pub fn input(&self, random: &mut StdRng) -> Vec<u8> {
        let mut input = self.known(random).to_vec();
        let longest = if random.random_ratio(1, 100) {
            HUGE
        } else {
            LONG.max(2 * input.len())
        };
        for _ in 0..random.random_range(0..8) {
            self.change(&mut input, random);
            input.truncate(longest);
        }
        input
    }

    fn known(&self, random: &mut StdRng) -> &[u8] {
        self.corpus.choose(random).map_or(&[], Vec::as_slice)
    }

    fn change(&self, input: &mut Vec<u8>, random: &mut StdRng) {
        let start = random.random_range(0..=input.len());
        let length = random.random_range(0..=(input.len() - start).min(16));
        let end = start + length;
        match random.random_range(0..100) {
            0..10 => {
                if let Some(byte) = input.get_mut(start) {
                    *byte ^= 1 << random.random_range(0..8);
                }
            }
            10..25 => drop(input.drain(start..end)),
            25..35 => {
                let piece = input[start..end].to_vec();
                input.splice(start..start, piece);
            }
            35..60 => drop(input.splice(start..end, self.word(random).bytes())),
            60..75 => drop(input.splice(start..start, self.word(random).bytes())),
            75..82 => input.truncate(start),
            82..95 => {
                let other = self.known(random);
                let from = random.random_range(0..=other.len());
                let until = random.random_range(from..=other.len());
                input.splice(start..end, other[from..until].iter().copied());
            }
            95..98 => {
                let bytes: Vec<u8> = (0..length).map(|_| random.random()).collect();
                input.splice(start..end, bytes);
            }
            98 => {
                // Deep nesting and long runs: many brackets, many digits.
                let piece = input[start..end].repeat(random.random_range(2..500));
                input.splice(start..end, piece);
            }
            _ => {
                let times = random.random_range(2..5000);
                let word = self.word(random).repeat(times);
                input.splice(start..end, word.into_bytes());
            }
        }
    }

    fn word(&self, random: &mut StdRng) -> &'static str {
        let words: &[&str] = if random.random_bool(0.6) {
            self.words
        } else {
            &ODD
        };
        words.choose(random).copied().unwrap_or_default()
    }
}
