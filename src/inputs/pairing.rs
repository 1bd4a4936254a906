//! Two scenarios on the same draws: a path that both have must take the same random number in both.

use super::layout::random_paths;
use crate::model::Model;
use std::collections::{BTreeMap, BTreeSet};

/// How the random numbers of two models, laid out with the same seed and sampler, go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// Paths that both have.
    pub common: usize,
    /// Paths of the first and of the second.
    pub of: [usize; 2],
    /// The first path that takes another number in the second, since it leads in one alone or at another place.
    pub apart: Option<String>,
}

impl Pairing {
    /// Of two models whose `run.lead` lists paths, in the order of their dimensions.
    pub fn new(first: &Model, second: &Model) -> Self {
        let [ours, theirs] = [first, second].map(random_paths);
        let known: BTreeSet<&String> = theirs.iter().collect();
        let [a, b] = [first, second].map(|m| {
            let places = m.run.lead.iter().enumerate();
            places.map(|(i, path)| (path.as_str(), i)).collect::<BTreeMap<&str, usize>>()
        });
        let common: Vec<&String> = ours.iter().filter(|path| known.contains(path)).collect();
        let apart = common.iter().find(|path| a.get(path.as_str()) != b.get(path.as_str()));
        Self {
            common: common.len(),
            of: [ours.len(), theirs.len()],
            apart: apart.map(|path| (*path).clone()),
        }
    }
}
