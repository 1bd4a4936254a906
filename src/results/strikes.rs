//! `strikes.csv` or `strikes.parquet`: every strike of a shock, and every clock that still ran at the end, by draw.

use super::export::{ExportFormat, GATHERED, KeptRows, Sink};
use super::filling::{Filling, Group};
use super::rows::{Draw, RowPattern};
use super::table::{Field, Kind, Schema};
use super::{FolderError, OutputFile};
use crate::math::{Lanes, Mask, WIDTH};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A strike of a shock, or a clock that still ran at the end: then it has no onset and no duration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strike {
    /// The draw's lane in its batch.
    pub lane: usize,
    /// The shock's row.
    pub shock: usize,
    /// Number of the strike in its draw, from 0.
    pub number: u32,
    /// When its course begins \[quarters since the horizon's start\]; not a number if it never does.
    pub onset: f64,
    /// Length or time constant of its course \[quarters\]; likewise.
    pub duration: f64,
    /// Uniform of its clock; not a number where no chance decides when it strikes.
    pub clock: f64,
}

/// Rows that wait until a row group is full: number of the first batch, batches, and the rows with the numbers of their draws.
type Waiting = (u64, u64, Vec<(u64, Strike)>);

/// The table of strikes.
pub struct StrikesTable {
    sink: Sink,
    /// As in the table of inputs: those of a part may be the end of a group, which waits for what comes before.
    waiting: Vec<Waiting>,
    shocks: Vec<String>,
    schema: Schema,
}

/// Cells of a row: the shock, then its numbers.
const CELLS: usize = 5;

impl StrikesTable {
    /// Starts the table, given the shocks as `shock.id`, in order.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(format: ExportFormat, file: OutputFile, shocks: Vec<String>) -> Result<Self, FolderError> {
        let onset = "When its course begins, in quarters since the horizon's start; empty: it did not strike within the horizon";
        let duration =
            "Length of its course, or time constant if that is exponential; empty: it did not strike";
        let clock = "Uniform of its clock, path shock.ID.clock: it strikes once the hazard has accumulated to −ln(1 − clock); empty where no chance decides when";
        let fields = vec![
            Field::new("draw", Kind::Integer, "Number of the draw"),
            Field::new("shock", Kind::Text, "The shock: shock.id"),
            Field::new("strike", Kind::Number, "Number of the strike in the draw, from 0"),
            Field::new("onset", Kind::Number, onset).with_unit("quarters"),
            Field::new("duration", Kind::Number, duration).with_unit("quarters"),
            Field::new("clock", Kind::Number, clock).with_unit("1"),
        ];
        let about = "A row a strike of a shock, and a row a clock that still ran at the end";
        let name = if format == ExportFormat::Csv { "strikes.csv" } else { "strikes.parquet" };
        let schema = Schema { name, about, fields };
        Ok(Self { sink: Sink::new(format, file, &schema)?, waiting: Vec::new(), shocks, schema })
    }

    /// What it is, apart from its rows.
    pub fn schema(&self) -> Schema {
        self.schema.clone()
    }

    /// What its file is called.
    pub fn file_name(&self) -> &'static str {
        self.schema.name
    }

    /// Adds the strikes of consecutive batches from number `first` on.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, first: u64, batches: &[Vec<Strike>], masks: &[Mask]) -> Result<(), FolderError> {
        let group = |batch: u64| batch / GATHERED;
        let follows = |w: &Waiting| w.0 + w.1 == first && group(w.0) == group(first);
        if !self.waiting.last().is_some_and(follows) {
            self.waiting.push((first, 0, Vec::new()));
        }
        let Some(last) = self.waiting.last_mut() else { return Ok(()) };
        for (b, (strikes, mask)) in batches.iter().zip(masks).enumerate() {
            let number = |s: &Strike| (first + b as u64) * WIDTH as u64 + s.lane as u64;
            last.2.extend(strikes.iter().filter(|s| mask.lane(s.lane)).map(|s| (number(s), *s)));
        }
        last.1 += batches.len() as u64;
        // Text has no groups: its rows wait for nothing.
        if self.sink.is_text() || (last.0 % GATHERED == 0 && last.1 >= GATHERED) {
            self.write_group()
        } else {
            Ok(())
        }
    }

    /// Writes what waits last.
    fn write_group(&mut self) -> Result<(), FolderError> {
        let Some((_, _, rows)) = self.waiting.pop() else { return Ok(()) };
        let cells = |at: usize| -> [f64; CELLS] {
            rows.get(at).map_or([0.0; CELLS], |(_, s)| {
                [s.shock as f64, f64::from(s.number), s.onset, s.duration, s.clock]
            })
        };
        let batch = |b: usize| -> Vec<Lanes> {
            (0..CELLS).map(|c| Lanes::from_fn(|lane| cells(b * WIDTH + lane)[c])).collect()
        };
        let batches: Vec<Vec<Lanes>> = (0..rows.len().div_ceil(WIDTH)).map(batch).collect();
        let place =
            |(i, row): (usize, &(u64, Strike))| Draw { number: row.0, batch: i / WIDTH, lane: i % WIDTH };
        let draws: Vec<Draw> = rows.iter().enumerate().map(place).collect();
        match &mut self.sink {
            Sink::Csv(text) => {
                let shocks = &self.shocks;
                let start = |draw: &Draw| {
                    let shock = batches[draw.batch][0][draw.lane] as usize;
                    format!("{},{}", draw.number, shocks[shock]).into_bytes()
                };
                let columns: Vec<Option<usize>> = (1..CELLS).map(Some).collect();
                text.write(&draws, start, &[RowPattern::new("", &columns)], &batches)
            }
            Sink::Parquet(_, table) => {
                let chosen = Filling::Chosen { distinct: self.shocks.clone(), cell: 0 };
                let numbers: Vec<Filling> =
                    (1..CELLS).map(|c| Filling::numbers(std::iter::once(Some(c)))).collect();
                let columns: Vec<&Filling> = [&Filling::Draw, &chosen].into_iter().chain(&numbers).collect();
                table.write(Group { draws: &draws, batches: &batches, rows: 1 }, &columns)
            }
        }
    }

    /// What is written so far, which is on the disk, and what waits.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&mut self) -> Result<KeptRows<Waiting>, FolderError> {
        Ok(KeptRows { written: self.sink.save()?, waiting: self.waiting.clone() })
    }

    /// Goes on in its own file from where it was saved, or adds the rows of another file, whose draws follow.
    ///
    /// # Errors
    /// If that cannot be read, or this not be written.
    pub fn load(&mut self, from: Option<&Path>, kept: KeptRows<Waiting>) -> Result<(), FolderError> {
        let Some(from) = from else {
            self.waiting = kept.waiting;
            return self.sink.resume(&kept.written);
        };
        let (ends, starts): (Vec<_>, Vec<_>) = kept.waiting.into_iter().partition(|w| w.0 % GATHERED != 0);
        ends.into_iter().try_for_each(|w| self.join(w))?;
        self.sink.append(from, &self.schema.header(), &kept.written)?;
        starts.into_iter().try_for_each(|w| self.join(w))
    }

    /// Adds rows that waited elsewhere.
    fn join(&mut self, (first, batches, rows): Waiting) -> Result<(), FolderError> {
        match self.waiting.last_mut() {
            Some(last) if last.0 + last.1 == first && last.0 / GATHERED == first / GATHERED => {
                last.1 += batches;
                last.2.extend(rows);
            }
            _ => self.waiting.push((first, batches, rows)),
        }
        match self.waiting.last() {
            Some((start, batches, _)) if start % GATHERED == 0 && *batches >= GATHERED => self.write_group(),
            _ => Ok(()),
        }
    }

    /// Ends the table; the file is still to be named.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<OutputFile, FolderError> {
        self.waiting.reverse();
        while !self.waiting.is_empty() {
            self.write_group()?;
        }
        self.sink.finish()
    }
}
