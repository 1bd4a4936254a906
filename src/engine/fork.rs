//! Forking: a policy's batch takes the state of the reference case in the first quarter in which the policy can diverge.
//!
//! Until then both are the same to the bit, so the policy costs only the quarters after it. State is what one quarter
//! leaves to the next; everything else is made anew from the policy's own plan.

use super::gauges::Gauges;
use super::record::{Recorded, Recorder};
use super::twins::Twins;
use super::{Batch, State};
use crate::math::wide::{Lanes, PARTS};
use crate::math::{self, List, lanes};
use crate::metrics::{Recording, all_series};
use crate::model::Sign;
use crate::plan::{Plan, first_divergence, from_strike};
use crate::rules::Parameters;
use std::ops::Range;

/// Where a policy's state is found in that of the reference case.
#[derive(Clone, Debug)]
pub struct Fork {
    /// First quarter in which the policy can diverge.
    pub at: usize,
    /// Where what the state is of is found in the reference case.
    twins: Twins,
    /// For each series that is recorded.
    series: Vec<Option<usize>>,
    /// For each cell.
    cells: Vec<Option<usize>>,
    /// For each tracked series.
    tracked: Vec<Option<usize>>,
}

impl Fork {
    /// A fork of `policy` from `base`; none where the policy diverges in the first quarter, or the lists of edges do not match.
    ///
    /// Flows and watched cells are not taken over: a policy of which they are recorded is run in full.
    pub fn new(base: (&Plan, &Recording), policy: (&Plan, &Recording)) -> Option<Self> {
        let ((old, was), (new, is)) = (base, policy);
        let at = first_divergence(old, new).min(new.quarters);
        // A first cap on a share of the home market looks at all sales before, which are counted only under such a cap.
        let counts_home = |plan: &Plan| {
            let cap = |r: &crate::model::RuleId| plan.model.rules[*r].cap.as_ref();
            plan.caps.iter().any(|(rule, _)| cap(rule).is_some_and(|c| c.home_share.is_some()))
        };
        let at = if counts_home(new) && !counts_home(old) { 0 } else { at };
        // Signs look back at quarters before the fork, which are found in the reference case.
        let at = if sees_signs(old, new) { at } else { 0 };
        let (a, b) = (&old.edges, &new.edges);
        let same_sales = a.sales.len() == b.sales.len()
            && a.sales.iter().zip(&b.sales).all(|(x, y)| (x.chip, x.buyer) == (y.chip, y.buyer));
        if at == 0 || !same_sales || a.chips != b.chips || !is.watched.is_empty() {
            return None;
        }
        let place = |list: &[String], id: &String| list.iter().position(|x| x == id);
        let ids = |plan: &Plan| -> (Vec<String>, Vec<String>) {
            let m = &plan.model;
            (m.rules.iter().map(|r| r.id.clone()).collect(), m.shocks.iter().map(|s| s.id.clone()).collect())
        };
        let ((old_rules, old_shocks), (new_rules, new_shocks)) = (ids(old), ids(new));
        // One that cannot have struck is as it was set back, by the policy's own clock.
        let can_have_struck = |shock: &crate::model::Shock| from_strike(new, shock) < at;
        let struck = new.model.shocks.iter().map(can_have_struck);
        let shocks: Vec<_> = (new_shocks.iter().zip(struck))
            .map(|(id, struck)| place(&old_shocks, id).filter(|_| struck))
            .collect();
        let series: Vec<_> = is.series.iter().map(|s| was.find(&s.actor, s.name())).collect();
        let cell = |&(t, s): &(usize, usize)| {
            let twin = series[s]?;
            was.cells.binary_search_by_key(&(t, twin), |&c| c).ok()
        };
        let holding = |plan: &Plan, h: usize| {
            let x = &plan.edges.holdings[h];
            (x.chip, x.buyer, x.grey)
        };
        let holdings = (0..b.holdings.len())
            .map(|h| (0..a.holdings.len()).find(|&o| holding(old, o) == holding(new, h)))
            .collect();
        Some(Self {
            at,
            twins: Twins {
                rules: new_rules.iter().map(|id| place(&old_rules, id)).collect(),
                acts: acts(old, new, &shocks),
                shocks,
                grey_options: (b.grey_options.iter())
                    .map(|s| a.grey_options.iter().position(|o| o == s))
                    .collect(),
                holdings,
            },
            cells: is.cells.iter().map(cell).collect(),
            tracked: (is.tracked.iter())
                .map(|&s| series[s].and_then(|twin| was.tracked.iter().position(|&o| o == twin)))
                .collect(),
            series,
        })
    }

    /// The same fork in an earlier quarter, or in this one if it is earlier.
    pub fn by(mut self, at: usize) -> Self {
        self.at = self.at.min(at);
        self
    }

    /// Takes over state and what has been recorded at the start of quarter `at`; `into` has been reset for the same draws.
    pub fn adopt(&self, plan: &Plan, from: &Before<'_>, into: &mut Batch, recorder: &mut Recorder<'_>) {
        into.state.adopt(from.state, &self.twins);
        into.terms.adopt_courses(&plan.rules, from.terms, &self.twins.shocks);
        if let (Some(gauges), Some(theirs)) = (&mut into.gauges, from.gauges) {
            gauges.adopt(theirs, self.at);
        }
        recorder.forget_shares();
        fill(&self.series, from.values, &mut recorder.values);
        let before = recorder.cells_before(self.at);
        recorder.next_cell = before;
        for (from, into) in from.parts.iter().zip(&mut recorder.parts) {
            fill(&self.cells[..before], &from.cells, &mut into.cells[..before]);
            for (i, twin) in self.tracked.iter().enumerate() {
                let range = |s: usize| -> Range<usize> { s * plan.quarters..s * plan.quarters + self.at };
                match twin {
                    Some(o) => into.tracked[range(i)].copy_from_slice(&from.tracked[range(*o)]),
                    None => into.tracked[range(i)].fill(math::Lanes::ZERO),
                }
            }
            let labels = self.at * super::record::subjects(plan);
            into.labels[..labels].copy_from_slice(&from.labels[..labels]);
            // What is not finite there may be of a cell that is not taken over: then all are looked at.
            into.rests = from.rests;
        }
    }
}

/// What the reference case leaves to a quarter: its state, and what has been recorded so far.
#[derive(Debug)]
pub struct Before<'a> {
    state: &'a State,
    terms: &'a Parameters,
    gauges: Option<&'a Gauges>,
    values: &'a [Lanes],
    parts: &'a [Recorded; PARTS],
}

impl<'a> Before<'a> {
    /// Where a batch of the reference case stands.
    pub fn of(batch: &'a Batch, recorder: &'a Recorder<'_>) -> Self {
        Self {
            state: &batch.state,
            terms: &batch.terms,
            gauges: batch.gauges.as_deref(),
            values: &recorder.values,
            parts: &recorder.parts,
        }
    }
}

/// The same, kept: policies that diverge no earlier start from it, again and again.
///
/// What signs look at is not kept: a policy that waits for one is run in full.
#[derive(Clone, Debug)]
pub struct Stand {
    state: State,
    terms: Parameters,
    values: List<Lanes>,
    parts: [Recorded; PARTS],
}

impl Stand {
    /// Keeps where a batch of the reference case stands.
    pub fn of(batch: &Batch, recorder: &Recorder<'_>) -> Self {
        Self {
            state: batch.state.clone(),
            terms: batch.terms.clone(),
            values: recorder.values.clone(),
            parts: recorder.parts.clone(),
        }
    }

    /// What was kept.
    pub fn before(&self) -> Before<'_> {
        let Self { state, terms, values, parts } = self;
        Before { state, terms, gauges: None, values, parts }
    }
}

/// Whether all that the signs of a policy look at is there in the reference case, which waits for none itself.
fn sees_signs(base: &Plan, policy: &Plan) -> bool {
    let signs = &policy.model.answers.signs;
    if signs.is_empty() {
        return base.answers.first.is_none();
    }
    let known = all_series(&base.model)
        .expect("a recording was made of the base, so that its ratios are of what there is");
    let has = |sign: &Sign| known.iter().any(|s| s.is(&sign.actor, &sign.metric));
    base.answers.first.is_none() && signs.iter().all(has)
}

/// Acts of shocks that both plans have: the same place among the shock's own.
fn acts(old: &Plan, new: &Plan, shocks: &[Option<usize>]) -> Vec<Option<usize>> {
    let of = |plan: &Plan, shock: usize| -> Vec<usize> {
        let all = plan.effects.acts.iter().enumerate();
        all.filter(|(_, a)| a.shock.index() == shock).map(|(i, _)| i).collect()
    };
    let act = |(i, act): (usize, &crate::plan::Act)| {
        let s = act.shock.index();
        let (mine, theirs) = (of(new, s), of(old, shocks[s]?));
        // A shock whose acts were changed has not struck before the fork.
        let place = mine.iter().position(|&x| x == i)?;
        (mine.len() == theirs.len()).then(|| theirs[place])
    };
    new.effects.acts.iter().enumerate().map(act).collect()
}

/// Takes over what has a twin; the rest has been nothing so far.
fn fill<const N: usize>(twins: &[Option<usize>], from: &[lanes::Lanes<N>], into: &mut [lanes::Lanes<N>]) {
    for (place, twin) in into.iter_mut().zip(twins) {
        *place = twin.map_or(lanes::Lanes::ZERO, |t| from[t]);
    }
}
