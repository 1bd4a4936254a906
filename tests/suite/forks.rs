//! Policies fork from the scenario as it stands: the same bits as a full run, from as late a quarter as can be.

use crate::support::plan_of;
use chokepoint::internals::engine::run::{Alternative, Round, Task, simulate, simulate_paired};
use chokepoint::internals::math::Lanes;
use chokepoint::internals::metrics::Recording;
use chokepoint::internals::model::Model;
use chokepoint::internals::plan::Plan;
use chokepoint::study::{PolicySource, Project, ScenarioRequest};
use std::sync::atomic::AtomicBool;

/// A scenario's model under a policy given as TOML.
pub(crate) fn under(path: &str, policy: &str) -> Model {
    let scenario = ScenarioRequest::new(path).under(PolicySource::text("policy", policy));
    Project::open(&scenario).unwrap_or_else(|e| panic!("{e}")).model
}

pub(crate) fn task<'a>(plan: &'a Plan, recording: &'a Recording, draws: u64) -> Task<'a> {
    Task { plan, recording, flows: &[], from: 0, draws, given: None, audit: false, inputs: false }
}

/// All that is recorded, batch by batch, as bits.
fn bits(rounds: &[Round]) -> Vec<u64> {
    let mut all = Vec::new();
    for round in rounds {
        for b in 0..round.masks.len() {
            for list in [&round.cells[b], &round.tracked[b]] {
                all.extend(list.iter().flat_map(|x| x.0.map(f64::to_bits)));
            }
            all.extend(round.labels[b].iter().flat_map(|codes| codes.map(u64::from)));
        }
    }
    all
}

/// Checks a policy on a scenario; gives the quarter at which it forks and how many values differ from the base.
pub(crate) fn check(path: &str, policy: &str, draws: u64) -> (Option<usize>, usize) {
    let base = plan_of(under(path, "title = \"none\""));
    let plan = plan_of(under(path, policy));
    let select = if path.contains("tutorial") { vec!["*".to_owned()] } else { Vec::new() };
    let recording = |plan: &Plan| Recording::new(plan, &select).unwrap();
    let (was, is) = (recording(&base), recording(&plan));
    let first = task(&base, &was, draws);
    let alternative = Alternative::new(&first, &plan, &is);
    let stop = AtomicBool::new(false);
    let (mut together, mut before, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    simulate_paired::<()>(&first, std::slice::from_ref(&alternative), &stop, |rounds| {
        together.push(rounds.pop().unwrap());
        before.push(rounds.pop().unwrap());
        Ok(())
    })
    .unwrap();
    simulate::<()>(&task(&plan, &is, draws), &stop, |round| {
        alone.push(round);
        Ok(())
    })
    .unwrap();
    let (together, alone) = (bits(&together), bits(&alone));
    assert_eq!(together.len(), alone.len());
    let wrong = together.iter().zip(&alone).filter(|(a, b)| a != b).count();
    assert_eq!(wrong, 0, "of {} values differ from a full run under\n{policy}", alone.len());
    let before = bits(&before);
    let moved = if before.len() == alone.len() {
        before.iter().zip(&alone).filter(|(a, b)| a != b).count()
    } else {
        usize::MAX
    };
    (alternative.fork.map(|f| f.at), moved)
}

#[test]
fn forks_of_the_tutorial_are_full_runs_to_the_bit() {
    let rule = |announced: &str, effective: &str, more: &str| {
        format!(
            "title = \"t\"\n[[add]]\ntable = \"rule\"\nrow = {{ id = \"more\", issuer = \"alpha\", announced = \"{announced}\", effective = \"{effective}\", requires = \"denied\", to = {{ groups = [\"restricted\"], headquarters = true }}, all = [{{ tpp = \">= 100\" }}]{more} }}"
        )
    };
    let set = |path: &str, value: &str| format!("title = \"t\"\n[[set]]\npath = \"{path}\"\nvalue = {value}");
    let shock =
        |row: &str| format!("title = \"t\"\n[[add]]\ntable = \"shock\"\nrow = {{ id = \"new\", {row} }}");
    let cases: Vec<(String, Option<usize>)> = vec![
        ("title = \"nothing\"".to_owned(), Some(20)),
        (rule("2024-05-01", "2025-02-15", ""), Some(9)),
        (rule("2025-02-15", "2025-02-15", ", lag = { value = \"0 to 2\", unit = \"quarters\" }"), Some(12)),
        (rule("2024-05-01", "2024-08-01", ", in_force = \"bernoulli(50%)\""), Some(9)),
        (rule("2026-11-01", "2026-12-20", ""), Some(19)),
        (
            rule("2025-02-15", "2025-05-15", ", cap = { home_share = \"20%\" }")
                .replace("\"denied\"", "\"license\""),
            None,
        ),
        (set("rule.alpha-2023.until", "\"2025-07-01\""), Some(6)),
        (set("rule.alpha-2023.a1.tpp", "100"), Some(6)),
        ("title = \"t\"\n[[remove]]\npath = \"rule.alpha-2023\"".to_owned(), Some(6)),
        (
            shock(
                "date = \"2025-05-10\", duration = { value = \"0.5 to 3\", unit = \"quarters\" }, recovery = \"linear\", capacity = { on = \"facility.fab\", times = \"20% to 70%\" }",
            ),
            Some(13),
        ),
        (
            shock(
                "hazard = \"0.5 to 2 per year\", recurring = true, duration = { value = 1, unit = \"quarters\" }, budget = { on = \"buyer.*\", times = \"50%\" }",
            ),
            Some(1),
        ),
        (
            shock(
                "date = \"2024-01-01\", duration = { value = 4, unit = \"quarters\" }, lifts = [\"alpha-2023\"]",
            ),
            Some(8),
        ),
        (set("shock.fab-outage.hazard", "\"1 to 2 per year\""), Some(1)),
        ("title = \"t\"\n[[remove]]\npath = \"shock.fab-outage\"".to_owned(), Some(1)),
        (set("route.*.detection", "\"50%\""), None),
        ("title = \"t\"\n[[set]]\npath = \"route.*.detection\"\ntimes = 10".to_owned(), None),
        (set("facility.fab.capacity.2026Q4", "\"30k to 50k\""), None),
        (
            set("diversion.verification", "{ between = \"step\", 2022Q1 = 0, 2025Q1 = \"30% to 60%\" }"),
            Some(11),
        ),
    ];
    for (policy, at) in cases {
        let (fork, moved) = check("scenarios/tutorial", &policy, 64);
        assert_eq!(fork, at, "{policy}");
        assert_eq!(moved == 0, at == Some(20), "{moved} values moved under\n{policy}");
    }
}

#[test]
fn forks_of_the_baseline_are_full_runs_to_the_bit() {
    let ban = "title = \"t\"\n[[add]]\ntable = \"rule\"\nrow = { id = \"ban\", issuer = \"us\", announced = \"2028-05-01\", effective = \"2028-08-01\", requires = \"denied\", to = { countries = [\"china\", \"malaysia\"], headquarters = true }, all = [{ tpp = \">= 100\" }] }";
    let set = |path: &str, value: &str| format!("title = \"t\"\n[[set]]\npath = \"{path}\"\nvalue = {value}");
    let shock = "title = \"t\"\n[[add]]\ntable = \"shock\"\nrow = { id = \"new\", hazard = \"0.2 to 1 per year\", recurring = true, duration = { value = \"1 to 4\", unit = \"quarters\" }, capacity = { on = \"facility.tsmc-*\", times = \"20% to 70%\" } }";
    let deal = "title = \"t\"\n[[add]]\ntable = \"commitment\"\nrow = { id = \"new\", designer = \"amd\", buyer = \"oracle\", units = { unit = \"chips/quarter\", 2026Q4 = 0, 2027Q1 = \"1k to 9k\" } }";
    let cases = [
        (ban.to_owned(), Some(25)),
        (shock.to_owned(), Some(18)),
        (
            set("diversion.verification", "{ between = \"step\", 2022Q1 = 0, 2028Q2 = \"30% to 60%\" }"),
            Some(24),
        ),
        ("title = \"nothing\"".to_owned(), Some(36)),
        // What is installed is found a quarter before it opens; answers to scarcity look back at a year.
        (set("facility.amkor-arizona.delay", "3"), Some(23)),
        (set("facility.amkor-arizona.opens", "\"2027-07-01\""), Some(21)),
        (set("facility.ase-cowos.answer", "0"), Some(15)),
        (deal.to_owned(), Some(19)),
        // The first quarter has no last one whose rents were scarce; nothing is done in 8 bits before the middle of 2023.
        (set("rental.scarcity", "0.9"), Some(1)),
        (set("training.low_precision_mfu", "1.1"), Some(7)),
    ];
    for (policy, at) in cases {
        let (fork, moved) = check("scenarios/baseline", &policy, 32);
        assert_eq!(fork, at, "{policy}");
        assert_eq!(moved == 0, at == Some(36), "{moved} values moved under\n{policy}");
    }
    // What a policy of the library cannot wait for is run in full.
    for name in ["no-controls", "enforcement-tenfold", "taiwan-blockade-2027", "cowos-doubled"] {
        let text = std::fs::read_to_string(format!("scenarios/baseline/policies/{name}.toml")).unwrap();
        check("scenarios/baseline", &text, 16);
    }
}

/// Quarters that a policy's draws are simulated for: from where it forks, or all.
fn work(base: &Plan, policy: &Plan) -> usize {
    let recording = |plan: &Plan| Recording::new(plan, &[]).unwrap();
    let (was, is) = (recording(base), recording(policy));
    let alternative = Alternative::new(&task(base, &was, 8), policy, &is);
    policy.quarters - alternative.fork.map_or(0, |f| f.at)
}

#[test]
fn eight_late_policies_cost_at_most_three_runs_more() {
    let base = plan_of(under("scenarios/baseline", "title = \"none\""));
    let mut quarters = base.quarters;
    for k in 0..8 {
        let late = format!(
            "title = \"late\"\n[[add]]\ntable = \"rule\"\nrow = {{ id = \"late\", issuer = \"us\", announced = \"2028-05-01\", effective = \"2028-08-01\", requires = \"denied\", to = {{ countries = [\"china\"], headquarters = true }}, all = [{{ tpp = \">= {}\" }}] }}",
            1000 + 500 * k
        );
        quarters += work(&base, &plan_of(under("scenarios/baseline", &late)));
    }
    // Announced in 2028Q2, the 26th quarter of 36: eleven quarters each beside the 36 that all share.
    assert_eq!(base.quarters, 36);
    assert!(quarters <= 36 + 8 * 11, "{quarters} quarters");
}

#[test]
fn draws_that_begin_or_end_within_a_batch_are_those_of_a_longer_run() {
    let plan = plan_of(under("scenarios/tutorial", "title = \"none\""));
    let recording = Recording::new(&plan, &["*".to_owned()]).unwrap();
    // By eights: its number, the draws that count, strikes and all bits.
    let eights = |from: u64, draws: u64| {
        let mut all = Vec::new();
        let task = Task { from, inputs: true, ..task(&plan, &recording, draws) };
        simulate::<()>(&task, &AtomicBool::new(false), |round| {
            let bits = |lists: &[Vec<Lanes>], b: usize| -> Vec<u64> {
                lists[b].iter().flat_map(|x| x.0.map(f64::to_bits)).collect()
            };
            for b in 0..round.masks.len() {
                let strikes: Vec<String> = round.strikes[b].iter().map(|s| format!("{s:?}")).collect();
                let values = (bits(&round.cells, b), bits(&round.inputs, b), round.labels[b].clone());
                all.push((round.first + b as u64, round.masks[b], strikes, values));
            }
            Ok(())
        })
        .unwrap();
        all
    };
    let whole = eights(0, 560);
    assert!(whole.iter().any(|(_, _, strikes, _)| !strikes.is_empty()));
    for (from, draws) in [(8, 16), (8, 24), (24, 32), (40, 61), (248, 280), (504, 560)] {
        let part = eights(from, draws);
        assert_eq!(part.len() as u64, (draws - from).div_ceil(8), "{from} to {draws}");
        for ((number, mask, strikes, values), (i, all, of_all, right)) in
            part.iter().zip(&whole[from as usize / 8..])
        {
            assert!(number == i && strikes == of_all && values == right, "eight {i} of {from} to {draws}");
            let counts = |lane: usize| all.lane(lane) && number * 8 + (lane as u64) < draws;
            assert!((0..8).all(|lane| mask.lane(lane) == counts(lane)), "eight {i} of {from} to {draws}");
        }
    }
}
