//! From a document to a model: every field read by its type, every error found in one go.

mod accept;
mod answers;
mod clauses;
mod effects;
mod expression;
mod factors;
mod fields;
mod in_text;
mod levers;
mod numbers;
mod observations;
mod reader;
mod record;
mod rows;
mod selectable;
mod unit;

pub(crate) use clauses::clause_schema;
pub(crate) use fields::{Field, FieldSchema, Item, object_schema};
pub use observations::COLUMNS as OBSERVATION_COLUMNS;
pub(crate) use reader::Reader;
pub(crate) use rows::Row;
pub(crate) use unit::{examples as unit_examples, factor as unit_factor};
