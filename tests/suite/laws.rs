//! Laws and closed forms of the engine: yields, clocks, fleets, identities, directions, and that no input is dead.

#![allow(clippy::items_after_statements)] // an observer stands where it is used

use crate::support::{PAGE, model_of, plan_of, read};
use chokepoint::internals::engine::record::Recorder;
use chokepoint::internals::engine::steps::production::{dies_per_wafer, murphy};
use chokepoint::internals::engine::steps::shocks::strength;
use chokepoint::internals::engine::{Batch, Observer, Step};
use chokepoint::internals::math::wide::{Lanes, WIDTH};
use chokepoint::internals::metrics::Recording;
use chokepoint::internals::model::{Model, Recovery};
use chokepoint::internals::plan::Plan;
use chokepoint::study::{Project, ScenarioRequest};
use rayon::prelude::*;

#[test]
fn dies_and_yields_are_those_of_the_books() {
    let close = |a: Lanes, b: f64| assert!((a[0] / b - 1.0).abs() < 1e-3, "{} {b}", a[0]);
    close(dies_per_wafer(Lanes::splat(814.0)), 86.84 - 23.36);
    close(dies_per_wafer(Lanes::splat(100.0)), 706.9 - 66.6);
    close(murphy(Lanes::splat(1.0)), 0.6321_f64 * 0.6321);
    assert_eq!(murphy(Lanes::ZERO)[0], 1.0);
    // Continuous where the series takes over.
    for x in [0.9e-4, 1.1e-4] {
        let exact = 1.0 - x + 7.0 / 12.0 * x * x - x * x * x / 4.0;
        assert!((murphy(Lanes::splat(x))[0] - exact).abs() < 1e-11);
    }
}

#[test]
fn a_short_outage_costs_a_short_time() {
    let total = |recovery, d: f64, from: f64| {
        (0..4000)
            .map(|t| strength(recovery, Lanes::splat(f64::from(t) - from), Lanes::splat(d))[0])
            .sum::<f64>()
    };
    for d in [0.03, 0.4, 3.3, 17.0] {
        for from in [0.0, 0.7, 2.2] {
            assert!((total(Recovery::Step, d, from) / d - 1.0).abs() < 1e-9);
            assert!((total(Recovery::Linear, d, from) / (d / 2.0) - 1.0).abs() < 1e-9);
            assert!((total(Recovery::Exponential, d, from) / d - 1.0).abs() < 1e-9);
        }
    }
}

/// Notes when shocks strike.
struct Strikes(Vec<[Vec<f64>; WIDTH]>);

impl Observer for Strikes {
    fn after(&mut self, step: Step, _: usize, plan: &Plan, batch: &Batch) {
        if step == Step::Shocks {
            self.0.resize_with(plan.model.shocks.len(), Default::default);
            for (s, lanes) in self.0.iter_mut().enumerate() {
                for lane in (0..WIDTH).filter(|&l| batch.outputs.shocks.struck[s].lane(l)) {
                    lanes[lane].push(batch.state.shocks.onset[s][lane]);
                }
            }
        }
    }
}

#[test]
fn strikes_follow_their_hazard() {
    // 0.5 a year from 2022Q2 on, once: the strike time is exponential.
    let text = PAGE
        .replace("hazard = \"0.2 to 0.6 per year\"", "hazard = 0.5\nrecurring = false")
        .replace("2026Q4\"\nknown", "2031Q4\"\nknown");
    let plan = plan_of(model_of(&text).unwrap());
    let mut batch = Batch::new(&plan);
    let mut times = Vec::new();
    for b in 0..2048 / WIDTH as u64 {
        let mut strikes = Strikes(Vec::new());
        batch.simulate(&plan, b, &mut strikes);
        assert!(strikes.0[0].iter().all(|s| s.len() <= 1));
        times.extend(strikes.0[0].iter().flatten().copied());
    }
    let n = 2048.0;
    for years in [0.25, 1.0, 2.0, 4.0] {
        let struck = times.iter().filter(|&&t| t <= 1.0 + 4.0 * years).count() as f64 / n;
        let expected = 1.0 - chokepoint::internals::math::exp(-0.5 * years);
        assert!((struck - expected).abs() < 0.01, "{years}: {struck} {expected}");
    }
}

#[test]
fn a_recurring_shock_rests_while_its_course_runs() {
    let text = PAGE
        .replace("hazard = \"0.2 to 0.6 per year\"", "hazard = 40")
        .replace("\"0.2 to 2\"", "\"1.5 to 3\"");
    let plan = plan_of(model_of(&text).unwrap());
    let mut batch = Batch::new(&plan);
    let mut strikes = Strikes(Vec::new());
    batch.simulate(&plan, 0, &mut strikes);
    for lane in &strikes.0[0] {
        assert!(lane.len() > 3 && lane.windows(2).all(|w| w[1] - w[0] >= 1.0), "{lane:?}");
    }
}

#[test]
fn without_rules_shocks_or_shortage_all_money_is_spent_and_nothing_smuggled() {
    let text = PAGE
        .split("[[rule]]")
        .next()
        .unwrap()
        .replace("2022Q1 = \"900 to 1100\", 2026Q4 = \"3k to 5k\"", "2022Q1 = 1e6")
        .replace("launch = \"2022Q1\"", "launch = \"2020Q1\"")
        .replace("grid = { unit = \"MW\", 2022Q1 = 300, 2026Q4 = \"2k to 3k\" }", "")
        .replace("grid = { unit = \"MW\", 2022Q1 = 200, 2026Q4 = \"1k to 2k\" }", "");
    // A route stands ready and nobody needs it.
    let route = "[[route]]\nid = \"r\"\nvia = \"gamma\"\nto = \"omega\"\ncapacity = 5000\ndetection = 0.1\n";
    let settings = "[trade]\nwait = 0\nover_order = 1\n[production]\nlead = 0\nheadroom = 4\n[fleet]\nhazard = 0.05\naging = 0.01\n";
    let settings = format!("{route}{settings}");
    let plan = plan_of(model_of(&format!("{text}\n{settings}")).unwrap());

    /// What was bought and deployed, by quarter.
    struct Spent(Vec<[f64; 2]>);
    impl Observer for Spent {
        fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch) {
            if step == Step::Trade && t > 0 {
                for b in 0..2 {
                    let part = batch.outputs.trade.spent[b] / batch.outputs.trade.had[b];
                    assert!((part[0] - 1.0).abs() < 1e-9, "{t}: {}", part[0]);
                }
            }
            if step == Step::Fleet {
                let smuggled =
                    batch.outputs.diversion.attempted.iter().chain(&batch.outputs.diversion.delivered);
                assert!(smuggled.copied().all(|x| x == Lanes::ZERO));
                self.0.push([batch.outputs.fleet.deployed[0][0], batch.outputs.fleet.deployed[1][0]]);
                // The renewal equation: every cohort, an eighth of a year old at the end of its quarter, less what failed since.
                let (h, g) = (plan.model.fleet.hazard, plan.model.fleet.aging);
                let (h, g) = (batch.inputs.value(h)[0], batch.inputs.value(g)[0]);
                for (k, count) in batch.state.fleet.count.iter().enumerate().take(2) {
                    let lived = |age: f64| h * age + 0.5 * g * age * age;
                    let alive =
                        |years: f64| chokepoint::internals::math::exp(lived(0.125) - lived(0.125 + years));
                    let exact: f64 = (0..=t).map(|s| self.0[s][k] * alive((t - s) as f64 / 4.0)).sum();
                    assert!((count[0] - exact).abs() <= 1e-3 * exact, "{t}: {} {exact}", count[0]);
                }
            }
        }
    }
    Batch::new(&plan).simulate(&plan, 0, &mut Spent(Vec::new()));
}

#[test]
fn fleets_follow_the_renewal_equation() {
    // One opening fleet and nothing bought: N(t) = N·exp(−∫h), the hazard linear in age.
    let text = "[run]\nhorizon = \"2022Q1..2031Q4\"\n[[country]]\nid = \"a\"\n[[designer]]\nid = \"d\"\ncountry = \"a\"\n\
         [[chip]]\nid = \"x\"\ndesigner = \"d\"\nbf16_tflops = 1000\n[[buyer]]\nid = \"b\"\ncountry = \"a\"\nopening.x = { count = 1000, age = 1 }\n\
         [fleet]\nhazard = 0.03\naging = 0.008\n";
    let plan = plan_of(model_of(text).unwrap());
    let mut batch = Batch::new(&plan);
    batch.simulate(&plan, 0, &mut ());
    let years = 10.0_f64;
    let exact = 1000.0
        * chokepoint::internals::math::exp(-(0.03 * years + 0.008 * ((1.0 + years).powi(2) - 1.0) / 2.0));
    let ours = batch.state.fleet.count[0][0];
    assert!((ours / exact - 1.0).abs() < 1e-3, "{ours} {exact}");
}

#[test]
fn published_runs_close_arithmetically() {
    // 25,000 A100 at 312 TFLOP/s, 34%, 95 days; 2.79 million H800 hours at 989.5 TFLOP/s and 34.3%.
    let gpt4: f64 = 25_000.0 * 312e12 * 0.34 * 95.0 * 86_400.0;
    assert!((gpt4 / 2.18e25 - 1.0).abs() < 0.01);
    let v3: f64 = 2.79e6 * 3600.0 * 989.5e12 * 0.343;
    assert!((v3 / 3.41e24 - 1.0).abs() < 0.01);
    let caps: [f64; 2] = [790e6 / 15_832.0, 26.9e6 / 15_832.0];
    assert!((caps[0] - 49_899.0).abs() < 1.0 && (caps[1] - 1_699.0).abs() < 1.0);
}

/// Everything recorded of some batches, with some quantities held.
fn recorded(
    plan: &Plan,
    recording: &Recording,
    held: &[(chokepoint::internals::model::QuantityId, f64)],
    batches: std::ops::Range<u64>,
) -> Vec<Lanes> {
    let mut batch = Batch::new(plan);
    let mut recorder = Recorder::new(plan, recording, &[]);
    let mut all = Vec::new();
    for b in batches {
        plan.layout.sample_with(b, held, &mut batch.inputs);
        batch.run(plan, b, &mut recorder);
        all.extend((0..recording.cells.len()).map(|place| recorder.cell(place)));
    }
    all
}

#[test]
fn no_input_is_dead() {
    // Some inputs act in few draws alone: power where little is built, answers where much lacks.
    for (path, batches) in [("scenarios/tutorial", 2), ("scenarios/baseline", 32)] {
        let model: Model = read(path, None).unwrap().1;
        let plan = plan_of(model);
        let recording = Recording::new(&plan, &["*".to_owned()]).unwrap();
        let path_of = |q: chokepoint::internals::model::QuantityId| &plan.model.quantities[q].path;
        let moved: Vec<_> = plan.layout.uncertain().filter(|q| !path_of(*q).starts_with("shock.")).collect();
        let dead: Vec<&String> = moved
            .into_par_iter()
            .filter(|&q| {
                let at = |b, u| recorded(&plan, &recording, &[(q, u)], b..b + 1);
                (0..batches).all(|b| at(b, 0.05) == at(b, 0.95))
            })
            .map(path_of)
            .collect();
        assert!(dead.is_empty(), "{path}: {dead:#?}");
    }
}

#[test]
fn every_shock_that_is_forced_changes_something() {
    for (path, by) in [("scenarios/tutorial", "2023Q2"), ("scenarios/baseline", "2027Q1")] {
        let base = plan_of(read(path, None).unwrap().1);
        let recording = Recording::new(&base, &["*".to_owned()]).unwrap();
        let without = recorded(&base, &recording, &[], 0..1);
        for shock in &base.model.shocks {
            if shock.date.is_some() {
                continue;
            }
            let set = vec![format!("shock.{}.date={by}", shock.id)];
            let forced = Project::open(&ScenarioRequest { set, ..ScenarioRequest::new(path) });
            let plan = plan_of(forced.unwrap_or_else(|e| panic!("{e}")).model);
            assert!(recorded(&plan, &recording, &[], 0..1) != without, "shock.{}", shock.id);
        }
    }
}

#[test]
fn enforcement_lowers_what_is_smuggled_and_no_controls_raise_what_is_imported() {
    let median = |policy: Option<&str>, pattern: &str| {
        let plan = plan_of(read("scenarios/baseline", policy).unwrap().1);
        let recording = Recording::new(&plan, &[pattern.to_owned()]).unwrap();
        let mut all: Vec<f64> = recorded(&plan, &recording, &[], 0..4).iter().flat_map(|x| x.0).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let smuggled = "country.china/smuggled_chips_cum@2028Q4";
    assert!(median(Some("enforcement-tenfold"), smuggled) < 0.9 * median(None, smuggled));
    let imported = "country.china/imported_h100e_cum@2028Q4";
    assert!(median(Some("no-controls"), imported) > 2.0 * median(None, imported));
    let shipped = "world/shipped_h100e_cum@2024Q4";
    assert!(median(Some("cowos-doubled"), shipped) > 1.02 * median(None, shipped));
}
