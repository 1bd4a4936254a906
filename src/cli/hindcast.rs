//! `hindcast`: the simulated past against what was published, and what weighting draws by it would change.

use super::arguments::HindcastArguments;
use super::failure::Failure;
use super::terminal::{Terminal, print, tell};
use crate::study::Hindcast;

pub(super) fn hindcast(arguments: &HindcastArguments) -> Result<(), Failure> {
    let common = &arguments.simulating;
    let terminal = Terminal::new(common.quiet);
    let study = Hindcast::open(&arguments.request(), &terminal)?;
    let Some(mut folder) = study.folder(&common.destination(), &terminal)? else { return Ok(()) };
    let results = study.simulate(Some(&mut folder), &terminal)?;
    let (board, took) = (results.board().render(common.format.table()), results.took);
    let written = results.write(folder)?;
    print(&board)?;
    if !common.quiet {
        tell(&format!(
            "\n{} draws in {:.1} s; tables in {}",
            took.draws,
            took.seconds,
            written.path.display()
        ));
    }
    Ok(())
}
