//! `compare`: the same draws under every policy, against the scenario as it stands.

use super::arguments::CompareArguments;
use super::failure::Failure;
use super::terminal::{Terminal, print, tell};
use crate::study::Compare;

pub(super) fn compare(arguments: &CompareArguments) -> Result<(), Failure> {
    let common = &arguments.simulating;
    let terminal = Terminal::new(common.quiet);
    let study = Compare::open(&arguments.request(), &terminal)?;
    let Some(mut folder) = study.folder(&common.destination(), &terminal)? else { return Ok(()) };
    let results = study.simulate(Some(&mut folder), &terminal)?;
    let (verdict, took) = (results.verdict().render(common.format.table()), results.took);
    let written = results.write(folder)?;
    print(&verdict)?;
    if !common.quiet {
        tell(&format!(
            "\n{} draws under {} plans in {:.1} s; tables in {}",
            took.draws,
            study.others.len() + 1,
            took.seconds,
            written.path.display()
        ));
    }
    Ok(())
}
