//! Every metric of every actor, and which quarters of it are summarised.

use super::Plan;
use crate::model::time::Quarter;
use crate::model::{BuyerId, ChipId, CountryId, LabId, Model, RouteId};
use crate::results::Cell;
use crate::results::tables::Flow;
use crate::scenario::{glob_match, is_glob, suggest};

/// Units in which chips are counted: position, suffix of the metric, unit.
pub const UNITS: [(&str, &str); 4] =
    [("chips", "chips"), ("h100e", "H100e"), ("h100e_8bit", "H100e-8bit"), ("tpp", "TPP")];

/// At most this many cells are summarised unless `--select` asks for others.
pub const BUDGET: usize = 25_000;

/// What of a set of buyers is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the metric of that name, in the unit of that position
pub enum Holdings {
    Fleet(usize),
    Bought(usize),
    Imported(usize),
    Spend,
    Power,
    Smuggled(usize),
}

/// What of a set of chips is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the metric of that name, in the unit of that position
pub enum Sold {
    Produced,
    Shipped(usize),
    Revenue,
}

/// What of labs is taken: the best lab's, or a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the metric of that name
pub enum Trained {
    Reachable,
    Run,
    Effective,
    Cost,
    Parameters,
    Tokens,
    Accessible,
    Rented,
}

/// Where a series' values come from.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // each is what the metric's table says
pub enum Source {
    Buyers(Vec<BuyerId>, Holdings),
    Chips(Vec<ChipId>, Sold),
    Labs(Vec<LabId>, Trained),
    Pooled(usize),
    Premium(CountryId),
    SeizedTo(CountryId),
    RouteDelivered(RouteId, usize),
    RouteSeized(RouteId),
    Capacity(Vec<usize>),
    Output(Vec<usize>),
    Utilisation(Vec<usize>),
    DeniedBy(usize),
    DeniedIn(CountryId),
    Ratio(usize, usize),
}

/// A metric of an actor over time.
#[derive(Clone, Debug)]
pub struct Series {
    /// `kind.id` or `world`.
    pub actor: String,
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Where its values come from.
    pub source: Source,
    /// Whether it is a flow, summed since the start.
    pub cumulative: bool,
}

/// Which cells are summarised, and in what order.
#[derive(Debug)]
pub struct Recording {
    /// All series; a ratio's parts come before it.
    pub series: Vec<Series>,
    /// Cells as (quarter, series), in order of quarters.
    pub cells: Vec<(usize, usize)>,
    /// Cells as tables name them.
    pub names: Vec<Cell>,
    /// Series whose thresholds are counted.
    pub tracked: Vec<usize>,
    /// Cells that are handed over draw by draw whatever is selected, as (quarter, series) in order of quarters.
    pub watched: Vec<(usize, usize)>,
}

/// A pattern that selects nothing, or a ratio of what does not exist.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SelectError {
    /// Nothing is selected.
    #[error(
        "`{0}` matches no cell{1}; a cell is written actor/metric@quarter, such as country.china/reachable_flop@2028Q4"
    )]
    Nothing(String, String),
    /// A ratio's part.
    #[error("`ratio.{ratio}` takes `{part}`, which is no metric of an actor")]
    NoSuchPart {
        /// The ratio.
        ratio: String,
        /// What it names.
        part: String,
    },
}

impl Recording {
    /// The default cells, or those that patterns select.
    ///
    /// # Errors
    /// If a pattern selects nothing, or a ratio names what does not exist.
    pub fn new(plan: &Plan, select: &[String]) -> Result<Self, SelectError> {
        let series = all_series(&plan.model)?;
        let first = plan.model.run.horizon.first;
        let quarter = |t: usize| Quarter(first.0 + t as i32);
        let address = |s: &Series, t: usize| format!("{}/{}@{}", s.actor, s.metric, quarter(t));
        let choices: Vec<Choice> = select.iter().map(|p| Choice::new(p, plan, &series)).collect();
        for (pattern, choice) in select.iter().zip(&choices) {
            if !choice.any() {
                let all = series.iter().flat_map(|s| (0..plan.quarters).map(move |t| address(s, t)));
                let all: Vec<String> = if is_glob(pattern) { Vec::new() } else { all.collect() };
                let near = suggest(pattern, all.iter().map(String::as_str));
                let help = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
                return Err(SelectError::Nothing(pattern.clone(), help));
            }
        }
        let observed = |s: &Series, t: usize| {
            let mut here = plan.model.observations.iter().filter(|o| o.quarter == quarter(t));
            here.any(|o| o.metric == s.metric && o.actor == s.actor)
        };
        let wanted = |i: usize, t: usize| {
            if select.is_empty() {
                default_cell(&series[i], quarter(t)) || observed(&series[i], t)
            } else {
                choices.iter().any(|c| c.holds(i, t))
            }
        };
        let cells: Vec<(usize, usize)> = (0..plan.quarters)
            .flat_map(|t| (0..series.len()).map(move |i| (t, i)))
            .filter(|&(t, i)| wanted(i, t))
            .collect();
        Ok(Self::of(plan, series, cells))
    }

    /// Cells given as (quarter, series); each is kept once, in order of quarters.
    pub fn of(plan: &Plan, series: Vec<Series>, mut cells: Vec<(usize, usize)>) -> Self {
        cells.sort_unstable();
        cells.dedup();
        let quarter = |t: usize| Quarter(plan.model.run.horizon.first.0 + t as i32);
        let names = (cells.iter())
            .map(|&(t, i)| Cell {
                actor: series[i].actor.clone(),
                metric: series[i].metric.clone(),
                unit: series[i].unit.clone(),
                quarter: quarter(t),
            })
            .collect();
        let tracked = (series.iter().enumerate())
            .filter(|(_, s)| s.metric == "reachable_flop" || s.metric == "run_flop")
            .map(|(i, _)| i)
            .collect();
        Self { series, cells, names, tracked, watched: Vec::new() }
    }

    /// The series of an actor's metric.
    pub fn find(&self, actor: &str, metric: &str) -> Option<usize> {
        self.series.iter().position(|s| s.actor == actor && s.metric == metric)
    }
}

/// Patterns that match a cell of a plan.
///
/// # Errors
/// If a ratio names what does not exist.
pub fn matching(plan: &Plan, patterns: &[String]) -> Result<Vec<String>, SelectError> {
    let series = all_series(&plan.model)?;
    let any = |p: &&String| Choice::new(p, plan, &series).any();
    Ok(patterns.iter().filter(any).cloned().collect())
}

/// What a pattern chooses: series and quarters apart, where it names them apart; there are far fewer of those than of cells.
struct Choice {
    series: Vec<bool>,
    quarters: Vec<bool>,
    /// Cells by series and quarter, where the pattern does not name them apart.
    cells: Option<Vec<Vec<bool>>>,
}

impl Choice {
    fn new(pattern: &str, plan: &Plan, series: &[Series]) -> Self {
        let pattern = with_quarter(pattern);
        let quarters: Vec<String> = (0..plan.quarters)
            .map(|t| Quarter(plan.model.run.horizon.first.0 + t as i32).to_string())
            .collect();
        let heads = series.iter().map(|s| format!("{}/{}", s.actor, s.metric));
        // `@` between the two is matched by itself alone, unless `**` or a choice reaches over it.
        let apart = pattern.split_once('@').filter(|(head, tail)| {
            let whole = |part: &str| part.matches('{').count() == part.matches('}').count();
            !pattern.contains("**") && !tail.contains('@') && whole(head) && whole(tail)
        });
        match apart {
            Some((head, tail)) => Self {
                series: heads.map(|h| glob_match(head, &h)).collect(),
                quarters: quarters.iter().map(|q| glob_match(tail, q)).collect(),
                cells: None,
            },
            None => {
                let row =
                    |h: String| quarters.iter().map(|q| glob_match(&pattern, &format!("{h}@{q}"))).collect();
                Self { series: Vec::new(), quarters: Vec::new(), cells: Some(heads.map(row).collect()) }
            }
        }
    }

    fn holds(&self, series: usize, t: usize) -> bool {
        match &self.cells {
            Some(cells) => cells[series][t],
            None => self.series[series] && self.quarters[t],
        }
    }

    fn any(&self) -> bool {
        match &self.cells {
            Some(cells) => cells.iter().flatten().any(|&holds| holds),
            None => self.series.contains(&true) && self.quarters.contains(&true),
        }
    }
}

/// A pattern without a quarter means all of them; `*` alone everything.
fn with_quarter(pattern: &str) -> String {
    match pattern {
        "*" => "**".to_owned(),
        p if p.contains('@') || p.contains("**") => p.to_owned(),
        p => format!("{p}@*"),
    }
}

/// Year ends of everything; every quarter of what is asked for most.
fn default_cell(s: &Series, quarter: Quarter) -> bool {
    const QUARTERLY: [&str; 5] = ["reachable_flop", "run_flop", "accessible_h100e", "premium", "ratio"];
    quarter.number() == 4 || QUARTERLY.contains(&s.metric.as_str())
}

/// Every metric of every actor.
///
/// # Errors
/// If a ratio names what does not exist.
pub fn all_series(model: &Model) -> Result<Vec<Series>, SelectError> {
    let mut list = List { all: Vec::new() };
    list.labs(model);
    list.places(model);
    list.buyers(model);
    list.supply(model);
    list.diversion(model);
    list.shares(model);
    list.ratios(model)?;
    Ok(list.all)
}

struct List {
    all: Vec<Series>,
}

impl List {
    fn add(&mut self, actor: &str, metric: &str, unit: &str, source: Source) {
        let series = |metric: String, cumulative| Series {
            actor: actor.to_owned(),
            metric,
            unit: unit.to_owned(),
            source: source.clone(),
            cumulative,
        };
        let flow = is_flow(&source);
        self.all.push(series(metric.to_owned(), false));
        if flow {
            self.all.push(series(format!("{metric}_cum"), true));
        }
    }

    fn trained(&mut self, actor: &str, labs: &[LabId], all: bool) {
        let mut add =
            |metric: &str, unit: &str, what| self.add(actor, metric, unit, Source::Labs(labs.to_vec(), what));
        add("reachable_flop", "FLOP", Trained::Reachable);
        add("run_flop", "FLOP", Trained::Run);
        if all {
            add("effective_flop", "FLOP", Trained::Effective);
            add("run_cost_usd", "USD", Trained::Cost);
            add("optimal_parameters", "1", Trained::Parameters);
            add("optimal_tokens", "tokens", Trained::Tokens);
        }
        if actor != "world" {
            add("accessible_h100e", "H100e", Trained::Accessible);
            add("rented_h100e", "H100e", Trained::Rented);
        }
    }

    fn labs(&mut self, model: &Model) {
        for (l, lab) in model.labs.iter().enumerate() {
            self.trained(&format!("lab.{}", lab.id), &[LabId(l as u32)], true);
        }
    }

    /// Countries, groups and the world.
    fn places(&mut self, model: &Model) {
        let labs_in = |inside: &dyn Fn(CountryId) -> bool| -> Vec<LabId> {
            let all = model.labs.iter().enumerate();
            all.filter(|(_, l)| inside(l.country)).map(|(i, _)| LabId(i as u32)).collect()
        };
        let buyers_in = |inside: &dyn Fn(CountryId) -> bool| -> Vec<BuyerId> {
            let all = model.buyers.iter().enumerate();
            all.filter(|(_, b)| inside(b.country)).map(|(i, _)| BuyerId(i as u32)).collect()
        };
        for (n, country) in model.countries.iter().enumerate() {
            let actor = format!("country.{}", country.id);
            let inside = |c: CountryId| c.index() == n;
            let id = CountryId(n as u32);
            let labs = labs_in(&inside);
            if !labs.is_empty() {
                self.trained(&actor, &labs, true);
                self.add(&actor, "pooled_flop", "FLOP", Source::Pooled(n));
            }
            self.owned(&actor, &buyers_in(&inside), true);
            self.add(&actor, "power_mw", "MW", Source::Buyers(buyers_in(&inside), Holdings::Power));
            self.add(&actor, "denied_chips", "chips", Source::DeniedIn(id));
            if model.routes.iter().any(|r| r.to == id && r.good.is_none()) {
                self.add(&actor, "premium", "1", Source::Premium(id));
                self.add(&actor, "seized_chips", "chips", Source::SeizedTo(id));
                for (u, (name, unit)) in UNITS.iter().enumerate().take(3) {
                    let source = Source::Buyers(buyers_in(&inside), Holdings::Smuggled(u));
                    self.add(&actor, &format!("smuggled_{name}"), unit, source);
                }
            }
        }
        for (g, group) in model.groups.iter().enumerate() {
            let actor = format!("group.{}", group.id);
            let inside = |c: CountryId| group.members.contains(&c);
            let labs = labs_in(&inside);
            if !labs.is_empty() {
                self.trained(&actor, &labs, false);
                self.add(&actor, "pooled_flop", "FLOP", Source::Pooled(model.countries.len() + g));
            }
            self.owned(&actor, &buyers_in(&inside), true);
        }
        let everyone: Vec<LabId> = (0..model.labs.len() as u32).map(LabId).collect();
        self.trained("world", &everyone, true);
        let all: Vec<BuyerId> = (0..model.buyers.len() as u32).map(BuyerId).collect();
        for (u, (name, unit)) in UNITS.iter().enumerate() {
            self.add("world", &metric("fleet", name), unit, Source::Buyers(all.clone(), Holdings::Fleet(u)));
        }
    }

    fn owned(&mut self, actor: &str, buyers: &[BuyerId], imports: bool) {
        let of = |what| Source::Buyers(buyers.to_vec(), what);
        for (u, (name, unit)) in UNITS.iter().enumerate() {
            self.add(actor, &metric("fleet", name), unit, of(Holdings::Fleet(u)));
        }
        for (u, (name, unit)) in UNITS.iter().enumerate().take(3) {
            self.add(actor, &format!("bought_{name}"), unit, of(Holdings::Bought(u)));
            if imports {
                self.add(actor, &format!("imported_{name}"), unit, of(Holdings::Imported(u)));
            }
        }
        self.add(actor, "spend_usd", "USD", of(Holdings::Spend));
    }

    fn buyers(&mut self, model: &Model) {
        for (b, buyer) in
            model.buyers.iter().enumerate().filter(|(_, b)| b.budget.is_some() || !b.opening.is_empty())
        {
            let actor = format!("buyer.{}", buyer.id);
            let one = [BuyerId(b as u32)];
            self.owned(&actor, &one, false);
            self.add(&actor, "power_mw", "MW", Source::Buyers(one.to_vec(), Holdings::Power));
        }
    }

    fn supply(&mut self, model: &Model) {
        let sold =
            |c: &crate::model::Chip| c.price.is_some() && (c.launch.is_some() || c.variant_of.is_some());
        let chips_of = |keep: &dyn Fn(&crate::model::Chip) -> bool| -> Vec<ChipId> {
            let all = model.chips.iter().enumerate();
            all.filter(|(_, c)| sold(c) && keep(c)).map(|(i, _)| ChipId(i as u32)).collect()
        };
        let mut actors: Vec<(String, Vec<ChipId>)> = Vec::new();
        for (c, chip) in model.chips.iter().enumerate().filter(|(_, c)| sold(c)) {
            actors.push((format!("chip.{}", chip.id), vec![ChipId(c as u32)]));
        }
        for (d, designer) in model.designers.iter().enumerate() {
            let chips = chips_of(&|c| c.designer.index() == d);
            if !chips.is_empty() {
                actors.push((format!("designer.{}", designer.id), chips));
            }
        }
        let families: std::collections::BTreeSet<&String> = model.chips.iter().map(|c| &c.family).collect();
        for family in families.into_iter().filter(|f| !f.is_empty()) {
            let chips = chips_of(&|c| c.family == *family);
            if !chips.is_empty() {
                actors.push((format!("family.{family}"), chips));
            }
        }
        actors.push(("world".to_owned(), chips_of(&|_| true)));
        for (actor, chips) in actors {
            self.add(&actor, "produced_chips", "chips", Source::Chips(chips.clone(), Sold::Produced));
            for (u, (name, unit)) in UNITS.iter().enumerate().take(3) {
                self.add(
                    &actor,
                    &format!("shipped_{name}"),
                    unit,
                    Source::Chips(chips.clone(), Sold::Shipped(u)),
                );
            }
            self.add(&actor, "revenue_usd", "USD", Source::Chips(chips.clone(), Sold::Revenue));
        }
        let unit = |g: usize| format!("{}/quarter", model.goods[g].unit);
        let mut makers: Vec<(String, Vec<usize>, String)> = (model.facilities.iter().enumerate())
            .map(|(f, x)| (format!("facility.{}", x.id), vec![f], unit(x.good.index())))
            .collect();
        for (g, good) in model.goods.iter().enumerate() {
            let at = (0..model.facilities.len()).filter(|&f| model.facilities[f].good.index() == g).collect();
            makers.push((format!("good.{}", good.id), at, unit(g)));
        }
        for (actor, at, unit) in makers {
            self.add(&actor, "capacity", &unit, Source::Capacity(at.clone()));
            self.add(&actor, "output", &unit, Source::Output(at.clone()));
            self.add(&actor, "utilisation", "1", Source::Utilisation(at));
        }
    }

    fn diversion(&mut self, model: &Model) {
        for (r, route) in model.routes.iter().enumerate() {
            let actor = format!("route.{}", route.id);
            let id = RouteId(r as u32);
            if route.good.is_none() {
                for (u, (name, unit)) in UNITS.iter().enumerate().take(3) {
                    self.add(&actor, &format!("smuggled_{name}"), unit, Source::RouteDelivered(id, u));
                }
                self.add(&actor, "seized_chips", "chips", Source::RouteSeized(id));
            }
        }
        for (i, rule) in model.rules.iter().enumerate() {
            if rule.subject == crate::model::Subject::Chips {
                self.add(&format!("rule.{}", rule.id), "denied_chips", "chips", Source::DeniedBy(i));
            }
        }
    }

    /// What part of the world's compute stands in a country: its fleet over the world's, draw by draw.
    fn shares(&mut self, model: &Model) {
        let fleet = |list: &Self, actor: &str| {
            list.all.iter().position(|s| s.actor == actor && s.metric == "fleet_h100e")
        };
        let Some(world) = fleet(self, "world") else { return };
        for country in &model.countries {
            let actor = format!("country.{}", country.id);
            if let Some(own) = fleet(self, &actor) {
                self.add(&actor, "fleet_share", "1", Source::Ratio(own, world));
            }
        }
    }

    fn ratios(&mut self, model: &Model) -> Result<(), SelectError> {
        for ratio in &model.ratios {
            let find = |part: &String| {
                let found = self.all.iter().position(|s| format!("{}/{}", s.actor, s.metric) == *part);
                found.ok_or_else(|| SelectError::NoSuchPart { ratio: ratio.id.clone(), part: part.clone() })
            };
            let source = Source::Ratio(find(&ratio.of)?, find(&ratio.over)?);
            self.add(&format!("ratio.{}", ratio.id), "ratio", "1", source);
        }
        Ok(())
    }
}

fn metric(head: &str, unit: &str) -> String {
    format!("{head}_{unit}")
}

fn is_flow(source: &Source) -> bool {
    match source {
        Source::Buyers(_, what) => !matches!(what, Holdings::Fleet(_) | Holdings::Power),
        Source::Chips(..) | Source::SeizedTo(_) | Source::RouteDelivered(..) | Source::RouteSeized(_) => true,
        Source::DeniedBy(_) | Source::DeniedIn(_) | Source::Output(_) => true,
        _ => false,
    }
}

/// An edge whose flow is recorded every quarter.
#[derive(Clone, Debug)]
pub enum FlowSource {
    /// A designer's use of a facility: a link.
    Link(usize),
    /// Sales of a chip to a country under permission 1, or below 1.
    Sales(Vec<usize>, bool),
    /// Grey-market options of a chip into a country.
    Smuggled(Vec<usize>),
    /// What a private stock bought legally.
    Stocked(usize),
    /// What it got by smuggling and leaks.
    Diverted(usize),
    /// Seizures on a route.
    Seized(RouteId),
    /// A lab's rent of a cloud: a link.
    Rental(usize),
}

/// Flows of a plan, as the table names them.
pub fn flows(plan: &Plan) -> Vec<(Flow, FlowSource)> {
    let model = &plan.model;
    let mut all = Vec::new();
    let flow = |item: String, from: String, to: String, channel, unit: &str| Flow {
        item,
        from,
        to,
        channel,
        unit: unit.to_owned(),
    };
    for (l, link) in plan.supply.links.iter().enumerate() {
        let facility = &model.facilities[link.facility.index()];
        let good = &model.goods[facility.good.index()];
        let to = format!("designer.{}", model.designers[link.designer.index()].id);
        let from = format!("facility.{}", facility.id);
        all.push((flow(format!("good.{}", good.id), from, to, "legal", &good.unit), FlowSource::Link(l)));
    }
    for (s, stock) in model.stockpiles.iter().enumerate() {
        let good = &model.goods[stock.good.index()];
        let from = match stock.from.as_slice() {
            [one] => format!("facility.{}", model.facilities[one.index()].id),
            _ => format!("good.{}", good.id),
        };
        let to = format!("stockpile.{}", stock.id);
        let unit = if stock.dies_of.is_some() { "dies" } else { &good.unit };
        let item = format!("good.{}", good.id);
        let (legal, diverted) = (FlowSource::Stocked(s), FlowSource::Diverted(s));
        all.push((flow(item.clone(), from.clone(), to.clone(), "legal", unit), legal));
        all.push((flow(item, from, to, "smuggled", unit), diverted));
    }
    for &c in &plan.edges.chips {
        let chip = &model.chips[c.index()];
        let from = format!("designer.{}", model.designers[chip.designer.index()].id);
        for (n, country) in model.countries.iter().enumerate() {
            let here = |s: &usize| {
                let sale = &plan.edges.sales[*s];
                sale.chip == c && model.buyers[sale.buyer.index()].country.index() == n
            };
            let sales: Vec<usize> = (0..plan.edges.sales.len()).filter(|s| here(s)).collect();
            if sales.is_empty() {
                continue;
            }
            let to = format!("country.{}", country.id);
            let item = format!("chip.{}", chip.id);
            for (channel, free) in [("legal", true), ("licensed", false)] {
                let f = flow(item.clone(), from.clone(), to.clone(), channel, "chips");
                all.push((f, FlowSource::Sales(sales.clone(), free)));
            }
            let grey_options: Vec<usize> = sales.iter().filter_map(|&s| plan.edges.sales[s].grey).collect();
            if !grey_options.is_empty() {
                all.push((
                    flow(item, from.clone(), to, "smuggled", "chips"),
                    FlowSource::Smuggled(grey_options),
                ));
            }
        }
    }
    for (r, route) in model.routes.iter().enumerate().filter(|(_, r)| r.good.is_none()) {
        let from = format!("route.{}", route.id);
        let to = format!("country.{}", model.countries[route.via.index()].id);
        all.push((
            flow("chips".to_owned(), from, to, "seized", "chips"),
            FlowSource::Seized(RouteId(r as u32)),
        ));
    }
    for (l, link) in plan.usage.links.iter().enumerate().filter(|(_, l)| l.weight.is_some()) {
        let from = format!("buyer.{}", model.buyers[link.buyer.index()].id);
        let to = format!("lab.{}", model.labs[link.lab.index()].id);
        all.push((flow("compute".to_owned(), from, to, "rental", "H100e"), FlowSource::Rental(l)));
    }
    all
}
