//! `rules`: the rule book on a day, and what a policy changes of it.

use super::arguments::RulesArguments;
use super::failure::Failure;
use super::terminal::{Terminal, print_in};
use crate::report::{rule_changes, rule_list};
use crate::study::{self, Watch};

pub(super) fn rules(arguments: &RulesArguments) -> Result<(), Failure> {
    let (request, layout) = (arguments.request(), arguments.format.table());
    if let Some(on) = &arguments.on {
        return print_in(arguments.format, &rule_list(&study::rules(&request)?, on, layout));
    }
    let (changes, note) = study::rule_changes(&request)?;
    if let Some(note) = note {
        Terminal::new(false).note(&note);
    }
    print_in(arguments.format, &rule_changes(&changes, layout))
}
