//! `explain`: the story of one draw, equal to that draw in any run; under a policy, two worlds side by side.

use super::Failure;
use super::arguments::{ExplainArguments, Format, ScenarioArguments};
use super::pick::pick;
use super::session::{Session, plan, print};
use crate::engine::Batch;
use crate::engine::ledger::Ledger;
use crate::engine::record::Recorder;
use crate::engine::trace::Trace;
use crate::math::WIDTH;
use crate::metrics::Recording;
use crate::plan::Plan;
use crate::report::{Draw, Focus, Story, Worlds};
use crate::results::Cell;

/// What is told of labs.
const LAB_METRICS: &str = "{reachable_flop,run_flop,accessible_h100e}";

pub(super) fn explain(arguments: &ExplainArguments) -> Result<(), Failure> {
    if arguments.draw.is_some_and(|d| d >= arguments.simulation.draws) {
        return Err(Failure::Usage(format!(
            "--draw counts from 0: a run of {} draws has none {}",
            arguments.simulation.draws,
            arguments.draw.unwrap_or_default()
        )));
    }
    let base = ScenarioArguments { policy: None, ..arguments.scenario.clone() };
    let (world, draw) = match (arguments.draw, &arguments.pick) {
        (Some(draw), _) => (World::open(arguments, &base)?, draw),
        (None, Some(text)) => {
            let world = World::open(arguments, &base)?;
            (world, pick(arguments, &base, text)?)
        }
        (None, None) => return Err(Failure::Usage("explain takes --draw or --pick".to_owned())),
    };
    let story = world.story(arguments, draw)?;
    let format = arguments.format;
    let text = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    if arguments.scenario.policy.is_none() {
        return print(&if format == Format::Json { text(&story.json()) } else { story.text() });
    }
    let policy = World::open(arguments, &arguments.scenario)?.story(arguments, draw)?;
    let worlds = Worlds { base: story, policy };
    print(&if format == Format::Json { text(&worlds.json()) } else { worlds.text() })
}

/// A scenario laid out, as it stands or under a policy.
struct World {
    name: String,
    plan: Plan,
}

impl World {
    fn open(arguments: &ExplainArguments, scenario: &ScenarioArguments) -> Result<Self, Failure> {
        if arguments.format == Format::Csv {
            return Err(Failure::Usage("a story is printed as table or json".to_owned()));
        }
        let mut session = Session::read(scenario)?;
        let model = session.take_model(false)?;
        Ok(Self { name: session.policy_name(), plan: plan(model, &arguments.simulation)? })
    }

    fn story(&self, arguments: &ExplainArguments, draw: u64) -> Result<Story, Failure> {
        let plan = &self.plan;
        let (focus, recording) = self.focus(arguments.actor.as_deref())?;
        let lane = (draw % WIDTH as u64) as usize;
        let mut batch = Batch::new(plan);
        let mut trace = Trace::new(lane);
        let mut ledger = Ledger::new(plan);
        let mut recorder = Recorder::new(plan, &recording, &[]);
        batch.simulate(plan, draw / WIDTH as u64, &mut ((&mut trace, &mut ledger), &mut recorder));
        if let Some(broken) = ledger.broken() {
            return Err(Failure::Running(broken.to_string()));
        }
        let values = recorder.cells.iter().map(|x| x[lane]);
        let cells: Vec<(Cell, f64)> = recording.names.iter().cloned().zip(values).collect();
        let told = Draw { plan, trace: &trace, inputs: &batch.inputs, number: draw, lane, cells: &cells };
        Ok(Story::new(&told, &self.name, &focus))
    }

    /// Whom the story is about, and the numbers that it gives: of the actor everything, of labs what they can train.
    fn focus(&self, actor: Option<&str>) -> Result<(Focus, Recording), Failure> {
        let model = &self.plan.model;
        let (focus, patterns) = match actor {
            None => (Focus::everybody(model), vec![format!("lab.*/{LAB_METRICS}")]),
            Some(actor) => {
                let focus = Focus::on(model, actor);
                let labs = model.labs.iter().zip(&focus.labs).filter(|(_, in_focus)| **in_focus);
                let labs = labs.map(|(l, _)| format!("lab.{}/{LAB_METRICS}", l.id));
                let patterns = std::iter::once(format!("{actor}/*")).chain(labs).collect();
                (focus, patterns)
            }
        };
        let all = Recording::new(&self.plan, &[]).map_err(|e| Failure::Rejected(format!("error: {e}")))?;
        if let Some(actor) = actor.filter(|a| all.series.iter().all(|s| s.actor != *a)) {
            let near = crate::scenario::suggest(actor, all.series.iter().map(|s| s.actor.as_str()));
            let help = near.map_or_else(String::new, |n| format!("; did you mean {n}?"));
            return Err(Failure::Rejected(format!("error: --actor: nothing is measured of {actor}{help}")));
        }
        let patterns = if model.labs.is_empty() { Vec::new() } else { patterns };
        let recording =
            Recording::new(&self.plan, &patterns).map_err(|e| Failure::Rejected(format!("error: {e}")))?;
        Ok((focus, recording))
    }
}
