//! Every metric of every actor.

use crate::model::{BuyerId, ChipId, ChipUnit, CountryId, LabId, Model, RouteId};

/// What of a set of buyers is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the metric of that name, in the unit of that position
pub enum Holdings {
    Fleet(ChipUnit),
    Bought(ChipUnit),
    Imported(ChipUnit),
    Spend,
    Power,
    Smuggled(ChipUnit),
}

/// What of a set of chips is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the metric of that name, in the unit of that position
pub enum Sold {
    Produced,
    Shipped(ChipUnit),
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
    RouteDelivered(RouteId, ChipUnit),
    RouteSeized(RouteId),
    Capacity(Vec<usize>),
    Output(Vec<usize>),
    Utilisation(Vec<usize>),
    DeniedBy(usize),
    DeniedIn(CountryId),
    Ratio(usize, usize),
}

/// A ratio of what does not exist.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`ratio.{ratio}` takes `{part}`, which is no metric of an actor")]
pub struct BadRatio {
    /// The ratio.
    pub ratio: String,
    /// What it names.
    pub part: String,
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

/// Every metric of every actor.
///
/// # Errors
/// If a ratio names what does not exist.
pub fn all_series(model: &Model) -> Result<Vec<Series>, BadRatio> {
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
                for (u, name, unit) in counted() {
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
        for (u, name, unit) in named() {
            self.add("world", &metric("fleet", name), unit, Source::Buyers(all.clone(), Holdings::Fleet(u)));
        }
    }

    fn owned(&mut self, actor: &str, buyers: &[BuyerId], imports: bool) {
        let of = |what| Source::Buyers(buyers.to_vec(), what);
        for (u, name, unit) in named() {
            self.add(actor, &metric("fleet", name), unit, of(Holdings::Fleet(u)));
        }
        for (u, name, unit) in counted() {
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
            for (u, name, unit) in counted() {
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
                for (u, name, unit) in counted() {
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

    fn ratios(&mut self, model: &Model) -> Result<(), BadRatio> {
        for ratio in &model.ratios {
            let find = |part: &String| {
                let found = self.all.iter().position(|s| format!("{}/{}", s.actor, s.metric) == *part);
                found.ok_or_else(|| BadRatio { ratio: ratio.id.clone(), part: part.clone() })
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

/// Units of chips, with the words that end a metric's name.
fn named() -> impl Iterator<Item = (ChipUnit, &'static str, &'static str)> {
    let word = |unit| match unit {
        ChipUnit::Chips => "chips",
        ChipUnit::H100e => "h100e",
        ChipUnit::H100e8Bit => "h100e_8bit",
        ChipUnit::Tpp => "tpp",
    };
    ChipUnit::ALL.into_iter().map(move |unit| (unit, word(unit), unit.symbol()))
}

/// The same without total processing performance.
fn counted() -> impl Iterator<Item = (ChipUnit, &'static str, &'static str)> {
    named().filter(|n| n.0 != ChipUnit::Tpp)
}

fn is_flow(source: &Source) -> bool {
    match source {
        Source::Buyers(_, what) => !matches!(what, Holdings::Fleet(_) | Holdings::Power),
        Source::Chips(..) | Source::SeizedTo(_) | Source::RouteDelivered(..) | Source::RouteSeized(_) => true,
        Source::DeniedBy(_) | Source::DeniedIn(_) | Source::Output(_) => true,
        _ => false,
    }
}
