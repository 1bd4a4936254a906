//! Text on disk, plus edits, becomes a [`Document`]: a tree as written, each value with its place.

mod diagnostic;
mod document;
mod edit;
mod extends;
mod files;
mod glob;
mod homes;
pub mod import;
pub mod leaves;
pub mod limits;
mod load;
mod parse;
mod path;
mod printable;
mod render;
mod replaced;
mod shipped;
mod suggest;
mod write;

pub use diagnostic::{Diagnostic, Diagnostics, Place, Severity, Source, Sources};
pub use document::{Adjustment, Document, Entry, Node, Table, Value};
pub use edit::{
    ANSWERS, Change, Edit, Policy, apply, from_argument, from_csv, load_policy, read_answer, read_policy,
    targets,
};
pub use files::{read_named, read_plain};
pub use glob::{Glob, glob_match, is_glob, is_too_long};
pub use homes::{extended, policy_names};
pub use load::{append_rows, from_text, load};
pub use printable::{is_formula, one_line, printable, unguarded};
pub use replaced::replaced;
pub use shipped::{exists, is_folder, shipped, shipped_files, stems};
pub use suggest::suggest;
pub(crate) use write::inline;
pub use write::{inline_table, toml_text};
