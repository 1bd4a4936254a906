//! Section 13: signs, and the numbers and rules that wait for them.

use super::numbers::{Layout, Numbers};
use super::{Draw, World};
use chokepoint::internals::math::{exp, inverse_normal};
use chokepoint::internals::model::{Model, QuantityId, RuleId};
use chokepoint::internals::random::{Design, Stream};

/// What all draws share.
pub struct Answers<'a> {
    pub edited: Vec<Option<Layout<'a>>>,
    errors: Vec<Stream>,
    /// Where each sign's metric is among what is noted of a quarter.
    places: Vec<usize>,
    quarters: usize,
}

impl<'a> Answers<'a> {
    pub fn new(m: &'a Model, design: &Design, quarters: usize, series: &[super::Series]) -> Self {
        let a = &m.answers;
        let place = |s: &chokepoint::internals::model::Sign| {
            let of = |x: &&super::Series| x.actor == s.actor && x.metric == s.metric;
            series.iter().find(of).expect("a sign is a metric").place
        };
        Self {
            edited: (a.edited.iter())
                .map(|under| under.as_ref().map(|u| Layout::leading(u, m, design, quarters)))
                .collect(),
            errors: (a.signs.iter())
                .map(|s| design.stream(&format!("sign.{}/{}.error", s.actor, s.metric), None))
                .collect(),
            places: a.signs.iter().map(place).collect(),
            quarters,
        }
    }
}

/// Signs of a draw.
pub struct Signs<'a> {
    pub on: Vec<bool>,
    spent: Vec<bool>,
    /// Since when each has been on; infinite while it is off.
    since: Vec<f64>,
    /// By sign: its metric, by quarter so far.
    noted: Vec<Vec<f64>>,
    edited: Vec<Option<Numbers<'a>>>,
    /// By number that waits: what it is while no sign is on, by quarter.
    base: Vec<Vec<f64>>,
}

impl<'a> Signs<'a> {
    pub fn new(w: &'a World<'a>) -> Self {
        let n = w.m.answers.signs.len();
        Self {
            on: vec![false; n],
            spent: vec![false; n],
            since: vec![f64::INFINITY; n],
            noted: vec![Vec::new(); n],
            edited: w.answers.edited.iter().map(|l| l.as_ref().map(Numbers::new)).collect(),
            base: Vec::new(),
        }
    }
}

impl Draw<'_> {
    pub fn reset_signs(&mut self, draw: u64) {
        let w = self.w;
        let s = &mut self.signs;
        s.on.fill(false);
        s.spent.fill(false);
        s.since.fill(f64::INFINITY);
        s.noted.iter_mut().for_each(Vec::clear);
        s.edited.iter_mut().flatten().for_each(|n| n.load(draw));
        let course = |q: QuantityId| (0..w.answers.quarters).map(|t| self.n.at(q, t)).collect();
        s.base = w.m.answers.numbers.iter().map(|x| course(x.number)).collect();
    }

    /// What was recorded of the quarter.
    pub fn note_signs(&mut self) {
        for (list, &place) in self.signs.noted.iter_mut().zip(&self.w.answers.places) {
            list.push(self.values[place]);
        }
    }

    /// Looks for the quarter's signs.
    pub fn look(&mut self) {
        let w = self.w;
        let mut turned = false;
        for (i, sign) in w.m.answers.signs.iter().enumerate() {
            if self.t < sign.from || self.t < sign.lag {
                continue;
            }
            let seen = self.t - sign.lag;
            let mut x = self.signs.noted[i][seen];
            if sign.error > 0.0 {
                let u = w.answers.errors[i].redraw(seen as u32).uniform(self.n.draw());
                x *= exp(sign.error * inverse_normal(u));
            }
            let beyond = |level: f64| if sign.above { x > level } else { x < level };
            let was = self.signs.on[i];
            let now =
                if was { sign.off.is_none_or(beyond) } else { beyond(sign.level) && !self.signs.spent[i] };
            if was == now {
                continue;
            }
            turned = true;
            self.signs.on[i] = now;
            self.signs.spent[i] |= !now && !sign.again;
            self.signs.since[i] = if now { self.t as f64 } else { f64::INFINITY };
        }
        if turned {
            self.put_numbers();
            self.read_market();
            self.read_lags();
            self.read_training();
            self.read_rules();
        }
    }

    /// From this quarter on; what others are told of later ones is what they would be if signs stayed as they are.
    fn put_numbers(&mut self) {
        let s = &self.signs;
        for (x, base) in self.w.m.answers.numbers.iter().zip(&s.base) {
            for (t, &value) in base.iter().enumerate().skip(self.t) {
                let on = x.edited.iter().rev().find(|(sign, _)| s.on[*sign]);
                let edited = |&(sign, q): &(usize, QuantityId)| s.edited[sign].as_ref().map(|n| n.at(q, t));
                self.n.put(x.number, t, on.and_then(edited).unwrap_or(value));
                if self.n.is_scalar(x.number) {
                    break;
                }
            }
        }
    }

    /// Rules as they are with the signs of now, in place of those of the quarter before.
    fn read_rules(&mut self) {
        let w = self.w;
        let struck = self.rules.struck.clone();
        self.reset_rules();
        self.rules.struck.copy_from_slice(&struck);
        // What is found once for all draws holds no more where signs have a say.
        let waits = |rule: usize| {
            let number = w.m.rules[rule].in_force;
            w.m.answers.rules.iter().any(|x| x.rule.index() == rule)
                || w.m.answers.numbers.iter().any(|x| x.number == number)
        };
        for (touched, case) in self.rules.struck.iter_mut().zip(&w.book.cases) {
            *touched |= case.rules.iter().any(|c| waits(c.rule));
        }
        for waits in &w.m.answers.rules {
            let RuleId(rule) = waits.rule;
            let terms = &mut self.rules.terms[rule as usize];
            if waits.lifted {
                terms.lifted |= self.signs.on[waits.sign];
            }
        }
        for (rule, terms) in self.rules.terms.iter_mut().enumerate() {
            let mine = w.m.answers.rules.iter().filter(|x| x.rule.index() == rule && !x.lifted);
            let since = mine.map(|x| self.signs.since[x.sign]).reduce(f64::min);
            let Some(since) = since else { continue };
            terms.from = terms.from.max(since);
            terms.announced = terms.announced.max(since);
            if terms.from >= terms.until {
                (terms.from, terms.announced) = (f64::INFINITY, f64::INFINITY);
            }
        }
    }

    /// Before the first quarter no sign is on.
    pub fn hold_back_rules(&mut self) {
        if !self.w.m.answers.rules.is_empty() {
            self.read_rules();
        }
    }
}
