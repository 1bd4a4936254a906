//! Whom a story is about: an actor, and the rows that what happens to it happens to.

use crate::model::{CountryId, Model};

/// Rows that a story tells of; shocks and rules are told in every story.
#[derive(Clone, Debug)]
pub struct Focus {
    /// The actor, if it is not everybody.
    pub actor: Option<String>,
    /// Whether it is told by years.
    pub years: bool,
    /// Whether it is about each lab.
    pub labs: Vec<bool>,
    /// Whether it is about each country.
    pub countries: Vec<bool>,
    /// Whether it is about each buyer.
    pub buyers: Vec<bool>,
    /// Whether it is about each chip.
    pub chips: Vec<bool>,
    /// Whether it is about each facility.
    pub facilities: Vec<bool>,
    /// Whether it is about each private stock.
    pub stockpiles: Vec<bool>,
}

impl Focus {
    /// A story about everybody.
    pub fn everybody(model: &Model) -> Self {
        Self::where_(model, None, true)
    }

    fn where_(model: &Model, actor: Option<&str>, all: bool) -> Self {
        Self {
            actor: actor.map(str::to_owned),
            years: false,
            labs: vec![all; model.labs.len()],
            countries: vec![all; model.countries.len()],
            buyers: vec![all; model.buyers.len()],
            chips: vec![all; model.chips.len()],
            facilities: vec![all; model.facilities.len()],
            stockpiles: vec![all; model.stockpiles.len()],
        }
    }

    /// A story by years of what happens to all, and of what binds the labs among some actors.
    pub fn by_years(model: &Model, actors: &[String]) -> Self {
        let mut focus = Self { years: true, ..Self::where_(model, None, false) };
        for (flag, lab) in focus.labs.iter_mut().zip(&model.labs) {
            *flag = actors.iter().any(|a| a.strip_prefix("lab.") == Some(&lab.id));
        }
        focus
    }

    /// A story about an actor: its chips, buyers and labs, the facilities and routes that serve it.
    pub fn on(model: &Model, actor: &str) -> Self {
        let (kind, id) = actor.split_once('.').unwrap_or((actor, ""));
        let mut focus = Self::where_(model, Some(actor), kind == "world");
        match kind {
            "country" => focus.places(model, |n| model.countries[n].id == id),
            "group" => {
                let members = model.groups.iter().find(|g| g.id == id).map(|g| g.members.clone());
                focus.places(model, |n| members.as_ref().is_some_and(|m| m.contains(&n)));
            }
            "lab" => {
                for (flag, lab) in focus.labs.iter_mut().zip(&model.labs).filter(|(_, l)| l.id == id) {
                    *flag = true;
                    focus.countries[lab.country.index()] = true;
                    lab.buyers.keys().for_each(|b| focus.buyers[b.index()] = true);
                }
            }
            "buyer" => {
                for (b, buyer) in model.buyers.iter().enumerate().filter(|(_, x)| x.id == id) {
                    focus.buyers[b] = true;
                    focus.countries[buyer.country.index()] = true;
                    let uses = |l: &crate::model::Lab| {
                        l.buyers.keys().chain(l.clouds.keys()).any(|x| x.index() == b)
                    };
                    focus.labs = model.labs.iter().map(uses).collect();
                }
            }
            "designer" => {
                let own = |d: crate::model::DesignerId| model.designers[d].id == id;
                focus.chips = model.chips.iter().map(|c| own(c.designer)).collect();
                focus.stockpiles = model.stockpiles.iter().map(|s| own(s.designer)).collect();
                let claims = model.designers.iter().filter(|d| d.id == id).flat_map(|d| d.claims.keys());
                claims.for_each(|f| focus.facilities[f.index()] = true);
            }
            "chip" => {
                for (c, chip) in model.chips.iter().enumerate().filter(|(_, x)| x.id == id) {
                    focus.chips[c] = true;
                    focus.facilities = model.facilities.iter().map(|f| chip.needs(f.good)).collect();
                }
            }
            "facility" => focus.facilities = model.facilities.iter().map(|f| f.id == id).collect(),
            "good" => {
                let makes = |f: &crate::model::Facility| model.goods[f.good].id == id;
                focus.facilities = model.facilities.iter().map(makes).collect();
            }
            "route" => {
                let routes = model.routes.iter().filter(|r| r.id == id);
                routes.for_each(|r| focus.countries[r.to.index()] = true);
            }
            _ => {}
        }
        focus
    }

    fn places(&mut self, model: &Model, inside: impl Fn(CountryId) -> bool) {
        let home = |d: crate::model::DesignerId| inside(model.designers[d].country);
        self.countries = (0..model.countries.len() as u32).map(|n| inside(CountryId(n))).collect();
        self.labs = model.labs.iter().map(|l| inside(l.country)).collect();
        self.buyers = model.buyers.iter().map(|b| inside(b.country)).collect();
        self.chips = model.chips.iter().map(|c| home(c.designer)).collect();
        self.facilities = model.facilities.iter().map(|f| inside(f.country)).collect();
        self.stockpiles = model.stockpiles.iter().map(|s| home(s.designer)).collect();
    }
}
