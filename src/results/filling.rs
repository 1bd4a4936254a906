//! What the rows of every draw hold in each column of a Parquet table.
#![cfg_attr(not(feature = "parquet"), allow(dead_code))] // read by the writer of such tables alone

use super::rows::Draw;
use crate::math::Lanes;

/// So many times a value, one run after the other.
pub(super) type Run = (u32, usize);

/// What the rows of each draw hold in a column.
#[derive(Clone, Debug)]
pub(super) enum Filling {
    /// The draw's number.
    Draw,
    /// The draw's replicate.
    Replicate,
    /// Distinct texts, and which of them each row has, by runs.
    Text { distinct: Vec<String>, runs: Vec<Run> },
    /// Distinct texts, and the cell that says which of them a draw's row has.
    Chosen { distinct: Vec<String>, cell: usize },
    /// Cells of the rows that have a number, and which rows those are: by runs, 1 for there and 0 for not.
    Number { cells: Vec<usize>, runs: Vec<Run> },
}

impl Filling {
    /// A text for each row of a draw.
    pub(super) fn texts<'a>(rows: impl Iterator<Item = &'a str>) -> Self {
        let mut distinct: Vec<String> = Vec::new();
        let mut runs = Vec::new();
        for text in rows {
            let place = distinct.iter().position(|t| t == text).unwrap_or_else(|| {
                distinct.push(text.to_owned());
                distinct.len() - 1
            });
            runs.push((place as u32, 1));
        }
        Self::Text { distinct, runs }
    }

    /// For each row of a draw its cell, if there is one.
    pub(super) fn numbers(rows: impl Iterator<Item = Option<usize>>) -> Self {
        let (mut cells, mut runs): (Vec<usize>, Vec<Run>) = (Vec::new(), Vec::new());
        for cell in rows {
            let there = u32::from(cell.is_some());
            match runs.last_mut() {
                Some(run) if run.0 == there => run.1 += 1,
                _ => runs.push((there, 1)),
            }
            cells.extend(cell);
        }
        Self::Number { cells, runs }
    }
}

/// Draws of a row group, and their values by batch.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) draws: &'a [Draw],
    pub(super) batches: &'a [Vec<Lanes>],
    /// Rows of each draw.
    pub(super) rows: usize,
}
