//! Section 1: every quantity of a draw, by quarter. Streams, copula and the place of each quarter among dated points are made
//! once; uniforms and quantiles come eight draws at a time, as the library hands them out; courses are followed draw by draw.

use chokepoint::internals::math::{Lanes, WIDTH, exp, inverse_normal, ln, normal_cdf};
use chokepoint::internals::model::{Between, Dated, Model, Point, QuantityId, Shape};
use chokepoint::internals::random::{Copula, Design, Distribution, Stream};
use chokepoint::internals::scenario::glob_match;

/// Where a quarter lies among dated points.
#[derive(Clone, Copy)]
enum Span {
    /// Years before the first point.
    Before(f64),
    /// From a point to the next, with the weight of the next.
    Between(usize, f64),
    /// Years after the last point.
    After(f64),
}

/// A dated quantity.
struct Course<'a> {
    quantity: usize,
    dated: &'a Dated,
    domain: (f64, f64),
    /// Its uniform, if it has one.
    sampled: Option<usize>,
    /// Its points in the list of all points.
    points: std::ops::Range<usize>,
    spans: Vec<Span>,
}

/// What all draws share: streams, and where values lie. Constants come first, then a row of all courses for each quarter.
pub struct Layout<'a> {
    m: &'a Model,
    /// Place and distance between quarters, by quantity.
    slots: Vec<(usize, usize)>,
    certain: Vec<bool>,
    template: Vec<f64>,
    sampled: Vec<(usize, Stream)>,
    sampled_of: Vec<Option<usize>>,
    scalars: Vec<(usize, &'a Distribution)>,
    copula: Option<(Copula, Vec<usize>)>,
    /// Of what loads on a factor: its place among what is sampled, the factor's number, the loading.
    loads: Vec<(usize, usize, f64)>,
    courses: Vec<Course<'a>>,
    points: usize,
    spread: Vec<usize>,
    quarters: usize,
    clocks: Vec<Stream>,
}

impl<'a> Layout<'a> {
    pub fn new(m: &'a Model, design: &Design, quarters: usize) -> Self {
        Self::leading(m, m, design, quarters)
    }

    /// With the leading paths of another model.
    pub fn leading(m: &'a Model, of: &Model, design: &Design, quarters: usize) -> Self {
        let leads = leads(m, &of.run.lead);
        let stream = |path: &str| design.stream(path, leads.iter().position(|p| p == path));
        // A path that an edit fixed keeps its place in its copula.
        let tied = |i: usize| m.correlations.iter().any(|c| c.of.iter().any(|q| q.0 as usize == i));
        let mut sampled = Vec::new();
        let mut sampled_of = vec![None; m.quantities.len()];
        for (i, q) in m.quantities.iter().enumerate().filter(|(i, q)| q.is_uncertain() || tied(*i)) {
            sampled_of[i] = Some(sampled.len());
            sampled.push((i, stream(&q.path)));
        }
        // What a sign can give a course has a place for each quarter, too.
        let spread: Vec<usize> =
            m.answers.numbers.iter().filter(|x| x.spread).map(|x| x.number.0 as usize).collect();
        let is_dated = |i: usize| {
            matches!(m.quantities[QuantityId(i as u32)].shape, Shape::Dated(_)) || spread.contains(&i)
        };
        let dated = (0..m.quantities.len()).filter(|&i| is_dated(i)).count();
        let constants = m.quantities.len() - dated;
        let (mut scalar, mut course) = (0..constants, constants..);
        let slots: Vec<(usize, usize)> = (0..m.quantities.len())
            .map(|i| {
                let (place, step) = if is_dated(i) { (course.next(), dated) } else { (scalar.next(), 0) };
                (place.unwrap_or(0), step)
            })
            .collect();
        let clock = |s: &chokepoint::internals::model::Shock| stream(&format!("shock.{}.clock", s.id));
        let mut layout = Self {
            m,
            template: vec![0.0; constants + dated * quarters],
            slots,
            certain: vec![true; m.quantities.len()],
            sampled,
            scalars: Vec::new(),
            copula: copula(m, &sampled_of),
            loads: (m.factors.iter())
                .flat_map(|f| f.loads.iter().map(|(q, loading)| (q.0 as usize, f.value.0 as usize, *loading)))
                .filter_map(|(q, factor, loading)| Some((sampled_of[q]?, factor, loading)))
                .collect(),
            sampled_of,
            courses: Vec::new(),
            points: 0,
            spread,
            quarters,
            clocks: m.shocks.iter().map(clock).collect(),
        };
        layout.place_constants();
        layout.place_courses(quarters);
        layout
    }

    fn place_constants(&mut self) {
        let m = self.m;
        for (i, q) in m.quantities.iter().enumerate() {
            match &q.shape {
                Shape::Fixed(x) => self.template[self.slots[i].0] = *x,
                Shape::Uncertain(d) if d.is_fixed() => self.template[self.slots[i].0] = d.quantile(0.5),
                Shape::Uncertain(d) => {
                    self.certain[i] = false;
                    self.scalars.push((i, d));
                }
                Shape::Dated(_) => {}
            }
        }
    }

    /// Certain courses are followed here and now; the others are kept.
    fn place_courses(&mut self, quarters: usize) {
        let m = self.m;
        for (i, q) in m.quantities.iter().enumerate() {
            let Shape::Dated(dated) = &q.shape else { continue };
            let own = dated.points.iter().filter_map(|p| match p.1 {
                Point::Own(q) => Some(q),
                Point::Shared(_) => None,
            });
            let parts = [dated.before, dated.after, dated.level];
            let mut parts = parts.into_iter().flatten().chain(own);
            let certain = !q.is_uncertain() && parts.all(|q| self.certain[q.0 as usize]);
            let points = self.points..self.points + dated.points.len();
            let spans = (0..quarters).map(|t| span(dated, t as f64)).collect();
            let sampled = self.sampled_of[i];
            let course = Course { quantity: i, dated, domain: q.domain, sampled, points, spans };
            if certain {
                let value = |p: &Point| match p {
                    Point::Shared(d) => d.quantile(0.5),
                    Point::Own(q) => self.template[self.slots[q.0 as usize].0],
                };
                let y: Vec<f64> = dated.points.iter().map(|p| value(&p.1)).collect();
                let mut logs = vec![0.0; y.len()];
                let mut table = std::mem::take(&mut self.template);
                self.follow(&course, &y, &mut logs, &mut table);
                self.template = table;
            } else {
                self.points = course.points.end;
                self.certain[i] = false;
                self.courses.push(course);
            }
        }
    }

    /// Values of a course in all quarters, from those of its points.
    fn follow(&self, course: &Course<'_>, y: &[f64], logs: &mut [f64], table: &mut [f64]) {
        let dated = course.dated;
        let growth = |q: Option<QuantityId>| q.map_or(1.0, |q| table[self.slots[q.0 as usize].0]);
        let level = growth(dated.level);
        let (before, after) = (ln(growth(dated.before)), ln(growth(dated.after)));
        if dated.between == Between::Log {
            logs.iter_mut().zip(y).for_each(|(log, y)| *log = ln(*y));
        }
        let grown = |log: f64, years: f64| if years == 0.0 { 1.0 } else { exp(log * years) };
        let (base, step) = self.slots[course.quantity];
        for (t, span) in course.spans.iter().enumerate() {
            let value = match *span {
                Span::Before(years) => y[0] * grown(before, years),
                Span::After(years) => y[y.len() - 1] * grown(after, years),
                Span::Between(a, w) => match dated.between {
                    Between::Step => y[a],
                    Between::Log if y[a] > 0.0 && y[a + 1] > 0.0 => {
                        exp(logs[a] + w * (logs[a + 1] - logs[a]))
                    }
                    _ => y[a] + w * (y[a + 1] - y[a]),
                },
            };
            table[base + t * step] = (level * value).max(course.domain.0).min(course.domain.1);
        }
    }

    /// The median of a number that does not change over time.
    pub fn median(&self, q: QuantityId) -> f64 {
        match &self.m.quantities[q.0 as usize].shape {
            Shape::Fixed(x) => *x,
            Shape::Uncertain(d) => d.quantile(0.5),
            Shape::Dated(_) => f64::NAN,
        }
    }

    /// A number that does not change over time and is the same in every draw.
    pub fn certain(&self, q: QuantityId) -> Option<f64> {
        let i = q.0 as usize;
        (self.certain[i] && self.slots[i].1 == 0).then(|| self.template[self.slots[i].0])
    }
}

fn span(dated: &Dated, x: f64) -> Span {
    let points = &dated.points;
    let last = points.len() - 1;
    if x < points[0].0 {
        return Span::Before((x - points[0].0) / 4.0);
    }
    match points.iter().position(|p| p.0 > x) {
        None => Span::After((x - points[last].0) / 4.0),
        Some(b) => Span::Between(b - 1, (x - points[b - 1].0) / (points[b].0 - points[b - 1].0)),
    }
}

/// The copula of correlated paths, by their place among sampled ones: all correlations are one matrix here.
fn copula(m: &Model, sampled_of: &[Option<usize>]) -> Option<(Copula, Vec<usize>)> {
    let of = |c: &chokepoint::internals::model::Correlation| -> Vec<usize> {
        c.of.iter().filter_map(|q| sampled_of[q.0 as usize]).collect()
    };
    let mut members: Vec<usize> = m.correlations.iter().flat_map(of).collect();
    members.sort_unstable();
    members.dedup();
    let mut pairs = Vec::new();
    for c in &m.correlations {
        let places: Vec<usize> = of(c).iter().map(|s| members.partition_point(|x| x < s)).collect();
        for (i, &a) in places.iter().enumerate() {
            pairs.extend(places[i + 1..].iter().map(|&b| (a, b, c.rho)));
        }
    }
    if members.is_empty() { None } else { Copula::new(members.len(), &pairs).ok().map(|c| (c, members)) }
}

/// The values of one draw.
pub struct Numbers<'a> {
    layout: &'a Layout<'a>,
    draw: u64,
    batch: Option<u64>,
    uniforms: Vec<Lanes>,
    correlated: Vec<Lanes>,
    scalars: Vec<Lanes>,
    points: Vec<Lanes>,
    clocks: Vec<Lanes>,
    y: Vec<f64>,
    logs: Vec<f64>,
    table: Vec<f64>,
}

impl<'a> Numbers<'a> {
    pub fn new(layout: &'a Layout<'a>) -> Self {
        let lanes = |n: usize| vec![Lanes::splat(0.5); n];
        Self {
            layout,
            draw: 0,
            batch: None,
            uniforms: lanes(layout.sampled.len()),
            correlated: lanes(layout.copula.as_ref().map_or(0, |c| c.1.len())),
            scalars: lanes(layout.scalars.len()),
            points: lanes(layout.points),
            clocks: lanes(layout.clocks.len()),
            y: vec![0.0; layout.points],
            logs: vec![0.0; layout.points],
            table: layout.template.clone(),
        }
    }

    /// The draw whose values are in place.
    pub fn draw(&self) -> u64 {
        self.draw
    }
    pub fn put(&mut self, q: QuantityId, t: usize, value: f64) {
        let (base, step) = self.layout.slots[q.0 as usize];
        self.table[base + t * step] = value;
    }
    pub fn is_scalar(&self, q: QuantityId) -> bool {
        self.layout.slots[q.0 as usize].1 == 0
    }

    /// Puts the values of a draw in place.
    #[inline(never)]
    pub fn load(&mut self, draw: u64) {
        // Signs of another draw may have changed what is the same in all.
        if !self.layout.m.answers.numbers.is_empty() {
            self.table.clone_from(&self.layout.template);
        }
        self.load_draw(draw);
        for &i in &self.layout.spread {
            let (base, step) = self.layout.slots[i];
            (1..self.layout.quarters).for_each(|t| self.table[base + t * step] = self.table[base]);
        }
    }

    fn load_draw(&mut self, draw: u64) {
        let (batch, lane) = (draw / WIDTH as u64, (draw % WIDTH as u64) as usize);
        if self.batch != Some(batch) {
            self.sample(batch);
        }
        self.draw = draw;
        let layout = self.layout;
        for (&(q, _), x) in layout.scalars.iter().zip(&self.scalars) {
            self.table[layout.slots[q].0] = x[lane];
        }
        for course in &layout.courses {
            let places = course.points.clone();
            for (place, (_, point)) in places.clone().zip(&course.dated.points) {
                self.y[place] = match point {
                    Point::Shared(_) => self.points[place][lane],
                    Point::Own(q) => self.table[layout.slots[q.0 as usize].0],
                };
            }
            layout.follow(course, &self.y[places.clone()], &mut self.logs[places], &mut self.table);
        }
    }

    fn sample(&mut self, batch: u64) {
        let layout = self.layout;
        self.batch = Some(batch);
        for (u, (_, stream)) in self.uniforms.iter_mut().zip(&layout.sampled) {
            *u = stream.uniforms(batch);
        }
        if let Some((copula, members)) = &layout.copula {
            for (u, &s) in self.correlated.iter_mut().zip(members) {
                *u = self.uniforms[s];
            }
            copula.apply(&mut self.correlated);
            for (u, &s) in self.correlated.iter().zip(members) {
                self.uniforms[s] = *u;
            }
        }
        for &(s, factor, loading) in &layout.loads {
            let of_factor = match &layout.m.quantities[factor].shape {
                Shape::Uncertain(d) => {
                    d.quantiles(layout.sampled_of[factor].map_or(Lanes::splat(0.5), |s| self.uniforms[s]))
                }
                _ => Lanes::splat(layout.template[layout.slots[factor].0]),
            };
            let own = self.uniforms[s];
            self.uniforms[s] = Lanes::from_fn(|lane| {
                let shared = loading * inverse_normal(of_factor[lane]);
                let rest = (1.0 - loading.powi(2)).sqrt() * inverse_normal(own[lane]);
                normal_cdf(shared + rest).clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0)
            });
        }
        for (x, &(q, distribution)) in self.scalars.iter_mut().zip(&layout.scalars) {
            *x = distribution.quantiles(layout.sampled_of[q].map_or(Lanes::splat(0.5), |s| self.uniforms[s]));
        }
        for course in &layout.courses {
            let u = course.sampled.map_or(Lanes::splat(0.5), |s| self.uniforms[s]);
            for (place, (_, point)) in course.points.clone().zip(&course.dated.points) {
                if let Point::Shared(distribution) = point {
                    self.points[place] = distribution.quantiles(u);
                }
            }
        }
        for (u, stream) in self.clocks.iter_mut().zip(&layout.clocks) {
            *u = stream.uniforms(batch);
        }
    }

    /// A number that does not change over time.
    pub fn v(&self, q: QuantityId) -> f64 {
        self.table[self.layout.slots[q.0 as usize].0]
    }
    /// A number in a quarter.
    pub fn at(&self, q: QuantityId, t: usize) -> f64 {
        let (base, step) = self.layout.slots[q.0 as usize];
        self.table[base + t * step]
    }
    pub fn opt(&self, q: Option<QuantityId>) -> Option<f64> {
        q.map(|q| self.v(q))
    }
    /// As drawn for strike k.
    pub fn struck(&self, q: QuantityId, k: u32) -> f64 {
        let i = q.0 as usize;
        match (&self.layout.m.quantities[i].shape, self.layout.sampled_of[i]) {
            (Shape::Uncertain(d), Some(s)) if k > 0 => {
                d.quantile(self.layout.sampled[s].1.redraw(k).uniform(self.draw))
            }
            _ => self.v(q),
        }
    }
    /// Accumulated hazard at which strike k of a shock comes.
    pub fn clock(&self, shock: usize, k: u32) -> f64 {
        let u = match k {
            0 => self.clocks[shock][(self.draw % WIDTH as u64) as usize],
            _ => self.layout.clocks[shock].redraw(k).uniform(self.draw),
        };
        -ln(1.0 - u)
    }
}

fn leads(m: &Model, patterns: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for pattern in patterns {
        let mut matched = false;
        let clocks = m.shocks.iter().filter(|s| s.hazard.is_some()).map(|s| format!("shock.{}.clock", s.id));
        for path in m.quantities.iter().filter(|q| q.is_uncertain()).map(|q| q.path.clone()).chain(clocks) {
            if glob_match(pattern, &path) {
                matched = true;
                if !all.contains(&path) {
                    all.push(path);
                }
            }
        }
        if !matched && !pattern.contains(['*', '{']) {
            all.push(pattern.clone());
        }
    }
    all
}
