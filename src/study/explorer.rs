//! A scenario that is changed again and again, simulated batch by batch on one thread: what the explorer's page asks for.

use super::error::Error;
use super::explain::explain;
use super::project::{Project, Reading};
use super::request::{DrawChoice, ExplainRequest, PolicySource, Sampling, ScenarioRequest, TextSource};
use crate::engine::Batch;
use crate::engine::fork::{Fork, Stand};
use crate::engine::record::{Recorder, subjects};
use crate::engine::steps::roots::root;
use crate::engine::steps::training::lab_cause;
use crate::math::wide::{Lanes, Mask, WIDTH};
use crate::metrics::{Recording, headline};
use crate::model::time::Quarter;
use crate::plan::Plan;
use crate::results::Cell;
use std::collections::BTreeMap;

/// Which of the two worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The scenario as it stands.
    Base,
    /// As it was changed.
    Changed,
}

/// A scenario and a change of it, on the same draws.
#[derive(Debug)]
pub struct Explorer {
    name: String,
    text: String,
    select: Vec<String>,
    sampling: Sampling,
    reading: Reading,
    base: World,
    changed: Option<World>,
    /// At the start of which quarter the base is kept: a change that acts from then on or later goes on from there.
    kept_at: usize,
    /// The base's batches at that moment, by number.
    stands: BTreeMap<u64, Stand>,
    cells: Vec<String>,
    /// Labs of the base.
    labs: Vec<String>,
}

/// A plan with what is recorded of it, and a batch to simulate it in.
#[derive(Debug)]
struct World {
    plan: Plan,
    recording: Recording,
    batch: Batch,
    /// Place of each cell of the base in this recording; none if they are the same.
    places: Option<Vec<Option<usize>>>,
    /// First quarter in which it can differ from the base.
    acts_from: usize,
    /// How it goes on from where the base is kept; none if it acts before.
    fork: Option<Fork>,
}

/// Batches of the base that are kept at most: of the draws that are asked for first, after every change.
const KEPT: usize = 256 / WIDTH;

impl World {
    fn new(project: &Project, sampling: &Sampling, select: &[String]) -> Result<Self, Error> {
        let plan = project.plan(sampling)?;
        let recording = Recording::lean(&plan, select)?;
        let batch = Batch::new(&plan);
        Ok(Self { plan, recording, batch, places: None, acts_from: 0, fork: None })
    }

    fn cells(&self) -> Vec<String> {
        self.recording.names.iter().map(Cell::address).collect()
    }

    /// Where a batch stands at the start of a quarter.
    fn stand(&mut self, batch: u64, quarter: usize) -> Stand {
        let mut recorder = Recorder::new(&self.plan, &self.recording, &[]);
        self.batch.begin(&self.plan, batch);
        self.batch.advance(&self.plan, 0..quarter, &mut (), &mut recorder);
        Stand::of(&self.batch, &recorder)
    }
}

/// What is said where nothing of a lab's chips is lacking, or nobody knows what.
const NOTHING: f64 = -1.0;

/// What binds a lab, as a place in [`Explorer::LABELS`].
fn label(bound: u8, root: u8) -> f64 {
    match (bound, root) {
        (lab_cause::CHIPS, root::NONE) => f64::from(lab_cause::CHIPS),
        (lab_cause::CHIPS, root) => f64::from(root) + lab_cause::NAMES.len() as f64,
        (bound, _) if usize::from(bound) < lab_cause::NAMES.len() => f64::from(bound),
        _ => NOTHING,
    }
}

/// Appends the values of a batch: for every cell and then for every label.
fn tell(world: &World, labs_asked: &[String], recorder: &Recorder<'_>, values: &mut Vec<f64>) {
    match &world.places {
        None => (0..world.recording.cells.len())
            .for_each(|place| values.extend_from_slice(&recorder.cell(place).0)),
        Some(places) => {
            for place in places {
                let cell = place.map_or(Lanes::splat(f64::NAN), |place| recorder.cell(place));
                values.extend_from_slice(&cell.0);
            }
        }
    }
    let plan = &world.plan;
    let (chips, per_quarter, labs) = (plan.edges.chips.len(), subjects(plan), &plan.model.labs);
    for t in headline::year_ends(plan.model.run.horizon) {
        for id in labs_asked {
            let Some(l) = labs.iter().position(|lab| lab.id == *id) else {
                values.extend_from_slice(&[NOTHING; WIDTH]);
                continue;
            };
            let first = t * per_quarter + chips + l;
            for part in &recorder.parts {
                let (bound, roots) = (part.labels[first], part.labels[first + 2 * labs.len()]);
                values.extend(bound.iter().zip(roots).map(|(&b, r)| label(b, r)));
            }
        }
    }
}

impl Explorer {
    /// What a label's number stands for: what binds a lab, and where that is chips, which input they lack.
    pub const LABELS: [&str; lab_cause::NAMES.len() + root::NAMES.len()] = {
        let mut names = [""; lab_cause::NAMES.len() + root::NAMES.len()];
        let mut i = 0;
        while i < names.len() {
            names[i] = if i < lab_cause::NAMES.len() {
                lab_cause::NAMES[i]
            } else {
                root::NAMES[i - lab_cause::NAMES.len()]
            };
            i += 1;
        }
        names
    };

    /// Opens a scenario that is one text, and lays it out for the draws of a seed; `select` are patterns of cells.
    ///
    /// # Errors
    /// If the scenario has errors, or a pattern selects nothing.
    pub fn open(name: &str, text: &str, select: &[String], seed: u64) -> Result<Self, Error> {
        let source = TextSource::Text { name: name.to_owned(), text: text.to_owned() };
        let request = ScenarioRequest::new(source);
        let reading = Reading::of(&request)?;
        let project = Project::of(&reading, &request)?;
        let sampling = Sampling { seed, ..Sampling::default() };
        let base = World::new(&project, &sampling, select)?;
        Ok(Self {
            name: name.to_owned(),
            text: text.to_owned(),
            select: select.to_vec(),
            sampling,
            cells: base.cells(),
            labs: base.plan.model.labs.iter().map(|lab| lab.id.clone()).collect(),
            kept_at: base.plan.shocks_from,
            stands: BTreeMap::new(),
            reading,
            base,
            changed: None,
        })
    }

    /// Addresses of the cells, in the order of values.
    pub fn cells(&self) -> &[String] {
        &self.cells
    }

    /// What has labels, in the order of values after those of cells: `lab.openai@2028Q4`, by year end and lab.
    pub fn labelled(&self) -> Vec<String> {
        let horizon = self.base.plan.model.run.horizon;
        let ends = headline::year_ends(horizon).into_iter();
        ends.flat_map(|t| {
            let quarter = Quarter(horizon.first.0 + t as i32);
            self.labs.iter().map(move |lab| format!("lab.{lab}@{quarter}"))
        })
        .collect()
    }

    /// Puts the scenario under a policy, a TOML text; an empty one leaves it as it stands.
    ///
    /// # Errors
    /// If the policy has errors: then the change before it stands.
    pub fn change(&mut self, policy: &str) -> Result<(), Error> {
        if policy.trim().is_empty() {
            self.changed = None;
            return Ok(());
        }
        let project = Project::of(&self.reading, &self.scenario(policy))?;
        let mut world = World::new(&project, &self.sampling, &self.select)?;
        let own = world.cells();
        if own != self.cells {
            let known: BTreeMap<&String, usize> = own.iter().enumerate().map(|(i, cell)| (cell, i)).collect();
            world.places = Some(self.cells.iter().map(|cell| known.get(cell).copied()).collect());
        }
        let pair = ((&self.base.plan, &self.base.recording), (&world.plan, &world.recording));
        let fork = Fork::new(pair.0, pair.1).filter(|_| world.plan.model.answers.signs.is_empty());
        world.acts_from = fork.as_ref().map_or(0, |fork| fork.at);
        let later = |fork: &Fork| (1..=fork.at).contains(&self.kept_at);
        world.fork = fork.filter(later).map(|fork| fork.by(self.kept_at));
        self.changed = Some(world);
        Ok(())
    }

    /// First quarter in which the change can differ from the base, in quarters since the horizon's start; 0 without a change.
    pub fn acts_from(&self) -> usize {
        self.changed.as_ref().map_or(0, |world| world.acts_from)
    }

    /// Has the base kept at the start of a quarter, instead of that of the first after what is known; before any change.
    pub fn keep_at(&mut self, quarter: usize) {
        self.kept_at = quarter;
        self.stands.clear();
    }

    /// Keeps a batch of the base, of which nobody asks for the values.
    pub fn keep(&mut self, batch: u64) {
        if self.can_keep(batch) {
            let stand = self.base.stand(batch, self.kept_at);
            self.stands.insert(batch, stand);
        }
    }

    /// Whether a batch is not kept yet, and there is room for it.
    fn can_keep(&self, batch: u64) -> bool {
        let inside = (1..self.base.plan.quarters).contains(&self.kept_at);
        inside && self.stands.len() < KEPT && !self.stands.contains_key(&batch)
    }

    /// Simulates a batch of one side: for every cell and then for every label the values of its draws.
    /// A label is a place in [`Explorer::LABELS`], or -1; a cell that the changed world lacks is not a number.
    ///
    /// # Errors
    /// If a value is no finite number.
    pub fn simulate(&mut self, side: Side, batch: u64, values: &mut Vec<f64>) -> Result<(), Error> {
        let is_base = side == Side::Base || self.changed.is_none();
        let keeps = is_base && self.can_keep(batch);
        if !is_base && self.changed.as_ref().is_some_and(|world| world.fork.is_some()) {
            self.keep(batch);
        }
        let changed = self.changed.as_mut().filter(|_| !is_base);
        let world = changed.unwrap_or(&mut self.base);
        let plan = &world.plan;
        let mut recorder = Recorder::new(plan, &world.recording, &[]);
        let mut from = 0;
        world.batch.begin(plan, batch);
        if keeps {
            from = self.kept_at;
            world.batch.advance(plan, 0..from, &mut (), &mut recorder);
            self.stands.insert(batch, Stand::of(&world.batch, &recorder));
        } else if let (Some(fork), Some(stand)) = (&world.fork, self.stands.get(&batch)) {
            from = fork.at;
            fork.adopt(plan, &stand.before(), &mut world.batch, &mut recorder);
        }
        world.batch.advance(plan, from..plan.quarters, &mut (), &mut recorder);
        if let Some(found) = recorder.not_finite(Mask::splat(true), plan, world.batch.first_draw) {
            return Err(found.into());
        }
        values.clear();
        tell(world, &self.labs, &recorder, values);
        Ok(())
    }

    /// The scenario under a policy; an empty one leaves it as it stands.
    fn scenario(&self, policy: &str) -> ScenarioRequest {
        let source = TextSource::Text { name: self.name.clone(), text: self.text.clone() };
        let scenario = ScenarioRequest::new(source);
        if policy.trim().is_empty() {
            scenario
        } else {
            scenario.under(PolicySource::text("changed", policy))
        }
    }

    /// The story of a draw; under a policy, of two worlds side by side. With an actor, of what concerns it.
    ///
    /// # Errors
    /// If the policy has errors, or there is no such actor.
    pub fn explain(&self, draw: u64, policy: Option<&str>, actor: Option<&str>) -> Result<String, Error> {
        let request = ExplainRequest {
            scenario: self.scenario(policy.unwrap_or_default()),
            sampling: Sampling { draws: draw + 1, ..self.sampling.clone() },
            draw: DrawChoice::Number(draw),
            actor: actor.map(str::to_owned),
            years: false,
        };
        Ok(explain(&request, &())?.text())
    }
}
