//! Gauges: the metrics that signs wait for, of every quarter so far.

use super::state::Seen;
use super::tally::Tally;
use crate::math::List;
use crate::math::wide::Lanes;
use crate::math::{Kernel, dispatch};
use crate::metrics::{Recording, Series};
use crate::plan::Plan;

/// Values of some metrics at the ends of quarters.
#[derive(Clone, Debug)]
pub(super) struct Gauges {
    /// What is looked at, as cells are written, without quarters.
    addresses: Vec<String>,
    /// The series of each.
    places: Vec<usize>,
    /// These, and what they are quotients of.
    series: Vec<Series>,
    tally: Tally,
    values: List<Lanes>,
    /// Values by quarter, then address.
    noted: List<Lanes>,
}

impl Gauges {
    /// Gauges of what is at some addresses; none if there are none.
    ///
    /// # Panics
    /// If an address is no series of the plan: it was held to them as the scenario was read.
    pub(super) fn new(plan: &Plan, mut addresses: Vec<String>) -> Option<Self> {
        addresses.sort_unstable();
        addresses.dedup();
        if addresses.is_empty() {
            return None;
        }
        let select: Vec<String> = addresses.iter().map(|a| format!("{a}@*")).collect();
        let recording = Recording::lean(plan, &select).expect("a sign is a metric of an actor");
        let place = |address: &String| {
            let (actor, metric) = address.split_once('/')?;
            recording.find(actor, metric)
        };
        let places = addresses.iter().map(|a| place(a).expect("a sign is a metric of an actor")).collect();
        Some(Self {
            places,
            tally: Tally::new(plan),
            values: List::of(Lanes::ZERO, recording.series.len()),
            noted: List::of(Lanes::ZERO, addresses.len() * plan.quarters),
            series: recording.series,
            addresses,
        })
    }

    /// Where a metric is among those that are looked at.
    pub(super) fn place(&self, address: &str) -> Option<usize> {
        self.addresses.iter().position(|a| a == address)
    }

    /// What a metric was at the end of a quarter.
    pub(super) fn at(&self, place: usize, t: usize) -> Lanes {
        self.noted[t * self.addresses.len() + place]
    }

    /// Notes a quarter, in order.
    pub(super) fn note(&mut self, t: usize, plan: &Plan, seen: &Seen<'_>) {
        dispatch(Note { gauges: self, t, plan, seen });
    }

    /// Takes over what was noted before quarter `t` of the same draws; all that is looked at is looked at there.
    pub(super) fn adopt(&mut self, from: &Self, t: usize) {
        self.tally.forget_shares();
        for (series, value) in self.series.iter().zip(&mut self.values) {
            let twin = from.series.iter().position(|s| s.is(&series.actor, series.name()));
            *value = twin.map_or(Lanes::ZERO, |twin| from.values[twin]);
        }
        let width = self.addresses.len();
        for (i, address) in self.addresses.iter().enumerate() {
            let Some(twin) = from.place(address) else { continue };
            for quarter in 0..t {
                self.noted[quarter * width + i] = from.at(twin, quarter);
            }
        }
    }

    #[inline(always)]
    fn count(&mut self, t: usize, plan: &Plan, seen: &Seen<'_>) {
        if t == 0 {
            self.values.fill(Lanes::ZERO);
            self.tally.forget_shares();
        }
        self.tally.count(t, plan, seen);
        for (i, series) in self.series.iter().enumerate() {
            let now = self.tally.read(&series.source, &self.values, plan, seen);
            self.values[i] = if series.cumulative { self.values[i] + now } else { now };
        }
        let width = self.addresses.len();
        for (i, &place) in self.places.iter().enumerate() {
            self.noted[t * width + i] = self.values[place];
        }
    }
}

/// A quarter's noting.
struct Note<'a> {
    gauges: &'a mut Gauges,
    t: usize,
    plan: &'a Plan,
    seen: &'a Seen<'a>,
}

impl Kernel for Note<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.gauges.count(self.t, self.plan, self.seen);
    }
}
