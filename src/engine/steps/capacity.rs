//! Capacity: what facilities can make, how tools and their servicing let it grow or wear.

use super::controls::ControlOutputs;
use super::shocks::ShockOutputs;
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, WIDTH};
use crate::model::{CountryId, Lever, ToolId};
use crate::plan::Plan;
use crate::rules::CaseId;

/// Quarters that an answer to scarcity can be under way, in a circle.
const SLOTS: usize = 16;

/// Capacity that a quarter leaves to the next, by facility.
#[derive(Clone, Debug)]
pub struct CapacityState {
    /// Installed \[its good's unit/quarter\].
    pub installed: List<Lanes>,
    /// What was planned for the quarter, as it was known in the one before \[its good's unit/quarter\].
    pub planned: List<Lanes>,
    /// Unmet shares of its good in the last four quarters, of facilities that answer to them \[1\].
    pub unmet: List<[Lanes; 4]>,
    /// What comes in answer to them, by quarter of arrival \[its good's unit/quarter\].
    pub coming: List<[Lanes; SLOTS]>,
    /// What has come so far, for the next quarter \[its good's unit/quarter\].
    pub built: List<Lanes>,
}

/// Capacity in a quarter, by facility.
#[derive(Clone, Debug)]
pub struct CapacityOutputs {
    /// Installed and able to work \[its good's unit/quarter\].
    pub works: List<Lanes>,
    /// What other customers take of that \[its good's unit/quarter\].
    pub others: List<Lanes>,
    /// The rest \[its good's unit/quarter\].
    pub available: List<Lanes>,
    /// What has come in answer to scarcity so far \[its good's unit/quarter\].
    pub answered: List<Lanes>,
    /// Share of planned growth that tools allow \[1\].
    pub access: List<Lanes>,
    /// Share lost for want of servicing \[1\].
    pub wear: List<Lanes>,
}

/// The step.
pub(crate) struct Capacity<'a> {
    pub state: &'a mut CapacityState,
    pub out: &'a mut CapacityOutputs,
}

impl CapacityState {
    /// Facilities without capacity.
    pub fn new(plan: &Plan) -> Self {
        let facilities = plan.model.facilities.len();
        Self {
            installed: List::of(Lanes::ZERO, facilities),
            planned: List::of(Lanes::ZERO, facilities),
            unmet: List::of([Lanes::ZERO; 4], facilities),
            coming: List::of([Lanes::ZERO; SLOTS], facilities),
            built: List::of(Lanes::ZERO, facilities),
        }
    }

    /// Takes over what is installed and under way, and what could not be had.
    pub(crate) fn adopt(&mut self, from: &Self) {
        let Self { installed, planned, unmet, coming, built } = from;
        self.planned.clone_from(planned);
        self.installed.clone_from(installed);
        self.unmet.clone_from(unmet);
        self.coming.clone_from(coming);
        self.built.clone_from(built);
    }
}

impl CapacityOutputs {
    /// Nothing can be made.
    pub fn new(plan: &Plan) -> Self {
        let zeros = List::of(Lanes::ZERO, plan.model.facilities.len());
        Self {
            works: zeros.clone(),
            others: zeros.clone(),
            available: zeros.clone(),
            answered: zeros.clone(),
            access: zeros.clone(),
            wear: zeros,
        }
    }
}

impl Capacity<'_> {
    /// Installed as planned at the start.
    #[inline(always)]
    pub(crate) fn reset(&mut self, plan: &Plan, inputs: &Inputs) {
        for f in 0..self.state.installed.len() {
            self.state.installed[f] = planned(plan, inputs, f, 0);
            self.state.planned[f] = self.state.installed[f];
        }
        self.state.unmet.fill([Lanes::ZERO; 4]);
        self.state.coming.fill([Lanes::ZERO; SLOTS]);
        self.state.built.fill(Lanes::ZERO);
    }

    /// What is available in this quarter.
    #[inline(always)]
    pub(crate) fn step(&mut self, plan: &Plan, inputs: &Inputs, shocks: &ShockOutputs, t: usize) {
        let availability = shocks.of(Lever::Capacity);
        for (f, facility) in plan.model.facilities.iter().enumerate() {
            let works = self.state.installed[f] * availability[f];
            self.out.works[f] = works;
            self.out.available[f] = works;
            if let Some(others) = facility.others {
                let open_to_them = works - inputs.at(facility.floor, t) * works;
                self.out.others[f] = inputs.at(others, t).min(open_to_them);
                self.out.available[f] -= self.out.others[f];
            }
        }
        self.out.answered.copy_from_slice(&self.state.built);
    }

    /// What is installed in the next quarter.
    #[inline(always)]
    pub(crate) fn grow(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        controls: &ControlOutputs,
        shocks: &ShockOutputs,
        unmet: &[Lanes],
        t: usize,
    ) {
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
            self.out.access[f] = access;
            self.out.wear[f] = wear.min(1.0);
        }
        for &(f, _) in &plan.supply.answering {
            self.state.unmet[f.index()][t % 4] = unmet[f.index()];
            self.answer(plan, inputs, f.index(), t);
        }
        for f in 0..self.state.installed.len() {
            self.state.installed[f] = self.next(plan, inputs, f, t);
        }
    }

    #[inline(always)]
    fn next(&mut self, plan: &Plan, inputs: &Inputs, f: usize, t: usize) -> Lanes {
        let next = planned(plan, inputs, f, t + 1);
        let now = std::mem::replace(&mut self.state.planned[f], next);
        let change = next - now;
        let installed = self.state.installed[f];
        let shrinking = change.min(0.0) * installed.per(now).min(1.0);
        let answer = std::mem::replace(&mut self.state.coming[f][(t + 1) % SLOTS], Lanes::ZERO);
        self.state.built[f] += answer * self.out.access[f];
        let growth = change.max(0.0) / inputs.value(plan.model.facilities[f].assumed_access) + answer;
        (installed * (1.0 - self.out.wear[f]) + growth * self.out.access[f] + shrinking).max(0.0)
    }

    /// Decides what to add where the good could not be had, and sends it on its way.
    #[inline(always)]
    fn answer(&mut self, plan: &Plan, inputs: &Inputs, f: usize, t: usize) {
        if t < plan.shocks_from {
            return;
        }
        let facility = &plan.model.facilities[f];
        let seen = (t + 1).min(4);
        let unmet = self.state.unmet[f][..seen].iter();
        let lack = Lanes::total(unmet.copied()) / seen as f64;
        let share = inputs.value(facility.answer) * lack.min(inputs.value(facility.answer_cap));
        let decided = share * self.state.installed[f];
        let lag = inputs.value(facility.answer_lag);
        let coming = &mut self.state.coming[f];
        for lane in 0..WIDTH {
            let whole = lag[lane].floor();
            let (first, part) = (t + 1 + whole as usize, lag[lane] - whole);
            coming[first % SLOTS][lane] += decided[lane] * (1.0 - part);
            coming[(first + 1) % SLOTS][lane] += decided[lane] * part;
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
    controls: &ControlOutputs,
    tool: ToolId,
    suppliers: impl Iterator<Item = (CountryId, CaseId)>,
    factor: Lanes,
) -> Lanes {
    let shares = &plan.model.tools[tool].suppliers;
    let mut total = Lanes::ZERO;
    let mut refused = Lanes::ZERO;
    for (j, case) in suppliers {
        let share = inputs.value(shares[&j]);
        total += share;
        refused += share * (1.0 - controls.permitted_now(case));
    }
    (1.0 - refused / total.max(1.0)) * factor
}

/// Share of a tool class's function that a country's own substitute fills \[1\].
#[inline(always)]
fn substitute(plan: &Plan, inputs: &Inputs, tool: ToolId, country: CountryId, t: usize) -> Lanes {
    plan.model.tools[tool].substitute.get(&country).map_or(Lanes::ZERO, |s| {
        let x = Lanes::splat(t as f64) - inputs.value(s.midpoint);
        inputs.value(s.ceiling) / (1.0 + (-(inputs.value(s.steepness) * x)).exp())
    })
}
