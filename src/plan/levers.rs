//! What shocks act on, as positions in the engine's lists.

use super::market::Edges;
use super::supply::{Supply, ToolCases};
use crate::model::{CountryId, Effect, FacilityId, IdVec, Lever, Model, Nodes, Places, QuantityId, ShockId};

/// One factor of one shock.
#[derive(Clone, Debug)]
pub struct Act {
    /// The shock.
    pub shock: ShockId,
    /// What it acts on.
    pub lever: Lever,
    /// Where, as positions in the lever's list: rows of the table, or (chip, market), or (facility, tool).
    pub targets: Vec<usize>,
    /// Factor (addition for a fee) at full strength.
    pub amount: QuantityId,
}

/// All factors of all shocks and the lengths of the levers' lists.
#[derive(Clone, Debug)]
pub struct Effects {
    /// Factors in order of shocks.
    pub acts: Vec<Act>,
    /// How many places each lever has, in the order of [`Lever::ALL`].
    pub places: [usize; Lever::ALL.len()],
    /// First position of each facility in the list of (facility, tool).
    pub tool_base: IdVec<FacilityId, usize>,
}

impl Effects {
    /// Resolves every shock's effects.
    pub fn new(model: &Model, edges: &Edges, supply: &Supply) -> Self {
        let mut tool_base = IdVec::new();
        let mut pairs = 0;
        for tools in &supply.tools {
            tool_base.push(pairs);
            pairs += tools.len();
        }
        let places = Lever::ALL.map(|lever| match lever.row().places {
            Places::Facilities => model.facilities.len(),
            Places::Countries => model.countries.len(),
            Places::Buyers => model.buyers.len(),
            Places::Routes => model.routes.len(),
            Places::Markets => edges.chip_markets.len(),
            Places::FacilityTools => pairs,
        });
        let mut acts = Vec::new();
        for (id, shock) in model.shocks.iter_enumerated() {
            for lever in Lever::ALL {
                for effect in shock.effects(lever) {
                    let targets = targets(model, edges, &supply.tools, &tool_base, effect);
                    acts.push(Act { shock: id, lever, targets, amount: effect.amount });
                }
            }
        }
        Self { acts, places, tool_base }
    }
}

fn targets(
    model: &Model,
    edges: &Edges,
    tools: &IdVec<FacilityId, Vec<ToolCases>>,
    tool_base: &IdVec<FacilityId, usize>,
    effect: &Effect,
) -> Vec<usize> {
    let to = |n: CountryId| effect.to.is_empty() || effect.to.contains(&n);
    match &effect.on {
        Nodes::Facilities(list) => list.iter().map(|x| x.index()).collect(),
        Nodes::Countries(list) => list.iter().map(|x| x.index()).collect(),
        Nodes::Buyers(list) => list.iter().map(|x| x.index()).collect(),
        Nodes::Routes(list) => list.iter().map(|x| x.index()).collect(),
        Nodes::Chips(list) => list
            .iter()
            .flat_map(|c| {
                let base = c.index() * edges.markets.len();
                let markets = edges.markets.iter().enumerate();
                markets.filter(|(_, m)| to(m.delivery)).map(move |(m, _)| base + m).collect::<Vec<_>>()
            })
            .collect(),
        Nodes::Tools(list) => (model.facilities.iter_enumerated())
            .filter(|(_, facility)| to(facility.country))
            .flat_map(|(f, _)| {
                let at = tools[f].iter().enumerate().filter(|(_, t)| list.contains(&t.tool));
                at.map(|(k, _)| tool_base[f] + k).collect::<Vec<_>>()
            })
            .collect(),
    }
}
