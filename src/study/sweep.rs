//! A factorial of levers, every point on the same draws.

use super::compare::{levels, selection};
use super::comparison::{ComparedDraws, Comparison, Findings, Goals, write_exports};
use super::distributions::Distributions;
use super::error::Error;
use super::folder::{RunFolder, Took, Written, free_aside};
use super::long::{Found, ManyDraws, Steps, answers};
use super::project::{Project, Reading};
use super::request::{Destination, ScenarioRequest, SweepRequest};
use super::rounds::Rounds;
use super::simulation::Simulation;
use super::watch::Watch;
use crate::analysis::tables::{self, ContrastRow, SweepRow};
use crate::analysis::{Factorial, Paired, interactions};
use crate::metrics::{ActorKind, Cells, Recording, headline};
use crate::report::{OutputFormat, Point, Swept};
use crate::results::table::TableText;
use crate::results::{Cell, Manifest, SourceFile, Statistics};

/// Points of one sweep: each is a plan on every draw.
const POINTS: usize = 512;

/// A lever as written: its path and its levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lever {
    /// The path, which may be a pattern.
    pub path: String,
    /// Its levels, in order.
    pub levels: Vec<String>,
}

/// A sweep, opened: the scenario is read, checked and laid out at every point.
#[derive(Debug)]
pub struct Sweep {
    /// The scenario as it stands.
    pub base: Simulation,
    /// The scenario at each point, the last lever changing fastest.
    pub points: Vec<Simulation>,
    /// The levers.
    pub levers: Vec<Lever>,
    factorial: Factorial,
    goals: Goals,
}

/// What a sweep has found.
pub struct SweepResults<'a> {
    study: &'a Sweep,
    rounds: Rounds,
    comparison: Comparison,
    distributions: Vec<Distributions>,
    /// By plan, then cell of its recording.
    statistics: Vec<Vec<Statistics>>,
    findings: Findings,
    /// What it took.
    pub took: Took,
}

impl Sweep {
    /// Reads and checks all that is asked.
    ///
    /// # Errors
    /// If the request cannot be read, the grid is too large, or the scenario has errors at a point.
    pub fn open(request: &SweepRequest, watch: &dyn Watch) -> Result<Self, Error> {
        let levers: Vec<Lever> = request.grid.iter().map(|text| lever(text)).collect::<Result<_, _>>()?;
        if let Some(twice) =
            levers.iter().enumerate().find(|(i, l)| levers[..*i].iter().any(|o| o.path == l.path))
        {
            return Err(Error::LeverTwice(twice.1.path.clone()));
        }
        let factorial = Factorial { levels: levers.iter().map(|l| l.levels.len()).collect() };
        if factorial.points() > POINTS {
            return Err(Error::GridTooLarge { points: factorial.points(), most: POINTS });
        }
        let goals = Goals::parse(&request.objectives, &[])?;
        let asked = goals.cells();
        let reading = Reading::of(&request.scenario)?;
        let open = |set: Vec<String>, watch: &dyn Watch| {
            let mut scenario: ScenarioRequest = request.scenario.clone();
            scenario.set.extend(set);
            let project = Project::of(&reading, &scenario)?;
            project.note_warnings(watch);
            Simulation::of(project, &request.simulation, |plan| {
                let cells = Cells::of(plan)?;
                let select = selection(&cells, &request.simulation.select, &asked);
                Recording::lean_among(cells, &select)
            })
        };
        let mut base = open(Vec::new(), watch)?;
        base.read_condition()?;
        base.settings = request.grid.iter().chain(&request.objectives).cloned().collect();
        let point = |i| open(settings(&levers, &factorial, i), &());
        let points = (0..factorial.points()).map(point).collect::<Result<_, _>>()?;
        let study = Self { base, points, levers, factorial, goals };
        study.goals.check(&study.plans())?;
        Ok(study)
    }

    /// Takes the folder that the sweep is to be written to; none if it is there already, complete.
    ///
    /// # Errors
    /// If the folder cannot be written, is in use, or holds another run.
    pub fn folder(&self, to: &Destination, watch: &dyn Watch) -> Result<Option<RunFolder>, Error> {
        self.open_folder(to, watch)
    }

    /// Simulates all draws at every point; tables with a row a draw go to the folder as they come.
    ///
    /// # Errors
    /// If it is stopped, an audited draw does not add up, no draw counts, or such a table cannot be written.
    pub fn simulate(
        &self,
        folder: Option<&mut RunFolder>,
        watch: &dyn Watch,
    ) -> Result<SweepResults<'_>, Error> {
        self.find(folder, watch)
    }

    fn plans(&self) -> Vec<&Simulation> {
        std::iter::once(&self.base).chain(&self.points).collect()
    }

    /// `sweep.csv`: the scenario as it stands, then every point, a row a cell.
    fn table(
        &self,
        comparison: &Comparison,
        findings: &Findings,
        statistics: &[Vec<Statistics>],
    ) -> TableText {
        let (paths, policy) = (self.paths(), self.base.policy());
        let mut text = TableText::new(&tables::sweep(&paths));
        for (p, point) in comparison.plans.iter().enumerate() {
            let levels = &self.levels(p);
            let rows = comparison.cells.iter().enumerate().map(|(c, cell)| {
                let own = comparison.own(c, p).map(|i| {
                    let s = &statistics[p][i];
                    [s.mean, s.quantiles.p05, s.quantiles.p50, s.quantiles.p95]
                });
                let (paired, tier) = (&findings.paired[c][p], findings.tiers[c][p]);
                let base = comparison.own(c, 0).map(|i| statistics[0][i].mean);
                SweepRow {
                    point,
                    levels,
                    own,
                    contrast: ContrastRow {
                        scenario: &self.base.project.name,
                        policy: &policy,
                        cell,
                        paired,
                        tier,
                        base,
                    },
                }
            });
            text.extend(&tables::sweep(&paths), rows);
        }
        text
    }

    /// Paths of the levers.
    fn paths(&self) -> Vec<String> {
        self.levers.iter().map(|l| l.path.clone()).collect()
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
            title: self.base.title(),
            scenario: self.base.project.name.clone(),
            policy: self.base.policy(),
            draws,
            cell: comparison.cells[cell].address(),
            unit: comparison.cells[cell].unit.clone(),
            sense: comparison.senses[cell],
            levers: self.paths(),
            base: point(0),
            points: (1..comparison.plans.len()).map(point).collect(),
            interactions: interactions(&self.factorial, &findings.paired[cell][1..]),
            apart: comparison.apart.clone(),
        }
    }

    /// The cell of the first objective, or the last headline country's reachable compute at the end.
    fn shown(&self, comparison: &Comparison) -> usize {
        let find = |address: &str| comparison.cells.iter().position(|c| c.address() == address);
        let model = &self.base.plan.model;
        let countries = headline::of_kind(model, ActorKind::Country);
        let end = countries.iter().filter_map(|a| find(&headline::end(model, a))).next_back();
        self.goals.objectives.first().and_then(|o| find(&o.cell)).or(end).unwrap_or(0)
    }
}

impl SweepResults<'_> {
    /// Cells that are compared, in order: metrics, then quarters until thresholds are reached.
    pub fn cells(&self) -> &[Cell] {
        &self.comparison.cells
    }

    /// Levels of a point, from 1, one for each lever; of 0, the scenario as it stands, each is empty.
    pub fn levels(&self, point: usize) -> Vec<&str> {
        self.study.levels(point)
    }

    /// A cell at a point against the scenario as it stands, by their places; in the cell's unit.
    pub fn paired(&self, cell: usize, point: usize) -> &Paired {
        &self.findings.paired[cell][point]
    }

    /// The points by the cell of the first objective, the best and the worst first, and how levers interact.
    pub fn swept(&self) -> Swept {
        self.study.swept(&self.comparison, &self.findings, &self.statistics, self.took.used)
    }

    /// All tables, as they stand in a sweep's folder.
    pub fn tables(&self) -> Vec<TableText> {
        vec![self.study.table(&self.comparison, &self.findings, &self.statistics), self.rounds.table()]
    }

    /// Writes all tables, the page, the data package and the manifest.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(self, mut folder: RunFolder) -> Result<Written, Error> {
        let answers = answers(&self);
        self.tables().into_iter().try_for_each(|table| folder.table(table))?;
        let Self { mut comparison, mut distributions, statistics, findings, took, .. } = self;
        write_exports(&mut comparison, &mut distributions[0], &mut folder)?;
        // The page is made from the tables: what they were made from makes room for it.
        free_aside((comparison, distributions, statistics, findings));
        folder.finish(took, &answers)
    }
}

impl ManyDraws for Sweep {
    type Gathered<'a> = ComparedDraws;
    type Found<'a> = SweepResults<'a>;

    fn base(&self) -> &Simulation {
        &self.base
    }

    fn others(&self) -> &[Simulation] {
        &self.points
    }

    fn manifest(&self) -> Manifest {
        let mut manifest = self.base.manifest();
        for (i, point) in self.points.iter().enumerate() {
            let name = settings(&self.levers, &self.factorial, i).join(" ");
            manifest.resolved_policies.push(SourceFile::new(&name, &point.project.document.to_toml()));
        }
        manifest
    }

    fn files(&self) -> Vec<&'static str> {
        vec!["sweep.csv"]
    }

    fn gather(&self, folder: Option<&mut RunFolder>) -> Result<ComparedDraws, Error> {
        let plans = self.plans();
        let name = |i: usize| if i == 0 { "base".to_owned() } else { i.to_string() };
        let names = (0..plans.len()).map(name).collect();
        let comparison = Comparison::new(&plans, names, &levels(&self.base.plan), &self.goals);
        ComparedDraws::new(&plans, comparison, folder)
    }

    fn conclude(&self, gathered: ComparedDraws, took: Took) -> Result<SweepResults<'_>, Error> {
        let ComparedDraws { rounds, comparison, distributions, .. } = gathered;
        let findings = comparison.findings();
        let statistics = distributions.iter().map(Distributions::statistics).collect();
        Ok(SweepResults { study: self, rounds, comparison, distributions, statistics, findings, took })
    }
}

impl Found for SweepResults<'_> {
    fn answer(&self, format: OutputFormat) -> String {
        self.swept().render(format)
    }

    fn answer_table(&self) -> TableText {
        self.swept().to_table()
    }

    fn all_tables(&self) -> Vec<TableText> {
        self.tables()
    }

    fn took(&self) -> Took {
        self.took
    }

    fn store(self, folder: RunFolder) -> Result<Written, Error> {
        self.write(folder)
    }
}

/// Reads `PATH=a,b,c`.
fn lever(text: &str) -> Result<Lever, Error> {
    let usage = || Error::Grid(text.to_owned());
    let (path, list) = text.split_once('=').ok_or_else(usage)?;
    let levels = split(list);
    if path.trim().is_empty() || levels.iter().any(String::is_empty) {
        return Err(usage());
    }
    Ok(Lever { path: path.trim().to_owned(), levels })
}

/// Levels between commas; commas within brackets or quotes belong to a level.
pub(super) fn split(list: &str) -> Vec<String> {
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
    levels.into_iter().map(|l| l.trim().to_owned()).collect()
}

/// Edits of a point.
fn settings(levers: &[Lever], factorial: &Factorial, point: usize) -> Vec<String> {
    let indices = factorial.point(point);
    levers.iter().zip(indices).map(|(lever, i)| format!("{}={}", lever.path, lever.levels[i])).collect()
}
