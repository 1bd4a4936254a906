//! Section 5: rules, edge by edge and moment by moment.

use super::World;
use chokepoint::model::{
    Attribute, Clause, Comparison, Condition, CountryId, DesignerId, GoodId, GroupId, Rule, RuleId, Status,
    Subject, ToolId,
};

/// What is sold.
#[derive(Clone, Copy)]
pub enum Item {
    Chip(usize),
    Good(GoodId),
    Foundry(GoodId, DesignerId),
    Tool(ToolId, GoodId),
    Nothing,
}

/// A sale that rules may look at.
#[derive(Clone, Copy)]
pub struct Edge {
    pub subject: Subject,
    pub item: Item,
    pub designer: Option<DesignerId>,
    pub to: CountryId,
    pub hq: CountryId,
    pub from: [CountryId; 2],
    pub issuer: Option<CountryId>,
}

/// What rules make of it in a quarter.
#[derive(Clone, Default)]
pub struct Verdict {
    pub permitted: f64,
    pub fee: f64,
    pub cut: f64,
    pub rush: f64,
    /// Time-average of 1 − share by governing rule.
    pub refused: Vec<(usize, f64)>,
    pub governing: Vec<usize>,
}

struct Governing {
    rule: usize,
    share: f64,
    fee: f64,
}

impl World<'_> {
    fn attribute(&self, item: Item, a: Attribute) -> Option<f64> {
        let of_good = |g: GoodId| {
            let good = &self.m.goods[g.index()];
            match a {
                Attribute::Node => good.node,
                Attribute::MemoryBandwidthDensity => self.n.opt(good.memory_bandwidth_density),
                _ => None,
            }
        };
        match item {
            Item::Nothing => None,
            Item::Good(g) | Item::Tool(_, g) => of_good(g),
            Item::Foundry(g, d) if a == Attribute::Transistors => {
                let mine = self.m.chips.iter().filter(|c| c.designer == d && c.recipe.contains_key(&g));
                mine.filter_map(|c| self.n.opt(c.transistors)).reduce(f64::max)
            }
            Item::Foundry(g, _) => of_good(g),
            Item::Chip(i) => {
                let c = &self.m.chips[i];
                let given = |q| self.n.opt(q);
                let tpp = given(c.tpp).or_else(|| {
                    let formats = [(c.bf16_tflops, 16.0), (c.int8_tops, 8.0), (c.fp4_tflops, 4.0)];
                    formats.iter().filter_map(|(q, bits)| Some(given(*q)? * bits)).reduce(f64::max)
                });
                match a {
                    Attribute::Tpp => tpp,
                    Attribute::PerformanceDensity => {
                        given(c.performance_density).or_else(|| Some(tpp? / (given(c.die_area)? * c.dies)))
                    }
                    Attribute::MemoryBandwidth => given(c.memory_bandwidth),
                    Attribute::Interconnect => given(c.interconnect),
                    Attribute::MemoryBandwidthPlusInterconnect => {
                        Some(given(c.memory_bandwidth)? + given(c.interconnect)?)
                    }
                    Attribute::Memory => given(c.memory),
                    Attribute::Datacenter => Some(f64::from(u8::from(c.datacenter))),
                    Attribute::Node => c.node,
                    Attribute::Transistors => given(c.transistors),
                    Attribute::MemoryBandwidthDensity => None,
                }
            }
        }
    }

    fn clause(&self, item: Item, c: &Condition) -> bool {
        match c {
            Condition::All(list) => list.iter().all(|c| self.clause(item, &c.condition)),
            Condition::Any(list) => list.iter().any(|c| self.clause(item, &c.condition)),
            Condition::Is(a, yes) => self.attribute(item, *a) == Some(f64::from(u8::from(*yes))),
            Condition::Compare(a, how, q) => self.attribute(item, *a).is_some_and(|x| {
                let limit = self.n.v(*q);
                match how {
                    Comparison::AtLeast => x >= limit,
                    Comparison::Above => x > limit,
                    Comparison::AtMost => x <= limit,
                    Comparison::Below => x < limit,
                    Comparison::Equal => x == limit,
                }
            }),
        }
    }

    fn clauses(&self, item: Item, any: &[Clause], all: &[Clause]) -> bool {
        all.iter().all(|c| self.clause(item, &c.condition))
            && (any.is_empty() || any.iter().any(|c| self.clause(item, &c.condition)))
    }

    fn covers(&self, rule: &Rule, e: &Edge) -> bool {
        let member = |n: CountryId| {
            let to = &rule.to;
            let in_any =
                |list: &[GroupId]| list.iter().any(|g| self.m.groups[g.index()].members.contains(&n));
            let inside = to.worldwide || to.countries.contains(&n) || in_any(&to.groups);
            inside && !to.except.contains(&n) && !in_any(&to.except_groups)
        };
        let product = match e.item {
            Item::Chip(c) => rule.products.is_empty() || rule.products.iter().any(|p| p.index() == c),
            Item::Good(g) => rule.goods.is_empty() || rule.goods.contains(&g),
            Item::Tool(k, _) => rule.tools.is_empty() || rule.tools.contains(&k),
            _ => true,
        };
        rule.subject == e.subject
            && e.issuer.is_none_or(|i| i == rule.issuer)
            && !e.from.contains(&e.to)
            && (rule.designers.is_empty() || e.designer.is_some_and(|d| rule.designers.contains(&d)))
            && product
            && ((rule.to.delivered && member(e.to))
                || (rule.to.headquarters && !e.from.contains(&e.hq) && member(e.hq)))
            && self.clauses(e.item, &rule.any, &rule.all)
    }

    /// Intervals in which a rule is in force and in which it is lifted; its announcement.
    fn times(&self, i: usize, known_by: Option<f64>) -> (Vec<(f64, f64)>, Vec<(f64, f64)>, f64) {
        let rule = &self.m.rules[i];
        let start = self.m.run.horizon.first;
        let day = |d: Option<chokepoint::model::time::Date>| d.map(|d| d.since(start));
        let from = day(rule.effective).unwrap_or(f64::INFINITY);
        let announced = day(rule.announced).unwrap_or(from);
        let mut on = Vec::new();
        let own =
            self.n.v(rule.in_force) >= 0.5 && from.is_finite() && known_by.is_none_or(|by| announced < by);
        if own {
            on.push((from, day(rule.until).unwrap_or(f64::INFINITY)));
        }
        let mut off = Vec::new();
        for (s, shock) in self.m.shocks.iter().enumerate() {
            let course = (self.shocks.onset[s], self.shocks.onset[s] + self.shocks.duration[s]);
            if !course.0.is_finite() {
                continue;
            }
            if shock.enforces.contains(&RuleId(i as u32)) {
                on.push(course);
            }
            if shock.lifts.contains(&RuleId(i as u32)) {
                off.push(course);
            }
        }
        (on, off, if own { announced } else { f64::INFINITY })
    }

    /// Governing rules at a moment, one for each issuer that requires something.
    fn at_moment(
        &self,
        covering: &[usize],
        e: &Edge,
        at: f64,
        known_by: Option<f64>,
        pending: bool,
    ) -> Vec<Governing> {
        let mut force: Vec<(usize, f64, bool)> = Vec::new();
        for &i in covering {
            let (on, off, announced) = self.times(i, known_by);
            let lifted = off.iter().any(|s| s.0 <= at && at < s.1);
            let running = on.iter().find(|s| s.0 <= at && at < s.1).filter(|_| !lifted);
            if let Some(s) = running {
                force.push((i, s.0, at < s.0 + self.n.v(self.m.rules[i].lag)));
            } else if pending && announced <= at && on.iter().any(|s| s.0 > at) {
                force.push((i, f64::INFINITY, false));
            }
        }
        let mut issuers: Vec<CountryId> = force.iter().map(|f| self.m.rules[f.0].issuer).collect();
        issuers.sort_unstable();
        issuers.dedup();
        let mut all = Vec::new();
        for issuer in issuers {
            let mut best: Option<(Status, f64, usize, bool)> = None;
            for &(i, from, shut) in force.iter().filter(|f| self.m.rules[f.0].issuer == issuer) {
                let Some(required) = self.m.rules[i].requires else { continue };
                let mut outcome = (required, from, i, shut);
                let mut eased: Option<(Status, f64, usize, bool)> = None;
                for &(j, from, shut) in &force {
                    let easing = &self.m.rules[j];
                    if easing.issuer != issuer || !easing.eases.contains(&RuleId(i as u32)) {
                        continue;
                    }
                    let to = easing.eased_to.unwrap();
                    if to <= required
                        && eased.is_none_or(|b| to < b.0 || (to == b.0 && (from, j) > (b.1, b.2)))
                    {
                        eased = Some((to, from, j, shut));
                    }
                }
                if let Some(e) = eased {
                    outcome = e;
                }
                if best.is_none_or(|b| {
                    outcome.0 > b.0 || (outcome.0 == b.0 && (outcome.1, outcome.2) > (b.1, b.2))
                }) {
                    best = Some(outcome);
                }
            }
            if let Some((status, _, rule, shut)) = best {
                all.push(self.outcome(status, rule, shut, e));
            }
        }
        all
    }

    fn outcome(&self, status: Status, rule: usize, shut: bool, e: &Edge) -> Governing {
        let r = &self.m.rules[rule];
        let l = &self.m.licensing;
        let share = match status {
            Status::Free | Status::Notify => 1.0,
            Status::Denied => 0.0,
            Status::LicensePresumedApproved => self.n.v(r.share.unwrap_or(l.presumed)),
            Status::LicenseCaseByCase => self.n.v(r.share.unwrap_or(l.case_by_case)),
            Status::License => self.n.v(r.share.unwrap_or(l.license)),
        };
        let band = r.bands.iter().find(|b| self.clauses(e.item, &b.any, &b.all));
        let fee = self.n.v(band.map_or(r.fee, |b| b.fee));
        let shut = shut && status > Status::Notify;
        Governing { rule, share: if shut { 0.0 } else { share }, fee: if shut { 0.0 } else { fee } }
    }

    /// The quarter that starts at `x`, with rules announced before `known_by`.
    pub fn verdict(&self, e: &Edge, x: f64, known_by: Option<f64>) -> Verdict {
        let covering: Vec<usize> =
            (0..self.m.rules.len()).filter(|&i| self.covers(&self.m.rules[i], e)).collect();
        let mut cuts = vec![x, x + 1.0];
        for &i in &covering {
            let (on, off, announced) = self.times(i, known_by);
            let lag = self.n.v(self.m.rules[i].lag);
            cuts.push(announced);
            for s in on {
                cuts.extend([s.0, s.1, s.0 + lag]);
            }
            for s in off {
                cuts.extend([s.0, s.1]);
            }
        }
        cuts.retain(|c| *c >= x && *c <= x + 1.0);
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        let mut by_issuer: Vec<(CountryId, f64, f64)> = Vec::new();
        let mut v = Verdict { permitted: 1.0, rush: 1.0, ..Verdict::default() };
        let mut rush_found = false;
        for piece in cuts.windows(2) {
            let (w, at) = (piece[1] - piece[0], 0.5 * (piece[0] + piece[1]));
            let now = self.at_moment(&covering, e, at, known_by, false);
            for g in &now {
                let issuer = self.m.rules[g.rule].issuer;
                let place = by_issuer.iter().position(|b| b.0 == issuer).unwrap_or_else(|| {
                    by_issuer.push((issuer, 0.0, 0.0));
                    by_issuer.len() - 1
                });
                by_issuer[place].1 += w * (1.0 - g.share);
                by_issuer[place].2 += w * g.share * g.fee;
                v.refused.push((g.rule, w * (1.0 - g.share)));
                v.governing.push(g.rule);
            }
            let waiting = covering.iter().copied().find(|&i| {
                let (on, off, announced) = self.times(i, known_by);
                let lifted = off.iter().any(|s| s.0 <= at && at < s.1);
                let running = !lifted && on.iter().any(|s| s.0 <= at && at < s.1);
                !running && announced <= at && on.iter().any(|s| s.0 > at)
            });
            if let Some(i) = waiting {
                let product = |all: &[Governing]| all.iter().map(|g| g.share).product::<f64>();
                let then = self.at_moment(&covering, e, at, known_by, true);
                v.cut += w * (product(&now) - product(&then)).max(0.0);
                if !rush_found {
                    v.rush = self.n.v(self.m.rules[i].rush);
                    rush_found = true;
                }
            }
        }
        for (_, refused, paid) in by_issuer {
            v.permitted *= 1.0 - refused;
            v.fee += super::per(paid, 1.0 - refused);
        }
        v.permitted = snap(v.permitted);
        v
    }

    pub fn chip_edge(&self, c: usize, to: CountryId, hq: CountryId) -> Edge {
        let designer = self.m.chips[c].designer;
        let home = self.m.designers[designer.index()].country;
        let subject = Subject::Chips;
        Edge {
            subject,
            item: Item::Chip(c),
            designer: Some(designer),
            to,
            hq,
            from: [home, home],
            issuer: None,
        }
    }
}

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
