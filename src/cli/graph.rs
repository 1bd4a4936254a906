//! `graph`: the supply graph for other programs, or its chokepoints ranked.

use super::Failure;
use super::arguments::{GraphArguments, GraphForm};
use super::rank::rank;
use super::session::{Session, print};
use crate::model::time::Quarter;
use crate::network::Network;
use crate::plan::Plan;
use crate::random::{Design, Sampler};
use crate::report::{GraphFormat, OutputFormat, SupplyGraph};

pub(super) fn graph(arguments: &GraphArguments) -> Result<(), Failure> {
    let mut session = Session::read(&arguments.scenario)?;
    let mut model = session.take_model(true)?;
    if arguments.rank {
        // What happens after the cells asked for need not be simulated.
        let last = arguments.cell.iter().map(|c| c.rsplit_once('@').and_then(|(_, q)| Quarter::parse(q)));
        if let Some(Some(last)) = last.collect::<Option<Vec<_>>>().map(|all| all.into_iter().max()) {
            if model.run.horizon.first <= last && last < model.run.horizon.last {
                model.run.horizon.last = last;
            }
        }
    }
    let network = Network::from_model(&model);
    // The graph shows medians: any design will do.
    let design = Design { seed: arguments.seed, sampler: Sampler::Sobol };
    let plan = Plan::new(model, &network, &design).map_err(|e| Failure::Rejected(format!("error: {e}")))?;
    match (arguments.rank, arguments.format) {
        (true, None | Some(GraphForm::Table)) => rank(arguments, &plan, &network, OutputFormat::Text),
        (true, Some(GraphForm::Csv)) => rank(arguments, &plan, &network, OutputFormat::Csv),
        (true, Some(GraphForm::Json)) => rank(arguments, &plan, &network, OutputFormat::Json),
        (false, form) => {
            let format = match form {
                None | Some(GraphForm::Dot) => GraphFormat::Dot,
                Some(GraphForm::Graphml) => GraphFormat::GraphMl,
                Some(GraphForm::Json) => GraphFormat::Json,
                Some(GraphForm::Table | GraphForm::Csv) => {
                    return Err(Failure::Usage(
                        "the graph is printed as dot, graphml or json; table and csv are of --rank"
                            .to_owned(),
                    ));
                }
            };
            print(&SupplyGraph::new(&plan, &network).render(format))
        }
        (true, Some(GraphForm::Dot | GraphForm::Graphml)) => {
            Err(Failure::Usage("--rank is printed as table, csv or json".to_owned()))
        }
    }
}
