//! Capacity: what facilities can make, how tools and their servicing let it grow or wear.

use super::controls::ControlOutputs;
use super::shocks::ShockOutputs;
use crate::inputs::Inputs;
use crate::math::Lanes;
use crate::model::{CountryId, Lever, ToolId};
use crate::plan::Plan;
use crate::rules::CaseId;

/// Capacity that a quarter leaves to the next.
#[derive(Clone, Debug)]
pub struct CapacityState {
    /// Installed, by facility \[its good's unit/quarter\].
    pub installed: Vec<Lanes>,
}

/// Capacity in a quarter, by facility.
#[derive(Clone, Debug)]
pub struct CapacityOutputs {
    /// Installed and able to work \[its good's unit/quarter\].
    pub available: Vec<Lanes>,
    /// Share of planned growth that tools allow \[1\].
    pub access: Vec<Lanes>,
    /// Share lost for want of servicing \[1\].
    pub wear: Vec<Lanes>,
}

/// The step.
pub(crate) struct Capacity<'a> {
    pub state: &'a mut CapacityState,
    pub out: &'a mut CapacityOutputs,
}

impl CapacityState {
    /// Facilities without capacity.
    pub fn new(plan: &Plan) -> Self {
        Self { installed: vec![Lanes::ZERO; plan.model.facilities.len()] }
    }

    /// Takes over what is installed.
    pub(crate) fn adopt(&mut self, from: &Self) {
        let Self { installed } = from;
        self.installed.clone_from(installed);
    }
}

impl CapacityOutputs {
    /// Nothing can be made.
    pub fn new(plan: &Plan) -> Self {
        let zeros = vec![Lanes::ZERO; plan.model.facilities.len()];
        Self { available: zeros.clone(), access: zeros.clone(), wear: zeros }
    }
}

impl Capacity<'_> {
    /// Installed as planned at the start.
    #[inline(always)]
    pub(crate) fn reset(&mut self, plan: &Plan, inputs: &Inputs) {
        for (f, facility) in plan.model.facilities.iter().enumerate() {
            self.state.installed[f] = inputs.at(facility.capacity, 0);
        }
    }

    /// What is available in this quarter.
    #[inline(always)]
    pub(crate) fn step(&mut self, shocks: &ShockOutputs) {
        let availability = shocks.of(Lever::Capacity);
        for (f, &installed) in self.state.installed.iter().enumerate() {
            self.out.available[f] = installed * availability[f];
        }
    }

    /// What is installed in the next quarter.
    #[inline(always)]
    pub(crate) fn grow(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        controls: &ControlOutputs,
        shocks: &ShockOutputs,
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
            self.state.installed[f] = self.next(inputs, f, facility.capacity, t);
        }
    }

    #[inline(always)]
    fn next(&self, inputs: &Inputs, f: usize, plan: crate::model::QuantityId, t: usize) -> Lanes {
        let (planned, coming) = (inputs.at(plan, t), inputs.at(plan, t + 1));
        let change = coming - planned;
        let installed = self.state.installed[f];
        let shrinking = change.min(0.0) * installed.per(planned).min(1.0);
        (installed * (1.0 - self.out.wear[f]) + change.max(0.0) * self.out.access[f] + shrinking).max(0.0)
    }
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
