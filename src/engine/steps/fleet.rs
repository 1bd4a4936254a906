//! Fleets: purchases enter service, chips fail with age, power limits what runs, clouds rent out a part.

use super::super::twins::{Twins, take};
use super::data_sheets::DataSheets;
use super::diversion::{LagShares, Lagged};
use super::shocks::ShockOutputs;
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask};
use crate::model::ChipUnit;
use crate::plan::Plan;

/// Chips owned, and the power that they will take.
#[derive(Clone, Debug)]
pub struct FleetState {
    /// Switched on, by holding \[chips\].
    pub count: List<Lanes>,
    /// Sum of ages of those, by holding \[chip·years\].
    pub age: List<Lanes>,
    /// Deployed and without power, by holding \[chips\].
    pub waiting: List<Lanes>,
    /// Sum of ages of those, by holding \[chip·years\].
    pub waiting_age: List<Lanes>,
    /// Bought and not yet deployed, by holding.
    pub deploying: List<Lagged>,
    /// Facility power of what is switched on, by country \[MW\].
    pub load: List<Lanes>,
    /// Facility power of what waits, by buyer \[MW\].
    pub waiting_mw: List<Lanes>,
    /// Facility power of what is in deployment, by buyer \[MW\].
    pub coming_mw: List<Lanes>,
}

/// Chips that work in a quarter, and for whom.
#[derive(Clone, Debug)]
pub struct FleetOutputs {
    /// Whether anything was ever held in some draw, by holding.
    pub held: Vec<bool>,
    /// Running, waiting and in deployment at the end of the quarter, by holding, where anything is held \[chips\].
    pub owned: List<Lanes>,
    /// Entered service, by holding \[chips\].
    pub deployed: List<Lanes>,
    /// Failed, by holding \[chips\].
    pub failed: List<Lanes>,
    /// Facility power of what is switched on, by buyer \[MW\].
    pub running_mw: List<Lanes>,
    /// Switched off for want of power, by holding \[chips\].
    pub shed: List<Lanes>,
    /// Taken out to make room for better ones, by holding \[chips\].
    pub retired: List<Lanes>,
    /// What a percent more power would add to a buyer's throughput less what slow links lose \[FLOP/s\], and to its chips, over a percent.
    pub more_power: List<[Lanes; 2]>,
    /// The chips of that, by holding, over a percent.
    pub more_chips: List<Lanes>,
    /// Holdings of which something was switched off or taken out in the quarter, or would be switched on by more power.
    pub(super) switched: Vec<usize>,
    /// Working chips of each buyer, in the sums that [`sum`] names.
    pub working: List<[Lanes; sum::COUNT]>,
    /// Rented out by each link of a lab to a buyer \[H100e\].
    pub rented: List<Lanes>,
    /// Part of a buyer's working chips that each link uses \[1\].
    pub used: List<Lanes>,
    /// Whether a buyer's chips are all spoken for: more was asked for rent than it offers, or than owners leave.
    pub rationed: List<Mask>,
    /// Price of an hour for rent \[USD/H100e-hour\].
    pub rent_price: Lanes,
    /// Money paid for rent, by lab \[USD\].
    pub rent_paid: List<Lanes>,
    /// What a percent more money would add to a rental that is not rationed, over a percent, by link of usage: less than all where rules
    /// on remote access limit it \[1\].
    pub rent_answers: List<Lanes>,
}

/// The step.
pub(crate) struct Fleets<'a> {
    pub state: &'a mut FleetState,
    pub out: &'a mut FleetOutputs,
}

/// Positions in the sums of working chips.
pub mod sum {
    /// H100e \[H100e\].
    pub const H100E: usize = 0;
    /// Peak throughput \[FLOP/s\].
    pub const PEAK: usize = 1;
    /// Peak throughput times quality \[FLOP/s\].
    pub const QUALITY: usize = 2;
    /// Chips.
    pub const CHIPS: usize = 3;
    /// Peak throughput that slow links leave \[FLOP/s\].
    pub const LINKED: usize = 4;
    /// How many sums there are.
    pub const COUNT: usize = 5;
}

impl FleetState {
    /// Empty fleets.
    pub fn new(plan: &Plan) -> Self {
        let holdings = plan.edges.holdings.len();
        Self {
            count: List::of(Lanes::ZERO, holdings),
            age: List::of(Lanes::ZERO, holdings),
            waiting: List::of(Lanes::ZERO, holdings),
            waiting_age: List::of(Lanes::ZERO, holdings),
            deploying: List::of(Lagged::default(), holdings),
            load: List::of(Lanes::ZERO, plan.model.countries.len()),
            waiting_mw: List::of(Lanes::ZERO, plan.model.buyers.len()),
            coming_mw: List::of(Lanes::ZERO, plan.model.buyers.len()),
        }
    }

    /// Takes over fleets.
    pub(crate) fn adopt(&mut self, from: &Self, twins: &Twins) {
        let Self { count, age, waiting, waiting_age, deploying, load, waiting_mw, coming_mw } = from;
        take(&twins.holdings, count, &mut self.count);
        take(&twins.holdings, age, &mut self.age);
        take(&twins.holdings, waiting, &mut self.waiting);
        take(&twins.holdings, waiting_age, &mut self.waiting_age);
        take(&twins.holdings, deploying, &mut self.deploying);
        self.load.clone_from(load);
        self.waiting_mw.clone_from(waiting_mw);
        self.coming_mw.clone_from(coming_mw);
    }
}

impl FleetOutputs {
    /// Nothing works.
    pub fn new(plan: &Plan) -> Self {
        let holdings = List::of(Lanes::ZERO, plan.edges.holdings.len());
        let links = List::of(Lanes::ZERO, plan.usage.links.len());
        let buyers = plan.model.buyers.len();
        Self {
            held: vec![false; holdings.len()],
            switched: Vec::new(),
            owned: holdings.clone(),
            deployed: holdings.clone(),
            shed: holdings.clone(),
            retired: holdings.clone(),
            more_chips: holdings.clone(),
            failed: holdings,
            running_mw: List::of(Lanes::ZERO, buyers),
            more_power: List::of([Lanes::ZERO; 2], buyers),
            working: List::of([Lanes::ZERO; sum::COUNT], buyers),
            rented: links.clone(),
            used: links,
            rationed: List::of(Mask::splat(false), buyers),
            rent_price: Lanes::ZERO,
            rent_paid: List::of(Lanes::ZERO, plan.model.labs.len()),
            rent_answers: List::of(Lanes::ZERO, plan.usage.links.len()),
        }
    }
}

impl Fleets<'_> {
    /// Opening fleets.
    #[inline(always)]
    pub(crate) fn reset(&mut self, plan: &Plan, inputs: &Inputs, sheets: &DataSheets) {
        self.state.deploying.fill(Lagged::default());
        self.state.coming_mw.fill(Lanes::ZERO);
        self.out.held.fill(true);
        for (h, holding) in plan.edges.holdings.iter().enumerate() {
            let opening = plan.model.buyers[holding.buyer].opening.get(&holding.chip);
            let (count, age) = match opening {
                Some(o) if !holding.grey => (inputs.value(o.count), inputs.value(o.age)),
                _ => (Lanes::ZERO, Lanes::ZERO),
            };
            self.state.count[h] = count;
            self.state.age[h] = count * age;
            self.state.waiting[h] = Lanes::ZERO;
            self.state.waiting_age[h] = Lanes::ZERO;
            self.out.owned[h] = count;
            self.out.deployed[h] = Lanes::ZERO;
            self.out.failed[h] = Lanes::ZERO;
            self.out.retired[h] = Lanes::ZERO;
        }
        self.weigh_deployed(plan, sheets);
    }

    /// Finds out what is held, from the state; of what is not, nothing happens in a quarter.
    pub(crate) fn note_held(&mut self) {
        for list in [&mut self.out.shed, &mut self.out.retired, &mut self.out.more_chips] {
            list.fill(Lanes::ZERO);
        }
        self.out.switched.clear();
        for (h, held) in self.out.held.iter_mut().enumerate() {
            let owned = self.state.count[h] + self.state.waiting[h] + self.state.deploying[h].total();
            *held = owned.gt(Lanes::ZERO).any();
        }
    }

    /// A quarter of failures and deployments, then what there is power for.
    ///
    /// `sold` are legal purchases by sale, `delivered` smuggled chips by option \[chips\].
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // the step's inputs, each from another step
    pub(crate) fn step(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        sheets: &DataSheets,
        shocks: &ShockOutputs,
        sold: &[Lanes],
        delivered: &[Lanes],
        t: usize,
    ) {
        let fleet = &plan.model.fleet;
        let (hazard, aging) = (inputs.value(fleet.hazard), inputs.value(fleet.aging));
        let failure = inputs.value(plan.model.diversion.failure);
        let lag = LagShares::of(inputs.value(fleet.lag));
        let none = Lanes::ZERO;
        let (held, deploying) = (&mut self.out.held[..], &mut self.state.deploying[..]);
        let (counts, ages, waiting) =
            (&mut self.state.count[..], &mut self.state.age[..], &mut self.state.waiting[..]);
        let (failed, deployed) = (&mut self.out.failed[..], &mut self.out.deployed[..]);
        let (owned, coming) = (&mut self.out.owned[..], &mut self.state.coming_mw[..]);
        coming.fill(Lanes::ZERO);
        for (h, holding) in plan.edges.holdings.iter().enumerate() {
            let bought = sold.get(h).or_else(|| delivered.get(h - sold.len())).unwrap_or(&none);
            if !held[h] {
                if !bought.gt(Lanes::ZERO).any() {
                    continue;
                }
                held[h] = true;
            }
            let (count, under_way) = (counts[h], &mut deploying[h]);
            under_way.spread(*bought, &lag, t);
            let entering = under_way.take(t);
            let mean_age = ages[h].per(count);
            let yearly = hazard + aging * (mean_age + 0.125);
            let x = 0.25 * yearly * if holding.grey { failure } else { Lanes::ONE };
            let survive = ((1.0 - 0.5 * x) / (1.0 + 0.5 * x)).max(0.0);
            let left = count * survive;
            failed[h] = count - left;
            deployed[h] = entering;
            ages[h] = left * (mean_age + 0.25);
            counts[h] = left;
            waiting[h] += entering;
            // What is in deployment is long, and looked at only here.
            let under_way = under_way.total();
            coming[holding.buyer.index()] += under_way * sheets.watts[holding.chip.index()];
            owned[h] = under_way;
        }
        for (buyers, &megawatts) in plan.edges.buyers_in.iter().zip(&sheets.megawatts) {
            for b in buyers {
                coming[b.index()] *= megawatts;
            }
        }
        self.switch(plan, inputs, sheets, shocks, t);
        self.work(plan, inputs, sheets);
    }

    /// Sums of working chips by buyer; what is owned, of which what is in deployment is there.
    #[inline(always)]
    fn work(&mut self, plan: &Plan, inputs: &Inputs, sheets: &DataSheets) {
        let support = inputs.value(plan.model.diversion.support);
        self.out.working.fill([Lanes::ZERO; sum::COUNT]);
        for (h, holding) in plan.edges.holdings.iter().enumerate().filter(|(h, _)| self.out.held[*h]) {
            let (b, c) = (holding.buyer.index(), holding.chip.index());
            let working = self.state.count[h];
            self.out.owned[h] = (working + self.state.waiting[h]) + self.out.owned[h];
            let peak = working * sheets.flops[c];
            let quality = if holding.grey { sheets.quality[c] * support } else { sheets.quality[c] };
            let sums = &mut self.out.working[b];
            sums[sum::H100E] += working * sheets.units[c][ChipUnit::H100e];
            sums[sum::PEAK] += peak;
            sums[sum::QUALITY] += peak * quality;
            sums[sum::LINKED] += peak * sheets.quality[c];
            sums[sum::CHIPS] += working;
        }
    }
}
