//! Every metric of every actor.

use super::catalogue::{ActorKind, Arrived, Carried, Course, Held, Made, Metric, Reads, Sold, Trained};
use crate::model::{
    BuyerId, Chip, ChipId, CountryId, Facility, FacilityId, GoodId, LabId, Model, RouteId, RuleId, Subject,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where a series' values come from: what is read, of whom.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // each is what the catalogue's `Reads` says
pub enum Source {
    Labs(Arc<[LabId]>, Trained),
    /// By its place among those who pool: countries, then groups.
    Pooled(usize),
    /// What an hour of rent costs.
    Rent,
    Buyers(Arc<[BuyerId]>, Held),
    Arrivals(CountryId, Arc<[BuyerId]>, Arrived),
    RefusedIn(CountryId),
    RefusedBy(RuleId),
    Chips(Arc<[ChipId]>, Sold),
    Facilities(Arc<[FacilityId]>, Made),
    Route(RouteId, Carried),
    /// Of two series that come before it.
    Quotient(usize, usize),
}

/// A metric of an actor over time.
#[derive(Clone, Debug)]
pub struct Series {
    /// `kind.id` or `world`.
    pub actor: String,
    /// The metric.
    pub metric: Metric,
    /// Whether it is the metric's sum since the start.
    pub cumulative: bool,
    /// Its unit.
    pub unit: String,
    /// Where its values come from.
    pub source: Source,
}

impl Series {
    /// The name of the metric, or of its sum.
    pub fn name(&self) -> &'static str {
        if self.cumulative { self.metric.sum() } else { self.metric.name() }
    }

    /// Whether it is an actor's metric of a name.
    pub fn is(&self, actor: &str, name: &str) -> bool {
        self.name() == name && self.actor == actor
    }

    /// The two series that it is a quotient of.
    pub fn parts(&self) -> Option<[usize; 2]> {
        match self.source {
            Source::Quotient(of, over) => Some([of, over]),
            _ => None,
        }
    }
}

/// A ratio of what does not exist.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`ratio.{ratio}` takes `{part}`, which is no metric of an actor")]
pub struct BadRatio {
    /// The ratio.
    pub ratio: String,
    /// What it names.
    pub part: String,
}

/// Every metric of every actor; a quotient's parts come before it.
///
/// # Errors
/// If a ratio names what does not exist.
pub fn all_series(model: &Model) -> Result<Vec<Series>, BadRatio> {
    let mut list = List { model, all: Vec::new(), places: BTreeMap::new() };
    list.labs();
    list.places();
    list.buyers();
    list.supply();
    list.diversion();
    list.shares();
    list.ratios()?;
    Ok(list.all)
}

/// What an actor has of which metrics can be read.
#[derive(Clone, Debug, Default)]
struct Has {
    labs: Option<Arc<[LabId]>>,
    pool: Option<usize>,
    buyers: Option<Arc<[BuyerId]>>,
    chips: Option<Arc<[ChipId]>>,
    facilities: Option<Arc<[FacilityId]>>,
    /// What there is of them.
    made: Vec<Made>,
    /// Itself, if it is a country.
    country: Option<CountryId>,
    /// Whether routes for chips end in it.
    smuggles: bool,
    /// Itself, if it is a route for chips.
    route: Option<RouteId>,
    /// Itself, if it is a rule on chips.
    rule: Option<RuleId>,
    /// The unit of its good.
    good: Option<String>,
    /// Whether it is the world, in which there is one price of rent.
    rents: bool,
}

struct List<'a> {
    model: &'a Model,
    all: Vec<Series>,
    /// Where each stands, by actor and name.
    places: BTreeMap<String, BTreeMap<&'static str, usize>>,
}

impl List<'_> {
    /// Adds those of an actor's metrics that can be read of what it has.
    fn add(&mut self, kind: ActorKind, id: &str, has: &Has) {
        let actor = kind.actor(id);
        for (metric, reads) in Metric::of(kind) {
            if let Some(source) = self.quotient(&actor, reads, has).or_else(|| source(reads, has)) {
                self.push(&actor, metric, &source, has.good.as_deref());
            }
        }
    }

    /// One of an actor's metrics over another: both come before.
    fn quotient(&self, actor: &str, reads: Reads, has: &Has) -> Option<Source> {
        let Reads::Over(of, over) = reads else { return None };
        has.buyers.as_ref()?;
        Some(Source::Quotient(self.find(actor, of.name())?, self.find(actor, over.name())?))
    }

    fn push(&mut self, actor: &str, metric: Metric, source: &Source, good: Option<&str>) {
        let row = metric.row();
        let unit = good.map_or_else(|| row.unit.to_owned(), |good| row.unit.replace("good", good));
        let series = |cumulative| Series {
            actor: actor.to_owned(),
            metric,
            cumulative,
            unit: unit.clone(),
            source: source.clone(),
        };
        let sums = row.course == Course::Flow;
        for series in [Some(series(false)), sums.then(|| series(true))].into_iter().flatten() {
            let own = self.places.entry(actor.to_owned()).or_default();
            own.entry(series.name()).or_insert(self.all.len());
            self.all.push(series);
        }
    }

    fn find(&self, actor: &str, name: &str) -> Option<usize> {
        self.places.get(actor)?.get(name).copied()
    }

    fn labs(&mut self) {
        for (l, lab) in self.model.labs.iter().enumerate() {
            let has = Has { labs: Some([LabId(l as u32)].into()), ..Has::default() };
            self.add(ActorKind::Lab, &lab.id, &has);
        }
    }

    /// Countries, groups and the world.
    fn places(&mut self) {
        let model = self.model;
        for (n, country) in model.countries.iter().enumerate() {
            let id = CountryId(n as u32);
            let has = Has {
                country: Some(id),
                smuggles: model.routes.iter().any(|r| r.to == id && r.good.is_none()),
                ..self.within(n, &|c| c == id)
            };
            self.add(ActorKind::Country, &country.id, &has);
        }
        for (g, group) in model.groups.iter().enumerate() {
            let has = self.within(model.countries.len() + g, &|c| group.members.contains(&c));
            self.add(ActorKind::Group, &group.id, &has);
        }
        let world = Has {
            labs: Some((0..model.labs.len() as u32).map(LabId).collect()),
            buyers: Some((0..model.buyers.len() as u32).map(BuyerId).collect()),
            rents: true,
            ..Has::default()
        };
        self.add(ActorKind::World, "", &world);
    }

    /// Labs and buyers of a place.
    fn within(&self, place: usize, inside: &dyn Fn(CountryId) -> bool) -> Has {
        let labs = self.model.labs.iter().enumerate().filter(|(_, l)| inside(l.country));
        let labs: Arc<[LabId]> = labs.map(|(i, _)| LabId(i as u32)).collect();
        let buyers = self.model.buyers.iter().enumerate().filter(|(_, b)| inside(b.country));
        let trains = !labs.is_empty();
        Has {
            labs: trains.then_some(labs),
            pool: trains.then_some(place),
            buyers: Some(buyers.map(|(i, _)| BuyerId(i as u32)).collect()),
            ..Has::default()
        }
    }

    fn buyers(&mut self) {
        let all = self.model.buyers.iter().enumerate();
        for (b, buyer) in all.filter(|(_, b)| b.budget.is_some() || !b.opening.is_empty()) {
            let has = Has { buyers: Some([BuyerId(b as u32)].into()), ..Has::default() };
            self.add(ActorKind::Buyer, &buyer.id, &has);
        }
    }

    fn supply(&mut self) {
        let model = self.model;
        let sold = |c: &Chip| c.price.is_some() && (c.launch.is_some() || c.variant_of.is_some());
        let chips = |keep: &dyn Fn(&Chip) -> bool| -> Arc<[ChipId]> {
            let all = model.chips.iter().enumerate();
            all.filter(|(_, c)| sold(c) && keep(c)).map(|(i, _)| ChipId(i as u32)).collect()
        };
        let of = |chips: Arc<[ChipId]>| Has { chips: Some(chips), ..Has::default() };
        for (c, chip) in model.chips.iter().enumerate().filter(|(_, c)| sold(c)) {
            self.add(ActorKind::Chip, &chip.id, &of([ChipId(c as u32)].into()));
        }
        for (d, designer) in model.designers.iter().enumerate() {
            let own = chips(&|c| c.designer.index() == d);
            if !own.is_empty() {
                self.add(ActorKind::Designer, &designer.id, &of(own));
            }
        }
        let families: BTreeSet<&String> = model.chips.iter().map(|c| &c.family).collect();
        for family in families.into_iter().filter(|f| !f.is_empty()) {
            let own = chips(&|c| c.family == *family);
            if !own.is_empty() {
                self.add(ActorKind::Family, family, &of(own));
            }
        }
        self.add(ActorKind::World, "", &of(chips(&|_| true)));
        let makes = |at: Arc<[FacilityId]>, good: GoodId| Has {
            made: made(model, &at),
            facilities: Some(at),
            good: Some(model.goods[good].unit.clone()),
            ..Has::default()
        };
        for (f, facility) in model.facilities.iter().enumerate() {
            let has = makes([FacilityId(f as u32)].into(), facility.good);
            self.add(ActorKind::Facility, &facility.id, &has);
        }
        for (g, good) in model.goods.iter().enumerate() {
            let all = model.facilities.iter().enumerate().filter(|(_, f)| f.good.index() == g);
            let has = makes(all.map(|(f, _)| FacilityId(f as u32)).collect(), GoodId(g as u32));
            self.add(ActorKind::Good, &good.id, &has);
        }
    }

    fn diversion(&mut self) {
        for (r, route) in self.model.routes.iter().enumerate().filter(|(_, r)| r.good.is_none()) {
            let has = Has { route: Some(RouteId(r as u32)), ..Has::default() };
            self.add(ActorKind::Route, &route.id, &has);
        }
        for (i, rule) in self.model.rules.iter().enumerate().filter(|(_, r)| r.subject == Subject::Chips) {
            let has = Has { rule: Some(RuleId(i as u32)), ..Has::default() };
            self.add(ActorKind::Rule, &rule.id, &has);
        }
    }

    /// Parts of the world's: after all that they are parts of.
    fn shares(&mut self) {
        let world = ActorKind::World.actor("");
        for (metric, reads) in Metric::of(ActorKind::Country) {
            let Reads::Share(whole) = reads else { continue };
            for country in &self.model.countries {
                let actor = ActorKind::Country.actor(&country.id);
                let parts = self.find(&actor, whole.name()).zip(self.find(&world, whole.name()));
                if let Some((own, all)) = parts {
                    self.push(&actor, metric, &Source::Quotient(own, all), None);
                }
            }
        }
    }

    fn ratios(&mut self) -> Result<(), BadRatio> {
        for ratio in &self.model.ratios {
            let find = |part: &String| {
                let found = part.split_once('/').and_then(|(actor, name)| self.find(actor, name));
                found.ok_or_else(|| BadRatio { ratio: ratio.id.clone(), part: part.clone() })
            };
            let source = Source::Quotient(find(&ratio.of)?, find(&ratio.over)?);
            self.push(&ActorKind::Ratio.actor(&ratio.id), Metric::Ratio, &source, None);
        }
        Ok(())
    }
}

/// What there is of facilities: what they can make and what is used, and where there is anything the rest.
fn made(model: &Model, at: &[FacilityId]) -> Vec<Made> {
    let any = |keep: &dyn Fn(&Facility) -> bool| at.iter().any(|f| keep(&model.facilities[*f]));
    let beside = |f: &Facility| model.chips.iter().any(|c| c.companions.contains_key(&f.good));
    let somewhere = [
        (Made::Others, any(&|f| f.others.is_some())),
        (Made::Companions, any(&beside)),
        (Made::Answered, any(&|f| f.answers(model))),
    ];
    let always = [Made::Capacity, Made::Output, Made::Utilisation];
    always.into_iter().chain(somewhere.into_iter().filter(|s| s.1).map(|s| s.0)).collect()
}

/// Where a metric's values come from, if the actor has what it reads.
fn source(reads: Reads, has: &Has) -> Option<Source> {
    match reads {
        Reads::Labs(what) => Some(Source::Labs(has.labs.clone()?, what)),
        Reads::Pooled => has.pool.map(Source::Pooled),
        Reads::Rent => has.rents.then_some(Source::Rent),
        Reads::Buyers(what) => Some(Source::Buyers(has.buyers.clone()?, what)),
        Reads::Arrivals(what) => {
            let country = has.country.filter(|_| has.smuggles)?;
            Some(Source::Arrivals(country, has.buyers.clone()?, what))
        }
        Reads::Refused => has.country.map(Source::RefusedIn).or(has.rule.map(Source::RefusedBy)),
        Reads::Chips(what) => Some(Source::Chips(has.chips.clone()?, what)),
        Reads::Facilities(what) => {
            let at = has.facilities.clone().filter(|_| has.made.contains(&what));
            Some(Source::Facilities(at?, what))
        }
        Reads::Route(what) => Some(Source::Route(has.route?, what)),
        // Quotients are of series, and are listed after all of them.
        Reads::Over(..) | Reads::Share(_) | Reads::Ratio => None,
    }
}
