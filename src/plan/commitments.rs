//! Commitments as lists of sales.

use super::Edges;
use crate::model::{Model, QuantityId};

/// What buyers are committed to take.
#[derive(Clone, Debug)]
pub struct Commitments {
    /// Rows, in order.
    pub rows: Vec<Commitment>,
    /// Sales that any row may be met with, in order.
    pub sales: Vec<usize>,
    /// Whether any row may be met with it, by sale.
    pub of_sale: Vec<bool>,
}

/// A row of commitments.
#[derive(Clone, Debug)]
pub struct Commitment {
    /// Sales that it may be met with.
    pub sales: Vec<usize>,
    /// Chips of a quarter \[chips/quarter\].
    pub units: QuantityId,
}

impl Commitments {
    /// Lists the sales that each row of a model may be met with.
    pub fn new(model: &Model, edges: &Edges) -> Self {
        let of = |row: &crate::model::Commitment| {
            let meets = |s: &usize| {
                let chip = edges.sales[*s].chip;
                let named = row.chips.is_empty() || row.chips.contains(&chip);
                named && model.chips[chip.index()].designer == row.designer
            };
            let sales = edges.of_buyer[row.buyer.index()].clone().filter(meets).collect();
            Commitment { sales, units: row.units }
        };
        let rows: Vec<Commitment> = model.commitments.iter().map(of).collect();
        let mut of_sale = vec![false; edges.sales.len()];
        rows.iter().flat_map(|row| &row.sales).for_each(|&s| of_sale[s] = true);
        let sales = (0..of_sale.len()).filter(|&s| of_sale[s]).collect();
        Self { rows, sales, of_sale }
    }

    /// A buyer's sales that any row may be met with.
    pub fn of_buyer(&self, buyer: usize, edges: &Edges) -> &[usize] {
        let of = &edges.of_buyer[buyer];
        let place = |sale: usize| self.sales.partition_point(|&s| s < sale);
        &self.sales[place(of.start)..place(of.end)]
    }
}
