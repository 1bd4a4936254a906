//! Diversion: denied chips that resellers buy, what is seized on the way, how routes and premiums answer.

use super::super::twins::{Twins, take};
use super::shocks::ShockOutputs;
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::Lanes;
use crate::model::{ChipUnit, Lever, PerUnit};
use crate::plan::Plan;

/// What was sent and has not arrived: a ring of four quarters.
#[derive(Clone, Copy, Debug)]
pub struct Lagged {
    slots: [Lanes; 4],
}

impl Default for Lagged {
    fn default() -> Self {
        Self { slots: [Lanes::ZERO; 4] }
    }
}

impl Lagged {
    /// Sends an amount on its way in quarter `t`, evenly over the quarter, to arrive `lag` ∈ \[0, 3\] quarters later.
    #[inline(always)]
    pub fn add(&mut self, amount: Lanes, lag: Lanes, t: usize) {
        self.spread(amount, &LagShares::of(lag), t);
    }
    /// The same with the shares of the lag at hand.
    #[inline(always)]
    pub fn spread(&mut self, amount: Lanes, shares: &LagShares, t: usize) {
        for (j, &share) in shares.shares.iter().enumerate() {
            if shares.any[j] {
                self.slots[(t + j) % 4] += amount * share;
            }
        }
    }
    /// Takes out what arrives in quarter `t`.
    #[inline(always)]
    pub fn take(&mut self, t: usize) -> Lanes {
        std::mem::replace(&mut self.slots[t % 4], Lanes::ZERO)
    }
    /// What is under way.
    #[inline(always)]
    pub fn total(&self) -> Lanes {
        (self.slots[0] + self.slots[1]) + (self.slots[2] + self.slots[3])
    }
    /// The amounts under way, by slot: for tests that tamper.
    pub fn slots_mut(&mut self) -> &mut [Lanes; 4] {
        &mut self.slots
    }
}

/// Shares of what is sent in a quarter that arrive in it and in each of the next three.
#[derive(Clone, Copy, Debug)]
pub struct LagShares {
    shares: [Lanes; 4],
    /// Whether any draw's lag reaches a quarter: few do all four, and adding nothing changes nothing.
    any: [bool; 4],
}

impl LagShares {
    const NONE: Self = Self { shares: [Lanes::ZERO; 4], any: [false; 4] };

    /// Shares of a lag ∈ \[0, 3\] \[quarters\].
    #[inline(always)]
    pub fn of(lag: Lanes) -> Self {
        let whole = lag.floor();
        let part = lag - whole;
        let shares: [Lanes; 4] = std::array::from_fn(|j| {
            let here = whole.eq(Lanes::splat(j as f64)).select(1.0 - part, Lanes::ZERO);
            let before = whole.eq(Lanes::splat(j as f64 - 1.0)).select(part, Lanes::ZERO);
            here + before
        });
        Self { shares, any: shares.map(|share| share.gt(Lanes::ZERO).any()) }
    }
}

/// What each route can carry in a quarter and what is found on it.
#[derive(Clone, Debug)]
pub struct Routes {
    /// Effective capacity \[chips or the good's unit per quarter\].
    pub capacity: List<Lanes>,
    /// Share seized \[1\].
    pub detection: List<Lanes>,
}

impl Routes {
    /// Routes that carry nothing.
    pub fn new(plan: &Plan) -> Self {
        let zeros = List::of(Lanes::ZERO, plan.model.routes.len());
        Self { capacity: zeros.clone(), detection: zeros }
    }

    /// Copies another's numbers.
    #[inline(always)]
    pub fn copy(&mut self, other: &Self) {
        self.capacity.copy_from_slice(&other.capacity);
        self.detection.copy_from_slice(&other.detection);
    }
}

/// Smuggling of chips that a quarter leaves to the next.
#[derive(Clone, Debug)]
pub struct DiversionState {
    /// What networks could carry before shocks and opening days, by route.
    pub networks: List<Lanes>,
    /// Grey-market price over list price, by country \[1\].
    pub premium: List<Lanes>,
    /// On their way, by grey-market option \[chips\].
    pub transit: List<Lagged>,
    /// On their way by route, in each unit.
    pub transit_by_route: List<PerUnit<Lagged>>,
}

/// Smuggling of chips in a quarter.
#[derive(Clone, Debug)]
pub struct DiversionOutputs {
    /// Capacity and detection.
    pub routes: Routes,
    /// Effective capacity of open chip routes to each country.
    pub capacity_to: List<Lanes>,
    /// The same in money, infinite if any of them has no limit in money \[USD/quarter\].
    pub usd_to: List<Lanes>,
    /// Attempted, by route \[chips or the good's unit\].
    pub attempted: List<Lanes>,
    /// Seized, by route.
    pub seized: List<Lanes>,
    /// Delivered, by grey-market option \[chips\].
    pub delivered: List<Lanes>,
    /// Delivered by route, in each unit.
    pub delivered_by_route: List<PerUnit<Lanes>>,
    /// Whether anything was ever sent to a grey-market option in some draw.
    pub sent: Vec<bool>,
}

/// Room to work in.
#[derive(Clone, Debug)]
pub(crate) struct DiversionScratch {
    /// Shares of what is sent that arrive now and in the next quarters, by route \[1\].
    shares: List<LagShares>,
}

/// The step.
pub(crate) struct Diversion<'a> {
    pub state: &'a mut DiversionState,
    pub out: &'a mut DiversionOutputs,
    pub scratch: &'a mut DiversionScratch,
}

impl DiversionState {
    /// Nothing on its way.
    pub fn new(plan: &Plan) -> Self {
        let routes = plan.model.routes.len();
        Self {
            networks: List::of(Lanes::ZERO, routes),
            premium: List::of(Lanes::ONE, plan.model.countries.len()),
            transit: List::of(Lagged::default(), plan.edges.grey_options.len()),
            transit_by_route: List::of(PerUnit::splat(Lagged::default()), routes),
        }
    }

    /// Takes over networks, premiums and what is on its way.
    pub(crate) fn adopt(&mut self, from: &Self, twins: &Twins) {
        let Self { networks, premium, transit, transit_by_route } = from;
        self.networks.clone_from(networks);
        self.premium.clone_from(premium);
        take(&twins.grey_options, transit, &mut self.transit);
        self.transit_by_route.clone_from(transit_by_route);
    }
}

impl DiversionOutputs {
    /// Nothing smuggled.
    pub fn new(plan: &Plan) -> Self {
        let routes = List::of(Lanes::ZERO, plan.model.routes.len());
        let grey_options = plan.edges.grey_options.len();
        Self {
            routes: Routes::new(plan),
            capacity_to: List::of(Lanes::ZERO, plan.model.countries.len()),
            usd_to: List::of(Lanes::ZERO, plan.model.countries.len()),
            attempted: routes.clone(),
            seized: routes.clone(),
            delivered: List::of(Lanes::ZERO, grey_options),
            delivered_by_route: List::of(PerUnit::splat(Lanes::ZERO), routes.len()),
            sent: vec![false; grey_options],
        }
    }
}

impl DiversionScratch {
    /// Room for a plan's routes.
    pub(crate) fn new(plan: &Plan) -> Self {
        Self { shares: List::of(LagShares::NONE, plan.model.routes.len()) }
    }
}

impl Diversion<'_> {
    /// Back to the horizon's start.
    #[inline(always)]
    pub(crate) fn reset(&mut self, plan: &Plan, inputs: &Inputs) {
        for (r, route) in plan.model.routes.iter().enumerate() {
            self.state.networks[r] = inputs.value(route.capacity);
        }
        self.state.premium.fill(inputs.value(plan.model.diversion.premium));
        self.state.transit.fill(Lagged::default());
        self.out.sent.fill(false);
        self.out.delivered.fill(Lanes::ZERO);
        self.state.transit_by_route.fill(PerUnit::splat(Lagged::default()));
    }

    /// Finds out what is on its way, from the state.
    pub(crate) fn note_sent(&mut self) {
        for (sent, transit) in self.out.sent.iter_mut().zip(&self.state.transit) {
            *sent = transit.total().gt(Lanes::ZERO).any();
        }
    }

    /// Capacity and detection of quarter `t`.
    #[inline(always)]
    pub(crate) fn open(&mut self, plan: &Plan, inputs: &Inputs, shocks: &ShockOutputs, t: usize) {
        let made = t.saturating_sub(plan.lead);
        let verification = inputs.at(plan.model.diversion.verification, made);
        self.out.capacity_to.fill(Lanes::ZERO);
        self.out.usd_to.fill(Lanes::ZERO);
        for (r, route) in plan.model.routes.iter().enumerate() {
            let open = route.opens.map_or(1.0, |d| (t as f64 + 1.0 - plan.since_start(d)).clamp(0.0, 1.0));
            self.out.routes.capacity[r] = self.state.networks[r] * shocks.of(Lever::RouteCapacity)[r] * open;
            let found = (inputs.at(route.detection, t) * shocks.of(Lever::Detection)[r]).clamp(0.0, 1.0);
            self.out.routes.detection[r] = if route.good.is_some() {
                found
            } else {
                let capacity = self.out.routes.capacity[r];
                self.out.capacity_to[route.to.index()] += capacity;
                let usd = route.capacity_usd.map_or(Lanes::splat(f64::INFINITY), |q| {
                    inputs.value(q) * capacity.per(inputs.value(route.capacity))
                });
                self.out.usd_to[route.to.index()] += capacity.gt(Lanes::ZERO).select(usd, Lanes::ZERO);
                1.0 - (1.0 - found) * (1.0 - verification)
            };
        }
    }

    /// Seizures and deliveries of what resellers bought in quarter `t`.
    ///
    /// `attempts` are what they bought by route and chip, `wants` the grey-market options' wants, `wanted` their sums by country and
    /// chip \[chips\].
    #[inline(always)]
    pub(crate) fn step(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        units: &[PerUnit<Lanes>],
        [attempts, wants, wanted]: [&[Lanes]; 3],
        t: usize,
    ) {
        let chips = plan.model.chips.len();
        for (r, route) in plan.model.routes.iter().enumerate() {
            if route.good.is_some() {
                continue;
            }
            let shares = LagShares::of(inputs.value(route.lag));
            self.scratch.shares[r] = shares;
            let pass = 1.0 - self.out.routes.detection[r];
            let mut sent = PerUnit::splat(Lanes::ZERO);
            let mut attempted = Lanes::ZERO;
            for &c in &plan.edges.chips {
                let amount = attempts[r * chips + c.index()];
                if !amount.gt(Lanes::ZERO).any() {
                    continue;
                }
                attempted += amount;
                for unit in ChipUnit::ALL {
                    sent[unit] += amount * pass * units[c.index()][unit];
                }
            }
            self.out.attempted[r] = attempted;
            self.out.seized[r] = attempted * self.out.routes.detection[r];
            for unit in ChipUnit::ALL {
                self.state.transit_by_route[r][unit].spread(sent[unit], &shares, t);
                self.out.delivered_by_route[r][unit] = self.state.transit_by_route[r][unit].take(t);
            }
        }
        for (g, &s) in plan.edges.grey_options.iter().enumerate() {
            let sale = &plan.edges.sales[s];
            let country = sale.country;
            let wants_any = wants[g].gt(Lanes::ZERO).any();
            if !wants_any && !self.out.sent[g] {
                continue;
            }
            self.out.sent[g] = true;
            let share = wants[g].per(wanted[country.index() * chips + sale.chip.index()]);
            for r in &plan.edges.routes_to[country] {
                let amount = attempts[r.index() * chips + sale.chip.index()];
                if !amount.gt(Lanes::ZERO).any() {
                    continue;
                }
                let passed = amount * share * (1.0 - self.out.routes.detection[r.index()]);
                self.state.transit[g].spread(passed, &self.scratch.shares[r.index()], t);
            }
            self.out.delivered[g] = self.state.transit[g].take(t);
        }
    }

    /// Networks and premiums of the next quarter; `goods` are the attempts on goods routes, `price` list prices of chips.
    #[inline(always)]
    pub(crate) fn adapt(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        goods: &[Lanes],
        wanted: &[Lanes],
        price: &[Lanes],
        t: usize,
    ) {
        for (r, route) in plan.model.routes.iter().enumerate() {
            if route.good.is_some() {
                self.out.attempted[r] = goods[r];
                self.out.seized[r] = goods[r] * self.out.routes.detection[r];
            }
            if route.opens.is_some_and(|d| plan.since_start(d) >= t as f64 + 1.0) {
                continue;
            }
            let ceiling = route.ceiling.map_or_else(|| inputs.value(route.capacity), |q| inputs.value(q));
            let used = self.out.attempted[r].per(self.out.routes.capacity[r]);
            let growth = inputs.value(route.growth) * used * (1.0 - self.state.networks[r].per(ceiling));
            let loss = inputs.value(route.rollup) * self.out.seized[r].per(self.out.attempted[r]);
            self.state.networks[r] *= (growth - loss).exp();
        }
        let chips = plan.model.chips.len();
        let first = inputs.value(plan.model.diversion.premium);
        let bound = inputs.value(plan.model.diversion.premium_max);
        let exponent = inputs.value(plan.model.diversion.premium_exponent);
        for (n, routes) in plan.edges.routes_to.iter().enumerate() {
            if routes.is_empty() {
                continue;
            }
            let wanted = &wanted[n * chips..(n + 1) * chips];
            let number = Lanes::total(wanted.iter().copied());
            let wants = number.gt(Lanes::ZERO);
            if !wants.any() {
                continue;
            }
            let list = plan.edges.chips.iter().map(|c| c.index());
            let worth = Lanes::total(list.map(|c| wanted[c] * price[c]));
            let by_number = number.per(self.out.capacity_to[n]);
            let scarcity = by_number.max((worth * self.state.premium[n]).per(self.out.usd_to[n]));
            let answer = (1.0 + (first - 1.0) * scarcity.pow(exponent)).max(1.0).min(bound);
            self.state.premium[n] = wants.select(answer, self.state.premium[n]);
        }
    }
}
