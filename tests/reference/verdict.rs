//! Section 5, in a draw: what rules make of a case in a quarter. A verdict stands until the next day on which something changes.

use super::rules::{Case, CaseId, FREE, Term};
use super::{Draw, World, per};
use chokepoint::model::Status;

/// What rules make of a case over a quarter.
#[derive(Clone)]
pub struct Verdict {
    pub permitted: f64,
    pub fee: f64,
    /// What is about to be cut, and the rush that its first rule gives.
    pub cut: f64,
    pub rush: f64,
    /// Time-average of 1 − share by governing rule.
    pub governing: Vec<(usize, f64)>,
    /// It stands for quarters that end by then, as known by then.
    until: f64,
    known_until: f64,
}

/// A rule in a draw.
#[derive(Clone, Copy, Default)]
struct Terms {
    /// When it holds of itself; infinite if never.
    from: f64,
    until: f64,
    announced: f64,
    lag: f64,
    rush: f64,
    fee: f64,
    /// Share by status.
    shares: [f64; 6],
}

/// What a rule does at a moment.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Off,
    /// Announced and not yet in force.
    Waiting,
    /// In force from that moment on, its approvals shut if set.
    On(f64, bool),
}

/// A governing rule at a moment: issuer's place, rule, share, fee.
type Governing = (usize, usize, f64, f64);

/// The rule book of a draw.
pub struct Verdicts {
    terms: Vec<Terms>,
    holds: Vec<bool>,
    fees: Vec<f64>,
    /// By case: of this quarter, and of the one for which production is planned.
    pub now: Vec<Verdict>,
    pub ahead: Vec<Verdict>,
    /// Cases that a shock's intervention may touch.
    touched: Vec<Vec<CaseId>>,
    states: Vec<State>,
    governing: Vec<Governing>,
    pending: Vec<Governing>,
    cuts: Vec<f64>,
    by_issuer: Vec<(f64, f64)>,
}

impl Verdicts {
    pub fn new(w: &World<'_>) -> Self {
        let free = Verdict {
            permitted: 1.0,
            fee: 0.0,
            cut: 0.0,
            rush: 1.0,
            governing: Vec::with_capacity(16),
            until: f64::NEG_INFINITY,
            known_until: f64::NEG_INFINITY,
        };
        let hit = |s: usize| {
            let by = |case: &Case| case.rules.iter().any(|c| w.book.shocks[c.rule].iter().any(|x| x.0 == s));
            (0..w.book.cases.len()).filter(|&i| by(&w.book.cases[i])).collect()
        };
        let cases = w.book.cases.len();
        let longest = w.book.cases.iter().map(|c| c.rules.len()).max().unwrap_or(0);
        Self {
            terms: vec![Terms::default(); w.m.rules.len()],
            holds: Vec::new(),
            fees: Vec::new(),
            now: vec![free.clone(); cases],
            ahead: vec![free; cases],
            touched: (0..w.m.shocks.len()).map(hit).collect(),
            states: Vec::with_capacity(longest),
            governing: Vec::with_capacity(longest),
            pending: Vec::with_capacity(longest),
            cuts: Vec::with_capacity(8 * longest + 2),
            by_issuer: Vec::with_capacity(longest),
        }
    }
}

impl Draw<'_> {
    /// Rules as this draw has them.
    #[inline(never)]
    pub fn reset_rules(&mut self) {
        let w = self.w;
        let (n, l) = (&self.n, &w.m.licensing);
        for (terms, r) in self.rules.terms.iter_mut().zip(&w.m.rules) {
            let day = |d: Option<chokepoint::model::time::Date>| d.map(|d| d.since(w.m.run.horizon.first));
            let from = day(r.effective).filter(|_| n.v(r.in_force) >= 0.5).unwrap_or(f64::INFINITY);
            let share = |q| n.v(r.share.unwrap_or(q));
            *terms = Terms {
                from,
                until: day(r.until).unwrap_or(f64::INFINITY),
                announced: if from.is_finite() { day(r.announced).unwrap_or(from) } else { f64::INFINITY },
                lag: n.v(r.lag),
                rush: n.v(r.rush),
                fee: 0.0,
                shares: [1.0, 1.0, share(l.presumed), share(l.case_by_case), share(l.license), 0.0],
            };
        }
        w.book.decide(w.m, &self.n, &mut self.rules.holds, &mut self.rules.fees);
        for verdict in self.rules.now.iter_mut().chain(&mut self.rules.ahead) {
            verdict.until = f64::NEG_INFINITY;
        }
        for verdict in [&mut self.rules.now[FREE], &mut self.rules.ahead[FREE]] {
            (verdict.until, verdict.known_until) = (f64::INFINITY, f64::INFINITY);
        }
    }

    /// A course begins: what it intervenes in is judged anew.
    pub fn forget_verdicts(&mut self, shock: usize) {
        for &case in &self.rules.touched[shock] {
            self.rules.now[case].until = f64::NEG_INFINITY;
            self.rules.ahead[case].until = f64::NEG_INFINITY;
        }
    }

    /// Judges a case for this quarter.
    pub fn judge(&mut self, case: CaseId) {
        let x = self.t as f64;
        if self.rules.now[case].until < x + 1.0 {
            let mut verdict = std::mem::replace(&mut self.rules.now[case], NONE);
            self.verdict(case, x, f64::INFINITY, &mut verdict);
            self.rules.now[case] = verdict;
        }
    }

    /// Judges a case for the quarter in which chips that are started now arrive, as far as known.
    pub fn judge_ahead(&mut self, case: CaseId) {
        let (x, known) = ((self.t + self.w.lead) as f64, self.t as f64 + 1.0);
        let verdict = &self.rules.ahead[case];
        if verdict.until < x + 1.0 || verdict.known_until < known {
            let mut verdict = std::mem::replace(&mut self.rules.ahead[case], NONE);
            self.verdict(case, x, known, &mut verdict);
            self.rules.ahead[case] = verdict;
        }
    }

    /// The quarter that starts at x, with rules announced before `known`.
    #[inline(never)]
    fn verdict(&mut self, id: CaseId, x: f64, known: f64, v: &mut Verdict) {
        let case = &self.w.book.cases[id];
        let quiet = self.find_cuts(case, x, known, v);
        let mut by_issuer = std::mem::take(&mut self.rules.by_issuer);
        by_issuer.clear();
        by_issuer.resize(case.issuers.len(), (0.0, 0.0));
        v.governing.clear();
        (v.cut, v.rush) = (0.0, 1.0);
        let mut rush = None;
        for piece in 1..self.rules.cuts.len() {
            let (a, b) = (self.rules.cuts[piece - 1], self.rules.cuts[piece]);
            let (width, at) = (b - a, 0.5 * (a + b));
            if width <= 0.0 {
                continue;
            }
            let waiting = self.read_states(case, at, known);
            self.govern(case, false);
            for &(issuer, rule, share, fee) in &self.rules.governing {
                by_issuer[issuer].0 += width * (1.0 - share);
                by_issuer[issuer].1 += width * share * fee;
                v.governing.push((rule, width * (1.0 - share)));
            }
            if let Some(rule) = waiting {
                self.govern(case, true);
                let product = |all: &[Governing]| all.iter().map(|g| g.2).product::<f64>();
                v.cut += width * (product(&self.rules.governing) - product(&self.rules.pending)).max(0.0);
                rush = rush.or(Some(self.rules.terms[rule].rush));
            }
        }
        (v.permitted, v.fee) = (1.0, 0.0);
        for &(refused, paid) in &by_issuer {
            v.permitted *= 1.0 - refused;
            v.fee += per(paid, 1.0 - refused);
        }
        v.permitted = snap(v.permitted);
        v.rush = rush.unwrap_or(1.0);
        self.rules.by_issuer = by_issuer;
        if !quiet {
            v.until = f64::NEG_INFINITY;
        }
    }

    /// Days within the quarter on which a case changes; whether there are none. Sets how long what holds then stands.
    fn find_cuts(&mut self, case: &Case, x: f64, known: f64, v: &mut Verdict) -> bool {
        let rules = &mut self.rules;
        let (mut next, mut news) = (f64::INFINITY, f64::INFINITY);
        rules.cuts.clear();
        let cuts = &mut rules.cuts;
        let mut event = |at: f64| {
            if at > x && at < x + 1.0 {
                cuts.push(at);
            } else if at >= x + 1.0 {
                next = next.min(at);
            }
        };
        for cover in &case.rules {
            let r = &rules.terms[cover.rule];
            if r.announced < known {
                [r.announced, r.from, r.until, r.from + r.lag].into_iter().for_each(&mut event);
            } else {
                news = news.min(r.announced);
            }
            for &(s, lifts) in &self.w.book.shocks[cover.rule] {
                let (onset, d) = (self.shocks.onset[s], self.shocks.duration[s]);
                [onset, onset + d].into_iter().for_each(&mut event);
                if !lifts {
                    event(onset + r.lag);
                }
            }
        }
        (v.until, v.known_until) = (next, news);
        let quiet = cuts.is_empty();
        cuts.sort_unstable_by(f64::total_cmp);
        cuts.insert(0, x);
        cuts.push(x + 1.0);
        quiet
    }

    /// What each rule of a case does at a moment; the first row that waits.
    fn read_states(&mut self, case: &Case, at: f64, known: f64) -> Option<usize> {
        let mut states = std::mem::take(&mut self.rules.states);
        states.clear();
        let mut first = None;
        for cover in &case.rules {
            let holds = match cover.holds {
                Term::Certain(()) => true,
                Term::Drawn(i) => self.rules.holds[i],
            };
            let state = if holds { self.state(cover.rule, at, known) } else { State::Off };
            if state == State::Waiting && first.is_none_or(|i| cover.rule < i) {
                first = Some(cover.rule);
            }
            states.push(state);
        }
        self.rules.states = states;
        first
    }

    fn state(&self, rule: usize, at: f64, known: f64) -> State {
        let r = &self.rules.terms[rule];
        let own = r.announced < known;
        let mut from = (own && r.from <= at && at < r.until).then_some(r.from);
        let mut later = own && r.from > at;
        let mut lifted = false;
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
            Some(from) => State::On(from, at < from + r.lag),
            None if own && r.announced <= at && later => State::Waiting,
            None => State::Off,
        }
    }

    /// Governing rules, one for each issuer that requires something; with what waits counted as in force, if asked.
    fn govern(&mut self, case: &Case, pending: bool) {
        let rules = &mut self.rules;
        let found = if pending { &mut rules.pending } else { &mut rules.governing };
        found.clear();
        let force = |place: usize| match rules.states[place] {
            State::On(from, shut) => Some((from, shut)),
            State::Waiting if pending => Some((f64::INFINITY, false)),
            _ => None,
        };
        for (issuer, range) in case.issuers.iter().enumerate() {
            // Status, from, place in the case, shut: the strictest, then the latest, then the later row.
            let mut best: Option<(Status, f64, usize, bool)> = None;
            for place in range.clone() {
                let Some(required) = case.rules[place].requires else { continue };
                let Some((from, shut)) = force(place) else { continue };
                let mut eased: Option<(Status, f64, usize, bool)> = None;
                for &(easing, to) in &case.rules[place].easings {
                    let Some((from, shut)) = force(easing) else { continue };
                    if eased.is_none_or(|b| to < b.0 || (to == b.0 && (from, easing) > (b.1, b.2))) {
                        eased = Some((to, from, easing, shut));
                    }
                }
                let outcome = eased.unwrap_or((required, from, place, shut));
                if best.is_none_or(|b| {
                    outcome.0 > b.0 || (outcome.0 == b.0 && (outcome.1, outcome.2) > (b.1, b.2))
                }) {
                    best = Some(outcome);
                }
            }
            let Some((status, _, place, shut)) = best else { continue };
            let cover = &case.rules[place];
            let (share, fee) = if shut && status > Status::Notify {
                (0.0, 0.0)
            } else {
                let fee = match cover.fee {
                    Term::Certain(q) => self.n.v(q),
                    Term::Drawn(i) => rules.fees[i],
                };
                (rules.terms[cover.rule].shares[status as usize], fee)
            };
            found.push((issuer, cover.rule, share, fee));
        }
    }
}

/// Stands in for a verdict that is being made.
const NONE: Verdict = Verdict {
    permitted: 1.0,
    fee: 0.0,
    cut: 0.0,
    rush: 1.0,
    governing: Vec::new(),
    until: 0.0,
    known_until: 0.0,
};

/// Rounding decides nothing.
pub fn snap(share: f64) -> f64 {
    if share > 1.0 - 1e-12 {
        1.0
    } else if share < 1e-12 {
        0.0
    } else {
        share
    }
}
