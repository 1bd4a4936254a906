//! What `check` accepts, runs: edits made up at random, on worlds made up at random and on one that fits on a page.

use crate::support::{PAGE, worlds};
use chokepoint::study::{
    Error, PolicySource, Project, Run, RunRequest, Sampling, ScenarioRequest, SimulationRequest, TextSource,
};
use proptest::prelude::*;

/// Numbers that edits multiply by, add or set: nothing, everything, and what lies between.
const NUMBERS: [&str; 18] = [
    "0", "-1", "1", "0.5", "2", "1e-3", "1e3", "1e-9", "1e9", "1e-20", "1e20", "1e-300", "1e300", "nan",
    "inf", "-1e9", "0.999999", "1e-12",
];

/// Whether `check` accepts a world under a policy; if so it runs 16 draws, audited, and every recorded value is finite.
fn accepted_runs(world: &str, policy: &str) -> Result<bool, String> {
    let scenario = ScenarioRequest::new(TextSource::text("scenario.toml", world));
    let scenario = scenario.under(PolicySource::text("edits", policy));
    match Project::open(&scenario) {
        Err(Error::Findings(_)) => return Ok(false),
        Err(error) => return Err(format!("neither accepted nor refused at its place: {error}\n{policy}")),
        Ok(_) => {}
    }
    let simulation = SimulationRequest {
        sampling: Sampling { draws: 16, ..Sampling::default() },
        audit: true,
        threads: 1,
        select: vec!["**".to_owned()],
        ..SimulationRequest::default()
    };
    let request = RunRequest { scenario, simulation, ..RunRequest::new("") };
    let run = Run::open(&request, &()).map_err(|e| format!("{e}\n{policy}"))?;
    run.simulate(None, &()).map_err(|e| format!("{e}\n{policy}"))?;
    Ok(true)
}

fn policy(paths: &[String], edits: &[(usize, usize, usize)]) -> String {
    edits.iter().fold("title = \"Edits\"\n".to_owned(), |text, (path, kind, number)| {
        let kind = ["times", "plus", "value"][kind % 3];
        let (path, number) = (&paths[path % paths.len()], NUMBERS[number % NUMBERS.len()]);
        text + &format!("[[set]]\npath = \"{path}\"\n{kind} = {number}\n")
    })
}

fn paths(world: &str) -> Vec<String> {
    let model = crate::support::model_of(world).unwrap();
    model.quantities.iter().map(|q| q.path.clone()).collect()
}

fn edits() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    prop::collection::vec((any::<usize>(), 0_usize..3, 0_usize..NUMBERS.len()), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 30, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn on_a_page(edits in edits()) {
        let policy = policy(&paths(PAGE), &edits);
        let ran = accepted_runs(PAGE, &policy);
        prop_assert!(ran.is_ok(), "{}", ran.unwrap_err());
    }

    #[test]
    fn on_the_tutorial(edits in edits()) {
        let world = include_str!("../../scenarios/tutorial/scenario.toml");
        let policy = policy(&paths(world), &edits);
        let ran = accepted_runs(world, &policy);
        prop_assert!(ran.is_ok(), "{}", ran.unwrap_err());
    }

    #[test]
    fn on_worlds_made_up_at_random(seed in 0_u64..1_000_000, edits in edits()) {
        let world = made_up(seed);
        let policy = policy(&paths(&world), &edits);
        let ran = accepted_runs(&world, &policy);
        prop_assert!(ran.is_ok(), "{}", ran.unwrap_err());
    }
}

/// A world made up at random. The paths that lead a net may match nothing under edits, which a project refuses: there are none.
fn made_up(seed: u64) -> String {
    let world: Vec<_> =
        worlds::world(seed).lines().filter(|l| !l.starts_with("lead")).map(str::to_owned).collect();
    world.join("\n")
}

/// A designer without room of its own plans by the needs of all lines, and is given what is left at one of them.
#[test]
fn a_doubled_claim_leaves_the_account_of_recipes_whole() {
    let world = made_up(899_513);
    let policy = policy(&paths(&world), &[(9_072_332_407_704_826_085, 0, 4)]);
    let ran = accepted_runs(&world, &policy);
    assert!(ran.is_ok(), "{}", ran.unwrap_err());
}

/// What is used of a line with room for millions of times as much is known to the rounding of its room.
#[test]
fn room_for_far_more_leaves_the_account_of_recipes_whole() {
    let world = made_up(184_227);
    let policy = policy(&paths(&world), &[(12_897_161_500_086_341_371, 0, 10)]);
    let ran = accepted_runs(&world, &policy);
    assert!(ran.is_ok(), "{}", ran.unwrap_err());
}

/// Edits that once passed and failed later, or came out as plausible numbers.
#[test]
fn what_once_passed_and_failed_later_is_refused() {
    for (edit, refused) in [
        ("path = \"chip.n1.price.after\"\nvalue = 0", true),
        ("path = \"chip.n1.price\"\ntimes = nan", true),
        ("path = \"chip.n1.price\"\ntimes = 1e300", true),
        ("path = \"chip.n1.price\"\ntimes = 1e-300", true),
        ("path = \"chip.n1.price\"\ntimes = 0", true),
        ("path = \"chip.n1.die_area\"\ntimes = 0", false),
        ("path = \"facility.fab.defect_density\"\ntimes = 1e20", false),
        ("path = \"facility.fab.line_yield\"\nvalue = 0", true),
        ("path = \"buyer.omega-labs.budget\"\ntimes = 0", false),
        ("path = \"buyer.omega-labs.budget.after\"\nvalue = 1e6", true),
        ("path = \"chip.n1.launch\"\ntimes = 2", true),
    ] {
        let policy = format!("title = \"x\"\n[[set]]\n{edit}\n");
        let ran = accepted_runs(PAGE, &policy);
        assert_eq!(ran, Ok(!refused), "{edit}");
    }
}
