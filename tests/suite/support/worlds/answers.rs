//! What waits for signs in a made-up world.

use super::World;
use std::fmt::Write as _;

/// Numbers that an edit may shrink, as patterns; those that a world lacks are left out.
const NUMBERS: &[&str] = &[
    "route.*.detection",
    "route.*.lag",
    "route.*.growth",
    "route.*.rollup",
    "buyer.*.budget",
    "buyer.*.priority",
    "buyer.*.rents",
    "lab.*.mfu",
    "lab.*.rent_budget",
    "lab.*.serving",
    "lab.*.training_budget",
    "lab.*.max_share",
    "country.*.grid",
    "country.*.halls",
    "facility.*.capacity",
    "facility.*.line_yield",
    "facility.*.others",
    "facility.*.defect_density",
    "stockpile.*.rate",
    "chip.*.price",
    "rule.*.share",
    "rule.*.fee",
    "rule.*.in_force",
    "rule.*.cap.units",
    "shock.*.hazard",
];
/// Settings that an edit may shrink.
const SETTINGS: &[&str] = &[
    "licensing.case_by_case",
    "licensing.license",
    "licensing.presumed",
    "diversion.willing",
    "diversion.support",
    "diversion.failure",
    "trade.world_budget",
    "trade.carry",
    "trade.usd_per_watt",
    "fleet.lag",
    "fleet.hazard",
    "training.run_share",
    "training.coordination",
    "training.scale_loss",
    "training.mfu_factor",
    "training.reference_chips",
    "science.data_returns",
];
/// What is looked at.
const SEEN: &[&str] = &["world/fleet_chips", "world/spend_usd_cum", "world/produced_chips_cum"];

impl World {
    /// Some numbers and rules of a world wait, each for a sign that comes in some draws.
    pub(super) fn write_answers(&mut self) {
        std::mem::swap(&mut self.chance, &mut self.last);
        for k in 0..=self.chance.below(3) {
            let seen = SEEN[self.chance.below(SEEN.len())];
            let level = match seen {
                "world/spend_usd_cum" => 1e9,
                _ => 2000.0,
            };
            let side = if self.chance.yes(0.8) { ">" } else { "<" };
            let lag = 1 + self.chance.below(2);
            let off = match (side, self.chance.below(3)) {
                (">", 0) => format!(", off = {:e}", 0.8 * level),
                ("<", 0) => format!(", off = {:e}, again = false", 1.2 * level),
                _ => String::new(),
            };
            let when = format!("{{ sign = \"{seen} {side} {level:e}\", lag = {lag}, error = 1.5{off} }}");
            let mut rows = Vec::new();
            let number = NUMBERS[self.chance.below(NUMBERS.len())];
            if self.has(number) {
                rows.push(format!("path = \"{number}\"\ntimes = {:.2}", 0.4 + 0.5 * self.chance.unit()));
            }
            let setting = SETTINGS[self.chance.below(SETTINGS.len())];
            let times = 0.5 + 0.4 * self.chance.unit();
            if self.has(setting) {
                rows.push(format!("path = \"{setting}\"\ntimes = {times:.2}"));
            }
            if !self.rules.is_empty() && self.chance.yes(0.5) {
                let i = self.chance.below(self.rules.len());
                rows.push(format!("remove = \"rule.u{i}\""));
            }
            if self.chance.yes(0.5) {
                let from = self.quarter(-1, 4);
                let (effective, to) = (self.date(from), self.destination());
                let issuer = self.country();
                let lag = self.chance.below(3);
                let status = ["denied", "license", "license-case-by-case"][self.chance.below(3)];
                rows.push(format!(
                    "table = \"rule\"\nrow = {{ id = \"w{k}\", issuer = \"{issuer}\", effective = \"{effective}\", requires = \"{status}\", lag = {lag}, to = {to} }}"
                ));
            }
            for row in rows {
                let _ = write!(self.text, "\n[[answer]]\nwhen = {when}\n{row}\n");
            }
        }
        std::mem::swap(&mut self.chance, &mut self.last);
    }

    /// Whether a row has the number that a path or pattern means.
    fn has(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('.').collect();
        let (table, key) = (parts[0], parts[if parts.len() == 2 { 1 } else { 2 }]);
        let head = if parts.len() == 2 { format!("\n[{table}]\n") } else { format!("\n[[{table}]]\n") };
        let named = match parts[..] {
            [_, _, _, part] => format!("{part} ="),
            _ => format!("\n{key} ="),
        };
        self.text.match_indices(&head).any(|(at, _)| {
            let row = &self.text[at + head.len() - 1..];
            row[..row.find("\n[").unwrap_or(row.len())].contains(&named)
        })
    }
}
