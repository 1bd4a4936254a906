//! Tables with a row a draw: metrics of draws, and the inputs that they were made from.

use super::csv::{float, quoted, whole};
use super::parquet::{Kind, ParquetTable, Values};
use super::{Cell, FolderError, OutputFile};
use crate::math::{Lanes, Mask, WIDTH};
use parquet::data_type::ByteArray;
use rayon::prelude::*;

/// Batches whose text is made side by side before it is written, in order.
const TOGETHER: usize = 4;

/// How a table of draws is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// Comma-separated values.
    Csv,
    /// Parquet.
    Parquet,
}

impl ExportFormat {
    /// The file's extension.
    pub fn extension(self) -> &'static str {
        if self == Self::Csv { "csv" } else { "parquet" }
    }
}

/// A draw of a batch and the text of its rows.
struct Draw {
    number: u64,
    lane: usize,
    text: String,
}

/// Room for texts, batch by batch: fresh memory costs more than what is written into it.
type Texts = Vec<Vec<Draw>>;

enum Sink {
    Csv(OutputFile, Texts),
    Parquet(OutputFile, Box<ParquetTable>),
}

impl Sink {
    fn new(
        format: ExportFormat,
        mut file: OutputFile,
        columns: &[(String, Kind)],
    ) -> Result<Self, FolderError> {
        if format == ExportFormat::Csv {
            let mut header = String::new();
            for (i, (name, _)) in columns.iter().enumerate() {
                if i > 0 {
                    header.push(',');
                }
                quoted(&mut header, name);
            }
            header.push('\n');
            file.write(header.as_bytes())?;
            return Ok(Self::Csv(file, Vec::new()));
        }
        let table = ParquetTable::new(file.handle()?, columns)?;
        Ok(Self::Parquet(file, Box::new(table)))
    }

    /// Writes the rows of draws that count: `make` makes those of a batch, given where in it and the text for each draw.
    ///
    /// The draws of a batch are made side by side, since their values lie side by side in memory.
    fn write_text(
        (file, texts): (&mut OutputFile, &mut Texts),
        draws: &[(u64, usize, usize)],
        make: impl Fn(&mut [Draw], usize) + Sync,
    ) -> Result<(), FolderError> {
        let batches: Vec<_> = draws.chunk_by(|a, b| a.1 == b.1).collect();
        texts.resize_with(TOGETHER, Vec::new);
        for together in batches.chunks(TOGETHER) {
            together.par_iter().zip(texts.par_iter_mut()).for_each(|(draws, texts)| {
                texts.resize_with(draws.len(), || Draw { number: 0, lane: 0, text: String::new() });
                for (text, &(draw, _, lane)) in texts.iter_mut().zip(*draws) {
                    (text.number, text.lane) = (draw, lane);
                    text.text.clear();
                }
                make(texts, draws[0].1);
            });
            for draw in texts[..together.len()].iter().flatten() {
                file.write(draw.text.as_bytes())?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<OutputFile, FolderError> {
        match self {
            Self::Csv(file, _) => Ok(file),
            Self::Parquet(file, table) => {
                table.finish()?;
                Ok(file)
            }
        }
    }
}

/// `draws.csv` or `draws.parquet`: a row for each draw, actor and quarter, a column for each metric.
pub struct DrawsTable {
    sink: Sink,
    /// Actor and quarter of each row of a draw, as text after the policy.
    keys: Vec<String>,
    /// The same as values.
    texts: Vec<[ByteArray; 2]>,
    /// For each row and metric: the cell.
    places: Vec<Vec<Option<usize>>>,
    metrics: Vec<String>,
}

impl DrawsTable {
    /// Starts the table.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(format: ExportFormat, file: OutputFile, cells: &[Cell]) -> Result<Self, FolderError> {
        let metrics = metrics_of(cells);
        let mut rows: Vec<(String, String)> = Vec::new();
        let mut places: Vec<Vec<Option<usize>>> = Vec::new();
        let mut order: Vec<usize> = (0..cells.len()).collect();
        order.sort_by(|&a, &b| (&cells[a].actor, cells[a].quarter).cmp(&(&cells[b].actor, cells[b].quarter)));
        for c in order {
            let cell = &cells[c];
            let key = (cell.actor.clone(), cell.quarter.to_string());
            if rows.last() != Some(&key) {
                rows.push(key);
                places.push(vec![None; metrics.len()]);
            }
            let place = metrics.iter().position(|m| *m == cell.metric);
            if let (Some(last), Some(place)) = (places.last_mut(), place) {
                last[place] = Some(c);
            }
        }
        let mut columns = vec![("draw".to_owned(), Kind::Whole)];
        columns.extend(["policy", "actor", "quarter"].map(|n| (n.to_owned(), Kind::Text)));
        columns.extend(metrics.iter().map(|m| (m.clone(), Kind::Number)));
        let sink = Sink::new(format, file, &columns)?;
        let key = |(actor, quarter): &(String, String)| format!(",{actor},{quarter}");
        let values =
            |(actor, quarter): &(String, String)| [actor, quarter].map(|t| ByteArray::from(t.as_str()));
        let (keys, texts) = rows.iter().map(|row| (key(row), values(row))).unzip();
        Ok(Self { sink, keys, texts, places, metrics })
    }

    /// Adds consecutive batches of a policy from number `first` on.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(
        &mut self,
        policy: &str,
        first: u64,
        batches: &[Vec<Lanes>],
        masks: &[Mask],
    ) -> Result<(), FolderError> {
        let draws = counted(first, masks);
        let commas = ",".repeat(self.metrics.len());
        match &mut self.sink {
            Sink::Csv(file, texts) => Sink::write_text((file, texts), &draws, |draws, batch| {
                let start = |draw: &Draw| {
                    let mut start = String::new();
                    whole(&mut start, draw.number as i64);
                    start.push(',');
                    quoted(&mut start, policy);
                    start
                };
                let starts: Vec<String> = draws.iter().map(start).collect();
                for (key, places) in self.keys.iter().zip(&self.places) {
                    for (Draw { text, .. }, start) in draws.iter_mut().zip(&starts) {
                        text.push_str(start);
                        text.push_str(key);
                    }
                    // Most actors have few of the metrics: the commas of a gap are written at once.
                    let mut written = 0;
                    for (at, cell) in places.iter().enumerate().filter_map(|(at, c)| c.map(|c| (at, c))) {
                        let values = batches[batch][cell];
                        for Draw { text, lane, .. } in draws.iter_mut() {
                            text.push_str(&commas[..=at - written]);
                            float(text, values[*lane]);
                        }
                        written = at + 1;
                    }
                    for Draw { text, .. } in draws.iter_mut() {
                        text.push_str(&commas[..places.len() - written]);
                        text.push('\n');
                    }
                }
            }),
            Sink::Parquet(_, table) => {
                let repeated = |column: usize| {
                    Values::Text(
                        draws
                            .iter()
                            .flat_map(|_| self.texts.iter().map(move |t| t[column].clone()))
                            .collect(),
                    )
                };
                let mut columns = vec![Values::Whole(
                    draws.iter().flat_map(|d| std::iter::repeat_n(d.0 as i64, self.texts.len())).collect(),
                )];
                columns.push(Values::Text(vec![ByteArray::from(policy); draws.len() * self.texts.len()]));
                columns.extend((0..2).map(repeated));
                let metric = |m: usize| {
                    let value = |&(_, batch, lane): &(u64, usize, usize)| {
                        let row = move |places: &Vec<Option<usize>>| {
                            places[m].map_or(f64::NAN, |c| batches[batch][c][lane])
                        };
                        self.places.iter().map(row)
                    };
                    Values::Number(draws.iter().flat_map(value).collect())
                };
                columns.par_extend((0..self.metrics.len()).into_par_iter().map(metric));
                table.write(&columns)
            }
        }
    }

    /// Metrics, in order of columns.
    pub fn metrics(&self) -> &[String] {
        &self.metrics
    }

    /// Ends the table; the file is still to be named.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> Result<OutputFile, FolderError> {
        self.sink.finish()
    }
}

/// Metrics of cells, each once, in order of appearance.
fn metrics_of(cells: &[Cell]) -> Vec<String> {
    let mut metrics: Vec<String> = Vec::new();
    for cell in cells {
        if !metrics.contains(&cell.metric) {
            metrics.push(cell.metric.clone());
        }
    }
    metrics
}

/// Draws that count: number, batch, lane.
fn counted(first: u64, masks: &[Mask]) -> Vec<(u64, usize, usize)> {
    let lanes =
        masks.iter().enumerate().flat_map(|(b, m)| (0..WIDTH).filter(|&l| m.lane(l)).map(move |l| (b, l)));
    lanes.map(|(b, l)| ((first + b as u64) * WIDTH as u64 + l as u64, b, l)).collect()
}

/// `inputs.csv` or `inputs.parquet`: a row a draw, a column for each uncertain quantity.
pub struct InputsTable {
    sink: Sink,
}

impl InputsTable {
    /// Starts the table.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(format: ExportFormat, file: OutputFile, paths: &[String]) -> Result<Self, FolderError> {
        let mut columns = vec![("draw".to_owned(), Kind::Whole)];
        columns.extend(paths.iter().map(|p| (p.clone(), Kind::Number)));
        Ok(Self { sink: Sink::new(format, file, &columns)? })
    }

    /// Adds consecutive batches: `batches[b][path]`.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, first: u64, batches: &[Vec<Lanes>], masks: &[Mask]) -> Result<(), FolderError> {
        let draws = counted(first, masks);
        match &mut self.sink {
            Sink::Csv(file, texts) => Sink::write_text((file, texts), &draws, |draws, batch| {
                draws.iter_mut().for_each(|draw| whole(&mut draw.text, draw.number as i64));
                for x in &batches[batch] {
                    for Draw { text, lane, .. } in draws.iter_mut() {
                        text.push(',');
                        float(text, x[*lane]);
                    }
                }
                draws.iter_mut().for_each(|draw| draw.text.push('\n'));
            }),
            Sink::Parquet(_, table) => {
                let width = batches.first().map_or(0, Vec::len);
                let mut columns = vec![Values::Whole(draws.iter().map(|d| d.0 as i64).collect())];
                for i in 0..width {
                    columns.push(Values::Number(draws.iter().map(|&(_, b, l)| batches[b][i][l]).collect()));
                }
                table.write(&columns)
            }
        }
    }

    /// Ends the table; the file is still to be named.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> Result<OutputFile, FolderError> {
        self.sink.finish()
    }
}
