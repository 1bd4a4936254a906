//! `metrics`: what can be selected.

use super::arguments::MetricsArguments;
use super::failure::Failure;
use super::terminal::print_in;
use crate::report::metrics_list;
use crate::study::metrics_about;

pub(super) fn metrics(arguments: &MetricsArguments) -> Result<(), Failure> {
    print_in(arguments.format, &metrics_list(&metrics_about(&arguments.words)?, arguments.format.table()))
}
