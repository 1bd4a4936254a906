//! `explain`: the story of one draw, equal to that draw in any run.

use super::Failure;
use super::arguments::ExplainArguments;
use super::session::{Session, plan, print};
use crate::engine::Batch;
use crate::engine::ledger::Ledger;
use crate::engine::witness::Witness;
use crate::math::WIDTH;
use crate::report::Story;

pub(super) fn explain(arguments: &ExplainArguments) -> Result<(), Failure> {
    let mut session = Session::read(&arguments.scenario)?;
    let model = session.take_model(false)?;
    if arguments.draw >= arguments.simulation.draws {
        let message = format!(
            "--draw counts from 0: a run of {} draws has none {}",
            arguments.simulation.draws, arguments.draw
        );
        return Err(Failure::Usage(message));
    }
    let plan = plan(model, &arguments.simulation)?;
    let lane = (arguments.draw % WIDTH as u64) as usize;
    let mut batch = Batch::new(&plan);
    let mut witness = Witness::new(lane);
    let mut ledger = Ledger::new(&plan);
    batch.simulate(&plan, arguments.draw / WIDTH as u64, &mut (&mut witness, &mut ledger));
    if let Some(broken) = ledger.broken() {
        return Err(Failure::Running(broken.to_string()));
    }
    let story = Story { plan: &plan, witness: &witness, inputs: &batch.inputs, draw: arguments.draw, lane };
    print(&story.tell())
}
