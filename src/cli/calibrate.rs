//! `calibrate`: which ranges of which numbers the record narrows, and how what is left forecasts what came later.

use super::arguments::CalibrateArguments;
use super::failure::Failure;
use super::terminal::{Terminal, print, tell};
use crate::study::Calibrate;

pub(super) fn calibrate(arguments: &CalibrateArguments) -> Result<(), Failure> {
    let common = &arguments.simulating;
    let terminal = Terminal::new(common.quiet);
    let study = Calibrate::open(&arguments.request(), &terminal)?;
    let Some(mut folder) = study.folder(&common.destination(), &terminal)? else { return Ok(()) };
    let results = study.simulate(Some(&mut folder), &terminal)?;
    let (log, took) = (results.fit().render(common.format.table()), results.took);
    let written = results.write(folder)?;
    print(&log)?;
    if !common.quiet {
        let path = written.path.display();
        tell(&format!(
            "\n{} draws in {:.1} s; tables and assumptions.toml in {path}",
            took.draws, took.seconds
        ));
    }
    Ok(())
}
