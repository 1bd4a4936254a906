//! The uncertain paths whose influence on outcomes is measured, and their ranks in a batch.

use super::Plan;
use crate::inputs::{Exchange, Inputs};
use crate::math::wide::Lanes;
use crate::model::{QuantityId, ShockId};
use std::collections::BTreeSet;

/// A path with a uniform of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// An uncertain quantity.
    Quantity(QuantityId),
    /// The clock of a shock's first strike by chance: when it comes, given its hazard.
    Clock(ShockId),
}

impl Plan {
    /// Every uncertain quantity in order of reading, then the clock of every shock that can strike by chance.
    pub fn drivers(&self) -> Vec<Driver> {
        let by_chance = self.model.shocks.iter_enumerated().filter(|(_, shock)| shock.hazard.is_some());
        let clocks = by_chance.map(|(id, _)| Driver::Clock(id));
        self.layout.uncertain().map(Driver::Quantity).chain(clocks).collect()
    }

    /// A driver's path: `shock.quake.clock` for a clock, as `[run] lead` writes it.
    pub fn driver_path(&self, driver: Driver) -> String {
        match driver {
            Driver::Quantity(q) => self.model.quantities[q].path.clone(),
            Driver::Clock(s) => format!("shock.{}.clock", self.model.shocks[s].id),
        }
    }

    /// A driver's rank in the draws of a batch: uniform on (0, 1), after correlations; of what loads on a factor, the part of
    /// its own.
    pub fn driver_rank(&self, driver: Driver, inputs: &Inputs, batch: u64) -> Lanes {
        match driver {
            Driver::Quantity(q) => self.layout.own_rank(q, inputs, batch),
            Driver::Clock(s) => {
                // A dated shock's strike 0 is its date; the clock runs from strike 1.
                let dated = self.model.shocks[s].date.is_some();
                self.layout.clocks(s, u32::from(dated), batch)
            }
        }
    }

    /// Sets of drivers' paths that are independent of each other: what correlations connect together, everything else alone; in order of
    /// drivers. A factor is a driver of its own, and of what loads on it the part of its own.
    pub fn independent(&self) -> Vec<Vec<String>> {
        let name = |q: &QuantityId| self.model.quantities[*q].path.clone();
        let correlated: Vec<Vec<QuantityId>> = self.layout.correlated().collect();
        let mut sets = Vec::new();
        for driver in self.drivers() {
            let group = |q: &QuantityId| correlated.iter().find(|g| g.contains(q));
            match driver {
                Driver::Quantity(q) => match group(&q) {
                    Some(members) if members[0] == q => sets.push(members.iter().map(name).collect()),
                    Some(_) => {}
                    None => sets.push(vec![name(&q)]),
                },
                Driver::Clock(_) => sets.push(vec![self.driver_path(driver)]),
            }
        }
        sets
    }

    /// Second uniforms of the drivers with such paths; none of a path that is no driver here.
    pub fn second(&self, paths: &BTreeSet<String>) -> Exchange {
        let named = self.drivers().into_iter().filter(|d| paths.contains(&self.driver_path(*d)));
        let (mut quantities, mut clocks) = (Vec::new(), Vec::new());
        for driver in named {
            match driver {
                Driver::Quantity(q) => quantities.push(q),
                Driver::Clock(shock) => clocks.push(shock),
            }
        }
        self.layout.second(&quantities, &clocks)
    }
}
