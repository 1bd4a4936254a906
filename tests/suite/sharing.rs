//! What a change shares with the scenario that it changes: what was read, and the quarters before it acts. It gives the same bits as a
//! plan that was read and run from nothing.

use crate::forks::{task, under};
use crate::support::plan_of;
use chokepoint::internals::engine::Batch;
use chokepoint::internals::engine::exchange::{Exchanged, Walker};
use chokepoint::internals::engine::fork::Fork;
use chokepoint::internals::engine::record::Recorder;
use chokepoint::internals::engine::run::simulate;
use chokepoint::internals::inputs::Exchange;
use chokepoint::internals::math::Lanes;
use chokepoint::internals::math::wide::{PARTS, WIDTH};
use chokepoint::internals::metrics::Recording;
use chokepoint::internals::plan::Plan;
use chokepoint::internals::scenario::Value;
use chokepoint::study::{Explorer, PolicySource, Project, Sampling, ScenarioRequest, Side, TextSource};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;

/// Sets of inputs of a walk that act from the start, and at most later.
const EARLY: usize = 4;
const LATE: usize = 24;
/// All cells.
const SELECT: &str = "**";
const BATCHES: u64 = 2;

fn scenario(path: &str) -> ScenarioRequest {
    let text = Project::open(&ScenarioRequest::new(path)).unwrap().document.to_toml();
    ScenarioRequest::new(TextSource::Text { name: "world".to_owned(), text })
}

/// Values of cells as bits, by address.
type Bits = BTreeMap<String, Vec<u64>>;

/// All cells of a scenario under a policy that is read, laid out and run from the horizon's start.
fn from_nothing(scenario: &ScenarioRequest, policy: &str) -> Option<Bits> {
    let under = scenario.clone().under(PolicySource::text("changed", policy));
    let plan = Project::open(&under).ok()?.plan(&Sampling::default()).unwrap();
    let recording = Recording::lean(&plan, &[SELECT.to_owned()]).ok()?;
    let mut all: Bits = recording.names.iter().map(|cell| (cell.address(), Vec::new())).collect();
    simulate::<()>(&task(&plan, &recording, WIDTH as u64 * BATCHES), &AtomicBool::new(false), |round| {
        for batch in &round.cells {
            for (cell, x) in recording.names.iter().zip(batch) {
                all.get_mut(&cell.address()).unwrap().extend(x.0.map(f64::to_bits));
            }
        }
        Ok(())
    })
    .ok()?;
    Some(all)
}

/// All cells of the base of a page that has one scenario open, which it changes and simulates.
fn from_the_page(page: &mut Explorer, policy: &str) -> Option<Bits> {
    page.change(policy).ok()?;
    let cells = page.cells().to_vec();
    let (mut all, mut values) = (Bits::new(), Vec::new());
    for batch in 0..BATCHES {
        page.simulate(Side::Changed, batch, &mut values).ok()?;
        for (cell, x) in cells.iter().zip(values.chunks(WIDTH)) {
            all.entry(cell.clone()).or_default().extend(x.iter().map(|x| x.to_bits()));
        }
    }
    Some(all)
}

/// Holds cells of a page to those of a run from nothing, where that has them.
fn same(page: &Bits, alone: &Bits, policy: &str) {
    for (cell, values) in page {
        match alone.get(cell) {
            Some(right) => assert_eq!(values, right, "{cell} under\n{policy}"),
            None => {
                assert!(values.iter().all(|x| f64::from_bits(*x).is_nan()), "{cell} is gone under\n{policy}");
            }
        }
    }
    assert!(page.keys().any(|cell| alone.contains_key(cell)), "{policy}");
}

fn page_of(scenario: &ScenarioRequest) -> Explorer {
    let TextSource::Text { name, text } = &scenario.scenario else { panic!("a text") };
    Explorer::open(name, text, &[SELECT.to_owned()], Sampling::default().seed).unwrap()
}

/// Rows of a table, by id.
fn ids(project: &Project, table: &str) -> Vec<String> {
    let Some(Value::List(rows)) = project.document.root.get(table).map(|n| &n.value) else {
        return Vec::new();
    };
    rows.iter().filter_map(|row| row.id().map(str::to_owned)).collect()
}

/// An edit: a number by a factor, a rule that is new, or a row that goes.
fn edit(project: &Project) -> impl Strategy<Value = String> + use<> {
    let paths: Vec<String> = project.model.quantities.iter().map(|q| q.path.clone()).collect();
    // Near what is written: many numbers have an upper end.
    let number = (prop::sample::select(paths), 5_u32..15)
        .prop_map(|(path, x)| format!("[[set]]\npath = \"{path}\"\ntimes = {}\n", f64::from(x) / 10.0));
    let rule = (2022_u32..2027, 1_u32..12, prop::bool::ANY).prop_map(|(year, month, chips)| {
        let day = format!("{year}-{month:02}-11");
        let what = if chips { "all = [{ tpp = \">= 100\" }]" } else { "all = [{ memory = \">= 40\" }]" };
        format!("[[add]]\ntable = \"rule\"\nrow = {{ id = \"more\", issuer = \"alpha\", announced = \"{day}\", effective = \"{day}\", requires = \"denied\", to = {{ groups = [\"restricted\"], headquarters = true }}, {what} }}\n")
    });
    let rows = ["rule", "shock", "route", "lab"]
        .map(|table| ids(project, table).into_iter().map(move |id| format!("{table}.{id}")));
    let gone = prop::sample::select(rows.into_iter().flatten().collect::<Vec<_>>())
        .prop_map(|row| format!("[[remove]]\npath = \"{row}\"\n"));
    prop_oneof![4 => number, 2 => rule, 1 => gone]
}

#[test]
fn a_change_gives_the_bits_of_a_plan_read_and_run_from_nothing() {
    let scenario = scenario("scenarios/tutorial");
    // One page has simulated the scenario as it stands and keeps it; the other has not, and keeps it a year earlier.
    let (mut kept, mut fresh) = (page_of(&scenario), page_of(&scenario));
    fresh.keep_at(Project::open(&scenario).unwrap().plan(&Sampling::default()).unwrap().shocks_from - 4);
    for batch in 0..BATCHES {
        kept.simulate(Side::Base, batch, &mut Vec::new()).unwrap();
    }
    let (mut right, mut later) = (0, 0);
    let mut runner = TestRunner::deterministic();
    let edits = prop::collection::vec(edit(&Project::open(&scenario).unwrap()), 1..3);
    for _ in 0..90 {
        let edits = edits.new_tree(&mut runner).unwrap().current();
        let policy = format!("title = \"x\"\n{}", edits.concat());
        let alone = from_nothing(&scenario, &policy);
        let (with, without) = (from_the_page(&mut kept, &policy), from_the_page(&mut fresh, &policy));
        assert_eq!(with.is_some(), alone.is_some(), "{policy}");
        let (Some(alone), Some(with), Some(without)) = (alone, with, without) else { continue };
        assert_eq!(with, without, "{policy}");
        same(&with, &alone, &policy);
        right += 1;
        // Some are enough.
        later += usize::from(later < 4 && starts_late(&scenario, &policy));
    }
    assert!(
        right > 20 && later > 3,
        "{right} changes were held to a run from nothing, {later} of which act late"
    );
}

/// Whether a change acts after what is known, so that a page starts from what it kept.
fn starts_late(scenario: &ScenarioRequest, policy: &str) -> bool {
    let plan =
        |request: &ScenarioRequest| Project::open(request).unwrap().plan(&Sampling::default()).unwrap();
    let (base, changed) =
        (plan(scenario), plan(&scenario.clone().under(PolicySource::text("changed", policy))));
    let recording = |plan| Recording::lean(plan, &[SELECT.to_owned()]).unwrap();
    let fork = Fork::new((&base, &recording(&base)), (&changed, &recording(&changed)));
    fork.is_some_and(|fork| fork.at >= base.shocks_from)
}

/// Sets of inputs that are exchanged together: of those that begin to act late at most so many, all over the list, and a few that act from
/// the start.
fn groups_of(plan: &Plan, recording: &Recording) -> (Vec<BTreeSet<String>>, usize) {
    let sets: Vec<BTreeSet<String>> =
        plan.independent().into_iter().map(|s| s.into_iter().collect()).collect();
    let exchanges = sets.iter().map(|set| plan.second(set)).collect();
    let from: Vec<usize> = Exchanged::new(plan, recording, exchanges).acts_from().collect();
    let (first, late): (Vec<_>, Vec<_>) = sets.into_iter().zip(from).partition(|(_, from)| *from == 0);
    let (mut first, apart) = (first.into_iter().take(EARLY), late.len().div_ceil(LATE));
    let late: Vec<BTreeSet<String>> = late.into_iter().step_by(apart.max(1)).map(|(set, _)| set).collect();
    let count = late.len();
    // Early ones lie between late ones.
    let mut all = Vec::new();
    for (i, set) in late.into_iter().enumerate() {
        if i % EARLY == 0 {
            all.extend(first.next().map(|(set, _)| set));
        }
        all.push(set);
    }
    (all, count)
}

/// Holds the points of walks to plans that take the same uniforms and run from the start.
fn walk(path: &str, policy: Option<&str>) -> usize {
    let texts = std::iter::once("title = \"none\"").chain(policy);
    let plans: Vec<Plan> = texts.map(|text| plan_of(under(path, text))).collect();
    let record = |plan: &Plan| Recording::lean(plan, &[SELECT.to_owned()]).unwrap();
    let recordings: Vec<Recording> = plans.iter().map(record).collect();
    let (sets, late) = groups_of(&plans[0], &recordings[0]);
    let exchanges = |plan: &Plan| -> Vec<Exchange> { sets.iter().map(|set| plan.second(set)).collect() };
    let sides: Vec<Exchanged<'_>> =
        plans.iter().zip(&recordings).map(|(p, r)| Exchanged::new(p, r, exchanges(p))).collect();
    let mut walker = Walker::new(&sides[0], sides.get(1));
    for batch in [0, 5] {
        // The parts of a batch go in orders of their own.
        let turned = |part: usize, k: usize| {
            let place = (k + batch as usize + part * sets.len() / 2) % sets.len();
            if batch > 0 { sets.len() - 1 - place } else { place }
        };
        let order: Vec<[usize; PARTS]> =
            (0..sets.len()).map(|k| std::array::from_fn(|part| turned(part, k))).collect();
        let points = walker.walk::<()>(batch, &order, &AtomicBool::new(false), || ()).unwrap();
        for (seat, (plan, recording)) in plans.iter().zip(&recordings).enumerate() {
            let (mut moved, seconds) = (plan.clone(), exchanges(plan));
            for (point, groups) in points.iter().zip(order.iter().chain(&order)) {
                let mut recorder = Recorder::new(&moved, recording, &[]);
                Batch::new(&moved).simulate(&moved, batch, &mut recorder);
                let bits = |x: &Lanes| x.0.map(f64::to_bits);
                for (part, &group) in groups.iter().enumerate() {
                    let values = point[seat][part].iter().zip(&recorder.parts[part].cells);
                    for (cell, (x, right)) in recording.names.iter().zip(values) {
                        assert_eq!(bits(x), bits(right), "{} before {:?}", cell.address(), sets[group]);
                    }
                    moved.layout.exchange(&seconds[group], part);
                }
            }
        }
    }
    late
}

#[test]
fn points_of_a_walk_are_those_of_plans_that_run_from_the_start() {
    let rule = "title = \"t\"\n[[set]]\npath = \"rule.alpha-2023.a1.tpp\"\nvalue = 100";
    let sign = "title = \"t\"\n[[set]]\npath = \"buyer.*.budget\"\ntimes = 0.5\nwhen = { sign = \"world/fleet_h100e > 20k\", from = \"2024Q1\", lag = 4 }";
    for policy in [None, Some(rule), Some(sign)] {
        assert!(walk("scenarios/tutorial", policy) > 2, "{policy:?}");
    }
    let policy = std::fs::read_to_string("scenarios/baseline/policies/taiwan-blockade-2027.toml").unwrap();
    assert!(walk("scenarios/baseline", Some(&policy)) > 20);
}
