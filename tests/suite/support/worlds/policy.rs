//! Rules, shocks, settings and correlations of a made-up world.

use super::World;
use chokepoint::internals::model::{Change, Lever, Places};

/// A field with the ends between which it may lie.
type Range = (&'static str, f64, f64);

/// Settings of the whole world.
const SETTINGS: &[(&str, &[Range])] = &[
    (
        "trade",
        &[
            ("elasticity", 2.0, 8.0),
            ("wait", 0.3, 0.9),
            ("over_order", 1.1, 3.0),
            ("power_slack", 0.4, 3.0),
            ("access_elasticity", 0.1, 2.0),
            ("carry", 0.1, 0.9),
            ("world_budget", 0.5, 2.0),
            ("memory_bound", 0.1, 0.9),
            ("intensity", 80.0, 400.0),
            ("usd_per_watt", 3.0, 20.0),
            ("usd_per_chip", 500.0, 9000.0),
        ],
    ),
    ("licensing", &[("presumed", 0.8, 0.99), ("case_by_case", 0.2, 0.8), ("license", 0.05, 0.4)]),
    (
        "diversion",
        &[
            ("willing", 0.4, 0.95),
            ("priority", 0.5, 8.0),
            ("premium", 1.1, 3.0),
            ("premium_max", 3.0, 8.0),
            ("premium_exponent", 0.05, 1.0),
            ("carries.card", 0.3, 1.0),
            ("carries.server", 0.2, 1.0),
            ("carries.rack", 0.03, 1.0),
            ("support", 0.6, 0.98),
            ("failure", 0.5, 4.0),
        ],
    ),
    (
        "fleet",
        &[
            ("lag", 0.1, 2.9),
            ("hazard", 0.01, 0.2),
            ("aging", 0.001, 0.05),
            ("server_factor", 1.2, 2.5),
            ("replace", 1.02, 1.4),
        ],
    ),
    (
        "training",
        &[
            ("mfu_factor", 0.7, 1.3),
            ("run_share", 0.05, 0.4),
            ("max_share", 0.4, 0.95),
            ("usual_run", 40.0, 140.0),
            ("scale_loss", 0.01, 0.2),
            ("reference_chips", 500.0, 20e3),
            ("interconnect_loss", 0.05, 0.6),
            ("reference_interconnect", 300.0, 1200.0),
            ("disclosure_lag", 0.1, 3.0),
            ("coordination", 0.4, 0.95),
        ],
    ),
    (
        "science",
        &[
            ("algorithms", 1.5, 4.0),
            ("data_returns", 0.1, 0.8),
            ("scaling_a", 300.0, 700.0),
            ("scaling_b", 1000.0, 3000.0),
        ],
    ),
];

impl World {
    fn condition(&mut self, path: &str, id: Option<&str>) -> String {
        let attributes: [(&str, f64, f64); 6] = [
            ("tpp", 1000.0, 30_000.0),
            ("performance_density", 1.0, 12.0),
            ("memory_bandwidth", 1000.0, 7000.0),
            ("interconnect", 200.0, 1500.0),
            ("memory_bandwidth_plus_interconnect", 1500.0, 8000.0),
            ("memory", 40.0, 160.0),
        ];
        let (name, low, high) = attributes[self.chance.below(attributes.len())];
        let operator = [">=", ">", "<=", "<"][self.chance.below(4)];
        let known = self.uncertain.len();
        let limit = self.number(&format!("{path}.{name}"), low, high);
        self.uncertain.truncate(known);
        let id = id.map_or(String::new(), |id| format!("id = \"{id}\", "));
        format!("{{ {id}{name} = \"{operator} {}\" }}", limit.trim_matches('"'))
    }

    pub(super) fn destination(&mut self) -> String {
        let mut parts = Vec::new();
        let group = self.chance.below(self.groups);
        if self.chance.yes(0.5) {
            parts.push(format!("groups = [\"g{group}\"]"));
        } else {
            let (a, b) = (self.country(), self.country());
            parts.push(format!("countries = [\"{a}\", \"{b}\"]"));
        }
        if self.chance.yes(0.2) {
            let n = self.country();
            parts.push(format!("except = [\"{n}\"]"));
        }
        match self.chance.below(3) {
            0 => parts.push("headquarters = true".to_owned()),
            1 => parts.push("headquarters = true, delivered = false".to_owned()),
            _ => {}
        }
        format!("{{ {} }}", parts.join(", "))
    }

    pub(super) fn write_rules(&mut self) {
        const STATUSES: [&str; 6] =
            ["free", "notify", "license-presumed-approved", "license-case-by-case", "license", "denied"];
        let mut subjects: Vec<&str> = Vec::new();
        for (i, (issuer, requires)) in self.rules.clone().into_iter().enumerate() {
            let path = format!("rule.u{i}");
            self.table("rule", &format!("u{i}"));
            self.line(&format!("issuer = \"n{issuer}\""));
            let targets: Vec<usize> =
                (0..i).filter(|&j| self.rules[j] == (issuer, true) && self.chance.unit() < 0.8).collect();
            let eases = !requires && !targets.is_empty();
            let subject = if eases {
                subjects[targets[0]]
            } else {
                let all =
                    ["chips", "chips", "chips", "goods", "tools", "servicing", "foundry", "remote-access"];
                all[self.chance.below(all.len())]
            };
            subjects.push(subject);
            self.line(&format!("subject = \"{subject}\""));
            if eases {
                let to = STATUSES[self.chance.below(5)];
                let names: Vec<String> = targets.iter().map(|j| format!("\"u{j}\"")).collect();
                self.line(&format!("eases = [{}]\neased_to = \"{to}\"", names.join(", ")));
            } else {
                self.rules[i].1 = true;
                let status = if self.chance.yes(0.5) { "denied" } else { STATUSES[1 + self.chance.below(5)] };
                self.line(&format!("requires = \"{status}\""));
            }
            self.write_rule_terms(&path, subject);
        }
    }

    fn write_rule_terms(&mut self, path: &str, subject: &str) {
        let from = self.quarter(-2, self.quarters);
        if self.chance.yes(0.85) {
            let effective = self.date(from);
            self.line(&format!("effective = \"{effective}\""));
            if self.chance.yes(0.5) {
                let before = from - 1 - self.chance.below(3) as i32;
                let announced = self.date(before);
                self.line(&format!("announced = \"{announced}\""));
            }
            if self.chance.yes(0.3) {
                let after = from + 1 + self.chance.below(6) as i32;
                let until = self.date(after);
                self.line(&format!("until = \"{until}\""));
            }
        }
        if self.chance.yes(0.2) {
            self.line("in_force = \"bernoulli(60%)\"");
        }
        let to = self.destination();
        self.line(&format!("to = {to}"));
        if self.chance.yes(0.25) && matches!(subject, "chips" | "goods" | "foundry") {
            let d = self.chance.below(self.designers);
            self.line(&format!("designers = [\"d{d}\"]"));
        }
        if subject == "chips" {
            if self.chance.yes(0.15) {
                let (a, b) = (self.chance.below(self.chips.len()), self.chance.below(self.chips.len()));
                self.line(&format!("products = [\"c{a}\", \"c{b}\"]"));
            }
            for key in ["any", "all"] {
                if self.chance.yes(0.4) {
                    let (a, b) = (self.condition(path, Some(&format!("{key}1"))), self.condition(path, None));
                    let c = self.condition(path, Some(&format!("{key}3")));
                    self.line(&format!("{key} = [{a}, {{ id = \"{key}2\", any = [{b}, {c}] }}]"));
                }
            }
            if self.chance.yes(0.3) {
                let band = self.condition(path, None);
                self.line(&format!("bands = [{{ all = [{band}], fee = 0.25 }}]"));
            }
            if self.chance.yes(0.3) {
                let mut caps = Vec::new();
                for (key, low, high) in
                    [("units", 500.0, 40e3), ("tpp_per_country", 1e6, 3e8), ("home_share", 0.1, 1.5)]
                {
                    if self.chance.yes(0.5) {
                        let limit = self.number(&format!("{path}.cap.{key}"), low, high);
                        caps.push(format!("{key} = {limit}"));
                    }
                }
                self.line(&format!("cap = {{ {} }}", caps.join(", ")));
            }
            self.maybe(path, "rush", 1.1, 4.0, 0.5);
        }
        self.maybe(path, "share", 0.05, 0.95, 0.4);
        self.maybe(path, "lag", 0.1, 2.0, 0.4);
        self.maybe(path, "fee", 0.05, 0.4, 0.3);
        if subject == "remote-access" {
            self.maybe(path, "above", 50.0, 3000.0, 0.5);
        }
    }

    pub(super) fn write_shocks(&mut self) {
        let n = self.chance.below(7);
        for s in 0..n {
            let path = format!("shock.x{s}");
            self.table("shock", &format!("x{s}"));
            let kind = self.chance.below(4);
            if kind == 0 {
                let q = self.quarter(0, self.quarters);
                let date = self.date(q);
                self.line(&format!("date = \"{date}\""));
            }
            if kind == 1 || kind == 2 {
                let hazard = self.series(0.3, 6.0);
                self.line(&format!("hazard = {hazard}"));
                if s > 0 && self.chance.yes(0.5) {
                    let other = self.chance.below(s);
                    let times = self.number(&format!("{path}.hazard_times.x{other}"), 0.2, 8.0);
                    self.line(&format!("hazard_times.x{other} = {times}"));
                }
            }
            if kind >= 2 {
                let gauge = ["seized-share", "unmet-demand", "smuggled-share"][self.chance.below(3)];
                let country = self.country();
                let above = self.number(&format!("{path}.when.above"), 0.01, 0.6);
                self.line(&format!(
                    "when = {{ gauge = \"{gauge}\", country = \"{country}\", above = {above} }}"
                ));
            }
            self.maybe(&path, "delay", 0.1, 2.0, 0.4);
            self.field(&path, "duration", 0.1, 4.0);
            let recovery = ["step", "linear", "exponential"][self.chance.below(3)];
            let recurring = self.chance.yes(0.6);
            self.line(&format!("recovery = \"{recovery}\"\nrecurring = {recurring}"));
            self.write_effects(&path);
        }
    }

    fn write_effects(&mut self, path: &str) {
        let mut any = false;
        for lever in Lever::ALL {
            let (row, key) = (lever.row(), lever.row().key);
            if !self.chance.yes(0.3) {
                continue;
            }
            let Some(on) = self.target(lever) else { continue };
            any = true;
            let amount = row.change.key();
            let (low, high) = match row.change {
                Change::Plus => (0.02, 0.3),
                Change::Times if row.top.is_infinite() => (0.2, 2.5),
                Change::Times => (0.05, 1.0),
            };
            let value = self.number(&format!("{path}.{key}.{amount}"), low, high);
            let known = self.uncertain.len();
            self.uncertain.truncate(known - usize::from(value.starts_with('"')));
            let to = if row.to && self.chance.yes(0.5) {
                format!(", to = \"{}\"", self.country())
            } else {
                String::new()
            };
            self.line(&format!("{key} = {{ on = \"{on}\"{to}, {amount} = {value} }}"));
        }
        for key in ["enforces", "lifts"] {
            if !self.rules.is_empty() && self.chance.yes(0.3) {
                let rule = self.chance.below(self.rules.len());
                self.line(&format!("{key} = [\"u{rule}\"]"));
                any = true;
            }
        }
        if self.stockpiles > 0 && self.chance.yes(0.3) {
            let s = self.chance.below(self.stockpiles);
            let amount = self.number(&format!("{path}.leak.amount"), 100.0, 5000.0);
            self.line(&format!("leak = {{ stockpile = \"s{s}\", amount = {amount} }}"));
            any = true;
        }
        if !any {
            self.line("capacity = { on = \"facility.f0\", times = \"30% to 80%\" }");
        }
    }

    /// Something that a lever can act on, if this world has it.
    fn target(&mut self, lever: Lever) -> Option<String> {
        Some(match lever.row().places {
            Places::Facilities => match self.chance.below(2) {
                0 => format!("facility.f{}", self.chance.below(self.facilities.len())),
                _ => format!("good.good{}", self.chance.below(self.goods.len())),
            },
            Places::Countries => format!("country.{}", self.country()),
            Places::Buyers => format!("buyer.b{}", self.chance.below(self.buyers.len())),
            Places::Routes if self.routes == 0 => return None,
            Places::Routes => format!("route.r{}", self.chance.below(self.routes)),
            Places::FacilityTools if self.tools == 0 => return None,
            Places::FacilityTools => format!("tool.k{}", self.chance.below(self.tools)),
            Places::Markets if self.chance.yes(0.5) => format!("designer.d{}", self.chips[0]),
            Places::Markets => format!("chip.c{}", self.chance.below(self.chips.len())),
        })
    }

    pub(super) fn write_settings(&mut self) {
        let lead = self.chance.below(3);
        self.line(&format!("\n[production]\nlead = {lead}"));
        self.maybe("production", "headroom", 1.0, 2.0, 0.5);
        self.maybe("production", "harvest", 0.7, 1.3, 0.5);
        self.maybe("production", "companion_yield", 0.4, 0.95, 0.5);
        self.maybe("production", "wind_down", 0.2, 0.95, 0.7);
        for &(table, fields) in SETTINGS {
            self.line(&format!("[{table}]"));
            for &(key, low, high) in fields {
                self.maybe(table, key, low, high, 0.5);
            }
            let dated = match table {
                "diversion" => Some(("verification", 0.02, 0.5)),
                "science" => Some(("data_stock", 1e11, 1e14)),
                _ => None,
            };
            if let Some((key, low, high)) = dated.filter(|_| self.chance.unit() < 0.5) {
                let value = self.series(low, high);
                self.line(&format!("{key} = {value}"));
            }
            if table == "training" {
                self.lately(|w| {
                    w.maybe(table, "low_precision_mfu", 0.3, 1.2, 0.5);
                    w.dated(
                        &[
                            ("run_share", 0.05, 0.4),
                            ("usual_run", 40.0, 140.0),
                            ("other_sites", 0.1, 1.0),
                            ("low_precision", 0.1, 1.0),
                        ],
                        0.5,
                    );
                });
            }
        }
        self.line("[rental]");
        if self.chance.yes(0.5) {
            let price = self.series(1.0, 5.0);
            self.line(&format!("price = {price}"));
        }
        self.lately(|w| {
            w.maybe("rental", "scarcity", 0.1, 1.5, 0.6);
            w.maybe("rental", "scarcity_max", 1.5, 8.0, 0.5);
            w.dated(&[("balance", 0.05, 2.0)], 0.5);
        });
    }

    pub(super) fn write_correlations(&mut self) {
        for _ in 0..self.chance.below(3) {
            let n = self.uncertain.len();
            if n < 6 {
                return;
            }
            let (a, b) = (self.chance.below(n / 2), n / 2 + self.chance.below(n / 2));
            let (a, b) = (self.uncertain.remove(a), self.uncertain.remove(b - 1));
            let rho = 1.6 * self.chance.unit() - 0.8;
            self.line(&format!("\n[[correlation]]\nof = [\"{a}\", \"{b}\"]\nrho = {rho:.3}"));
        }
    }

    /// Factors on numbers that no correlation ties; each also on a dated number of every row of a table, as far as it is uncertain.
    pub(super) fn write_factors(&mut self) {
        let series = ["buyer.*.budget", "facility.*.capacity", "route.*.detection"];
        for (i, dated) in series.into_iter().enumerate().take(self.chance.below(4)) {
            if self.uncertain.len() < 4 {
                return;
            }
            let place = self.chance.below(self.uncertain.len());
            let path = self.uncertain.remove(place);
            let loading = 2.0 * self.chance.unit() - 1.0;
            let value = ["", "value = 0.8\n", "value = \"uniform(0.5, 1)\"\n", ""][self.chance.below(4)];
            self.line(&format!(
                "\n[[factor]]\nid = \"f{i}\"\n{value}loads = {{ \"{{{path},{dated}}}\" = {loading:.3} }}"
            ));
        }
    }
}
