//! `new`: a scenario or a policy to start from.

use super::arguments::{New, NewArguments};
use super::failure::Failure;
use super::terminal::print;
use crate::study::{TextSource, new_policy, new_world};

pub(super) fn new(arguments: &NewArguments) -> Result<(), Failure> {
    match &arguments.what {
        New::World { folder, from } => {
            new_world(folder, from.as_deref())?;
            let folder = folder.display();
            print(&format!(
                "{folder}: read it with `chokepoint check {folder}`, run it with `chokepoint run {folder}`\n"
            ))
        }
        New::Policy { file, kind, scenario } => {
            new_policy(file, kind.policy(), &TextSource::from(scenario))?;
            let (file, scenario) = (file.display(), scenario.display());
            print(&format!(
                "{file}: hold it against its scenario with `chokepoint check {scenario} --policy {file}`\n"
            ))
        }
    }
}
