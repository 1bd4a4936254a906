//! The table with a row a draw of several plans: 128 draws of the first, then the same ones of the next.

use crate::math::{Lanes, Mask};
use crate::results::table::Schema;
use crate::results::{DrawsTable, FolderError, KeptTable, OutputFile};

/// Eights of draws whose rows stand together, counted from draw 0.
const TOGETHER: u64 = 16;

/// The table, being written.
pub(super) struct PlanRows {
    pub(super) table: DrawsTable,
    /// Names of the plans.
    plans: Vec<String>,
    /// Number of the first eight that waits.
    first: u64,
    /// Draws that count of those that wait.
    masks: Vec<Mask>,
    /// By plan, the values of those that wait.
    waiting: Vec<Vec<Vec<Lanes>>>,
}

impl PlanRows {
    /// Goes on in a table.
    pub(super) fn new(table: DrawsTable, plans: Vec<String>) -> Self {
        let waiting = vec![Vec::new(); plans.len()];
        Self { table, plans, first: 0, masks: Vec::new(), waiting }
    }

    /// Adds consecutive eights of draws, of which the lanes of the masks count; `values` gives a plan's of one of them.
    pub(super) fn add(
        &mut self,
        first: u64,
        masks: &[Mask],
        values: impl Fn(usize, usize) -> Vec<Lanes>,
    ) -> Result<(), FolderError> {
        for (i, &mask) in masks.iter().enumerate() {
            let eight = first + i as u64;
            if self.masks.is_empty() {
                self.first = eight;
            }
            self.masks.push(mask);
            self.waiting.iter_mut().enumerate().for_each(|(p, rows)| rows.push(values(p, i)));
            if (eight + 1).is_multiple_of(TOGETHER) {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Writes what waits, if anything does.
    fn write(&mut self) -> Result<(), FolderError> {
        if self.masks.is_empty() {
            return Ok(());
        }
        for (name, rows) in self.plans.iter().zip(&mut self.waiting) {
            self.table.write(name, self.first, rows, &self.masks)?;
            rows.clear();
        }
        self.masks.clear();
        Ok(())
    }

    /// How far it is written: all that was added.
    pub(super) fn save(&mut self) -> Result<KeptTable, FolderError> {
        self.write()?;
        self.table.save()
    }

    /// Ends the table.
    pub(super) fn finish(mut self) -> Result<(Schema, OutputFile), FolderError> {
        self.write()?;
        let schema = self.table.schema();
        Ok((schema, self.table.finish()?))
    }
}
