//! `search`: points of levers that no other dominates, by several objectives.

use super::arguments::SearchArguments;
use super::failure::Failure;
use super::terminal::{Terminal, print, tell};
use crate::study::{search as look, write_search};

pub(super) fn search(arguments: &SearchArguments) -> Result<(), Failure> {
    let found = look(&arguments.request(), &Terminal::new(arguments.quiet))?;
    if let Some(folder) = &arguments.out {
        write_search(&found, folder)?;
        if !arguments.quiet {
            tell(&format!("a table and a page in {}", folder.display()));
        }
    }
    print(&found.render(arguments.format.table()))
}
