//! Triggers: what a quarter comes to, on which shocks of the next can wait.

use super::choice::{DUST, Options};
use crate::math::List;
use crate::math::wide::Lanes;
use crate::model::Gauge;
use crate::plan::Plan;

/// States of the world in the last quarter on which shocks can wait, by country \[1\].
#[derive(Clone, Debug)]
pub struct TriggerState {
    /// Seized over attempted chips.
    seized: List<Lanes>,
    /// Share of first-round orders that was not filled.
    unmet: List<Lanes>,
    /// Smuggled over legally bought chips.
    smuggled: List<Lanes>,
}

/// What of a quarter is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TriggerContext<'a> {
    /// Attempted, by route.
    pub attempted: &'a [Lanes],
    /// Seized, by route.
    pub seized: &'a [Lanes],
    /// First-round legal orders, by buyer \[USD\].
    pub ordered: &'a [Lanes],
    /// First-round legal fills, by buyer \[USD\].
    pub filled: &'a [Lanes],
    /// Sales that may have been made.
    pub open: &'a Options,
    /// Legal purchases, by sale \[chips\].
    pub sold: &'a [Lanes],
    /// Whether anything was ever sent, by grey-market option.
    pub sent: &'a [bool],
    /// Smuggled chips, by grey-market option \[chips\].
    pub delivered: &'a [Lanes],
}

impl TriggerState {
    /// Nothing has happened yet.
    pub fn new(plan: &Plan) -> Self {
        let zeros = List::of(Lanes::ZERO, plan.model.countries.len());
        Self { seized: zeros.clone(), unmet: zeros.clone(), smuggled: zeros }
    }

    /// Back to the horizon's start.
    pub(crate) fn reset(&mut self) {
        for list in [&mut self.seized, &mut self.unmet, &mut self.smuggled] {
            list.fill(Lanes::ZERO);
        }
    }

    /// Takes over another's levels.
    pub(crate) fn adopt(&mut self, from: &Self) {
        let Self { seized, unmet, smuggled } = from;
        self.seized.clone_from(seized);
        self.unmet.clone_from(unmet);
        self.smuggled.clone_from(smuggled);
    }

    /// Level of a trigger in a country.
    #[inline(always)]
    pub(crate) fn read(&self, trigger: Gauge, country: usize) -> Lanes {
        match trigger {
            Gauge::SeizedShare => self.seized[country],
            Gauge::UnmetDemand => self.unmet[country],
            Gauge::SmuggledShare => self.smuggled[country],
        }
    }

    /// Levels at the end of a quarter.
    #[inline(always)]
    pub(crate) fn step(&mut self, plan: &Plan, quarter: &TriggerContext<'_>) {
        for n in 0..plan.model.countries.len() {
            let routes = &plan.edges.routes_to[n];
            let over_routes = |list: &[Lanes]| Lanes::total(routes.iter().map(|r| list[r.index()]));
            self.seized[n] = over_routes(quarter.seized).per(over_routes(quarter.attempted));
            let mut ordered = Lanes::ZERO;
            let mut filled = Lanes::ZERO;
            let mut bought = Lanes::ZERO;
            let mut smuggled = Lanes::ZERO;
            for b in plan.edges.buyers_in[n].iter().map(|b| b.index()) {
                ordered += quarter.ordered[b];
                filled += quarter.filled[b];
                for s in quarter.open.of(b) {
                    bought += quarter.sold[s];
                }
                for sale in &plan.edges.sales[plan.edges.of_buyer[b].clone()] {
                    if let Some(g) = sale.grey.filter(|&g| quarter.sent[g]) {
                        smuggled += quarter.delivered[g];
                    }
                }
            }
            let unmet = 1.0 - filled.per(ordered);
            self.unmet[n] = ordered.gt(Lanes::ZERO).select(unmet.max(0.0), Lanes::ZERO);
            // Less than dust is rounding: that of sums must not decide whether a shock strikes.
            let some = |chips: Lanes| chips.gt(Lanes::splat(DUST));
            let none_legal = some(smuggled).select(Lanes::splat(f64::INFINITY), Lanes::ZERO);
            self.smuggled[n] = some(bought).select(smuggled / bought, none_legal);
        }
    }
}
