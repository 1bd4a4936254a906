//! Section 12, what all draws share: every metric of every actor, as places in one flat list; names are only read when results are compared.

use chokepoint::internals::model::{Model, Shape, Subject};

/// What is counted of sets of buyers, and whether it is a flow.
pub const HELD: [(&str, bool); 20] = [
    ("fleet_chips", false),
    ("fleet_h100e", false),
    ("fleet_h100e_8bit", false),
    ("fleet_tpp", false),
    ("bought_chips", true),
    ("bought_h100e", true),
    ("bought_h100e_8bit", true),
    ("imported_chips", true),
    ("imported_h100e", true),
    ("imported_h100e_8bit", true),
    ("smuggled_chips", true),
    ("smuggled_h100e", true),
    ("smuggled_h100e_8bit", true),
    ("spend_usd", true),
    ("power_mw", false),
    ("stranded_chips", false),
    ("stranded_h100e", false),
    ("retired_chips", true),
    ("retired_h100e", true),
    ("planned_spend", true),
];
pub const BOUGHT: usize = 4;
pub const IMPORTED: usize = 7;
pub const SMUGGLED: usize = 10;
pub const SPEND: usize = 13;
pub const POWER: usize = 14;
pub const STRANDED: usize = 15;
pub const RETIRED: usize = 17;
pub const PLANNED: usize = 19;
/// What is counted of sets of chips.
pub const SOLD: [&str; 5] =
    ["produced_chips", "shipped_chips", "shipped_h100e", "shipped_h100e_8bit", "revenue_usd"];
/// What is counted of facilities and goods, and whether it is a flow; utilisation comes after it.
pub const MADE: [(&str, bool); 5] =
    [("capacity", false), ("output", true), ("others", true), ("companions", true), ("answered", false)];
/// What is taken of sets of labs.
pub const TRAINED: [&str; 9] = [
    "reachable_flop",
    "run_flop",
    "accessible_h100e",
    "rented_h100e",
    "training_h100e",
    "effective_flop",
    "run_cost_usd",
    "optimal_parameters",
    "optimal_tokens",
];

/// A metric of an actor.
pub struct Series {
    pub actor: String,
    pub metric: String,
    /// Its place among values: those of the quarter come first, their sums since the start after them.
    pub place: usize,
}

/// Rows of places for each kind of actor.
#[derive(Default)]
pub struct Rows {
    pub buyers: usize,
    pub countries: usize,
    pub groups: usize,
    pub world: usize,
    pub chips: usize,
    pub designers: usize,
    pub families: usize,
    pub all_chips: usize,
    pub labs: usize,
    pub labs_of: usize,
    pub all_labs: usize,
    pub facilities: usize,
    pub goods: usize,
    pub routes: usize,
    pub pooled: usize,
    pub premium: usize,
    pub rent: usize,
    pub seized: usize,
    pub denied_in: usize,
    pub denied_by: usize,
    pub shares: usize,
    /// Spending over plan: of buyers, countries, groups and the world.
    pub over_plan: usize,
    pub ratios: usize,
}

/// What is recorded, and where.
pub struct Table {
    pub series: Vec<Series>,
    /// Cells by quarter, as places of values.
    pub cells: Vec<Vec<usize>>,
    /// Quarters in which more is read than labs, premiums and sums of flows.
    pub stocks: Vec<bool>,
    pub rows: Rows,
    pub places: usize,
    pub family_of: Vec<Option<usize>>,
    pub families: usize,
    pub ratios: Vec<(usize, usize)>,
    pub bare: bool,
}

/// Which cells are recorded: (quarter, series) in order of quarters.
pub enum Cells<'a> {
    All,
    None,
    Of(&'a dyn Fn(usize, &Series) -> bool),
}

impl Table {
    pub fn new(m: &Model, cells: &Cells<'_>) -> Self {
        let mut families: Vec<&str> = m.chips.iter().map(|c| c.family.as_str()).collect();
        families.sort_unstable();
        families.dedup();
        families.retain(|f| !f.is_empty());
        let mut places = 0;
        let mut block = |rows: usize, width: usize| {
            places += rows * width;
            places - rows * width
        };
        let (n, g, labs) = (m.countries.len(), m.groups.len(), m.labs.len());
        let rows = Rows {
            buyers: block(m.buyers.len(), HELD.len()),
            countries: block(n, HELD.len()),
            groups: block(g, HELD.len()),
            world: block(1, HELD.len()),
            chips: block(m.chips.len(), SOLD.len()),
            designers: block(m.designers.len(), SOLD.len()),
            families: block(families.len(), SOLD.len()),
            all_chips: block(1, SOLD.len()),
            labs: block(labs, TRAINED.len()),
            labs_of: block(n + g, TRAINED.len()),
            all_labs: block(1, TRAINED.len()),
            facilities: block(m.facilities.len(), MADE.len() + 1),
            goods: block(m.goods.len(), MADE.len() + 1),
            routes: block(m.routes.len(), 4),
            pooled: block(n + g, 1),
            premium: block(n, 1),
            rent: block(1, 1),
            seized: block(n, 1),
            denied_in: block(n, 1),
            denied_by: block(m.rules.len(), 1),
            shares: block(n, 1),
            over_plan: block(m.buyers.len() + n + g + 1, 1),
            ratios: block(m.ratios.len(), 1),
        };
        let family = |c: &chokepoint::internals::model::Chip| families.binary_search(&c.family.as_str()).ok();
        let mut table = Self {
            series: Vec::new(),
            cells: vec![Vec::new(); m.run.horizon.len()],
            stocks: vec![false; m.run.horizon.len()],
            rows,
            places,
            family_of: m.chips.iter().map(family).collect(),
            families: families.len(),
            ratios: Vec::new(),
            bare: matches!(cells, Cells::None),
        };
        table.name_buyers(m);
        table.name_chips(m, &families);
        table.name_labs(m);
        table.name_supply(m);
        table.name_trade(m);
        table.name_ratios(m);
        table.choose_cells(cells);
        table
    }

    fn choose_cells(&mut self, cells: &Cells<'_>) {
        let rows = &self.rows;
        let early = [rows.labs..rows.facilities, rows.pooled..rows.seized];
        let is_stock = |place: usize| place < self.places && !early.iter().any(|r| r.contains(&place));
        for (t, list) in self.cells.iter_mut().enumerate() {
            for s in &self.series {
                let wanted = match cells {
                    Cells::All => true,
                    Cells::None => false,
                    Cells::Of(choose) => choose(t, s),
                };
                if wanted {
                    list.push(s.place);
                    let ratio = s.place.checked_sub(rows.ratios).and_then(|i| self.ratios.get(i));
                    self.stocks[t] |= match ratio {
                        Some(&(of, over)) => is_stock(of) || is_stock(over),
                        None => is_stock(s.place),
                    };
                }
            }
        }
    }

    /// Whether nothing is recorded.
    pub fn is_bare(&self) -> bool {
        self.bare
    }

    /// How many numbers a draw leaves.
    pub fn size(&self) -> usize {
        self.cells.iter().map(Vec::len).sum()
    }

    /// How many values a quarter has, with sums.
    pub fn width(&self) -> usize {
        2 * self.places
    }

    fn name(&mut self, actor: &str, metric: &str, place: usize, flow: bool) {
        let series = |metric, place| Series { actor: actor.to_owned(), metric, place };
        self.series.push(series(metric.to_owned(), place));
        if flow {
            self.series.push(series(format!("{metric}_cum"), self.places + place));
        }
    }

    fn name_held(&mut self, actor: &str, row: usize, keep: impl Fn(usize) -> bool) {
        for (i, (metric, flow)) in HELD.iter().enumerate().filter(|(i, _)| keep(*i)) {
            self.name(actor, metric, row + i, *flow);
        }
    }

    fn name_buyers(&mut self, m: &Model) {
        let width = HELD.len();
        let smuggled = |i: usize| (SMUGGLED..SPEND).contains(&i);
        let imported = |i: usize| (IMPORTED..SMUGGLED).contains(&i);
        for (b, buyer) in m.buyers.iter().enumerate() {
            if buyer.budget.is_some() || !buyer.opening.is_empty() {
                let row = self.rows.buyers + b * width;
                let actor = format!("buyer.{}", buyer.id);
                self.name_held(&actor, row, |i| !imported(i) && !smuggled(i));
                self.name(&actor, "spend_over_plan", self.rows.over_plan + b, false);
            }
        }
        for (n, country) in m.countries.iter().enumerate() {
            let routes = m.routes.iter().any(|r| r.to.index() == n && r.good.is_none());
            let row = self.rows.countries + n * width;
            let actor = format!("country.{}", country.id);
            self.name_held(&actor, row, |i| routes || !smuggled(i));
            self.name(&actor, "spend_over_plan", self.rows.over_plan + m.buyers.len() + n, false);
        }
        for (g, group) in m.groups.iter().enumerate() {
            let row = self.rows.groups + g * width;
            let actor = format!("group.{}", group.id);
            self.name_held(&actor, row, |i| i != POWER && !smuggled(i));
            let place = self.rows.over_plan + m.buyers.len() + m.countries.len() + g;
            self.name(&actor, "spend_over_plan", place, false);
        }
        self.name_held("world", self.rows.world, |i| i < BOUGHT || i == SPEND || i >= STRANDED);
        let last = self.rows.over_plan + m.buyers.len() + m.countries.len() + m.groups.len();
        self.name("world", "spend_over_plan", last, false);
    }

    fn name_chips(&mut self, m: &Model, families: &[&str]) {
        let mut actors: Vec<(String, usize)> = Vec::new();
        let width = SOLD.len();
        let sold = |keep: &dyn Fn(usize) -> bool| {
            m.chips.iter().enumerate().any(|(c, chip)| super::is_sold(chip) && keep(c))
        };
        for (c, chip) in m.chips.iter().enumerate().filter(|(_, c)| super::is_sold(c)) {
            actors.push((format!("chip.{}", chip.id), self.rows.chips + c * width));
        }
        for (d, designer) in m.designers.iter().enumerate() {
            if sold(&|c| m.chips[c].designer.index() == d) {
                actors.push((format!("designer.{}", designer.id), self.rows.designers + d * width));
            }
        }
        for (f, family) in families.iter().enumerate() {
            if sold(&|c| m.chips[c].family == **family) {
                actors.push((format!("family.{family}"), self.rows.families + f * width));
            }
        }
        actors.push(("world".to_owned(), self.rows.all_chips));
        for (actor, row) in actors {
            for (i, metric) in SOLD.iter().enumerate() {
                self.name(&actor, metric, row + i, true);
            }
        }
    }

    fn name_labs(&mut self, m: &Model) {
        let width = TRAINED.len();
        for (l, lab) in m.labs.iter().enumerate() {
            for (i, metric) in TRAINED.iter().enumerate() {
                self.name(&format!("lab.{}", lab.id), metric, self.rows.labs + l * width + i, false);
            }
        }
        let countries = m.countries.iter().map(|n| format!("country.{}", n.id));
        let places = countries.chain(m.groups.iter().map(|g| format!("group.{}", g.id)));
        for (p, (actor, labs)) in places.zip(super::training::labs_of(m)).enumerate() {
            if labs.is_empty() {
                continue;
            }
            let metrics = if p < m.countries.len() { &TRAINED[..] } else { &TRAINED[..5] };
            for (i, metric) in metrics.iter().enumerate() {
                self.name(&actor, metric, self.rows.labs_of + p * width + i, false);
            }
            self.name(&actor, "pooled_flop", self.rows.pooled + p, false);
        }
        for (i, metric) in TRAINED.iter().enumerate().filter(|(i, _)| !(2..5).contains(i)) {
            self.name("world", metric, self.rows.all_labs + i, false);
        }
    }

    fn name_supply(&mut self, m: &Model) {
        let facilities = m.facilities.iter().enumerate();
        let facilities =
            facilities.map(|(f, x)| (format!("facility.{}", x.id), self.rows.facilities, f, vec![f]));
        let goods = m.goods.iter().enumerate().map(|(g, x)| {
            let made = (0..m.facilities.len()).filter(|&f| m.facilities[f].good.index() == g);
            (format!("good.{}", x.id), self.rows.goods, g, made.collect())
        });
        for (actor, rows, i, makers) in facilities.chain(goods).collect::<Vec<_>>() {
            let row = rows + (MADE.len() + 1) * i;
            let has: [&dyn Fn(&chokepoint::internals::model::Facility) -> bool; 3] = [
                &|f| f.others.is_some(),
                &|f| m.chips.iter().any(|c| c.companions.contains_key(&f.good)),
                &|f| !matches!(m.quantities[f.answer.0 as usize].shape, Shape::Fixed(0.0)),
            ];
            for (k, (metric, flow)) in MADE.iter().enumerate() {
                if k < 2 || makers.iter().any(|&f| has[k - 2](&m.facilities[f])) {
                    self.name(&actor, metric, row + k, *flow);
                }
            }
            self.name(&actor, "utilisation", row + MADE.len(), false);
        }
    }

    fn name_trade(&mut self, m: &Model) {
        self.name("world", "rent_price", self.rows.rent, false);
        for (r, route) in m.routes.iter().enumerate().filter(|(_, r)| r.good.is_none()) {
            let actor = format!("route.{}", route.id);
            for (u, unit) in ["chips", "h100e", "h100e_8bit"].iter().enumerate() {
                self.name(&actor, &format!("smuggled_{unit}"), self.rows.routes + 4 * r + u, true);
            }
            self.name(&actor, "seized_chips", self.rows.routes + 4 * r + 3, true);
        }
        for (n, country) in m.countries.iter().enumerate() {
            let actor = format!("country.{}", country.id);
            self.name(&actor, "denied_chips", self.rows.denied_in + n, true);
            if m.routes.iter().any(|r| r.to.index() == n && r.good.is_none()) {
                self.name(&actor, "premium", self.rows.premium + n, false);
                self.name(&actor, "seized_chips", self.rows.seized + n, true);
            }
            self.name(&actor, "fleet_share", self.rows.shares + n, false);
        }
        for (i, rule) in m.rules.iter().enumerate().filter(|(_, r)| r.subject == Subject::Chips) {
            self.name(&format!("rule.{}", rule.id), "denied_chips", self.rows.denied_by + i, true);
        }
    }

    fn name_ratios(&mut self, m: &Model) {
        for (i, ratio) in m.ratios.iter().enumerate() {
            let place = |part: &str| {
                let named = |s: &&Series| part.split_once('/') == Some((s.actor.as_str(), s.metric.as_str()));
                self.series.iter().find(named).map(|s| s.place)
            };
            let parts = (place(&ratio.of), place(&ratio.over));
            let (Some(of), Some(over)) = parts else { panic!("{} is no ratio of metrics", ratio.id) };
            self.ratios.push((of, over));
            self.name(&format!("ratio.{}", ratio.id), "ratio", self.rows.ratios + i, false);
        }
    }
}
