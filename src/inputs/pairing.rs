//! Whether draws of one model go with those of another: a path that both have must take the same random number in both.

use super::layout::random_paths;
use crate::model::Model;
use crate::model::time::Horizon;
use std::collections::{BTreeMap, BTreeSet};

/// Why draws of two models cannot be paired.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unpaired {
    /// They cover other quarters.
    #[error(
        "it covers {}..{}, not {}..{}; give both the same `run.horizon`{}",
        theirs.first, theirs.last, own.first, own.last,
        if own.first == theirs.first { ", or cut both with --horizon" } else { "" }
    )]
    Horizon {
        /// Of the first.
        own: Horizon,
        /// Of the other.
        theirs: Horizon,
    },
    /// A path takes another random number in each, since it leads in one alone or at another place.
    #[error(
        "`{0}` takes another random number in it; give both the same `run.lead`, or let one extend the other without one of its own"
    )]
    Dimension(String),
    /// They have no random number in common.
    #[error("they have no uncertain number in common")]
    Nothing,
}

/// Refuses a model whose draws do not go with those of the first, both laid out with the same seed and sampler and with `run.lead` listing
/// paths in the order of their dimensions.
///
/// # Errors
/// If they cover other quarters, take other numbers for the same path, or have none in common.
pub fn paired(first: &Model, other: &Model) -> Result<(), Unpaired> {
    if first.run.horizon != other.run.horizon {
        return Err(Unpaired::Horizon { own: first.run.horizon, theirs: other.run.horizon });
    }
    let [ours, theirs] = [first, other].map(random_paths);
    let known: BTreeSet<&String> = theirs.iter().collect();
    let [a, b] = [first, other].map(|m| {
        let places = m.run.lead.iter().enumerate();
        places.map(|(i, path)| (path.as_str(), i)).collect::<BTreeMap<&str, usize>>()
    });
    let mut common = ours.iter().filter(|path| known.contains(path)).peekable();
    if common.peek().is_none() && !(ours.is_empty() && theirs.is_empty()) {
        return Err(Unpaired::Nothing);
    }
    match common.find(|path| a.get(path.as_str()) != b.get(path.as_str())) {
        Some(path) => Err(Unpaired::Dimension(path.clone())),
        None => Ok(()),
    }
}
