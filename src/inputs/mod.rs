//! Quantities of a batch: each path's uniform, its copula, its inverse distribution function, its course over time.

use crate::math::{Kernel, Lanes, WIDTH, dispatch};
use crate::model::{Between, Dated, IdVec, Model, Point, QuantityId, Shape, ShockId};
use crate::random::{Copula, DIMENSIONS, Design, Distribution, Stream};
use crate::scenario::{glob_match, is_glob};
use std::collections::BTreeSet;
use std::sync::Arc;

mod sharing;

pub use sharing::Shared;

/// Where a quantity is stored: one place, or one a quarter.
#[derive(Clone, Copy, Debug)]
struct Slot {
    base: u32,
    step: u32,
}

/// Values of all quantities in a batch, in canonical units.
#[derive(Clone, Debug)]
pub struct Inputs {
    slots: Arc<[Slot]>,
    buffer: Vec<Lanes>,
    uniforms: Vec<Lanes>,
}

impl Inputs {
    /// A number that does not change over time.
    #[inline(always)]
    pub fn value(&self, q: QuantityId) -> Lanes {
        self.buffer[self.slots[q.0 as usize].base as usize]
    }
    /// Whether a number does not change over time.
    #[inline(always)]
    pub fn is_constant(&self, q: QuantityId) -> bool {
        self.slots[q.0 as usize].step == 0
    }
    /// Multiplies a number, in all quarters.
    pub fn scale(&mut self, q: QuantityId, factor: f64) {
        let at = q.0 as usize;
        let Slot { base, step } = self.slots[at];
        let places = if step == 0 { 1 } else { usize::MAX };
        for value in self.buffer[base as usize..].iter_mut().step_by(step.max(1) as usize).take(places) {
            *value *= Lanes::splat(factor);
        }
    }
    /// A number at quarter `t`.
    #[inline(always)]
    pub fn at(&self, q: QuantityId, t: usize) -> Lanes {
        let slot = self.slots[q.0 as usize];
        self.buffer[slot.base as usize + slot.step as usize * t]
    }
}

/// A path with a uniform of its own.
#[derive(Debug)]
struct Sampled {
    quantity: QuantityId,
    stream: Stream,
    /// Its dimension of the net, if it leads.
    dimension: Option<usize>,
    /// The copula and the place in it, if it is correlated.
    group: Option<(usize, usize)>,
}

/// A dated path, laid out for evaluation.
#[derive(Debug)]
struct Course {
    quantity: QuantityId,
    /// Its uniform, if any point is uncertain.
    sampled: Option<usize>,
    /// Quarters in which draws can differ, and where each lies among the points.
    spans: Vec<(usize, Span)>,
}

/// Where a quarter lies among dated points.
#[derive(Clone, Copy, Debug)]
enum Span {
    /// Years before the first point (negative).
    Before(f64),
    /// Between two points, with the weight of the second.
    Between(usize, usize, f64),
    /// Years after the last point.
    After(f64),
}

/// Room for the points of a dated path and their logarithms.
#[derive(Debug, Default)]
struct Room {
    points: Vec<Lanes>,
    logs: Vec<Lanes>,
}

/// Growth by a factor a year.
struct Growth {
    log: Lanes,
}

impl Growth {
    #[inline(always)]
    fn new(factor: Lanes) -> Self {
        Self { log: if factor == Lanes::ONE { Lanes::ZERO } else { factor.ln() } }
    }

    /// Growth over some years: a power of the factor, whose logarithm is taken once.
    #[inline(always)]
    fn over(&self, years: f64) -> Lanes {
        if years == 0.0 { Lanes::ONE } else { (years * self.log).exp() }
    }
}

/// A place for each quantity, and how many places there are: first those that do not change, then the others quarter by
/// quarter, since a quarter looks at all of its own.
fn slots(model: &Model, quarters: usize) -> (Vec<Slot>, usize) {
    let is_dated = |q: &&crate::model::Quantity| matches!(q.shape, Shape::Dated(_));
    let step = model.quantities.iter().filter(is_dated).count() as u32;
    let (mut fixed, mut dated) = (0, model.quantities.len() as u32 - step);
    let first_dated = dated;
    let slot = |q: &crate::model::Quantity| {
        let (next, step) = if is_dated(&q) { (&mut dated, step) } else { (&mut fixed, 0) };
        let slot = Slot { base: *next, step };
        *next += 1;
        slot
    };
    let slots = model.quantities.iter().map(slot).collect();
    (slots, first_dated as usize + step as usize * quarters)
}

/// Where each quantity is sampled and stored.
#[derive(Debug)]
pub struct Layout {
    slots: Arc<[Slot]>,
    template: Vec<Lanes>,
    model: IdVec<QuantityId, crate::model::Quantity>,
    sampled: Vec<Sampled>,
    sampled_of: Vec<Option<usize>>,
    courses: Vec<Course>,
    groups: Vec<(Copula, Vec<usize>)>,
    clocks: Vec<Stream>,
    /// Quarters for which dated paths are laid out.
    span_quarters: usize,
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
        let (slots, size) = slots(model, quarters);
        let leads = expand_leads(model).0;
        if leads.len() > DIMENSIONS {
            return Err(LayoutError::TooManyLeads(leads.len()));
        }
        let dimension = |path: &str| leads.iter().position(|p| p == path);
        let mut sampled = Vec::new();
        let mut sampled_of = vec![None; model.quantities.len()];
        // A path that an edit fixed keeps its place in its copula, so that the others keep their numbers.
        let tied: BTreeSet<QuantityId> =
            model.correlations.iter().flat_map(|c| c.of.iter().copied()).collect();
        for (i, q) in model.quantities.iter().enumerate() {
            if q.is_uncertain() || tied.contains(&QuantityId(i as u32)) {
                sampled_of[i] = Some(sampled.len());
                let dimension = dimension(&q.path);
                let stream = design.stream(&q.path, dimension);
                sampled.push(Sampled { quantity: QuantityId(i as u32), stream, dimension, group: None });
            }
        }
        let groups = correlate(model, &sampled_of, &mut sampled);
        let courses = (model.quantities.iter().enumerate())
            .filter_map(|(i, q)| match &q.shape {
                Shape::Dated(dated) => {
                    let spans = (0..quarters).map(|t| (t, span(dated, t as f64))).collect();
                    Some(Course { quantity: QuantityId(i as u32), sampled: sampled_of[i], spans })
                }
                _ => None,
            })
            .collect();
        let clocks = model
            .shocks
            .iter()
            .map(|s| {
                let path = format!("shock.{}.clock", s.id);
                design.stream(&path, dimension(&path))
            })
            .collect();
        let template = vec![Lanes::ZERO; size];
        let slots: Arc<[Slot]> = slots.into();
        let model = model.quantities.clone();
        let mut layout = Self {
            slots,
            template,
            model,
            sampled,
            sampled_of,
            courses,
            groups,
            clocks,
            span_quarters: quarters,
        };
        layout.fill_template();
        Ok(layout)
    }

    /// Room for a batch, with fixed numbers in place.
    pub fn inputs(&self) -> Inputs {
        Inputs {
            slots: Arc::clone(&self.slots),
            buffer: self.template.clone(),
            uniforms: vec![Lanes::splat(0.5); self.sampled.len()],
        }
    }

    /// Puts what never changes in place.
    fn fill_template(&mut self) {
        let mut inputs = self.inputs();
        self.medians(&mut inputs);
        self.template = inputs.buffer;
        let mut courses = std::mem::take(&mut self.courses);
        for course in &mut courses {
            course.spans.retain(|&(t, _)| self.certain_at(course.quantity.0 as usize, t).is_none());
        }
        courses.retain(|course| !course.spans.is_empty());
        self.courses = courses;
    }

    /// Everything at its median.
    pub fn medians(&self, into: &mut Inputs) {
        into.uniforms.fill(Lanes::splat(0.5));
        for (i, q) in self.model.iter().enumerate() {
            let fixed = match &q.shape {
                Shape::Fixed(x) => *x,
                Shape::Uncertain(d) if d.is_fixed() => d.quantile(0.5),
                _ => continue,
            };
            into.buffer[self.slots[i].base as usize] = Lanes::splat(fixed);
        }
        dispatch(Evaluation { layout: self, into });
    }

    /// Draws `8·batch .. 8·batch + 8`.
    pub fn sample(&self, batch: u64, into: &mut Inputs) {
        self.sample_with(batch, &[], into);
    }

    /// The same with the uniforms of some quantities held at given values.
    pub fn sample_with(&self, batch: u64, held: &[(QuantityId, f64)], into: &mut Inputs) {
        for (u, s) in into.uniforms.iter_mut().zip(&self.sampled) {
            *u = s.stream.uniforms(batch);
        }
        for (copula, members) in &self.groups {
            let mut part: Vec<Lanes> = members.iter().map(|&m| into.uniforms[m]).collect();
            copula.apply(&mut part);
            for (&m, u) in members.iter().zip(part) {
                into.uniforms[m] = u;
            }
        }
        for &(q, u) in held {
            if let Some(s) = self.sampled_of[q.0 as usize] {
                into.uniforms[s] = Lanes::splat(u);
            }
        }
        dispatch(Evaluation { layout: self, into });
    }

    #[inline(always)]
    fn evaluate(&self, into: &mut Inputs) {
        for (s, &u) in self.sampled.iter().zip(&into.uniforms) {
            let i = s.quantity.0 as usize;
            if let Shape::Uncertain(d) = &self.model[i].shape {
                into.buffer[self.slots[i].base as usize] = d.quantiles(u);
            }
        }
        let mut room = Room::default();
        for course in &self.courses {
            self.follow(course, into, &mut room);
        }
    }

    /// Evaluates a dated path for the quarters in which draws can differ; the template holds the others.
    #[inline(always)]
    fn follow(&self, course: &Course, into: &mut Inputs, room: &mut Room) {
        let i = course.quantity.0 as usize;
        let quantity = &self.model[i];
        let Shape::Dated(dated) = &quantity.shape else { return };
        let u = course.sampled.map_or(Lanes::splat(0.5), |s| into.uniforms[s]);
        let Room { points, logs } = room;
        points.clear();
        points.extend(dated.points.iter().map(|(_, p)| self.point(p, u, into)));
        logs.clear();
        if dated.between == Between::Log {
            logs.extend(points.iter().map(|p| p.max(f64::MIN_POSITIVE).ln()));
        } else {
            logs.resize(points.len(), Lanes::ZERO);
        }
        let growth = |q: Option<QuantityId>| q.map_or(Lanes::ONE, |q| into.value(q));
        let (before, after) = (Growth::new(growth(dated.before)), Growth::new(growth(dated.after)));
        let level = growth(dated.level);
        let Slot { base, step } = self.slots[i];
        for &(t, span) in &course.spans {
            let value = match span {
                Span::Before(years) => points[0] * before.over(years),
                Span::After(years) => points[points.len() - 1] * after.over(years),
                Span::Between(a, b, w) => {
                    between(dated.between, [points[a], points[b]], [logs[a], logs[b]], w)
                }
            };
            into.buffer[base as usize + step as usize * t] =
                (value * level).clamp(quantity.domain.0, quantity.domain.1);
        }
    }

    #[inline(always)]
    fn point(&self, point: &Point, u: Lanes, inputs: &Inputs) -> Lanes {
        match point {
            Point::Shared(d) => d.quantiles(u),
            Point::Own(q) => inputs.value(*q),
        }
    }

    /// A quantity as drawn at strike `k` of a shock, for one draw.
    pub fn strike(&self, q: QuantityId, k: u32, draw: u64) -> f64 {
        let shape = &self.model[q.0 as usize].shape;
        let Shape::Uncertain(d) = shape else {
            return self.template[self.slots[q.0 as usize].base as usize][0];
        };
        d.quantile(self.uniform(q, k, draw))
    }

    fn uniform(&self, q: QuantityId, k: u32, draw: u64) -> f64 {
        let Some(s) = self.sampled_of[q.0 as usize] else { return 0.5 };
        let sampled = &self.sampled[s];
        match sampled.group {
            Some((g, place)) if k == 0 => {
                let (copula, members) = &self.groups[g];
                let width = WIDTH as u64;
                let mut part: Vec<Lanes> =
                    members.iter().map(|&m| self.sampled[m].stream.uniforms(draw / width)).collect();
                copula.apply(&mut part);
                part[place][(draw % width) as usize]
            }
            _ => sampled.stream.redraw(k).uniform(draw),
        }
    }

    /// Uniform of a shock's clock for strike `k`, for one draw.
    pub fn clock(&self, shock: ShockId, k: u32, draw: u64) -> f64 {
        self.clocks[shock.index()].redraw(k).uniform(draw)
    }

    /// The same for the draws `8·batch .. 8·batch + 8`.
    pub fn clocks(&self, shock: ShockId, k: u32, batch: u64) -> Lanes {
        self.clocks[shock.index()].redraw(k).uniforms(batch)
    }

    /// Uncertain quantities, in order of reading.
    pub fn uncertain(&self) -> impl Iterator<Item = QuantityId> + '_ {
        self.sampled.iter().map(|s| s.quantity).filter(|q| self.model[q.0 as usize].is_uncertain())
    }

    /// What a draw took for an uncertain quantity: its value, or a dated path's at its last dated point.
    pub fn drawn(&self, q: QuantityId, inputs: &Inputs) -> Lanes {
        let Some(s) = self.sampled_of[q.0 as usize] else { return inputs.value(q) };
        match &self.model[q.0 as usize].shape {
            Shape::Dated(dated) => {
                let shared = dated.points.iter().rev().find_map(|(_, p)| match p {
                    Point::Shared(d) if !d.is_fixed() => Some(d),
                    _ => None,
                });
                shared.map_or(Lanes::ZERO, |d: &Distribution| d.quantiles(inputs.uniforms[s]))
            }
            _ => inputs.value(q),
        }
    }

    /// Rank of a draw's value of an uncertain quantity: its uniform.
    pub fn rank(&self, q: QuantityId, inputs: &Inputs) -> Lanes {
        self.sampled_of[q.0 as usize].map_or(Lanes::splat(0.5), |s| inputs.uniforms[s])
    }
}

/// Values from uniforms that are in place.
struct Evaluation<'a> {
    layout: &'a Layout,
    into: &'a mut Inputs,
}

impl Kernel for Evaluation<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.layout.evaluate(self.into);
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

/// Leading paths in order (patterns as written, paths in order of reading), and patterns that match none.
fn expand_leads(model: &Model) -> (Vec<String>, Vec<String>) {
    let uncertain = model.quantities.iter().filter(|q| q.is_uncertain()).map(|q| q.path.clone());
    let clocks = model.shocks.iter().filter(|s| s.hazard.is_some()).map(|s| format!("shock.{}.clock", s.id));
    let paths: Vec<String> = uncertain.chain(clocks).collect();
    let mut leads: Vec<String> = Vec::new();
    let mut missing = Vec::new();
    for pattern in &model.run.lead {
        let matching: Vec<&String> = paths.iter().filter(|p| glob_match(pattern, p)).collect();
        if matching.is_empty() {
            missing.push(pattern.clone());
            if !is_glob(pattern) {
                leads.push(pattern.clone());
            }
        }
        leads.extend(matching.into_iter().filter(|p| !leads.contains(p)).cloned().collect::<Vec<_>>());
    }
    (leads, missing)
}

/// Copulas: one for each set of paths that correlations connect.
fn correlate(
    model: &Model,
    sampled_of: &[Option<usize>],
    sampled: &mut [Sampled],
) -> Vec<(Copula, Vec<usize>)> {
    let mut pairs: Vec<(usize, usize, f64)> = Vec::new();
    for c in &model.correlations {
        let members: Vec<usize> = c.of.iter().filter_map(|q| sampled_of[q.0 as usize]).collect();
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
        // The reader has refused matrices that are not positive semi-definite.
        if let Ok(copula) = Copula::new(members.len(), &inner) {
            for (i, &m) in members.iter().enumerate() {
                sampled[m].group = Some((copulas.len(), i));
            }
            copulas.push((copula, members));
        }
    }
    copulas
}

fn span(dated: &Dated, x: f64) -> Span {
    let points = &dated.points;
    let last = points.len() - 1;
    if x < points[0].0 {
        return Span::Before((x - points[0].0) / 4.0);
    }
    if x >= points[last].0 {
        return Span::After((x - points[last].0) / 4.0);
    }
    let a = points.iter().rposition(|p| p.0 <= x).unwrap_or(0);
    Span::Between(a, a + 1, (x - points[a].0) / (points[a + 1].0 - points[a].0))
}

#[inline(always)]
fn between(how: Between, [a, b]: [Lanes; 2], [log_a, log_b]: [Lanes; 2], w: f64) -> Lanes {
    let linear = a * (1.0 - w) + b * w;
    match how {
        Between::Step => a,
        _ if w == 0.0 => a,
        Between::Linear => linear,
        Between::Log => {
            let positive = a.gt(Lanes::ZERO) & b.gt(Lanes::ZERO);
            positive.select((log_a * (1.0 - w) + log_b * w).exp(), linear)
        }
    }
}
