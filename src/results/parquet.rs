//! Parquet files of draws without a data frame: a row group at a time, its columns made side by side and written in order.
//!
//! The rows of a row group are those of one draw after the other, and every draw has the same ones: which texts and which gaps a
//! row has is encoded once for all draws, and only numbers are looked at one by one.

use super::filling::{Filling, Group, Run};
use super::pages::{data_page, dictionary_page, places, presence};
use super::rows::{Draw, replicate};
use super::table::{Field, Kind};
use super::{FolderError, OutputFile};
use crate::math::WIDTH;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, LogicalType, Repetition, Type as Physical};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
    RowGroupMetaData,
};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnDescPtr, Type};
use rayon::prelude::*;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Columns that are made side by side before they are written, in order.
const TOGETHER: usize = 4;

/// Rows of a page, as far as whole draws give that.
const PAGE: usize = 1 << 16;

/// Bytes that a file begins with.
const MAGIC: u64 = 4;
/// Bytes after the metadata in a footer: its length, and those that a file ends with.
const FOOTER_END: usize = 8;

/// A file that takes what comes after a number of bytes, which are in it already.
struct Sink {
    file: File,
    skip: u64,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.skip == 0 {
            return self.file.write(bytes);
        }
        let n = bytes.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
        self.skip -= n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// In the place of bytes that nobody looks at.
struct Anything;

impl Length for Anything {
    fn len(&self) -> u64 {
        u64::MAX
    }
}

impl ChunkReader for Anything {
    type T = std::io::Repeat;

    fn get_read(&self, _: u64) -> Result<Self::T, ParquetError> {
        Ok(std::io::repeat(0))
    }

    fn get_bytes(&self, _: u64, length: usize) -> Result<Bytes, ParquetError> {
        Ok(vec![0; length].into())
    }
}

impl Group<'_> {
    /// Draws of each page.
    fn pages(&self) -> impl Iterator<Item = &[Draw]> {
        self.draws.chunks((PAGE / self.rows.max(1)).max(1))
    }
}

/// A Parquet file being written.
pub(super) struct ParquetTable {
    writer: SerializedFileWriter<Sink>,
    path: PathBuf,
}

/// An error of the format as one of the file.
fn failed(path: &Path) -> impl Fn(ParquetError) -> FolderError + '_ {
    |error| FolderError::Io { path: path.to_owned(), error: std::io::Error::other(error) }
}

impl ParquetTable {
    /// Starts a file with columns.
    pub(super) fn new(file: &OutputFile, fields: &[Field]) -> Result<Self, FolderError> {
        let failed = failed(file.path());
        let fields: Result<Vec<Arc<Type>>, ParquetError> = fields
            .iter()
            .map(|field| {
                let (physical, repetition) = match field.kind {
                    Kind::Text => (Physical::BYTE_ARRAY, Repetition::REQUIRED),
                    Kind::Integer => (Physical::INT64, Repetition::REQUIRED),
                    Kind::Number => (Physical::DOUBLE, Repetition::OPTIONAL),
                    Kind::Boolean => (Physical::BOOLEAN, Repetition::OPTIONAL),
                };
                let logical = (field.kind == Kind::Text).then_some(LogicalType::String);
                let builder = Type::primitive_type_builder(&field.name, physical);
                builder.with_repetition(repetition).with_logical_type(logical).build().map(Arc::new)
            })
            .collect();
        let schema = Type::group_type_builder("schema")
            .with_fields(fields.map_err(&failed)?)
            .build()
            .map_err(&failed)?;
        let properties = WriterProperties::builder().set_created_by("chokepoint".to_owned()).build();
        let writer = SerializedFileWriter::new(
            Sink { file: file.handle()?, skip: 0 },
            Arc::new(schema),
            Arc::new(properties),
        )
        .map_err(failed)?;
        Ok(Self { writer, path: file.path().to_owned() })
    }

    /// Adds a row group; a number that is not finite is nothing.
    pub(super) fn write(&mut self, group: Group<'_>, columns: &[&Filling]) -> Result<(), FolderError> {
        if group.draws.is_empty() || group.rows == 0 {
            return Ok(());
        }
        let failed = failed(&self.path);
        let descriptions = self.writer.schema_descr().columns().to_vec();
        let mut row_group = self.writer.next_row_group().map_err(&failed)?;
        let columns: Vec<_> = columns.iter().zip(&descriptions).collect();
        for together in columns.chunks(TOGETHER) {
            let chunks: Vec<Result<(Bytes, ColumnCloseResult), ParquetError>> =
                together.par_iter().map(|(column, description)| chunk(group, column, description)).collect();
            for chunk in chunks {
                let (bytes, close) = chunk.map_err(&failed)?;
                row_group.append_column(&bytes, close).map_err(&failed)?;
            }
        }
        row_group.close().map_err(&failed)?;
        Ok(())
    }

    /// How far the file is written, all of it on the disk, and the footer that it would have if it ended here.
    pub(super) fn save(&mut self) -> Result<(u64, Vec<u8>), FolderError> {
        let io = |error| FolderError::io(&self.path, error);
        self.writer.flush().map_err(io)?;
        self.writer.inner().file.sync_data().map_err(io)?;
        let groups = self.writer.flushed_row_groups();
        let rows = groups.iter().map(RowGroupMetaData::num_rows).sum();
        let schema = Arc::new(self.writer.schema_descr().clone());
        let about = FileMetaData::new(1, rows, Some("chokepoint".to_owned()), None, schema, None);
        let mut footer = Vec::new();
        let metadata = ParquetMetaData::new(about, groups.to_vec());
        ParquetMetaDataWriter::new(&mut footer, &metadata).finish().map_err(failed(&self.path))?;
        Ok((self.writer.bytes_written() as u64, footer))
    }

    /// Goes on in the file as it was when it was saved.
    pub(super) fn resume(&mut self, length: u64, footer: &[u8]) -> Result<(), FolderError> {
        let io = |error| FolderError::io(&self.path, error);
        self.writer.flush().map_err(io)?;
        let sink = self.writer.inner_mut();
        if sink.file.metadata().map_err(io)?.len() < length {
            return Err(FolderError::Torn(self.path.clone()));
        }
        sink.file.set_len(length).map_err(io)?;
        sink.file.seek(SeekFrom::Start(length)).map_err(io)?;
        // What is in the file is written once more to count it, and kept from it.
        sink.skip = length - MAGIC;
        self.add(&Anything, footer)
    }

    /// Adds the row groups of a file that was saved.
    pub(super) fn append(&mut self, from: &Path, footer: &[u8]) -> Result<(), FolderError> {
        let file =
            File::open(from).map_err(|error| FolderError::Unreadable { path: from.to_owned(), error })?;
        self.add(&file, footer)
    }

    fn add(&mut self, from: &impl ChunkReader, footer: &[u8]) -> Result<(), FolderError> {
        let failed = failed(&self.path);
        let length =
            footer.len().checked_sub(FOOTER_END).ok_or_else(|| FolderError::Torn(self.path.clone()))?;
        let metadata = ParquetMetaDataReader::decode_metadata(&footer[..length]).map_err(&failed)?;
        for group in metadata.row_groups() {
            let mut row_group = self.writer.next_row_group().map_err(&failed)?;
            for metadata in group.columns() {
                let close = ColumnCloseResult {
                    bytes_written: metadata.compressed_size() as u64,
                    rows_written: group.num_rows() as u64,
                    metadata: metadata.clone(),
                    bloom_filter: None,
                    column_index: None,
                    offset_index: None,
                };
                row_group.append_column(from, close).map_err(&failed)?;
            }
            row_group.close().map_err(&failed)?;
        }
        Ok(())
    }

    /// Writes the footer.
    pub(super) fn finish(self) -> Result<(), FolderError> {
        self.writer.close().map_err(failed(&self.path)).map(|_| ())
    }
}

/// A column's pages in a row group, and what the footer says of them.
fn chunk(
    group: Group<'_>,
    column: &Filling,
    description: &ColumnDescPtr,
) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
    let rows = group.draws.len() * group.rows;
    let mut pages = Pages { sink: TrackedWrite::new(Vec::new()), dictionary: false, first: 0, saved: 0 };
    let statistics = match column {
        Filling::Draw => draw_pages(&mut pages, group)?,
        Filling::Replicate => replicate_pages(&mut pages, group)?,
        Filling::Text { distinct, runs } => text_pages(&mut pages, group, distinct, runs)?,
        Filling::Chosen { distinct, cell } => chosen_pages(&mut pages, group, distinct, *cell)?,
        Filling::Number { cells, runs } => number_pages(&mut pages, group, cells, runs)?,
    };
    let saved = pages.saved;
    let bytes = pages.sink.into_inner()?;
    let encodings = if pages.dictionary {
        vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY]
    } else {
        vec![Encoding::PLAIN, Encoding::RLE]
    };
    let metadata = ColumnChunkMetaData::builder(description.clone())
        .set_encodings(encodings)
        .set_num_values(rows as i64)
        .set_total_compressed_size(bytes.len() as i64)
        .set_total_uncompressed_size(bytes.len() as i64 + saved)
        .set_compression(Compression::SNAPPY)
        .set_dictionary_page_offset(pages.dictionary.then_some(0))
        .set_data_page_offset(pages.first as i64)
        .set_statistics(statistics)
        .build()?;
    let close = ColumnCloseResult {
        bytes_written: bytes.len() as u64,
        rows_written: rows as u64,
        metadata,
        bloom_filter: None,
        column_index: None,
        offset_index: None,
    };
    Ok((bytes.into(), close))
}

/// Pages of a column that have been made.
struct Pages {
    sink: TrackedWrite<Vec<u8>>,
    dictionary: bool,
    /// Where the first page of data starts.
    first: u64,
    /// Bytes that compression has saved; what is mere chance grows a little.
    saved: i64,
}

impl Pages {
    fn add(&mut self, page: Page) -> Result<(), ParquetError> {
        let size = page.buffer().len();
        let dictionary = page.is_dictionary_page();
        let page = compressed(page)?;
        self.saved += size as i64 - page.buffer().len() as i64;
        let written =
            SerializedPageWriter::new(&mut self.sink).write_page(CompressedPage::new(page, size))?;
        if dictionary {
            (self.dictionary, self.first) = (true, written.bytes_written);
        }
        Ok(())
    }
}

/// A page with its bytes compressed: by Snappy, which needs no other compiler and is within a tenth of what others make of
/// numbers of draws, which are mostly chance.
fn compressed(mut page: Page) -> Result<Page, ParquetError> {
    let (Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. }) = &mut page else {
        return Err(ParquetError::General("a page of another kind".to_owned()));
    };
    let packed = snap::raw::Encoder::new().compress_vec(buf);
    *buf = packed.map_err(|e| ParquetError::External(Box::new(e)))?.into();
    Ok(page)
}

/// Numbers of draws: each once, and which of them a row has.
fn draw_pages(pages: &mut Pages, group: Group<'_>) -> Result<Statistics, ParquetError> {
    let numbers = group.draws.iter().map(|d| d.number as i64);
    let plain: Vec<u8> = numbers.clone().flat_map(i64::to_le_bytes).collect();
    pages.add(dictionary_page(plain, group.draws.len()))?;
    let mut before = 0;
    for draws in group.pages() {
        let runs = (before..before + draws.len()).map(|draw| (draw as u32, group.rows));
        let rows = draws.len() * group.rows;
        pages.add(data_page(places(runs, group.draws.len()), rows, Encoding::RLE_DICTIONARY))?;
        before += draws.len();
    }
    Ok(Statistics::int64(numbers.clone().min(), numbers.max(), None, Some(0), false))
}

/// Replicates of draws, likewise.
fn replicate_pages(pages: &mut Pages, group: Group<'_>) -> Result<Statistics, ParquetError> {
    let plain: Vec<u8> = (0..WIDTH as i64).flat_map(i64::to_le_bytes).collect();
    pages.add(dictionary_page(plain, WIDTH))?;
    for draws in group.pages() {
        let runs = draws.iter().map(|draw| (replicate(draw.number) as u32, group.rows));
        pages.add(data_page(places(runs, WIDTH), draws.len() * group.rows, Encoding::RLE_DICTIONARY))?;
    }
    let all = group.draws.iter().map(|draw| replicate(draw.number) as i64);
    Ok(Statistics::int64(all.clone().min(), all.max(), None, Some(0), false))
}

/// Texts, each once, and which of them a row has: the same for every page of as many draws.
fn text_pages(
    pages: &mut Pages,
    group: Group<'_>,
    distinct: &[String],
    runs: &[Run],
) -> Result<Statistics, ParquetError> {
    pages.add(texts_once(distinct))?;
    let mut same = (0, Vec::new());
    for draws in group.pages() {
        if same.0 != draws.len() {
            let repeated = draws.iter().flat_map(|_| runs.iter().copied());
            same = (draws.len(), places(repeated, distinct.len()));
        }
        pages.add(data_page(same.1.clone(), draws.len() * group.rows, Encoding::RLE_DICTIONARY))?;
    }
    Ok(texts_ends(distinct))
}

/// Texts of which each draw's row has one.
fn chosen_pages(
    pages: &mut Pages,
    group: Group<'_>,
    distinct: &[String],
    cell: usize,
) -> Result<Statistics, ParquetError> {
    pages.add(texts_once(distinct))?;
    for draws in group.pages() {
        let runs = draws.iter().map(|draw| (group.batches[draw.batch][cell][draw.lane] as u32, 1));
        pages.add(data_page(places(runs, distinct.len()), draws.len(), Encoding::RLE_DICTIONARY))?;
    }
    Ok(texts_ends(distinct))
}

/// The page with each text once.
fn texts_once(distinct: &[String]) -> Page {
    let mut plain = Vec::new();
    for text in distinct {
        plain.extend_from_slice(&(text.len() as u32).to_le_bytes());
        plain.extend_from_slice(text.as_bytes());
    }
    dictionary_page(plain, distinct.len())
}

/// The first and the last text by their bytes.
fn texts_ends(distinct: &[String]) -> Statistics {
    let text = |text: Option<&String>| text.map(|t| ByteArray::from(t.as_str()));
    Statistics::byte_array(text(distinct.iter().min()), text(distinct.iter().max()), None, Some(0), false)
}

/// Numbers plainly, after the rows that have one.
fn number_pages(
    pages: &mut Pages,
    group: Group<'_>,
    cells: &[usize],
    runs: &[Run],
) -> Result<Statistics, ParquetError> {
    let mut ends = Ends { least: f64::INFINITY, most: f64::NEG_INFINITY };
    let mut there = 0;
    let mut same = (0, Vec::new());
    for draws in group.pages() {
        if same.0 != draws.len() {
            same = (draws.len(), presence(draws.iter().flat_map(|_| runs.iter().copied())));
        }
        let (bytes, numbers) = match full_page(group, draws, cells, &same.1, &mut ends) {
            Some(bytes) => (bytes, draws.len() * cells.len()),
            None => page_with_gaps(group, draws, cells, runs, &mut ends),
        };
        there += numbers;
        pages.add(data_page(bytes, draws.len() * group.rows, Encoding::PLAIN))?;
    }
    let nothing = (group.draws.len() * group.rows - there) as u64;
    // By the format's rules a zero counts as the lesser one at the lower end and as the greater one at the upper end.
    let least = (there > 0).then_some(if ends.least == 0.0 { -0.0 } else { ends.least });
    let most = (there > 0).then_some(if ends.most == 0.0 { 0.0 } else { ends.most });
    Ok(Statistics::double(least, most, None, Some(nothing), false))
}

/// The least and the greatest number of a column so far.
#[derive(Clone, Copy)]
struct Ends {
    least: f64,
    most: f64,
}

impl Ends {
    #[inline]
    fn add(&mut self, x: f64) {
        self.least = if x < self.least { x } else { self.least };
        self.most = if x > self.most { x } else { self.most };
    }
}

/// A page in which every cell has a number; none if one has not.
fn full_page(
    group: Group<'_>,
    draws: &[Draw],
    cells: &[usize],
    presence: &[u8],
    ends: &mut Ends,
) -> Option<Vec<u8>> {
    let start = presence.len();
    let mut bytes = vec![0; start + 8 * cells.len() * draws.len()];
    bytes[..start].copy_from_slice(presence);
    let (mut finite, mut found) = (true, *ends);
    for (draw, room) in draws.iter().zip(bytes[start..].chunks_exact_mut(8 * cells.len().max(1))) {
        let values = &group.batches[draw.batch];
        for (&cell, room) in cells.iter().zip(room.as_chunks_mut::<8>().0) {
            let x = values[cell][draw.lane];
            *room = x.to_le_bytes();
            finite &= x.is_finite();
            found.add(x);
        }
    }
    finite.then(|| {
        *ends = found;
        bytes
    })
}

/// A page without the numbers that are not finite, and how many it has.
fn page_with_gaps(
    group: Group<'_>,
    draws: &[Draw],
    cells: &[usize],
    runs: &[Run],
    ends: &mut Ends,
) -> (Vec<u8>, usize) {
    let (mut there, mut numbers) = (Vec::new(), Vec::new());
    for draw in draws {
        let mut values = cells.iter().map(|&cell| group.batches[draw.batch][cell][draw.lane]);
        for &(has, times) in runs {
            if has == 0 {
                there.push((0, times));
                continue;
            }
            for x in values.by_ref().take(times) {
                there.push((u32::from(x.is_finite()), 1));
                if x.is_finite() {
                    numbers.push(x);
                    ends.add(x);
                }
            }
        }
    }
    let mut bytes = presence(there.into_iter());
    bytes.extend(numbers.iter().flat_map(|x| x.to_le_bytes()));
    (bytes, numbers.len())
}
