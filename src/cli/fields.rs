//! `fields`: the tables of a scenario, and the keys of one.

use super::arguments::FieldsArguments;
use super::failure::Failure;
use super::terminal::print_in;
use crate::report::{field_list, table_list};
use crate::study::fields_of;

pub(super) fn fields(arguments: &FieldsArguments) -> Result<(), Failure> {
    let layout = arguments.format.table();
    match &arguments.table {
        Some(table) => print_in(arguments.format, &field_list(table, &fields_of(table)?, layout)),
        None => print_in(arguments.format, &table_list(&crate::model::tables(), layout)),
    }
}
