//! `sweep`: a factorial of levers, every point on the same draws.

use super::Failure;
use super::arguments::{ScenarioArguments, SweepArguments};
use super::compare::selection;
use super::comparison::{Comparison, Findings, Goals};
use super::distributions::{Distributions, THRESHOLDS};
use super::run_folder::RunFolder;
use super::session::print;
use super::simulation::{Exports, Simulation, failed};
use super::work::Gatherer;
use crate::analysis::{ContrastRow, Factorial, SWEEP_TAIL, interactions, sweep_row};
use crate::metrics::Recording;
use crate::report::{Point, Swept};
use crate::results::tables::Row;
use crate::results::{FolderError, SourceFile, Statistics, package_fields};

/// Points of one sweep: each is a plan on every draw.
const POINTS: usize = 512;

/// A lever as typed: its path and its levels.
struct Lever {
    path: String,
    levels: Vec<String>,
}

pub(super) fn sweep(arguments: &SweepArguments) -> Result<(), Failure> {
    let levers: Vec<Lever> = arguments.grid.iter().map(|text| lever(text)).collect::<Result<_, _>>()?;
    if let Some(twice) =
        levers.iter().enumerate().find(|(i, l)| levers[..*i].iter().any(|o| o.path == l.path))
    {
        return Err(Failure::Usage(format!("--grid {} is given twice", twice.1.path)));
    }
    let factorial = Factorial { levels: levers.iter().map(|l| l.levels.len()).collect() };
    if factorial.points() > POINTS {
        let message = format!("the grid has {} points; {POINTS} are the most", factorial.points());
        return Err(Failure::Usage(message));
    }
    let goals = Goals::parse(&arguments.objective, &[])?;
    let asked = goals.cells();
    let open = |set: Vec<String>, quiet: bool| {
        let scenario = ScenarioArguments {
            set: arguments.scenario.set.iter().cloned().chain(set).collect(),
            ..arguments.scenario.clone()
        };
        Simulation::open_with(&scenario, &arguments.simulating, quiet, |plan| {
            Recording::lean(plan, &selection(plan, &arguments.simulating.select, &asked))
        })
    };
    let mut base = open(Vec::new(), arguments.simulating.quiet)?;
    base.read_condition()?;
    base.settings = arguments.grid.iter().chain(&arguments.objective).cloned().collect();
    let points: Result<Vec<_>, Failure> =
        (0..factorial.points()).map(|i| open(settings(&levers, &factorial, i), true)).collect();
    Sweep { base, points: points?, levers, factorial, goals }.run(arguments)
}

/// Reads `PATH=a,b,c`; commas within brackets or quotes belong to a level.
fn lever(text: &str) -> Result<Lever, Failure> {
    let usage = || {
        let example = "--grid takes PATH=LEVEL,LEVEL,..., such as route.*.detection=2%,5%,20%";
        Failure::Usage(format!("{example}, not {text}"))
    };
    let (path, list) = text.split_once('=').ok_or_else(usage)?;
    let mut levels = vec![String::new()];
    let (mut depth, mut quoted) = (0, false);
    for c in list.chars() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        match levels.last_mut() {
            _ if c == ',' && depth == 0 && !quoted => levels.push(String::new()),
            Some(level) => level.push(c),
            None => {}
        }
    }
    let levels: Vec<String> = levels.into_iter().map(|l| l.trim().to_owned()).collect();
    if path.trim().is_empty() || levels.iter().any(String::is_empty) {
        return Err(usage());
    }
    Ok(Lever { path: path.trim().to_owned(), levels })
}

/// Edits of a point.
fn settings(levers: &[Lever], factorial: &Factorial, point: usize) -> Vec<String> {
    let levels = factorial.point(point);
    levers.iter().zip(levels).map(|(lever, i)| format!("{}={}", lever.path, lever.levels[i])).collect()
}

struct Sweep<'a> {
    base: Simulation<'a>,
    points: Vec<Simulation<'a>>,
    levers: Vec<Lever>,
    factorial: Factorial,
    goals: Goals,
}

impl Sweep<'_> {
    fn run(&self, arguments: &SweepArguments) -> Result<(), Failure> {
        let plans: Vec<&Simulation<'_>> = std::iter::once(&self.base).chain(&self.points).collect();
        let names =
            (0..plans.len()).map(|i| if i == 0 { "base".to_owned() } else { i.to_string() }).collect();
        let named = &self.base.plan.model.run.thresholds;
        let levels = if named.is_empty() { THRESHOLDS.to_vec() } else { named.clone() };
        let mut comparison = Comparison::new(&plans, names, &levels, &self.goals)?;
        let mut manifest = self.base.manifest();
        for (i, point) in self.points.iter().enumerate() {
            let name = settings(&self.levers, &self.factorial, i).join(" ");
            manifest.resolved_policies.push(SourceFile::new(&name, &point.session.document.to_toml()));
        }
        let Some(mut folder) = RunFolder::open_as(&self.base, manifest, &["sweep.csv"])? else {
            return Ok(());
        };
        let exports = Exports { draws: None, inputs: self.base.exports.inputs };
        let mut all: Vec<Distributions> = Vec::new();
        for (place, plan) in plans.iter().enumerate() {
            let exports = if place == 0 { exports } else { Exports::default() };
            all.push(Distributions::among(plan, place, exports, &mut folder)?);
        }
        let mut gatherers: Vec<&mut dyn Gatherer> = vec![&mut comparison];
        gatherers.extend(all.iter_mut().map(|d| d as &mut dyn Gatherer));
        let draws = arguments.simulating.simulation.draws;
        let seconds = self.base.work_on(&self.points, 0..draws, &mut gatherers)?;
        self.base.check_used(all[0].used)?;
        let findings = comparison.findings();
        let statistics: Vec<Vec<Statistics>> = all.iter().map(Distributions::statistics).collect();
        self.write(&comparison, &findings, &statistics, &mut folder).map_err(failed)?;
        all[0].write_exports(&self.base, &mut folder).map_err(failed)?;
        let path = folder.path.clone();
        let used = all[0].used;
        let swept = self.swept(&comparison, &findings, &statistics, used).render(self.base.layout());
        // The page is made from the tables: what they were made from makes room for it.
        drop((comparison, all, statistics, findings));
        folder.finish(used, seconds).map_err(failed)?;
        print(&swept)?;
        if !arguments.simulating.quiet {
            let points = self.points.len();
            tell!("\n{draws} draws at {points} points in {seconds:.1} s; sweep.csv in {}", path.display());
        }
        Ok(())
    }

    /// `sweep.csv`: the scenario as it stands, then every point, a row a cell.
    fn write(
        &self,
        comparison: &Comparison,
        findings: &Findings,
        statistics: &[Vec<Statistics>],
        folder: &mut RunFolder,
    ) -> Result<(), FolderError> {
        let mut text = String::new();
        let mut head = Row::new(&mut text);
        head.text("point");
        self.levers.iter().for_each(|l| {
            head.text(&l.path);
        });
        SWEEP_TAIL.iter().for_each(|c| {
            head.text(c.0);
        });
        head.end();
        for (p, name) in comparison.plans.iter().enumerate() {
            let levels = self.levels(p);
            for (c, cell) in comparison.cells.iter().enumerate() {
                let own = comparison.own(c, p).map_or([f64::NAN; 4], |i| {
                    let s = &statistics[p][i];
                    [s.mean, s.quantiles.p05, s.quantiles.p50, s.quantiles.p95]
                });
                let (paired, tier) = (&findings.paired[c][p], findings.tiers[c][p]);
                sweep_row(&mut text, name, &levels, own, &ContrastRow { policy: name, cell, paired, tier });
            }
        }
        folder.text("sweep.csv", &text)?;
        let mut fields = package_fields(&[(
            "point",
            "string",
            "Number of the point, from 1; base: the scenario as it stands",
        )]);
        for lever in &self.levers {
            let about = "Level as written; empty for the scenario as it stands";
            fields.push(serde_json::json!({ "name": lever.path, "type": "string", "description": about }));
        }
        fields.extend(package_fields(&SWEEP_TAIL));
        folder.describe("sweep.csv", "A row a point of the factorial and cell", fields);
        Ok(())
    }

    /// Levels of a plan, as written; the scenario as it stands has none.
    fn levels(&self, plan: usize) -> Vec<&str> {
        let Some(point) = plan.checked_sub(1) else { return vec![""; self.levers.len()] };
        let point = self.factorial.point(point);
        self.levers.iter().zip(point).map(|(lever, i)| lever.levels[i].as_str()).collect()
    }

    fn swept(
        &self,
        comparison: &Comparison,
        findings: &Findings,
        statistics: &[Vec<Statistics>],
        draws: u64,
    ) -> Swept {
        let cell = self.shown(comparison);
        let point = |p: usize| Point {
            levels: self.levels(p).into_iter().map(str::to_owned).collect(),
            mean: comparison.own(cell, p).map_or(f64::NAN, |i| statistics[p][i].mean),
            median: comparison.own(cell, p).map_or(f64::NAN, |i| statistics[p][i].quantiles.p50),
            paired: findings.paired[cell][p].clone(),
            tier: findings.tiers[cell][p],
        };
        Swept {
            title: self.base.plan.model.title.clone(),
            draws,
            cell: comparison.cells[cell].address(),
            unit: comparison.cells[cell].unit.clone(),
            sense: comparison.senses[cell],
            levers: self.levers.iter().map(|l| l.path.clone()).collect(),
            base: point(0),
            points: (1..comparison.plans.len()).map(point).collect(),
            interactions: interactions(&self.factorial, &findings.paired[cell][1..]),
        }
    }

    /// The cell of the first objective, or the last headline country's reachable compute at the end.
    fn shown(&self, comparison: &Comparison) -> usize {
        let find = |address: &str| comparison.cells.iter().position(|c| c.address() == address);
        let model = &self.base.plan.model;
        let last = model.run.horizon.last;
        let countries = model.countries.iter().map(|c| format!("country.{}", c.id));
        let headline = model.run.headline.iter().filter(|a| a.starts_with("country.")).cloned();
        let end = countries.chain(headline).filter_map(|a| find(&format!("{a}/reachable_flop@{last}")));
        let end = end.fold(None, |_, c| Some(c));
        self.goals.objectives.first().and_then(|o| find(&o.cell)).or(end).unwrap_or(0)
    }
}
