//! The story of one draw, equal to that draw in any run; under a policy, two worlds side by side.

use super::error::Error;
use super::pick::pick;
use super::project::Project;
use super::request::{DrawChoice, ExplainRequest, ScenarioRequest};
use super::watch::Watch;
use crate::engine::Batch;
use crate::engine::ledger::Ledger;
use crate::engine::record::Recorder;
use crate::engine::trace::Trace;
use crate::math::wide::WIDTH;
use crate::metrics::{ActorKind, Cells, Recording, SelectError, headline};
use crate::plan::Plan;
use crate::report::{Draw, Focus, Story, Worlds};
use crate::results::Cell;

/// What is told of a draw.
#[derive(Debug)]
pub enum Explained {
    /// The scenario as it stands.
    Story(Box<Story>),
    /// The scenario as it stands, and under a policy.
    Worlds(Box<Worlds>),
}

impl Explained {
    /// As text for people.
    pub fn text(&self) -> String {
        match self {
            Self::Story(story) => story.text(),
            Self::Worlds(worlds) => worlds.text(),
        }
    }

    /// As JSON, every number to the bit.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Story(story) => story.json(),
            Self::Worlds(worlds) => worlds.json(),
        }
    }
}

/// Simulates a draw under audit and tells its story.
///
/// # Errors
/// If the request cannot be read, the scenario has errors, or the draw does not add up.
pub fn explain(request: &ExplainRequest, watch: &dyn Watch) -> Result<Explained, Error> {
    let draws = request.sampling.draws;
    if let DrawChoice::Number(draw) = request.draw
        && draw >= draws
    {
        return Err(Error::NoDraw { draws, draw });
    }
    let base = ScenarioRequest { policy: None, ..request.scenario.clone() };
    let actor = request.actor.as_deref();
    let world = World::open(request, &base, watch)?;
    let told = world.told(actor, request.years)?;
    let policy = if request.scenario.policy.is_some() {
        let world = World::open(request, &request.scenario, watch)?;
        let told = world.told(actor, request.years)?;
        Some((world, told))
    } else {
        None
    };
    let draw = match &request.draw {
        DrawChoice::Number(draw) => *draw,
        DrawChoice::Quantile(text) => pick(&base, &request.sampling, text, watch)?,
        DrawChoice::Median => {
            let cell = headline::cell(&world.plan.model);
            pick(&base, &request.sampling, &format!("p50:{cell}"), watch)?
        }
    };
    let story = world.story(&told, draw)?;
    let Some((world, told)) = policy else { return Ok(Explained::Story(Box::new(story))) };
    let policy = world.story(&told, draw)?;
    Ok(Explained::Worlds(Box::new(Worlds { base: story, policy })))
}

/// A scenario laid out, as it stands or under a policy.
struct World {
    name: String,
    plan: Plan,
}

impl World {
    fn open(request: &ExplainRequest, scenario: &ScenarioRequest, watch: &dyn Watch) -> Result<Self, Error> {
        let project = Project::open(scenario)?;
        project.note_warnings(watch);
        Ok(Self { name: project.policy_name(), plan: project.plan(&request.sampling)? })
    }

    /// Whom a story is about, and the numbers that it gives.
    fn told(&self, actor: Option<&str>, years: bool) -> Result<(Focus, Recording), Error> {
        match actor {
            None if years => self.by_years(),
            _ => self.focus(actor),
        }
    }

    fn story(&self, (focus, recording): &(Focus, Recording), draw: u64) -> Result<Story, Error> {
        let plan = &self.plan;
        let lane = (draw % WIDTH as u64) as usize;
        let mut batch = Batch::new(plan);
        let mut trace = Trace::new(lane);
        let mut ledger = Ledger::new(plan);
        let mut recorder = Recorder::new(plan, recording, &[]);
        batch.simulate(plan, draw / WIDTH as u64, &mut ((&mut trace, &mut ledger), &mut recorder));
        if let Some(broken) = ledger.broken() {
            return Err(broken.into());
        }
        let values = (0..recording.cells.len()).map(|place| recorder.cell(place)[lane]);
        let cells: Vec<(Cell, f64)> = recording.names.iter().cloned().zip(values).collect();
        let told = Draw { plan, trace: &trace, inputs: &batch.inputs, number: draw, lane, cells: &cells };
        Ok(Story::new(&told, &self.name, focus))
    }

    /// What is told by years: of the headline's actors what they can train at the ends of years.
    fn by_years(&self) -> Result<(Focus, Recording), Error> {
        let model = &self.plan.model;
        let (actors, last) = (headline::actors(model), model.run.horizon.last);
        let patterns = actors.iter().map(|a| format!("{}@{{*Q4,{last}}}", headline::trained(a)));
        let cells = Cells::of(&self.plan).map_err(SelectError::from)?;
        let patterns = cells.matching(&patterns.collect::<Vec<_>>());
        Ok((Focus::by_years(model, &actors), Recording::among(cells, &patterns)?))
    }

    /// Whom the story is about, and the numbers that it gives: of the actor everything, of labs what they can train.
    fn focus(&self, actor: Option<&str>) -> Result<(Focus, Recording), Error> {
        let model = &self.plan.model;
        let (focus, patterns) = match actor {
            None => (Focus::everybody(model), vec![headline::trained(&ActorKind::Lab.actor("*"))]),
            Some(actor) => {
                let focus = Focus::on(model, actor);
                let labs = model.labs.iter().zip(&focus.labs).filter(|(_, in_focus)| **in_focus);
                let labs = labs.map(|(l, _)| headline::trained(&ActorKind::Lab.actor(&l.id)));
                let patterns = std::iter::once(format!("{actor}/*")).chain(labs).collect();
                (focus, patterns)
            }
        };
        let all = Recording::new(&self.plan, &[])?;
        if let Some(actor) = actor.filter(|a| all.series.iter().all(|s| s.actor != *a)) {
            let near = crate::scenario::suggest(actor, all.series.iter().map(|s| s.actor.as_str()));
            return Err(Error::NoActor { actor: actor.to_owned(), near: near.map(str::to_owned) });
        }
        let patterns = if model.labs.is_empty() { Vec::new() } else { patterns };
        Ok((focus, Recording::new(&self.plan, &patterns)?))
    }
}
