//! Section 5, in a draw: what rules make of a case in a quarter. A verdict stands until the next day on which something changes.
//!
//! Which rules govern on which days is the same in all draws in which no shock intervenes and the same rules hold: it is found
//! once and kept. What they let through is the draw's.

use super::governing::{Governing, State, Timeline};
use super::rules::{Case, CaseId, FREE, Term};
use super::{Draw, World, per};
use chokepoint::internals::model::Status;

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
pub struct Parameters {
    /// When it holds of itself; infinite if never.
    pub from: f64,
    pub until: f64,
    pub announced: f64,
    /// Whether a sign keeps it out of force.
    pub lifted: bool,
    pub lag: f64,
    pub rush: f64,
    pub fee: f64,
    /// Share by status.
    pub shares: [f64; 6],
}

/// Rules of a case that chance may leave out, at most: for more, governing rules are found anew in every draw.
const CHANCES: usize = 8;
const UNKNOWN: u32 = u32::MAX;

/// The rule book of a draw.
pub struct Verdicts {
    pub terms: Vec<Parameters>,
    pub holds: Vec<bool>,
    pub fees: Vec<f64>,
    /// By case: of this quarter, and of the one for which production is planned.
    pub now: Vec<Verdict>,
    pub ahead: Vec<Verdict>,
    /// Cases that a shock's intervention may touch, and whether one has in this draw.
    pub touched: Vec<Vec<CaseId>>,
    pub struck: Vec<bool>,
    /// By case: where its quarters are listed, and which rules hold, as a binary number.
    pub first: Vec<usize>,
    pub holding: Vec<usize>,
    pub found: Vec<u32>,
    pub timeline: Timeline,
    pub states: Vec<State>,
    /// Places in the case of rules that may act in the quarter.
    pub acting: Vec<usize>,
    pub cuts: Vec<f64>,
    pub by_issuer: Vec<(f64, f64)>,
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
        let (mut first, mut size) = (Vec::new(), 0);
        for case in &w.book.cases {
            first.push(size);
            let chances = case.chances.len();
            size += if chances <= CHANCES { (2 * w.quarters) << chances } else { 0 };
        }
        let longest = w.book.cases.iter().map(|c| c.rules.len()).max().unwrap_or(0);
        Self {
            terms: vec![Parameters::default(); w.m.rules.len()],
            holds: Vec::new(),
            fees: Vec::new(),
            now: vec![free.clone(); cases],
            ahead: vec![free; cases],
            touched: (0..w.m.shocks.len()).map(hit).collect(),
            struck: vec![false; cases],
            first,
            holding: vec![0; cases],
            found: vec![UNKNOWN; size],
            timeline: Timeline::default(),
            states: Vec::with_capacity(longest),
            acting: Vec::with_capacity(longest),
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
            let day = |d: Option<chokepoint::internals::model::time::Date>| {
                d.map(|d| d.since(w.m.run.horizon.first))
            };
            let from = day(r.effective).filter(|_| n.v(r.in_force) >= 0.5).unwrap_or(f64::INFINITY);
            let share = |q| n.v(r.share.unwrap_or(q));
            *terms = Parameters {
                from,
                until: day(r.until).unwrap_or(f64::INFINITY),
                announced: if from.is_finite() { day(r.announced).unwrap_or(from) } else { f64::INFINITY },
                lifted: false,
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
        self.rules.struck.fill(false);
        for (holding, case) in self.rules.holding.iter_mut().zip(&w.book.cases) {
            let holds = |&place: &usize| {
                let cover = &case.rules[place];
                let drawn = matches!(cover.holds, Term::Drawn(i) if !self.rules.holds[i]);
                usize::from(self.rules.terms[cover.rule].from.is_finite() && !drawn)
            };
            *holding = case.chances.iter().fold(0, |all, place| 2 * all + holds(place));
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
            self.rules.struck[case] = true;
        }
    }

    /// Judges a case for this quarter.
    #[inline(always)]
    pub fn judge(&mut self, case: CaseId) -> &Verdict {
        let x = self.t as f64;
        if self.rules.now[case].until < x + 1.0 {
            self.renew(case, false, x, f64::INFINITY);
        }
        &self.rules.now[case]
    }

    /// Judges a case for the quarter in which chips that are started now arrive, as far as known.
    #[inline(always)]
    pub fn judge_ahead(&mut self, case: CaseId) -> &Verdict {
        let (x, known) = ((self.t + self.w.lead) as f64, self.t as f64 + 1.0);
        let verdict = &self.rules.ahead[case];
        if verdict.until < x + 1.0 || verdict.known_until < known {
            self.renew(case, true, x, known);
        }
        &self.rules.ahead[case]
    }

    #[cold]
    #[inline(never)]
    fn renew(&mut self, case: CaseId, ahead: bool, x: f64, known: f64) {
        let book = |rules: &mut Verdicts, with: Verdict| {
            let verdict = if ahead { &mut rules.ahead[case] } else { &mut rules.now[case] };
            std::mem::replace(verdict, with)
        };
        let mut verdict = book(&mut self.rules, NONE);
        self.verdict(case, x, known, &mut verdict);
        book(&mut self.rules, verdict);
    }

    /// The quarter that starts at x, with rules announced before `known`.
    fn verdict(&mut self, id: CaseId, x: f64, known: f64, v: &mut Verdict) {
        let case = &self.w.book.cases[id];
        if self.rules.struck[id] || case.chances.len() > CHANCES {
            let kept = self.rules.timeline.quarters.len();
            self.find_governing(case, x, known);
            self.weigh(case, kept, x, v);
            self.rules.timeline.forget(kept);
            return;
        }
        let quarter = 2 * self.t + usize::from(known.is_finite());
        let place = self.rules.first[id] + self.rules.holding[id] * 2 * self.w.quarters + quarter;
        if self.rules.found[place] == UNKNOWN {
            self.rules.found[place] = self.rules.timeline.quarters.len() as u32;
            self.find_governing(case, x, known);
        }
        self.weigh(case, self.rules.found[place] as usize, x, v);
    }

    /// What the governing rules of a quarter let through in this draw.
    fn weigh(&mut self, case: &Case, quarter: usize, x: f64, v: &mut Verdict) {
        let rules = &mut self.rules;
        let quarter = &rules.timeline.quarters[quarter];
        v.governing.clear();
        (v.permitted, v.fee, v.cut, v.rush) = (1.0, 0.0, 0.0, 1.0);
        (v.until, v.known_until) = (quarter.next, quarter.news);
        if quarter.pieces.len() > 1 {
            v.until = f64::NEG_INFINITY;
        }
        rules.by_issuer.clear();
        rules.by_issuer.resize(case.issuers.len(), (0.0, 0.0));
        let mut rushed = false;
        for piece in &rules.timeline.pieces[quarter.pieces.clone()] {
            let now = &rules.timeline.governing[piece.now.clone()];
            rules.cuts.clear();
            rules.cuts.push(piece.start);
            for g in now {
                let cover = &case.rules[g.place];
                let terms = &rules.terms[cover.rule];
                let share = terms.shares[g.status as usize];
                let mut open = piece.end - piece.start;
                if g.status > Status::Notify {
                    let opens = g.from + terms.lag;
                    open = (piece.end - opens).clamp(0.0, open);
                    if opens > piece.start && opens < piece.end {
                        rules.cuts.push(opens);
                        v.until = f64::NEG_INFINITY;
                    } else if opens > x {
                        v.until = v.until.min(opens);
                    }
                }
                let refused = piece.end - piece.start - open * share;
                v.governing.push((cover.rule, refused));
                let sums = &mut rules.by_issuer[g.issuer];
                sums.0 += refused;
                if open * share > 0.0 {
                    let fee = match cover.fee {
                        Term::Certain(q) => self.n.v(q),
                        Term::Drawn(i) => rules.fees[i],
                    };
                    sums.1 += open * share * fee;
                }
            }
            let Some(rule) = piece.waiting else { continue };
            if !rushed {
                rushed = true;
                v.rush = rules.terms[rule].rush;
            }
            let then = &rules.timeline.governing[piece.then.clone()];
            let product = |all: &[Governing], at: f64| {
                let share = |g: &Governing| {
                    let terms = &rules.terms[case.rules[g.place].rule];
                    let shut = g.status > Status::Notify && at < g.from + terms.lag;
                    if shut { 0.0 } else { terms.shares[g.status as usize] }
                };
                all.iter().map(share).product::<f64>()
            };
            rules.cuts.push(piece.end);
            rules.cuts.sort_unstable_by(f64::total_cmp);
            for part in rules.cuts.windows(2) {
                let at = 0.5 * (part[0] + part[1]);
                v.cut += (part[1] - part[0]) * (product(now, at) - product(then, at)).max(0.0);
            }
        }
        for &(refused, paid) in &rules.by_issuer {
            v.permitted *= 1.0 - refused;
            v.fee += per(paid, 1.0 - refused);
        }
        v.permitted = snap(v.permitted);
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
