//! Places, tools, goods, facilities, designers, chips and private stocks of a made-up world.

use super::{Good, World};

impl World {
    pub(super) fn write_places(&mut self) {
        for n in 0..self.countries {
            let path = format!("country.n{n}");
            self.table("country", &format!("n{n}"));
            for (key, low, high, often) in
                [("halls", 10.0, 400.0, 0.5), ("grid", 5.0, 300.0, 0.6), ("on_site", 2.0, 60.0, 0.4)]
            {
                if self.chance.yes(often) {
                    let plan = self.series(low, high);
                    self.line(&format!("{key} = {plan}"));
                    self.maybe(&path, &format!("{key}_delay"), 0.2, 6.0, 0.5);
                    self.maybe(&path, &format!("{key}_share"), 0.2, 1.0, 0.5);
                }
            }
            self.maybe(&path, "overhead", 1.05, 1.7, 0.6);
            self.lately(|w| w.dated(&[("algorithm_lag", 0.1, 3.0)], 0.5));
        }
        for g in 0..self.groups {
            self.table("group", &format!("g{g}"));
            let members: Vec<String> = (0..=self.chance.below(2))
                .map(|i| format!("\"n{}\"", (g + i * 2) % self.countries))
                .collect();
            self.line(&format!("members = [{}]", members.join(", ")));
        }
        for k in 0..self.tools {
            self.table("tool", &format!("k{k}"));
            let mut suppliers = Vec::new();
            for n in 0..self.countries {
                if n == k || self.chance.yes(0.4) {
                    let share = self.number(&format!("tool.k{k}.suppliers.n{n}"), 0.1, 0.9);
                    suppliers.push(format!("n{n} = {share}"));
                }
            }
            self.line(&format!("suppliers = {{ {} }}", suppliers.join(", ")));
            if self.chance.yes(0.6) {
                let n = self.country();
                let path = format!("tool.k{k}.substitute.{n}");
                let midpoint = self.number(&format!("{path}.midpoint"), 1.0, 20.0);
                let ceiling = self.number(&format!("{path}.ceiling"), 0.2, 0.9);
                self.line(&format!("substitute.{n} = {{ midpoint = {midpoint}, ceiling = {ceiling} }}"));
            }
        }
    }

    pub(super) fn write_supply(&mut self) {
        for (g, good) in self.goods.clone().into_iter().enumerate() {
            self.table("good", &format!("good{g}"));
            let (kind, unit) = match good {
                Good::Wafers => ("wafer", "wafers"),
                Good::Memory => ("memory", "GB"),
                Good::Packages => ("packaging", "packages"),
                Good::Parts => ("other", "parts"),
            };
            self.line(&format!("kind = \"{kind}\"\nunit = \"{unit}\""));
            if self.chance.yes(0.7) {
                let node = [3, 5, 7, 14][self.chance.below(4)];
                self.line(&format!("node = {node}"));
            }
            self.maybe(&format!("good.good{g}"), "memory_bandwidth_density", 1.0, 4.0, 0.5);
        }
        for (f, g) in self.facilities.clone().into_iter().enumerate() {
            self.write_facility(f, g);
        }
        for d in 0..self.designers {
            self.table("designer", &format!("d{d}"));
            let n = self.country();
            self.line(&format!("country = \"{n}\""));
            let mut claims = Vec::new();
            for f in 0..self.facilities.len() {
                if self.chance.yes(0.75) {
                    claims.push(format!("f{f} = {}", self.series(0.1, 0.8)));
                }
            }
            self.line(&format!("claims = {{ {} }}", claims.join(", ")));
        }
    }

    fn write_facility(&mut self, f: usize, g: usize) {
        let path = format!("facility.f{f}");
        self.table("facility", &format!("f{f}"));
        let n = self.country();
        self.line(&format!("country = \"{n}\"\ngood = \"good{g}\""));
        let (low, high) = match self.goods[g] {
            Good::Wafers => (100.0, 4000.0),
            Good::Memory => (1e5, 4e6),
            Good::Packages | Good::Parts => (2000.0, 60_000.0),
        };
        let capacity = self.series(low, high);
        self.line(&format!("capacity = {capacity}"));
        self.write_growth(&path, low, high);
        if self.goods[g] == Good::Wafers {
            let defects = self.series(0.0005, 0.004);
            self.line(&format!("defect_density = {defects}"));
            self.maybe(&path, "parametric_yield", 0.6, 0.98, 0.6);
        }
        if self.chance.yes(0.5) {
            let line = self.series(0.7, 0.99);
            self.line(&format!("line_yield = {line}"));
        }
        for table in ["dependence", "servicing"] {
            for k in 0..self.tools {
                if self.chance.yes(0.6) {
                    let share = self.number(&format!("{path}.{table}.k{k}"), 0.05, 0.9);
                    self.line(&format!("{table}.k{k} = {share}"));
                }
            }
        }
        if self.chance.yes(0.3) {
            let d = self.chance.below(self.designers);
            self.line(&format!("serves = [\"d{d}\"]"));
        }
    }

    /// When a facility opens, who else takes from it, how it answers to scarcity.
    fn write_growth(&mut self, path: &str, low: f64, high: f64) {
        if self.chance.yes(0.35) {
            let q = self.quarter(-2, self.quarters);
            let opens = self.date(q);
            self.line(&format!("opens = \"{opens}\""));
            self.maybe(path, "delay", 0.1, 3.0, 0.5);
        }
        self.maybe(path, "assumed_access", 0.4, 0.95, 0.3);
        if self.chance.yes(0.3) {
            let others = self.series(0.5 * low, 0.3 * high);
            self.line(&format!("others = {others}"));
            if self.chance.yes(0.6) {
                let floor = self.series(0.05, 0.8);
                self.line(&format!("floor = {floor}"));
            }
        }
        if self.chance.yes(0.4) {
            self.field(path, "answer", 0.05, 0.8);
            match self.chance.below(4) {
                0 => self.line("answer_lag = 0"),
                1 => self.line("answer_lag = 2"),
                _ => self.field(path, "answer_lag", 0.1, 4.0),
            }
            self.maybe(path, "answer_cap", 0.05, 0.9, 0.6);
        }
    }

    pub(super) fn write_chips(&mut self) {
        for (c, d) in self.chips.clone().into_iter().enumerate() {
            let path = format!("chip.c{c}");
            self.table("chip", &format!("c{c}"));
            self.line(&format!("designer = \"d{d}\""));
            let variant = c > 0 && self.chance.yes(0.35);
            if variant {
                let parent = self.chance.below(c);
                self.line(&format!("variant_of = \"c{parent}\""));
            }
            if !variant || self.chance.yes(0.5) {
                let launch = self.quarter(-4, self.quarters);
                let (start, end) = (self.date(launch), launch + 1 + self.chance.below(12) as i32);
                self.line(&format!("launch = \"{start}\""));
                self.maybe(&path, "delay", 0.1, 2.0, 0.3);
                if self.chance.yes(0.35) {
                    let end = self.date(end);
                    self.line(&format!("end = \"{end}\""));
                }
            } else {
                self.field(&path, "variant_lag", 0.1, 2.5);
            }
            if c + 1 < self.chips.len() && self.chance.yes(0.4) {
                self.line(&format!("successor = \"c{}\"", c + 1));
                self.line(&format!("family = \"f{}\"", c % 2));
            }
            self.write_sheet(&path);
            if self.chance.yes(0.92) {
                let price = self.series(6e3, 40e3);
                self.line(&format!("price = {price}"));
            }
            self.write_recipe(&path);
            self.maybe(&path, "ramp", 0.6, 6.0, 0.7);
            if self.chance.yes(0.12) {
                let buyer = self.chance.below(self.buyers.len());
                self.line(&format!("sold_to = [\"b{buyer}\"]"));
            }
        }
    }

    fn write_sheet(&mut self, path: &str) {
        self.field(path, "bf16_tflops", 100.0, 2500.0);
        self.maybe(path, "int8_tops", 200.0, 5000.0, 0.8);
        self.lately(|w| w.maybe(path, "fp8_tflops", 200.0, 5000.0, 0.6));
        self.maybe(path, "fp4_tflops", 400.0, 10_000.0, 0.3);
        self.maybe(path, "tpp", 1000.0, 40_000.0, 0.3);
        self.maybe(path, "performance_density", 1.0, 20.0, 0.3);
        self.field(path, "die_area", 100.0, 830.0);
        let dies = 1 + self.chance.below(2);
        self.line(&format!("dies = {dies}"));
        self.field(path, "memory", 40.0, 200.0);
        self.maybe(path, "memory_bandwidth", 1000.0, 8000.0, 0.8);
        self.maybe(path, "interconnect", 200.0, 1800.0, 0.8);
        self.maybe(path, "tdp", 300.0, 1200.0, 0.8);
        self.maybe(path, "it_power", 600.0, 2200.0, 0.4);
        self.maybe(path, "transistors", 2e10, 2e11, 0.5);
        if self.chance.yes(0.2) {
            self.line("datacenter = false");
        }
        if self.chance.yes(0.6) {
            let form = ["card", "server", "rack"][self.chance.below(3)];
            self.line(&format!("form = \"{form}\""));
        }
        if self.chance.yes(0.5) {
            self.line("node = 5");
        }
    }

    fn write_recipe(&mut self, path: &str) {
        if self.chance.yes(0.08) {
            return;
        }
        let mut parts = Vec::new();
        for (g, good) in self.goods.clone().into_iter().enumerate() {
            if g > 0 && self.chance.yes(0.35) {
                continue;
            }
            let amount = match good {
                Good::Wafers if self.chance.yes(0.8) => "\"die\"".to_owned(),
                Good::Wafers => self.number(&format!("{path}.recipe.good{g}"), 0.01, 0.08),
                Good::Memory => "\"memory\"".to_owned(),
                Good::Packages | Good::Parts => self.number(&format!("{path}.recipe.good{g}"), 0.5, 2.0),
            };
            parts.push(format!("good{g} = {amount}"));
        }
        self.line(&format!("recipe = {{ {} }}", parts.join(", ")));
        for (g, good) in self.goods.clone().into_iter().enumerate() {
            if good == Good::Wafers && self.chance.yes(0.4) {
                let area = self.number(&format!("{path}.companions.good{g}"), 50.0, 1500.0);
                self.line(&format!("companions.good{g} = {area}"));
            }
        }
    }

    pub(super) fn write_stockpiles(&mut self) {
        for s in 0..self.stockpiles {
            let path = format!("stockpile.s{s}");
            let g = self.chance.below(self.goods.len());
            let d = self.chance.below(self.designers);
            self.table("stockpile", &format!("s{s}"));
            self.line(&format!("designer = \"d{d}\"\ngood = \"good{g}\""));
            let mine: Vec<usize> = (0..self.chips.len()).filter(|&c| self.chips[c] == d).collect();
            let dies = self.goods[g] == Good::Wafers && self.chance.yes(0.5);
            let scale = if self.goods[g] == Good::Memory { 3e5 } else { 3e3 };
            if dies {
                self.line(&format!("dies_of = \"c{}\"", mine[0]));
            }
            self.maybe(&path, "opening", scale * 0.1, scale, 0.6);
            if self.chance.yes(0.75) {
                let rate = self.series(scale * 0.05, scale * 0.5);
                self.line(&format!("rate = {rate}"));
                let from: Vec<String> = (0..self.facilities.len())
                    .filter(|&f| self.facilities[f] == g)
                    .filter(|_| self.chance.unit() < 0.8)
                    .map(|f| format!("\"f{f}\""))
                    .collect();
                self.line(&format!("from = [{}]", from.join(", ")));
                self.maybe(&path, "burst", 1.1, 5.0, 0.6);
            }
        }
    }
}
