//! Shocks: when they strike, how strong they are in each quarter, and the factors that follow.

use super::super::twins::{Twins, take};
use super::triggers::TriggerState;
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask, WIDTH};
use crate::model::{Change, Lever, QuantityId, Recovery, Shock, ShockId};
use crate::plan::Plan;
use crate::rules::Parameters;

/// Clocks and courses of shocks.
#[derive(Clone, Debug)]
pub struct ShockState {
    /// Strikes so far, by shock and lane.
    pub strikes: Vec<[u32; WIDTH]>,
    /// Start of the current course \[quarters\]; infinite before the first strike.
    pub onset: List<Lanes>,
    /// Length or time constant of the current course \[quarters\].
    pub duration: List<Lanes>,
    /// Strength averaged over the quarter \[1\].
    pub strength: List<Lanes>,
    /// When the clock runs again \[quarters\].
    resume: List<Lanes>,
    /// Hazard accumulated since the clock was set to zero \[1\].
    accumulated: List<Lanes>,
    /// Hazard at which it strikes next \[1\].
    threshold: List<Lanes>,
    /// Amounts of the current course, by act.
    amounts: List<Lanes>,
    /// Leaks of the current course, by shock \[stockpile's unit\].
    leaks: List<Lanes>,
}

/// What shocks do to the world in a quarter.
#[derive(Clone, Debug)]
pub struct ShockOutputs {
    /// Lanes in which each shock struck.
    pub struck: List<Mask>,
    /// What private stocks gain, by stockpile \[its unit\].
    pub leaked: List<Lanes>,
    /// Factors by lever and place; additions for fees.
    factors: [List<Lanes>; Lever::ALL.len()],
    /// Acts that change factors in the quarter, in order.
    acting: Vec<usize>,
    /// Levers whose factors were changed from outside.
    changed: [bool; Lever::ALL.len()],
}

/// The step.
pub(crate) struct Shocks<'a> {
    pub state: &'a mut ShockState,
    pub out: &'a mut ShockOutputs,
}

impl ShockState {
    /// No shock has struck.
    pub fn new(plan: &Plan) -> Self {
        let zeros = List::of(Lanes::ZERO, plan.model.shocks.len());
        Self {
            strikes: vec![[0; WIDTH]; zeros.len()],
            onset: zeros.clone(),
            duration: zeros.clone(),
            strength: zeros.clone(),
            resume: zeros.clone(),
            accumulated: zeros.clone(),
            threshold: zeros.clone(),
            amounts: List::of(Lanes::ZERO, plan.effects.acts.len()),
            leaks: zeros,
        }
    }

    /// Takes over the clocks and courses of shocks that both plans have.
    pub(crate) fn adopt(&mut self, from: &Self, twins: &Twins) {
        let Self { strikes, onset, duration, strength, resume, accumulated, threshold, amounts, leaks } =
            from;
        take(&twins.shocks, strikes, &mut self.strikes);
        take(&twins.shocks, onset, &mut self.onset);
        take(&twins.shocks, duration, &mut self.duration);
        take(&twins.shocks, strength, &mut self.strength);
        take(&twins.shocks, resume, &mut self.resume);
        take(&twins.shocks, accumulated, &mut self.accumulated);
        take(&twins.shocks, threshold, &mut self.threshold);
        take(&twins.acts, amounts, &mut self.amounts);
        take(&twins.shocks, leaks, &mut self.leaks);
    }
}

impl ShockOutputs {
    /// No shock acts.
    pub fn new(plan: &Plan) -> Self {
        Self {
            struck: List::of(Mask::splat(false), plan.model.shocks.len()),
            leaked: List::of(Lanes::ZERO, plan.model.stockpiles.len()),
            factors: Lever::ALL.map(|lever| List::of(rest(lever), plan.effects.places[lever as usize])),
            acting: Vec::with_capacity(plan.effects.acts.len()),
            changed: [false; Lever::ALL.len()],
        }
    }

    /// Factors of a lever, by place.
    #[inline(always)]
    pub fn of(&self, lever: Lever) -> &[Lanes] {
        &self.factors[lever as usize]
    }

    /// Factors of a lever, by place, to be changed for the rest of the quarter.
    pub fn change(&mut self, lever: Lever) -> &mut [Lanes] {
        self.changed[lever as usize] = true;
        &mut self.factors[lever as usize]
    }
}

/// What a strike needs to look its numbers up.
struct Address {
    shock: usize,
    lane: usize,
    draw: u64,
}

impl Shocks<'_> {
    /// Back to the horizon's start, for the draws from `first_draw` on.
    pub(crate) fn reset(&mut self, plan: &Plan, terms: &mut Parameters, first_draw: u64) {
        for s in 0..self.state.onset.len() {
            self.state.strikes[s] = [0; WIDTH];
            self.state.onset[s] = Lanes::splat(f64::INFINITY);
            self.state.duration[s] = Lanes::ONE;
            self.state.strength[s] = Lanes::ZERO;
            self.out.struck[s] = Mask::splat(false);
            self.state.resume[s] = Lanes::ZERO;
            self.state.accumulated[s] = Lanes::ZERO;
            let clock = first_clock(&plan.model.shocks[s]);
            let uniforms = plan.layout.clocks(ShockId(s as u32), clock, first_draw / WIDTH as u64);
            self.state.threshold[s] = uniforms.map(threshold);
        }
        terms.clear_courses();
    }

    /// Strikes, strengths and factors of quarter `t`.
    #[inline(always)]
    pub(crate) fn step(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        terms: &mut Parameters,
        triggers: &TriggerState,
        first_draw: u64,
        t: usize,
    ) {
        for s in 0..self.state.onset.len() {
            let hazard = self.hazard(plan, inputs, triggers, s, t);
            self.out.struck[s] = Mask::splat(false);
            for lane in 0..WIDTH {
                let at = Address { shock: s, lane, draw: first_draw + lane as u64 };
                if let Some(when) = self.strike_time(plan, &at, hazard.map(|h| h[lane]), t) {
                    self.strike(plan, terms, &at, when, t);
                }
            }
        }
        for (s, shock) in plan.model.shocks.iter().enumerate() {
            let x = Lanes::splat(t as f64) - self.state.onset[s];
            let begun = x.gt(Lanes::splat(-1.0)).any();
            self.state.strength[s] =
                if begun { strength(shock.recovery, x, self.state.duration[s]) } else { Lanes::ZERO };
        }
        self.act(plan);
        self.leak(plan, t);
    }

    /// Hazard of a quarter \[1/quarter\], or the condition alone (1 or 0) where there is no hazard; none for dated shocks.
    #[inline(always)]
    fn hazard(
        &self,
        plan: &Plan,
        inputs: &Inputs,
        triggers: &TriggerState,
        s: usize,
        t: usize,
    ) -> Option<Lanes> {
        let shock = &plan.model.shocks[s];
        let condition = shock.when.as_ref().map(|w| {
            let level = triggers.read(w.gauge, w.country.index());
            level.gt(inputs.value(w.above)).select(Lanes::ONE, Lanes::ZERO)
        });
        let Some(hazard) = shock.hazard else { return condition };
        let mut h = inputs.at(hazard, t) * 0.25;
        for (&other, &times) in &shock.hazard_times {
            h *= 1.0 + (inputs.value(times) - 1.0) * self.state.strength[other.index()];
        }
        Some(condition.map_or(h, |c| h * c))
    }

    /// Moment of a strike in quarter `t` \[quarters\], if there is one.
    fn strike_time(&mut self, plan: &Plan, at: &Address, hazard: Option<f64>, t: usize) -> Option<f64> {
        let (s, lane) = (at.shock, at.lane);
        let shock = &plan.model.shocks[s];
        let strikes = self.state.strikes[s][lane];
        let now = t as f64;
        if let (Some(date), 0) = (shock.date, strikes) {
            let date = plan.since_start(date);
            return (date < now + 1.0).then_some(date);
        }
        let hazard = hazard?;
        if t < plan.shocks_from || (strikes > 0 && !shock.recurring) {
            return None;
        }
        let from = self.state.resume[s][lane].max(now);
        if shock.hazard.is_none() {
            return (hazard > 0.0 && from <= now).then_some(now);
        }
        let gain = hazard * (now + 1.0 - from).max(0.0);
        let missing = self.state.threshold[s][lane] - self.state.accumulated[s][lane];
        if gain > 0.0 && gain >= missing {
            return Some(from + missing / hazard);
        }
        self.state.accumulated[s][lane] += gain;
        None
    }

    /// Draws the numbers of a strike and starts its course.
    fn strike(&mut self, plan: &Plan, terms: &mut Parameters, at: &Address, when: f64, t: usize) {
        let (s, lane) = (at.shock, at.lane);
        let shock = &plan.model.shocks[s];
        let k = self.state.strikes[s][lane];
        let number = |q: QuantityId| plan.layout.strike(q, k, at.draw);
        let onset = when + number(shock.delay);
        let duration = number(shock.duration);
        let length = if shock.recovery == Recovery::Exponential { 3.0 * duration } else { duration };
        self.state.onset[s][lane] = onset;
        self.state.duration[s][lane] = duration;
        self.state.resume[s][lane] = (onset + length).max(t as f64 + 1.0);
        self.state.accumulated[s][lane] = 0.0;
        self.state.strikes[s][lane] = k + 1;
        self.out.struck[s].0[lane] = u64::MAX;
        self.state.threshold[s][lane] = threshold(plan.layout.clock(ShockId(s as u32), k + 1, at.draw));
        terms.begin_course(&plan.rules, ShockId(s as u32), lane, (onset, onset + duration), t);
        for (a, act) in plan.effects.acts.iter().enumerate() {
            if act.shock.index() == s {
                self.state.amounts[a][lane] = number(act.amount);
            }
        }
        if let Some(leak) = &shock.leak {
            self.state.leaks[s][lane] = number(leak.amount);
        }
    }

    /// Multiplies the factors of all acts; those that no act is for stay at rest.
    #[inline(always)]
    fn act(&mut self, plan: &Plan) {
        for lever in Lever::ALL {
            if std::mem::take(&mut self.out.changed[lever as usize]) {
                self.out.factors[lever as usize].fill(rest(lever));
            }
        }
        for a in self.out.acting.drain(..) {
            let act = &plan.effects.acts[a];
            let factors = &mut self.out.factors[act.lever as usize];
            act.targets.iter().for_each(|&i| factors[i] = rest(act.lever));
        }
        for (a, act) in plan.effects.acts.iter().enumerate() {
            let w = self.state.strength[act.shock.index()];
            if !w.gt(Lanes::ZERO).any() {
                continue;
            }
            self.out.acting.push(a);
            let factors = &mut self.out.factors[act.lever as usize];
            let change = act.lever.row().change;
            match change {
                Change::Plus => {
                    let add = active(w, self.state.amounts[a] * w, change.rest());
                    act.targets.iter().for_each(|&i| factors[i] += add);
                }
                Change::Times => {
                    let factor = active(w, 1.0 + (self.state.amounts[a] - 1.0) * w, change.rest());
                    act.targets.iter().for_each(|&i| factors[i] *= factor);
                }
            }
        }
        for &a in &self.out.acting {
            let act = &plan.effects.acts[a];
            let (factors, top) = (&mut self.out.factors[act.lever as usize], act.lever.row().top);
            for &i in &act.targets {
                factors[i] = factors[i].clamp(0.0, top);
            }
        }
    }

    #[inline(always)]
    fn leak(&mut self, plan: &Plan, t: usize) {
        self.out.leaked.fill(Lanes::ZERO);
        for (s, shock) in plan.model.shocks.iter().enumerate() {
            if let Some(leak) = &shock.leak {
                let x = Lanes::splat(t as f64) - self.state.onset[s];
                let d = self.state.duration[s];
                let share = ((x + 1.0).max(0.0).min(d) - x.max(0.0).min(d)) / d;
                self.out.leaked[leak.stockpile.index()] += active(share, self.state.leaks[s] * share, 0.0);
            }
        }
    }
}

/// What a lever's factor is while no shock acts on it; for a fee, an addition.
fn rest(lever: Lever) -> Lanes {
    Lanes::splat(lever.row().change.rest())
}

/// A value where the course acts, a neutral one elsewhere (amounts of the past mean nothing).
#[inline(always)]
fn active(strength: Lanes, value: Lanes, neutral: f64) -> Lanes {
    strength.gt(Lanes::ZERO).select(value, Lanes::splat(neutral))
}

/// Number of the clock that runs first: a dated shock's clock follows its dated strike.
fn first_clock(shock: &Shock) -> u32 {
    u32::from(shock.date.is_some())
}

/// Accumulated hazard at which a strike comes, by the uniform of its clock \[1\].
fn threshold(uniform: f64) -> f64 {
    -crate::math::ln(1.0 - uniform)
}

/// Strength averaged over a quarter that starts `x` quarters after the onset \[1\].
#[inline(always)]
pub fn strength(recovery: Recovery, x: Lanes, duration: Lanes) -> Lanes {
    let area = |x: Lanes| match recovery {
        Recovery::Step => x.max(0.0).min(duration),
        Recovery::Linear => {
            let y = x.max(0.0).min(duration);
            y - y * y / (2.0 * duration)
        }
        Recovery::Exponential => duration * (1.0 - (-x.max(0.0) / duration).exp()),
    };
    area(x + 1.0) - area(x)
}
