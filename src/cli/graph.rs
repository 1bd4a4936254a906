//! `graph`: the supply graph for other programs, or its chokepoints ranked.

use super::arguments::{GraphArguments, GraphForm};
use super::failure::Failure;
use super::terminal::{Terminal, print, width};
use crate::report::{GraphFormat, OutputFormat, Ranking, fit};
use crate::study::{Project, knockout};

pub(super) fn graph(arguments: &GraphArguments) -> Result<(), Failure> {
    let format = arguments.format;
    if arguments.rank {
        let layout = match format {
            None | Some(GraphForm::Table) => OutputFormat::Text,
            Some(GraphForm::Csv) => OutputFormat::Csv,
            Some(GraphForm::Json) => OutputFormat::Json,
            Some(GraphForm::Dot | GraphForm::Graphml) => {
                return Err(Failure::Usage("--rank is printed as table, csv or json"));
            }
        };
        let rankings = knockout(&arguments.request(), &Terminal::new(arguments.quiet))?;
        let text = Ranking::render(&rankings, layout);
        return print(&if layout == OutputFormat::Text { fit(&text, width()) } else { text });
    }
    let format = match format {
        None | Some(GraphForm::Dot) => GraphFormat::Dot,
        Some(GraphForm::Graphml) => GraphFormat::GraphMl,
        Some(GraphForm::Json) => GraphFormat::Json,
        Some(GraphForm::Table | GraphForm::Csv) => {
            return Err(Failure::Usage(
                "the graph is printed as dot, graphml or json; table and csv are of --rank",
            ));
        }
    };
    print(&Project::open(&arguments.scenario.request())?.graph()?.render(format))
}
