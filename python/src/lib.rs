//! The native half of the Python module `chokepoint`: words of a command in, tables and texts out. The other half, in `chokepoint/`,
//! makes the words and shows the answers.

mod answers;
mod arrow;
mod errors;
mod job;
mod stream;
mod watch;

use pyo3::prelude::*;
use std::ffi::OsString;

/// The command `chokepoint`: the same program as the one that Cargo builds. Gives its exit code.
#[pyfunction]
fn main(py: Python<'_>, words: Vec<OsString>) -> u8 {
    py.detach(|| chokepoint::cli::main_with(words))
}

/// Everything that Python's half calls.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<job::Job>()?;
    module.add_class::<stream::Draws>()?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    module.add_function(wrap_pyfunction!(arrow::table_stream, module)?)?;
    answers::add(module)
}
