//! Section 5: which rules govern a case on which days of a quarter.

use super::Draw;
use super::rules::{Case, Term};
use chokepoint::internals::model::Status;
use std::ops::Range;

/// What a rule does at a moment.
#[derive(Clone, Copy, PartialEq)]
pub enum State {
    Off,
    /// Announced and not yet in force.
    Waiting,
    /// In force from that moment on.
    On(f64),
}

/// A governing rule: issuer's place and its own place in the case, the status that it gives, and since when.
#[derive(Clone, Copy)]
pub struct Governing {
    pub issuer: usize,
    pub place: usize,
    pub status: Status,
    /// Its approvals begin a lag later; infinitely long ago for what only waits.
    pub from: f64,
}

/// Part of a quarter in which nothing changes.
#[derive(Clone)]
pub struct Piece {
    pub start: f64,
    pub end: f64,
    pub now: Range<usize>,
    /// Once what is announced is in force, and the first row of it, if there is any.
    pub then: Range<usize>,
    pub waiting: Option<usize>,
}

/// The rules that govern in a quarter.
#[derive(Clone)]
pub struct Quarter {
    pub pieces: Range<usize>,
    /// The next change after the quarter, and the next announcement that is not known yet.
    pub next: f64,
    pub news: f64,
}

/// Quarters that have been found; a list of lists, one behind the other.
#[derive(Default)]
pub struct Timeline {
    pub quarters: Vec<Quarter>,
    pub pieces: Vec<Piece>,
    pub governing: Vec<Governing>,
}

impl Timeline {
    /// Forgets what was found from a quarter on.
    pub fn forget(&mut self, from: usize) {
        for quarter in self.quarters.drain(from..) {
            self.governing.truncate(self.pieces[quarter.pieces.start].now.start);
            self.pieces.truncate(quarter.pieces.start);
        }
    }
}

impl Draw<'_> {
    /// Finds which rules govern a case in a quarter, and writes it down.
    #[inline(never)]
    pub fn find_governing(&mut self, case: &Case, x: f64, known: f64) {
        let (next, news) = self.find_cuts(case, x, known);
        let first = self.rules.timeline.pieces.len();
        for i in 1..self.rules.cuts.len() {
            let (start, end) = (self.rules.cuts[i - 1], self.rules.cuts[i]);
            if end > start {
                let waiting = self.read_states(case, 0.5 * (start + end), known);
                let now = self.govern(case, false);
                let then = if waiting.is_some() { self.govern(case, true) } else { 0..0 };
                self.rules.timeline.pieces.push(Piece { start, end, now, then, waiting });
            }
        }
        let pieces = first..self.rules.timeline.pieces.len();
        self.rules.timeline.quarters.push(Quarter { pieces, next, news });
    }

    /// Days within the quarter on which a case changes; gives the first one after it, and the next announcement.
    fn find_cuts(&mut self, case: &Case, x: f64, known: f64) -> (f64, f64) {
        let rules = &mut self.rules;
        let (mut next, mut news) = (f64::INFINITY, f64::INFINITY);
        rules.acting.clear();
        rules.states.clear();
        rules.states.resize(case.rules.len(), State::Off);
        rules.cuts.clear();
        let cuts = &mut rules.cuts;
        let mut event = |at: f64| {
            if at > x && at < x + 1.0 {
                cuts.push(at);
            } else if at >= x + 1.0 {
                next = next.min(at);
            }
        };
        for (place, cover) in case.rules.iter().enumerate() {
            let r = &rules.terms[cover.rule];
            let holds = match cover.holds {
                Term::Certain(()) => true,
                Term::Drawn(i) => rules.holds[i],
            };
            let shocks = &self.w.book.shocks[cover.rule];
            if holds && ((r.announced < x + 1.0 && r.until > x) || !shocks.is_empty()) {
                rules.acting.push(place);
            }
            if r.announced < known {
                [r.announced, r.from, r.until].into_iter().for_each(&mut event);
            } else {
                news = news.min(r.announced);
            }
            for &(s, _) in shocks {
                let (onset, d) = (self.shocks.onset[s], self.shocks.duration[s]);
                [onset, onset + d].into_iter().for_each(&mut event);
            }
        }
        cuts.sort_unstable_by(f64::total_cmp);
        cuts.insert(0, x);
        cuts.push(x + 1.0);
        (next, news)
    }

    /// What each rule of a case does at a moment; the first row that waits.
    fn read_states(&mut self, case: &Case, at: f64, known: f64) -> Option<usize> {
        let mut first = None;
        for i in 0..self.rules.acting.len() {
            let place = self.rules.acting[i];
            let rule = case.rules[place].rule;
            let state = self.state(rule, at, known);
            if state == State::Waiting && first.is_none_or(|i| rule < i) {
                first = Some(rule);
            }
            self.rules.states[place] = state;
        }
        first
    }

    fn state(&self, rule: usize, at: f64, known: f64) -> State {
        let r = &self.rules.terms[rule];
        let own = r.announced < known;
        let mut from = (own && r.from <= at && at < r.until).then_some(r.from);
        let mut later = own && r.from > at;
        let mut lifted = r.lifted;
        for &(s, lifts) in &self.w.book.shocks[rule] {
            let (onset, end) = (self.shocks.onset[s], self.shocks.onset[s] + self.shocks.duration[s]);
            let runs = onset <= at && at < end;
            if lifts {
                lifted |= runs;
            } else {
                from = from.or(runs.then_some(onset));
                later |= onset.is_finite() && onset > at;
            }
        }
        match from.filter(|_| !lifted) {
            Some(from) => State::On(from),
            None if own && r.announced <= at && later => State::Waiting,
            None => State::Off,
        }
    }

    /// Governing rules, one for each issuer that requires something; with what waits counted as in force, if asked.
    fn govern(&mut self, case: &Case, pending: bool) -> Range<usize> {
        let rules = &mut self.rules;
        let first = rules.timeline.governing.len();
        let force = |place: usize| match rules.states[place] {
            State::On(from) => Some(from),
            State::Waiting if pending => Some(f64::INFINITY),
            _ => None,
        };
        for (issuer, range) in case.issuers.iter().enumerate() {
            // Status, from, place in the case: the strictest, then the latest, then the later row.
            let mut best: Option<(Status, f64, usize)> = None;
            for place in range.clone() {
                let Some(required) = case.rules[place].requires else { continue };
                let Some(from) = force(place) else { continue };
                let mut eased: Option<(Status, f64, usize)> = None;
                for &(easing, to) in &case.rules[place].easings {
                    let Some(from) = force(easing) else { continue };
                    if eased.is_none_or(|b| to < b.0 || (to == b.0 && (from, easing) > (b.1, b.2))) {
                        eased = Some((to, from, easing));
                    }
                }
                let outcome = eased.unwrap_or((required, from, place));
                if best.is_none_or(|b| {
                    outcome.0 > b.0 || (outcome.0 == b.0 && (outcome.1, outcome.2) > (b.1, b.2))
                }) {
                    best = Some(outcome);
                }
            }
            if let Some((status, from, place)) = best {
                let from = if from.is_finite() { from } else { f64::NEG_INFINITY };
                rules.timeline.governing.push(Governing { issuer, place, status, from });
            }
        }
        first..rules.timeline.governing.len()
    }
}
