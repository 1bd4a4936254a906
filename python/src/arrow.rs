//! Tables as Arrow streams, handed over by the PyCapsule interface.

use arrow_array::builder::{BooleanBuilder, Float64Builder, StringBuilder, UInt64Builder};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchIterator, RecordBatchReader};
use arrow_schema::{DataType, Field, Metadata, Schema};
use chokepoint::{Kind, TableText};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::sync::Arc;

/// A table as Python's half holds it: name, what it is, columns as name, kind, unit, meaning; and the text of its CSV file.
pub(crate) type PlainTable = (String, String, Vec<PlainField>, String);
/// A column of it.
pub(crate) type PlainField = (String, String, Option<String>, String);

/// A table for Python's half.
pub(crate) fn plain(table: TableText) -> PlainTable {
    let kind = |kind: Kind| match kind {
        Kind::Text => "string",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
    };
    let fields = table.schema.fields.into_iter().map(|f| {
        (f.name.into_owned(), kind(f.kind).to_owned(), f.unit.map(Into::into), f.meaning.to_owned())
    });
    (table.schema.name.to_owned(), table.schema.about.to_owned(), fields.collect(), table.text)
}

/// A column of Arrow with its unit and meaning beside it.
pub(crate) fn field(name: &str, kind: DataType, nullable: bool, unit: Option<&str>, meaning: &str) -> Field {
    let described = [("description", Some(meaning)), ("unit", unit)].into_iter();
    let about = described.filter_map(|(name, text)| text.map(|text| (name.to_owned(), text.to_owned())));
    Field::new(name, kind, nullable).with_metadata(about.collect::<Metadata>())
}

/// A stream for whoever asked for `__arrow_c_stream__`.
pub(crate) fn capsule<'py>(
    py: Python<'py>,
    reader: Box<dyn RecordBatchReader + Send>,
) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), c"arrow_array_stream")
}

/// A column being read from text.
enum Column {
    Text(StringBuilder),
    Integer(UInt64Builder),
    Number(Float64Builder),
    Boolean(BooleanBuilder),
}

impl Column {
    fn new(kind: &str) -> Self {
        match kind {
            "integer" => Self::Integer(UInt64Builder::new()),
            "number" => Self::Number(Float64Builder::new()),
            "boolean" => Self::Boolean(BooleanBuilder::new()),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    fn kind(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::Utf8,
            Self::Integer(_) => DataType::UInt64,
            Self::Number(_) => DataType::Float64,
            Self::Boolean(_) => DataType::Boolean,
        }
    }

    /// Adds a cell; an empty one is missing.
    fn add(&mut self, cell: &str) -> Result<(), String> {
        let wrong = |_| format!("{cell} is no number");
        let some = !cell.is_empty();
        match self {
            Self::Text(column) => column.append_option(some.then_some(cell)),
            Self::Integer(column) => {
                column.append_option(some.then(|| cell.parse()).transpose().map_err(|_| wrong(()))?);
            }
            Self::Number(column) => {
                column.append_option(some.then(|| cell.parse()).transpose().map_err(|_| wrong(()))?);
            }
            Self::Boolean(column) => column.append_option(some.then_some(cell == "true")),
        }
        Ok(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut column) => Arc::new(column.finish()),
            Self::Integer(mut column) => Arc::new(column.finish()),
            Self::Number(mut column) => Arc::new(column.finish()),
            Self::Boolean(mut column) => Arc::new(column.finish()),
        }
    }
}

/// The columns of a table from its CSV text.
fn batch(fields: &[PlainField], text: &str) -> Result<RecordBatch, String> {
    let mut columns: Vec<Column> = fields.iter().map(|f| Column::new(&f.1)).collect();
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let names: Vec<&str> = fields.iter().map(|f| f.0.as_str()).collect();
    if reader.headers().map_err(|e| e.to_string())? != names {
        return Err("the first line does not name the columns".to_owned());
    }
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(|e| e.to_string())? {
        for (column, cell) in columns.iter_mut().zip(&row) {
            column.add(cell)?;
        }
    }
    let kinds = fields.iter().zip(&columns);
    let schema: Vec<Field> =
        kinds.map(|(f, column)| field(&f.0, column.kind(), true, f.2.as_deref(), &f.3)).collect();
    let columns = columns.into_iter().map(Column::finish).collect();
    RecordBatch::try_new(Arc::new(Schema::new(schema)), columns).map_err(|e| e.to_string())
}

/// A table's `__arrow_c_stream__`.
#[pyfunction]
pub(crate) fn table_stream<'py>(
    py: Python<'py>,
    fields: Vec<PlainField>,
    text: String,
) -> PyResult<Bound<'py, PyCapsule>> {
    let batch = py.detach(|| batch(&fields, &text)).map_err(PyValueError::new_err)?;
    let schema = batch.schema();
    capsule(py, Box::new(RecordBatchIterator::new([Ok(batch)], schema)))
}
