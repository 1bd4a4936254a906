//! A digest of every round of draws, with which a few of them can be simulated anew and held against the run.

use super::gather::Gatherer;
use super::kept::Kept;
use crate::engine::run::{ROUND, Round};
use crate::math::{Kernel, Lanes, Mask, WIDTH, dispatch};
use crate::results::table::{Table, TableText};
use crate::results::{FolderError, StateReader, StateWriter};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The file of their table.
pub(super) const FILE: &str = "rounds.csv";

/// Start and factor of the digest: those of FNV-1a with 64 bits.
const FNV: (u64, u64) = (0xcbf2_9ce4_8422_2325, 0x0100_0000_01b3);

/// Digests of rounds of 256 draws, being gathered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Rounds {
    rounds: Vec<Digest>,
}

/// The digest of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Digest {
    /// Its number.
    pub(super) round: u64,
    /// Draws that count.
    pub(super) used: u64,
    /// By lane: values of all recorded cells, plan by plan and batch by batch.
    lanes: [u64; WIDTH],
}

impl Digest {
    /// As it stands in the table.
    pub(super) fn text(&self) -> String {
        let joined = self.lanes.iter().fold(FNV.0, |sum, lane| (sum ^ lane).wrapping_mul(FNV.1));
        format!("{joined:016x}")
    }

    fn add(&mut self, cells: &[Lanes], mask: Mask) {
        self.lanes = dispatch(Digestion { lanes: self.lanes, cells, mask });
    }
}

/// Adds values to digests of lanes.
struct Digestion<'a> {
    lanes: [u64; WIDTH],
    cells: &'a [Lanes],
    mask: Mask,
}

impl Kernel for Digestion<'_> {
    type Output = [u64; WIDTH];
    #[inline(always)]
    fn run(self) -> [u64; WIDTH] {
        let mut lanes = self.lanes;
        for x in self.cells {
            let x = self.mask.select(*x, Lanes::ZERO);
            for (sum, x) in lanes.iter_mut().zip(x.0) {
                *sum = (*sum ^ x.to_bits()).wrapping_mul(FNV.1);
            }
        }
        lanes
    }
}

impl Rounds {
    /// `rounds.csv`.
    pub(super) fn table(&self) -> TableText {
        let about = "Rounds of 256 draws with digests, for `verify --again`";
        let table = Table::<&Digest>::new(FILE, about)
            .integer("round", "Number of the round: draws from 256 times it on", |d| Some(d.round))
            .integer("draws", "Draws that count", |d| Some(d.used))
            .text("digest", "Of every recorded value of the round: FNV-1a on 64 bits", |d| d.text().into());
        TableText::of(&table, &self.rounds)
    }
}

impl Gatherer for Rounds {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        for (b, &mask) in rounds[0].masks.iter().enumerate() {
            let number = (rounds[0].first + b as u64) / ROUND;
            if self.rounds.last().is_none_or(|last| last.round != number) {
                self.rounds.push(Digest { round: number, used: 0, lanes: [FNV.0; WIDTH] });
            }
            let Some(digest) = self.rounds.last_mut() else { continue };
            digest.used += u64::from(mask.count());
            for plan in rounds {
                digest.add(&plan.cells[b], mask);
            }
        }
        Ok(())
    }
}

impl Kept for Rounds {
    fn start(&mut self, _: u64) {}

    fn save(&mut self, state: &mut StateWriter) -> Result<(), FolderError> {
        state.put(self)
    }

    fn load(&mut self, state: &mut StateReader, _: Option<&Path>) -> Result<(), FolderError> {
        self.rounds.extend(state.take::<Self>()?.rounds);
        Ok(())
    }
}
