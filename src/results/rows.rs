//! Rows of draws as CSV text: a draw at a time on each thread, written in order.

use super::csv::{Digits, LONGEST, ROOM, put};
use super::{FolderError, OutputFile};
use crate::math::{Lanes, WIDTH};
use rayon::prelude::*;

/// Commas that are copied at once, as one copy of a size that is known.
const COMMAS: [u8; 16] = [b','; 16];

/// Numbers whose digits are made before the first of them is copied: what has just been written is slow to read.
const AHEAD: usize = 4;

/// A draw that counts, and where its values are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw {
    pub(super) number: u64,
    pub(super) batch: usize,
    pub(super) lane: usize,
}

/// The replicate that a draw belongs to, of eight: a point of each scrambled net in turn.
pub(super) fn replicate(draw: u64) -> u64 {
    draw % WIDTH as u64
}

/// What a row of every draw is made of.
#[derive(Clone, Debug)]
pub(super) struct RowPattern {
    /// What follows the draw's own start: a key, and the commas before the first number.
    head: Vec<u8>,
    /// Cell of each number.
    cells: Vec<usize>,
    /// How many commas come after it.
    commas: Vec<usize>,
}

impl RowPattern {
    /// A row with a key and, for each column, its cell, if there is one.
    pub(super) fn new(key: &str, columns: &[Option<usize>]) -> Self {
        let mut row = Self { head: key.as_bytes().to_vec(), cells: Vec::new(), commas: Vec::new() };
        for cell in columns {
            // Most actors have few of the metrics: the commas of a gap are written at once.
            match row.commas.last_mut() {
                Some(commas) => *commas += 1,
                None => row.head.push(b','),
            }
            if let &Some(cell) = cell {
                row.cells.push(cell);
                row.commas.push(0);
            }
        }
        row
    }

    /// Bytes that a row takes at most, beside the draw's start.
    fn longest(&self) -> usize {
        self.head.len() + self.commas.iter().map(|commas| LONGEST + commas).sum::<usize>() + 1
    }

    /// Writes the row of a draw at `at`, and returns where it ends.
    #[inline]
    fn write(
        &self,
        text: &mut [u8],
        mut at: usize,
        start: &[u8],
        values: &[f64],
        digits: &mut [Digits; AHEAD],
    ) -> usize {
        for part in [start, &self.head] {
            text[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        for (values, commas) in values.chunks(AHEAD).zip(self.commas.chunks(AHEAD)) {
            let mut made = [""; AHEAD];
            for ((made, digits), x) in made.iter_mut().zip(digits.iter_mut()).zip(values) {
                *made = digits.of(*x);
            }
            for ((made, x), &commas) in made.into_iter().zip(values).zip(commas) {
                if let Some(room) = text[at..].first_chunk_mut::<ROOM>() {
                    at += put(room, made, *x);
                }
                if commas <= COMMAS.len() {
                    text[at..at + COMMAS.len()].copy_from_slice(&COMMAS);
                } else {
                    text[at..at + commas].fill(b',');
                }
                at += commas;
            }
        }
        text[at] = b'\n';
        at + 1
    }
}

/// The text of a draw's rows; its memory is kept, since fresh memory costs more than what is written into it.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    length: usize,
}

impl Text {
    /// Writes all rows of a draw, given its values as they stand in the rows.
    fn write(&mut self, start: &[u8], patterns: &[RowPattern], longest: usize, mut values: &[f64]) {
        let room = longest + patterns.len() * start.len() + ROOM;
        if self.bytes.len() < room {
            self.bytes.resize(room, 0);
        }
        let mut digits: [Digits; AHEAD] = std::array::from_fn(|_| Digits::new());
        self.length = 0;
        for row in patterns {
            let (these, rest) = values.split_at(row.cells.len());
            self.length = row.write(&mut self.bytes, self.length, start, these, &mut digits);
            values = rest;
        }
    }
}

/// A file of rows.
pub(super) struct TextRows {
    pub(super) file: OutputFile,
    /// A draw's text for each thread: the second cache holds it from when it is made until it is written.
    texts: Vec<Text>,
    /// Values of a batch's draws, as they stand in the rows.
    values: [Vec<f64>; WIDTH],
}

impl TextRows {
    pub(super) fn new(file: OutputFile) -> Self {
        Self { file, texts: Vec::new(), values: Default::default() }
    }

    /// Writes the rows of draws, which lie batch by batch: each row has its draw's `start` and follows a pattern.
    pub(super) fn write(
        &mut self,
        draws: &[Draw],
        start: impl Fn(&Draw) -> Vec<u8> + Sync,
        patterns: &[RowPattern],
        batches: &[Vec<Lanes>],
    ) -> Result<(), FolderError> {
        let longest = patterns.iter().map(RowPattern::longest).sum();
        self.texts.resize_with(rayon::current_num_threads(), Text::default);
        for draws in draws.chunk_by(|a, b| a.batch == b.batch) {
            self.gather(patterns, &batches[draws[0].batch]);
            for together in draws.chunks(self.texts.len()) {
                together.par_iter().zip(self.texts.par_iter_mut()).for_each(|(draw, text)| {
                    text.write(&start(draw), patterns, longest, &self.values[draw.lane]);
                });
                for text in &self.texts[..together.len()] {
                    self.file.write(&text.bytes[..text.length])?;
                }
            }
        }
        Ok(())
    }

    /// Lays the values of a batch out draw by draw: its cells lie far apart.
    fn gather(&mut self, patterns: &[RowPattern], cells: &[Lanes]) {
        self.values.iter_mut().for_each(Vec::clear);
        for row in patterns {
            for &cell in &row.cells {
                let all = &cells[cell];
                for (values, x) in self.values.iter_mut().zip(all.0) {
                    values.push(x);
                }
            }
        }
    }

    pub(super) fn finish(self) -> OutputFile {
        self.file
    }
}
