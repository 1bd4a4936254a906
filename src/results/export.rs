//! Tables with a row a draw: metrics of draws, and the inputs that they were made from.

use super::csv::quoted;
use super::filling::{Filling, Group};
use super::parquet::ParquetTable;
use super::rows::{Draw, RowPattern, TextRows, replicate};
use super::table::{Field, Kind, Schema};
use super::{Cell, FolderError, OutputFile};
use crate::math::{Lanes, Mask, WIDTH};
use serde::{Deserialize, Serialize};
use std::path::Path;

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

/// Where the rows of a table go.
pub(super) enum Sink {
    Csv(Box<TextRows>),
    Parquet(OutputFile, Box<ParquetTable>),
}

impl Sink {
    pub(super) fn new(
        format: ExportFormat,
        mut file: OutputFile,
        schema: &Schema,
    ) -> Result<Self, FolderError> {
        if format == ExportFormat::Csv {
            file.write(schema.header().as_bytes())?;
            return Ok(Self::Csv(Box::new(TextRows::new(file))));
        }
        let table = ParquetTable::new(&file, &schema.fields)?;
        Ok(Self::Parquet(file, Box::new(table)))
    }

    /// Whether rows are text.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Csv(_))
    }

    /// What is written so far, which is on the disk.
    pub(super) fn save(&mut self) -> Result<Written, FolderError> {
        match self {
            Self::Csv(rows) => Ok(Written { length: rows.file.sync()?, footer: Vec::new() }),
            Self::Parquet(_, table) => {
                let (length, footer) = table.save()?;
                Ok(Written { length, footer })
            }
        }
    }

    /// Goes on in its own file, from where it was saved.
    pub(super) fn resume(&mut self, written: &Written) -> Result<(), FolderError> {
        match self {
            Self::Csv(rows) => rows.file.resume(written.length),
            Self::Parquet(_, table) => table.resume(written.length, &written.footer),
        }
    }

    /// Adds the rows of a file that was saved.
    pub(super) fn append(&mut self, from: &Path, header: &str, written: &Written) -> Result<(), FolderError> {
        match self {
            Self::Csv(rows) => rows.file.copy(from, header.len() as u64..written.length),
            Self::Parquet(_, table) => table.append(from, &written.footer),
        }
    }

    pub(super) fn finish(self) -> Result<OutputFile, FolderError> {
        match self {
            Self::Csv(rows) => Ok(rows.finish()),
            Self::Parquet(file, table) => {
                table.finish()?;
                Ok(file)
            }
        }
    }
}

/// How far a table is written: its length, and in Parquet what its footer would say.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Written {
    length: u64,
    #[serde(with = "serde_bytes")]
    footer: Vec<u8>,
}

/// What a table with a row a draw keeps, for whoever goes on from there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptRows<T> {
    pub(super) written: Written,
    /// Batches that wait.
    pub(super) waiting: Vec<T>,
}

/// What tables of draws and of inputs keep: of batches that wait the number of the first, values and masks.
pub type KeptTable = KeptRows<(u64, Vec<Vec<Lanes>>, Vec<Mask>)>;

/// `draws.csv` or `draws.parquet`: a row for each draw, actor and quarter, a column for each metric.
pub struct DrawsTable {
    sink: Sink,
    /// The rows of a draw as text after the policy.
    patterns: Vec<RowPattern>,
    /// Actor, quarter and metrics, as they stand in the rows of a draw.
    columns: Vec<Filling>,
    schema: Schema,
}

impl DrawsTable {
    /// Starts the table of some cells among all that come by draw, given by their places.
    ///
    /// # Errors
    /// If it cannot be written.
    ///
    /// # Panics
    /// If a cell has no column of its metric.
    pub fn new(
        format: ExportFormat,
        file: OutputFile,
        cells: &[Cell],
        chosen: &[usize],
    ) -> Result<Self, FolderError> {
        let metrics = metrics_of(chosen.iter().map(|&c| &cells[c]));
        let mut rows: Vec<(String, String)> = Vec::new();
        let mut places: Vec<Vec<Option<usize>>> = Vec::new();
        let mut order: Vec<usize> = chosen.to_vec();
        order.sort_by(|&a, &b| (&cells[a].actor, cells[a].quarter).cmp(&(&cells[b].actor, cells[b].quarter)));
        for c in order {
            let cell = &cells[c];
            let key = (cell.actor.clone(), cell.quarter.to_string());
            if rows.last() != Some(&key) {
                rows.push(key);
                places.push(vec![None; metrics.len()]);
            }
            let place = metrics.iter().position(|m| m.metric == cell.metric);
            let last = places.last_mut().expect("the row of the cell");
            last[place.expect("every cell's metric is a column")] = Some(c);
        }
        let mut fields = vec![
            Field::new("draw", Kind::Integer, "Number of the draw"),
            Field::new(
                "replicate",
                Kind::Integer,
                "Which of eight replicates the draw belongs to, 0 to 7: errors are the spread of what each gives alone",
            ),
            Field::new("policy", Kind::Text, "Stem of the policy"),
            Field::new("actor", Kind::Text, "Whose it is"),
            Field::new("quarter", Kind::Text, "Calendar quarter"),
        ];
        let meaning = "The metric of that name; empty where the actor has none";
        let field = |c: &&Cell| Field::new(c.metric.clone(), Kind::Number, meaning).with_unit(c.unit.clone());
        fields.extend(metrics.iter().map(field));
        let name = if format == ExportFormat::Csv { "draws.csv" } else { "draws.parquet" };
        let schema = Schema { name, about: "A row a draw, actor and quarter", fields };
        let sink = Sink::new(format, file, &schema)?;
        let key = |(actor, quarter): &(String, String)| format!(",{actor},{quarter}");
        let patterns =
            rows.iter().zip(&places).map(|(row, places)| RowPattern::new(&key(row), places)).collect();
        let mut columns = vec![
            Filling::texts(rows.iter().map(|row| row.0.as_str())),
            Filling::texts(rows.iter().map(|row| row.1.as_str())),
        ];
        columns.extend((0..metrics.len()).map(|m| Filling::numbers(places.iter().map(|places| places[m]))));
        Ok(Self { sink, patterns, columns, schema })
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
                let start =
                    |draw: &Draw| format!("{},{}{policy}", draw.number, replicate(draw.number)).into_bytes();
                rows.write(&draws, start, &self.patterns, batches)
            }
            Sink::Parquet(_, table) => {
                let rows = self.patterns.len();
                let policy = Filling::texts(std::iter::repeat_n(policy, rows));
                let columns: Vec<&Filling> =
                    [&Filling::Draw, &Filling::Replicate, &policy].into_iter().chain(&self.columns).collect();
                table.write(Group { draws: &draws, batches, rows }, &columns)
            }
        }
    }

    /// What it is, apart from its rows.
    pub fn schema(&self) -> Schema {
        self.schema.clone()
    }

    /// What its file is called.
    pub fn file_name(&self) -> &'static str {
        self.schema.name
    }

    /// What is written so far, which is on the disk.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&mut self) -> Result<KeptTable, FolderError> {
        Ok(KeptTable { written: self.sink.save()?, waiting: Vec::new() })
    }

    /// Goes on in its own file from where it was saved, or adds the rows of another file.
    ///
    /// # Errors
    /// If that cannot be read, or this not be written.
    pub fn load(&mut self, from: Option<&Path>, kept: &KeptTable) -> Result<(), FolderError> {
        match from {
            None => self.sink.resume(&kept.written),
            Some(from) => self.sink.append(from, &self.schema.header(), &kept.written),
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

/// The first cell of each metric, in order of appearance.
fn metrics_of<'a>(cells: impl Iterator<Item = &'a Cell>) -> Vec<&'a Cell> {
    let mut metrics: Vec<&Cell> = Vec::new();
    for cell in cells {
        if metrics.iter().all(|m| m.metric != cell.metric) {
            metrics.push(cell);
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

/// Batches of inputs in a row group of Parquet, counted from the first of all: each has an entry for every path in the file's footer, which stays in memory.
pub(super) const GATHERED: u64 = 1024;

/// `inputs.csv` or `inputs.parquet`: a row a draw, a column for each uncertain quantity.
pub struct InputsTable {
    sink: Sink,
    /// Batches that wait until a row group is full, with their masks, and the number of the first. Those of a part may be the
    /// end of a group, which waits for what comes before, and the start of one.
    waiting: Vec<(u64, Vec<Vec<Lanes>>, Vec<Mask>)>,
    schema: Schema,
}

impl InputsTable {
    /// Starts the table, given paths and units of the quantities.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(
        format: ExportFormat,
        file: OutputFile,
        quantities: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, FolderError> {
        let meaning = "What the draw took; a dated series at its last uncertain date";
        let field = |(path, unit): (String, String)| Field::new(path, Kind::Number, meaning).with_unit(unit);
        let mut fields = vec![Field::new("draw", Kind::Integer, "Number of the draw")];
        fields.extend(quantities.into_iter().map(field));
        let about = "A row a draw, a column an uncertain quantity";
        let name = if format == ExportFormat::Csv { "inputs.csv" } else { "inputs.parquet" };
        let schema = Schema { name, about, fields };
        Ok(Self { sink: Sink::new(format, file, &schema)?, waiting: Vec::new(), schema })
    }

    /// What it is, apart from its rows.
    pub fn schema(&self) -> Schema {
        self.schema.clone()
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
        let group = |batch: u64| batch / GATHERED;
        match self.waiting.last_mut() {
            Some((start, waiting, counting))
                if *start + waiting.len() as u64 == first && group(*start) == group(first) =>
            {
                waiting.extend_from_slice(batches);
                counting.extend_from_slice(masks);
            }
            _ => self.waiting.push((first, batches.to_vec(), masks.to_vec())),
        }
        match self.waiting.last() {
            Some((start, waiting, _)) if start % GATHERED == 0 && waiting.len() as u64 >= GATHERED => {
                self.write_group()
            }
            _ => Ok(()),
        }
    }

    /// What its file is called.
    pub fn file_name(&self) -> &'static str {
        self.schema.name
    }

    /// Writes what waits last as one row group.
    fn write_group(&mut self) -> Result<(), FolderError> {
        let Some((first, batches, masks)) = self.waiting.pop() else { return Ok(()) };
        let (Sink::Parquet(_, table), Some(width)) = (&mut self.sink, batches.first().map(Vec::len)) else {
            return Ok(());
        };
        let number = |i| Filling::numbers(std::iter::once(Some(i)));
        let columns: Vec<Filling> = std::iter::once(Filling::Draw).chain((0..width).map(number)).collect();
        let columns: Vec<&Filling> = columns.iter().collect();
        let draws = counted(first, &masks);
        table.write(Group { draws: &draws, batches: &batches, rows: 1 }, &columns)
    }

    /// What is written so far, which is on the disk, and what waits.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&mut self) -> Result<KeptTable, FolderError> {
        Ok(KeptTable { written: self.sink.save()?, waiting: self.waiting.clone() })
    }

    /// Goes on in its own file from where it was saved, or adds the rows of another file, whose draws follow.
    ///
    /// # Errors
    /// If that cannot be read, or this not be written.
    pub fn load(&mut self, from: Option<&Path>, kept: KeptTable) -> Result<(), FolderError> {
        let Some(from) = from else {
            self.waiting = kept.waiting;
            return self.sink.resume(&kept.written);
        };
        let (ends, starts): (Vec<_>, Vec<_>) =
            kept.waiting.into_iter().partition(|(first, _, _)| first % GATHERED != 0);
        for (first, batches, masks) in ends {
            self.write(first, &batches, &masks)?;
        }
        self.sink.append(from, &self.schema.header(), &kept.written)?;
        starts.into_iter().try_for_each(|(first, batches, masks)| self.write(first, &batches, &masks))
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
