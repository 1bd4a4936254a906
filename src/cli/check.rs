//! `check`: every error and warning at once.

use super::Failure;
use super::arguments::CheckArguments;
use super::session::{Session, print};
use crate::metrics::all_series;
use crate::metrics::bind;
use crate::network::Network;

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
        tell!("{findings}\n");
    }
    let network = Network::from_model(model);
    for node in network.idle() {
        tell!("warning: nothing flows through {}: it changes no result", node.path(model));
    }
    let design = crate::random::Design { seed: 1, sampler: crate::random::Sampler::Sobol };
    if let Ok(plan) = crate::plan::Plan::new(model.clone(), &network, &design) {
        for rule in plan.idle_rules() {
            let id = &model.rules[rule.index()].id;
            tell!(
                "warning: rule.{id} matches nothing: no chip, good, tool or rental that it describes goes where it reaches"
            );
        }
        for buyer in plan.unreachable_buyers() {
            tell!("warning: no chip can be sold to buyer.{}", model.buyers[buyer.index()].id);
        }
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
