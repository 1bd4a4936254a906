//! What shocks act on, as positions in the engine's lists.

use super::edges::Edges;
use super::{Supply, ToolCases};
use crate::model::{Effect, Lever, Model, Nodes, Places, QuantityId, ShockId};

/// One factor of one shock.
#[derive(Clone, Debug)]
pub struct Act {
    /// The shock.
    pub shock: ShockId,
    /// What it acts on.
    pub lever: Lever,
    /// Where, as positions in the lever's list.
    pub targets: Vec<usize>,
    /// Factor (addition for a fee) at full strength.
    pub amount: QuantityId,
}

/// All factors of all shocks and the lengths of the levers' lists.
#[derive(Debug)]
pub struct Effects {
    /// Factors in order of shocks.
    pub acts: Vec<Act>,
    /// How many places each lever has, in the order of [`Lever::ALL`].
    pub places: [usize; Lever::ALL.len()],
    /// First position of each facility in the list of (facility, tool).
    pub tool_base: Vec<usize>,
}

impl Effects {
    /// Resolves every shock's effects.
    pub fn new(model: &Model, edges: &Edges, supply: &Supply) -> Self {
        let mut tool_base = Vec::new();
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
        for (s, shock) in model.shocks.iter().enumerate() {
            for lever in Lever::ALL {
                for effect in shock.effects(lever) {
                    let targets = targets(model, edges, &supply.tools, &tool_base, effect);
                    acts.push(Act { shock: ShockId(s as u32), lever, targets, amount: effect.amount });
                }
            }
        }
        Self { acts, places, tool_base }
    }
}

fn targets(
    model: &Model,
    edges: &Edges,
    tools: &[Vec<ToolCases>],
    tool_base: &[usize],
    effect: &Effect,
) -> Vec<usize> {
    let to = |n: crate::model::CountryId| effect.to.is_empty() || effect.to.contains(&n);
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
        Nodes::Tools(list) => (0..model.facilities.len())
            .filter(|&f| to(model.facilities[f].country))
            .flat_map(|f| {
                let at = tools[f].iter().enumerate().filter(|(_, t)| list.contains(&t.tool));
                at.map(|(k, _)| tool_base[f] + k).collect::<Vec<_>>()
            })
            .collect(),
    }
}
