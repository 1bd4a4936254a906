//! `import`: a data set of a supply chain in the language of scenarios, on stdout; what was left out, on stderr.

use super::arguments::ImportArguments;
use super::failure::Failure;
use super::terminal::{print, tell};
use crate::scenario::import::read_eto;
use crate::study::{Project, ScenarioRequest};

pub(super) fn import(arguments: &ImportArguments) -> Result<(), Failure> {
    let chain = read_eto(&arguments.folder)?;
    let text = match &arguments.into {
        None => chain.to_part(),
        Some(scenario) => Project::open(&ScenarioRequest::new(scenario))?.import(&chain),
    };
    for note in &chain.notes {
        tell(&format!("note: {note}"));
    }
    tell(&format!("{} tool classes, {} notes", chain.classes.len(), chain.notes.len()));
    print(&text)
}
