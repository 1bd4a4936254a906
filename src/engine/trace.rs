//! A trace: what happened in one draw, quarter by quarter, as numbers and rows.

use super::steps::production::cause;
use super::{Batch, Observer, Step};
use crate::model::{
    BuyerId, ChipId, ChipUnit, CountryId, DesignerId, FacilityId, LabId, Lever, RuleId, ShockId, StockpileId,
};
use crate::plan::Plan;

/// What happened in a quarter of one draw.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Signs that came on or went off.
    pub signs: Vec<SignTurned>,
    /// Shocks that struck, with onset \[quarters since the start\] and length or time constant \[quarters\].
    pub strikes: Vec<(ShockId, f64, f64)>,
    /// Rules that took effect or ended, by their dates.
    pub rules: Vec<(RuleId, bool)>,
    /// Chips that were launched.
    pub launches: Vec<ChipId>,
    /// What bound the labs.
    pub labs: Vec<LabBound>,
    /// Facilities that open.
    pub openings: Vec<FacilityId>,
    /// Commitments: who owes whom how many chips, as far as the buyer can pay and power them, and how many it gets \[chips\].
    pub owed: Vec<(DesignerId, BuyerId, [f64; 2])>,
    /// Facilities that shocks keep from working in full, with the share that works \[1\].
    pub outages: Vec<(FacilityId, f64)>,
    /// Private stocks that gained or were used.
    pub stocks: Vec<Stocked>,
    /// Smuggling into countries.
    pub smuggling: Vec<Smuggling>,
    /// Purchases brought forward before a rule, by buyer \[USD\].
    pub front_running: Vec<(BuyerId, f64)>,
    /// Chips of which more was wanted than made, with what bound them.
    pub short: Vec<(ChipId, u8)>,
    /// Countries in which chips stand idle for want of power, with the share that works.
    pub idle: Vec<(CountryId, f64)>,
}

/// A sign that came on or went off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignTurned {
    /// Its place among the model's.
    pub sign: usize,
    /// Whether it came on.
    pub on: bool,
    /// The quarter that it is about, counted from the horizon's first.
    pub of: usize,
    /// What its metric was then.
    pub truth: f64,
    /// What was observed.
    pub observed: f64,
}

/// What bound a lab, as codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabBound {
    /// The lab.
    pub lab: LabId,
    /// What bound its reachable compute.
    pub bound_by: u8,
    /// What bound its effective compute.
    pub effective_bound_by: u8,
    /// What its chips lack, see [`root`](super::steps::roots::root).
    pub root: u8,
    /// What those designed at home lack.
    pub root_at_home: u8,
}

/// Smuggling of chips into a country in a quarter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smuggling {
    /// The country.
    pub country: CountryId,
    /// Bought by resellers \[chips\].
    pub attempted: f64,
    /// Seized on the way \[chips\].
    pub seized: f64,
    /// Delivered \[chips\].
    pub delivered: f64,
    /// Grey-market price over list price \[1\].
    pub premium: f64,
}

/// A private stock's quarter \[its unit\].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stocked {
    /// Which stock.
    pub stockpile: StockpileId,
    /// Bought legally.
    pub bought: f64,
    /// Smuggled in.
    pub smuggled: f64,
    /// Gained by leaks.
    pub leaked: f64,
    /// Drawn on by production.
    pub used: f64,
    /// Held at the quarter's end.
    pub held: f64,
    /// Purchases over the usual pace, ahead of a rule that will end them \[1\]; none where it buys nothing.
    pub front_running: Option<f64>,
}

/// What happened in one lane of a batch.
#[derive(Clone, Debug)]
pub struct Trace {
    lane: usize,
    /// Facts by quarter.
    pub facts: Vec<Facts>,
}

impl Trace {
    /// A trace of a lane.
    pub fn new(lane: usize) -> Self {
        Self { lane, facts: Vec::new() }
    }

    fn begin(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        let lane = self.lane;
        let mut facts = Facts::default();
        for (s, struck) in batch.outputs.shocks.struck.iter().enumerate() {
            if struck.lane(lane) {
                let course = (batch.state.shocks.onset[s][lane], batch.state.shocks.duration[s][lane]);
                facts.strikes.push((ShockId(s as u32), course.0, course.1));
            }
        }
        let answers = &plan.model.answers;
        let seen = &batch.outputs.answers;
        for (i, sign) in answers.signs.iter().enumerate().filter(|(i, _)| seen.turned[*i].lane(lane)) {
            facts.signs.push(SignTurned {
                sign: i,
                on: batch.state.answers.on[i].lane(lane),
                of: t - sign.lag,
                truth: seen.truth[i][lane],
                observed: seen.observed[i][lane],
            });
        }
        let here = |date: Option<crate::model::time::Date>| {
            date.is_some_and(|d| plan.since_start(d).floor() == t as f64)
        };
        for (r, rule) in plan.model.rules.iter().enumerate() {
            let id = RuleId(r as u32);
            let on = |sign: usize| batch.state.answers.on[sign].lane(lane);
            let stands = answers.of_rule(id, false).next().is_none() || answers.of_rule(id, false).any(on);
            let away = answers.of_rule(id, true).any(on);
            let holds = batch.inputs.value(rule.in_force)[lane] >= 0.5 && stands && !away;
            if holds && here(rule.effective) {
                facts.rules.push((id, true));
            }
            if holds && here(rule.until) {
                facts.rules.push((id, false));
            }
        }
        for (f, share) in batch.outputs.shocks.of(Lever::Capacity).iter().enumerate() {
            if share[lane] < 1.0 {
                facts.outages.push((FacilityId(f as u32), share[lane]));
            }
        }
        for (f, facility) in plan.model.facilities.iter().enumerate() {
            let delay = batch.inputs.value(facility.delay)[lane];
            if facility.opens.is_some_and(|d| (plan.since_start(d) + delay).floor() == t as f64) {
                facts.openings.push(FacilityId(f as u32));
            }
        }
        for &c in &plan.edges.chips {
            if batch.state.controls.launch[c.index()][lane].floor() == t as f64 {
                facts.launches.push(c);
            }
        }
        self.facts.push(facts);
    }

    fn end(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        let lane = self.lane;
        let Some(facts) = self.facts.last_mut() else { return };
        let (training, roots) = (&batch.outputs.training, &batch.outputs.roots);
        for l in 0..plan.model.labs.len() {
            facts.labs.push(LabBound {
                lab: LabId(l as u32),
                bound_by: training.bound_by[l][lane],
                effective_bound_by: training.effective_bound_by[l][lane],
                root: roots.root[l][lane],
                root_at_home: roots.at_home[l][lane],
            });
        }
        facts.stocks = stocks(lane, t, plan, batch);
        facts.owed = owed(lane, plan, batch);
        for (n, routes) in plan.edges.routes_to.iter().enumerate().filter(|(_, r)| !r.is_empty()) {
            let over = |f: &dyn Fn(usize) -> f64| routes.iter().map(|r| f(r.index())).sum::<f64>();
            let d = &batch.outputs.diversion;
            let smuggling = Smuggling {
                country: CountryId(n as u32),
                attempted: over(&|r| d.attempted[r][lane]),
                seized: over(&|r| d.seized[r][lane]),
                delivered: over(&|r| d.delivered_by_route[r][ChipUnit::Chips][lane]),
                premium: batch.state.diversion.premium[n][lane],
            };
            if smuggling.attempted + smuggling.delivered > 0.5 {
                facts.smuggling.push(smuggling);
            }
        }
        for (b, spent) in batch.outputs.trade.spent_ahead.iter().enumerate() {
            if spent[lane] > 1.0 {
                facts.front_running.push((BuyerId(b as u32), spent[lane]));
            }
        }
        for &c in &plan.edges.chips {
            let cause = batch.outputs.production.bound_by[c.index()][lane];
            if usize::from(cause) < plan.model.goods.len() || cause == cause::RAMP {
                facts.short.push((c, cause));
            }
        }
        let mut chips = vec![[0.0; 2]; plan.model.countries.len()];
        for (h, holding) in plan.edges.holdings.iter().enumerate() {
            let [running, waiting] = &mut chips[holding.country.index()];
            *running += batch.state.fleet.count[h][lane];
            *waiting += batch.state.fleet.waiting[h][lane];
        }
        for (n, [running, waiting]) in chips.into_iter().enumerate() {
            if waiting > 0.5 {
                facts.idle.push((CountryId(n as u32), waiting / (running + waiting)));
            }
        }
    }
}

/// Commitments of the quarter.
fn owed(lane: usize, plan: &Plan, batch: &Batch) -> Vec<(DesignerId, BuyerId, [f64; 2])> {
    let mut all: Vec<(DesignerId, BuyerId, [f64; 2])> = Vec::new();
    for &s in &plan.commitments.sales {
        let sale = &plan.edges.sales[s];
        let designer = plan.model.chips[sale.chip.index()].designer;
        let trade = &batch.outputs.trade;
        let [asked, got] = [trade.committed[s][lane], trade.committed_fill[s][lane]];
        match all.iter_mut().find(|o| (o.0, o.1) == (designer, sale.buyer)) {
            Some((_, _, sums)) => *sums = [sums[0] + asked, sums[1] + got],
            None => all.push((designer, sale.buyer, [asked, got])),
        }
    }
    all.retain(|o| o.2[0] >= 0.5);
    all
}

/// Private stocks to which anything happened.
fn stocks(lane: usize, t: usize, plan: &Plan, batch: &Batch) -> Vec<Stocked> {
    let mut all = Vec::new();
    for (s, stock) in plan.model.stockpiles.iter().enumerate() {
        let of = &batch.outputs.stockpiles;
        let stocked = Stocked {
            stockpile: StockpileId(s as u32),
            bought: of.bought[s][lane],
            smuggled: of.delivered[s][lane],
            leaked: of.leaked[s][lane],
            used: of.drawn[s][lane],
            held: batch.state.stockpiles.held[s][lane],
            front_running: stock.rate.and_then(|rate| {
                let usual = batch.inputs.at(rate, t)[lane];
                (usual > 0.0 && of.bought[s][lane] > 0.0).then(|| of.bought[s][lane] / usual)
            }),
        };
        let moved = stocked.bought + stocked.smuggled + stocked.leaked + stocked.used;
        if moved >= 0.5 {
            all.push(stocked);
        }
    }
    all
}

impl Observer for Trace {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch) {
        match step {
            Step::Shocks => self.begin(t, plan, batch),
            Step::Training => self.end(t, plan, batch),
            Step::Production | Step::Trade | Step::Diversion | Step::Fleet => {}
        }
    }
}
