//! A study as another program runs it: findings as values, a folder afterwards, errors of a type, somebody who watches.

use crate::support::PAGE;
use assert_cmd::Command;
use chokepoint::Network;
use chokepoint::internals::report::world;
use chokepoint::study::{
    Compare, CompareRequest, Destination, Error, ErrorKind, Note, PolicySource, Project, Run, RunRequest,
    ScenarioRequest, Simulation, TextSource, Watch, Work,
};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

const TUTORIAL: &str = "scenarios/tutorial";
const DRAWS: u64 = 64;

fn request() -> RunRequest {
    let mut request = RunRequest::new(TUTORIAL);
    request.simulation.sampling.draws = DRAWS;
    request
}

fn identity(folder: &Path) -> serde_json::Value {
    let text = fs::read_to_string(folder.join("manifest.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["identity"].clone()
}

#[test]
fn what_is_written_afterwards_is_what_the_command_writes() {
    let root = tempfile::tempdir().unwrap();
    let (ours, theirs) = (root.path().join("ours"), root.path().join("theirs"));
    let run = Run::open(&request(), &()).unwrap();
    let results = run.simulate(None, &()).unwrap();
    assert_eq!((results.took.draws, results.took.used), (DRAWS, DRAWS));
    let tables = results.tables();
    let to = Destination { out: Some(ours.clone()), ..Destination::default() };
    let written = results.write(run.folder(&to, &()).unwrap().expect("a new folder")).unwrap();
    assert_eq!((&written.path, written.manifest.draws), (&ours, DRAWS));
    let mut command = Command::cargo_bin("chokepoint").unwrap();
    let draws = DRAWS.to_string();
    command.args(["run", TUTORIAL, "--draws", &draws, "--quiet", "--out", theirs.to_str().unwrap()]);
    command.assert().success();
    for table in &tables {
        let name = table.schema.name;
        let [a, b] = [&ours, &theirs].map(|folder| fs::read_to_string(folder.join(name)).unwrap());
        assert!(a == table.text && b == table.text, "{name}");
    }
    // The folder has the tables of the study, those that say what the scenario is about, and no others.
    let model = Project::open(&ScenarioRequest::new(TUTORIAL)).unwrap().model;
    let world = world::tables(&model, &Network::from_model(&model));
    let told: BTreeSet<&str> = tables.iter().chain(&world).map(|table| table.schema.name).collect();
    let files = fs::read_dir(&ours).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let there: Vec<String> =
        files.filter(|f| f != "answer.csv" && f.strip_suffix(".csv").is_some()).collect();
    assert_eq!(told, there.iter().map(String::as_str).collect());
    assert_eq!(identity(&ours), identity(&theirs));
    assert!(run.folder(&to, &()).unwrap().is_none(), "the same study is there, complete");
}

#[test]
fn values_of_draws_are_what_a_comparison_pairs() {
    let cell = "country.alpha/reachable_flop@2025Q4";
    let mut request = CompareRequest::new(TUTORIAL);
    request.policies = vec![PolicySource::text(
        "half",
        "title = \"half the money\"\n[[set]]\npath = \"buyer.*.budget\"\ntimes = 0.5\n",
    )];
    request.simulation.select = vec![cell.to_owned()];
    request.simulation.sampling.draws = DRAWS;
    let study = Compare::open(&request, &()).unwrap();
    let results = study.simulate(None, &()).unwrap();
    assert_eq!(results.plans(), ["base", "half"]);
    let place = results.cells().iter().position(|c| c.address() == cell).unwrap();
    let [base, half] = &study.values(&()).unwrap()[..] else { panic!("two plans") };
    let pairs = base.of(cell).unwrap().iter().zip(half.of(cell).unwrap());
    let mean = pairs.map(|(a, b)| b - a).sum::<f64>() / DRAWS as f64;
    let paired = results.paired(place, 1).mean.value;
    assert!(mean < 0.0 && (paired / mean - 1.0).abs() < 1e-9, "{paired} {mean}");
    assert_eq!(base.draws(), (0..DRAWS).collect::<Vec<_>>());
}

#[test]
fn numbers_that_a_policy_leaves_alone_are_the_scenarios_own() {
    let mut request = CompareRequest::new(TUTORIAL);
    let half = "title = \"half the money\"\n[[set]]\npath = \"buyer.*.budget\"\ntimes = 0.5\n";
    request.policies = vec![PolicySource::text("half", half)];
    let study = Compare::open(&request, &()).unwrap();
    let numbers = |simulation: &Simulation| simulation.plan.model.quantities.clone();
    let (base, half) = (numbers(&study.base), numbers(&study.others[0]));
    let (mut own, mut shared) = (0, 0);
    for quantity in half.iter() {
        let theirs = base.iter().find(|q| q.path == quantity.path).unwrap();
        let touched = quantity.path.starts_with("buyer.") && quantity.path.ends_with(".budget");
        assert_eq!(Arc::ptr_eq(theirs, quantity), !touched, "{}", quantity.path);
        assert_eq!(quantity.edited_by.is_empty(), !touched);
        if touched { own += 1 } else { shared += 1 }
    }
    assert!(own == 2 && shared > 100, "{own} {shared}");
}

/// Notes down what it is told, and stops from the start if it is to.
#[derive(Default)]
struct Diary {
    stop: AtomicBool,
    steps: Mutex<Vec<u64>>,
    notes: Mutex<Vec<Note>>,
}

impl Watch for Diary {
    fn begin(&self, work: Work, steps: u64) {
        assert_eq!((work, steps), (Work::Draws, DRAWS));
    }
    fn progress(&self, done: u64) {
        self.steps.lock().unwrap().push(done);
    }
    fn note(&self, note: &Note) {
        self.notes.lock().unwrap().push(note.clone());
    }
    fn stop(&self) -> &AtomicBool {
        &self.stop
    }
}

#[test]
fn who_watches_is_told_and_may_stop() {
    let diary = Diary::default();
    let mut asked = request();
    let known = Project::open(&ScenarioRequest::new(TUTORIAL)).unwrap().model;
    let shock = &known.shocks.first().expect("the tutorial has a shock").id;
    asked.simulation.given = Some(format!("not shock.{shock} by {}", known.run.horizon.last));
    let run = Run::open(&asked, &diary).unwrap();
    let used = run.simulate(None, &diary).unwrap().took.used;
    assert_eq!(diary.steps.lock().unwrap().last(), Some(&DRAWS));
    assert!(diary.notes.lock().unwrap().contains(&Note::Counted { used, draws: DRAWS }) && used < DRAWS);
    let stopped = Diary { stop: AtomicBool::new(true), ..Diary::default() };
    assert!(matches!(run.simulate(None, &stopped), Err(Error::Interrupted)));
}

#[test]
fn errors_say_what_they_are() {
    let near = Project::open(&ScenarioRequest::new("scenarios/tutoral"));
    let Err(Error::NoScenario { near: Some(near), .. }) = near else { panic!("no such scenario") };
    assert!(near.ends_with("tutorial"));
    let broken = TextSource::text("scenario.toml", PAGE.replace("defect_density =", "defect_densty ="));
    let Err(Error::Findings(findings)) = Project::open(&ScenarioRequest::new(broken)) else {
        panic!("an unknown key")
    };
    assert!(findings.diagnostics.has_errors() && findings.render(false).contains("defect_densty"));
    let mut streamed = request();
    streamed.simulation.export = vec!["draws=csv".to_owned()];
    let run = Run::open(&streamed, &()).unwrap();
    let refused = run.simulate(None, &()).err().expect("a row a draw takes a folder");
    assert!(matches!(refused, Error::ExportWithoutFolder) && refused.kind() == ErrorKind::Misused);
    let alone = Compare::open(&CompareRequest::new(TextSource::text("page.toml", PAGE)), &());
    assert!(matches!(alone, Err(Error::NoPolicy)));
}
