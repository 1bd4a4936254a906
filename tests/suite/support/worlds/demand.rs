//! Buyers, labs and smuggling routes of a made-up world.

use super::{Good, World};

impl World {
    pub(super) fn write_demand(&mut self) {
        for (b, reseller) in self.buyers.clone().into_iter().enumerate() {
            let path = format!("buyer.b{b}");
            self.table("buyer", &format!("b{b}"));
            let kind = if reseller { "reseller" } else { ["cloud", "lab", "other"][self.chance.below(3)] };
            let n = self.country();
            self.line(&format!("kind = \"{kind}\"\ncountry = \"{n}\""));
            if self.chance.yes(0.35) {
                let n = self.country();
                self.line(&format!("headquarters = \"{n}\""));
            }
            if !reseller {
                let budget = self.series(2e7, 8e8);
                self.line(&format!("budget = {budget}"));
                if self.chance.yes(0.4) {
                    let rents = self.series(0.2, 0.9);
                    self.line(&format!("rents = {rents}"));
                }
            }
            for d in 0..self.designers {
                if self.chance.yes(0.4) {
                    let affinity = self.series(0.5, 1.5);
                    self.line(&format!("affinity.d{d} = {affinity}"));
                }
            }
            self.maybe(&path, "priority", 0.3, 4.0, 0.4);
            self.maybe(&path, "memory_bound", 0.1, 0.9, 0.4);
            if self.chance.yes(0.5) {
                let c = self.chance.below(self.chips.len());
                let count = self.number(&format!("{path}.opening.c{c}.count"), 100.0, 20e3);
                let age = self.number(&format!("{path}.opening.c{c}.age"), 0.1, 4.0);
                self.line(&format!("opening.c{c} = {{ count = {count}, age = {age} }}"));
            }
        }
        for l in 0..self.labs {
            self.write_lab(l);
        }
    }

    fn write_lab(&mut self, l: usize) {
        let path = format!("lab.l{l}");
        self.table("lab", &format!("l{l}"));
        let n = self.country();
        self.line(&format!("country = \"{n}\""));
        let mut own = Vec::new();
        let mut clouds = Vec::new();
        for b in 0..self.buyers.len() {
            if self.chance.yes(0.4) {
                let share = self.number(&format!("{path}.buyers.b{b}"), 0.1, 0.9);
                own.push(format!("b{b} = {share}"));
            }
            if self.chance.yes(0.4) {
                let weight = self.number(&format!("{path}.clouds.b{b}"), 0.2, 3.0);
                clouds.push(format!("b{b} = {weight}"));
            }
        }
        self.line(&format!("buyers = {{ {} }}\nclouds = {{ {} }}", own.join(", "), clouds.join(", ")));
        for (key, low, high) in
            [("rent_budget", 1e6, 2e8), ("training_budget", 1e6, 3e8), ("financeable", 1e7, 2e9)]
        {
            if self.chance.yes(0.6) {
                let money = self.series(low, high);
                self.line(&format!("{key} = {money}"));
            }
        }
        self.maybe(&path, "mfu", 0.2, 0.6, 0.7);
        self.maybe(&path, "max_share", 0.3, 1.0, 0.4);
        self.maybe(&path, "run_share_factor", 0.3, 3.0, 0.4);
        self.maybe(&path, "longest_run", 60.0, 400.0, 0.6);
        self.maybe(&path, "usual_run", 30.0, 150.0, 0.4);
        self.maybe(&path, "opening_run", 1e22, 3e25, 0.5);
        self.lately(|w| {
            w.maybe(&path, "disclosure_lag", 0.1, 3.0, 0.4);
            w.dated(
                &[
                    ("funds", 1e7, 3e9),
                    ("run_share_factor", 0.3, 3.0),
                    ("longest_run", 60.0, 400.0),
                    ("usual_run", 30.0, 150.0),
                    ("serving", 0.05, 0.8),
                    ("largest_site", 0.2, 1.0),
                    ("low_precision", 0.1, 1.0),
                    ("algorithm_lag", 0.1, 3.0),
                ],
                0.5,
            );
        });
    }

    pub(super) fn write_commitments(&mut self) {
        let buyers: Vec<usize> = (0..self.buyers.len()).filter(|&b| !self.buyers[b]).collect();
        if buyers.is_empty() {
            return;
        }
        for i in 0..self.chance.below(4) {
            let (d, b) = (self.chance.below(self.designers), buyers[self.chance.below(buyers.len())]);
            self.table("commitment", &format!("k{i}"));
            self.line(&format!("designer = \"d{d}\"\nbuyer = \"b{b}\""));
            if self.chance.yes(0.5) {
                let mine: Vec<String> = (0..self.chips.len())
                    .filter(|&c| self.chips[c] == d)
                    .filter(|_| self.chance.unit() < 0.7)
                    .map(|c| format!("\"c{c}\""))
                    .collect();
                self.line(&format!("chips = [{}]", mine.join(", ")));
            }
            let units = self.series(100.0, 8000.0);
            self.line(&format!("units = {units}"));
        }
    }

    pub(super) fn write_routes(&mut self) {
        let resellers: Vec<usize> = (0..self.buyers.len()).filter(|&b| self.buyers[b]).collect();
        for r in 0..self.routes {
            let path = format!("route.r{r}");
            self.table("route", &format!("r{r}"));
            let (via, to) = (self.country(), self.country());
            self.line(&format!("via = \"{via}\"\nto = \"{to}\""));
            let mut scale = 9000.0;
            let carries_goods = self.chance.yes(0.3);
            if carries_goods {
                let g = self.chance.below(self.goods.len());
                self.line(&format!("good = \"good{g}\""));
                scale = if self.goods[g] == Good::Memory { 1e5 } else { 1000.0 };
            } else if !resellers.is_empty() && self.chance.yes(0.4) {
                let b = resellers[self.chance.below(resellers.len())];
                self.line(&format!("reseller = \"b{b}\""));
            }
            if self.chance.yes(0.4) {
                let q = self.quarter(0, self.quarters);
                let opens = self.date(q);
                self.line(&format!("opens = \"{opens}\""));
            }
            self.field(&path, "capacity", scale * 0.1, scale);
            if !carries_goods {
                self.maybe(&path, "capacity_usd", scale * 2e3, scale * 2e4, 0.6);
            }
            self.maybe(&path, "ceiling", scale * 0.5, scale * 5.0, 0.6);
            self.maybe(&path, "growth", 0.05, 0.6, 0.6);
            self.maybe(&path, "rollup", 0.1, 2.0, 0.6);
            let detection = self.series(0.02, 0.6);
            self.line(&format!("detection = {detection}"));
            self.maybe(&path, "lag", 0.1, 2.9, 0.7);
        }
    }
}
