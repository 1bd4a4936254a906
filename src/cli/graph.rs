//! `graph`: the supply graph for other programs.

use super::Failure;
use super::arguments::{GraphArguments, GraphForm};
use super::session::{Session, print};
use crate::network::Network;
use crate::plan::Plan;
use crate::random::{Design, Sampler};
use crate::report::{GraphFormat, SupplyGraph};

pub(super) fn graph(arguments: &GraphArguments) -> Result<(), Failure> {
    let mut session = Session::read(&arguments.scenario)?;
    let model = session.take_model(true)?;
    let network = Network::from_model(&model);
    // The graph shows medians: any design will do.
    let design = Design { seed: 1, sampler: Sampler::Sobol };
    let plan = Plan::new(model, &network, &design).map_err(|e| Failure::Rejected(format!("error: {e}")))?;
    let format = match arguments.format.unwrap_or(GraphForm::Dot) {
        GraphForm::Dot => GraphFormat::Dot,
        GraphForm::Graphml => GraphFormat::GraphMl,
        GraphForm::Json => GraphFormat::Json,
    };
    print(&SupplyGraph::new(&plan, &network).render(format))
}
