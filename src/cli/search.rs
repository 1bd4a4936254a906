//! `search`: points of levers that no other dominates, by several objectives.

use super::arguments::SearchArguments;
use super::failure::Failure;
use super::terminal::{Terminal, print_in, tell};
use crate::study::{search as look, write_search};

pub(super) fn search(arguments: &SearchArguments) -> Result<(), Failure> {
    let found = look(&arguments.request(), &Terminal::new(arguments.common.quiet))?;
    if let Some(folder) = &arguments.out {
        write_search(&found, folder)?;
        if !arguments.common.quiet {
            tell(&format!("a table and a page in {}", folder.display()));
        }
    }
    print_in(arguments.common.format, &found.render(arguments.common.format.table()))
}
