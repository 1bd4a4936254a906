//! The catalogue of metrics as a table: what can be selected, of whom, and in which unit.

use crate::metrics::Metric;
use crate::results::table::{Table, TableText};

/// Every metric that can be selected; a flow's sum since the start has the name of `sum`.
pub fn metrics_table() -> TableText {
    TableText::of(&metrics_columns(), Metric::ALL.iter().copied())
}

/// The columns of it.
pub(super) fn metrics_columns() -> Table<Metric> {
    Table::<Metric>::new("metrics", "Metrics that can be selected")
        .text("metric", "Its name", |m| m.name().into())
        .text("sum", "Name of its sum since the start; empty of what is no flow", |m| {
            if m.is_flow() { m.sum() } else { "" }.into()
        })
        .text("unit", "Its unit, in which `good` stands for that of the actor's good", |m| {
            m.row().unit.into()
        })
        .text("actors", "Kinds of actor that have it", |m| {
            let kinds: Vec<&str> = m.row().of.iter().map(|of| of.0.name()).collect();
            kinds.join(" ").into()
        })
        .text("better", "For whom more of it is better", |m| m.row().better.whom().into())
        .text("heading", "Under which heading observations of it are scored", |m| m.row().group.name().into())
        .text("meaning", "What it is", |m| m.meaning().into())
}
