//! `--pick`: the draw in which a cell comes out at a quantile.

use super::Failure;
use super::arguments::{ExplainArguments, ScenarioArguments};
use super::session::{Session, plan};
use super::work::{Gatherer, Watch, work};
use crate::engine::run::{Round, Task};
use crate::math::WIDTH;
use crate::metrics::Recording;
use crate::model::time::Quarter;
use crate::results::FolderError;

/// Values of one cell, with the draws that they are of.
#[derive(Default)]
struct Values(Vec<(f64, u64)>);

impl Gatherer for Values {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        for (b, (cells, mask)) in rounds[0].cells.iter().zip(&rounds[0].masks).enumerate() {
            let first = (rounds[0].first + b as u64) * WIDTH as u64;
            let lanes = (0..WIDTH).filter(|&l| mask.lane(l));
            self.0.extend(lanes.map(|l| (cells[0][l], first + l as u64)));
        }
        Ok(())
    }
}

/// The draw, of all that are asked for, whose value has the rank that `p95:actor/metric@quarter` names, in the scenario as it
/// stands; of equal ones the first.
pub(super) fn pick(
    arguments: &ExplainArguments,
    base: &ScenarioArguments,
    text: &str,
) -> Result<u64, Failure> {
    let usage = || {
        Failure::Usage(format!(
            "--pick takes a quantile and a cell, like p95:country.china/reachable_flop@2028Q4, not {text}"
        ))
    };
    let (quantile, cell) = text.split_once(':').ok_or_else(usage)?;
    let percent: f64 = quantile.strip_prefix('p').and_then(|p| p.parse().ok()).ok_or_else(usage)?;
    if !(0.0..=100.0).contains(&percent) {
        return Err(usage());
    }
    let quarter = cell.rsplit_once('@').and_then(|(_, q)| Quarter::parse(q)).ok_or_else(usage)?;
    let mut session = Session::read(base)?;
    let model = session.take_model(true)?;
    let mut simulation = arguments.simulation.clone();
    let horizon = model.run.horizon;
    if simulation.horizon.is_none() && quarter <= horizon.last && quarter >= horizon.first {
        // What comes after the cell need not be simulated.
        simulation.horizon = Some(format!("{}..{quarter}", horizon.first));
    }
    let plan = plan(model, &simulation)?;
    let rejected = |e: String| Failure::Rejected(format!("error: {e}"));
    let recording = Recording::new(&plan, &[cell.to_owned()])
        .map_err(|e| rejected(e.to_string().replace("--select", "--pick")))?;
    if recording.cells.len() != 1 {
        return Err(rejected(format!("--pick takes one cell; {cell} names {}", recording.cells.len())));
    }
    let draws = arguments.simulation.draws;
    let task = Task {
        plan: &plan,
        recording: &recording,
        flows: &[],
        draws,
        from: 0,
        given: None,
        audit: false,
        inputs: false,
    };
    let mut values = Values::default();
    work(&task, &[], Watch { threads: 0, quiet: false }, &mut [&mut values])?;
    values.0.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let place = (percent / 100.0 * (values.0.len() - 1) as f64).round() as usize;
    let (value, draw) = values.0[place];
    tell!("draw {draw} of {draws}: {cell} is {}", crate::report::number(value));
    Ok(draw)
}
