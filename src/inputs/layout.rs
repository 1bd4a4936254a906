//! Where each quantity is sampled and stored: streams, copulas, the courses of dated paths, places in a batch.

use crate::math::List;
use crate::math::wide::Lanes;
use crate::model::{Between, Dated, IdVec, Model, Point, Quantity, QuantityId, Shape, ShockId};
use crate::random::{Copula, DIMENSIONS, Design, Stream};
use crate::scenario::{Glob, is_glob};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where a quantity is stored: one place, or one a quarter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) base: u32,
    pub(super) step: u32,
}

impl Slot {
    /// Its place at quarter `t`.
    #[inline(always)]
    pub(super) fn at(self, t: usize) -> usize {
        self.base as usize + self.step as usize * t
    }
}

/// Values of all quantities in a batch, in canonical units.
#[derive(Clone, Debug)]
pub struct Inputs {
    slots: Arc<[Slot]>,
    pub(super) buffer: List<Lanes>,
    pub(super) uniforms: List<Lanes>,
}

impl Inputs {
    /// A number that does not change over time.
    #[inline(always)]
    pub fn value(&self, q: QuantityId) -> Lanes {
        self.buffer[self.slots[q.index()].base as usize]
    }
    /// Whether a number does not change over time.
    #[inline(always)]
    pub fn is_constant(&self, q: QuantityId) -> bool {
        self.slots[q.index()].step == 0
    }
    /// Multiplies a number, in all quarters.
    pub fn scale(&mut self, q: QuantityId, factor: f64) {
        let Slot { base, step } = self.slots[q.index()];
        let places = if step == 0 { 1 } else { usize::MAX };
        for value in self.buffer[base as usize..].iter_mut().step_by(step.max(1) as usize).take(places) {
            *value *= Lanes::splat(factor);
        }
    }
    /// Puts a number in its place at quarter `t`, or in the one that it has.
    pub fn put(&mut self, q: QuantityId, t: usize, value: Lanes) {
        self.buffer[self.slots[q.index()].at(t)] = value;
    }
    /// A number at quarter `t`.
    #[inline(always)]
    pub fn at(&self, q: QuantityId, t: usize) -> Lanes {
        self.buffer[self.slots[q.index()].at(t)]
    }
}

/// A path with a uniform of its own.
#[derive(Clone, Debug)]
pub(super) struct Sampled {
    pub(super) quantity: QuantityId,
    pub(super) stream: Stream,
    /// The copula and the place in it, if it is correlated.
    pub(super) group: Option<(usize, usize)>,
    /// The factor's own number and the loading, if it loads on one.
    pub(super) load: Option<(QuantityId, f64)>,
}

/// A dated path, laid out for evaluation.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) quantity: QuantityId,
    /// Its uniform, if any point is uncertain.
    pub(super) sampled: Option<usize>,
    /// Quarters in which draws can differ, and where each lies among the points.
    pub(super) spans: Vec<(usize, Span)>,
}

/// Where a quarter lies among dated points.
#[derive(Clone, Copy, Debug)]
pub(super) enum Span {
    /// Years before the first point (negative).
    Before(f64),
    /// Between two points, with the weight of the second.
    Between(usize, usize, f64),
    /// Years after the last point.
    After(f64),
}

/// A place for each quantity, and how many places there are: first those that do not change, then the others quarter by
/// quarter, since a quarter looks at all of its own.
fn slots(model: &Model, spread: &[QuantityId], quarters: usize) -> (Vec<Slot>, usize) {
    let by_quarter =
        |(id, q): &(QuantityId, &Arc<Quantity>)| matches!(q.shape, Shape::Dated(_)) || spread.contains(id);
    let step = model.quantities.iter_enumerated().filter(by_quarter).count() as u32;
    let (mut fixed, mut dated) = (0, model.quantities.len() as u32 - step);
    let first_dated = dated;
    let slot = |q: (QuantityId, &Arc<Quantity>)| {
        let (next, step) = if by_quarter(&q) { (&mut dated, step) } else { (&mut fixed, 0) };
        let slot = Slot { base: *next, step };
        *next += 1;
        slot
    };
    let slots = model.quantities.iter_enumerated().map(slot).collect();
    (slots, first_dated as usize + step as usize * quarters)
}

/// Where each quantity is sampled and stored.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) slots: Arc<[Slot]>,
    pub(super) template: Vec<f64>,
    pub(super) quantities: Arc<IdVec<QuantityId, Arc<Quantity>>>,
    pub(super) sampled: Vec<Sampled>,
    pub(super) sampled_of: IdVec<QuantityId, Option<usize>>,
    pub(super) courses: Vec<Course>,
    pub(super) groups: Vec<(Copula, Vec<usize>)>,
    /// Sampled paths that load on a factor.
    pub(super) loaded: Vec<usize>,
    pub(super) clocks: IdVec<ShockId, Stream>,
    /// Quarters for which dated paths are laid out.
    pub(super) quarters: usize,
    /// Numbers that are the same in all quarters and have a place for each: a sign can give them a course.
    pub(super) spread: Vec<QuantityId>,
}

/// Why a model cannot be sampled.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LayoutError {
    /// More leading paths than dimensions.
    #[error("`run.lead` names {0} uncertain paths; the net has {DIMENSIONS} dimensions")]
    TooManyLeads(usize),
    /// A pattern without a path.
    #[error("`run.lead` names `{0}`, which matches no uncertain path")]
    NoSuchLead(String),
}

impl Layout {
    /// Lays out a model's quantities for `quarters` quarters.
    ///
    /// # Errors
    /// If `[run] lead` matches too many paths.
    pub fn new(model: &Model, design: &Design, quarters: usize) -> Result<Self, LayoutError> {
        let waiting = model.answers.numbers.iter();
        let spread: Vec<QuantityId> = waiting.filter(|w| w.spread).map(|w| w.number).collect();
        let (slots, size) = slots(model, &spread, quarters);
        let leads = expand_leads(model).0;
        if leads.len() > DIMENSIONS {
            return Err(LayoutError::TooManyLeads(leads.len()));
        }
        let dimension = |path: &str| leads.iter().position(|p| p == path);
        let mut sampled = Vec::new();
        let mut sampled_of = model.quantities.filled(None);
        // A path that an edit fixed keeps its place in its copula, so that the others keep their numbers.
        let tied: BTreeSet<QuantityId> =
            model.correlations.iter().flat_map(|c| c.of.iter().copied()).collect();
        for (id, q) in model.quantities.iter_enumerated() {
            if q.is_uncertain() || tied.contains(&id) {
                sampled_of[id] = Some(sampled.len());
                let stream = design.stream(&q.path, dimension(&q.path));
                sampled.push(Sampled { quantity: id, stream, group: None, load: None });
            }
        }
        let groups = correlate(model, &sampled_of, &mut sampled);
        let mut loaded = Vec::new();
        for (factor, &(q, loading)) in model.factors.iter().flat_map(|f| f.loads.iter().map(move |l| (f, l)))
        {
            if let Some(s) = sampled_of[q].filter(|_| loading != 0.0) {
                sampled[s].load = Some((factor.value, loading));
                loaded.push(s);
            }
        }
        let courses = (model.quantities.iter_enumerated())
            .filter_map(|(id, q)| match &q.shape {
                Shape::Dated(dated) => {
                    let spans = (0..quarters).map(|t| (t, span(dated, t as f64))).collect();
                    Some(Course { quantity: id, sampled: sampled_of[id], spans })
                }
                _ => None,
            })
            .collect();
        let clocks = model.shocks.map(|shock| {
            let path = format!("shock.{}.clock", shock.id);
            design.stream(&path, dimension(&path))
        });
        let mut layout = Self {
            slots: slots.into(),
            template: vec![0.0; size],
            quantities: Arc::clone(&model.quantities),
            sampled,
            sampled_of,
            courses,
            groups,
            loaded,
            clocks,
            quarters,
            spread,
        };
        layout.fill_template();
        Ok(layout)
    }

    /// Storage for a batch, with every number at its median.
    pub fn inputs(&self) -> Inputs {
        let mut buffer = List::default();
        buffer.refill(self.template.iter().map(|&x| Lanes::splat(x)));
        Inputs {
            slots: Arc::clone(&self.slots),
            buffer,
            uniforms: List::of(Lanes::splat(0.5), self.sampled.len()),
        }
    }

    /// Uncertain quantities, in order of reading.
    pub fn uncertain(&self) -> impl Iterator<Item = QuantityId> + '_ {
        self.sampled.iter().map(|s| s.quantity).filter(|q| self.quantities[*q].is_uncertain())
    }

    /// Where a quantity is stored.
    pub(super) fn slot(&self, q: QuantityId) -> Slot {
        self.slots[q.index()]
    }

    /// The value at quarter `t`, where it is the same in every draw.
    pub(super) fn certain_at(&self, q: QuantityId, t: usize) -> Option<f64> {
        let value = self.template[self.slot(q).at(t)];
        let fixed = |q: Option<QuantityId>| q.is_none_or(|q| self.certain_at(q, 0).is_some());
        let point = |p: &Point| match p {
            Point::Shared(d) => d.is_fixed(),
            Point::Own(q) => fixed(Some(*q)),
        };
        let certain = match &self.quantities[q].shape {
            Shape::Fixed(_) => true,
            Shape::Uncertain(d) => d.is_fixed(),
            Shape::Dated(d) => {
                let at = |k: usize| point(&d.points[k].1);
                fixed(d.level)
                    && match span(d, t as f64) {
                        Span::Before(_) => at(0) && fixed(d.before),
                        Span::After(_) => at(d.points.len() - 1) && fixed(d.after),
                        Span::Between(a, b, w) => at(a) && (holds_first(d, w) || at(b)),
                    }
            }
        };
        certain.then_some(value)
    }
}

/// Paths that `[run] lead` names, in order: each takes the dimension of its position.
///
/// Resolved on the scenario as it stands, the list keeps every path's dimension under any policy, even one that removes a leading path.
///
/// # Errors
/// If a pattern matches no uncertain path, or there are more paths than dimensions.
pub fn leading_paths(model: &Model) -> Result<Vec<String>, LayoutError> {
    let (leads, missing) = expand_leads(model);
    match missing.into_iter().next() {
        Some(pattern) => Err(LayoutError::NoSuchLead(pattern)),
        None if leads.len() > DIMENSIONS => Err(LayoutError::TooManyLeads(leads.len())),
        None => Ok(leads),
    }
}

/// Paths with random numbers of their own: uncertain numbers, then clocks of shocks.
pub(super) fn random_paths(model: &Model) -> Vec<String> {
    let uncertain = model.quantities.iter().filter(|q| q.is_uncertain()).map(|q| q.path.clone());
    let clocks = model.shocks.iter().filter(|s| s.hazard.is_some()).map(|s| format!("shock.{}.clock", s.id));
    uncertain.chain(clocks).collect()
}

/// Leading paths in order (patterns as written, paths in order of reading), and patterns that match none.
fn expand_leads(model: &Model) -> (Vec<String>, Vec<String>) {
    let paths = random_paths(model);
    let known: BTreeSet<&String> = paths.iter().collect();
    let mut leads: Vec<String> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut missing = Vec::new();
    for pattern in &model.run.lead {
        let matching: Vec<&String> = if is_glob(pattern) {
            let glob = Glob::new(pattern);
            paths.iter().filter(|p| glob.matches(p)).collect()
        } else {
            known.get(pattern).copied().into_iter().collect()
        };
        if matching.is_empty() {
            missing.push(pattern.clone());
            if !is_glob(pattern) {
                seen.insert(pattern.clone());
                leads.push(pattern.clone());
            }
        }
        leads.extend(matching.into_iter().filter(|p| seen.insert((*p).clone())).cloned().collect::<Vec<_>>());
    }
    (leads, missing)
}

/// Copulas: one for each set of paths that correlations connect.
fn correlate(
    model: &Model,
    sampled_of: &IdVec<QuantityId, Option<usize>>,
    sampled: &mut [Sampled],
) -> Vec<(Copula, Vec<usize>)> {
    let mut pairs: Vec<(usize, usize, f64)> = Vec::new();
    for c in &model.correlations {
        let members: Vec<usize> =
            c.of.iter().map(|q| sampled_of[*q].expect("what is correlated is sampled")).collect();
        for (i, &a) in members.iter().enumerate() {
            pairs.extend(members[i + 1..].iter().map(|&b| (a, b, c.rho)));
        }
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for &(a, b, _) in &pairs {
        let mut joined = vec![a, b];
        groups.retain(|g| {
            let touches = g.contains(&a) || g.contains(&b);
            if touches {
                joined.extend(g);
            }
            !touches
        });
        joined.sort_unstable();
        joined.dedup();
        groups.push(joined);
    }
    let mut copulas = Vec::new();
    for members in groups {
        let place = |s: usize| members.iter().position(|&m| m == s);
        let inner: Vec<_> =
            pairs.iter().filter_map(|&(a, b, rho)| Some((place(a)?, place(b)?, rho))).collect();
        let copula = Copula::new(members.len(), &inner)
            .expect("the reader has refused matrices that are not positive semi-definite");
        for (i, &m) in members.iter().enumerate() {
            sampled[m].group = Some((copulas.len(), i));
        }
        copulas.push((copula, members));
    }
    copulas
}

/// Where a moment \[quarters since the horizon's start\] lies among dated points.
pub(super) fn span(dated: &Dated, x: f64) -> Span {
    let points = &dated.points;
    let last = points.len() - 1;
    if x < points[0].0 {
        return Span::Before((x - points[0].0) / 4.0);
    }
    if x >= points[last].0 {
        return Span::After((x - points[last].0) / 4.0);
    }
    let a = points.iter().rposition(|p| p.0 <= x).expect("the first point is not after the moment");
    Span::Between(a, a + 1, (x - points[a].0) / (points[a + 1].0 - points[a].0))
}

/// Whether a moment between two points takes the first one's value.
pub(super) fn holds_first(dated: &Dated, weight: f64) -> bool {
    dated.between == Between::Step || weight == 0.0
}
