//! Parquet files without a data frame: columns of numbers, whole numbers and texts, a row group at a time.

use super::FolderError;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type};
use std::fs::File;
use std::sync::Arc;

/// A column's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Whole,
    /// A number, or nothing.
    Number,
}

/// Values of a column in a row group.
#[derive(Clone, Debug)]
pub(super) enum Values {
    Text(Vec<ByteArray>),
    Whole(Vec<i64>),
    Number(Vec<f64>),
}

/// A Parquet file being written.
pub(super) struct ParquetTable {
    writer: SerializedFileWriter<File>,
}

fn failed(error: ParquetError) -> FolderError {
    FolderError::Io { path: "the parquet table".into(), error: std::io::Error::other(error) }
}

impl ParquetTable {
    /// Starts a file with columns.
    pub(super) fn new(file: File, columns: &[(String, Kind)]) -> Result<Self, FolderError> {
        let fields: Result<Vec<Arc<Type>>, ParquetError> = columns
            .iter()
            .map(|(name, kind)| {
                let (physical, repetition) = match kind {
                    Kind::Text => (Physical::BYTE_ARRAY, Repetition::REQUIRED),
                    Kind::Whole => (Physical::INT64, Repetition::REQUIRED),
                    Kind::Number => (Physical::DOUBLE, Repetition::OPTIONAL),
                };
                let logical = (*kind == Kind::Text).then_some(LogicalType::String);
                let builder = Type::primitive_type_builder(name, physical);
                builder.with_repetition(repetition).with_logical_type(logical).build().map(Arc::new)
            })
            .collect();
        let schema = Type::group_type_builder("schema")
            .with_fields(fields.map_err(failed)?)
            .build()
            .map_err(failed)?;
        // Texts repeat and are worth a dictionary; numbers hardly ever do.
        let mut properties = WriterProperties::builder().set_created_by("chokepoint".to_owned());
        for (name, _) in columns.iter().filter(|(_, kind)| *kind == Kind::Number) {
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(name.as_str()), false);
        }
        let properties = Arc::new(properties.build());
        let writer = SerializedFileWriter::new(file, Arc::new(schema), properties).map_err(failed)?;
        Ok(Self { writer })
    }

    /// Adds a row group; a number that is not finite is nothing.
    pub(super) fn write(&mut self, columns: &[Values]) -> Result<(), FolderError> {
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for values in columns {
            let Some(mut column) = group.next_column().map_err(failed)? else { break };
            match values {
                Values::Text(texts) => {
                    column.typed::<ByteArrayType>().write_batch(texts, None, None).map_err(failed)?;
                }
                Values::Whole(numbers) => {
                    column.typed::<Int64Type>().write_batch(numbers, None, None).map_err(failed)?;
                }
                Values::Number(numbers) => {
                    let levels: Vec<i16> = numbers.iter().map(|x| i16::from(x.is_finite())).collect();
                    let there: Vec<f64> = numbers.iter().copied().filter(|x| x.is_finite()).collect();
                    column.typed::<DoubleType>().write_batch(&there, Some(&levels), None).map_err(failed)?;
                }
            }
            column.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        Ok(())
    }

    /// Writes the footer.
    pub(super) fn finish(self) -> Result<(), FolderError> {
        self.writer.close().map_err(failed).map(|_| ())
    }
}
