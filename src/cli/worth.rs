//! `worth`: what learning each input before choosing among policies is worth.

use super::arguments::WorthArguments;
use super::failure::Failure;
use super::terminal::{Terminal, print_in};
use crate::study::worth as value;

pub(super) fn worth(arguments: &WorthArguments) -> Result<(), Failure> {
    let found = value(&arguments.request(), &Terminal::new(arguments.common.quiet))?;
    print_in(arguments.common.format, &found.render(arguments.common.format.table()))
}
