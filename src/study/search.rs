//! A search over levers by several objectives, on common draws: rounds of successive halving, kept as they come, so that one can go on from them.

use super::discover::own_folder;
use super::error::Error;
use super::gather::Gatherer;
use super::project::{Project, Reading};
use super::request::{PolicySource, ScenarioRequest, SearchRequest};
use super::simulation::{Simulation, until};
use super::watch::Watch;
use crate::analysis::Objective;
use crate::analysis::search::{HALVINGS, POINTS, best, candidates, layers};
use crate::engine::run::Round;
use crate::math::{WIDTH, exp, ln};
use crate::metrics::Recording;
use crate::report::{SearchPoint, SearchReport};
use crate::results::{FolderError, Interval, SourceFile};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Where evaluations are kept.
const EVALUATIONS: &str = "evaluations.csv";

/// What a lever can be.
#[derive(Clone, Debug, PartialEq)]
enum Levels {
    /// Any number from one to another, with what stands behind it; on a logarithmic scale, or as it is.
    Range(f64, f64, String, bool),
    /// One of some values as written.
    Choices(Vec<String>),
    /// A policy that is in force or is not.
    Switch(String),
}

/// A path, which may be a pattern, or `policy.NAME`; and what it can be.
#[derive(Clone, Debug, PartialEq)]
struct Lever {
    path: String,
    levels: Levels,
}

impl Lever {
    /// Reads `PATH=LOW..HIGH`, `PATH=log LOW..HIGH`, `PATH=a,b,c` or `policy=NAME`.
    fn parse(text: &str) -> Result<Self, Error> {
        let usage = || Error::Levers(text.to_owned());
        let (path, list) = text.split_once('=').ok_or_else(usage)?;
        let (path, list) = (path.trim(), list.trim());
        if path.is_empty() || list.is_empty() {
            return Err(usage());
        }
        if path == "policy" {
            return Ok(Self { path: format!("policy.{list}"), levels: Levels::Switch(list.to_owned()) });
        }
        let levels = if let Some((low, high)) = list.split_once("..") {
            let (log, low) = low.strip_prefix("log ").map_or((false, low), |rest| (true, rest));
            let number = |t: &str| -> Option<(f64, String)> {
                let t = t.trim();
                let end = t.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(t.len());
                Some((t[..end].parse().ok()?, t[end..].to_owned()))
            };
            let ((low, unit), (high, behind)) =
                (number(low).ok_or_else(usage)?, number(high).ok_or_else(usage)?);
            if !(low.is_finite() && high.is_finite() && low < high)
                || (unit != behind && !unit.is_empty())
                || (log && low <= 0.0)
            {
                return Err(usage());
            }
            Levels::Range(low, high, behind, log)
        } else {
            let all: Vec<String> = super::sweep::split(list);
            if all.len() < 2 || all.iter().any(String::is_empty) {
                return Err(usage());
            }
            Levels::Choices(all)
        };
        Ok(Self { path: path.to_owned(), levels })
    }

    /// Its level at a place from 0 to 1, as written; of a range to three digits, so that what one reads is what was simulated.
    fn at(&self, place: f64) -> String {
        match &self.levels {
            Levels::Range(low, high, behind, log) => {
                let x = if *log {
                    exp(ln(*low) + place * (ln(*high) - ln(*low)))
                } else {
                    low + place * (high - low)
                };
                let rounded: f64 = format!("{x:.2e}").parse().unwrap_or(x);
                format!("{}{behind}", rounded.clamp(*low, *high))
            }
            Levels::Choices(all) => all[((place * all.len() as f64) as usize).min(all.len() - 1)].clone(),
            Levels::Switch(_) => if place < 0.5 { "off" } else { "on" }.to_owned(),
        }
    }
}

/// Sums of each objective over the draws of each replicate, and of its difference from the scenario as it stands.
#[derive(Clone, Debug, PartialEq)]
struct Sums {
    draws: [f64; WIDTH],
    /// By objective: the value, and the difference.
    values: Vec<[[f64; WIDTH]; 2]>,
}

impl Sums {
    fn new(objectives: usize) -> Self {
        Self { draws: [0.0; WIDTH], values: vec![[[0.0; WIDTH]; 2]; objectives] }
    }

    fn add(&mut self, other: &Self) {
        let pairs = self.values.iter_mut().flatten().zip(other.values.iter().flatten());
        for (ours, theirs) in std::iter::once((&mut self.draws, &other.draws)).chain(pairs) {
            ours.iter_mut().zip(theirs).for_each(|(sum, x)| *sum += x);
        }
    }

    fn numbers(&self) -> impl Iterator<Item = f64> + '_ {
        self.draws.iter().chain(self.values.iter().flatten().flatten()).copied()
    }

    fn of(numbers: &[f64], objectives: usize) -> Option<Self> {
        let mut sums = Self::new(objectives);
        let mut from = numbers.chunks_exact(WIDTH);
        if numbers.len() != WIDTH * (1 + 2 * objectives) {
            return None;
        }
        sums.draws.copy_from_slice(from.next()?);
        for row in sums.values.iter_mut().flatten() {
            row.copy_from_slice(from.next()?);
        }
        Some(sums)
    }

    /// Means of objectives, less being better.
    fn means(&self, signs: &[f64]) -> Vec<f64> {
        let draws: f64 = self.draws.iter().sum();
        self.values.iter().zip(signs).map(|(v, sign)| sign * v[0].iter().sum::<f64>() / draws).collect()
    }

    /// The same of one replicate.
    fn replicate(&self, r: usize, signs: &[f64]) -> Vec<f64> {
        self.values.iter().zip(signs).map(|(v, sign)| sign * v[0][r] / self.draws[r]).collect()
    }

    fn interval(&self, objective: usize, of: usize) -> Interval {
        let sums = &self.values[objective][of];
        let each: Vec<f64> =
            sums.iter().zip(&self.draws).filter(|(_, n)| **n > 0.0).map(|(x, n)| x / n).collect();
        Interval::of_replicates(sums.iter().sum::<f64>() / self.draws.iter().sum::<f64>(), &each)
    }
}

/// Sums of some points over a stretch of draws, being gathered.
struct Gathering {
    /// By plan, the scenario as it stands first, then objective: the place of its cell.
    places: Vec<Vec<usize>>,
    sums: Vec<Sums>,
}

impl Gatherer for Gathering {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        for (p, (places, sums)) in self.places.iter().zip(&mut self.sums).enumerate() {
            for (b, mask) in rounds[0].masks.iter().enumerate() {
                for lane in (0..WIDTH).filter(|&lane| mask.lane(lane)) {
                    sums.draws[lane] += 1.0;
                    for ((value, &place), &own) in sums.values.iter_mut().zip(places).zip(&self.places[0]) {
                        let x = rounds[p].cells[b][place][lane];
                        value[0][lane] += x;
                        value[1][lane] += x - rounds[0].cells[b][own][lane];
                    }
                }
            }
        }
        Ok(())
    }
}

/// What has been simulated, by point as written and stretch of draws; and where it is kept.
struct Kept {
    known: BTreeMap<(String, u32), Sums>,
    file: Option<File>,
    path: std::path::PathBuf,
}

impl Kept {
    /// Takes up what a search of the same identity left, or starts anew.
    fn open(folder: Option<&Path>, resume: bool, identity: &str, objectives: usize) -> Result<Self, Error> {
        let mut kept = Self { known: BTreeMap::new(), file: None, path: std::path::PathBuf::new() };
        let Some(folder) = folder else { return Ok(kept) };
        kept.path = folder.join(EVALUATIONS);
        let io = |error| Error::Folder(FolderError::Io { path: folder.join(EVALUATIONS), error });
        let there = resume.then(|| std::fs::read_to_string(&kept.path).ok()).flatten();
        if let Some(text) = &there {
            // A last line that was cut is of no use.
            let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
            let mut lines = whole.lines();
            if lines.next() != Some(identity) {
                return Err(Error::OtherSearch(folder.to_owned()));
            }
            kept.known = lines.filter_map(|line| read(line, objectives)).collect();
            std::fs::write(&kept.path, whole).map_err(io)?;
        } else {
            own_folder(folder)?;
            std::fs::write(&kept.path, format!("{identity}\n")).map_err(io)?;
        }
        kept.file = Some(OpenOptions::new().append(true).open(&kept.path).map_err(io)?);
        Ok(kept)
    }

    fn put(&mut self, point: &str, stretch: u32, sums: Sums) -> Result<(), Error> {
        if let Some(file) = &mut self.file {
            let numbers: Vec<String> = sums.numbers().map(|x| format!("{x:?}")).collect();
            let line = format!("{stretch}\t{}\t{point}\n", numbers.join("\t"));
            let path = self.path.clone();
            file.write_all(line.as_bytes()).map_err(|error| FolderError::Io { path, error })?;
        }
        self.known.insert((point.to_owned(), stretch), sums);
        Ok(())
    }
}

/// A line of what was kept: the stretch, the sums to the bit, and the point as written.
fn read(line: &str, objectives: usize) -> Option<((String, u32), Sums)> {
    let mut fields = line.split('\t');
    let stretch = fields.next()?.parse().ok()?;
    let count = WIDTH * (1 + 2 * objectives);
    let numbers: Vec<f64> = fields.by_ref().take(count).map(str::parse).collect::<Result<_, _>>().ok()?;
    Some(((fields.next()?.to_owned(), stretch), Sums::of(&numbers, objectives)?))
}

/// A search, being done.
struct Search<'a> {
    request: &'a SearchRequest,
    levers: Vec<Lever>,
    objectives: Vec<Objective>,
    signs: Vec<f64>,
    reading: Reading,
    base: Simulation,
    kept: Kept,
    /// Draws that points of this search took, whether they were simulated now or before.
    spent: u64,
    watch: &'a dyn Watch,
}

/// A point at the end of its round.
struct Done {
    levels: Vec<String>,
    place: Vec<f64>,
    /// By halving: sums over all draws up to then.
    sums: Vec<Sums>,
}

/// Looks for points of levers that no other dominates.
///
/// # Errors
/// If the request cannot be read, the scenario has errors at a point, or it is stopped.
pub fn search(request: &SearchRequest, watch: &dyn Watch) -> Result<SearchReport, Error> {
    let levers: Vec<Lever> = request.levers.iter().map(|t| Lever::parse(t)).collect::<Result<_, _>>()?;
    if let Some((_, twice)) =
        levers.iter().enumerate().find(|(i, l)| levers[..*i].iter().any(|o| o.path == l.path))
    {
        return Err(Error::LeverTwice(twice.path.clone()));
    }
    let objectives: Vec<Objective> =
        request.objectives.iter().map(|t| Objective::parse(t)).collect::<Result<_, _>>()?;
    let signs = objectives.iter().map(|o| o.sense.sign()).collect();
    let reading = Reading::of(&request.scenario)?;
    let mut base = open(&reading, request, &objectives, Vec::new(), None, watch)?;
    base.read_condition()?;
    for objective in &objectives {
        base.place("--objective", &objective.cell)?;
    }
    base.settings = std::iter::once(&"search".to_owned())
        .chain(&request.levers)
        .chain(&request.objectives)
        .cloned()
        .collect();
    let identity =
        format!("# chokepoint search {}", identity(&reading, request, &levers, &objectives, &base)?);
    let kept = Kept::open(request.out.as_deref(), request.resume, &identity, objectives.len())?;
    let mut search = Search { request, levers, objectives, signs, reading, base, kept, spent: 0, watch };
    let mut done: Vec<Done> = Vec::new();
    let (mut round, mut points) = (0, 0);
    while search.spent + search.cost() <= request.budget().max(search.cost()) {
        let tried = search.round(round, &mut done)?;
        round += 1;
        // Of choices alone there may be no other point.
        if tried == 0 {
            break;
        }
        points += tried;
    }
    search.report((round, points), &done)
}

/// What decides a search but its budget: with the same, it goes on where it was.
fn identity(
    reading: &Reading,
    request: &SearchRequest,
    levers: &[Lever],
    objectives: &[Objective],
    base: &Simulation,
) -> Result<String, Error> {
    let mut manifest = base.manifest();
    for lever in levers {
        if let Levels::Switch(name) = &lever.levels {
            let under = open(reading, request, objectives, Vec::new(), Some(name.clone()), &())?;
            manifest.resolved_policies.push(SourceFile::new(name, &under.project.document.to_toml()));
        }
    }
    manifest.identify();
    Ok(manifest.identity)
}

/// The scenario at a point, with a policy in force or none.
fn open(
    reading: &Reading,
    request: &SearchRequest,
    objectives: &[Objective],
    set: Vec<String>,
    policy: Option<String>,
    watch: &dyn Watch,
) -> Result<Simulation, Error> {
    let mut scenario: ScenarioRequest = request.scenario.clone();
    scenario.set.extend(set);
    if let Some(policy) = policy {
        scenario.policy = Some(match scenario.policy {
            Some(PolicySource::Named(own)) => PolicySource::Named(format!("{own}+{policy}")),
            _ => PolicySource::Named(policy),
        });
    }
    let cells: Vec<String> = objectives.iter().map(|o| o.cell.clone()).collect();
    let project = Project::of(reading, &scenario)?;
    project.note_warnings(watch);
    let mut simulation = request.simulation.clone();
    let own = project.model.run.horizon;
    simulation.sampling.horizon = simulation.sampling.horizon.or_else(|| until(&cells, own));
    Simulation::of(project, &simulation, |plan| Recording::lean(plan, &cells))
}

impl Search<'_> {
    /// Draws of each stretch: all of them have been simulated of what is left after the last halving.
    fn stretches(&self) -> Vec<u64> {
        let all = self.request.simulation.sampling.draws;
        let at = |h: u32| (all >> (HALVINGS - h)).next_multiple_of(WIDTH as u64).max(WIDTH as u64);
        (0..=HALVINGS).map(at).collect()
    }

    /// Draws that a round takes.
    fn cost(&self) -> u64 {
        let ends = self.stretches();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let points = (0..).map(|h: u32| (POINTS >> h) as u64 + 1);
        ends.iter().zip(starts).zip(points).map(|((end, start), n)| (end - start) * n).sum()
    }

    fn key(levels: &[String]) -> String {
        levels.join("; ")
    }

    /// One round: points are tried, and halved until few have had all draws; how many were tried that were not known.
    fn round(&mut self, round: u64, done: &mut Vec<Done>) -> Result<u64, Error> {
        let ends = self.stretches();
        let last: Vec<Vec<f64>> =
            done.iter().map(|d| d.sums.last().map_or_else(Vec::new, |s| s.means(&self.signs))).collect();
        let front: Vec<Vec<f64>> = layers(&last)
            .iter()
            .zip(done.iter())
            .filter(|(l, _)| **l == 0)
            .map(|(_, d)| d.place.clone())
            .collect();
        let seed = self.request.simulation.sampling.seed;
        let mut points: Vec<Done> = Vec::new();
        for place in candidates(seed, round, self.levers.len(), &front) {
            let levels: Vec<String> = self.levers.iter().zip(&place).map(|(l, &x)| l.at(x)).collect();
            let known = points.iter().chain(done.iter()).any(|d| d.levels == levels);
            if !known {
                points.push(Done { levels, place, sums: Vec::new() });
            }
        }
        let tried = points.len() as u64;
        let mut plans: Vec<Option<Simulation>> = points.iter().map(|_| None).collect();
        for h in 0..=HALVINGS {
            let start = if h == 0 { 0 } else { ends[h as usize - 1] };
            self.evaluate(&mut points, &mut plans, h, start..ends[h as usize])?;
            self.spent += (points.len() as u64 + 1) * (ends[h as usize] - start);
            if h == HALVINGS {
                break;
            }
            // Those that had all draws before are looked at on as many draws as these have had.
            let at = |d: &Done| d.sums[h as usize].means(&self.signs);
            let all: Vec<Vec<f64>> = points.iter().chain(done.iter()).map(at).collect();
            let own: Vec<usize> = (0..points.len()).collect();
            let keep = best(&all, &own, POINTS >> (h + 1));
            let mut place = 0;
            points.retain(|_| {
                place += 1;
                keep.contains(&(place - 1))
            });
            place = 0;
            plans.retain(|_| {
                place += 1;
                keep.contains(&(place - 1))
            });
        }
        done.append(&mut points);
        Ok(tried)
    }

    /// Simulates a stretch of draws at points of which it is not known.
    fn evaluate(
        &mut self,
        points: &mut [Done],
        plans: &mut [Option<Simulation>],
        stretch: u32,
        draws: std::ops::Range<u64>,
    ) -> Result<(), Error> {
        let missing: Vec<usize> = (0..points.len())
            .filter(|&i| !self.kept.known.contains_key(&(Self::key(&points[i].levels), stretch)))
            .collect();
        if !missing.is_empty() && !draws.is_empty() {
            let mut simulations = Vec::new();
            for &i in &missing {
                let plan = plans[i].take();
                simulations.push(plan.map_or_else(|| self.at(&points[i].levels), Ok)?);
            }
            let plans_of = std::iter::once(&self.base).chain(&simulations);
            let cells = |s: &Simulation| -> Result<Vec<usize>, Error> {
                self.objectives.iter().map(|o| s.place("--objective", &o.cell)).collect()
            };
            let places = plans_of.map(cells).collect::<Result<Vec<_>, _>>()?;
            let sums = vec![Sums::new(self.objectives.len()); places.len()];
            let mut gathering = Gathering { places, sums };
            let worked = self.base.work_on(&simulations, draws, self.watch, &mut [&mut gathering]);
            worked.map_err(|error| self.interrupted(error))?;
            let mut sums = gathering.sums.into_iter();
            // Whatever is missing, the scenario as it stands is the same.
            let own = sums.next().unwrap_or_else(|| Sums::new(0));
            if !self.kept.known.contains_key(&("base".to_owned(), stretch)) {
                self.kept.put("base", stretch, own)?;
            }
            for ((i, plan), sums) in missing.into_iter().zip(simulations).zip(sums) {
                self.kept.put(&Self::key(&points[i].levels), stretch, sums)?;
                plans[i] = Some(plan);
            }
        }
        for point in points {
            let mut sums = self.known(&Self::key(&point.levels), stretch);
            if let Some(before) = point.sums.last() {
                sums.add(before);
            }
            point.sums.push(sums);
        }
        Ok(())
    }

    fn known(&self, point: &str, stretch: u32) -> Sums {
        let known = self.kept.known.get(&(point.to_owned(), stretch));
        known.cloned().unwrap_or_else(|| Sums::new(self.objectives.len()))
    }

    fn interrupted(&self, error: Error) -> Error {
        match error {
            Error::Interrupted if self.request.out.is_some() => {
                Error::InterruptedAt { done: self.spent, draws: self.request.budget() }
            }
            other => other,
        }
    }

    fn at(&self, levels: &[String]) -> Result<Simulation, Error> {
        let (mut set, mut policies) = (Vec::new(), Vec::new());
        for (lever, level) in self.levers.iter().zip(levels) {
            match &lever.levels {
                Levels::Switch(name) if level == "on" => policies.push(name.clone()),
                Levels::Switch(_) => {}
                Levels::Range(..) | Levels::Choices(_) => set.push(format!("{}={level}", lever.path)),
            }
        }
        let policy = (!policies.is_empty()).then(|| policies.join("+"));
        open(&self.reading, self.request, &self.objectives, set, policy, &())
    }

    /// Points that had all draws, and the scenario as it stands.
    fn report(&self, (rounds, tried): (u64, u64), done: &[Done]) -> Result<SearchReport, Error> {
        let mut own = Sums::new(self.objectives.len());
        (0..=HALVINGS).for_each(|h| own.add(&self.known("base", h)));
        if own.draws.iter().sum::<f64>() == 0.0 {
            return Err(Error::NoDrawCounts);
        }
        let nothing: Vec<String> = vec![String::new(); self.levers.len()];
        let whole = |d: &Done| (d.levels.clone(), d.sums.last().cloned().unwrap_or_else(|| own.clone()));
        let all: Vec<(Vec<String>, Sums)> =
            std::iter::once((nothing, own.clone())).chain(done.iter().map(whole)).collect();
        let standing = layers(&all.iter().map(|(_, s)| s.means(&self.signs)).collect::<Vec<_>>());
        let mut often = vec![0_usize; all.len()];
        let replicates: Vec<usize> = (0..WIDTH).filter(|&r| own.draws[r] > 0.0).collect();
        for &r in &replicates {
            let layers = layers(&all.iter().map(|(_, s)| s.replicate(r, &self.signs)).collect::<Vec<_>>());
            often.iter_mut().zip(layers).for_each(|(n, layer)| *n += usize::from(layer == 0));
        }
        let point = |(i, (levels, sums)): (usize, &(Vec<String>, Sums))| SearchPoint {
            levels: levels.clone(),
            front: standing[i] == 0,
            often: often[i] as f64 / replicates.len().max(1) as f64,
            draws: sums.draws.iter().sum::<f64>() as u64,
            values: (0..self.objectives.len()).map(|o| [sums.interval(o, 0), sums.interval(o, 1)]).collect(),
        };
        let mut points: Vec<SearchPoint> = all.iter().enumerate().map(point).collect();
        let base = points.remove(0);
        let unit = |o: &Objective| -> Result<String, Error> {
            Ok(self.base.recording.names[self.base.place("--objective", &o.cell)?].unit.clone())
        };
        Ok(SearchReport::new(
            self.base.plan.model.title.clone(),
            self.levers.iter().map(|l| l.path.clone()).collect(),
            self.objectives.iter().map(|o| Ok((o.clone(), unit(o)?))).collect::<Result<_, Error>>()?,
            (rounds, tried, self.spent),
            base,
            points,
        ))
    }
}

/// Writes the table and the page of a search to its folder.
///
/// # Errors
/// If a file cannot be written.
pub fn write_search(report: &SearchReport, folder: &Path) -> Result<(), Error> {
    for (name, text) in [("front.csv", report.to_table().text), ("front.html", report.page())] {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| FolderError::Io { path, error })?;
    }
    Ok(())
}
