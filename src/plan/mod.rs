//! The model laid out for the engine: flat lists of edges and lookups, rules tabled, streams ready.
//!
//! Nothing here depends on a draw. A [`Plan`] is made once and shared by all threads; the engine walks its lists and never
//! a graph or a name.

mod divergence;
mod drivers;
mod edges;
mod effects;
mod suppliers;

use crate::inputs::{Inputs, Layout, LayoutError};
use crate::model::{
    Amount, BuyerId, ChipId, CountryId, DesignerId, FacilityId, GoodId, GoodKind, LabId, Model, RuleId,
};
use crate::network::Network;
use crate::random::Design;
use crate::rules::{CaseId, Rulebook};
pub use divergence::first_divergence;
pub use drivers::Driver;
pub use edges::{Edges, Holding, Market, Offer, Sale};
pub use effects::{Act, Effects, Lever};
use std::collections::BTreeSet;
use std::sync::Arc;
pub use suppliers::{Supplied, Supplier};

/// A model, a sampling design and everything that follows from the two.
#[derive(Debug)]
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
    pub always_asked: Vec<bool>,
    /// Sales that each rule with a cap can govern.
    pub caps: Vec<(RuleId, Vec<usize>)>,
    /// Quarters simulated.
    pub quarters: usize,
    /// Quarters from start of production to arrival.
    pub lead: usize,
    /// First quarter in which random shocks can strike.
    pub shocks_from: usize,
}

/// Facilities by good, designers at facilities, and the rules between them.
#[derive(Debug)]
pub struct Supply {
    /// Facilities that make each good.
    pub facilities_of: Vec<Vec<FacilityId>>,
    /// Links of designers to facilities: every pair that may do business.
    pub links: Vec<Link>,
    /// Links of each designer, by good: indices into `links`.
    pub links_of: Vec<Vec<Vec<usize>>>,
    /// Chips of each designer that can be made.
    pub chips_of: Vec<Vec<ChipId>>,
    /// Goods in each chip's recipe.
    pub goods_of: Vec<Vec<GoodId>>,
    /// What a chip needs at each facility, by chip: a line for each good of its recipe.
    pub lines_of: Vec<Vec<Line>>,
    /// How many needs there are.
    pub needs: usize,
    /// For each designer, its chips that use each packaging good, with the good's place in their recipes.
    pub packagings: Vec<Vec<(GoodId, Users)>>,
    /// Goods that each designer's chips need, in order of rows.
    pub needed: Vec<Vec<GoodId>>,
    /// Chips in dies of which private stocks are counted.
    pub stocked_dies: Vec<bool>,
    /// The packaging good that a chip's launch ramp limits.
    pub packaging_of: Vec<Option<GoodId>>,
    /// Cases of the rules on tools: (facility, tool, supplier) in order of facilities and tools.
    pub tools: Vec<Vec<ToolCases>>,
    /// For each stockpile, the goods rules from each source facility.
    pub stockpile_sources: Vec<Vec<(FacilityId, CaseId)>>,
}

/// Chips that use a good, with its place in their recipes.
pub type Users = Vec<(ChipId, usize)>;

/// A good of a chip's recipe.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The good.
    pub good: GoodId,
    /// How much of it.
    pub amount: Amount,
    /// Place of the first of its needs, one for each facility of the good.
    pub base: usize,
}

/// A designer at a facility.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The designer.
    pub designer: DesignerId,
    /// The facility.
    pub facility: FacilityId,
    /// Its place among the facilities of its good.
    pub place: usize,
    /// Rules on having chips made there.
    pub foundry: CaseId,
    /// Rules on buying the good.
    pub goods: CaseId,
    /// What the designer claims of the facility's output, if it does.
    pub claim: Option<crate::model::QuantityId>,
}

/// Rules on one tool class at one facility.
#[derive(Clone, Debug)]
pub struct ToolCases {
    /// The tool class, by its row.
    pub tool: crate::model::ToolId,
    /// Suppliers' countries with the rules on sales and on servicing.
    pub suppliers: Vec<(CountryId, CaseId, CaseId)>,
}

/// Labs' use of buyers' chips.
#[derive(Debug)]
pub struct Usage {
    /// One link for each lab and buyer that it owns a share of or rents from, by lab.
    pub links: Vec<UseLink>,
    /// Links of each lab: a range of `links`.
    pub of_lab: Vec<std::ops::Range<usize>>,
    /// Links of each buyer.
    pub of_buyer: Vec<Vec<usize>>,
}

/// A lab at a buyer.
#[derive(Clone, Copy, Debug)]
pub struct UseLink {
    /// The lab.
    pub lab: LabId,
    /// The buyer.
    pub buyer: BuyerId,
    /// Share of the buyer's chips that is the lab's own.
    pub own: Option<crate::model::QuantityId>,
    /// Weight of the buyer among the clouds that the lab rents from.
    pub weight: Option<crate::model::QuantityId>,
    /// Rules on remote access.
    pub remote: CaseId,
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
        let model = Arc::new(model);
        let mut medians = layout.inputs();
        layout.medians(&mut medians);
        let mut rules = Rulebook::new(&model, &medians);
        let supply = Supply::new(&model, &mut rules, &medians);
        let usage = Usage::new(&model, &mut rules, &medians);
        let edges = Edges::new(&model, network, &rules);
        let always: BTreeSet<CaseId> = cases_of_supply(&supply, &usage).collect();
        let occurring = cases_of_chips(&edges).chain(always.iter().copied()).collect::<BTreeSet<_>>();
        rules.table(occurring.into_iter().collect(), quarters + lead + 1);
        let always_asked = rules.all_cases().map(|case| always.contains(&case)).collect();
        let effects = Effects::new(&model, &edges, &supply);
        let caps = capped_sales(&model, &rules, &edges);
        let first = model.run.horizon.first;
        let shocks_from =
            model.run.known_until.map_or(1, |d| (d.since(first).floor() as i64 + 1).max(0) as usize);
        Ok(Self {
            layout,
            rules,
            edges,
            supply,
            usage,
            effects,
            always_asked,
            caps,
            quarters,
            lead,
            shocks_from,
            model,
        })
    }

    /// Rules that cover nothing there is: no sale of a chip or good, no tool, no dies, no rental.
    pub fn idle_rules(&self) -> Vec<RuleId> {
        let covering: BTreeSet<RuleId> =
            self.rules.all_cases().flat_map(|case| self.rules.rules_of(case)).collect();
        (0..self.model.rules.len() as u32).map(RuleId).filter(|r| !covering.contains(r)).collect()
    }

    /// Buyers with a budget to whom no chip can be sold.
    pub fn unreachable_buyers(&self) -> Vec<BuyerId> {
        let all = (0..self.model.buyers.len() as u32).map(BuyerId);
        all.filter(|&b| self.model.buys(b) && self.edges.of_buyer[b.index()].is_empty()).collect()
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
    let capped = (0..model.rules.len() as u32).map(RuleId).filter(|r| model.rules[r.index()].cap.is_some());
    let covers = |rule: RuleId, s: &usize| {
        rules.rules_of(edges.chip_markets[edges.sales[*s].chip_market]).any(|r| r == rule)
    };
    capped.map(|rule| (rule, (0..edges.sales.len()).filter(|s| covers(rule, s)).collect())).collect()
}

impl Supply {
    fn new(model: &Model, rules: &mut Rulebook, medians: &Inputs) -> Self {
        let goods = model.goods.len();
        let mut facilities_of = vec![Vec::new(); goods];
        for (f, facility) in model.facilities.iter().enumerate() {
            facilities_of[facility.good.index()].push(FacilityId(f as u32));
        }
        let goods_of: Vec<Vec<GoodId>> =
            model.chips.iter().map(|c| c.recipe.keys().copied().collect()).collect();
        let packaging_of: Vec<Option<GoodId>> = goods_of
            .iter()
            .map(|gs| gs.iter().copied().find(|g| model.goods[g.index()].kind == GoodKind::Packaging))
            .collect();
        let mut chips_of = vec![Vec::new(); model.designers.len()];
        for (c, chip) in model.chips.iter().enumerate() {
            if chip.price.is_some() && (chip.launch.is_some() || chip.variant_of.is_some()) {
                chips_of[chip.designer.index()].push(ChipId(c as u32));
            }
        }
        let mut links = Vec::new();
        let mut links_of = vec![vec![Vec::new(); goods]; model.designers.len()];
        for d in 0..model.designers.len() {
            let designer = DesignerId(d as u32);
            for good in needed_goods(model, &chips_of[d]) {
                for (place, &facility) in facilities_of[good.index()].iter().enumerate() {
                    let serves = &model.facilities[facility.index()].serves;
                    if serves.is_empty() || serves.contains(&designer) {
                        links_of[d][good.index()].push(links.len());
                        links.push(Link {
                            designer,
                            facility,
                            place,
                            foundry: rules.foundry_case(facility, designer, medians),
                            goods: rules.goods_case(facility, designer, medians),
                            claim: model.designers[d].claims.get(&facility).copied(),
                        });
                    }
                }
            }
        }
        let tools = (0..model.facilities.len())
            .map(|f| tool_cases(model, rules, medians, FacilityId(f as u32)))
            .collect();
        let stockpile_sources = model
            .stockpiles
            .iter()
            .map(|s| s.from.iter().map(|&f| (f, rules.goods_case(f, s.designer, medians))).collect())
            .collect();
        let (lines_of, needs) = lines(model, &facilities_of);
        let packagings =
            chips_of.iter().map(|chips| packagings(model, chips, &packaging_of, &goods_of)).collect();
        let needed = chips_of.iter().map(|chips| needed_goods(model, chips)).collect();
        let mut stocked_dies = vec![false; model.chips.len()];
        for chip in model.stockpiles.iter().filter_map(|s| s.dies_of) {
            stocked_dies[chip.index()] = true;
        }
        Self {
            facilities_of,
            links,
            links_of,
            chips_of,
            goods_of,
            lines_of,
            needs,
            packagings,
            needed,
            stocked_dies,
            packaging_of,
            tools,
            stockpile_sources,
        }
    }
}

/// Lines of every chip's recipe, and how many needs they have in all.
fn lines(model: &Model, facilities_of: &[Vec<FacilityId>]) -> (Vec<Vec<Line>>, usize) {
    let mut needs = 0;
    let lines = (model.chips.iter())
        .map(|chip| {
            let line = |(&good, &amount): (&GoodId, &Amount)| {
                let base = needs;
                needs += facilities_of[good.index()].len();
                Line { good, amount, base }
            };
            chip.recipe.iter().map(line).collect()
        })
        .collect();
    (lines, needs)
}

/// Packaging goods in order of rows, with the chips of a designer that use each.
fn packagings(
    model: &Model,
    chips: &[ChipId],
    packaging_of: &[Option<GoodId>],
    goods_of: &[Vec<GoodId>],
) -> Vec<(GoodId, Users)> {
    let users = |g: GoodId| -> Users {
        let packaged = chips.iter().filter(|c| packaging_of[c.index()] == Some(g));
        packaged.filter_map(|&c| goods_of[c.index()].iter().position(|&x| x == g).map(|i| (c, i))).collect()
    };
    let goods = (0..model.goods.len() as u32).map(GoodId);
    goods.map(|g| (g, users(g))).filter(|(_, users)| !users.is_empty()).collect()
}

/// Goods that a designer's chips need, in order of rows.
fn needed_goods(model: &Model, chips: &[ChipId]) -> Vec<GoodId> {
    let mut goods: Vec<GoodId> =
        chips.iter().flat_map(|c| model.chips[c.index()].recipe.keys().copied()).collect();
    goods.sort_unstable();
    goods.dedup();
    goods
}

fn tool_cases(model: &Model, rules: &mut Rulebook, medians: &Inputs, facility: FacilityId) -> Vec<ToolCases> {
    let f = &model.facilities[facility.index()];
    let mut tools: Vec<_> = f.dependence.keys().chain(f.servicing.keys()).copied().collect();
    tools.sort_unstable();
    tools.dedup();
    tools
        .into_iter()
        .map(|tool| ToolCases {
            tool,
            suppliers: model.tools[tool.index()]
                .suppliers
                .keys()
                .map(|&j| {
                    let sales = rules.tool_case(tool, j, facility, medians);
                    (j, sales, rules.servicing_case(tool, j, facility, medians))
                })
                .collect(),
        })
        .collect()
}

impl Usage {
    fn new(model: &Model, rules: &mut Rulebook, medians: &Inputs) -> Self {
        let mut links = Vec::new();
        let mut of_lab = Vec::new();
        let mut of_buyer = vec![Vec::new(); model.buyers.len()];
        for (l, lab) in model.labs.iter().enumerate() {
            let start = links.len();
            let mut buyers: Vec<BuyerId> = lab.buyers.keys().chain(lab.clouds.keys()).copied().collect();
            buyers.sort_unstable();
            buyers.dedup();
            for buyer in buyers {
                of_buyer[buyer.index()].push(links.len());
                links.push(UseLink {
                    lab: LabId(l as u32),
                    buyer,
                    own: lab.buyers.get(&buyer).copied(),
                    weight: lab.clouds.get(&buyer).copied(),
                    remote: rules.remote_case(buyer, LabId(l as u32), medians),
                });
            }
            of_lab.push(start..links.len());
        }
        Self { links, of_lab, of_buyer }
    }
}
