//! Tables with a row a draw: metrics of draws, and the inputs that they were made from.

use super::csv::quoted;
use super::parquet::{Column, Group, Kind, ParquetTable};
use super::rows::{Draw, RowPattern, TextRows};
use super::{Cell, FolderError, OutputFile};
use crate::math::{Lanes, Mask, WIDTH};

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

enum Sink {
    Csv(Box<TextRows>),
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
            return Ok(Self::Csv(Box::new(TextRows::new(file))));
        }
        let table = ParquetTable::new(file.handle()?, columns)?;
        Ok(Self::Parquet(file, Box::new(table)))
    }

    fn finish(self) -> Result<OutputFile, FolderError> {
        match self {
            Self::Csv(rows) => Ok(rows.finish()),
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
    /// The rows of a draw as text after the policy.
    patterns: Vec<RowPattern>,
    /// Actor, quarter and metrics, as they stand in the rows of a draw.
    columns: Vec<Column>,
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
        let patterns =
            rows.iter().zip(&places).map(|(row, places)| RowPattern::new(&key(row), places)).collect();
        let mut columns = vec![
            Column::texts(rows.iter().map(|row| row.0.as_str())),
            Column::texts(rows.iter().map(|row| row.1.as_str())),
        ];
        columns.extend((0..metrics.len()).map(|m| Column::numbers(places.iter().map(|places| places[m]))));
        Ok(Self { sink, patterns, columns, metrics })
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
        match &mut self.sink {
            Sink::Csv(rows) => {
                let policy = {
                    let mut text = String::from(",");
                    quoted(&mut text, policy);
                    text
                };
                let start = |draw: &Draw| format!("{}{policy}", draw.number).into_bytes();
                rows.write(&draws, start, &self.patterns, batches)
            }
            Sink::Parquet(_, table) => {
                let rows = self.patterns.len();
                let policy = Column::texts(std::iter::repeat_n(policy, rows));
                let columns: Vec<&Column> =
                    [&Column::Draw, &policy].into_iter().chain(&self.columns).collect();
                table.write(Group { draws: &draws, batches, rows }, &columns)
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

/// Draws that count.
fn counted(first: u64, masks: &[Mask]) -> Vec<Draw> {
    let lanes =
        masks.iter().enumerate().flat_map(|(b, m)| (0..WIDTH).filter(|&l| m.lane(l)).map(move |l| (b, l)));
    let number = |b: usize, l: usize| (first + b as u64) * WIDTH as u64 + l as u64;
    lanes.map(|(batch, lane)| Draw { number: number(batch, lane), batch, lane }).collect()
}

/// Batches of inputs in a row group of Parquet: each has an entry for every path in the file's footer, which stays in memory.
const GATHERED: usize = 1024;

/// `inputs.csv` or `inputs.parquet`: a row a draw, a column for each uncertain quantity.
pub struct InputsTable {
    sink: Sink,
    /// Batches that wait until a row group is full, with their masks, and the number of the first.
    waiting: (u64, Vec<Vec<Lanes>>, Vec<Mask>),
}

impl InputsTable {
    /// Starts the table.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(format: ExportFormat, file: OutputFile, paths: &[String]) -> Result<Self, FolderError> {
        let mut columns = vec![("draw".to_owned(), Kind::Whole)];
        columns.extend(paths.iter().map(|p| (p.clone(), Kind::Number)));
        Ok(Self { sink: Sink::new(format, file, &columns)?, waiting: (0, Vec::new(), Vec::new()) })
    }

    /// Adds consecutive batches: `batches[b][path]`.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, first: u64, batches: &[Vec<Lanes>], masks: &[Mask]) -> Result<(), FolderError> {
        if let Sink::Csv(rows) = &mut self.sink {
            let draws = counted(first, masks);
            let columns: Vec<_> = (0..batches.first().map_or(0, Vec::len)).map(Some).collect();
            let start = |draw: &Draw| draw.number.to_string().into_bytes();
            return rows.write(&draws, start, &[RowPattern::new("", &columns)], batches);
        }
        let (start, waiting, counting) = &mut self.waiting;
        if waiting.is_empty() {
            *start = first;
        }
        waiting.extend_from_slice(batches);
        counting.extend_from_slice(masks);
        if waiting.len() >= GATHERED { self.write_group() } else { Ok(()) }
    }

    /// Writes what waits as one row group.
    fn write_group(&mut self) -> Result<(), FolderError> {
        let (first, batches, masks) = std::mem::take(&mut self.waiting);
        let (Sink::Parquet(_, table), Some(width)) = (&mut self.sink, batches.first().map(Vec::len)) else {
            return Ok(());
        };
        let number = |i| Column::numbers(std::iter::once(Some(i)));
        let columns: Vec<Column> = std::iter::once(Column::Draw).chain((0..width).map(number)).collect();
        let columns: Vec<&Column> = columns.iter().collect();
        let draws = counted(first, &masks);
        table.write(Group { draws: &draws, batches: &batches, rows: 1 }, &columns)
    }

    /// Ends the table; the file is still to be named.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<OutputFile, FolderError> {
        self.write_group()?;
        self.sink.finish()
    }
}
