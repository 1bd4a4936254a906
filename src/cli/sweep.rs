//! `sweep`: a factorial of levers, every point on the same draws.

use super::arguments::SweepArguments;
use super::failure::Failure;
use super::terminal::{Terminal, print, tell};
use crate::study::Sweep;

pub(super) fn sweep(arguments: &SweepArguments) -> Result<(), Failure> {
    let common = &arguments.simulating;
    let terminal = Terminal::new(common.quiet);
    let study = Sweep::open(&arguments.request(), &terminal)?;
    let Some(mut folder) = study.folder(&common.destination(), &terminal)? else { return Ok(()) };
    let results = study.simulate(Some(&mut folder), &terminal)?;
    let (swept, took) = (results.swept().render(common.format.table()), results.took);
    let written = results.write(folder)?;
    print(&swept)?;
    if !common.quiet {
        tell(&format!(
            "\n{} draws at {} points in {:.1} s; sweep.csv in {}",
            took.draws,
            study.points.len(),
            took.seconds,
            written.path.display()
        ));
    }
    Ok(())
}
