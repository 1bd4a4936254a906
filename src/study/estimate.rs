//! What a long study will take: time by a first few draws, memory and room on the disk by what it gathers.

use super::error::Error;
use super::parts;
use super::request::Destination;
use super::simulation::{Exports, Simulation};
use super::watch::{Note, Watch};
use crate::engine::run;
use crate::math::{WIDTH, wide};
use crate::results::{ExportFormat, LEAF};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Draws under all plans together from which a study may be long.
const LONG: u64 = 1 << 14;
/// Seconds from which it is worth telling.
const TELLS: f64 = 30.0;
/// Bytes of a number as text and in Parquet; of an input, of which nothing repeats, more.
const NUMBER: (f64, f64) = (17.0, 5.0);
const INPUT: (f64, f64) = (17.0, 8.2);
/// Bytes of tables with a row a draw of which it is worth warning.
const LARGE: f64 = 1e9;
/// Bytes of a row of `summary.csv`, twice: as it is made, and for the page.
const ROW: f64 = 700.0;
/// Bytes of the program, the scenario and its tables.
const PROGRAM: f64 = 3e7;
/// Bytes of a plan, and of room to simulate it in, by sale edge and quarter.
const EDGE: (f64, f64) = (1800.0, 800.0);

/// The clock and the hand on Ctrl-C of another watch, and nothing else.
struct Quiet<'a>(&'a dyn Watch);

impl Watch for Quiet<'_> {
    fn stop(&self) -> &AtomicBool {
        self.0.stop()
    }

    fn now(&self) -> f64 {
        self.0.now()
    }
}

/// Refuses a study that cannot fit, and says of a long one what it will take.
pub(super) fn check(
    base: &Simulation,
    others: &[Simulation],
    exports: Exports,
    to: &Destination,
    watch: &dyn Watch,
) -> Result<(), Error> {
    let draws = parts::leaves(to.part, base.request.sampling.draws)?;
    let draws = draws.end - draws.start;
    let memory = memory(base, others, draws, rayon::current_num_threads());
    let has = to.memory.map(|bytes| bytes as f64).or_else(machine_memory);
    if let Some(has) = has.filter(|has| memory > *has) {
        return Err(Error::Memory { needs: words(memory), has: words(has), asked: to.memory.is_some() });
    }
    let tables = exported(base, others, exports, draws);
    let disk = tables + disk(base, others) + memory;
    let place = to.out.as_deref().unwrap_or(Path::new("output"));
    if let Some(has) = free(place).filter(|has| disk > *has) {
        return Err(Error::Disk { needs: words(disk), has: words(has), path: place.to_owned() });
    }
    if tables >= LARGE {
        watch.note(&Note::LargeTables { size: words(tables), text: exports.any_text() });
    }
    if draws * (1 + others.len() as u64) < LONG {
        return Ok(());
    }
    let few = (wide::WIDTH * rayon::current_num_threads()) as u64;
    let time = |draws: u64| base.work_on(others, 0..draws, &Quiet(watch), &mut []);
    // What the start takes is in both.
    let seconds = (time(3 * few)? - time(few)?) / (2 * few) as f64 * draws as f64;
    if seconds >= TELLS {
        watch.note(&Note::Takes { seconds, memory: words(memory), disk: words(disk) });
    }
    Ok(())
}

/// Memory of what is gathered \[B\].
fn memory(base: &Simulation, others: &[Simulation], draws: u64, threads: usize) -> f64 {
    let plans = || std::iter::once(base).chain(others);
    let cells: usize = plans().map(|p| p.recording.cells.len()).sum();
    let flows = base.flows.len() * base.plan.quarters;
    let each = draws as f64 / WIDTH as f64;
    // Quarters of an octave that hold something grow with the draws, and so do the digits of their counts.
    let chunks = |n: f64| 8.0 + 2.4 * doublings(n);
    let counted = |bits: u32, replicates: usize, n: f64| {
        let bits = f64::from(bits);
        let digits = 1.0 + doublings(n / 256.0) / bits;
        300.0 + 2.0 * bits * replicates as f64 * chunks(n * replicates as f64) * digits
    };
    let histogram = |replicates: usize, n: f64| counted(4, replicates, n);
    let spread = 64.0 * (6.0 + 2.0 * doublings(draws as f64 / 1024.0));
    let summary =
        cells as f64 * (histogram(WIDTH, each) + spread) + flows as f64 * (histogram(1, each) + spread);
    let compared = if others.is_empty() { 0.0 } else { cells as f64 };
    let paired = compared * (2.0 * histogram(1, draws as f64) + 2.0 * counted(2, WIDTH, each) + 4.0 * spread);
    let leaves = draws as f64 / (LEAF * WIDTH as u64) as f64;
    let bins = draws.max(16).ilog2() / 2;
    let watched = base.recording.watched.len() * base.plan.drivers().len() * (1 << bins.clamp(2, 6)) * 16;
    let drivers = watched as f64 * (2.0 + doublings(leaves));
    let (_, under_way) = run::under_way(others.len(), threads);
    let rounds = under_way as f64 * ((cells + flows) * size_of::<crate::math::Lanes>()) as f64;
    let edges = |p: &Simulation| (p.plan.edges.sales.len() * p.plan.quarters) as f64;
    // Every thread has room for the first plan and for one of the others.
    let room = edges(base) + others.iter().map(edges).fold(0.0, f64::max);
    let plans = plans().map(edges).sum::<f64>() * EDGE.0 + threads as f64 * room * EDGE.1;
    PROGRAM + plans + summary + paired + drivers + rounds + cells as f64 * ROW
}

/// How often 1 is doubled up to a number.
fn doublings(n: f64) -> f64 {
    f64::from((n.max(1.0) as u64).ilog2())
}

/// Room that tables with a row a draw take \[B\].
fn exported(base: &Simulation, others: &[Simulation], exports: Exports, draws: u64) -> f64 {
    let cells: usize = std::iter::once(base).chain(others).map(|p| p.exported.len()).sum();
    let of = |format: Option<ExportFormat>, size: (f64, f64), numbers: usize| match format {
        None => 0.0,
        Some(ExportFormat::Csv) => size.0 * numbers as f64,
        Some(ExportFormat::Parquet) => size.1 * numbers as f64,
    };
    let inputs = base.plan.layout.uncertain().count();
    let strikes = 5 * base.plan.model.shocks.len();
    let each = of(exports.draws, NUMBER, cells)
        + of(exports.inputs, INPUT, inputs)
        + of(exports.strikes, NUMBER, strikes);
    each * draws as f64
}

/// Room that all other tables take \[B\].
fn disk(base: &Simulation, others: &[Simulation]) -> f64 {
    let cells: usize = std::iter::once(base).chain(others).map(|p| p.recording.cells.len()).sum();
    cells as f64 * ROW
}

/// A number of bytes.
fn words(bytes: f64) -> String {
    match bytes {
        b if b < 1e9 => format!("{:.0} MB", (b / 1e6).max(1.0)),
        b if b < 1e11 => format!("{:.1} GB", b / 1e9),
        b => format!("{:.0} GB", b / 1e9),
    }
}

/// Memory of the machine \[B\].
#[cfg(target_os = "linux")]
#[allow(clippy::unnecessary_wraps)] // other systems do not say
fn machine_memory() -> Option<f64> {
    let info = rustix::system::sysinfo();
    Some(info.totalram as f64 * f64::from(info.mem_unit))
}

#[cfg(not(target_os = "linux"))]
fn machine_memory() -> Option<f64> {
    None
}

/// Room on the disk of a path, which need not be there yet \[B\].
fn free(path: &Path) -> Option<f64> {
    #[cfg(unix)]
    {
        let there = path.ancestors().find(|p| p.exists()).unwrap_or(Path::new("."));
        let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        let disk = rustix::fs::statvfs(there).ok()?;
        Some(disk.f_bavail as f64 * disk.f_frsize as f64)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
