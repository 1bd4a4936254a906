//! Recording: metrics of every actor at the end of each quarter, what bound whom, and what flowed where.

use super::{Batch, Observer, Step};
use crate::math::{Kernel, Lanes, Mask, WIDTH, dispatch};
use crate::metrics::{Arrived, Carried, FlowSource, Held, Made, Recording, Sold, Source, Trained};
use crate::model::time::Quarter;
use crate::model::{ChipUnit, PerUnit, RuleId};
use crate::plan::Plan;
use crate::rules::CaseId;

/// Sums of a quarter from which metrics are made.
#[derive(Clone, Debug)]
struct Tally {
    /// By buyer and unit: owned, bought, imported, smuggled.
    fleet: Vec<PerUnit<Lanes>>,
    bought: Vec<PerUnit<Lanes>>,
    imported: Vec<PerUnit<Lanes>>,
    smuggled: Vec<PerUnit<Lanes>>,
    stranded: Vec<PerUnit<Lanes>>,
    retired: Vec<PerUnit<Lanes>>,
    spend: Vec<Lanes>,
    planned: Vec<Lanes>,
    power: Vec<Lanes>,
    /// By chip: sold to buyers and resellers.
    shipped: Vec<Lanes>,
    denied_by: Vec<Lanes>,
    denied_in: Vec<Lanes>,
    output: Vec<Lanes>,
    blame: Vec<Lanes>,
    /// By case: shares of the rules of what it refuses, where they are known.
    shares: Vec<Vec<(usize, Lanes)>>,
    /// By case: the quarter that follows on those shares; 0 if they are not known.
    next: Vec<usize>,
}

/// Values of cells, labels and flows of one batch.
#[derive(Clone, Debug)]
pub struct Recorder<'a> {
    recording: &'a Recording,
    flows: &'a [FlowSource],
    tally: Tally,
    pub(super) values: Vec<Lanes>,
    /// Values of cells, in the recording's order.
    pub cells: Vec<Lanes>,
    /// Values of tracked series: `series * quarters + quarter`.
    pub tracked: Vec<Lanes>,
    /// Labels: chips in order of the plan's, labs, labs' effective compute, what labs' chips lack, and what those designed at home
    /// do; `quarter * subjects + subject`.
    pub labels: Vec<[u8; WIDTH]>,
    /// Flows: `quarter * flows + flow`.
    pub flowed: Vec<Lanes>,
    /// Values of watched cells, in the recording's order.
    pub watched: Vec<Lanes>,
    /// Series that are looked at, by quarter, in order.
    needed: Vec<Vec<usize>>,
    /// Flows of each sale: free, and below full permission.
    flows_of: Vec<[Option<usize>; 2]>,
    pub(super) next_cell: usize,
    pub(super) next_watched: usize,
}

/// A recorded value that is no finite number: the model was asked for what it cannot compute.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{cell} is {value} in draw {draw}, which is no finite number: `chokepoint explain --draw {draw}` tells how it came about"
)]
pub struct NotFinite {
    /// The cell.
    pub cell: String,
    /// Number of the draw.
    pub draw: u64,
    /// What it is.
    pub value: f64,
}

impl<'a> Recorder<'a> {
    /// A recorder for the batches of a plan.
    pub fn new(plan: &Plan, recording: &'a Recording, flows: &'a [FlowSource]) -> Self {
        let m = &plan.model;
        let lanes = |n: usize| vec![Lanes::ZERO; n];
        let units = vec![PerUnit::splat(Lanes::ZERO); m.buyers.len()];
        Self {
            recording,
            flows,
            tally: Tally {
                fleet: units.clone(),
                stranded: units.clone(),
                retired: units.clone(),
                bought: units.clone(),
                imported: units.clone(),
                smuggled: units,
                spend: lanes(m.buyers.len()),
                planned: lanes(m.buyers.len()),
                power: lanes(m.buyers.len()),
                shipped: lanes(m.chips.len()),
                denied_by: lanes(m.rules.len()),
                denied_in: lanes(m.countries.len()),
                output: lanes(m.facilities.len()),
                blame: lanes(m.rules.len()),
                shares: vec![Vec::new(); plan.rules.cases()],
                next: vec![0; plan.rules.cases()],
            },
            values: lanes(recording.series.len()),
            cells: lanes(recording.cells.len()),
            tracked: lanes(recording.tracked.len() * plan.quarters),
            labels: vec![[0; WIDTH]; plan.quarters * subjects(plan)],
            flowed: lanes(plan.quarters * flows.len()),
            watched: lanes(recording.watched.len()),
            needed: needed(recording, plan.quarters),
            flows_of: flows_of(plan, flows),
            next_cell: 0,
            next_watched: 0,
        }
    }

    /// Forgets what rules refused: other draws follow.
    pub(super) fn forget_shares(&mut self) {
        self.tally.next.fill(0);
    }

    /// A recorded value that is no finite number, in draws that count; quotients of nothing are none, and are left blank.
    pub fn not_finite(&self, mask: Mask, plan: &Plan, first_draw: u64) -> Option<NotFinite> {
        // No number times zero is zero but a finite one: one look at the sum tells all.
        let lists = [&self.cells, &self.tracked, &self.watched, &self.flowed];
        let rest = lists.into_iter().flatten().fold(Lanes::ZERO, |sum, &value| sum + value * 0.0);
        if rest.eq(Lanes::ZERO).all() {
            return None;
        }
        // Places are put into words only where something was found: quotients of nothing are common.
        let (recording, quarters, flows) = (self.recording, plan.quarters, self.flows.len());
        let counts = |series: usize| !matches!(recording.series[series].source, Source::Quotient(..));
        let quarter = |t: usize| Quarter(plan.model.run.horizon.first.0 + t as i32);
        let name = |t: usize, series: usize| {
            let series = &recording.series[series];
            format!("{}/{}@{}", series.actor, series.name(), quarter(t))
        };
        let wrong = |value: &Lanes| (0..WIDTH).find(|&lane| mask.lane(lane) && !value[lane].is_finite());
        let found = |value: &Lanes, lane: usize, cell: String| NotFinite {
            cell,
            draw: first_draw + lane as u64,
            value: value[lane],
        };
        let tracked = (0..self.tracked.len()).map(|i| (i % quarters, recording.tracked[i / quarters]));
        let lists = [(&self.cells, &recording.cells), (&self.watched, &recording.watched)];
        let placed = lists.into_iter().flat_map(|(values, places)| values.iter().zip(places.iter().copied()));
        for (value, (t, series)) in placed.chain(self.tracked.iter().zip(tracked)) {
            if let Some(lane) = wrong(value).filter(|_| counts(series)) {
                return Some(found(value, lane, name(t, series)));
            }
        }
        self.flowed.iter().enumerate().find_map(|(i, value)| {
            let flow = || format!("a flow in {}, {:?},", quarter(i / flows), self.flows[i % flows]);
            wrong(value).map(|lane| found(value, lane, flow()))
        })
    }

    /// Value of a series in the quarter that was recorded last.
    pub fn value(&self, series: usize) -> Lanes {
        self.values[series]
    }

    #[inline(always)]
    fn record(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        if t == 0 {
            self.values.fill(Lanes::ZERO);
            self.forget_shares();
            self.next_cell = 0;
            self.next_watched = 0;
        }
        self.tally.count(t, plan, batch);
        for &i in &self.needed[t] {
            let series = &self.recording.series[i];
            let now = self.tally.read(&series.source, &self.values, plan, batch);
            self.values[i] = if series.cumulative { self.values[i] + now } else { now };
        }
        while let Some(&(quarter, series)) = self.recording.cells.get(self.next_cell) {
            if quarter != t {
                break;
            }
            self.cells[self.next_cell] = self.values[series];
            self.next_cell += 1;
        }
        while let Some(&(quarter, series)) = self.recording.watched.get(self.next_watched) {
            if quarter != t {
                break;
            }
            self.watched[self.next_watched] = self.values[series];
            self.next_watched += 1;
        }
        for (i, &series) in self.recording.tracked.iter().enumerate() {
            self.tracked[i * plan.quarters + t] = self.values[series];
        }
        self.label(t, plan, batch);
        self.flow(t, plan, batch);
    }

    #[inline(always)]
    fn flow(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        let row = &mut self.flowed[t * self.flows.len()..(t + 1) * self.flows.len()];
        for (flowed, flow) in row.iter_mut().zip(self.flows) {
            *flowed = match flow {
                FlowSource::Sales(..) => Lanes::ZERO,
                FlowSource::Link(l) => batch.outputs.production.used[*l],
                FlowSource::Smuggled(grey_options) => grey_options
                    .iter()
                    .fold(Lanes::ZERO, |sum, &g| sum + batch.outputs.diversion.delivered[g]),
                FlowSource::Stocked(s) => batch.outputs.stockpiles.bought[*s],
                FlowSource::Diverted(s) => {
                    batch.outputs.stockpiles.delivered[*s] + batch.outputs.stockpiles.leaked[*s]
                }
                FlowSource::Seized(r) => batch.outputs.diversion.seized[r.index()],
                FlowSource::Rental(l) => batch.outputs.fleet.rented[*l],
            };
        }
        if row.is_empty() {
            return;
        }
        for s in batch.outputs.choice.open.all() {
            let is_free = batch.outputs.controls.permitted[plan.edges.sales[s].chip_market].ge(Lanes::ONE);
            for (flow, counts) in self.flows_of[s].into_iter().zip([is_free, !is_free]) {
                if let Some(flow) = flow {
                    row[flow] += counts.select(batch.outputs.trade.sold[s], Lanes::ZERO);
                }
            }
        }
    }

    #[inline(always)]
    fn label(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        let base = t * subjects(plan);
        let chips = &plan.edges.chips;
        let labs = plan.model.labs.len();
        for (i, c) in chips.iter().enumerate() {
            self.labels[base + i] = batch.outputs.production.bound_by[c.index()];
        }
        let (training, roots) = (&batch.outputs.training, &batch.outputs.roots);
        let lists = [&training.bound_by, &training.effective_bound_by, &roots.root, &roots.at_home];
        for (i, list) in lists.into_iter().enumerate() {
            self.labels[base + chips.len() + i * labs..][..labs].copy_from_slice(list);
        }
    }
}

/// How many subjects have labels in a quarter.
pub fn subjects(plan: &Plan) -> usize {
    plan.edges.chips.len() + 4 * plan.model.labs.len()
}

impl Observer for Recorder<'_> {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch) {
        if step == Step::Training {
            dispatch(Record { recorder: self, t, plan, batch });
        }
    }
}

/// A quarter's recording.
struct Record<'a, 'b> {
    recorder: &'a mut Recorder<'b>,
    t: usize,
    plan: &'a Plan,
    batch: &'a Batch,
}

impl Kernel for Record<'_, '_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.recorder.record(self.t, self.plan, self.batch);
    }
}

impl Tally {
    #[inline(always)]
    fn count(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        for list in [
            &mut self.fleet,
            &mut self.stranded,
            &mut self.retired,
            &mut self.bought,
            &mut self.imported,
            &mut self.smuggled,
        ] {
            list.fill(PerUnit::splat(Lanes::ZERO));
        }
        for list in [
            &mut self.spend,
            &mut self.power,
            &mut self.shipped,
            &mut self.denied_by,
            &mut self.denied_in,
            &mut self.output,
        ] {
            list.fill(Lanes::ZERO);
        }
        self.count_holdings(plan, batch);
        self.count_sales(plan, batch);
        self.count_denials(t, plan, batch);
        for (l, link) in plan.supply.links.iter().enumerate() {
            self.output[link.facility.index()] += batch.outputs.production.used[l];
        }
        for (f, output) in self.output.iter_mut().enumerate() {
            *output += batch.outputs.stockpiles.taken[f];
        }
    }

    #[inline(always)]
    fn count_holdings(&mut self, plan: &Plan, batch: &Batch) {
        for (h, holding) in
            plan.edges.holdings.iter().enumerate().filter(|(h, _)| batch.outputs.fleet.held[*h])
        {
            let (b, c) = (holding.buyer.index(), holding.chip.index());
            let n = holding.country.index();
            let overhead = batch.inputs.value(plan.model.countries[n].overhead) / 1e6;
            let fleet = &batch.state.fleet;
            let owned = fleet.count[h] + fleet.waiting[h] + fleet.deploying[h].total();
            for u in ChipUnit::ALL {
                self.fleet[b][u] += owned * batch.sheets.units[c][u];
                self.stranded[b][u] += fleet.waiting[h] * batch.sheets.units[c][u];
                self.retired[b][u] += batch.outputs.fleet.retired[h] * batch.sheets.units[c][u];
            }
            self.power[b] += fleet.count[h] * batch.sheets.watts[c] * overhead;
        }
    }

    #[inline(always)]
    fn count_sales(&mut self, plan: &Plan, batch: &Batch) {
        for s in batch.outputs.choice.open.all() {
            let sale = &plan.edges.sales[s];
            let (b, c) = (sale.buyer.index(), sale.chip.index());
            let sold = batch.outputs.trade.sold[s];
            let home = plan.model.designers[plan.model.chips[c].designer].country;
            let abroad = home != sale.country;
            for u in ChipUnit::ALL {
                let amount = sold * batch.sheets.units[c][u];
                self.bought[b][u] += amount;
                if abroad {
                    self.imported[b][u] += amount;
                }
            }
            self.shipped[c] += sold;
        }
        for (g, &s) in
            plan.edges.grey_options.iter().enumerate().filter(|(g, _)| batch.outputs.diversion.sent[*g])
        {
            let sale = &plan.edges.sales[s];
            for u in ChipUnit::ALL {
                let amount = batch.outputs.diversion.delivered[g] * batch.sheets.units[sale.chip.index()][u];
                self.smuggled[sale.buyer.index()][u] += amount;
            }
        }
        for &(r, c) in &batch.outputs.trade.smuggled {
            self.shipped[c] += batch.outputs.trade.attempted[r * plan.model.chips.len() + c];
        }
        for (spend, &spent) in self.spend.iter_mut().zip(&batch.outputs.trade.spent) {
            *spend = spent;
        }
        self.planned.copy_from_slice(&batch.outputs.trade.planned);
    }

    #[inline(always)]
    fn count_denials(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        for s in batch.outputs.choice.wanted.all() {
            let refused = batch.outputs.trade.refused[s];
            if !refused.gt(Lanes::ZERO).any() {
                continue;
            }
            let sale = &plan.edges.sales[s];
            self.denied_in[sale.country.index()] += refused;
            let case = plan.edges.chip_markets[sale.chip_market];
            self.blame(case, t, plan, batch);
            for &(rule, share) in &self.shares[case.index()] {
                self.denied_by[rule] += refused * share;
            }
        }
    }

    /// Shares of rules of what a case refuses, found anew where they can have changed.
    #[inline(always)]
    fn blame(&mut self, case: CaseId, t: usize, plan: &Plan, batch: &Batch) {
        let next = std::mem::replace(&mut self.next[case.index()], t + 1);
        if next == t + 1 || (t > 0 && next == t && plan.rules.may_change(case, t, &batch.terms).is_none()) {
            return;
        }
        plan.rules.blame(case, t, &batch.terms, &mut self.blame);
        let blame = &self.blame;
        let total = plan.rules.rules_of(case).fold(Lanes::ZERO, |sum, r| sum + blame[r.index()]);
        let share = |r: RuleId| (r.index(), blame[r.index()].per(total));
        self.shares[case.index()].clear();
        self.shares[case.index()].extend(plan.rules.rules_of(case).map(share));
    }

    /// What a series takes of this quarter; `values` are those of the series before it.
    #[inline(always)]
    fn read(&self, source: &Source, values: &[Lanes], plan: &Plan, batch: &Batch) -> Lanes {
        match source {
            Source::Labs(labs, what) => trained(labs.iter().map(|l| l.index()), *what, batch),
            Source::Pooled(place) => batch.outputs.training.pooled[*place],
            Source::Rent => batch.outputs.fleet.rent_price,
            Source::Buyers(buyers, what) => {
                buyers.iter().fold(Lanes::ZERO, |sum, b| sum + self.held(b.index(), *what))
            }
            Source::Arrivals(n, buyers, what) => match what {
                Arrived::Smuggled(unit) => {
                    buyers.iter().fold(Lanes::ZERO, |sum, b| sum + self.smuggled[b.index()][*unit])
                }
                Arrived::Seized => {
                    let routes = &plan.edges.routes_to[*n];
                    routes.iter().fold(Lanes::ZERO, |sum, r| sum + batch.outputs.diversion.seized[r.index()])
                }
                Arrived::Premium => batch.state.diversion.premium[n.index()],
            },
            Source::RefusedIn(n) => self.denied_in[n.index()],
            Source::RefusedBy(rule) => self.denied_by[rule.index()],
            Source::Chips(chips, what) => chips.iter().fold(Lanes::ZERO, |sum, c| {
                let c = c.index();
                sum + match what {
                    Sold::Produced => batch.outputs.production.started[c],
                    Sold::Shipped(unit) => self.shipped[c] * batch.sheets.units[c][*unit],
                    Sold::Revenue => self.shipped[c] * batch.outputs.price[c],
                }
            }),
            Source::Facilities(at, what) => {
                let over = |list: &[Lanes]| at.iter().fold(Lanes::ZERO, |sum, f| sum + list[f.index()]);
                match what {
                    Made::Capacity => over(&batch.outputs.capacity.works),
                    Made::Output => over(&self.output),
                    Made::Others => over(&batch.outputs.capacity.others),
                    Made::Companions => over(&batch.outputs.production.companions),
                    Made::Answered => over(&batch.outputs.capacity.answered),
                    Made::Utilisation => {
                        let used = over(&self.output) + over(&batch.outputs.capacity.others);
                        used.per(over(&batch.outputs.capacity.works))
                    }
                }
            }
            Source::Route(r, what) => match what {
                Carried::Smuggled(unit) => batch.outputs.diversion.delivered_by_route[r.index()][*unit],
                Carried::Seized => batch.outputs.diversion.seized[r.index()],
            },
            Source::Quotient(of, over) => values[*of].per(values[*over]),
        }
    }

    #[inline(always)]
    fn held(&self, b: usize, what: Held) -> Lanes {
        match what {
            Held::Fleet(unit) => self.fleet[b][unit],
            Held::Bought(unit) => self.bought[b][unit],
            Held::Imported(unit) => self.imported[b][unit],
            Held::Spend => self.spend[b],
            Held::Power => self.power[b],
            Held::Planned => self.planned[b],
            Held::Stranded(unit) => self.stranded[b][unit],
            Held::Retired(unit) => self.retired[b][unit],
        }
    }
}

#[inline(always)]
fn trained(labs: impl Iterator<Item = usize> + Clone, what: Trained, batch: &Batch) -> Lanes {
    let training = &batch.outputs.training;
    let best = |list: &[Lanes]| labs.clone().fold(Lanes::ZERO, |best, l| best.max(list[l]));
    let sum = |list: &[Lanes]| labs.clone().fold(Lanes::ZERO, |sum, l| sum + list[l]);
    match what {
        Trained::Reachable => best(&training.reachable),
        Trained::Run => best(&training.run),
        Trained::Effective => best(&training.effective),
        Trained::Accessible => sum(&training.accessible),
        Trained::Rented => sum(&training.rented),
        Trained::Free => sum(&training.free),
        Trained::Parameters => training.optimum.parameters(best(&training.reachable)),
        Trained::Tokens => training.optimum.tokens(best(&training.reachable)),
        Trained::Cost => {
            let mut most = Lanes::splat(-1.0);
            let mut cost = Lanes::ZERO;
            for l in labs {
                let larger = training.reachable[l].gt(most);
                most = larger.select(training.reachable[l], most);
                cost = larger.select(training.cost[l], cost);
            }
            cost
        }
    }
}

/// For each quarter the series that are looked at: those of its cells and of tracked courses, parts of ratios, sums under way.
fn needed(recording: &Recording, quarters: usize) -> Vec<Vec<usize>> {
    let mut needed = vec![vec![false; recording.series.len()]; quarters];
    for (t, needed) in needed.iter_mut().enumerate() {
        for &s in &recording.tracked {
            needed[s] = true;
        }
        for &(quarter, s) in recording.cells.iter().chain(&recording.watched) {
            needed[s] |= quarter == t || (quarter > t && recording.series[s].cumulative);
        }
        for (s, series) in recording.series.iter().enumerate().rev() {
            if needed[s] {
                series.parts().into_iter().flatten().for_each(|part| needed[part] = true);
            }
        }
    }
    // A part of a ratio that is a sum is added up from the start.
    let sums = |s: usize| recording.series[s].cumulative;
    for t in (0..quarters.saturating_sub(1)).rev() {
        for s in (0..recording.series.len()).filter(|&s| sums(s)) {
            needed[t][s] |= needed[t + 1][s];
        }
    }
    let list = |of: Vec<bool>| of.iter().enumerate().filter(|(_, n)| **n).map(|(s, _)| s).collect();
    needed.into_iter().map(list).collect()
}

/// The flows that each sale is part of.
fn flows_of(plan: &Plan, flows: &[FlowSource]) -> Vec<[Option<usize>; 2]> {
    let mut of = vec![[None; 2]; plan.edges.sales.len()];
    for (i, flow) in flows.iter().enumerate() {
        if let FlowSource::Sales(sales, free) = flow {
            for &s in sales {
                of[s][usize::from(!free)] = Some(i);
            }
        }
    }
    of
}
