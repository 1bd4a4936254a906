//! The tables of a scenario, one struct a table: field, type, unit, domain, default and meaning in one place.
//!
//! The same declarations give the reader, the JSON Schema and the help texts, so they cannot part.
#![allow(rustdoc::broken_intra_doc_links)] // a field's line is its description in the schema too, where units stand in brackets

mod actors;
mod chain;
mod policy;
mod settings;

pub use actors::*;
pub use chain::*;
pub use policy::*;
pub use settings::*;
