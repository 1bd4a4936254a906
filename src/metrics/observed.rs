//! Observations bound to the cells that they are held against: every name, quarter and unit checked at its place.

use super::catalogue::Group;
use super::series::Series;
use crate::analysis::simple_rule::Measure;
use crate::model::time::{Horizon, Months, Quarter};
use crate::model::{Model, Observation, unit_examples, unit_factor};
use crate::scenario::Diagnostics;
use std::collections::{BTreeMap, BTreeSet};

/// An observation and the cells that it is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The observation, its numbers in the metric's own unit.
    pub observation: Observation,
    /// The metric's own unit.
    pub unit: String,
    /// Where it is scored if it does not say so itself: a quotient by its numerator.
    pub group: Group,
    /// The quarter, from the horizon's start.
    pub quarter: usize,
    /// How a draw's value is made of its cells.
    pub reading: Reading,
    /// Whether it is an amount, a sum or a level; none of a quotient.
    pub measure: Option<Measure>,
}

/// How a draw's value is made of the cells of series; `before` is the quarter whose sum is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // series, and the quarter before the sum's first
pub enum Reading {
    /// A cell as it stands.
    Cell { series: usize },
    /// A sum that counts from a later quarter than the horizon's first.
    Sum { series: usize, before: usize },
    /// A quotient of two such sums.
    Quotient { of: usize, over: usize, before: usize },
    /// A flow over months: of each quarter the share that they are, as if it were spread evenly; `first` starts the horizon.
    Flow { series: usize, months: Months, first: Quarter },
}

impl Observed {
    /// Cells that are needed, as (quarter, series).
    pub fn cells(&self) -> Vec<(usize, usize)> {
        let t = self.quarter;
        match self.reading {
            Reading::Cell { series } => vec![(t, series)],
            Reading::Sum { series, before } => vec![(t, series), (before, series)],
            Reading::Quotient { of, over, before } => vec![(t, of), (before, of), (t, over), (before, over)],
            Reading::Flow { series, months, first } => {
                months.shares().map(|(q, _)| ((q.0 - first.0) as usize, series)).collect()
            }
        }
    }

    /// A draw's value from its cells: `since` is a difference within the draw, never one of quantiles.
    pub fn value(&self, cell: impl Fn(usize, usize) -> f64) -> f64 {
        let t = self.quarter;
        let sum = |series: usize, before: usize| (cell(t, series) - cell(before, series)).max(0.0);
        match self.reading {
            Reading::Cell { series } => cell(t, series),
            Reading::Sum { series, before } => sum(series, before),
            Reading::Quotient { of, over, before } => {
                let over = sum(over, before);
                if over == 0.0 { 0.0 } else { sum(of, before) / over }
            }
            Reading::Flow { series, months, first } => {
                months.shares().map(|(q, share)| share * cell((q.0 - first.0) as usize, series)).sum()
            }
        }
    }
}

/// Binds a model's observations, `horizon` being the scenario's own.
///
/// Those with errors are left out; so are those of actors that edits removed, which are no mistakes.
pub fn bind(
    model: &Model,
    series: &[Series],
    removed: &[String],
    diagnostics: &mut Diagnostics,
) -> Vec<Observed> {
    let binder = Binder::new(series, model.run.horizon);
    let removed: BTreeSet<&String> = removed.iter().collect();
    let all = model.observations.iter().filter(|o| !removed.contains(&o.actor));
    all.filter_map(|o| {
        let place = binder.place(o, diagnostics);
        let quarters = binder.quarters(o, diagnostics);
        let (place, (quarter, before)) = (place?, quarters?);
        let reading = binder.reading(o, place, before, diagnostics)?;
        let worth = binder.worth(o, place, diagnostics)?;
        let in_own = |x: Option<f64>| x.map(|x| x * worth);
        let observation =
            Observation { low: in_own(o.low), central: in_own(o.central), high: in_own(o.high), ..o.clone() };
        let measured = series[place].parts().map_or(place, |[of, _]| of);
        let group = series[measured].metric.row().group;
        let unit = series[place].unit.clone();
        let one = &series[place];
        let measure = one.parts().is_none().then_some(match (one.cumulative, one.metric.is_flow()) {
            (true, _) => Measure::Sum,
            (false, true) => Measure::Flow,
            (false, false) => Measure::Level,
        });
        Some(Observed { observation, unit, group, quarter, reading, measure })
    })
    .collect()
}

struct Binder<'a> {
    series: &'a [Series],
    /// Where each stands, by actor and metric.
    places: BTreeMap<&'a str, BTreeMap<&'a str, usize>>,
    metrics: BTreeSet<&'a str>,
    horizon: Horizon,
}

impl<'a> Binder<'a> {
    fn new(series: &'a [Series], horizon: Horizon) -> Self {
        let mut places: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        for (i, s) in series.iter().enumerate() {
            places.entry(&s.actor).or_default().entry(s.name()).or_insert(i);
        }
        Self { series, places, metrics: series.iter().map(Series::name).collect(), horizon }
    }

    fn place(&self, o: &Observation, diagnostics: &mut Diagnostics) -> Option<usize> {
        let Some(own) = self.places.get(o.actor.as_str()) else {
            let message = format!("there is no actor `{}`", o.actor);
            let d = diagnostics.error(&o.places.actor, message, "unknown actor");
            d.suggest(&o.actor, self.places.keys().copied());
            return None;
        };
        if let Some(place) = own.get(o.metric.as_str()) {
            return Some(*place);
        }
        let known = self.metrics.contains(o.metric.as_str());
        let (message, label) = if known {
            (format!("`{}` has no metric `{}`", o.actor, o.metric), "of other actors only")
        } else {
            (format!("there is no metric `{}`", o.metric), "unknown metric")
        };
        let d = diagnostics.error(&o.places.metric, message, label);
        d.suggest(&o.metric, own.keys().copied());
        None
    }

    /// The quarter, and the one whose sum is taken off.
    fn quarters(&self, o: &Observation, diagnostics: &mut Diagnostics) -> Option<(usize, Option<usize>)> {
        let (first, last) = (self.horizon.first, self.horizon.last);
        let inside = format!("the scenario runs from {first} to {last}");
        if let Some(months) = o.months {
            let ends = [(months.first, &o.places.from), (months.last, &o.places.to)];
            if let Some((month, place)) =
                ends.into_iter().find(|(m, _)| m.quarter() < first || m.quarter() > last)
            {
                let message = format!("{month} lies outside the horizon");
                diagnostics.error(place, message, "not simulated").help(inside);
                return None;
            }
        } else if o.quarter < first || o.quarter > last {
            let message = format!("{} lies outside the horizon", o.quarter);
            diagnostics.error(&o.places.quarter, message, "not simulated").help(inside);
            return None;
        }
        let since = o.since.unwrap_or(first);
        if since < first {
            let message = format!("sums cannot count since {since}, before the horizon");
            diagnostics.error(&o.places.since, message, "not simulated").help(inside);
            return None;
        }
        let before = (since > first).then(|| (since.0 - first.0 - 1) as usize);
        Some(((o.quarter.0 - first.0) as usize, before))
    }

    fn reading(
        &self,
        o: &Observation,
        series: usize,
        before: Option<usize>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Reading> {
        let one = &self.series[series];
        if let Some(months) = o.months {
            if one.metric.is_flow() && !one.cumulative && one.parts().is_none() && o.since.is_none() {
                return Some(Reading::Flow { series, months, first: self.horizon.first });
            }
            let message = format!("`from` and `to` are for flows; `{}` is none", o.metric);
            let d = diagnostics.error(&o.places.from, message, "no flow");
            d.help("it takes a `quarter`; a sum has its first in `since`".to_owned());
            return None;
        }
        let (message, label) = match (before, one.parts()) {
            (None, _) if o.since.is_none() => return Some(Reading::Cell { series }),
            (_, Some([of, over])) if self.series[of].cumulative && self.series[over].cumulative => {
                let quotient = |before| Reading::Quotient { of, over, before };
                return Some(before.map_or(Reading::Cell { series }, quotient));
            }
            (_, None) if one.cumulative => {
                let sum = |before| Reading::Sum { series, before };
                return Some(before.map_or(Reading::Cell { series }, sum));
            }
            (_, Some(_)) => (
                format!("`since` is for quotients of sums; `{}` is another", o.actor),
                "no quotient of two `_cum`",
            ),
            (_, None) => (format!("`since` is for metrics that are summed; `{}` is not", o.metric), "no sum"),
        };
        let d = diagnostics.error(&o.places.since, message, label);
        if one.metric.is_flow() {
            d.help(format!("a flow's sum is `{}`", one.metric.sum()));
        }
        None
    }

    /// Worth of the written unit in the metric's own.
    fn worth(&self, o: &Observation, place: usize, diagnostics: &mut Diagnostics) -> Option<f64> {
        let own = &self.series[place].unit;
        let Some(written) = o.unit.as_ref().filter(|u| *u != own) else { return Some(1.0) };
        let worth = unit_factor(written, own);
        if worth.is_none() {
            let message = format!("`{}` is not measured in `{written}`", o.metric);
            let d = diagnostics.error(&o.places.unit, message, "another kind of unit");
            d.help(format!("it takes {}", unit_examples(own)));
        }
        worth
    }
}
