//! Knockout: from some quarter on a supplier supplies only a part, and the same draws show what is lost.

use super::record::Recorder;
use super::steps::fleet;
use super::steps::rental::HOURS;
use super::{Batch, Intervention, Step};
use crate::math;
use crate::math::wide::{Lanes, PARTS};
use crate::metrics::Recording;
use crate::model::Lever;
use crate::plan::{Plan, Supplied};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Knockouts that are to be simulated: each supplier, cut to each part.
#[derive(Clone, Copy, Debug)]
pub struct Knockouts<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its watched cells are what is looked at.
    pub recording: &'a Recording,
    /// What each supplier supplies.
    pub suppliers: &'a [Vec<Supplied>],
    /// Parts that a knockout leaves \[1\]: 0 leaves nothing.
    pub kept: &'a [f64],
    /// The first quarter in which less is supplied.
    pub from: usize,
}

/// Watched cells of the parts of a batch: in the reference case, and under each knockout, `supplier * kept + part kept`.
#[derive(Clone, Debug, PartialEq)]
pub struct KnockoutCells {
    /// In the reference case.
    pub reference: [Vec<math::Lanes>; PARTS],
    /// With one supplier cut.
    pub knocked_out: Vec<[Vec<math::Lanes>; PARTS]>,
}

/// Cuts supplies to the part that is kept, step by step.
struct Cutback<'a> {
    supplies: &'a [Supplied],
    kept: f64,
}

/// Simulates the draws of a batch once up to the first quarter that is cut, and from there once for every knockout.
///
/// None if `stop` is set.
pub fn knock_out(
    knockouts: &Knockouts<'_>,
    batch: u64,
    stop: &AtomicBool,
    done: impl Fn() + Sync,
) -> Option<KnockoutCells> {
    let (plan, last) = (knockouts.plan, knockouts.plan.quarters);
    let mut start = Batch::new(plan);
    let mut recorder = Recorder::new(plan, knockouts.recording, &[]);
    start.begin(plan, batch);
    start.advance(plan, 0..knockouts.from, &mut (), &mut recorder);
    let from_there = |cutback: Option<Cutback<'_>>| {
        let (mut batch, mut recorder) = (start.clone(), recorder.clone());
        if let Some(mut cutback) = cutback {
            cutback.open(&mut batch);
            batch.advance(plan, knockouts.from..last, &mut cutback, &mut recorder);
        } else {
            batch.advance(plan, knockouts.from..last, &mut (), &mut recorder);
        }
        recorder.parts.map(|part| part.watched)
    };
    let parts = knockouts.kept.len();
    let knocked_out = (0..knockouts.suppliers.len() * parts).into_par_iter().map(|i| {
        let cutback = Cutback { supplies: &knockouts.suppliers[i / parts], kept: knockouts.kept[i % parts] };
        let cells = (!stop.load(Ordering::Relaxed)).then(|| from_there(Some(cutback)));
        done();
        cells
    });
    let knocked_out: Option<Vec<[Vec<math::Lanes>; PARTS]>> = knocked_out.collect();
    Some(KnockoutCells { reference: from_there(None), knocked_out: knocked_out? })
}

// Each step names what it leaves alone, so that what is new to be supplied does not compile before it is cut somewhere.
impl Cutback<'_> {
    /// Cuts what is cut once, at the start.
    fn open(&self, batch: &mut Batch) {
        for supplied in self.supplies {
            match supplied {
                Supplied::Stocks(stocks) => scale(&mut batch.state.stockpiles.held, stocks, self.kept),
                Supplied::Claims(claims) => {
                    for &q in claims {
                        batch.inputs.scale(q, self.kept);
                    }
                }
                Supplied::Output(..)
                | Supplied::Tools(..)
                | Supplied::Chips(..)
                | Supplied::Sales(..)
                | Supplied::Routes(..)
                | Supplied::Owned(..)
                | Supplied::Rented(..) => {}
            }
        }
    }

    /// Cuts capacity, tools, permissions and routes of the quarter.
    fn at_start(&self, plan: &Plan, batch: &mut Batch) {
        for supplied in self.supplies {
            match supplied {
                Supplied::Output(facilities) => {
                    let c = &mut batch.outputs.capacity;
                    for list in [&mut c.works, &mut c.others, &mut c.available] {
                        scale(list, facilities, self.kept);
                    }
                }
                Supplied::Sales(chip_markets) => {
                    scale(&mut batch.outputs.controls.permitted, chip_markets, self.kept);
                }
                Supplied::Tools(places, share) => {
                    let part = share.map_or(Lanes::ONE, |q| batch.inputs.value(q));
                    let kept = 1.0 - part * (1.0 - self.kept);
                    for lever in [Lever::Tools, Lever::Service] {
                        for &p in places {
                            batch.outputs.shocks.change(lever)[p] *= kept;
                        }
                    }
                }
                Supplied::Routes(routes) => {
                    scale(&mut batch.outputs.diversion.routes.capacity, routes, self.kept);
                    scale(&mut batch.outputs.stockpiles.routes.capacity, routes, self.kept);
                    for (n, into) in plan.edges.routes_to.iter().enumerate() {
                        let capacity = &batch.outputs.diversion.routes.capacity;
                        batch.outputs.diversion.capacity_to[n] =
                            Lanes::total(into.iter().map(|r| capacity[r.index()]));
                    }
                }
                Supplied::Chips(..)
                | Supplied::Stocks(..)
                | Supplied::Claims(..)
                | Supplied::Owned(..)
                | Supplied::Rented(..) => {}
            }
        }
    }

    /// Cuts chips that arrived and what stocks gained.
    fn after_production(&self, batch: &mut Batch) {
        let lost = 1.0 - self.kept;
        for supplied in self.supplies {
            match supplied {
                Supplied::Chips(chips) => {
                    for &c in chips {
                        let gone = batch.outputs.production.arrived[c] * lost;
                        batch.state.trade.inventory[c] = (batch.state.trade.inventory[c] - gone).max(0.0);
                    }
                }
                Supplied::Stocks(stocks) => {
                    let flows = &batch.outputs.stockpiles;
                    for &i in stocks {
                        let gained = flows.bought[i] + flows.delivered[i] + flows.leaked[i];
                        let held = &mut batch.state.stockpiles.held[i];
                        *held = (*held - gained * lost).max(0.0);
                    }
                }
                Supplied::Output(..)
                | Supplied::Tools(..)
                | Supplied::Sales(..)
                | Supplied::Routes(..)
                | Supplied::Claims(..)
                | Supplied::Owned(..)
                | Supplied::Rented(..) => {}
            }
        }
    }

    /// Cuts the chips that labs use.
    fn after_rentals(&self, plan: &Plan, batch: &mut Batch) {
        let lost = 1.0 - self.kept;
        let fleet = &mut batch.outputs.fleet;
        let hour = fleet.rent_price * HOURS;
        for supplied in self.supplies {
            let links = match supplied {
                Supplied::Owned(links) | Supplied::Rented(links) => links,
                Supplied::Output(..)
                | Supplied::Tools(..)
                | Supplied::Chips(..)
                | Supplied::Sales(..)
                | Supplied::Routes(..)
                | Supplied::Stocks(..)
                | Supplied::Claims(..) => continue,
            };
            for &i in links {
                let h100e = fleet.working[plan.usage.links[i].buyer.index()][fleet::sum::H100E];
                let rented = fleet.rented[i].per(h100e);
                if matches!(supplied, Supplied::Owned(_)) {
                    let owned = fleet.used[i] - rented;
                    fleet.used[i] -= owned * lost;
                } else {
                    fleet.used[i] = (fleet.used[i] - rented * lost).max(0.0);
                    // What is not had is not paid.
                    let saved = fleet.rented[i] * lost * hour;
                    let lab = plan.usage.links[i].lab.index();
                    fleet.rent_paid[lab] -= saved;
                    batch.state.rental.paid[lab] -= saved;
                    fleet.rented[i] *= self.kept;
                }
            }
        }
    }
}

fn scale(list: &mut [Lanes], at: &[usize], kept: f64) {
    for &i in at {
        list[i] *= Lanes::splat(kept);
    }
}

impl Intervention for Cutback<'_> {
    fn after(&mut self, step: Step, _: usize, plan: &Plan, batch: &mut Batch) {
        match step {
            Step::Shocks => self.at_start(plan, batch),
            Step::Production => self.after_production(batch),
            Step::Fleet => self.after_rentals(plan, batch),
            Step::Trade | Step::Diversion | Step::Training => {}
        }
    }
}
