//! Which rule governs when: the pieces of a quarter in which nothing changes, and the status in each.

use crate::math::wide::Lanes;
use crate::model::{CountryId, Model, RuleId, Status};
use std::ops::Range;

/// The covering rules of a case and when each is in force, in quarters since the horizon's start.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Standing {
    rows: Vec<Row>,
    /// Intervals of all rows: first those in force, then those in which shocks lift the rule.
    intervals: Vec<(f64, f64)>,
}

/// A covering rule; rules that never come into force are left out.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    issuer: CountryId,
    rule: RuleId,
    member: usize,
    in_force: Range<usize>,
    lifted: Range<usize>,
    announced: f64,
    lag: f64,
}

/// What is said of a rule that covers a case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Covering {
    pub(super) issuer: CountryId,
    pub(super) rule: RuleId,
    /// Position among the rules of the case.
    pub(super) member: usize,
    /// Announced day; infinite if nobody knows of it before it is in force.
    pub(super) announced: f64,
    /// From the start of an interval in force to its first approvals.
    pub(super) lag: f64,
}

impl Standing {
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.intervals.clear();
    }

    /// Adds a rule with its intervals in force and those in which it is lifted; later calls are later rows.
    pub(super) fn add(
        &mut self,
        c: Covering,
        in_force: impl Iterator<Item = (f64, f64)>,
        lifted: impl Iterator<Item = (f64, f64)>,
    ) {
        let start = self.intervals.len();
        self.intervals.extend(in_force);
        let middle = self.intervals.len();
        if start == middle {
            return;
        }
        self.intervals.extend(lifted);
        let end = self.intervals.len();
        let Covering { issuer, rule, member, announced, lag } = c;
        let (in_force, lifted) = (start..middle, middle..end);
        self.rows.push(Row { issuer, rule, member, in_force, lifted, announced, lag });
    }

    /// Start of the interval in which a rule is in force at a moment.
    fn since(&self, row: &Row, at: f64) -> Option<f64> {
        let inside = |&&(from, until): &&(f64, f64)| from <= at && at < until;
        if self.intervals[row.lifted.clone()].iter().any(|i| inside(&i)) {
            return None;
        }
        self.intervals[row.in_force.clone()].iter().find(inside).map(|i| i.0)
    }

    /// Start of the next interval of a rule that is not in force, if it is announced.
    fn pending(&self, row: &Row, at: f64) -> Option<f64> {
        if row.announced > at {
            return None;
        }
        let starts = self.intervals[row.in_force.clone()].iter().map(|i| i.0);
        starts.filter(|&from| from > at).min_by(f64::total_cmp)
    }

    /// Moments inside [t, t + 1) at which something changes, with both ends.
    pub(super) fn breaks(&self, t: f64) -> Vec<f64> {
        let mut breaks = Vec::new();
        self.find_breaks(t, &mut breaks);
        breaks
    }

    fn find_breaks(&self, t: f64, breaks: &mut Vec<f64>) {
        breaks.clear();
        breaks.extend([t, t + 1.0]);
        let mut add = |x: f64| {
            if x > t && x < t + 1.0 {
                breaks.push(x);
            }
        };
        for row in &self.rows {
            add(row.announced);
            for &(from, until) in &self.intervals[row.in_force.clone()] {
                add(from);
                add(until);
                add(from + row.lag);
            }
            for &(from, until) in &self.intervals[row.lifted.clone()] {
                add(from);
                add(until);
            }
        }
        breaks.sort_by(f64::total_cmp);
        breaks.dedup();
    }
}

/// The rule that gives one issuer's status at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Governing {
    pub(super) issuer: CountryId,
    pub(super) rule: RuleId,
    pub(super) member: usize,
    pub(super) status: Status,
    /// Whether its approvals have not begun.
    pub(super) shut: bool,
}

/// A part of a quarter; one of its ends may be the moment at which approvals of a rule begin, which differs between draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    start: f64,
    end: f64,
    moves: Moves,
}

/// The end of a span that is the moment of first approvals.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moves {
    Neither,
    Start,
    End,
}

impl Span {
    fn new(start: f64, end: f64, begins: Option<f64>) -> Self {
        let moves = match begins {
            Some(moment) if moment == start => Moves::Start,
            Some(moment) if moment == end => Moves::End,
            _ => Moves::Neither,
        };
        Self { start, end, moves }
    }

    /// Its share of the quarter, where approvals begin at `begins` \[1\].
    #[inline(always)]
    pub(super) fn weight(self, begins: Lanes) -> Lanes {
        match self.moves {
            Moves::Neither => Lanes::splat(self.end - self.start),
            Moves::Start => self.end - begins,
            Moves::End => begins - self.start,
        }
    }
}

/// A quarter of a case: what governs it, by issuer, and what is announced to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Quarter {
    /// Part of the quarter and governing rule; by issuer, then in time. Time without a rule is free.
    pub(super) parts: Vec<(Span, Governing)>,
    /// Pieces in which a rule is announced and not yet in force.
    pub(super) pending: Vec<Pending>,
    /// What governs in those pieces, and what would.
    cast: Vec<Governing>,
}

impl Quarter {
    fn clear(&mut self) {
        self.parts.clear();
        self.pending.clear();
        self.cast.clear();
    }

    /// What governs in a piece.
    pub(super) fn now(&self, piece: &Pending) -> &[Governing] {
        &self.cast[piece.now.clone()]
    }

    /// What would govern in it, were the announced rules in force.
    pub(super) fn then(&self, piece: &Pending) -> &[Governing] {
        &self.cast[piece.then.clone()]
    }
}

/// A piece of a quarter in which a rule is announced and not yet in force.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pending {
    /// Part of the quarter.
    pub(super) span: Span,
    /// What governs, by its place.
    now: Range<usize>,
    /// What would, were the announced rules in force.
    then: Range<usize>,
    /// The first row that is announced and not yet in force.
    pub(super) rule: RuleId,
}

/// Room to find what governs in, used again and again.
#[derive(Clone, Debug, Default)]
pub(super) struct Finder {
    breaks: Vec<f64>,
    /// Rules that stand at a moment, and whether they are announced only.
    stands: Vec<(InForce, bool)>,
    in_force: Vec<InForce>,
    issuers: Vec<CountryId>,
    found: Vec<Governing>,
    quarter: Quarter,
}

impl Finder {
    /// What governs in [t, t + 1): the statuses of each piece in which nothing changes; `begins` is an end that moves.
    pub(super) fn quarter(
        &mut self,
        model: &Model,
        standing: &Standing,
        t: f64,
        begins: Option<f64>,
    ) -> &Quarter {
        self.quarter.clear();
        if standing.rows.is_empty() {
            return &self.quarter;
        }
        let mut breaks = std::mem::take(&mut self.breaks);
        standing.find_breaks(t, &mut breaks);
        for piece in breaks.windows(2) {
            let span = Span::new(piece[0], piece[1], begins);
            let first = self.look(standing, 0.5 * (piece[0] + piece[1]));
            self.find(model, false);
            self.quarter.parts.extend(self.found.iter().map(|g| (span, *g)));
            if let Some(rule) = first {
                let start = self.quarter.cast.len();
                self.quarter.cast.extend_from_slice(&self.found);
                self.find(model, true);
                let middle = self.quarter.cast.len();
                self.quarter.cast.extend_from_slice(&self.found);
                let then = middle..self.quarter.cast.len();
                self.quarter.pending.push(Pending { span, now: start..middle, then, rule });
            }
        }
        self.breaks = breaks;
        self.quarter.parts.sort_by_key(|(_, g)| g.issuer);
        &self.quarter
    }

    /// Notes which rules are in force at a moment and which are announced; gives the first of the latter.
    fn look(&mut self, standing: &Standing, at: f64) -> Option<RuleId> {
        self.stands.clear();
        let mut first = None;
        for row in &standing.rows {
            let since = standing.since(row, at);
            let pending = if since.is_none() { standing.pending(row, at) } else { None };
            if pending.is_some() {
                first = first.or(Some(row.rule));
            }
            if let Some(from) = since.or(pending) {
                let shut = since.is_some_and(|from| at < from + row.lag);
                let &Row { issuer, rule, member, .. } = row;
                self.stands.push((InForce { issuer, rule, member, from, shut }, pending.is_some()));
            }
        }
        first
    }

    /// Finds the governing rule of every issuer at the moment looked at, in order of issuers; issuers that require nothing are left out.
    fn find(&mut self, model: &Model, with_pending: bool) {
        self.in_force.clear();
        let counted = self.stands.iter().filter(|(_, pending)| with_pending || !pending);
        self.in_force.extend(counted.map(|(stands, _)| *stands));
        self.issuers.clear();
        self.issuers.extend(self.in_force.iter().map(|r| r.issuer));
        self.issuers.sort_unstable();
        self.issuers.dedup();
        self.found.clear();
        let governs = |&issuer: &CountryId| governing(model, &self.in_force, issuer);
        self.found.extend(self.issuers.iter().filter_map(governs));
    }
}

/// What governs in the quarter at `t`, where approvals begin at `begins`.
pub(super) fn quarter(model: &Model, standing: &Standing, t: f64, begins: Option<f64>) -> Quarter {
    Finder::default().quarter(model, standing, t, begins).clone()
}

/// The governing rule of every issuer at a moment.
pub(super) fn status(model: &Model, standing: &Standing, at: f64, with_pending: bool) -> Vec<Governing> {
    let mut finder = Finder::default();
    finder.look(standing, at);
    finder.find(model, with_pending);
    finder.found
}

/// A rule in force, or counted as such.
#[derive(Clone, Copy, Debug)]
struct InForce {
    issuer: CountryId,
    rule: RuleId,
    member: usize,
    from: f64,
    shut: bool,
}

/// The strictest of one issuer's requirements, each eased as far as its easings go.
fn governing(model: &Model, in_force: &[InForce], issuer: CountryId) -> Option<Governing> {
    // On a tie the latest, then the later row.
    let later = |a: &InForce, b: &InForce| (b.from, b.rule) > (a.from, a.rule);
    let book = || in_force.iter().filter(move |r| r.issuer == issuer);
    let outcomes = book().filter_map(|requirement| {
        let required = model.rules[requirement.rule].requires?;
        let eased = book()
            .filter_map(|easing| {
                let e = &model.rules[easing.rule];
                let to = e.eased_to?;
                let listed = e.eases.contains(&requirement.rule);
                (listed && to <= required).then_some((to, easing))
            })
            .reduce(|a, b| if b.0 < a.0 || (b.0 == a.0 && later(a.1, b.1)) { b } else { a });
        Some(eased.unwrap_or((required, requirement)))
    });
    let strictest = outcomes.reduce(|a, b| if b.0 > a.0 || (b.0 == a.0 && later(a.1, b.1)) { b } else { a });
    strictest.map(|(status, &InForce { issuer, rule, member, shut, .. })| Governing {
        issuer,
        rule,
        member,
        status,
        shut,
    })
}
