//! Where a draw's time goes: start-up, sampling, the engine step by step, recording, summarising, writing tables.
//!
//! `cargo bench --bench engine [-- SCENARIO]`. Times are processor time of one thread, the least of several passes over the
//! same draws: a busy machine makes a pass slower and never faster.

mod measure;

use chokepoint::internals::engine::record::Recorder;
use chokepoint::internals::engine::{Batch, Observer, Step};
use chokepoint::internals::math::{Lanes, Mask, WIDTH, wide};
use chokepoint::internals::metrics::{Recording, flows};
use chokepoint::internals::plan::Plan;
use chokepoint::internals::random::{Design, Sampler};
use chokepoint::internals::results::{DrawsTable, ExportFormat, Folder, Opened, Summary, Wanted, float};
use chokepoint::study::{Project, Sampling, ScenarioRequest};
use measure::{active, timed};
use std::time::Instant;

/// Draws of a pass.
const BATCHES: u64 = 32;
/// Passes, of which the fastest counts.
const PASSES: usize = 7;

/// How often a pass writes its rows of text.
const REPEATS: usize = 100;
/// Batches of a pass that writes a whole table.
const TABLED: usize = 16;

/// What the clock said after each step.
struct Clock {
    last: Instant,
    /// Time of each step [s].
    steps: [f64; 6],
    /// Sale edges with a draw in which a chip was ordered or smuggled, counted draw by draw.
    active: u64,
    count: bool,
}

impl Observer for Clock {
    fn after(&mut self, step: Step, _: usize, plan: &Plan, batch: &Batch) {
        self.steps[step as usize] += self.last.elapsed().as_secs_f64();
        if self.count && step == Step::Trade {
            self.active += active(plan, batch);
        }
        self.last = Instant::now();
    }
}

fn fastest(mut pass: impl FnMut()) -> f64 {
    (0..PASSES).map(|_| timed(&mut pass)).fold(f64::INFINITY, f64::min)
}

fn main() {
    let path =
        std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or("scenarios/baseline".to_owned());
    println!(
        "{path}, {} draws a pass, the fastest of {PASSES} passes, one thread\n",
        BATCHES * wide::WIDTH as u64
    );
    let plan = start_up(&path);
    let recording = Recording::new(&plan, &[]).expect("cells");
    let sources: Vec<_> = flows(&plan).into_iter().map(|f| f.1).collect();
    let edges = plan.edges.sales.len();
    println!(
        "{} sale edges, {} quarters, {} cells, {} flows\n",
        edges,
        plan.quarters,
        recording.cells.len(),
        sources.len() * plan.quarters
    );
    let bare = engine(&plan);
    let recorded = recording_cost(&plan, &recording, &sources);
    summarising(&plan, &recording, &sources);
    tables(&plan, &recording);
    println!("\nrecording and summarising over the bare simulation: {:.2}", recorded / bare);
}

fn start_up(path: &str) -> Plan {
    let mut plan = None;
    let seconds = fastest(|| {
        let project = Project::open(&ScenarioRequest::new(path)).expect("a scenario");
        plan = Some(project.plan(&Sampling::default()).expect("a plan"));
    });
    println!("read, check, plan: {:.1} ms", seconds * 1e3);
    plan.expect("a plan")
}

/// Microseconds a draw, and nanoseconds for each edge that was active in a quarter.
fn line(what: &str, seconds: f64, active: f64) {
    let draws = (BATCHES * wide::WIDTH as u64) as f64;
    let edge = if active > 0.0 {
        format!("{:8.2} ns per active edge and quarter", seconds / active * 1e9)
    } else {
        String::new()
    };
    println!("{what:<34}{:9.2} us a draw  {edge}", seconds / draws * 1e6);
}

/// Seconds of the bare simulation, sampling included.
fn engine(plan: &Plan) -> f64 {
    let mut batch = Batch::new(plan);
    let mut clock = Clock { last: Instant::now(), steps: [0.0; 6], active: 0, count: true };
    (0..BATCHES).for_each(|b| batch.simulate(plan, b, &mut clock));
    let active = clock.active as f64;
    println!(
        "{:.0} active sale edges a draw, summed over quarters",
        active / (BATCHES * wide::WIDTH as u64) as f64
    );
    let sampling = fastest(|| (0..BATCHES).for_each(|b| plan.layout.sample(b, &mut batch.inputs)));
    line("sampling", sampling, active);
    let mut steps = [f64::INFINITY; 6];
    for _ in 0..PASSES {
        let mut clock = Clock { last: Instant::now(), steps: [0.0; 6], active: 0, count: false };
        let mut running = 0.0;
        for b in 0..BATCHES {
            plan.layout.sample(b, &mut batch.inputs);
            running += timed(|| {
                clock.last = Instant::now();
                batch.run(plan, b, &mut clock);
            });
        }
        // Steps are too short for the processor's clock: its time is divided as that on the wall.
        let wall: f64 = clock.steps.iter().sum();
        let passed = clock.steps.map(|step| step / wall * running);
        steps.iter_mut().zip(passed).for_each(|(least, now)| *least = least.min(now));
    }
    let names =
        ["shocks, capacity, rules", "production", "trade", "diversion", "fleets, rentals", "training"];
    for (name, seconds) in names.iter().zip(steps) {
        line(name, seconds, active);
    }
    let bare = fastest(|| (0..BATCHES).for_each(|b| batch.simulate(plan, b, &mut ())));
    line("bare simulation, with sampling", bare, active);
    bare
}

/// Seconds of recording default cells and flows, and of summarising them.
fn recording_cost(
    plan: &Plan,
    recording: &Recording,
    sources: &[chokepoint::internals::metrics::FlowSource],
) -> f64 {
    let mut batch = Batch::new(plan);
    let mut recorder = Recorder::new(plan, recording, sources);
    let bare = fastest(|| (0..BATCHES).for_each(|b| batch.simulate(plan, b, &mut ())));
    let with = fastest(|| (0..BATCHES).for_each(|b| batch.simulate(plan, b, &mut recorder)));
    line("recording", with - bare, 0.0);
    with - bare + summarise(plan, recording, sources)
}

/// Values of cells and flows by eights of draws.
fn values(
    plan: &Plan,
    recording: &Recording,
    sources: &[chokepoint::internals::metrics::FlowSource],
) -> (Vec<Vec<Lanes>>, Vec<Vec<Lanes>>) {
    let mut batch = Batch::new(plan);
    let mut recorder = Recorder::new(plan, recording, sources);
    let one = |b| {
        batch.simulate(plan, b, &mut recorder);
        recorder.parts.each_ref().map(|part| (part.cells.clone(), part.flowed.clone()))
    };
    (0..BATCHES).flat_map(one).unzip()
}

fn summarise(
    plan: &Plan,
    recording: &Recording,
    sources: &[chokepoint::internals::metrics::FlowSource],
) -> f64 {
    let (cells, flowed) = values(plan, recording, sources);
    let masks = vec![Mask::splat(true); cells.len()];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let mut of_cells: Summary = Summary::new(recording.cells.len(), false);
    let mut of_flows: Summary<1> = Summary::new(flowed[0].len(), false);
    pool.install(|| {
        fastest(|| {
            for ((cells, flowed), masks) in cells.chunks(32).zip(flowed.chunks(32)).zip(masks.chunks(32)) {
                of_cells.absorb(cells, masks);
                of_flows.absorb(flowed, masks);
            }
        })
    })
}

fn summarising(plan: &Plan, recording: &Recording, sources: &[chokepoint::internals::metrics::FlowSource]) {
    let seconds = summarise(plan, recording, sources);
    line("summarising cells and flows", seconds, 0.0);
    let values = (recording.cells.len() + sources.len() * plan.quarters) as f64;
    println!("{:34}{:9.2} ns a value", "", seconds / values / (BATCHES * wide::WIDTH as u64) as f64 * 1e9);
}

/// Writing rows of draws: text of five numbers, then whole tables with keys and empty columns.
fn tables(plan: &Plan, recording: &Recording) {
    let stream = Design { seed: 1, sampler: Sampler::Mc }.stream("numbers", None);
    let numbers: Vec<f64> = (0..5 * 512).flat_map(|b| (stream.uniforms(b) * 1e6).0).collect();
    let mut text = String::new();
    // The processor's clock ticks in milliseconds: a pass writes the rows many times.
    let seconds = fastest(|| {
        for _ in 0..REPEATS {
            text.clear();
            for row in numbers.chunks(5) {
                for x in row {
                    float(&mut text, *x);
                    text.push(',');
                }
                text.push('\n');
            }
        }
    });
    println!("\na row of five random numbers as text: {:.0} ns", seconds / (4096 * REPEATS) as f64 * 1e9);
    let (mut cells, _) = values(plan, recording, &[]);
    cells.truncate(TABLED);
    let masks = vec![Mask::splat(true); cells.len()];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    for format in [ExportFormat::Csv, ExportFormat::Parquet] {
        pool.install(|| table(recording, format, &cells, &masks));
    }
}

/// Time of writing a table of draws, and of handing as many bytes to the system.
fn table(recording: &Recording, format: ExportFormat, cells: &[Vec<Lanes>], masks: &[Mask]) {
    let folder = std::env::temp_dir().join(format!("chokepoint-bench-{}", std::process::id()));
    let name = format!("draws.{}", format.extension());
    let wanted = Wanted { identity: "bench", part: None, force: true, resume: false, audit: false };
    let Ok(Opened::Ready(mut open, _)) = Folder::open(&folder, &wanted) else { return };
    let (mut writing, mut handing) = (f64::INFINITY, f64::INFINITY);
    let mut bytes = 0;
    for _ in 0..PASSES {
        let file = open.create(&name).expect("a file");
        let all: Vec<usize> = (0..recording.names.len()).collect();
        let mut table = DrawsTable::new(format, file, &recording.names, &all).expect("a table");
        // Room for text is kept from round to round of a run: only the second is counted.
        table.write("base", 0, cells, masks).expect("written");
        let second = timed(|| table.write("base", cells.len() as u64, cells, masks).expect("written"));
        writing = writing.min(second);
        open.finish(table.finish().expect("an end")).expect("a name");
        let written = open.work().join(&name);
        bytes = std::fs::metadata(&written).expect("a size").len() as usize / 2;
        std::fs::remove_file(&written).expect("gone");
        let mut file = open.create(&name).expect("a file");
        let piece = vec![b'0'; (bytes / cells.len() / WIDTH).max(1)];
        let hand = || (0..cells.len() * WIDTH).for_each(|_| file.write(&piece).expect("written"));
        handing = handing.min(timed(hand));
        drop(file);
        std::fs::remove_file(&written).expect("gone");
    }
    let _ = std::fs::remove_dir_all(open.work());
    drop(open);
    let n = (recording.cells.len() * cells.len() * WIDTH) as f64;
    let keys = recording.names.iter().map(|cell| (&cell.actor, cell.quarter));
    let rows = keys.collect::<std::collections::BTreeSet<_>>().len() * cells.len() * WIDTH;
    println!(
        "{name}: {:.0} ns for five numbers, of which {:.0} to hand the bytes to the system; {:.0} ns a row of {:.1} numbers and {} bytes",
        5.0 * writing / n * 1e9,
        5.0 * handing / n * 1e9,
        writing / rows as f64 * 1e9,
        n / rows as f64,
        bytes / rows
    );
}
