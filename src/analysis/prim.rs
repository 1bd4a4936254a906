//! Patient rule induction: boxes of conditions under which something comes about (Friedman and Fisher 1999), as scenario
//! discovery uses them (Bryant and Lempert 2010).
//!
//! A box is a range for each of a few inputs. It is found by peeling: again and again a small part of the draws at one end of
//! one input is left out, the one whose loss raises the share of cases most. Then pasting widens ends that were cut too far.

use rayon::prelude::*;

/// Share of a box's draws that a peel takes at least, and that a paste gives back.
pub const PEEL: f64 = 0.05;
/// Most bins of an input: up to so many distinct values they are told apart.
const BINS: usize = 1 << 14;

/// Inputs of draws, and in which of them the cases lie.
#[derive(Clone, Debug)]
pub struct Cases {
    inputs: Vec<Binned>,
    cases: Vec<bool>,
}

/// An input in bins of rising values.
#[derive(Clone, Debug)]
struct Binned {
    /// The bin of each draw.
    of: Vec<u16>,
    /// Least and greatest value in each bin.
    ends: Vec<(f32, f32)>,
}

/// A box: bins from one to another, both included, of every input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits(Vec<(u16, u16)>);

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

impl Binned {
    fn new(values: &[f32]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f32::total_cmp);
        let mut distinct = sorted.clone();
        distinct.dedup();
        // Borders between bins of as many draws each; equal values stay together.
        let firsts: Vec<f32> = if distinct.len() <= BINS {
            distinct
        } else {
            let mut firsts: Vec<f32> = (0..BINS).map(|b| sorted[b * sorted.len() / BINS]).collect();
            firsts.dedup();
            firsts
        };
        let place = |x: f32| firsts.partition_point(|&first| first <= x).saturating_sub(1);
        let mut ends = vec![(f32::INFINITY, f32::NEG_INFINITY); firsts.len()];
        let of = values.iter().map(|&x| {
            let bin = place(x);
            ends[bin] = (ends[bin].0.min(x), ends[bin].1.max(x));
            bin as u16
        });
        Self { of: of.collect(), ends }
    }

    fn last(&self) -> u16 {
        (self.ends.len() - 1) as u16
    }
}

/// Draws and cases of a box by the bin of one input.
#[derive(Clone, Debug)]
struct Counts {
    draws: Vec<u32>,
    cases: Vec<u32>,
}

/// The search at one box.
struct Search<'a> {
    of: &'a Cases,
    limits: Limits,
    /// Draws in the box.
    members: Vec<u32>,
    cases: usize,
    counts: Vec<Counts>,
}

/// A side of an input cut at a bin: what is left.
#[derive(Clone, Copy, Debug)]
struct Cut {
    input: usize,
    limits: (u16, u16),
    draws: usize,
    cases: usize,
}

impl Cases {
    /// From columns of inputs, and whether each draw is a case.
    pub fn new(columns: &[Vec<f32>], cases: Vec<bool>) -> Self {
        Self { inputs: columns.par_iter().map(|column| Binned::new(column)).collect(), cases }
    }

    /// Whether a draw is a case.
    pub fn is_case(&self, draw: u32) -> bool {
        self.cases[draw as usize]
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
                let bin = self.inputs[j].of[*draw as usize];
                (limits.0[j].0..=limits.0[j].1).contains(&bin)
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
            let (ends, (low, high)) = (&self.inputs[input].ends, limits.0[input]);
            let between = |a: u16, b: u16| {
                0.5 * (f64::from(ends[usize::from(a)].1) + f64::from(ends[usize::from(b)].0))
            };
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
        while let Some(wider) = self.paste(&pasted, among) {
            let score = self.score(&wider, among);
            steps.push(Step { limits: wider.clone(), score });
            pasted = wider;
        }
        steps
    }

    /// The box whose one widened side raises the share of cases most; none if none raises it.
    fn paste(&self, limits: &Limits, among: &[u32]) -> Option<Limits> {
        let now = self.score(limits, among);
        let mut best: Option<(f64, Limits)> = None;
        for j in self.restricted(limits) {
            let (low, high) = limits.0[j];
            let around = self.inside(&self.without(limits, j), among);
            for upper in [false, true] {
                let bin = |d: &u32| self.inputs[j].of[*d as usize];
                let beyond = |d: &u32| if upper { bin(d) > high } else { bin(d) < low };
                let mut bins: Vec<u16> = around.iter().filter(|d| beyond(d)).map(bin).collect();
                bins.sort_unstable();
                let Some(most) = bins.len().checked_sub(1) else { continue };
                let nth = (most as f64 * PEEL) as usize;
                let mut wider = limits.clone();
                wider.0[j] = if upper { (low, bins[nth]) } else { (bins[most - nth], high) };
                let score = self.score(&wider, among);
                let gain = (score.density - now.density) / (score.draws - now.draws).max(1) as f64;
                if score.density > now.density && best.as_ref().is_none_or(|b| gain > b.0) {
                    best = Some((gain, wider));
                }
            }
        }
        best.map(|b| b.1)
    }
}

impl<'a> Search<'a> {
    fn new(of: &'a Cases, among: &[u32]) -> Self {
        let count = |input: &Binned| {
            let bins = input.ends.len();
            let mut counts = Counts { draws: vec![0; bins], cases: vec![0; bins] };
            for &d in among {
                let bin = usize::from(input.of[d as usize]);
                counts.draws[bin] += 1;
                counts.cases[bin] += u32::from(of.is_case(d));
            }
            counts
        };
        Self {
            of,
            limits: of.everything(),
            members: among.to_vec(),
            cases: among.iter().filter(|d| of.is_case(**d)).count(),
            counts: of.inputs.par_iter().map(count).collect(),
        }
    }

    /// The peel that raises the share of cases most by the draws that it takes; of equal ones that with fewer inputs.
    fn best_peel(&self, least: usize) -> Option<Cut> {
        let (n, k) = (self.members.len(), self.cases);
        if n == 0 || k == 0 {
            return None;
        }
        let density = k as f64 / n as f64;
        let gain = |cut: &Cut| (cut.cases as f64 / cut.draws as f64 - density) / (n - cut.draws) as f64;
        let new = |cut: &Cut| self.limits.0[cut.input] == (0, self.of.inputs[cut.input].last());
        let better = |a: Cut, b: Cut| {
            let order = gain(&b).total_cmp(&gain(&a)).then(new(&a).cmp(&new(&b))).then(a.input.cmp(&b.input));
            if order.is_gt() { b } else { a }
        };
        let cuts = (0..self.counts.len()).into_par_iter().flat_map_iter(|j| self.peels(j));
        let best = cuts.reduce_with(better)?;
        (best.draws >= least.max(1) && gain(&best) > 0.0).then_some(best)
    }

    /// What is left of the box without the lowest or the highest draws of an input.
    fn peels(&self, input: usize) -> impl Iterator<Item = Cut> {
        let (n, k) = (self.members.len(), self.cases);
        let counts = &self.counts[input];
        let (low, high) = self.limits.0[input];
        let take = ((n - 1) as f64 * PEEL) as usize + 1;
        let walk = |bins: &mut dyn Iterator<Item = u16>| -> Option<(u16, usize, usize)> {
            let (mut draws, mut cases) = (0, 0);
            for bin in bins {
                draws += counts.draws[usize::from(bin)] as usize;
                cases += counts.cases[usize::from(bin)] as usize;
                if draws >= take {
                    return (draws < n).then_some((bin, draws, cases));
                }
            }
            None
        };
        let lower = walk(&mut (low..=high));
        let lower =
            lower.map(|(bin, d, c)| Cut { input, limits: (bin + 1, high), draws: n - d, cases: k - c });
        let upper = walk(&mut (low..=high).rev());
        let upper =
            upper.map(|(bin, d, c)| Cut { input, limits: (low, bin - 1), draws: n - d, cases: k - c });
        upper.into_iter().chain(lower)
    }

    fn apply(&mut self, cut: Cut) {
        let of = self.of;
        let bins = &of.inputs[cut.input].of;
        let within = |d: &u32| (cut.limits.0..=cut.limits.1).contains(&bins[*d as usize]);
        let (kept, gone): (Vec<u32>, Vec<u32>) = self.members.iter().partition(|d| within(d));
        self.counts.par_iter_mut().zip(&of.inputs).with_min_len(16).for_each(|(counts, input)| {
            for &d in &gone {
                let bin = usize::from(input.of[d as usize]);
                counts.draws[bin] -= 1;
                counts.cases[bin] -= u32::from(of.is_case(d));
            }
        });
        self.limits.0[cut.input] = cut.limits;
        (self.members, self.cases) = (kept, cut.cases);
    }
}
