//! `check`: every error and warning at once.

use super::Failure;
use super::arguments::CheckArguments;
use super::session::{Session, print};
use crate::network::{Network, Node};
use crate::plan::observed::bind;
use crate::plan::series::all_series;

pub(super) fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let mut session = Session::read(&arguments.scenario)?;
    if let Some(model) = &session.model {
        // A ratio of what does not exist is told by the verbs that record it.
        let series = all_series(model).unwrap_or_default();
        if !series.is_empty() {
            bind(model, &series, &session.document.removed, &mut session.diagnostics);
        }
    }
    let findings = session.findings();
    let Some(model) = session.model.as_ref().filter(|_| !session.diagnostics.has_errors()) else {
        return Err(Failure::Rejected(findings));
    };
    if !findings.is_empty() {
        eprintln!("{findings}\n");
    }
    let network = Network::from_model(model);
    for node in network.idle() {
        eprintln!("warning: nothing flows through {}: it changes no result", name(model, node));
    }
    let uncertain = model.quantities.iter().filter(|q| q.is_uncertain()).count();
    print(&format!(
        "{}: {} countries, {} facilities, {} chips, {} buyers, {} labs, {} rules, {} shocks; {} quantities, {uncertain} of them uncertain; {}..{}\n",
        session.name,
        model.countries.len(),
        model.facilities.len(),
        model.chips.len(),
        model.buyers.len(),
        model.labs.len(),
        model.rules.len(),
        model.shocks.len(),
        model.quantities.len(),
        model.run.horizon.first,
        model.run.horizon.last,
    ))
}

fn name(model: &crate::model::Model, node: Node) -> String {
    match node {
        Node::Country(i) => format!("country.{}", model.countries[i.index()].id),
        Node::Tool(i) => format!("tool.{}", model.tools[i.index()].id),
        Node::Good(i) => format!("good.{}", model.goods[i.index()].id),
        Node::Facility(i) => format!("facility.{}", model.facilities[i.index()].id),
        Node::Designer(i) => format!("designer.{}", model.designers[i.index()].id),
        Node::Chip(i) => format!("chip.{}", model.chips[i.index()].id),
        Node::Stockpile(i) => format!("stockpile.{}", model.stockpiles[i.index()].id),
        Node::Buyer(i) => format!("buyer.{}", model.buyers[i.index()].id),
        Node::Route(i) => format!("route.{}", model.routes[i.index()].id),
        Node::Lab(i) => format!("lab.{}", model.labs[i.index()].id),
    }
}
