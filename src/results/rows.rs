//! Rows of draws as CSV text: the draws of a batch made side by side, batches on all threads, written in order.

use super::csv::{Digits, LONGEST, ROOM, put};
use super::{FolderError, OutputFile};
use crate::math::Lanes;
use rayon::prelude::*;

/// Batches whose text is made side by side before it is written, in order.
const TOGETHER: usize = 4;

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

/// What a row of every draw is made of.
#[derive(Clone, Debug)]
pub(super) struct RowPattern {
    /// What follows the draw's own start: a key, and the commas before the first number.
    head: Vec<u8>,
    /// Cell of each number, and how many commas come after it.
    numbers: Vec<(usize, usize)>,
}

impl RowPattern {
    /// A row with a key and, for each column, its cell, if there is one.
    pub(super) fn new(key: &str, columns: &[Option<usize>]) -> Self {
        let mut head = key.as_bytes().to_vec();
        let mut numbers: Vec<(usize, usize)> = Vec::new();
        for cell in columns {
            // Most actors have few of the metrics: the commas of a gap are written at once.
            match numbers.last_mut() {
                Some(last) => last.1 += 1,
                None => head.push(b','),
            }
            numbers.extend(cell.map(|cell| (cell, 0)));
        }
        Self { head, numbers }
    }

    /// Bytes that a row takes at most, beside the draw's start.
    fn longest(&self) -> usize {
        self.head.len() + self.numbers.iter().map(|(_, commas)| LONGEST + commas).sum::<usize>() + 1
    }

    /// Writes the row of a lane, whose numbers are `values`, at `at`, and returns where it ends.
    #[inline]
    fn write(
        &self,
        text: &mut [u8],
        mut at: usize,
        start: &[u8],
        values: &[Lanes],
        lane: usize,
        digits: &mut [Digits; AHEAD],
    ) -> usize {
        for part in [start, &self.head] {
            text[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        for (values, numbers) in values.chunks(AHEAD).zip(self.numbers.chunks(AHEAD)) {
            let mut made: [&[u8]; AHEAD] = [&[]; AHEAD];
            for ((made, digits), x) in made.iter_mut().zip(digits.iter_mut()).zip(values) {
                *made = digits.of(x[lane]);
            }
            for ((made, x), &(_, commas)) in made.into_iter().zip(values).zip(numbers) {
                if let Some(room) = text[at..].first_chunk_mut::<ROOM>() {
                    at += put(room, made, x[lane]);
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

/// The text of a draw's rows; room for it is kept, since fresh memory costs more than what is written into it.
#[derive(Default)]
struct Text {
    start: Vec<u8>,
    bytes: Vec<u8>,
    length: usize,
}

/// A file of rows.
pub(super) struct TextRows {
    file: OutputFile,
    texts: Vec<Vec<Text>>,
}

impl TextRows {
    pub(super) fn new(file: OutputFile) -> Self {
        let mut texts = Vec::new();
        texts.resize_with(TOGETHER, Vec::new);
        Self { file, texts }
    }

    /// Writes the rows of draws, which lie batch by batch: each row has its draw's `start` and follows a pattern.
    pub(super) fn write(
        &mut self,
        draws: &[Draw],
        start: impl Fn(&Draw) -> Vec<u8> + Sync,
        patterns: &[RowPattern],
        batches: &[Vec<Lanes>],
    ) -> Result<(), FolderError> {
        let of_batch: Vec<_> = draws.chunk_by(|a, b| a.batch == b.batch).collect();
        for together in of_batch.chunks(TOGETHER) {
            together.par_iter().zip(self.texts.par_iter_mut()).for_each(|(draws, texts)| {
                texts.resize_with(draws.len(), Text::default);
                begin(texts, draws, &start, patterns);
                let cells = &batches[draws[0].batch];
                let mut digits: [Digits; AHEAD] = std::array::from_fn(|_| Digits::new());
                let mut values = Vec::new();
                for pattern in patterns {
                    // Cells lie far apart: those of a row are fetched at once for all draws.
                    values.clear();
                    values.extend(pattern.numbers.iter().map(|&(cell, _)| cells[cell]));
                    for (text, draw) in texts.iter_mut().zip(*draws) {
                        let Text { bytes, length, start } = text;
                        *length = pattern.write(bytes, *length, start, &values, draw.lane, &mut digits);
                    }
                }
            });
            for text in self.texts[..together.len()].iter().flatten() {
                self.file.write(&text.bytes[..text.length])?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> OutputFile {
        self.file
    }
}

/// Makes room for the rows of a batch's draws.
fn begin(texts: &mut [Text], draws: &[Draw], start: impl Fn(&Draw) -> Vec<u8>, patterns: &[RowPattern]) {
    let longest: usize = patterns.iter().map(RowPattern::longest).sum();
    for (text, draw) in texts.iter_mut().zip(draws) {
        text.start = start(draw);
        text.length = 0;
        let room = longest + patterns.len() * text.start.len() + ROOM;
        if text.bytes.len() < room {
            text.bytes.resize(room, 0);
        }
    }
}
