//! `check`: every error and warning at once.

use super::arguments::CheckArguments;
use super::failure::Failure;
use super::terminal::{colored, print, tell};
use crate::study::{Error, Project};

pub(super) fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let mut project = Project::open(&arguments.scenario.request())?;
    match project.bind_observations() {
        // A ratio of what does not exist is told by the verbs that record it.
        Ok(_) | Err(Error::Select(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let findings = project.findings().render(colored());
    if !findings.is_empty() {
        tell(&format!("{findings}\n"));
    }
    let model = &project.model;
    let idle = project.idle()?;
    for node in idle.nodes {
        tell(&format!("warning: nothing flows through {}: it changes no result", node.path(model)));
    }
    for rule in idle.rules {
        let id = &model.rules[rule].id;
        tell(&format!(
            "warning: rule.{id} matches nothing: no chip, good, tool or rental that it describes goes where it reaches"
        ));
    }
    for buyer in idle.buyers {
        tell(&format!("warning: no chip can be sold to buyer.{}", model.buyers[buyer].id));
    }
    let uncertain = model.quantities.iter().filter(|q| q.is_uncertain()).count();
    print(&format!(
        "{}: {} countries, {} facilities, {} chips, {} buyers, {} labs, {} rules, {} shocks; {} quantities, {uncertain} of them uncertain; {}..{}\n",
        project.name,
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
