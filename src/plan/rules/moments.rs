//! Which rule governs when: the pieces of a quarter in which nothing changes, and the status in each.

use crate::model::{Model, RuleId, Status};

/// A covering rule and when it is in force, in quarters since the horizon's start.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Active {
    pub(super) rule: usize,
    /// Intervals in force: its own, and those of shocks that enforce it.
    pub(super) spans: Vec<(f64, f64)>,
    /// Intervals in which shocks lift it.
    pub(super) holes: Vec<(f64, f64)>,
    /// Announced day.
    pub(super) announced: f64,
    /// From the start of a span to its first approvals.
    pub(super) lag: f64,
}

impl Active {
    /// Start of the span that is in force at a moment.
    fn since(&self, at: f64) -> Option<f64> {
        let inside = |&(from, until): &(f64, f64)| from <= at && at < until;
        if self.holes.iter().any(inside) {
            return None;
        }
        self.spans.iter().find(|s| inside(s)).map(|s| s.0)
    }

    /// Whether it is announced and its own span is still to come.
    fn pending(&self, at: f64) -> bool {
        self.since(at).is_none()
            && self.announced <= at
            && self.spans.iter().any(|s| s.0 > at && s.0.is_finite())
    }

    fn breaks(&self) -> impl Iterator<Item = f64> + '_ {
        let spans = self.spans.iter().flat_map(|&(from, until)| [from, until, from + self.lag]);
        let holes = self.holes.iter().flat_map(|&(from, until)| [from, until]);
        spans.chain(holes).chain([self.announced])
    }
}

/// A governing rule, and whether its approvals have not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Governing {
    pub(super) rule: usize,
    pub(super) shut: bool,
    pub(super) status: Status,
}

/// A piece of a quarter in which nothing changes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moment {
    /// Share of the quarter.
    pub(super) weight: f64,
    /// The governing rule of each issuer that has one.
    pub(super) now: Vec<Governing>,
    /// The same with what is announced counted as in force, and the rule that gives the rush.
    pub(super) pending: Option<(Vec<Governing>, usize)>,
}

/// The pieces of [t, t + 1).
pub(super) fn moments(model: &Model, covering: &[Active], t: f64) -> Vec<Moment> {
    let mut breaks: Vec<f64> =
        covering.iter().flat_map(Active::breaks).filter(|&x| x > t && x < t + 1.0).collect();
    breaks.extend([t, t + 1.0]);
    breaks.sort_by(f64::total_cmp);
    breaks.dedup();
    breaks
        .windows(2)
        .map(|piece| {
            let at = 0.5 * (piece[0] + piece[1]);
            let rush = covering.iter().find(|a| a.pending(at)).map(|a| a.rule);
            let pending = rush.map(|rule| (status(model, covering, at, true), rule));
            Moment { weight: piece[1] - piece[0], now: status(model, covering, at, false), pending }
        })
        .collect()
}

/// The governing rule of every issuer at a moment; issuers that require nothing are left out.
pub(super) fn status(model: &Model, covering: &[Active], at: f64, with_pending: bool) -> Vec<Governing> {
    let in_force: Vec<(usize, f64, bool)> = covering
        .iter()
        .filter_map(|a| match a.since(at) {
            Some(from) => Some((a.rule, from, at < from + a.lag)),
            None if with_pending && a.pending(at) => Some((a.rule, f64::INFINITY, false)),
            None => None,
        })
        .collect();
    let mut issuers: Vec<_> = in_force.iter().map(|x| model.rules[x.0].issuer).collect();
    issuers.sort_unstable();
    issuers.dedup();
    issuers
        .into_iter()
        .filter_map(|issuer| {
            let book: Vec<_> =
                in_force.iter().filter(|x| model.rules[x.0].issuer == issuer).copied().collect();
            governing(model, &book)
        })
        .collect()
}

/// The strictest of one issuer's requirements, each eased as far as its easings go.
fn governing(model: &Model, book: &[(usize, f64, bool)]) -> Option<Governing> {
    let outcomes = book.iter().filter_map(|&(rule, from, shut)| {
        let required = model.rules[rule].requires?;
        let plain = (required, from, rule, shut);
        let eased = book
            .iter()
            .filter_map(|&(easing, from, shut)| {
                let e = &model.rules[easing];
                let to = e.eased_to?;
                (e.eases.contains(&RuleId(rule as u32)) && to <= required).then_some((to, from, easing, shut))
            })
            // The weakest; on a tie the latest, then the later row.
            .reduce(|a, b| if b.0 < a.0 || (b.0 == a.0 && (b.1, b.2) > (a.1, a.2)) { b } else { a });
        Some(eased.unwrap_or(plain))
    });
    let strictest =
        outcomes.reduce(|a, b| if b.0 > a.0 || (b.0 == a.0 && (b.1, b.2) > (a.1, a.2)) { b } else { a });
    strictest.map(|(status, _, rule, shut)| Governing { rule, shut, status })
}
