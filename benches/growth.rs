//! How time and memory grow: with draws, threads, the size of the world and policies; whole runs, all cells summarised.
//!
//! `cargo bench --bench growth [-- SCENARIO]`. Each figure is the least of several runs; an exponent is fitted in logarithms.

use chokepoint::internals::engine::run::{Alternative, Round, Task, simulate, simulate_paired};
use chokepoint::internals::metrics::headline;
use chokepoint::internals::metrics::{Cells, FlowSource, Recording, flows};
use chokepoint::internals::plan::Plan;
use chokepoint::internals::results::Summary;
use chokepoint::study::{Project, Sampling, ScenarioRequest, TextSource, policies};
use std::convert::Infallible;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Runs of which the fastest counts.
const RUNS: usize = 3;
/// More draws than this are run once.
const LONG: u64 = 8192;
/// Where a million draws take seconds.
const SMALL: &str = "scenarios/tutorial";

fn main() {
    let path =
        std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or("scenarios/baseline".to_owned());
    let text = read(&path);
    println!("{path}: seconds of a whole run, the fastest of {RUNS}\n");
    let plan = plan_of(&text);
    grow("draws, one thread", &[1024, 4096, 16_384], |draws| seconds(&plan, draws, 1));
    let small = plan_of(&read(SMALL));
    grow(&format!("draws of {SMALL}, one thread"), &[1 << 10, 1 << 15, 1 << 20], |draws| {
        seconds(&small, draws, 1)
    });
    let one = seconds(&plan, 4096, 1);
    let two = seconds(&plan, 4096, 2);
    println!("two threads over one, 4096 draws: {:.2}\n", one / two);
    grow("buyers, 256 draws, one thread", &[1, 3, 10, 30], |times| {
        let plan = plan_of(&with_more_buyers(&text, times));
        print!("{:>6} sale edges", plan.edges.sales.len());
        seconds(&plan, 256, 1)
    });
    let alternatives = policies_of(&path);
    let most = alternatives.len().min(16) as u64;
    let counts: Vec<u64> = [1, 2, 4, 8, 16].into_iter().filter(|&n| n <= most).collect();
    if counts.len() > 1 {
        grow("policies beside the scenario, headline cells, 512 draws, one thread", &counts, |n| {
            seconds_of_alternatives(&plan, &alternatives[..n as usize], 512)
        });
    }
    println!("peak memory: {}", peak_memory());
}

/// A scenario in one text.
fn read(path: &str) -> String {
    Project::open(&ScenarioRequest::new(path)).expect("a scenario").document.to_toml()
}

/// Plans of a scenario's own policies, in order of their names.
fn policies_of(path: &str) -> Vec<Plan> {
    let names = policies(&path.into()).into_iter();
    names.map(|name| planned(&ScenarioRequest::new(path).under(name))).collect()
}

/// Seconds of simulating policies beside a scenario, forked and sampled together as `compare` does it.
fn seconds_of_alternatives(plan: &Plan, policies: &[Plan], draws: u64) -> f64 {
    let lean = |plan: &Plan| {
        let cells = Cells::of(plan).expect("ratios");
        let headline = headline::cells(&cells);
        Recording::lean_among(cells, &headline).expect("cells")
    };
    let (recording, theirs) = (lean(plan), policies.iter().map(lean).collect::<Vec<_>>());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let task = task(plan, &recording, &[], draws);
    let alternatives: Vec<Alternative<'_>> = policies
        .iter()
        .zip(&theirs)
        .map(|(plan, recording)| Alternative::new(&task, plan, recording))
        .collect();
    let run = |_| {
        let start = Instant::now();
        let stop = AtomicBool::new(false);
        let done =
            pool.install(|| simulate_paired(&task, &alternatives, &stop, |_| Ok::<(), Infallible>(())));
        assert!(done.is_ok());
        start.elapsed().as_secs_f64()
    };
    (0..RUNS).map(run).fold(f64::INFINITY, f64::min)
}

fn task<'a>(plan: &'a Plan, recording: &'a Recording, flows: &'a [FlowSource], draws: u64) -> Task<'a> {
    Task { plan, recording, flows, from: 0, draws, given: None, audit: false, inputs: false }
}

fn plan_of(text: &str) -> Plan {
    planned(&ScenarioRequest::new(TextSource::text("world.toml", text)))
}

fn planned(scenario: &ScenarioRequest) -> Plan {
    let project = Project::open(scenario).unwrap_or_else(|e| panic!("{e}"));
    project.plan(&Sampling::default()).expect("a plan")
}

/// Every buyer so many times over, under other names.
fn with_more_buyers(text: &str, times: u64) -> String {
    let mut out = String::new();
    for (i, block) in text.split("[[").enumerate() {
        let block = if i == 0 { block.to_owned() } else { format!("[[{block}") };
        out += &block;
        if !block.starts_with("[[buyer]]") {
            continue;
        }
        for k in 1..times {
            out += &block.replacen("id = \"", &format!("id = \"n{k}-"), 1);
        }
    }
    out
}

/// Seconds of a run, the fastest of several.
fn seconds(plan: &Plan, draws: u64, threads: usize) -> f64 {
    let recording = Recording::new(plan, &[]).expect("cells");
    let sources: Vec<_> = flows(plan).into_iter().map(|f| f.1).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let task = task(plan, &recording, &sources, draws);
    let run = |_| {
        let mut summary: Summary = Summary::new(recording.cells.len(), false);
        let mut flowed: Summary<1> = Summary::new(plan.quarters * sources.len(), false);
        let start = Instant::now();
        let done = pool.install(|| {
            simulate(&task, &AtomicBool::new(false), |round: Round| -> Result<(), Infallible> {
                summary.absorb(&round.cells, &round.masks);
                flowed.absorb(&round.flowed, &round.masks);
                Ok(())
            })
        });
        assert!(done.is_ok());
        start.elapsed().as_secs_f64()
    };
    // A long run is less at the mercy of others.
    let runs = if draws > LONG { 1 } else { RUNS };
    (0..runs).map(run).fold(f64::INFINITY, f64::min)
}

/// Prints a row for each size, and the exponent of growth from the least squares through logarithms.
fn grow(what: &str, sizes: &[u64], mut seconds: impl FnMut(u64) -> f64) {
    println!("{what}");
    let mut points = Vec::new();
    for &size in sizes {
        let s = seconds(size);
        println!("{size:>8} {s:9.3} s");
        points.push((chokepoint::internals::math::ln(size as f64), chokepoint::internals::math::ln(s)));
    }
    let n = points.len() as f64;
    let mean = |f: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / n;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    let slope = mean(&|p| (p.0 - x) * (p.1 - y)) / mean(&|p| (p.0 - x) * (p.0 - x));
    println!("exponent {slope:.2}\n");
}

/// Most memory that this process has held, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    line.map_or_else(|| "unknown".to_owned(), |l| l.trim_start_matches("VmHWM:").trim().to_owned())
}
