//! Look-ups that the page's words rest on: whose compute, by when, with what probability, bound by what.

use super::super::within_sentence;
use super::phrase::{Phrase, Source, actor_name};
use super::run_files::RunFiles;
use crate::metrics::{ActorKind, Metric, headline};

/// What the words are about: the largest run that could be finished, and the largest that is expected to have been.
pub(super) const REACHABLE: &str = Metric::ReachableFlop.name();
pub(super) const RUN: &str = Metric::RunFlop.name();

/// A run's files, seen from one policy and the horizon's end.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) files: &'a RunFiles,
    /// The policy that the words are about.
    pub(super) policy: String,
    /// Quarters of the horizon's year ends that are summarised, in order.
    pub(super) ends: Vec<String>,
    /// Actors of the headline that have a reachable run, as the scenario orders them.
    pub(super) headline: Vec<String>,
}

/// How sure it is that one of two is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// In over 95% of draws.
    Sure,
    /// In over three quarters.
    Likely,
    /// Closer than that.
    Open,
}

impl<'a> Facts<'a> {
    /// Looks at a run under a policy.
    pub(super) fn new(files: &'a RunFiles, policy: &str) -> Self {
        let summary = files.table("summary.csv");
        let quarters = summary.values("quarter");
        let mut ends: Vec<String> =
            quarters.iter().filter(|q| q.ends_with("Q4")).map(|q| (*q).to_owned()).collect();
        let last = quarters.into_iter().max().unwrap_or_default().to_owned();
        if !ends.contains(&last) {
            ends.push(last);
        }
        ends.sort();
        let mut facts = Self { files, policy: policy.to_owned(), ends, headline: Vec::new() };
        facts.headline = facts.headline();
        facts
    }

    /// The last quarter.
    pub(super) fn last(&self) -> &str {
        self.ends.last().map_or("", String::as_str)
    }

    fn headline(&self) -> Vec<String> {
        headline::among(&self.files.headline(), &self.actors(REACHABLE))
    }

    /// An actor as people name it within a sentence.
    pub(super) fn name(&self, actor: &str) -> String {
        let name = self.title(actor);
        if actor.starts_with("country.") { within_sentence(&name) } else { name }
    }

    /// An actor as people name it, alone.
    pub(super) fn title(&self, actor: &str) -> String {
        self.files.names.get(actor).cloned().unwrap_or_else(|| actor_name(actor))
    }

    /// A policy as people name it.
    pub(super) fn policy_title(&self, policy: &str) -> String {
        match self.files.about_policy(policy, "title") {
            _ if policy == "base" => "the scenario as it stands".to_owned(),
            title if title.is_empty() => policy.to_owned(),
            title => title,
        }
    }

    /// Actors that have a metric.
    pub(super) fn actors(&self, metric: &str) -> Vec<String> {
        let summary = self.files.table("summary.csv");
        let mut all: Vec<String> = Vec::new();
        for r in summary.find(&[("policy", &self.policy), ("metric", metric)]) {
            let actor = summary.text(r, "actor");
            if all.last().is_none_or(|a| a != actor) && !all.iter().any(|a| a == actor) {
                all.push(actor.to_owned());
            }
        }
        all
    }

    /// A cell's column of the summary.
    pub(super) fn cell(&self, actor: &str, metric: &str, quarter: &str, column: &str) -> Option<Source> {
        let summary = self.files.table("summary.csv");
        let wanted = [("actor", actor), ("metric", metric), ("quarter", quarter), ("policy", &self.policy)];
        let row = summary.find(&wanted).last()?;
        source("summary.csv", column, summary.text(row, column))
    }

    /// Those who compete: countries of the headline, or all with a reachable run, or labs; the largest at the end first.
    pub(super) fn contenders(&self) -> Vec<String> {
        let of = |kind: ActorKind, from: &[String]| -> Vec<String> {
            from.iter().filter(|a| ActorKind::of(a) == Some(kind)).cloned().collect()
        };
        let all = self.actors(REACHABLE);
        let choices = [
            of(ActorKind::Country, &self.headline),
            of(ActorKind::Country, &all),
            of(ActorKind::Lab, &self.headline),
        ];
        let mut chosen =
            choices.iter().find(|c| c.len() >= 2).or(choices.iter().find(|c| !c.is_empty())).cloned();
        let size =
            |a: &String| self.cell(a, REACHABLE, self.last(), "p50").map_or(f64::NEG_INFINITY, |s| s.value());
        let chosen = chosen.get_or_insert_default();
        chosen.sort_by(|a, b| size(b).total_cmp(&size(a)));
        std::mem::take(chosen)
    }

    /// How sure it is that `a` can reach more than `b` at the end, and their quotient where the scenario asks for it.
    pub(super) fn order(&self, a: &str, b: &str) -> (Order, Option<Source>) {
        for ratio in self.files.entities("ratio") {
            let part = |key: &str| ratio.get(key).and_then(toml::Value::as_str).unwrap_or_default();
            let (of, over) = (part("of"), part("over"));
            let whose = |actor: &str| format!("{actor}/{REACHABLE}");
            let turned = of == whose(b) && over == whose(a);
            let straight = of == whose(a) && over == whose(b);
            if !turned && !straight {
                continue;
            }
            let actor = ActorKind::Ratio.actor(part("id"));
            let at = |column: &str| {
                self.cell(&actor, Metric::Ratio.name(), self.last(), column).map(|s| s.value())
            };
            let (low, quarter) = if turned { ("p95", "p75") } else { ("p05", "p25") };
            let above = |x: Option<f64>| x.is_some_and(|x| if turned { x < 1.0 } else { x > 1.0 });
            let order = match (above(at(low)), above(at(quarter))) {
                (true, _) => Order::Sure,
                (_, true) => Order::Likely,
                _ => Order::Open,
            };
            let times =
                if turned { None } else { self.cell(&actor, Metric::Ratio.name(), self.last(), "p50") };
            return (order, times);
        }
        let at = |actor: &str, column: &str| {
            self.cell(actor, REACHABLE, self.last(), column).map_or(f64::NAN, |s| s.value())
        };
        let order = if at(a, "p05") > at(b, "p95") {
            Order::Sure
        } else if at(a, "p25") > at(b, "p75") {
            Order::Likely
        } else {
            Order::Open
        };
        (order, None)
    }

    /// Thresholds of an actor's reachable run in a quarter, from low to high: level, probability, its interval.
    pub(super) fn reached(&self, actor: &str, quarter: &str) -> Vec<[Source; 4]> {
        let table = self.files.table("thresholds.csv");
        let wanted =
            [("policy", self.policy.as_str()), ("actor", actor), ("metric", REACHABLE), ("quarter", quarter)];
        let rows = table.find(&wanted).filter_map(|r| {
            let of = |column: &str| source("thresholds.csv", column, table.text(r, column));
            Some([of("threshold_flop")?, of("probability")?, of("low")?, of("high")?])
        });
        rows.collect()
    }

    /// First quarter in which an actor has more likely than not reached a threshold.
    pub(super) fn likely_from(&self, actor: &str, threshold: &str) -> Option<String> {
        let table = self.files.table("thresholds.csv");
        let wanted = [
            ("policy", self.policy.as_str()),
            ("actor", actor),
            ("metric", REACHABLE),
            ("threshold_flop", threshold),
        ];
        let row = table.find(&wanted).find(|&r| table.number(r, "probability").is_some_and(|p| p >= 0.5))?;
        Some(table.text(row, "quarter").to_owned())
    }

    /// What bound a lab most often in a quarter, and in what share of draws.
    pub(super) fn bound_by(&self, lab: &str, quarter: &str) -> Option<(String, Source)> {
        let table = self.files.table("bottlenecks.csv");
        let wanted = [
            ("policy", self.policy.as_str()),
            ("subject", lab),
            ("subject_kind", "lab"),
            ("quarter", quarter),
        ];
        let row = table.largest(table.find(&wanted), "share")?;
        Some((
            table.text(row, "cause").to_owned(),
            source("bottlenecks.csv", "share", table.text(row, "share"))?,
        ))
    }

    /// Why a lab lacks chips, where it does, by what is named in most draws: `memory at home and rules abroad`.
    pub(super) fn lacks(&self, lab: &str, quarter: &str) -> Option<Phrase> {
        let table = self.files.table("bottlenecks.csv");
        let most = |kind| {
            let wanted = [
                ("policy", self.policy.as_str()),
                ("subject", lab),
                ("subject_kind", kind),
                ("quarter", quarter),
            ];
            table.largest(table.find(&wanted), "share").map(|row| table.text(row, "root").to_owned())
        };
        let root = most("lab-root")?;
        // Rules and routes are about chips from abroad; of inputs that is not told.
        let abroad = root == "rules" || root == "routes";
        Some(match most("lab-root-at-home").filter(|home| abroad && *home != root) {
            Some(home) => Phrase::default().name(&home).say(" at home and ").name(&root).say(" abroad"),
            None => Phrase::default().name(&root),
        })
    }

    /// The lab of a country with the largest reachable run at the end; a lab is its own.
    pub(super) fn strongest_lab(&self, actor: &str) -> Option<String> {
        if ActorKind::of(actor) == Some(ActorKind::Lab) {
            return Some(actor.to_owned());
        }
        let country = actor.strip_prefix("country.")?;
        let text = |row: &toml::Table, key: &str| {
            row.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
        };
        let labs = self.files.entities("lab").filter(|l| text(l, "country") == country);
        let sized = labs.filter_map(|l| {
            let lab = format!("lab.{}", text(l, "id"));
            Some((self.cell(&lab, REACHABLE, self.last(), "p50")?.value(), lab))
        });
        sized.max_by(|a, b| a.0.total_cmp(&b.0)).map(|l| l.1)
    }

    /// A cell's 90% interval in words: `1e26 to 3e27`.
    pub(super) fn interval(&self, actor: &str, metric: &str, quarter: &str) -> Option<Phrase> {
        let low = self.cell(actor, metric, quarter, "p05")?;
        let high = self.cell(actor, metric, quarter, "p95")?;
        Some(Phrase::default().number(&low).say(" to ").number(&high))
    }
}

/// A cell of a table; none if it is empty.
pub(super) fn source(table: &'static str, column: &str, raw: &str) -> Option<Source> {
    (!raw.is_empty()).then(|| Source {
        table,
        column: column.to_owned(),
        raw: raw.to_owned(),
        unsigned: false,
    })
}

/// A number of a row of a table.
pub(super) fn at(facts: &Facts<'_>, table: &'static str, row: usize, column: &str) -> Option<Source> {
    source(table, column, facts.files.table(table).text(row, column))
}
