//! Directions that must hold from one state in one step, in made-up worlds and in the shipped ones.
//!
//! In trade the step is a round: what a chip that sells out one round later leaves to the others is no law.

use crate::support::states::{after_each, with};
use crate::support::worlds::world;
use crate::support::{model_of, plan_of, read};
use chokepoint::internals::engine::{Batch, Step};
use chokepoint::internals::math::Lanes;
use chokepoint::internals::model::{GoodKind, Lever};
use chokepoint::internals::plan::Plan;
use rayon::prelude::*;

/// Relative slack for rounding.
const ROUNDING: f64 = 1e-9;

/// Looks at states of two dozen made-up worlds and of the shipped ones.
fn in_many_states(step: Step, look: impl Fn(&Plan, &Batch, usize) + Sync) {
    let shipped = ["scenarios/tutorial", "scenarios/baseline"];
    let mut plans: Vec<Plan> = shipped.iter().map(|p| plan_of(read(p, None).unwrap().1)).collect();
    plans.extend((0..24).map(|seed| plan_of(model_of(&world(seed)).unwrap())));
    plans.par_iter().for_each(|plan| after_each(plan, 1, step, &look));
}

/// Whether no lane of `more` lies below `less`, against the size of what they are parts of.
fn not_less(more: Lanes, less: Lanes, scale: f64) -> bool {
    (0..8).all(|l| more[l] >= less[l] - ROUNDING * less[l].abs().max(scale))
}

#[test]
fn more_capacity_lowers_no_first_pass() {
    in_many_states(Step::Shocks, |plan, state, t| {
        let base = with(state, |b| b.produce(plan, t));
        for f in 0..plan.model.facilities.len() {
            let more = with(state, |b| {
                b.outputs.capacity.available[f] *= 1.2;
                b.produce(plan, t);
            });
            let good = plan.model.facilities[f].good;
            let packaging = plan.model.goods[good].kind == GoodKind::Packaging;
            for (d, chips) in plan.supply.chips_of.iter().enumerate() {
                for c in chips.iter().map(|c| c.index()) {
                    for lane in 0..8 {
                        // A launching chip takes its share of more packaging from the older ones: that is the ramp's doing.
                        let ramped = packaging
                            && plan.supply.chips_of[d]
                                .iter()
                                .any(|x| base.outputs.production.capped[x.index()].lane(lane));
                        let (has, had) = (
                            more.outputs.production.first_pass[c][lane],
                            base.outputs.production.first_pass[c][lane],
                        );
                        assert!(
                            ramped || has >= had * (1.0 - ROUNDING) - 1e-9,
                            "{t}: {} makes {has} of {}, {had} before",
                            plan.model.facilities[f].id,
                            plan.model.chips[c].id
                        );
                    }
                }
            }
        }
    });
}

#[test]
fn total_denial_means_no_legal_sale() {
    in_many_states(Step::Production, |plan, state, t| {
        let denied = with(state, |b| {
            b.outputs.controls.permitted.fill(Lanes::ZERO);
            b.sell(plan, t);
        });
        assert!(denied.outputs.trade.sold.iter().all(|s| *s == Lanes::ZERO));
        assert!(denied.outputs.trade.spent.iter().all(|s| *s == Lanes::ZERO));
    });
}

#[test]
fn a_buyer_gets_no_less_of_a_chip_when_more_of_it_is_permitted() {
    in_many_states(Step::Production, |plan, state, t| {
        let base = with(state, |b| b.sell(plan, t));
        for (s, sale) in plan.edges.sales.iter().enumerate().step_by(3) {
            // The buyer alone in its market: permission belongs to the market.
            let alone = plan.edges.sales.iter().filter(|o| o.chip_market == sale.chip_market).count() == 1;
            if !alone {
                continue;
            }
            let more = with(state, |b| {
                let p = b.outputs.controls.permitted[sale.chip_market];
                b.outputs.controls.permitted[sale.chip_market] = p + (1.0 - p) * 0.2;
                b.sell(plan, t);
            });
            let (has, had) = (more.outputs.trade.first_fill[s], base.outputs.trade.first_fill[s]);
            assert!(
                not_less(has, had, 1e-6),
                "{t}: {has:?} {had:?} {:?}",
                state.outputs.controls.permitted[sale.chip_market]
            );
        }
    });
}

#[test]
fn more_of_a_chip_in_stock_sells_no_less_of_it() {
    in_many_states(Step::Production, |plan, state, t| {
        let sold = |b: &Batch, c: usize| {
            let legal =
                plan.edges.sales.iter().zip(&b.outputs.trade.first_fill).filter(|(s, _)| s.chip.index() == c);
            let chips = plan.model.chips.len();
            let grey = (0..plan.model.routes.len()).map(|r| b.outputs.trade.attempted[r * chips + c]);
            legal.map(|x| *x.1).chain(grey).fold(Lanes::ZERO, |sum, x| sum + x)
        };
        let base = with(state, |b| b.sell(plan, t));
        for c in plan.edges.chips.iter().map(|c| c.index()) {
            let more = with(state, |b| {
                b.state.trade.inventory[c] *= 1.1;
                b.sell(plan, t);
            });
            let (has, had) = (sold(&more, c), sold(&base, c));
            assert!(not_less(has, had, 1e-6), "{t}: {} {has:?} {had:?}", plan.model.chips[c].id);
        }
    });
}

#[test]
fn a_buyer_with_a_larger_budget_spends_no_less() {
    in_many_states(Step::Production, |plan, state, t| {
        let spent = |b: &Batch, i: usize| b.outputs.trade.filled[i] + b.outputs.trade.spent_grey[i];
        let base = with(state, |b| b.sell(plan, t));
        for i in (0..plan.model.buyers.len()).filter(|&i| plan.model.buyers[i].budget.is_some()) {
            let more = with(state, |b| {
                b.outputs.shocks.change(Lever::Budget)[i] *= 1.1;
                b.sell(plan, t);
            });
            let (mut has, had) = (spent(&more, i), spent(&base, i));
            // Where power limits a country and its routes are full, more money turns to legal chips, and the dearer
            // smuggled ones give way to them in the same room.
            let n = plan.model.buyers[i].country.index();
            for lane in 0..8 {
                let full =
                    more.state.trade.power[n][lane] < 1.0 && more.outputs.trade.spent_grey[i][lane] > 0.0;
                has[lane] = if full { has[lane].max(had[lane]) } else { has[lane] };
            }
            assert!(not_less(has, had, 1.0), "{t}: {} {has:?} {had:?}", plan.model.buyers[i].id);
        }
    });
}

#[test]
fn better_detection_seizes_no_smaller_share() {
    in_many_states(Step::Trade, |plan, state, t| {
        let share = |b: &Batch, r: usize| b.outputs.diversion.seized[r].per(b.outputs.diversion.attempted[r]);
        let base = with(state, |b| b.divert(plan, t));
        for (r, route) in plan.model.routes.iter().enumerate().filter(|(_, r)| r.good.is_none()) {
            let more = with(state, |b| {
                b.inputs.scale(route.detection, 1.1);
                b.open_routes(plan, t);
                b.divert(plan, t);
            });
            let (has, had) = (share(&more, r), share(&base, r));
            assert!(not_less(has, had, 1.0));
            for lane in (0..8).filter(|&l| base.outputs.diversion.attempted[r][l] > 1.0) {
                let sure = base.outputs.diversion.routes.detection[r][lane] >= 1.0 - 1e-9;
                let free = base.inputs.at(route.detection, t)[lane] == 0.0;
                let off = base.outputs.shocks.of(Lever::Detection)[r][lane] == 0.0;
                assert!(
                    sure || free || off || has[lane] > had[lane],
                    "{t}: {} {} {}",
                    route.id,
                    has[lane],
                    had[lane]
                );
            }
        }
    });
}
