//! Worlds made up at random: valid scenarios in which every table, form of number, kind of rule and of shock turns up.

mod answers;
mod demand;
mod policy;
mod supply;

use std::fmt::Write as _;

/// A small generator of numbers, the same everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn yes(&mut self, p: f64) -> bool {
        self.unit() < p
    }
    /// Between two positive numbers, evenly in the logarithm's rough sense.
    fn within(&mut self, low: f64, high: f64) -> f64 {
        let u = self.unit();
        low + (high - low) * u * u
    }
}

/// A scenario in the making.
struct World {
    chance: Chance,
    /// Apart from the first, so that what is written by it moves nothing else.
    later: Chance,
    /// For what waits for signs, likewise.
    last: Chance,
    text: String,
    /// Paths of uncertain numbers that do not change over time, for correlations and factors.
    uncertain: Vec<String>,
    first: i32,
    quarters: i32,
    countries: usize,
    groups: usize,
    tools: usize,
    goods: Vec<Good>,
    facilities: Vec<usize>,
    designers: usize,
    chips: Vec<usize>,
    buyers: Vec<bool>,
    labs: usize,
    routes: usize,
    rules: Vec<(usize, bool)>,
    stockpiles: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Good {
    Wafers,
    Memory,
    Packages,
    Parts,
}

/// The text of world number `seed`.
pub fn world(seed: u64) -> String {
    let mut chance = Chance(seed.wrapping_mul(7919) + 17);
    let mut goods = vec![Good::Wafers];
    for g in [Good::Memory, Good::Packages, Good::Wafers, Good::Parts, Good::Packages] {
        if chance.yes(0.55) {
            goods.push(g);
        }
    }
    let mut w = World {
        text: String::new(),
        uncertain: Vec::new(),
        first: chance.below(3) as i32,
        quarters: 5 + chance.below(6) as i32,
        countries: 3 + chance.below(3),
        groups: 1 + chance.below(2),
        tools: chance.below(3),
        goods,
        facilities: Vec::new(),
        designers: 1 + chance.below(3),
        chips: Vec::new(),
        buyers: Vec::new(),
        labs: 1 + chance.below(4),
        routes: 1 + chance.below(5),
        rules: Vec::new(),
        stockpiles: chance.below(3),
        chance,
        later: Chance(seed.wrapping_mul(104_729) + 31),
        last: Chance(seed.wrapping_mul(15_485_863) + 5),
    };
    w.write();
    w.text
}

impl World {
    fn write(&mut self) {
        self.settle_sizes();
        self.write_run();
        self.write_places();
        self.write_supply();
        self.write_chips();
        self.write_stockpiles();
        self.write_demand();
        self.write_commitments();
        self.write_routes();
        self.write_rules();
        self.write_shocks();
        self.write_settings();
        self.write_correlations();
        self.write_factors();
        self.write_answers();
    }

    /// Numbers of rows that other rows refer to before they are written.
    fn settle_sizes(&mut self) {
        for g in 0..self.goods.len() {
            for _ in 0..=self.chance.below(2) {
                self.facilities.push(g);
            }
        }
        for d in 0..self.designers {
            for _ in 0..=self.chance.below(3) {
                self.chips.push(d);
            }
        }
        for _ in 0..3 + self.chance.below(4) {
            let reseller = self.chance.yes(0.2);
            self.buyers.push(reseller);
        }
        for _ in 0..self.chance.below(8) {
            let issuer = self.chance.below(self.countries);
            let earlier = self.rules.iter().any(|r| r.0 == issuer && r.1);
            let requires = !earlier || self.chance.yes(0.6);
            self.rules.push((issuer, requires));
        }
    }

    /// Writes by the later chance, of numbers that no correlation names.
    fn lately(&mut self, write: impl FnOnce(&mut Self)) {
        let known = self.uncertain.len();
        std::mem::swap(&mut self.chance, &mut self.later);
        write(self);
        std::mem::swap(&mut self.chance, &mut self.later);
        self.uncertain.truncate(known);
    }

    /// Dated numbers of a row or table, where it does not have the key yet.
    fn dated(&mut self, keys: &[(&str, f64, f64)], p: f64) {
        for &(key, low, high) in keys {
            let row = self.text.rfind("\n[").unwrap_or(0);
            let has = self.text[row..].contains(&format!("\n{key} ="));
            if !has && self.chance.yes(p) {
                let value = self.series(low, high);
                self.line(&format!("{key} = {value}"));
            }
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }
    fn table(&mut self, table: &str, id: &str) {
        let _ = write!(self.text, "\n[[{table}]]\nid = \"{id}\"\n");
    }
    fn country(&mut self) -> String {
        format!("n{}", self.chance.below(self.countries))
    }

    /// A quarter of the horizon, or a little outside.
    fn quarter(&mut self, from: i32, to: i32) -> i32 {
        self.first + from + self.chance.below((to - from).max(1) as usize) as i32
    }
    fn named(q: i32) -> String {
        format!("{}Q{}", 2022 + q.div_euclid(4), q.rem_euclid(4) + 1)
    }
    /// A day or a quarter's start.
    fn date(&mut self, q: i32) -> String {
        if self.chance.yes(0.3) {
            return Self::named(q);
        }
        let month = q.rem_euclid(4) * 3 + 1 + self.chance.below(3) as i32;
        format!("{}-{month:02}-{:02}", 2022 + q.div_euclid(4), 1 + self.chance.below(28))
    }

    /// A number between two positive ones, in any form that a scenario knows.
    fn number(&mut self, path: &str, low: f64, high: f64) -> String {
        let c = &mut self.chance;
        let mut three = [c.within(low, high), c.within(low, high), c.within(low, high)];
        three.sort_by(f64::total_cmp);
        let [a, m, b] = three;
        let (a, b) = (a, if b > a * 1.001 { b } else { (a * 1.01).min(high) });
        if b <= a * 1.001 {
            return format!("{a:.5e}");
        }
        let m = m.max(a + 0.2 * (b - a)).min(b - 0.2 * (b - a));
        let share = low >= 0.02 && high <= 1.0;
        let text = match c.below(13) {
            0..=2 => return format!("{m:.5e}"),
            3 | 4 if !share => format!("{a:.5e} to {b:.5e}"),
            3 | 4 if b < 0.999 => format!("{:.3}% to {:.3}%", 100.0 * a, 100.0 * b),
            5 if !share => {
                format!("lognormal(p05={a:.5e}, p50={m:.5e}, p95={b:.5e}) truncated({low}, {high})")
            }
            6 => format!("uniform({a:.5e}, {b:.5e})"),
            7 => format!("triangular({a:.5e}, {m:.5e}, {b:.5e})"),
            8 => format!("pert({a:.5e}, {m:.5e}, {b:.5e})"),
            9 => format!("beta(2.5, 3, {a:.5e}, {b:.5e})"),
            10 => format!("discrete({a:.5e}: 25%, {m:.5e}: 35%, {b:.5e}: 40%)"),
            11 => {
                format!("mixture(70%: uniform({a:.5e}, {m:.5e}), 30%: triangular({a:.5e}, {m:.5e}, {b:.5e}))")
            }
            _ => format!("normal({m:.5e}, {:.5e}) truncated({a:.5e}, {b:.5e})", (b - a) / 3.0),
        };
        self.uncertain.push(path.to_owned());
        format!("\"{text}\"")
    }

    fn field(&mut self, path: &str, key: &str, low: f64, high: f64) {
        let value = self.number(&format!("{path}.{key}"), low, high);
        self.line(&format!("{key} = {value}"));
    }
    fn maybe(&mut self, path: &str, key: &str, low: f64, high: f64, p: f64) {
        if self.chance.yes(p) {
            self.field(path, key, low, high);
        }
    }

    /// A number that may change over time.
    fn series(&mut self, low: f64, high: f64) -> String {
        if self.chance.yes(0.35) {
            let known = self.uncertain.len();
            let text = self.number("", low, high);
            self.uncertain.truncate(known);
            return text;
        }
        let known = self.uncertain.len();
        let mut parts = Vec::new();
        let mut at = self.quarter(-2, 3);
        for _ in 0..=self.chance.below(3) {
            let value = self.number("", low, high);
            let key = self.date(at);
            parts.push(format!("{key} = {value}"));
            at += 1 + self.chance.below(4) as i32;
        }
        let between = ["log", "linear", "step"][self.chance.below(3)];
        if self.chance.yes(0.6) {
            parts.push(format!("between = \"{between}\""));
        }
        for key in ["before", "after"] {
            if self.chance.yes(0.4) {
                parts.push(format!("{key} = \"0.8 to 1.4 per year\""));
            }
        }
        if self.chance.yes(0.25) && high > 1.0 {
            parts.push("level = \"uniform(0.8, 1.2)\"".to_owned());
        }
        if self.chance.yes(0.25) {
            parts.push("independent = true".to_owned());
        }
        self.uncertain.truncate(known);
        format!("{{ {} }}", parts.join(", "))
    }

    fn write_run(&mut self) {
        let (first, last) = (Self::named(self.first), Self::named(self.first + self.quarters - 1));
        let known = self.quarter(0, 3);
        let lead = ["[]", "[\"facility.*.capacity\", \"lab.*.mfu\"]", "[\"shock.*.clock\", \"trade.*\"]"]
            [self.chance.below(2)];
        let text = format!(
            "title = \"Made up\"\n[run]\nhorizon = \"{first}..{last}\"\nknown_until = \"{}\"\nlead = {lead}",
            Self::named(known)
        );
        self.line(&text);
    }
}
