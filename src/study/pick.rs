//! The draw in which a cell comes out at a quantile.

use super::error::Error;
use super::gather::{Values, work};
use super::project::Project;
use super::request::{Sampling, ScenarioRequest};
use super::watch::{Note, Watch};
use crate::engine::run::Task;
use crate::metrics::Recording;
use crate::model::time::Quarter;

/// The draw, of all that are asked for, whose value has the rank that `p95:actor/metric@quarter` names, in the scenario as it
/// stands; of equal ones the first.
pub(super) fn pick(
    base: &ScenarioRequest,
    sampling: &Sampling,
    text: &str,
    watch: &dyn Watch,
) -> Result<u64, Error> {
    let usage = || Error::Pick(text.to_owned());
    let (quantile, cell) = text.split_once(':').ok_or_else(usage)?;
    let percent: f64 = quantile.strip_prefix('p').and_then(|p| p.parse().ok()).ok_or_else(usage)?;
    if !(0.0..=100.0).contains(&percent) {
        return Err(usage());
    }
    let quarter = cell.rsplit_once('@').and_then(|(_, q)| Quarter::parse(q)).ok_or_else(usage)?;
    let project = Project::open(base)?;
    let mut sampling = sampling.clone();
    let horizon = project.model.run.horizon;
    if sampling.horizon.is_none() && quarter <= horizon.last && quarter >= horizon.first {
        // What comes after the cell need not be simulated.
        sampling.horizon = Some(format!("{}..{quarter}", horizon.first));
    }
    let plan = project.plan(&sampling)?;
    let recording = Recording::new(&plan, &[cell.to_owned()])?;
    if recording.cells.len() != 1 {
        return Err(Error::PickMany { cell: cell.to_owned(), cells: recording.cells.len() });
    }
    let draws = sampling.draws;
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
    let mut values = Values::new(0, &recording);
    work(&task, &[], 0, watch, &mut [&mut values])?;
    let mut values: Vec<(f64, u64)> =
        values.values(0).iter().copied().zip(values.draws().iter().copied()).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let place = (percent / 100.0 * (values.len() - 1) as f64).round() as usize;
    let (value, draw) = values[place];
    watch.note(&Note::Picked { draw, draws, cell: cell.to_owned(), value });
    Ok(draw)
}
