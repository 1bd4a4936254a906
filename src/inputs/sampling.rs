//! Values of a batch: each path's uniform, its copula, its inverse distribution function, its course over time.

use super::layout::{Course, Inputs, Layout, Span};
use crate::math::lanes;
use crate::math::wide::Lanes;
use crate::math::{Kernel, dispatch};
use crate::model::{Between, Point, QuantityId, Shape, ShockId};
use crate::random::{Distribution, loaded as loaded_uniform};

/// A number of one draw.
type One = lanes::Lanes<1>;

/// Points of a dated path and their logarithms, used again for the next.
#[derive(Debug, Default)]
pub(super) struct PathPoints {
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

impl Layout {
    /// Puts what never changes in place.
    pub(super) fn fill_template(&mut self) {
        let mut inputs = self.inputs();
        self.medians(&mut inputs);
        self.template = inputs.buffer.iter().map(|median| median[0]).collect();
        let mut courses = std::mem::take(&mut self.courses);
        for course in &mut courses {
            course.spans.retain(|&(t, _)| self.certain_at(course.quantity, t).is_none());
        }
        courses.retain(|course| !course.spans.is_empty());
        self.courses = courses;
    }

    /// Everything at its median.
    pub fn medians(&self, into: &mut Inputs) {
        into.uniforms.fill(Lanes::splat(0.5));
        self.load(&self.loaded, into);
        for (id, q) in self.quantities.iter_enumerated() {
            let fixed = match &q.shape {
                Shape::Fixed(x) => *x,
                Shape::Uncertain(d) if d.is_fixed() => d.quantile(0.5),
                _ => continue,
            };
            into.buffer[self.slot(id).at(0)] = Lanes::splat(fixed);
        }
        dispatch(Evaluation { layout: self, into });
    }

    /// The draws of a batch.
    pub fn sample(&self, batch: u64, into: &mut Inputs) {
        self.sample_with(batch, &[], into);
    }

    /// The same with the uniforms of some quantities held at given values.
    pub fn sample_with(&self, batch: u64, held: &[(QuantityId, f64)], into: &mut Inputs) {
        for (u, s) in into.uniforms.iter_mut().zip(&self.sampled) {
            *u = s.stream.of_batch(batch);
        }
        for (copula, members) in &self.groups {
            let mut part: Vec<Lanes> = members.iter().map(|&m| into.uniforms[m]).collect();
            copula.apply(&mut part);
            for (&m, u) in members.iter().zip(part) {
                into.uniforms[m] = u;
            }
        }
        let put = |into: &mut Inputs| {
            for &(q, u) in held {
                if let Some(s) = self.sampled_of[q] {
                    into.uniforms[s] = Lanes::splat(u);
                }
            }
        };
        // Before factors are loaded and after: what loads on one that is held moves with it, unless it is held itself.
        put(into);
        self.load(&self.loaded, into);
        put(into);
        dispatch(Evaluation { layout: self, into });
    }

    /// Loads the factors, whose uniforms are in place, on some sampled paths, whose own uniforms are.
    pub(super) fn load(&self, loaded: &[usize], into: &mut Inputs) {
        let Some(mut last) = loaded.first().and_then(|&s| self.sampled[s].load).map(|(factor, _)| factor)
        else {
            return;
        };
        let score = |factor: QuantityId, into: &Inputs| {
            let uniform = self.sampled_of[factor].map_or(Lanes::splat(0.5), |s| into.uniforms[s]);
            self.factor_score(factor, uniform)
        };
        let mut factor_score = score(last, into);
        for &s in loaded {
            let Some((factor, loading)) = self.sampled[s].load else { continue };
            if factor != last {
                (last, factor_score) = (factor, score(factor, into));
            }
            into.uniforms[s] = loaded_uniform(loading, factor_score, into.uniforms[s]);
        }
    }

    /// Normal score of a factor at its own uniform.
    fn factor_score<const N: usize>(&self, factor: QuantityId, uniform: lanes::Lanes<N>) -> lanes::Lanes<N> {
        match &self.quantities[factor].shape {
            Shape::Uncertain(d) => d.quantiles(uniform).inverse_normal(),
            Shape::Fixed(x) => lanes::Lanes::splat(*x).inverse_normal(),
            Shape::Dated(_) => unreachable!("a factor has one number"),
        }
    }

    #[inline(always)]
    fn evaluate(&self, into: &mut Inputs) {
        for (s, &u) in self.sampled.iter().zip(&into.uniforms) {
            if let Shape::Uncertain(d) = &self.quantities[s.quantity].shape {
                into.buffer[self.slot(s.quantity).at(0)] = d.quantiles(u);
            }
        }
        let mut room = PathPoints::default();
        for course in &self.courses {
            self.follow(course, into, &mut room);
        }
        self.spread_out(into);
    }

    /// Gives numbers that are the same in all quarters their places in each.
    #[inline(always)]
    pub(super) fn spread_out(&self, into: &mut Inputs) {
        for &q in &self.spread {
            let slot = self.slot(q);
            let first = into.buffer[slot.at(0)];
            (1..self.quarters).for_each(|t| into.buffer[slot.at(t)] = first);
        }
    }

    /// Evaluates a dated path for the quarters in which draws can differ; the template holds the others.
    #[inline(always)]
    pub(super) fn follow(&self, course: &Course, into: &mut Inputs, room: &mut PathPoints) {
        let quantity = &self.quantities[course.quantity];
        let Shape::Dated(dated) = &quantity.shape else { unreachable!("only dated paths have a course") };
        let u = course.sampled.map_or(Lanes::splat(0.5), |s| into.uniforms[s]);
        let PathPoints { points, logs } = room;
        points.clear();
        points.extend(dated.points.iter().map(|(_, p)| Self::point(p, u, into)));
        logs.clear();
        if dated.between == Between::Log {
            logs.extend(points.iter().map(|p| p.max(f64::MIN_POSITIVE).ln()));
        } else {
            logs.resize(points.len(), Lanes::ZERO);
        }
        let growth = |q: Option<QuantityId>| q.map_or(Lanes::ONE, |q| into.value(q));
        let (before, after) = (Growth::new(growth(dated.before)), Growth::new(growth(dated.after)));
        let level = growth(dated.level);
        let slot = self.slot(course.quantity);
        for &(t, span) in &course.spans {
            let value = match span {
                Span::Before(years) => points[0] * before.over(years),
                Span::After(years) => points[points.len() - 1] * after.over(years),
                Span::Between(a, b, w) => {
                    between(dated.between, [points[a], points[b]], [logs[a], logs[b]], w)
                }
            };
            into.buffer[slot.at(t)] = (value * level).clamp(quantity.domain.0, quantity.domain.1);
        }
    }

    #[inline(always)]
    fn point(point: &Point, u: Lanes, inputs: &Inputs) -> Lanes {
        match point {
            Point::Shared(d) => d.quantiles(u),
            Point::Own(q) => inputs.value(*q),
        }
    }

    /// A quantity as drawn at strike `k` of a shock, for one draw.
    pub fn strike(&self, q: QuantityId, k: u32, draw: u64) -> f64 {
        match &self.quantities[q].shape {
            Shape::Uncertain(d) if !d.is_fixed() => d.quantile(self.uniform(q, k, draw)),
            _ => self.template[self.slot(q).at(0)],
        }
    }

    fn uniform(&self, q: QuantityId, k: u32, draw: u64) -> f64 {
        let sampled = &self.sampled[self.place(q)];
        if let (Some((factor, loading)), 0) = (sampled.load, k) {
            let score = match self.quantities[factor].shape {
                // One that is held at a quantile is not sampled.
                Shape::Fixed(_) => self.factor_score(factor, One::ONE),
                _ => self.factor_score(factor, One::splat(self.uniform(factor, 0, draw))),
            };
            return loaded_uniform(loading, score, One::splat(sampled.stream.uniform(draw)))[0];
        }
        match sampled.group {
            Some((g, place)) if k == 0 => {
                let (copula, members) = &self.groups[g];
                let uniform = |&m: &usize| One::splat(self.sampled[m].stream.uniform(draw));
                let mut part: Vec<One> = members.iter().map(uniform).collect();
                copula.apply(&mut part);
                part[place][0]
            }
            _ => sampled.stream.redraw(k).uniform(draw),
        }
    }

    /// Uniform of a shock's clock for strike `k`, for one draw.
    pub fn clock(&self, shock: ShockId, k: u32, draw: u64) -> f64 {
        self.clocks[shock].redraw(k).uniform(draw)
    }

    /// The same for the draws of a batch.
    pub fn clocks(&self, shock: ShockId, k: u32, batch: u64) -> Lanes {
        self.clocks[shock].redraw(k).of_batch(batch)
    }

    /// What a draw took for an uncertain quantity: its value, or a dated path's at its last dated point.
    ///
    /// # Panics
    /// If it is a dated path without an uncertain point.
    pub fn drawn(&self, q: QuantityId, inputs: &Inputs) -> Lanes {
        match &self.quantities[q].shape {
            Shape::Dated(dated) => {
                let shared = dated.points.iter().rev().find_map(|(_, p)| match p {
                    Point::Shared(d) if !d.is_fixed() => Some(d),
                    _ => None,
                });
                let last: &Distribution = shared.expect("an uncertain path has an uncertain point");
                last.quantiles(inputs.uniforms[self.place(q)])
            }
            _ => inputs.value(q),
        }
    }

    /// Rank of what an uncertain quantity does not share with its factor, in the draws of a batch; of one without a factor,
    /// that of its value.
    pub fn own_rank(&self, q: QuantityId, inputs: &Inputs, batch: u64) -> Lanes {
        let sampled = &self.sampled[self.place(q)];
        if sampled.load.is_some() { sampled.stream.of_batch(batch) } else { self.rank(q, inputs) }
    }

    /// Rank of a draw's value of an uncertain quantity: its uniform.
    pub fn rank(&self, q: QuantityId, inputs: &Inputs) -> Lanes {
        inputs.uniforms[self.place(q)]
    }

    /// The place of an uncertain quantity among what is sampled.
    fn place(&self, q: QuantityId) -> usize {
        self.sampled_of[q].expect("an uncertain quantity is sampled")
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
