//! Directions that must hold from one state in one step, in made-up worlds and in the shipped ones.
//!
//! In trade the step is a round: what a chip that sells out one round later leaves to the others is no law.

use crate::support::states::{after_each, with};
use crate::support::worlds::world;
use crate::support::{model_of, plan_of, read};
use chokepoint::internals::engine::{Batch, Step};
use chokepoint::internals::math::wide::{Lanes, Mask, WIDTH};
use chokepoint::internals::model::{GoodKind, Lever};
use chokepoint::internals::plan::{Plan, Sale};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Relative slack for rounding.
const ROUNDING: f64 = 1e-9;

/// Looks at states of two dozen made-up worlds and of the shipped ones.
fn in_many_states(step: Step, look: impl Fn(&Plan, &Batch, usize) + Sync) {
    let shipped = ["scenarios/tutorial", "scenarios/baseline"];
    let mut plans: Vec<Plan> = shipped.iter().map(|p| plan_of(read(p, None).unwrap().1)).collect();
    plans.extend((0..24).map(|seed| plan_of(model_of(&world(seed)).unwrap())));
    plans.par_iter().for_each(|plan| (0..2).for_each(|batch| after_each(plan, batch, step, &look)));
}

/// Whether no lane of `more` lies below `less`, against the size of what they are parts of.
fn not_less(more: Lanes, less: Lanes, scale: f64) -> bool {
    (0..WIDTH).all(|l| more[l] >= less[l] - ROUNDING * less[l].abs().max(scale))
}

#[test]
fn more_capacity_lowers_no_first_pass() {
    in_many_states(Step::Shocks, |plan, state, t| {
        let base = with(state, |b| Step::Production.take(b, plan, t));
        for f in 0..plan.model.facilities.len() {
            let more = with(state, |b| {
                b.outputs.capacity.available[f] *= 1.2;
                Step::Production.take(b, plan, t);
            });
            let good = plan.model.facilities[f].good;
            let packaging = plan.model.goods[good].kind == GoodKind::Packaging;
            for (d, chips) in plan.supply.chips_of.iter().enumerate() {
                for c in chips.iter().map(|c| c.index()) {
                    for lane in 0..WIDTH {
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
            Step::Trade.take(b, plan, t);
        });
        assert!(denied.outputs.trade.sold.iter().all(|s| *s == Lanes::ZERO));
        assert!(denied.outputs.trade.spent.iter().all(|s| *s == Lanes::ZERO));
    });
}

#[test]
fn a_buyer_gets_no_less_of_a_chip_when_more_of_it_is_permitted() {
    let less_for_power = AtomicUsize::new(0);
    in_many_states(Step::Production, |plan, state, t| {
        let base = with(state, |b| Step::Trade.take(b, plan, t));
        for (s, sale) in plan.edges.sales.iter().enumerate().step_by(3) {
            // The buyer alone in its market: permission belongs to the market, and others that buy there, resellers too, get more
            // as well, of a stock that may be short.
            let alone = plan.edges.sales.iter().filter(|o| o.chip_market == sale.chip_market).count() == 1;
            let market = sale.chip_market % plan.edges.markets.len();
            if !alone || plan.edges.reseller_market.contains(&market) {
                continue;
            }
            let more = with(state, |b| {
                let p = b.outputs.controls.permitted[sale.chip_market];
                b.outputs.controls.permitted[sale.chip_market] = p + (1.0 - p) * 0.2;
                Step::Trade.take(b, plan, t);
            });
            let (has, had) = (more.outputs.trade.first_fill[s], base.outputs.trade.first_fill[s]);
            let dear = |lane: usize| {
                let fee = state.outputs.controls.fee[sale.chip_market][lane];
                1.0 + fee > state.state.diversion.premium[sale.country.index()][lane]
            };
            // Where a fee makes the legal chip dearer than the smuggled one, permission replaces the better offer by a worse one, and
            // money that answers to access falls: the page (section 7) has an example in which the order itself does.
            let answers = state.sheets.eagerness.gt(Lanes::ZERO);
            let has = Lanes::from(std::array::from_fn(|l| {
                if dear(l) && answers.lane(l) { has[l].max(had[l]) } else { has[l] }
            }));
            // Where power limits the buyer, its room depends on which chips it wants: permission for one that could replace fewer of its
            // own than another leaves less room for all, as an example there shows. Then the orders are compared as they are before
            // power cuts them. For the most efficient chip that is no excuse.
            let (b, efficiency) =
                (sale.buyer.index(), |s: usize| plan.edges.efficiency[plan.edges.sales[s].chip.index()]);
            let (now, before) = (more.state.trade.power[b], base.state.trade.power[b]);
            let better = base.outputs.choice.open.of(b).any(|other| efficiency(other) > efficiency(s));
            let less_room = now.lt(before) & Mask::splat(better);
            less_for_power.fetch_add(usize::from(!not_less(has, had, 1e-6)), Ordering::Relaxed);
            let (has, had) = (less_room.select(has * before, has), less_room.select(had * now, had));
            assert!(
                not_less(has, had, 1e-6),
                "{t}: {} {has:?} {had:?} {:?} {now:?} {before:?}",
                plan.model.title,
                state.outputs.controls.permitted[sale.chip_market],
            );
        }
    });
    assert!(
        less_for_power.into_inner() > 0,
        "power never leaves less room: the law holds without an exception"
    );
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
        let base = with(state, |b| Step::Trade.take(b, plan, t));
        for c in plan.edges.chips.iter().map(|c| c.index()) {
            let more = with(state, |b| {
                b.state.trade.inventory[c] *= 1.1;
                Step::Trade.take(b, plan, t);
            });
            let (has, had) = (sold(&more, c), sold(&base, c));
            assert!(not_less(has, had, 1e-6), "{t}: {} {has:?} {had:?}", plan.model.chips[c].id);
        }
    });
}

/// What a buyer gets of each chip in the first round, legally and through resellers.
fn first_round(plan: &Plan, b: &Batch, sale: usize) -> Lanes {
    let chips = plan.model.chips.len();
    let Sale { chip, country, grey, .. } = plan.edges.sales[sale];
    let place = country.index() * chips + chip.index();
    let smuggled = grey.map_or(Lanes::ZERO, |g| {
        let bought = (plan.edges.routes_to[country.index()].iter())
            .fold(Lanes::ZERO, |sum, r| sum + b.outputs.trade.attempted[r.index() * chips + chip.index()]);
        bought * b.outputs.trade.wants[g].per(b.outputs.trade.wanted[place])
    });
    b.outputs.trade.first_fill[sale] + smuggled
}

#[test]
fn more_money_for_a_buyer_lowers_none_of_its_first_round_fills() {
    in_many_states(Step::Production, |plan, state, t| {
        let base = with(state, |b| Step::Trade.take(b, plan, t));
        for (i, buyer) in plan.model.buyers.iter().enumerate() {
            let Some(budget) = buyer.budget.filter(|_| (t + i) % 3 == 0) else { continue };
            // Richer for good; and with more cash, where nothing is brought forward on money that is not there yet.
            let richer = with(state, |b| {
                b.inputs.scale(budget, 1.1);
                Step::Trade.take(b, plan, t);
            });
            let fuller = with(state, |b| {
                b.state.trade.cash[i] += b.outputs.trade.budget[i].max(1e6) * 0.1;
                Step::Trade.take(b, plan, t);
            });
            let forward = base.outputs.trade.spent_ahead[i].gt(Lanes::ZERO);
            for s in plan.edges.of_buyer[i].clone() {
                let fills = |b: &Batch| [b.outputs.trade.first_fill[s], first_round(plan, b, s)];
                for (k, had) in fills(&base).into_iter().enumerate() {
                    let with_cash = forward.select(had, fills(&fuller)[k]);
                    for has in [fills(&richer)[k], with_cash] {
                        assert!(not_less(has, had, 1e-6), "{t}: {} {has:?} {had:?}", buyer.id);
                    }
                }
            }
        }
    });
}

#[test]
fn access_lowers_no_budget() {
    let raised = AtomicUsize::new(0);
    in_many_states(Step::Production, |plan, state, t| {
        let base = with(state, |b| Step::Trade.take(b, plan, t));
        for (i, _) in plan.model.buyers.iter().enumerate().filter(|(_, b)| b.budget.is_some()) {
            for s in plan.edges.of_buyer[i].clone().skip((t + i) % 7).step_by(7) {
                let at = plan.edges.sales[s].chip_market;
                let more = with(state, |b| {
                    let p = b.outputs.controls.permitted[at];
                    b.outputs.controls.permitted[at] = p + (1.0 - p) * 0.2;
                    Step::Trade.take(b, plan, t);
                });
                let (mut has, had) = (more.outputs.trade.budget[i], base.outputs.trade.budget[i]);
                for lane in 0..WIDTH {
                    // What a fee makes dearer than the grey market is no better for being permitted.
                    let n = plan.edges.sales[s].country.index();
                    let street = state.state.diversion.premium[n][lane];
                    if 1.0 + state.outputs.controls.fee[at][lane] > street {
                        has[lane] = has[lane].max(had[lane]);
                    }
                    raised.fetch_add(usize::from(has[lane] > had[lane] * 1.001), Ordering::Relaxed);
                }
                assert!(not_less(has, had, 1.0), "{t}: {has:?} {had:?}");
            }
        }
    });
    assert!(raised.into_inner() > 100);
}

#[test]
fn more_power_switches_no_chip_off() {
    let waited = AtomicUsize::new(0);
    in_many_states(Step::Diversion, |plan, state, t| {
        let base = with(state, |b| Step::Fleet.take(b, plan, t));
        let more = with(state, |b| {
            b.outputs.shocks.change(Lever::Power).iter_mut().for_each(|f| *f *= 1.1);
            Step::Fleet.take(b, plan, t);
        });
        for (h, holding) in plan.edges.holdings.iter().enumerate() {
            let on = |b: &Batch| b.state.fleet.count[h];
            let owned = |b: &Batch| on(b) + b.state.fleet.waiting[h];
            // What makes room for better chips leaves the world. What is off makes none, so that more power can leave fewer owned.
            let all = |b: &Batch| owned(b) + b.outputs.fleet.retired[h];
            let chip = &plan.model.chips[holding.chip.index()].id;
            assert!(not_less(on(&more), on(&base), 1e-3), "{t}: {chip} {:?} {:?}", on(&more), on(&base));
            assert!(not_less(all(&more), all(&base), 1e-3) && not_less(all(&base), all(&more), 1e-3));
            assert!(base.state.fleet.waiting[h].ge(Lanes::ZERO) == Mask::splat(true));
            waited
                .fetch_add(usize::from(base.state.fleet.waiting[h].gt(Lanes::ONE).any()), Ordering::Relaxed);
        }
    });
    assert!(waited.into_inner() > 100);
}

#[test]
fn the_premium_falls_when_routes_widen() {
    let fell = AtomicUsize::new(0);
    let after = |plan: &Plan, b: &mut Batch, t: usize| {
        Step::Trade.take(b, plan, t);
        Step::Diversion.take(b, plan, t);
        Step::Fleet.take(b, plan, t);
        Step::Training.take(b, plan, t);
    };
    in_many_states(Step::Production, |plan, state, t| {
        let base = with(state, |b| after(plan, b, t));
        let wider = with(state, |b| {
            let d = &mut b.outputs.diversion;
            for list in [&mut d.routes.capacity, &mut d.capacity_to, &mut d.usd_to] {
                for x in list.iter_mut() {
                    *x *= 1.2;
                }
            }
            after(plan, b, t);
        });
        let most = state.inputs.value(plan.model.diversion.premium_max);
        for n in 0..plan.model.countries.len() {
            let (has, had) = (wider.state.diversion.premium[n], base.state.diversion.premium[n]);
            let wanted = &base.outputs.trade.wanted[n * plan.model.chips.len()..][..plan.model.chips.len()];
            let wanted = wanted.iter().fold(Lanes::ZERO, |sum, &w| sum + w);
            for lane in (0..WIDTH).filter(|&l| wanted[l] > 0.0) {
                let at_bound = had[lane] <= 1.0 + ROUNDING || has[lane] >= most[lane] * (1.0 - ROUNDING);
                assert!(has[lane] < had[lane] || at_bound, "{t}: {} {}", has[lane], had[lane]);
                fell.fetch_add(usize::from(!at_bound), Ordering::Relaxed);
            }
        }
    });
    assert!(fell.into_inner() > 100);
}

#[test]
fn a_rack_is_carried_no_more_than_a_card() {
    in_many_states(Step::Production, |plan, state, t| {
        let carried = |carries: f64, c: usize| {
            let b = with(state, |b| {
                b.sheets.carries[c] = Lanes::splat(carries);
                Step::Trade.take(b, plan, t);
            });
            let chips = plan.model.chips.len();
            (0..plan.model.routes.len())
                .fold(Lanes::ZERO, |sum, r| sum + b.outputs.trade.attempted[r * chips + c])
        };
        for c in plan.edges.chips.iter().map(|c| c.index()).skip(t % 5).step_by(5) {
            let (card, rack) = (carried(0.9, c), carried(0.2, c));
            assert!(not_less(card, rack, 1e-6), "{t}: {card:?} {rack:?}");
        }
    });
}

#[test]
fn no_facility_makes_anything_before_it_opens() {
    in_many_states(Step::Training, |plan, state, t| {
        for (f, facility) in plan.model.facilities.iter().enumerate() {
            let Some(opens) = facility.opens else { continue };
            let opens = plan.since_start(opens) + state.inputs.value(facility.delay);
            let closed = opens.ge(Lanes::splat(t as f64 + 1.0));
            let links = plan.supply.links.iter().enumerate().filter(|(_, l)| l.facility.index() == f);
            let used = links.fold(state.outputs.stockpiles.taken[f], |sum, (l, _)| {
                sum + state.outputs.production.used[l]
            });
            assert_eq!(
                closed.select(used + state.outputs.capacity.works[f], Lanes::ZERO),
                Lanes::ZERO,
                "{t}: {}",
                facility.id
            );
        }
    });
}

#[test]
fn better_detection_seizes_no_smaller_share() {
    in_many_states(Step::Trade, |plan, state, t| {
        let share = |b: &Batch, r: usize| b.outputs.diversion.seized[r].per(b.outputs.diversion.attempted[r]);
        let base = with(state, |b| Step::Diversion.take(b, plan, t));
        for (r, route) in plan.model.routes.iter().enumerate().filter(|(_, r)| r.good.is_none()) {
            let more = with(state, |b| {
                b.inputs.scale(route.detection, 1.1);
                b.open_routes(plan, t);
                Step::Diversion.take(b, plan, t);
            });
            let (has, had) = (share(&more, r), share(&base, r));
            assert!(not_less(has, had, 1.0));
            for lane in (0..WIDTH).filter(|&l| base.outputs.diversion.attempted[r][l] > 1.0) {
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

/// Runs on this quarter's chips alone: what was this quarter's is then the last one's too. Money that binds pays for the mean chip of both,
/// which more of this quarter's alone would change.
fn settled(b: &mut Batch, plan: &Plan, t: usize) {
    Step::Training.take(b, plan, t);
    Step::Training.take(b, plan, t);
}

#[test]
fn more_chips_to_join_shrink_no_run() {
    let grew = AtomicUsize::new(0);
    in_many_states(Step::Fleet, |plan, state, t| {
        let base = with(state, |b| settled(b, plan, t));
        let sites = with(state, |b| {
            b.inputs.scale(plan.model.training.other_sites, 1.05);
            settled(b, plan, t);
        });
        let serving = with(state, |b| {
            plan.model.labs.iter().for_each(|l| b.inputs.scale(l.serving, 0.9));
            settled(b, plan, t);
        });
        let precise = with(state, |b| {
            b.sheets.saved.fill(Lanes::ZERO);
            settled(b, plan, t);
        });
        for l in 0..plan.model.labs.len() {
            let reachable = |b: &Batch| b.outputs.training.reachable[l];
            let (had, run) = (reachable(&base), base.state.training.made(l, t));
            let lab = &plan.model.labs[l].id;
            for more in [&sites, &serving] {
                assert!(not_less(reachable(more), had, 1.0), "{t}: {lab} {:?} {had:?}", reachable(more));
                assert!(not_less(more.state.training.made(l, t), run, 1.0), "{t}: {lab}");
                grew.fetch_add(usize::from(reachable(more)[0] > had[0] * 1.0001), Ordering::Relaxed);
            }
            assert!(not_less(had, reachable(&precise), 1.0), "{t}: {lab}: 8 bits shrink a run");
            assert!(not_less(run, precise.state.training.made(l, t), 1.0), "{t}: {lab}: 8 bits shrink a run");
        }
    });
    assert!(grew.into_inner() > 100);
}

#[test]
fn more_funds_rent_no_less() {
    let grew = AtomicUsize::new(0);
    in_many_states(Step::Diversion, |plan, state, t| {
        let base = with(state, |b| Step::Fleet.take(b, plan, t));
        for (l, lab) in plan.model.labs.iter().enumerate() {
            let Some(funds) = lab.funds else { continue };
            let richer = with(state, |b| {
                b.inputs.scale(funds, 1.1);
                Step::Fleet.take(b, plan, t);
            });
            let (has, had) = (richer.outputs.fleet.rent_paid[l], base.outputs.fleet.rent_paid[l]);
            assert!(not_less(has, had, 1.0), "{t}: {} {has:?} {had:?}", lab.id);
            grew.fetch_add(usize::from(has[0] > had[0] * 1.0001), Ordering::Relaxed);
        }
    });
    assert!(grew.into_inner() > 10);
}
