//! Controls: what rules permit in a quarter of every sale, now and ahead, and which chips are on sale.

use super::shocks::ShockOutputs;
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask};
use crate::model::{ChipId, Lever};
use crate::plan::Plan;
use crate::rules::{CaseId, Outcome, Parameters};

/// Shares closer to 0 or 1 than this are 0 or 1: rounding must not decide whether a chip is an option.
const SNAP: f64 = 1e-12;

/// Launches so far.
#[derive(Clone, Debug)]
pub struct ControlState {
    /// Launch of each chip \[quarters\]; infinite while a variant waits for its parent's denial.
    pub launch: List<Lanes>,
}

/// Rules' outcomes of a quarter and what is on sale.
#[derive(Clone, Debug)]
pub struct ControlOutputs {
    /// Outcome of each case now, before shocks' factors.
    pub now: List<Outcome>,
    /// Outcome of each case at arrival of what is started now, as far as known.
    pub ahead: List<Outcome>,
    /// Loss of permission that is announced and not yet in force, over the quarter, by case \[1\].
    pub cut: List<Lanes>,
    /// Purchases before that loss over ordinary ones, by case \[1\].
    pub front_running: List<Lanes>,
    /// Whether anything is announced to be cut in some draw, by case.
    pub about_to_be_cut: Vec<bool>,
    /// Permitted share of each (chip, market) now, shocks included \[1\].
    pub permitted: List<Lanes>,
    /// Fee on each (chip, market) now, shocks included \[1\].
    pub fee: List<Lanes>,
    /// Permitted share of each (chip, market) at arrival of what is started now, as far as known \[1\].
    pub permitted_ahead: List<Lanes>,
    /// Fee on each (chip, market) at that arrival, as far as known \[1\].
    pub fee_ahead: List<Lanes>,
    /// Whether a chip is offered in a market now.
    pub offered: List<Mask>,
    /// Whether it will be offered at arrival.
    pub offered_ahead: List<Mask>,
    /// Ramp of each chip now: 0 before launch and after its end, 1 once ramped.
    pub ramp: List<Lanes>,
    /// Ramp at arrival of what is started now.
    pub ramp_ahead: List<Lanes>,
    /// Whether a case decides on anything: cases of live chips, and those of no chip.
    asked: Vec<bool>,
}

/// What is kept between quarters to look up less.
#[derive(Clone, Debug)]
pub(crate) struct ControlScratch {
    /// Chips that are or will be on sale when what is started now arrives, variants that could be, and what they are variants of.
    live: Vec<ChipId>,
    is_live: Vec<bool>,
    /// By case: the quarter that follows on the outcome at hand; 0 if there is none.
    next: Vec<usize>,
}

/// The step.
pub(crate) struct Controls<'a> {
    pub state: &'a mut ControlState,
    pub out: &'a mut ControlOutputs,
    pub scratch: &'a mut ControlScratch,
}

impl ControlState {
    /// No chip has a launch.
    pub fn new(plan: &Plan) -> Self {
        Self { launch: List::of(Lanes::ZERO, plan.model.chips.len()) }
    }

    /// Takes over launches.
    pub(crate) fn adopt(&mut self, from: &Self) {
        let Self { launch } = from;
        self.launch.clone_from(launch);
    }
}

impl ControlOutputs {
    /// Everything is permitted and nothing on sale.
    pub fn new(plan: &Plan) -> Self {
        let cases = plan.rules.cases();
        let chip_markets = plan.edges.chip_markets.len();
        let chips = plan.model.chips.len();
        Self {
            now: List::of(Outcome::FREE, cases),
            ahead: List::of(Outcome::FREE, cases),
            cut: List::of(Lanes::ZERO, cases),
            front_running: List::of(Lanes::ONE, cases),
            about_to_be_cut: vec![false; cases],
            permitted: List::of(Lanes::ONE, chip_markets),
            fee: List::of(Lanes::ZERO, chip_markets),
            permitted_ahead: List::of(Lanes::ONE, chip_markets),
            fee_ahead: List::of(Lanes::ZERO, chip_markets),
            offered: List::of(Mask::splat(false), chip_markets),
            offered_ahead: List::of(Mask::splat(false), chip_markets),
            ramp: List::of(Lanes::ZERO, chips),
            ramp_ahead: List::of(Lanes::ZERO, chips),
            asked: vec![false; cases],
        }
    }

    /// Whether a case decides on anything in this quarter; outcomes of others are out of date.
    pub fn is_asked(&self, case: CaseId) -> bool {
        self.asked[case.index()]
    }

    /// Permission of a case now.
    #[inline(always)]
    pub fn permitted_now(&self, case: CaseId) -> Lanes {
        self.now[case.index()].permitted
    }
}

impl ControlScratch {
    /// No outcome is at hand.
    pub(crate) fn new(plan: &Plan) -> Self {
        let chips = plan.model.chips.len();
        Self {
            live: Vec::with_capacity(chips),
            is_live: vec![false; chips],
            next: vec![0; plan.rules.cases()],
        }
    }
}

impl Controls<'_> {
    /// Back to the horizon's start.
    #[inline(always)]
    pub(crate) fn reset(&mut self, plan: &Plan, inputs: &Inputs) {
        self.scratch.next.fill(0);
        for (c, chip) in plan.model.chips.iter().enumerate() {
            self.state.launch[c] = match chip.launch {
                Some(date) if chip.price.is_some() => {
                    Lanes::splat(plan.since_start(date)) + inputs.value(chip.delay)
                }
                _ => Lanes::splat(f64::INFINITY),
            };
        }
    }

    /// Rules, launches and offers of quarter `t`.
    #[inline(always)]
    pub(crate) fn step(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        terms: &Parameters,
        shocks: &ShockOutputs,
        t: usize,
    ) {
        self.find_live(plan, t);
        self.read_rules(plan, inputs, terms, t);
        self.apply_to_chip_markets(plan, shocks);
        self.launch_variants(plan, inputs, t);
        self.find_ramps(plan, inputs, t);
        let markets = plan.edges.markets.len();
        for &c in &self.scratch.live {
            let parent = plan.model.chips[c].variant_of;
            let range = c.index() * markets..(c.index() + 1) * markets;
            let Some(parent) = parent else {
                self.out.offered[range.clone()].fill(Mask::splat(true));
                self.out.offered_ahead[range].fill(Mask::splat(true));
                continue;
            };
            offer_variant(plan, &self.out.permitted, parent, c, &mut self.out.offered);
            offer_variant(plan, &self.out.permitted_ahead, parent, c, &mut self.out.offered_ahead);
        }
    }

    /// Lists the chips of which anything is asked in this quarter, and the cases that decide on them.
    #[inline(always)]
    fn find_live(&mut self, plan: &Plan, t: usize) {
        let arrival = Lanes::splat((t + plan.lead) as f64 + 1.0);
        self.scratch.is_live.fill(false);
        for &c in &plan.edges.chips {
            let ended = plan.model.chips[c].end.is_some_and(|end| plan.since_start(end) <= t as f64);
            self.scratch.is_live[c.index()] = !ended && self.state.launch[c.index()].lt(arrival).any();
        }
        for &c in &plan.edges.chips {
            self.scratch.is_live[c.index()] |= waits_for_denial(plan, c);
            // A variant is launched and offered by what is permitted of its parent.
            let mut chip = c;
            while let (true, Some(parent)) =
                (self.scratch.is_live[c.index()], plan.model.chips[chip].variant_of)
            {
                self.scratch.is_live[parent.index()] = true;
                chip = parent;
            }
        }
        self.scratch.live.clear();
        self.scratch.live.extend(plan.edges.with_parents.iter().filter(|c| self.scratch.is_live[c.index()]));
        self.out.asked.copy_from_slice(&plan.always_asked);
        let markets = plan.edges.markets.len();
        for c in &self.scratch.live {
            for case in &plan.edges.chip_markets[c.index() * markets..][..markets] {
                self.out.asked[case.index()] = true;
            }
        }
    }

    /// Ramps of the quarter and of arrival; a generation is wound down as its successor's ramp rises.
    #[inline(always)]
    fn find_ramps(&mut self, plan: &Plan, inputs: &Inputs, t: usize) {
        let wind_down = inputs.value(plan.model.production.wind_down);
        self.out.ramp.fill(Lanes::ZERO);
        self.out.ramp_ahead.fill(Lanes::ZERO);
        let launch = &self.state.launch;
        for &c in &self.scratch.live {
            for (ramps, t) in [(&mut self.out.ramp, t), (&mut self.out.ramp_ahead, t + plan.lead)] {
                let mut left = Lanes::ONE;
                if let Some(successor) = plan.model.chips[c].successor {
                    left = 1.0 - wind_down * ramp(plan, inputs, successor, launch, t);
                }
                ramps[c.index()] = ramp(plan, inputs, c, launch, t) * left;
            }
        }
    }

    /// Outcomes of the cases that are asked for; those in which nothing can have changed stay as they are.
    #[inline(always)]
    fn read_rules(&mut self, plan: &Plan, inputs: &Inputs, terms: &Parameters, t: usize) {
        for case in plan.rules.occurring().filter(|case| self.out.asked[case.index()]) {
            let i = case.index();
            let fresh = t == 0 || self.scratch.next[i] != t;
            self.scratch.next[i] = t + 1;
            let all = Some(Mask::splat(true));
            let changed = if fresh { all } else { plan.rules.may_change(case, t, terms) };
            if let Some(lanes) = changed {
                let (now, cut) = plan.rules.now_and_cut_in(case, lanes, t, terms, inputs);
                take(&mut self.out.now[i], lanes, now);
                self.out.cut[i] = lanes.select(cut.share, self.out.cut[i]);
                self.out.front_running[i] = lanes.select(cut.front_running, self.out.front_running[i]);
                self.out.about_to_be_cut[i] = self.out.cut[i].gt(Lanes::ZERO).any();
            }
            let changed = if fresh { all } else { plan.rules.may_change_ahead(case, t, plan.lead, terms) };
            if let Some(lanes) = changed {
                take(&mut self.out.ahead[i], lanes, plan.rules.ahead_in(case, lanes, t, plan.lead, terms));
            }
        }
    }

    #[inline(always)]
    fn apply_to_chip_markets(&mut self, plan: &Plan, shocks: &ShockOutputs) {
        let (sales, fees) = (shocks.of(Lever::Sales), shocks.of(Lever::Fee));
        let markets = plan.edges.markets.len();
        let all = self.scratch.live.iter().flat_map(|c| c.index() * markets..(c.index() + 1) * markets);
        for s in all {
            let case = plan.edges.chip_markets[s];
            let (now, ahead) = (&self.out.now[case.index()], &self.out.ahead[case.index()]);
            self.out.permitted[s] = snap(now.permitted * sales[s]);
            self.out.fee[s] = now.fee + fees[s];
            self.out.permitted_ahead[s] = ahead.permitted;
            self.out.fee_ahead[s] = ahead.fee;
        }
    }

    /// A variant that waits is launched `variant_lag` after the quarter in which its parent is first cut off somewhere.
    #[inline(always)]
    fn launch_variants(&mut self, plan: &Plan, inputs: &Inputs, t: usize) {
        let markets = plan.edges.markets.len();
        if plan.edges.chips.iter().all(|c| !waits_for_denial(plan, *c)) {
            return;
        }
        let before = self.state.launch.clone();
        for &c in &plan.edges.chips {
            let chip = &plan.model.chips[c];
            let (None, Some(parent), Some(lag)) = (chip.launch, chip.variant_of, chip.variant_lag) else {
                continue;
            };
            let p = parent.index();
            let on_sale = ramp(plan, inputs, parent, &before, t).gt(Lanes::ZERO);
            let denied = (p * markets..(p + 1) * markets)
                .fold(Mask::splat(false), |any, s| any | self.out.permitted[s].lt(Lanes::splat(0.5)));
            let waits = self.state.launch[c.index()].eq(Lanes::splat(f64::INFINITY));
            let launch = Lanes::splat(t as f64) + inputs.value(lag);
            self.state.launch[c.index()] =
                (waits & on_sale & denied).select(launch, self.state.launch[c.index()]);
        }
    }
}

/// Whether a chip is a variant that is launched by its parent's denial.
fn waits_for_denial(plan: &Plan, chip: ChipId) -> bool {
    let chip = &plan.model.chips[chip];
    chip.launch.is_none() && chip.variant_of.is_some() && chip.variant_lag.is_some()
}

/// Takes over an outcome in some lanes.
#[inline(always)]
fn take(old: &mut Outcome, lanes: Mask, new: Outcome) {
    old.permitted = lanes.select(snap(new.permitted), old.permitted);
    old.fee = lanes.select(new.fee, old.fee);
}

#[inline(always)]
fn snap(share: Lanes) -> Lanes {
    let high = share.gt(Lanes::splat(1.0 - SNAP)).select(Lanes::ONE, share);
    high.lt(Lanes::splat(SNAP)).select(Lanes::ZERO, high)
}

/// Ramp of a chip in quarter `t`: its share of the quarter on sale times (progress)^1.2.
///
/// A version of a chip comes from the same lines, which are not learned sooner than with that chip.
#[inline(always)]
fn ramp(plan: &Plan, inputs: &Inputs, chip: ChipId, launch: &[Lanes], t: usize) -> Lanes {
    let c = &plan.model.chips[chip];
    let k = Lanes::splat(t as f64) - launch[chip.index()];
    let mut on = (k + 1.0).clamp(0.0, 1.0);
    if let Some(end) = c.end {
        on *= (plan.since_start(end) - t as f64).clamp(0.0, 1.0);
    }
    if !on.gt(Lanes::ZERO).any() {
        return Lanes::ZERO;
    }
    let mut progress = progress(plan, inputs, chip, launch, t);
    let mut of = c;
    while let Some(parent) = of.variant_of.filter(|&p| plan.model.chips[p].price.is_some()) {
        progress = progress.min(self::progress(plan, inputs, parent, launch, t));
        of = &plan.model.chips[parent];
    }
    if progress == Lanes::ONE { on } else { on * progress.pow(Lanes::splat(1.2)) }
}

/// How far a chip's production has come by the middle of what it is on sale of quarter `t`, cut to 1.
#[inline(always)]
fn progress(plan: &Plan, inputs: &Inputs, chip: ChipId, launch: &[Lanes], t: usize) -> Lanes {
    let k = Lanes::splat(t as f64) - launch[chip.index()];
    let middle = k.ge(Lanes::ZERO).select(k + 0.5, (k + 1.0) * 0.5).max(0.0);
    (middle / inputs.value(plan.model.chips[chip].ramp)).min(1.0)
}

/// A variant is offered where its parent is not free; to all, where that leaves it no market.
#[inline(always)]
fn offer_variant(plan: &Plan, permitted: &[Lanes], parent: ChipId, chip: ChipId, offered: &mut [Mask]) {
    let markets = plan.edges.markets.len();
    let at = |c: ChipId, m: usize| c.index() * markets + m;
    let mut any = Mask::splat(false);
    for (m, market) in plan.edges.markets.iter().enumerate() {
        let cut = permitted[at(parent, m)].lt(Lanes::ONE);
        offered[at(chip, m)] = cut;
        if market.buys {
            any = any | (cut & permitted[at(chip, m)].gt(Lanes::ZERO));
        }
    }
    for m in 0..markets {
        offered[at(chip, m)] = offered[at(chip, m)] | !any;
    }
}
