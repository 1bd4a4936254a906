//! `run`: simulate, summarise, export, print.

use super::arguments::RunArguments;
use super::failure::Failure;
use super::terminal::{Terminal, draws_fans, print, tell};
use crate::report::OutputFormat;
use crate::study::Run;

pub(super) fn run(arguments: &RunArguments) -> Result<(), Failure> {
    let common = &arguments.simulating;
    let terminal = Terminal::new(common.quiet);
    let study = Run::open(&arguments.request(), &terminal)?;
    let Some(mut folder) = study.folder(&common.destination(), &terminal)? else { return Ok(()) };
    let results = study.simulate(Some(&mut folder), &terminal)?;
    let (headline, took) = (results.headline(), results.took);
    let written = results.write(folder)?;
    let layout = common.format.table();
    let fans = layout == OutputFormat::Text && draws_fans();
    print(&if fans { headline.with_fans() } else { headline.render(layout) })?;
    if !common.quiet {
        tell(&format!(
            "\n{} draws in {:.1} s ({:.0} draws/s); tables in {}",
            took.draws,
            took.seconds,
            written.manifest.draws_per_second,
            written.path.display()
        ));
    }
    Ok(())
}
