//! Recording: metrics of every actor at the end of each quarter, what bound whom, and what flowed where.

use super::training::optimal;
use super::{Batch, Observer, Step};
use crate::math::{Lanes, WIDTH};
use crate::plan::Plan;
use crate::plan::series::{FlowSource, Holdings, Recording, Sold, Source, Trained};

/// Sums of a quarter from which metrics are made.
#[derive(Clone, Debug)]
struct Tally {
    /// By buyer and unit: owned, bought, imported, smuggled.
    fleet: Vec<[Lanes; 4]>,
    bought: Vec<[Lanes; 4]>,
    imported: Vec<[Lanes; 4]>,
    smuggled: Vec<[Lanes; 4]>,
    spend: Vec<Lanes>,
    power: Vec<Lanes>,
    /// By chip: sold to buyers and resellers.
    shipped: Vec<Lanes>,
    denied_by: Vec<Lanes>,
    denied_in: Vec<Lanes>,
    output: Vec<Lanes>,
    blame: Vec<Lanes>,
}

/// Values of cells, labels and flows of one batch.
#[derive(Clone, Debug)]
pub struct Recorder<'a> {
    recording: &'a Recording,
    flows: &'a [FlowSource],
    tally: Tally,
    values: Vec<Lanes>,
    /// Values of cells, in the recording's order.
    pub cells: Vec<Lanes>,
    /// Values of tracked series: `series * quarters + quarter`.
    pub tracked: Vec<Lanes>,
    /// Labels: chips in order of the plan's, labs, labs' effective compute; `quarter * subjects + subject`.
    pub labels: Vec<[u8; WIDTH]>,
    /// Flows: `quarter * flows + flow`.
    pub flowed: Vec<Lanes>,
    /// Values of watched cells, in the recording's order.
    pub watched: Vec<Lanes>,
    next_cell: usize,
    next_watched: usize,
}

impl<'a> Recorder<'a> {
    /// Room for a batch.
    pub fn new(plan: &Plan, recording: &'a Recording, flows: &'a [FlowSource]) -> Self {
        let m = &plan.model;
        let lanes = |n: usize| vec![Lanes::ZERO; n];
        let units = vec![[Lanes::ZERO; 4]; m.buyers.len()];
        Self {
            recording,
            flows,
            tally: Tally {
                fleet: units.clone(),
                bought: units.clone(),
                imported: units.clone(),
                smuggled: units,
                spend: lanes(m.buyers.len()),
                power: lanes(m.buyers.len()),
                shipped: lanes(m.chips.len()),
                denied_by: lanes(m.rules.len()),
                denied_in: lanes(m.countries.len()),
                output: lanes(m.facilities.len()),
                blame: lanes(m.rules.len()),
            },
            values: lanes(recording.series.len()),
            cells: lanes(recording.cells.len()),
            tracked: lanes(recording.tracked.len() * plan.quarters),
            labels: vec![[0; WIDTH]; plan.quarters * subjects(plan)],
            flowed: lanes(plan.quarters * flows.len()),
            watched: lanes(recording.watched.len()),
            next_cell: 0,
            next_watched: 0,
        }
    }

    /// Value of a series in the quarter that was recorded last.
    pub fn value(&self, series: usize) -> Lanes {
        self.values[series]
    }

    fn record(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        if t == 0 {
            self.values.fill(Lanes::ZERO);
            self.next_cell = 0;
            self.next_watched = 0;
        }
        self.tally.count(t, plan, batch);
        for (i, series) in self.recording.series.iter().enumerate() {
            let now = match &series.source {
                Source::Ratio(of, over) => self.values[*of].per(self.values[*over]),
                source => self.tally.read(source, plan, batch),
            };
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
        for (i, flow) in self.flows.iter().enumerate() {
            self.flowed[t * self.flows.len() + i] = flowed(flow, plan, batch);
        }
    }

    fn label(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        let base = t * subjects(plan);
        let chips = &plan.edges.chips;
        let labs = plan.model.labs.len();
        for (i, c) in chips.iter().enumerate() {
            self.labels[base + i] = batch.production.bound_by[c.index()];
        }
        self.labels[base + chips.len()..][..labs].copy_from_slice(&batch.training.bound_by);
        self.labels[base + chips.len() + labs..][..labs].copy_from_slice(&batch.training.effective_bound_by);
    }
}

/// How many subjects have labels in a quarter.
pub fn subjects(plan: &Plan) -> usize {
    plan.edges.chips.len() + 2 * plan.model.labs.len()
}

impl Observer for Recorder<'_> {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &mut Batch) {
        if step == Step::Training {
            self.record(t, plan, batch);
        }
    }
}

impl Tally {
    fn count(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        for list in [&mut self.fleet, &mut self.bought, &mut self.imported, &mut self.smuggled] {
            list.fill([Lanes::ZERO; 4]);
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
            self.output[link.facility.index()] += batch.production.used[l];
        }
        for (f, output) in self.output.iter_mut().enumerate() {
            *output += batch.stockpiles.taken[f];
        }
    }

    fn count_holdings(&mut self, plan: &Plan, batch: &Batch) {
        for (h, holding) in plan.edges.holdings.iter().enumerate() {
            let (b, c) = (holding.buyer.index(), holding.chip.index());
            let n = plan.model.buyers[b].country.index();
            let overhead = batch.inputs.value(plan.model.countries[n].overhead) / 1e6;
            let owned = batch.fleet.count[h] + batch.fleet.deploying[h].total();
            for u in 0..4 {
                self.fleet[b][u] += owned * batch.sheets.units[c][u];
            }
            self.power[b] +=
                batch.fleet.count[h] * batch.fleet.operating[n] * batch.sheets.watts[c] * overhead;
        }
    }

    fn count_sales(&mut self, plan: &Plan, batch: &Batch) {
        for (s, sale) in plan.edges.sales.iter().enumerate() {
            let (b, c) = (sale.buyer.index(), sale.chip.index());
            let sold = batch.trade.sold[s];
            let home = plan.model.designers[plan.model.chips[c].designer.index()].country;
            let abroad = home != plan.model.buyers[b].country;
            for u in 0..4 {
                let amount = sold * batch.sheets.units[c][u];
                self.bought[b][u] += amount;
                if abroad {
                    self.imported[b][u] += amount;
                }
                if let Some(g) = sale.grey {
                    self.smuggled[b][u] += batch.diversion.delivered[g] * batch.sheets.units[c][u];
                }
            }
            self.shipped[c] += sold;
        }
        let chips = plan.model.chips.len();
        for r in 0..plan.model.routes.len() {
            for &c in &plan.edges.chips {
                self.shipped[c.index()] += batch.trade.attempted[r * chips + c.index()];
            }
        }
        for (spend, &spent) in self.spend.iter_mut().zip(&batch.trade.spent) {
            *spend = spent;
        }
    }

    fn count_denials(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        for (s, sale) in plan.edges.sales.iter().enumerate() {
            let refused = batch.trade.refused[s];
            if !refused.gt(Lanes::ZERO).any() {
                continue;
            }
            let n = plan.model.buyers[sale.buyer.index()].country.index();
            self.denied_in[n] += refused;
            let case = plan.edges.stands[sale.stand];
            plan.rules.blame(case, t, &batch.terms, &mut self.blame);
            let total = plan.rules.rules_of(case).fold(Lanes::ZERO, |sum, r| sum + self.blame[r.index()]);
            for r in plan.rules.rules_of(case) {
                self.denied_by[r.index()] += refused * self.blame[r.index()].per(total);
            }
        }
    }

    fn read(&self, source: &Source, plan: &Plan, batch: &Batch) -> Lanes {
        let over = |list: &[Lanes], at: &[usize]| at.iter().fold(Lanes::ZERO, |sum, &i| sum + list[i]);
        match source {
            Source::Buyers(buyers, what) => {
                buyers.iter().fold(Lanes::ZERO, |sum, b| sum + self.owned(b.index(), *what))
            }
            Source::Chips(chips, what) => chips.iter().fold(Lanes::ZERO, |sum, c| {
                let c = c.index();
                sum + match what {
                    Sold::Produced => batch.production.started[c],
                    Sold::Shipped(u) => self.shipped[c] * batch.sheets.units[c][*u],
                    Sold::Revenue => self.shipped[c] * batch.price[c],
                }
            }),
            Source::Labs(labs, what) => trained(labs.iter().map(|l| l.index()), *what, plan, batch),
            Source::Pooled(place) => batch.training.pooled[*place],
            Source::Premium(n) => batch.diversion.premium[n.index()],
            Source::SeizedTo(n) => {
                let routes = &plan.edges.routes_to[n.index()];
                routes.iter().fold(Lanes::ZERO, |sum, r| sum + batch.diversion.seized[r.index()])
            }
            Source::RouteDelivered(r, u) => batch.diversion.delivered_by_route[r.index()][*u],
            Source::RouteSeized(r) => batch.diversion.seized[r.index()],
            Source::Capacity(at) => over(&batch.capacity.available, at),
            Source::Output(at) => over(&self.output, at),
            Source::Utilisation(at) => over(&self.output, at).per(over(&batch.capacity.available, at)),
            Source::DeniedBy(i) => self.denied_by[*i],
            Source::DeniedIn(n) => self.denied_in[n.index()],
            Source::Ratio(..) => Lanes::ZERO,
        }
    }

    fn owned(&self, b: usize, what: Holdings) -> Lanes {
        match what {
            Holdings::Fleet(u) => self.fleet[b][u],
            Holdings::Bought(u) => self.bought[b][u],
            Holdings::Imported(u) => self.imported[b][u],
            Holdings::Smuggled(u) => self.smuggled[b][u],
            Holdings::Spend => self.spend[b],
            Holdings::Power => self.power[b],
        }
    }
}

fn trained(labs: impl Iterator<Item = usize> + Clone, what: Trained, plan: &Plan, batch: &Batch) -> Lanes {
    let training = &batch.training;
    let best = |list: &[Lanes]| labs.clone().fold(Lanes::ZERO, |best, l| best.max(list[l]));
    let sum = |list: &[Lanes]| labs.clone().fold(Lanes::ZERO, |sum, l| sum + list[l]);
    match what {
        Trained::Reachable => best(&training.reachable),
        Trained::Run => best(&training.run),
        Trained::Effective => best(&training.effective),
        Trained::Accessible => sum(&training.accessible),
        Trained::Rented => sum(&training.rented),
        Trained::Parameters => optimal(plan, &batch.inputs, best(&training.reachable))[0],
        Trained::Tokens => optimal(plan, &batch.inputs, best(&training.reachable))[1],
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

fn flowed(flow: &FlowSource, plan: &Plan, batch: &Batch) -> Lanes {
    match flow {
        FlowSource::Link(l) => batch.production.used[*l],
        FlowSource::Sales(sales, free) => sales.iter().fold(Lanes::ZERO, |sum, &s| {
            let permitted = batch.permits.permitted[plan.edges.sales[s].stand];
            let is_free = permitted.ge(Lanes::ONE);
            let counts = if *free { is_free } else { !is_free };
            sum + counts.select(batch.trade.sold[s], Lanes::ZERO)
        }),
        FlowSource::Smuggled(greys) => {
            greys.iter().fold(Lanes::ZERO, |sum, &g| sum + batch.diversion.delivered[g])
        }
        FlowSource::Seized(r) => batch.diversion.seized[r.index()],
        FlowSource::Rental(l) => batch.fleet.rented[*l],
    }
}
