//! What waits for signs, laid out: the numbers as edited on the same draws, and the errors of what is observed.

use crate::inputs::{Layout, LayoutError, Shared};
use crate::model::{Model, Quantity};
use crate::random::{Design, Stream};
use std::sync::Arc;

/// What waits for signs.
#[derive(Clone, Debug)]
pub struct Answers {
    /// By sign: its edits' numbers, if it has such edits.
    pub edited: Vec<Option<Edited>>,
    /// By sign: the uniforms of its error, keyed anew for each quarter that is observed.
    pub errors: Vec<Stream>,
    /// Whether a number of the book of rules waits.
    pub on_rules: bool,
    /// First quarter in which a sign can come on; none without signs.
    pub first: Option<usize>,
}

/// Numbers under the edits of a sign.
#[derive(Clone, Debug)]
pub struct Edited {
    /// Where each is stored.
    pub layout: Layout,
    /// What it takes of the samples of the world in which no sign has been seen.
    pub shared: Shared,
}

impl Answers {
    pub(super) fn new(
        model: &Model,
        layout: &Layout,
        design: &Design,
        quarters: usize,
    ) -> Result<Self, LayoutError> {
        let edited = model.answers.edited.iter().map(|under| {
            under.as_ref().map(|under| edited(model, under, layout, design, quarters)).transpose()
        });
        let of_rules = |q: &Quantity| q.path.starts_with("rule.") || q.path.starts_with("licensing.");
        Ok(Self {
            edited: edited.collect::<Result<_, _>>()?,
            errors: model.answers.signs.iter().map(|s| design.stream(&s.error_path(), None)).collect(),
            on_rules: model.answers.numbers.iter().any(|w| of_rules(&model.quantities[w.number])),
            first: model.answers.first(),
        })
    }
}

fn edited(
    model: &Model,
    under: &Arc<Model>,
    base: &Layout,
    design: &Design,
    quarters: usize,
) -> Result<Edited, LayoutError> {
    let mut under = Model::clone(under);
    under.run.lead.clone_from(&model.run.lead);
    let layout = Layout::new(&under, design, quarters)?;
    let shared = layout.shared_with(base);
    Ok(Edited { layout, shared })
}
