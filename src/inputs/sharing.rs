//! Two layouts on the same draws: what one can take from the other's samples, and from which quarter on a path differs.

use super::layout::{Inputs, Layout, Span, holds_first, span};
use super::sampling::PathPoints;
use crate::math::wide::Lanes;
use crate::model::{Dated, IdVec, Point, QuantityId, Shape, ShockId};
use std::collections::{BTreeMap, BTreeSet};

/// What a layout takes from another one's samples, and what it evaluates itself.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Runs of the buffer: from, to, length.
    copies: Vec<(usize, usize, usize)>,
    /// Uniforms: from, to.
    uniforms: Vec<(usize, usize)>,
    /// Sampled paths whose uniform is the layout's own.
    fresh: Vec<usize>,
    /// Those of them that load on a factor.
    loaded: Vec<usize>,
    /// Copulas with such a path.
    groups: Vec<usize>,
    /// Sampled paths whose value is.
    values: Vec<usize>,
    /// Dated paths whose course is.
    courses: Vec<usize>,
}

/// Quantities by path.
fn by_path(layout: &Layout) -> BTreeMap<&str, QuantityId> {
    layout.quantities.iter_enumerated().map(|(id, q)| (q.path.as_str(), id)).collect()
}

impl Layout {
    /// What can be taken from the samples of `base`: paths whose uniforms and distributions are the same.
    pub fn shared_with(&self, base: &Self) -> Shared {
        let theirs = by_path(base);
        let same: IdVec<QuantityId, Option<QuantityId>> = (self.quantities.iter_enumerated())
            .map(|(i, q)| theirs.get(q.path.as_str()).copied().filter(|&j| self.same(i, base, j)))
            .collect();
        let mut shared = Shared {
            copies: Vec::new(),
            uniforms: Vec::new(),
            fresh: Vec::new(),
            loaded: Vec::new(),
            groups: Vec::new(),
            values: Vec::new(),
            courses: Vec::new(),
        };
        for (s, sampled) in self.sampled.iter().enumerate() {
            let i = sampled.quantity;
            let twin = theirs.get(sampled_path(self, s)).copied();
            match twin.filter(|&j| self.same_uniform(i, base, j)).and_then(|j| base.sampled_of[j]) {
                Some(from) => shared.uniforms.push((from, s)),
                None => shared.fresh.push(s),
            }
            if same[i].is_none() && matches!(self.quantities[i].shape, Shape::Uncertain(_)) {
                shared.values.push(s);
            }
        }
        shared.loaded = self.loaded.iter().copied().filter(|s| shared.fresh.contains(s)).collect();
        let anew = |members: &Vec<usize>| members.iter().any(|m| shared.fresh.contains(m));
        shared.groups = (0..self.groups.len()).filter(|&g| anew(&self.groups[g].1)).collect();
        shared.courses =
            (0..self.courses.len()).filter(|&c| same[self.courses[c].quantity].is_none()).collect();
        let mut places = Vec::new();
        for (i, twin) in same.iter_enumerated().filter_map(|(i, j)| j.map(|j| (i, j))) {
            let (theirs, ours) = (base.slot(twin), self.slot(i));
            let quarters = if ours.step == 0 { 1 } else { self.quarters };
            places.extend((0..quarters).map(|t| (ours.at(t), theirs.at(t))));
        }
        places.sort_unstable();
        for (to, from) in places {
            match shared.copies.last_mut() {
                Some(last) if last.0 + last.2 == from && last.1 + last.2 == to => last.2 += 1,
                _ => shared.copies.push((from, to, 1)),
            }
        }
        shared
    }

    /// Samples a batch of which `base` holds another layout's samples: the same bits as [`Layout::sample`].
    pub fn sample_sharing(&self, batch: u64, shared: &Shared, base: &Inputs, into: &mut Inputs) {
        for &(from, to, n) in &shared.copies {
            into.buffer[to..to + n].copy_from_slice(&base.buffer[from..from + n]);
        }
        for &s in &shared.fresh {
            into.uniforms[s] = self.sampled[s].stream.of_batch(batch);
        }
        // A copula with a path of its own has only such paths: sharing one asks for the same members.
        for &g in &shared.groups {
            let (copula, members) = &self.groups[g];
            let mut part: Vec<Lanes> = members.iter().map(|&m| into.uniforms[m]).collect();
            copula.apply(&mut part);
            for (&m, u) in members.iter().zip(part) {
                into.uniforms[m] = u;
            }
        }
        for &(from, to) in &shared.uniforms {
            into.uniforms[to] = base.uniforms[from];
        }
        self.load(&shared.loaded, into);
        for &s in &shared.values {
            let q = self.sampled[s].quantity;
            if let Shape::Uncertain(d) = &self.quantities[q].shape {
                into.buffer[self.slot(q).at(0)] = d.quantiles(into.uniforms[s]);
            }
        }
        let mut room = PathPoints::default();
        for &c in &shared.courses {
            self.follow(&self.courses[c], into, &mut room);
        }
        self.spread_out(into);
    }

    /// First quarter in which the values of a path can differ from those of its twin in `base`; none if they never do.
    pub fn first_difference(&self, q: QuantityId, base: &Self, twin: QuantityId) -> Option<usize> {
        if self.same(q, base, twin) {
            return None;
        }
        (0..self.quarters).find(|&t| !self.same_at(q, base, twin, t))
    }

    /// Whether a shock's clock runs by the same uniforms as that of its twin in `base`.
    pub fn same_clock(&self, shock: ShockId, base: &Self, twin: ShockId) -> bool {
        self.clocks[shock] == base.clocks[twin]
    }

    /// Quantities that are parts of dated ones: points of their own, growth, level.
    pub fn parts(&self) -> BTreeSet<QuantityId> {
        let dated = self
            .quantities
            .iter()
            .filter_map(|q| if let Shape::Dated(d) = &q.shape { Some(d) } else { None });
        dated.flat_map(|d| parts_of(d).collect::<Vec<_>>()).collect()
    }

    /// Whether a path has the same values as its twin in every draw.
    fn same(&self, i: QuantityId, base: &Self, j: QuantityId) -> bool {
        let (a, b) = (&self.quantities[i], &base.quantities[j]);
        let both = |x: Option<QuantityId>, y: Option<QuantityId>| match (x, y) {
            (None, None) => true,
            (Some(x), Some(y)) => self.same(x, base, y),
            _ => false,
        };
        a.path == b.path
            && a.domain == b.domain
            && self.same_uniform(i, base, j)
            && match (&a.shape, &b.shape) {
                (Shape::Fixed(x), Shape::Fixed(y)) => x.to_bits() == y.to_bits(),
                (Shape::Uncertain(x), Shape::Uncertain(y)) => x == y,
                (Shape::Dated(x), Shape::Dated(y)) => {
                    x.points.len() == y.points.len()
                        && x.points.iter().zip(&y.points).all(|(p, q)| self.same_point(p, base, q))
                        && x.between == y.between
                        && both(x.before, y.before)
                        && both(x.after, y.after)
                        && both(x.level, y.level)
                }
                _ => false,
            }
    }

    fn same_point(&self, p: &(f64, Point), base: &Self, q: &(f64, Point)) -> bool {
        p.0 == q.0
            && match (&p.1, &q.1) {
                (Point::Shared(x), Point::Shared(y)) => x == y,
                (Point::Own(x), Point::Own(y)) => self.same(*x, base, *y),
                _ => false,
            }
    }

    /// Whether a path takes the same uniform as its twin: the same stream, the same copula if it is correlated, and the same factor if it
    /// loads on one.
    fn same_uniform(&self, i: QuantityId, base: &Self, j: QuantityId) -> bool {
        let (a, b) = match (self.sampled_of[i], base.sampled_of[j]) {
            (None, None) => return true,
            (Some(a), Some(b)) => (a, b),
            _ => return false,
        };
        let (one, other) = (&self.sampled[a], &base.sampled[b]);
        let groups = match (one.group, other.group) {
            (None, None) => true,
            (Some((g, place)), Some((h, seat))) => {
                let (copula, members) = &self.groups[g];
                let (twin, others) = &base.groups[h];
                place == seat
                    && copula == twin
                    && members.len() == others.len()
                    && members
                        .iter()
                        .zip(others)
                        .all(|(&m, &o)| self.sampled[m].stream == base.sampled[o].stream)
            }
            _ => false,
        };
        let loads = match (one.load, other.load) {
            (None, None) => true,
            (Some((factor, loading)), Some((twin, theirs))) => {
                loading == theirs && self.same(factor, base, twin)
            }
            _ => false,
        };
        one.stream == other.stream && groups && loads
    }

    /// Whether a path has the same values as its twin at quarter `t`.
    fn same_at(&self, i: QuantityId, base: &Self, j: QuantityId, t: usize) -> bool {
        if let (Some(x), Some(y)) = (self.certain_at(i, t), base.certain_at(j, t)) {
            return x.to_bits() == y.to_bits();
        }
        let (Shape::Dated(x), Shape::Dated(y)) = (&self.quantities[i].shape, &base.quantities[j].shape)
        else {
            return false;
        };
        let both = |x: Option<QuantityId>, y: Option<QuantityId>| match (x, y) {
            (None, None) => true,
            (Some(x), Some(y)) => self.same(x, base, y),
            _ => false,
        };
        let points = |a: usize, b: usize| self.same_point(&x.points[a], base, &y.points[b]);
        let course = match (span(x, t as f64), span(y, t as f64)) {
            (Span::Before(a), Span::Before(b)) => a == b && points(0, 0) && both(x.before, y.before),
            (Span::After(a), Span::After(b)) => {
                a == b && points(x.points.len() - 1, y.points.len() - 1) && both(x.after, y.after)
            }
            (Span::Between(a, c, w), Span::Between(b, d, v)) => {
                let first_alone = holds_first(x, w) && holds_first(y, v);
                points(a, b) && (first_alone || (w == v && points(c, d) && x.between == y.between))
            }
            _ => false,
        };
        course
            && both(x.level, y.level)
            && self.quantities[i].domain == base.quantities[j].domain
            && self.same_uniform(i, base, j)
    }
}

fn sampled_path(layout: &Layout, s: usize) -> &str {
    &layout.quantities[layout.sampled[s].quantity].path
}

fn parts_of(dated: &Dated) -> impl Iterator<Item = QuantityId> + '_ {
    let own = dated.points.iter().filter_map(|(_, p)| if let Point::Own(q) = p { Some(*q) } else { None });
    own.chain([dated.before, dated.after, dated.level].into_iter().flatten())
}
