//! What is handed over of a round: lists of numbers, by eights of draws.

use crate::engine::record::Recorded;
use crate::math::{Lanes, Mask, WIDTH};
use crate::results::Strike;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A round of consecutive eights of draws: a list has a place for each.
#[derive(Clone, Debug)]
pub struct Round {
    /// Number of the first eight.
    pub first: u64,
    /// Draws that count.
    pub masks: Vec<Mask>,
    /// Values of cells.
    pub cells: Vec<Vec<Lanes>>,
    /// Values of tracked series.
    pub tracked: Vec<Vec<Lanes>>,
    /// Labels.
    pub labels: Vec<Vec<[u8; WIDTH]>>,
    /// Flows.
    pub flowed: Vec<Vec<Lanes>>,
    /// Uncertain inputs, if asked for.
    pub inputs: Vec<Vec<Lanes>>,
    /// Strikes of shocks, in order of draws, shocks and strikes, if inputs are asked for.
    pub strikes: Vec<Vec<Strike>>,
    /// Values of watched cells.
    pub watched: Vec<Vec<Lanes>>,
    /// Ranks of the plan's drivers, where cells are watched.
    pub ranks: Vec<Vec<Lanes>>,
}

/// Eight draws of one plan.
pub(super) struct Done {
    pub(super) mask: Mask,
    pub(super) cells: Vec<Lanes>,
    pub(super) tracked: Vec<Lanes>,
    pub(super) labels: Vec<[u8; WIDTH]>,
    pub(super) flowed: Vec<Lanes>,
    pub(super) inputs: Vec<Lanes>,
    pub(super) strikes: Vec<Strike>,
    pub(super) watched: Vec<Lanes>,
    pub(super) ranks: Vec<Lanes>,
}

impl Round {
    /// One of no draws yet, from an eight of draws on.
    pub(super) fn empty(first: u64) -> Self {
        Self {
            first,
            masks: Vec::new(),
            cells: Vec::new(),
            tracked: Vec::new(),
            labels: Vec::new(),
            flowed: Vec::new(),
            inputs: Vec::new(),
            strikes: Vec::new(),
            watched: Vec::new(),
            ranks: Vec::new(),
        }
    }

    /// Adds the next eight draws.
    pub(super) fn push(&mut self, done: Done) {
        self.masks.push(done.mask);
        self.cells.push(done.cells);
        self.tracked.push(done.tracked);
        self.labels.push(done.labels);
        self.flowed.push(done.flowed);
        self.inputs.push(done.inputs);
        self.strikes.push(done.strikes);
        self.watched.push(done.watched);
        self.ranks.push(done.ranks);
    }
}

impl Done {
    /// Draws of which some count, with nothing but what was recorded.
    pub(super) fn of(recorded: Recorded, mask: Mask) -> Self {
        let Recorded { cells, tracked, labels, flowed, watched, rests: _ } = recorded;
        let (inputs, strikes, ranks) = (Vec::new(), Vec::new(), Vec::new());
        Self { mask, cells, tracked, labels, flowed, inputs, strikes, watched, ranks }
    }
}

/// Lists that were handed over and came back, by length: fresh memory costs more than what is copied into it.
#[derive(Default)]
pub(super) struct Spare(Mutex<BTreeMap<usize, Vec<Vec<Lanes>>>>);

impl Spare {
    /// A list that is to be filled.
    pub(super) fn list(&self, length: usize) -> Vec<Lanes> {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let old = lists.get_mut(&length).and_then(Vec::pop);
        old.unwrap_or_else(|| vec![Lanes::ZERO; length])
    }

    /// Lists of a round that was taken.
    pub(super) fn take_back(&self, round: Round) {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = [round.cells, round.tracked, round.flowed, round.watched].into_iter().flatten();
        for list in all.filter(|list| !list.is_empty()) {
            lists.entry(list.len()).or_default().push(list);
        }
    }
}
