//! Second draws: independent uniforms of some paths, which a layout can take in place of its own and give back.

use super::layout::Layout;
use crate::model::{QuantityId, ShockId};
use crate::random::Stream;
use std::collections::BTreeSet;

/// Uniforms of some paths that a layout can exchange for its own, in some parts of its batches.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// By place among what is sampled.
    sampled: Vec<(usize, Stream)>,
    clocks: Vec<(ShockId, Stream)>,
}

impl Layout {
    /// Uncertain quantities that are drawn together: each set that correlations connect.
    ///
    /// What loads on a factor is not among them: its own part is independent of the factor, which is a quantity of its own.
    pub fn correlated(&self) -> impl Iterator<Item = Vec<QuantityId>> + '_ {
        self.groups.iter().map(|(_, members)| {
            let all = members.iter().map(|&m| self.sampled[m].quantity);
            all.filter(|q| self.quantities[*q].is_uncertain()).collect()
        })
    }

    /// Independent uniforms of some quantities, with all that they are correlated with, and of clocks; a quantity that is not sampled has none.
    pub fn second(&self, quantities: &[QuantityId], clocks: &[ShockId]) -> Exchange {
        let mut places: BTreeSet<usize> = BTreeSet::new();
        for s in quantities.iter().filter_map(|q| self.sampled_of[*q]) {
            match self.sampled[s].group {
                Some((g, _)) => places.extend(&self.groups[g].1),
                None => drop(places.insert(s)),
            }
        }
        Exchange {
            sampled: places.into_iter().map(|s| (s, self.sampled[s].stream.second())).collect(),
            clocks: clocks.iter().map(|&shock| (shock, self.clocks[shock].second())).collect(),
        }
    }

    /// Exchanges uniforms of a part of each batch; the same again gives them back.
    pub fn exchange(&mut self, other: &Exchange, part: usize) {
        for (s, stream) in &other.sampled {
            self.sampled[*s].stream.exchange(stream, part);
        }
        for (shock, stream) in &other.clocks {
            self.clocks[*shock].exchange(stream, part);
        }
    }
}
