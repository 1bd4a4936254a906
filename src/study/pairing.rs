//! Whether draws of one scenario go with those of another, and why not.

use super::simulation::Simulation;
use crate::inputs::Pairing;
use crate::model::time::Horizon;

/// Why draws of two scenarios cannot be paired.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unpaired {
    /// They cover other quarters.
    #[error(
        "it covers {}..{}, not {}..{}; give both the same `run.horizon`{}",
        theirs.first, theirs.last, own.first, own.last,
        if own.first == theirs.first { ", or cut both with --horizon" } else { "" }
    )]
    Horizon {
        /// Of the first scenario.
        own: Horizon,
        /// Of the other.
        theirs: Horizon,
    },
    /// A path takes another random number in each.
    #[error(
        "`{0}` takes another random number in it; give both the same `run.lead`, or let one extend the other"
    )]
    Dimension(String),
    /// They have no random number in common.
    #[error("they have no uncertain number in common")]
    Nothing,
}

/// Refuses a scenario whose draws do not go with those of the first: other quarters, other numbers for the same path, or none in common.
pub(super) fn paired(first: &Simulation, other: &Simulation) -> Result<(), Unpaired> {
    let [ours, theirs] = [first, other].map(|s| &s.plan.model);
    if ours.run.horizon != theirs.run.horizon {
        return Err(Unpaired::Horizon { own: ours.run.horizon, theirs: theirs.run.horizon });
    }
    let pairing = Pairing::new(ours, theirs);
    match pairing.apart {
        Some(path) => Err(Unpaired::Dimension(path)),
        None if pairing.common == 0 && pairing.of != [0, 0] => Err(Unpaired::Nothing),
        None => Ok(()),
    }
}
