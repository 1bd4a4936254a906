//! The model laid out for the engine: flat lists of edges and lookups, rules tabled, streams ready.
//!
//! Nothing here depends on a draw. A [`Plan`] is made once and shared by all threads; the engine walks its lists and never
//! a graph or a name.

mod answers;
mod commitments;
mod divergence;
mod drivers;
mod labs;
mod levers;
mod market;
mod suppliers;
mod supply;

pub use answers::{Answers, Edited};
pub use commitments::{Commitment, Commitments};
pub use divergence::{first_divergence, from_strike};
pub use drivers::Driver;
pub use labs::{Usage, UseLink};
pub use levers::{Act, Effects};
pub use market::{Edges, Holding, Market, Offer, Sale};
pub use suppliers::{Supplied, Supplier};
pub use supply::{Line, Link, Supply, ToolCases, Users};

use crate::inputs::{Layout, LayoutError};
use crate::model::{BuyerId, IdVec, Model, RuleId};
use crate::network::Network;
use crate::random::Design;
use crate::rules::{CaseId, Rulebook};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A model, a sampling design and everything that follows from the two.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The model.
    pub model: Arc<Model>,
    /// Where each quantity is sampled and stored.
    pub layout: Layout,
    /// Rules, tabled.
    pub rules: Rulebook,
    /// Who may sell what to whom.
    pub edges: Edges,
    /// The supply side.
    pub supply: Supply,
    /// Who uses whose chips.
    pub usage: Usage,
    /// What shocks act on.
    pub effects: Effects,
    /// Cases that are asked for whatever is on sale: whether, by case.
    pub always_asked: IdVec<CaseId, bool>,
    /// What buyers are committed to take.
    pub commitments: Commitments,
    /// Sales that each rule with a cap can govern.
    pub caps: Vec<(RuleId, Vec<usize>)>,
    /// What waits for signs.
    pub answers: Answers,
    /// Quarters simulated.
    pub quarters: usize,
    /// Quarters from start of production to arrival.
    pub lead: usize,
    /// First quarter in which random shocks can strike, and scarcity be answered.
    pub shocks_from: usize,
    /// The last quarter that is known: what is announced after it may come late, or never.
    pub known: usize,
}

impl Plan {
    /// Lays a model out.
    ///
    /// # Errors
    /// If `[run] lead` names more paths than the net has dimensions, or none.
    pub fn new(model: Model, network: &Network, design: &Design) -> Result<Self, LayoutError> {
        let quarters = model.run.horizon.len();
        let lead = model.production.lead as usize;
        let layout = Layout::new(&model, design, quarters + lead + 1)?;
        let answers = Answers::new(&model, &layout, design, quarters + lead + 1)?;
        let model = Arc::new(model);
        let mut medians = layout.inputs();
        layout.medians(&mut medians);
        let mut rules = Rulebook::new(&model, &medians);
        let supply = Supply::new(&model, &mut rules, &medians);
        let usage = Usage::new(&model, &mut rules, &medians);
        let edges = Edges::new(&model, network, &rules, &medians);
        let always: BTreeSet<CaseId> = cases_of_supply(&supply, &usage).collect();
        let occurring = cases_of_chips(&edges).chain(always.iter().copied()).collect::<BTreeSet<_>>();
        rules.table(occurring.into_iter().collect(), quarters + lead + 1);
        let always_asked = rules.all_cases().map(|case| always.contains(&case)).collect();
        let effects = Effects::new(&model, &edges, &supply);
        let commitments = Commitments::new(&model, &edges);
        let caps = capped_sales(&model, &rules, &edges);
        let first = model.run.horizon.first;
        let shocks_from =
            model.run.known_until.map_or(1, |d| (d.since(first).floor() as i64 + 1).max(0) as usize);
        Ok(Self {
            model,
            layout,
            rules,
            edges,
            supply,
            usage,
            effects,
            always_asked,
            caps,
            commitments,
            answers,
            quarters,
            lead,
            shocks_from,
            known: shocks_from.saturating_sub(1),
        })
    }

    /// Rules that cover nothing there is: no sale of a chip or good, no tool, no dies, no rental.
    pub fn idle_rules(&self) -> Vec<RuleId> {
        let covering: BTreeSet<RuleId> =
            self.rules.all_cases().flat_map(|case| self.rules.rules_of(case)).collect();
        self.model.rules.ids().filter(|r| !covering.contains(r)).collect()
    }

    /// Buyers with a budget to whom no chip can be sold.
    pub fn unreachable_buyers(&self) -> Vec<BuyerId> {
        let buying = self.model.buyers.ids().filter(|&b| self.model.buys(b));
        buying.filter(|&b| self.edges.of_buyer[b].is_empty()).collect()
    }

    /// Quarters from the horizon's start to a date.
    pub fn since_start(&self, date: crate::model::time::Date) -> f64 {
        date.since(self.model.run.horizon.first)
    }
}

/// Cases of sales of chips.
fn cases_of_chips(edges: &Edges) -> impl Iterator<Item = CaseId> + '_ {
    let markets = edges.markets.len();
    edges
        .with_parents
        .iter()
        .flat_map(move |c| &edges.chip_markets[c.index() * markets..][..markets])
        .copied()
}

/// Cases of links to facilities, of private stocks' purchases, of tools and of rentals.
fn cases_of_supply<'a>(supply: &'a Supply, usage: &'a Usage) -> impl Iterator<Item = CaseId> + 'a {
    let links = supply.links.iter().flat_map(|link| [link.foundry, link.goods]);
    let stocks = supply.stockpile_sources.iter().flatten().map(|(_, case)| *case);
    let suppliers = supply.tools.iter().flatten().flat_map(|tool| &tool.suppliers);
    let tools = suppliers.flat_map(|&(_, sales, service)| [sales, service]);
    let rentals = usage.links.iter().map(|link| link.remote);
    links.chain(stocks).chain(tools).chain(rentals)
}

/// For each rule with a cap, the sales that it covers.
fn capped_sales(model: &Model, rules: &Rulebook, edges: &Edges) -> Vec<(RuleId, Vec<usize>)> {
    let capped = model.rules.ids().filter(|r| model.rules[*r].cap.is_some());
    let covers = |rule: RuleId, s: &usize| {
        rules.rules_of(edges.chip_markets[edges.sales[*s].chip_market]).any(|r| r == rule)
    };
    capped.map(|rule| (rule, (0..edges.sales.len()).filter(|s| covers(rule, s)).collect())).collect()
}
