//! `check`: every error and warning at once.

use super::arguments::CheckArguments;
use super::failure::Failure;
use super::terminal::{colored, print, tell, tell_findings};
use crate::scenario::limits::SHOWN;
use crate::study::{Error, Project};

/// Reads the scenario, with its observations held against what is simulated.
fn open(arguments: &CheckArguments) -> Result<Project, Error> {
    let mut project = Project::open(&arguments.scenario.request())?;
    project.bind_observations()?;
    Ok(project)
}

pub(super) fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let all = arguments.all_errors;
    let project = open(arguments).map_err(|error| match error {
        Error::Findings(findings) if all => Failure::Findings(findings.render_all(colored())),
        other => other.into(),
    })?;
    let found = project.findings();
    let findings = if all { found.render_all(colored()) } else { found.render(colored()) };
    if !findings.is_empty() {
        tell_findings(&format!("{findings}\n"));
    }
    let model = &project.model;
    let idle = project.idle()?;
    let nodes = idle
        .nodes
        .iter()
        .map(|node| format!("nothing flows through {}: it changes no result", node.path(model)));
    let rules = idle.rules.iter().map(|&rule| {
        let id = &model.rules[rule].id;
        format!(
            "rule.{id} matches nothing: no chip, good, tool or rental that it describes goes where it reaches"
        )
    });
    let buyers = idle.buyers.iter().map(|&b| format!("no chip can be sold to buyer.{}", model.buyers[b].id));
    let idle = nodes.chain(rules).chain(buyers);
    let idle: Vec<String> =
        idle.filter(|warning| !model.accepted.iter().any(|accepted| accepted.means(warning))).collect();
    let shown = if all { idle.len() } else { idle.len().min(SHOWN) };
    idle[..shown].iter().for_each(|warning| tell(&format!("warning: {warning}")));
    if shown < idle.len() {
        tell(&format!("{} more such warnings; --all-errors shows all", idle.len() - shown));
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
