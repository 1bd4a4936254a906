//! `check`: every error and warning at once.

use super::Failure;
use super::arguments::CheckArguments;
use super::session::{Session, print};
use crate::network::Network;

pub(super) fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let session = Session::read(&arguments.scenario)?;
    let findings = session.findings();
    let Some(model) = &session.model else { return Err(Failure::Rejected(findings)) };
    if !findings.is_empty() {
        eprintln!("{findings}\n");
    }
    let network = Network::from_model(model);
    for node in network.idle() {
        eprintln!("warning: nothing flows through {}: it changes no result", node.path(model));
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
