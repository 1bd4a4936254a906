//! Text on disk, plus edits, becomes a [`Document`]: a tree as written, each value with its place.

mod diagnostic;
mod document;
mod glob;

pub use diagnostic::{Diagnostic, Diagnostics, Place, Severity, Source, Sources};
pub use document::{Adjustment, Document, Entry, Node, Table, Value};
pub use glob::{glob_match, is_glob};
