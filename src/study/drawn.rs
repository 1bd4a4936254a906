//! Draws with what chance decided in each: every uncertain number, when each shock first struck, and one cell under every plan.

use super::error::Error;
use super::gather::Gatherer;
use super::simulation::Simulation;
use super::watch::Watch;
use crate::engine::run::Round;
use crate::math::WIDTH;
use crate::model::{Grade, QuantityId};
use crate::plan::Plan;
use crate::report::Input;
use crate::results::FolderError;

/// Draws that count.
pub(super) struct Drawn {
    /// What chance decides.
    pub(super) inputs: Vec<Input>,
    /// By input, then draw; a shock that never strikes has the horizon's length.
    pub(super) columns: Vec<Vec<f32>>,
    /// The cell by plan, then draw.
    pub(super) values: Vec<Vec<f64>>,
    /// Replicate of each draw.
    pub(super) replicates: Vec<u8>,
    /// By plan the place of the cell.
    places: Vec<usize>,
    /// By shock the place among inputs, if it strikes by chance.
    shocks: Vec<Option<usize>>,
    never: f32,
}

impl Drawn {
    /// Simulates all draws of plans, the scenario as it stands first, which record the cell that a parameter names.
    pub(super) fn simulate(
        base: &mut Simulation,
        others: &[Simulation],
        (parameter, cell): (&'static str, &str),
        watch: &dyn Watch,
    ) -> Result<Self, Error> {
        base.inputs = true;
        let base = &*base;
        let places: Vec<usize> = std::iter::once(base)
            .chain(others)
            .map(|plan| plan.place(parameter, cell))
            .collect::<Result<_, _>>()?;
        let (inputs, shocks) = inputs(&base.plan);
        let mut drawn = Self {
            columns: vec![Vec::new(); inputs.len()],
            values: vec![Vec::new(); places.len()],
            replicates: Vec::new(),
            never: base.plan.quarters as f32,
            inputs,
            places,
            shocks,
        };
        base.work_on(others, 0..base.request.sampling.draws, watch, &mut [&mut drawn])?;
        base.check_used(drawn.replicates.len() as u64, watch)?;
        Ok(drawn)
    }
}

impl Gatherer for Drawn {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let first = &rounds[0];
        for (b, mask) in first.masks.iter().enumerate() {
            for lane in (0..WIDTH).filter(|&lane| mask.lane(lane)) {
                self.replicates.push(lane as u8);
                for ((values, round), &place) in self.values.iter_mut().zip(rounds).zip(&self.places) {
                    values.push(round.cells[b][place][lane]);
                }
                let numbers = first.inputs[b].len();
                for (column, x) in self.columns.iter_mut().zip(&first.inputs[b]) {
                    column.push(x[lane] as f32);
                }
                self.columns[numbers..].iter_mut().for_each(|column| column.push(self.never));
                for strike in first.strikes[b].iter().filter(|s| s.lane == lane && s.onset.is_finite()) {
                    let column = self.shocks[strike.shock].and_then(|c| self.columns[c].last_mut());
                    if let Some(onset) = column {
                        *onset = onset.min(strike.onset as f32);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Every uncertain quantity, as rounds bring them, then the shocks that strike by chance; and where each shock is among them.
fn inputs(plan: &Plan) -> (Vec<Input>, Vec<Option<usize>>) {
    let row = |q: QuantityId| {
        let quantity = &plan.model.quantities[q];
        let about = &quantity.provenance;
        Input {
            path: quantity.path.clone(),
            unit: quantity.unit.clone(),
            grade: about.grade.map_or("", Grade::name),
            percent: about.written.contains('%') && quantity.unit == "1",
            since: None,
        }
    };
    let mut all: Vec<Input> = plan.layout.uncertain().map(row).collect();
    let mut shocks = vec![None; plan.model.shocks.len()];
    for (id, shock) in plan.model.shocks.iter_enumerated().filter(|(_, s)| s.hazard.is_some()) {
        shocks[id.index()] = Some(all.len());
        all.push(Input::of_shock(&shock.id, plan.model.run.horizon));
    }
    (all, shocks)
}
