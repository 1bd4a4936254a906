//! The ledger: clean on the shipped worlds, and twelve ways of losing or inventing things that it catches by name.

use crate::support::{audited, plan_of, read};
use chokepoint::internals::engine::ledger::{Broken, Ledger};
use chokepoint::internals::engine::record::{NotFinite, Recorder};
use chokepoint::internals::engine::{Batch, Intervention, Step};
use chokepoint::internals::math::wide::{Lanes, Mask};
use chokepoint::internals::metrics::{Recording, flows};
use chokepoint::internals::model::Lever;
use chokepoint::internals::plan::Plan;

#[test]
fn the_shipped_worlds_add_up() {
    audited(&plan_of(read("scenarios/tutorial", None).unwrap().1), 32);
    audited(&plan_of(read("scenarios/baseline", None).unwrap().1), 4);
    audited(&plan_of(read("scenarios/baseline", Some("no-controls")).unwrap().1), 1);
}

/// Tampers once, after a step of a quarter.
struct Fault<F: FnMut(&Plan, &mut Batch)> {
    step: Step,
    quarter: usize,
    tamper: F,
}

impl<F: FnMut(&Plan, &mut Batch)> Intervention for Fault<F> {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &mut Batch) {
        if step == self.step && t == self.quarter {
            (self.tamper)(plan, batch);
        }
    }
}

/// What the ledger says of a fault in the tutorial's tenth quarter.
fn caught(step: Step, tamper: impl FnMut(&Plan, &mut Batch)) -> Broken {
    let plan = plan_of(read("scenarios/tutorial", None).unwrap().1);
    let mut batch = Batch::new(&plan);
    let mut ledger = Ledger::new(&plan);
    let mut fault = Fault { step, quarter: 9, tamper };
    batch.simulate_under(&plan, 0, &mut fault, &mut ledger);
    let broken = ledger.broken().expect("the fault is caught");
    assert_eq!(broken.quarter, 9, "{broken}");
    assert!(broken.draw < 8);
    broken
}

#[test]
fn a_pipeline_quarter_that_is_lost() {
    let b = caught(Step::Production, |_, b| b.state.production.pipeline[0].fill(Lanes::ZERO));
    assert_eq!((b.account, b.node.as_str()), ("production", "chip.n1"));
}

#[test]
fn chips_that_vanish_from_stock() {
    let b = caught(Step::Trade, |_, b| b.state.trade.inventory[0] -= b.outputs.production.arrived[0] * 0.01);
    assert_eq!((b.account, b.node.as_str()), ("inventory", "chip.n1"));
}

#[test]
fn chips_that_are_sold_twice() {
    let b = caught(Step::Trade, |_, b| b.outputs.trade.sold[0] *= 2.0);
    assert_eq!(b.account, "inventory");
}

#[test]
fn seized_chips_that_count_twice() {
    let b = caught(Step::Diversion, |_, b| b.outputs.diversion.seized[0] *= 2.0);
    assert_eq!((b.account, b.node.as_str()), ("diversion", "route.gamma"));
}

#[test]
fn smuggled_chips_that_no_route_delivered() {
    let b = caught(Step::Diversion, |_, b| b.outputs.diversion.delivered[0] += 1000.0);
    assert_eq!((b.account, b.node.as_str()), ("deliveries", "country.omega"));
}

#[test]
fn purchases_that_never_arrive() {
    let b = caught(Step::Fleet, |_, b| b.outputs.fleet.deployed[0] *= 0.9);
    assert_eq!((b.account, b.node.as_str()), ("deployment", "chip.n1 at buyer.alpha-cloud"));
}

#[test]
fn chips_that_fail_without_a_trace() {
    let b = caught(Step::Fleet, |_, b| b.state.fleet.count[0] *= 0.99);
    assert_eq!((b.account, b.node.as_str()), ("fleet", "chip.n1 at buyer.alpha-cloud"));
}

#[test]
fn money_spent_beyond_the_budget() {
    let b = caught(Step::Trade, |_, b| b.outputs.trade.spent[0] += b.outputs.trade.budget[0]);
    assert_eq!((b.account, b.node.as_str()), ("money", "buyer.alpha-cloud"));
}

#[test]
fn a_fee_that_is_paid_and_not_owed() {
    let b = caught(Step::Trade, |_, b| b.outputs.trade.fees[1] += 1e6);
    assert_eq!((b.account, b.node.as_str()), ("fees", "buyer.omega-labs"));
}

#[test]
fn wafers_that_are_used_twice() {
    let b =
        caught(Step::Production, |_, b| b.outputs.production.used[0] = b.outputs.capacity.available[0] * 1.5);
    assert_eq!((b.account, b.node.as_str()), ("output", "facility.fab"));
}

#[test]
fn chips_that_two_labs_both_use_whole() {
    let b = caught(Step::Fleet, |_, b| b.outputs.fleet.used[0] *= 2.0);
    assert_eq!((b.account, b.node.as_str()), ("use of chips", "buyer.alpha-cloud"));
}

#[test]
fn a_number_that_is_none() {
    let b = caught(Step::Training, |_, b| b.outputs.training.reachable[1] = Lanes::splat(f64::NAN));
    assert_eq!((b.account, b.node.as_str()), ("training", "lab.second"));
}

#[test]
fn chips_that_wait_and_work_at_once() {
    let b = caught(Step::Fleet, |_, b| b.state.fleet.waiting[0] += 1000.0);
    assert_eq!((b.account, b.node.as_str()), ("fleet", "chip.n1 at buyer.alpha-cloud"));
}

#[test]
fn a_budget_over_its_plan() {
    let b = caught(Step::Trade, |_, b| b.outputs.trade.budget[0] *= 1.5);
    assert_eq!((b.account, b.node.as_str()), ("budget", "buyer.alpha-cloud"));
}

#[test]
fn chips_that_run_without_power() {
    let b = caught(Step::Fleet, |_, b| b.outputs.shocks.change(Lever::Power)[0] = Lanes::splat(1e-6));
    assert_eq!((b.account, b.node.as_str()), ("power", "country.alpha"));
}

/// What is said of a value that is no number in the tutorial's tenth quarter and draw 27, of the draws that count.
fn not_finite(
    select: &str,
    mask: Mask,
    step: Step,
    tamper: impl FnMut(&Plan, &mut Batch),
) -> Option<NotFinite> {
    let plan = plan_of(read("scenarios/tutorial", None).unwrap().1);
    let recording = Recording::new(&plan, &[select.to_string()]).unwrap();
    let sources: Vec<_> = flows(&plan).into_iter().map(|(_, source)| source).collect();
    let (mut batch, mut recorder) = (Batch::new(&plan), Recorder::new(&plan, &recording, &sources));
    let mut fault = Fault { step, quarter: 9, tamper };
    batch.simulate_under(&plan, 1, &mut fault, &mut recorder);
    recorder.not_finite(mask, &plan, batch.first_draw)
}

#[test]
fn a_value_that_is_no_number_is_found_wherever_it_is_kept() {
    let all = Mask::splat(true);
    let owned = |_: &Plan, b: &mut Batch| b.state.fleet.count[0][11] = f64::NAN;
    // As a cell; as a series whose thresholds are counted, where no such cell is asked for; as a flow.
    let cell = not_finite("**", all, Step::Fleet, owned).unwrap();
    assert!(cell.draw == 27 && cell.value.is_nan() && cell.cell.ends_with("@2024Q2"), "{cell}");
    let early = "country.alpha/reachable_flop@2022Q1";
    let tracked = not_finite(early, all, Step::Fleet, owned).unwrap();
    // Training takes what the fleets' step gave out, before it was tampered with, so that the next quarter's is the first.
    assert!(tracked.draw == 27 && tracked.cell.contains("reachable_flop@2024Q3"), "{tracked}");
    let seized = |_: &Plan, b: &mut Batch| b.outputs.diversion.seized[0][11] = f64::INFINITY;
    let flow = not_finite(early, all, Step::Training, seized).unwrap();
    assert!(
        flow.draw == 27 && flow.value == f64::INFINITY && flow.cell.contains("in 2024Q2, Seized"),
        "{flow}"
    );
    // Draws that do not count are not looked at, and what is sound is not found.
    let but_one = Mask::from(std::array::from_fn(|lane| if lane == 11 { 0 } else { u64::MAX }));
    assert_eq!(not_finite("**", but_one, Step::Fleet, owned), None);
    assert_eq!(not_finite("**", all, Step::Fleet, |_, _| ()), None);
}
