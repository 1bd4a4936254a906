//! Labs' use of buyers' chips as flat lists.

use crate::inputs::Inputs;
use crate::model::{BuyerId, IdVec, LabId, Model, QuantityId};
use crate::rules::{CaseId, Rulebook};
use std::ops::Range;

/// Labs' use of buyers' chips.
#[derive(Clone, Debug)]
pub struct Usage {
    /// One link for each lab and buyer that it owns a share of or rents from, by lab.
    pub links: Vec<UseLink>,
    /// Links of each lab: a range of `links`.
    pub of_lab: IdVec<LabId, Range<usize>>,
    /// Links of each buyer.
    pub of_buyer: IdVec<BuyerId, Vec<usize>>,
}

/// A lab at a buyer.
#[derive(Clone, Copy, Debug)]
pub struct UseLink {
    /// The lab.
    pub lab: LabId,
    /// The buyer.
    pub buyer: BuyerId,
    /// Share of the buyer's chips that is the lab's own.
    pub own: Option<QuantityId>,
    /// Weight of the buyer among the clouds that the lab rents from.
    pub weight: Option<QuantityId>,
    /// Rules on remote access.
    pub remote: CaseId,
}

impl Usage {
    /// Lists the links; cases of remote access are made in `rules`.
    pub(super) fn new(model: &Model, rules: &mut Rulebook, medians: &Inputs) -> Self {
        let mut links = Vec::new();
        let mut of_lab = IdVec::new();
        let mut of_buyer = model.buyers.filled(Vec::new());
        for (id, lab) in model.labs.iter_enumerated() {
            let start = links.len();
            let mut buyers: Vec<BuyerId> = lab.buyers.keys().chain(lab.clouds.keys()).copied().collect();
            buyers.sort_unstable();
            buyers.dedup();
            for buyer in buyers {
                of_buyer[buyer].push(links.len());
                links.push(UseLink {
                    lab: id,
                    buyer,
                    own: lab.buyers.get(&buyer).copied(),
                    weight: lab.clouds.get(&buyer).copied(),
                    remote: rules.remote_case(buyer, id, medians),
                });
            }
            of_lab.push(start..links.len());
        }
        Self { links, of_lab, of_buyer }
    }
}
