//! Capacity: what facilities can make, how tools and their servicing let it grow or wear.

use super::controls::Controls;
use super::shocks::Shocks;
use crate::inputs::Inputs;
use crate::math::{Lanes, WIDTH};
use crate::model::{CountryId, Lever, ToolId};
use crate::plan::Plan;
use crate::rules::CaseId;

/// Quarters that an answer to scarcity can be under way, in a circle.
const SLOTS: usize = 16;

/// Capacity of every facility [its good's unit/quarter].
#[derive(Clone, Debug)]
pub struct Capacity {
    /// Installed.
    pub installed: Vec<Lanes>,
    /// Unmet shares of its good in the last four quarters [1].
    pub unmet: Vec<[Lanes; 4]>,
    /// What comes in answer to them, by quarter of arrival.
    pub coming: Vec<[Lanes; SLOTS]>,
    /// What has come so far, for the next quarter.
    pub built: Vec<Lanes>,
    /// What has come until this quarter.
    pub answered: Vec<Lanes>,
    /// Installed and able to work.
    pub works: Vec<Lanes>,
    /// What other customers take of that.
    pub others: Vec<Lanes>,
    /// The rest.
    pub available: Vec<Lanes>,
    /// Share of planned growth that tools allow in this quarter [1].
    pub access: Vec<Lanes>,
    /// Share lost in this quarter for want of servicing [1].
    pub wear: Vec<Lanes>,
}

impl Capacity {
    /// Facilities without capacity.
    pub fn new(plan: &Plan) -> Self {
        let zeros = vec![Lanes::ZERO; plan.model.facilities.len()];
        Self {
            installed: zeros.clone(),
            unmet: vec![[Lanes::ZERO; 4]; zeros.len()],
            coming: vec![[Lanes::ZERO; SLOTS]; zeros.len()],
            built: zeros.clone(),
            answered: zeros.clone(),
            works: zeros.clone(),
            others: zeros.clone(),
            available: zeros.clone(),
            access: zeros.clone(),
            wear: zeros,
        }
    }

    /// Installed as planned at the start.
    #[inline(always)]
    pub fn reset(&mut self, plan: &Plan, inputs: &Inputs) {
        for f in 0..self.installed.len() {
            self.installed[f] = planned(plan, inputs, f, 0);
        }
        self.unmet.fill([Lanes::ZERO; 4]);
        self.coming.fill([Lanes::ZERO; SLOTS]);
        self.built.fill(Lanes::ZERO);
    }

    /// What is available in this quarter.
    #[inline(always)]
    pub fn step(&mut self, plan: &Plan, inputs: &Inputs, shocks: &Shocks, t: usize) {
        let availability = shocks.of(Lever::Capacity);
        for (f, facility) in plan.model.facilities.iter().enumerate() {
            self.works[f] = self.installed[f] * availability[f];
            self.available[f] = self.works[f];
            if let Some(others) = facility.others {
                let open_to_them = self.works[f] - inputs.at(facility.floor, t) * self.works[f];
                self.others[f] = inputs.at(others, t).min(open_to_them);
                self.available[f] -= self.others[f];
            }
        }
        self.answered.copy_from_slice(&self.built);
    }

    /// What is installed in the next quarter.
    #[inline(always)]
    pub fn grow(&mut self, plan: &Plan, inputs: &Inputs, controls: &Controls, shocks: &Shocks, t: usize) {
        for (f, facility) in plan.model.facilities.iter().enumerate() {
            let mut access = Lanes::ONE;
            let mut wear = Lanes::ZERO;
            for (k, tool) in plan.supply.tools[f].iter().enumerate() {
                let place = plan.effects.tool_base[f] + k;
                let rest = 1.0 - substitute(plan, inputs, tool.tool, facility.country, t);
                let suppliers = || tool.suppliers.iter();
                if let Some(&dependence) = facility.dependence.get(&tool.tool) {
                    let sales = suppliers().map(|&(j, sales, _)| (j, sales));
                    let granted =
                        granted(plan, inputs, controls, tool.tool, sales, shocks.of(Lever::Tools)[place]);
                    access *= 1.0 - inputs.value(dependence) * (1.0 - granted) * rest;
                }
                if let Some(&servicing) = facility.servicing.get(&tool.tool) {
                    let service = suppliers().map(|&(j, _, service)| (j, service));
                    let granted =
                        granted(plan, inputs, controls, tool.tool, service, shocks.of(Lever::Service)[place]);
                    wear += inputs.value(servicing) * (1.0 - granted) * rest;
                }
            }
            self.access[f] = access;
            self.wear[f] = wear.min(1.0);
        }
        for &f in &plan.supply.answering {
            self.answer(plan, inputs, f.index(), t);
        }
        for f in 0..self.installed.len() {
            self.installed[f] = self.next(plan, inputs, f, t);
        }
    }

    #[inline(always)]
    fn next(&mut self, plan: &Plan, inputs: &Inputs, f: usize, t: usize) -> Lanes {
        let (now, next) = (planned(plan, inputs, f, t), planned(plan, inputs, f, t + 1));
        let change = next - now;
        let installed = self.installed[f];
        let shrinking = change.min(0.0) * installed.per(now).min(1.0);
        let answer = std::mem::replace(&mut self.coming[f][(t + 1) % SLOTS], Lanes::ZERO);
        self.built[f] += answer * self.access[f];
        let growth = change.max(0.0) / inputs.value(plan.model.facilities[f].assumed_access) + answer;
        (installed * (1.0 - self.wear[f]) + growth * self.access[f] + shrinking).max(0.0)
    }

    /// Decides what to add where the good could not be had, and sends it on its way.
    #[inline(always)]
    fn answer(&mut self, plan: &Plan, inputs: &Inputs, f: usize, t: usize) {
        if t < plan.shocks_from {
            return;
        }
        let facility = &plan.model.facilities[f];
        let seen = (t + 1).min(4);
        let lack = self.unmet[f][..seen].iter().fold(Lanes::ZERO, |sum, &x| sum + x) / seen as f64;
        let share = inputs.value(facility.answer) * lack.min(inputs.value(facility.answer_cap));
        let decided = share * self.installed[f];
        let lag = inputs.value(facility.answer_lag);
        for lane in 0..WIDTH {
            let whole = lag[lane].floor();
            let (first, part) = (t + 1 + whole as usize, lag[lane] - whole);
            self.coming[f][first % SLOTS][lane] += decided[lane] * (1.0 - part);
            self.coming[f][(first + 1) % SLOTS][lane] += decided[lane] * part;
        }
    }
}

/// Capacity as planned: none before the facility opens.
#[inline(always)]
fn planned(plan: &Plan, inputs: &Inputs, f: usize, t: usize) -> Lanes {
    let facility = &plan.model.facilities[f];
    let capacity = inputs.at(facility.capacity, t);
    facility.opens.map_or(capacity, |opens| {
        let since = t as f64 + 1.0 - plan.since_start(opens) - inputs.value(facility.delay);
        capacity * since.max(0.0).min(1.0)
    })
}

/// What suppliers may deliver of a tool class, of all that is asked: 1 − denied.
#[inline(always)]
fn granted(
    plan: &Plan,
    inputs: &Inputs,
    controls: &Controls,
    tool: ToolId,
    suppliers: impl Iterator<Item = (CountryId, CaseId)>,
    factor: Lanes,
) -> Lanes {
    let shares = &plan.model.tools[tool.index()].suppliers;
    let mut total = Lanes::ZERO;
    let mut refused = Lanes::ZERO;
    for (j, case) in suppliers {
        let share = inputs.value(shares[&j]);
        total += share;
        refused += share * (1.0 - controls.permitted_now(case));
    }
    (1.0 - refused / total.max(1.0)) * factor
}

/// Share of a tool class's function that a country's own substitute fills [1].
#[inline(always)]
fn substitute(plan: &Plan, inputs: &Inputs, tool: ToolId, country: CountryId, t: usize) -> Lanes {
    plan.model.tools[tool.index()].substitute.get(&country).map_or(Lanes::ZERO, |s| {
        let x = Lanes::splat(t as f64) - inputs.value(s.midpoint);
        inputs.value(s.ceiling) / (1.0 + (-(inputs.value(s.steepness) * x)).exp())
    })
}
