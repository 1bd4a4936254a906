//! Patient rule induction: boxes of conditions under which something comes about (Friedman and Fisher 1999), as scenario
//! discovery uses them (Bryant and Lempert 2010).
//!
//! A box is a range for each of a few inputs. It is found by peeling: again and again a small part of the draws at one end of
//! one input is left out, the one whose loss raises the share of cases most. Then pasting widens ends that were cut too far.

use crate::math::{Kernel, dispatch};
use rayon::prelude::*;

/// Share of a box's draws that a peel takes at least, and that a paste gives back.
pub const PEEL: f64 = 0.05;
/// Inputs whose places are side by side for each draw: as many as fill a line of the processor's memory.
const ABREAST: usize = 16;

/// Inputs of draws, and in which of them the cases lie.
#[derive(Clone, Debug)]
pub struct Cases {
    inputs: Vec<Ordered>,
    /// Places of each draw among the values of sixteen inputs, block by block of inputs: to take a draw out of all inputs' orders
    /// reads one line of memory a block.
    places: Vec<Vec<[u32; ABREAST]>>,
    /// Whether each draw is a case.
    yes: Vec<bool>,
}

/// An input in the order of its values.
#[derive(Clone, Debug)]
struct Ordered {
    /// Values, rising.
    values: Vec<f32>,
    /// At which places a value ends that draws share, a bit for each: so a limit is moved to the end of its value by a look at one word.
    ends: Vec<u64>,
    /// At which places the cases lie, a bit for each.
    cases: Vec<u64>,
}

/// A box: places from one to another, both included, in the order of every input. Draws that share a value lie on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits(Vec<(u32, u32)>);

/// How good a box is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Draws in it.
    pub draws: usize,
    /// Cases in it.
    pub cases: usize,
    /// Inputs that it restricts.
    pub restricted: usize,
    /// Share of all cases that lie in it \[1\].
    pub coverage: f64,
    /// Share of its draws that are cases \[1\].
    pub density: f64,
}

/// A limit of a box as values: none where the input's own end is the limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The input's place.
    pub input: usize,
    /// Values above it.
    pub low: Option<f64>,
    /// Values below it.
    pub high: Option<f64>,
}

/// A step of the search: the box, and how good it is.
#[derive(Clone, Debug)]
pub struct Step {
    /// The box.
    pub limits: Limits,
    /// How good it is.
    pub score: Score,
}

impl Limits {
    /// Inputs, limited or not.
    pub fn inputs(&self) -> usize {
        self.0.len()
    }
}

impl Ordered {
    /// The order, and the place of each draw in it.
    fn new(column: &[f32], cases: &[bool]) -> (Self, Vec<u32>) {
        let mut order: Vec<u32> = (0..column.len() as u32).collect();
        order.sort_by(|&a, &b| column[a as usize].total_cmp(&column[b as usize]).then(a.cmp(&b)));
        let mut places = vec![0; column.len()];
        let mut bits = vec![0; column.len().div_ceil(64)];
        for (place, &draw) in order.iter().enumerate() {
            places[draw as usize] = place as u32;
            bits[place / 64] |= u64::from(cases[draw as usize]) << (place % 64);
        }
        let values: Vec<f32> = order.iter().map(|&draw| column[draw as usize]).collect();
        let mut ends = vec![0; bits.len()];
        for (place, value) in values.iter().enumerate() {
            ends[place / 64] |= u64::from(values.get(place + 1) != Some(value)) << (place % 64);
        }
        (Self { values, ends, cases: bits }, places)
    }

    fn last(&self) -> u32 {
        self.values.len().saturating_sub(1) as u32
    }

    /// The last place with the value of a place.
    #[inline(always)]
    fn end(&self, place: u32) -> u32 {
        let mut word = place as usize / 64;
        let mut here = self.ends[word] & u64::MAX << (place % 64);
        while here == 0 {
            word += 1;
            here = self.ends[word];
        }
        (word * 64) as u32 + here.trailing_zeros()
    }

    /// The first place with the value of a place.
    #[inline(always)]
    fn start(&self, place: u32) -> u32 {
        let mut word = place as usize / 64;
        let mut here = self.ends[word] & !(u64::MAX << (place % 64));
        while here == 0 {
            let Some(before) = word.checked_sub(1) else { return 0 };
            word = before;
            here = self.ends[word];
        }
        (word * 64) as u32 + 64 - here.leading_zeros()
    }
}

/// The search at one box.
struct Search<'a> {
    of: &'a Cases,
    limits: Limits,
    /// Draws in the box.
    members: Vec<u32>,
    cases: usize,
    /// At which places of each input draws of the box lie, a bit for each; block by block of inputs.
    there: Vec<Vec<u64>>,
}

/// A side of an input cut: what is left.
#[derive(Clone, Copy, Debug)]
struct Cut {
    input: usize,
    limits: (u32, u32),
    draws: usize,
    cases: usize,
}

impl Cases {
    /// From columns of inputs, and whether each draw is a case.
    pub fn new(columns: &[Vec<f32>], cases: Vec<bool>) -> Self {
        let block = |columns: &[Vec<f32>]| {
            let mut places = vec![[0; ABREAST]; cases.len()];
            let ordered = columns.iter().enumerate().map(|(lane, column)| {
                let (ordered, of) = Ordered::new(column, &cases);
                places.iter_mut().zip(of).for_each(|(places, place)| places[lane] = place);
                ordered
            });
            (ordered.collect::<Vec<_>>(), places)
        };
        let (inputs, places): (Vec<_>, Vec<_>) = columns.par_chunks(ABREAST).map(block).unzip();
        Self { inputs: inputs.into_iter().flatten().collect(), places, yes: cases }
    }

    /// The place of a draw in the order of an input.
    fn place(&self, input: usize, draw: u32) -> u32 {
        self.places[input / ABREAST][draw as usize][input % ABREAST]
    }

    /// Whether a draw is a case.
    pub fn is_case(&self, draw: u32) -> bool {
        self.yes[draw as usize]
    }

    /// The box of everything.
    pub fn everything(&self) -> Limits {
        Limits(self.inputs.iter().map(|input| (0, input.last())).collect())
    }

    /// Which of some draws lie in a box.
    pub fn inside(&self, limits: &Limits, among: &[u32]) -> Vec<u32> {
        let restricted = self.restricted(limits);
        let holds = |draw: &u32| {
            restricted.iter().all(|&j| {
                let place = self.place(j, *draw);
                (limits.0[j].0..=limits.0[j].1).contains(&place)
            })
        };
        among.iter().copied().filter(|draw| holds(draw)).collect()
    }

    /// Inputs that a box restricts.
    pub fn restricted(&self, limits: &Limits) -> Vec<usize> {
        let whole = |j: usize| limits.0[j] == (0, self.inputs[j].last());
        (0..limits.0.len()).filter(|&j| !whole(j)).collect()
    }

    /// How good a box is among some draws.
    pub fn score(&self, limits: &Limits, among: &[u32]) -> Score {
        let inside = self.inside(limits, among);
        let count = |draws: &[u32]| draws.iter().filter(|d| self.is_case(**d)).count();
        self.score_of(limits, inside.len(), count(&inside), count(among))
    }

    fn score_of(&self, limits: &Limits, draws: usize, cases: usize, all: usize) -> Score {
        Score {
            draws,
            cases,
            restricted: self.restricted(limits).len(),
            coverage: cases as f64 / all.max(1) as f64,
            density: cases as f64 / draws.max(1) as f64,
        }
    }

    /// The box without its low or its high limit of an input.
    #[must_use]
    pub fn opened(&self, limits: &Limits, input: usize, high: bool) -> Limits {
        let mut wider = limits.clone();
        if high {
            wider.0[input].1 = self.inputs[input].last();
        } else {
            wider.0[input].0 = 0;
        }
        wider
    }

    /// The box without what it says of an input.
    #[must_use]
    pub fn without(&self, limits: &Limits, input: usize) -> Limits {
        let mut wider = limits.clone();
        wider.0[input] = (0, self.inputs[input].last());
        wider
    }

    /// The limits of a box as values: halfway between the outermost draw that is left out and the next one within.
    pub fn ranges(&self, limits: &Limits) -> Vec<Range> {
        let range = |input: usize| {
            let (values, (low, high)) = (&self.inputs[input].values, limits.0[input]);
            let between =
                |a: u32, b: u32| 0.5 * (f64::from(values[a as usize]) + f64::from(values[b as usize]));
            Range {
                input,
                low: (low > 0).then(|| between(low - 1, low)),
                high: (high < self.inputs[input].last()).then(|| between(high, high + 1)),
            }
        };
        self.restricted(limits).into_iter().map(range).collect()
    }

    /// Peels some draws down to at least `least` of them and pastes at the end: every box on the way, from the box of
    /// everything on.
    pub fn search(&self, among: &[u32], least: usize) -> Vec<Step> {
        let all = among.iter().filter(|d| self.is_case(**d)).count();
        let mut search = Search::new(self, among);
        let step = |search: &Search<'_>| Step {
            limits: search.limits.clone(),
            score: self.score_of(&search.limits, search.members.len(), search.cases, all),
        };
        let mut steps = vec![step(&search)];
        while let Some(cut) = search.best_peel(least) {
            search.apply(cut);
            steps.push(step(&search));
        }
        let mut pasted = search.limits;
        while let Some(wider) = self.paste(&pasted, among, all) {
            pasted.clone_from(&wider.limits);
            steps.push(wider);
        }
        steps
    }

    /// The box whose one widened side raises the share of cases most; none if none raises it. `all` counts the cases.
    fn paste(&self, limits: &Limits, among: &[u32], all: usize) -> Option<Step> {
        let restricted = self.restricted(limits);
        let mut now = (0, 0);
        // Draws that one limit alone leaves out, by input and side: their places, and whether they are cases.
        let mut beyond: Vec<[Vec<(u32, bool)>; 2]> = vec![Default::default(); restricted.len()];
        'draws: for &draw in among {
            let mut out = None;
            for (r, &j) in restricted.iter().enumerate() {
                let (place, (low, high)) = (self.place(j, draw), limits.0[j]);
                if (low..=high).contains(&place) {
                    continue;
                }
                if out.is_some() {
                    continue 'draws;
                }
                out = Some((r, usize::from(place > high), place));
            }
            let case = self.is_case(draw);
            match out {
                None => now = (now.0 + 1, now.1 + usize::from(case)),
                Some((r, side, place)) => beyond[r][side].push((place, case)),
            }
        }
        let now = self.score_of(limits, now.0, now.1, all);
        let mut best: Option<(f64, Step)> = None;
        for (&j, sides) in restricted.iter().zip(&mut beyond) {
            let ((low, high), input) = (limits.0[j], &self.inputs[j]);
            for (upper, places) in [false, true].into_iter().zip(sides) {
                places.sort_unstable();
                let Some(most) = places.len().checked_sub(1) else { continue };
                let nth = (most as f64 * PEEL) as usize;
                let mut wider = limits.clone();
                wider.0[j] = if upper {
                    (low, input.end(places[nth].0))
                } else {
                    (input.start(places[most - nth].0), high)
                };
                let (from, to) = wider.0[j];
                let gained = places.iter().filter(|(place, _)| (from..=to).contains(place));
                let (draws, cases) = gained
                    .fold((now.draws, now.cases), |sum, (_, case)| (sum.0 + 1, sum.1 + usize::from(*case)));
                let score = self.score_of(&wider, draws, cases, all);
                let gain = (score.density - now.density) / (score.draws - now.draws).max(1) as f64;
                if score.density > now.density && best.as_ref().is_none_or(|b| gain > b.0) {
                    best = Some((gain, Step { limits: wider, score }));
                }
            }
        }
        best.map(|b| b.1)
    }
}

impl<'a> Search<'a> {
    fn new(of: &'a Cases, among: &[u32]) -> Self {
        let words = of.yes.len().div_ceil(64);
        let there = |places: &Vec<[u32; ABREAST]>| {
            let mut there = vec![0; words * ABREAST];
            for &draw in among {
                for (lane, &place) in places[draw as usize].iter().enumerate() {
                    there[lane * words + place as usize / 64] |= 1 << (place % 64);
                }
            }
            there
        };
        Self {
            of,
            limits: of.everything(),
            members: among.to_vec(),
            cases: among.iter().filter(|d| of.is_case(**d)).count(),
            there: of.places.par_iter().map(there).collect(),
        }
    }

    /// The peel that raises the share of cases most by the draws that it takes; of equal ones that with fewer inputs.
    fn best_peel(&self, least: usize) -> Option<Cut> {
        if self.members.is_empty() || self.cases == 0 {
            return None;
        }
        let blocks = (0..self.there.len()).into_par_iter();
        let best = blocks
            .filter_map(|block| dispatch(Peels { of: self, block }))
            .reduce_with(|a, b| self.better(a, b))?;
        (best.draws >= least.max(1) && self.gain(&best) > 0.0).then_some(best)
    }

    /// What a cut raises the share of cases by, for each draw that it takes.
    #[inline(always)]
    fn gain(&self, cut: &Cut) -> f64 {
        let (n, k) = (self.members.len(), self.cases);
        (cut.cases as f64 / cut.draws as f64 - k as f64 / n as f64) / (n - cut.draws) as f64
    }

    #[inline(always)]
    fn better(&self, a: Cut, b: Cut) -> Cut {
        let new = |cut: &Cut| self.limits.0[cut.input] == (0, self.of.inputs[cut.input].last());
        let order =
            self.gain(&b).total_cmp(&self.gain(&a)).then(new(&a).cmp(&new(&b))).then(a.input.cmp(&b.input));
        if order.is_gt() { b } else { a }
    }

    fn apply(&mut self, cut: Cut) {
        let of = self.of;
        let within = |d: &u32| (cut.limits.0..=cut.limits.1).contains(&of.place(cut.input, *d));
        let (kept, gone): (Vec<u32>, Vec<u32>) = self.members.iter().partition(|d| within(d));
        let words = of.yes.len().div_ceil(64);
        self.there.par_iter_mut().zip(&of.places).for_each(|(there, places)| {
            for &draw in &gone {
                for (lane, &place) in places[draw as usize].iter().enumerate() {
                    there[lane * words + place as usize / 64] &= !(1 << (place % 64));
                }
            }
        });
        self.limits.0[cut.input] = cut.limits;
        (self.members, self.cases) = (kept, cut.cases);
    }
}

/// The best peel of a block of inputs.
struct Peels<'a> {
    of: &'a Search<'a>,
    block: usize,
}

impl Kernel for Peels<'_> {
    type Output = Option<Cut>;

    #[inline(always)]
    fn run(self) -> Option<Cut> {
        let search = self.of;
        let words = search.of.yes.len().div_ceil(64);
        let first = self.block * ABREAST;
        let mut best: Option<Cut> = None;
        for (lane, ordered) in search.of.inputs[first..].iter().take(ABREAST).enumerate() {
            let there = &search.there[self.block][lane * words..][..words];
            let peeled = Peeled { search, ordered, there, input: first + lane };
            for cut in [peeled.upper(), peeled.lower()].into_iter().flatten() {
                best = Some(best.map_or(cut, |best| search.better(best, cut)));
            }
        }
        best
    }
}

/// An input of a box, to be peeled.
struct Peeled<'a> {
    search: &'a Search<'a>,
    ordered: &'a Ordered,
    /// At which places draws of the box lie.
    there: &'a [u64],
    input: usize,
}

impl Peeled<'_> {
    /// Draws that a peel takes at least.
    #[inline(always)]
    fn take(&self) -> u32 {
        ((self.search.members.len() - 1) as f64 * PEEL) as u32 + 1
    }

    /// Draws and cases of a word's places that a mask has.
    #[inline(always)]
    fn count(&self, word: usize, mask: u64) -> (u32, u32) {
        let here = self.there[word] & mask;
        (here.count_ones(), (here & self.ordered.cases[word]).count_ones())
    }

    #[inline(always)]
    fn left(&self, limits: (u32, u32), (draws, cases): (u32, u32)) -> Option<Cut> {
        let (n, k) = (self.search.members.len(), self.search.cases);
        let (draws, cases) = (draws as usize, cases as usize);
        (draws < n).then(|| Cut { input: self.input, limits, draws: n - draws, cases: k - cases })
    }

    /// What is left without the lowest draws.
    #[inline(always)]
    fn lower(&self) -> Option<Cut> {
        let (low, high) = self.search.limits.0[self.input];
        let (take, mut word, mut sum) = (self.take(), low as usize / 64, (0, 0));
        loop {
            let here = self.count(word, u64::MAX);
            if sum.0 + here.0 >= take {
                break;
            }
            (sum, word) = (add(sum, here), word + 1);
        }
        // All draws with the value of the last one that is taken.
        let last = self.ordered.end((word * 64) as u32 + nth_set(self.there[word], take - sum.0));
        for full in word..last as usize / 64 {
            sum = add(sum, self.count(full, u64::MAX));
        }
        sum = add(sum, self.count(last as usize / 64, u64::MAX >> (63 - last % 64)));
        self.left((last + 1, high), sum)
    }

    /// What is left without the highest draws.
    #[inline(always)]
    fn upper(&self) -> Option<Cut> {
        let (low, high) = self.search.limits.0[self.input];
        let (take, mut word, mut sum) = (self.take(), high as usize / 64, (0, 0));
        loop {
            let here = self.count(word, u64::MAX);
            if sum.0 + here.0 >= take {
                break;
            }
            (sum, word) = (add(sum, here), word - 1);
        }
        let rank = self.there[word].count_ones() + 1 - (take - sum.0);
        let first = self.ordered.start((word * 64) as u32 + nth_set(self.there[word], rank));
        for full in first as usize / 64 + 1..=word {
            sum = add(sum, self.count(full, u64::MAX));
        }
        sum = add(sum, self.count(first as usize / 64, u64::MAX << (first % 64)));
        // The first place of all is not reached while anything is left.
        self.left((low, first.saturating_sub(1)), sum)
    }
}

#[inline(always)]
fn add(a: (u32, u32), b: (u32, u32)) -> (u32, u32) {
    (a.0 + b.0, a.1 + b.1)
}

/// Where the bit lies that is the nth that is set, counted from one.
#[inline(always)]
fn nth_set(word: u64, nth: u32) -> u32 {
    let (mut at, mut before) = (0, 0);
    for half in [32, 16, 8, 4, 2, 1] {
        let low = (word >> at & ((1 << half) - 1)).count_ones();
        if before + low < nth {
            (at, before) = (at + half, before + low);
        }
    }
    at
}
