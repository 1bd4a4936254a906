//! `indices`: what a number's leading inputs explain of it, alone and together with others.

use super::arguments::IndicesArguments;
use super::failure::Failure;
use super::terminal::{Terminal, print_in, tell};
use crate::study::{indices as look, own_folder, write_indices};

pub(super) fn indices(arguments: &IndicesArguments) -> Result<(), Failure> {
    if let Some(folder) = &arguments.out {
        own_folder(folder)?;
    }
    let found = look(&arguments.request(), &Terminal::new(arguments.common.quiet))?;
    if let Some(folder) = &arguments.out {
        write_indices(&found, folder)?;
        if !arguments.common.quiet {
            tell(&format!("a table and a page in {}", folder.display()));
        }
    }
    print_in(arguments.common.format, &found.render(arguments.common.format.table()))
}
