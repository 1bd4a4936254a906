//! `explain`: the story of one draw, equal to that draw in any run; under a policy, two worlds side by side.

use super::arguments::{ExplainArguments, Format};
use super::failure::Failure;
use super::terminal::{Terminal, print_in};
use crate::study::{DrawChoice, ExplainRequest, explain as tell_story};

/// The draw and the story that are asked for.
pub(super) fn request(arguments: &ExplainArguments) -> ExplainRequest {
    let draw = match (arguments.draw, &arguments.pick) {
        (Some(draw), _) => DrawChoice::Number(draw),
        (None, Some(text)) => DrawChoice::Quantile(text.clone()),
        (None, None) => DrawChoice::Median,
    };
    ExplainRequest {
        scenario: arguments.scenario.request(),
        sampling: arguments.simulation.request(),
        draw,
        actor: arguments.actor.clone(),
        years: arguments.is_brief(),
    }
}

pub(super) fn explain(arguments: &ExplainArguments) -> Result<(), Failure> {
    let request = request(arguments);
    if matches!(arguments.format, Format::Csv | Format::Markdown) {
        return Err(Failure::Usage("a story is printed as table or json"));
    }
    let told = tell_story(&request, &Terminal::new(false))?;
    let text = if arguments.format == Format::Json { format!("{:#}\n", told.json()) } else { told.text() };
    print_in(arguments.format, &text)
}
