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
use crate::results::{Cell, FolderError, MANIFEST, PastRunError, RunReader};
use csv::ByteRecord;
use std::path::{Path, PathBuf};

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

    /// The draws that a run of this scenario kept as text: none if its folder lacks the cell in `draws.csv`, or `inputs.csv`, or
    /// `strikes.csv` where a shock strikes by chance.
    pub(super) fn kept(
        folder: &Path,
        base: &Simulation,
        (parameter, cell): (&'static str, &str),
    ) -> Result<Option<Self>, Error> {
        let run = RunReader::open(folder, MANIFEST)?;
        let place = base.place(parameter, cell)?;
        let (decided, shocks) = inputs(&base.plan);
        let numbers = base.plan.layout.uncertain().count();
        let mut drawn = Self {
            columns: vec![Vec::new(); decided.len()],
            values: vec![Vec::new()],
            replicates: Vec::new(),
            never: base.plan.quarters as f32,
            inputs: decided,
            places: vec![place],
            shocks,
        };
        let table =
            |name: &str| Ok::<_, Error>(run.read(name)?.map(|text| TextTable::new(folder.join(name), text)));
        let (Some(valued), Some(numbered)) = (table("draws.csv")?, table("inputs.csv")?) else {
            return Ok(None);
        };
        let Some(order) = drawn.take_values(&valued, &base.recording.names[place])? else { return Ok(None) };
        let paths = drawn.inputs[..numbers].iter().map(|input| input.path.as_bytes());
        if !numbered.header()?.iter().eq(std::iter::once(&b"draw"[..]).chain(paths)) {
            return Ok(None);
        }
        let mut row = 0;
        numbered.each(|cells| {
            let known = order.get(row) == Some(&cells.number(0)?.to_bits());
            row += 1;
            for (i, column) in drawn.columns[..numbers].iter_mut().enumerate() {
                column.push(cells.number(i + 1)? as f32);
            }
            Some(known)
        })?;
        drawn.columns[numbers..].iter_mut().for_each(|column| column.resize(order.len(), drawn.never));
        if drawn.columns.len() > numbers {
            let Some(strikes) = table("strikes.csv")? else { return Ok(None) };
            drawn.take_strikes(&strikes, base, &order)?;
        }
        Ok((row == order.len()).then_some(drawn))
    }

    /// Takes the values of a cell and the replicates of its draws, and gives the draws' numbers as bits; none if the cell is not there.
    fn take_values(&mut self, table: &TextTable, cell: &Cell) -> Result<Option<Vec<u64>>, Error> {
        let header = table.header()?;
        let at = |name: &str| header.iter().position(|h| h == name.as_bytes());
        let keys = ["draw", "replicate", "actor", "quarter", &cell.metric].map(at);
        let [Some(draw), Some(replicate), Some(actor), Some(quarter), Some(metric)] = keys else {
            return Ok(None);
        };
        let (when, mut order) = (cell.quarter.to_string(), Vec::new());
        table.each(|cells| {
            if cells.0.get(actor) == Some(cell.actor.as_bytes())
                && cells.0.get(quarter) == Some(when.as_bytes())
            {
                order.push(cells.number(draw)?.to_bits());
                self.replicates.push(cells.number(replicate)? as u8);
                self.values[0].push(cells.number(metric)?);
            }
            Some(true)
        })?;
        Ok((!order.is_empty()).then_some(order))
    }

    /// Takes first strikes.
    fn take_strikes(&mut self, table: &TextTable, base: &Simulation, order: &[u64]) -> Result<(), Error> {
        let ids: Vec<String> = base.plan.model.shocks.iter().map(|s| format!("shock.{}", s.id)).collect();
        let mut at = 0;
        // Rows are in the order of draws.
        table.each(|cells| {
            let draw = cells.number(0)?.to_bits();
            at += order[at..].iter().position(|&known| known == draw)?;
            let shock = ids.iter().position(|id| cells.0.get(1) == Some(id.as_bytes()))?;
            let onset = cells.number(3)?;
            if let Some(column) = self.shocks[shock].filter(|_| onset.is_finite()) {
                let first = &mut self.columns[column][at];
                *first = first.min(onset as f32);
            }
            Some(true)
        })
    }
}

/// A table of a run that is there as text, as the run wrote it.
struct TextTable {
    path: PathBuf,
    text: String,
}

/// A row of it.
struct Row<'a>(&'a ByteRecord);

impl Row<'_> {
    /// A number; what is blank is none. None if it is something else.
    fn number(&self, column: usize) -> Option<f64> {
        match self.0.get(column)? {
            b"" => Some(f64::NAN),
            cell => std::str::from_utf8(cell).ok()?.parse().ok(),
        }
    }
}

impl TextTable {
    fn new(path: PathBuf, text: String) -> Self {
        Self { path, text }
    }

    fn wrong(&self, error: csv::Error) -> PastRunError {
        PastRunError::Table { path: self.path.clone(), error }
    }

    fn header(&self) -> Result<ByteRecord, PastRunError> {
        let mut reader = csv::Reader::from_reader(self.text.as_bytes());
        reader.byte_headers().cloned().map_err(|error| self.wrong(error))
    }

    /// Looks at every row, which says whether it is one of such a table.
    fn each(&self, mut look: impl FnMut(&Row<'_>) -> Option<bool>) -> Result<(), Error> {
        let mut reader = csv::Reader::from_reader(self.text.as_bytes());
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(|error| self.wrong(error))? {
            if look(&Row(&record)) != Some(true) {
                return Err(PastRunError::Wrong {
                    path: self.path.clone(),
                    what: "of other draws or no numbers",
                }
                .into());
            }
        }
        Ok(())
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
