//! The world with names resolved, units normalised and every error found.

mod accept;
mod answer;
#[macro_use]
mod declare;
pub mod entities;
mod factor;
pub mod field;
mod fields;
pub(crate) mod ids;
mod lever;
mod observation;
mod page_lever;
mod quantity;
mod read;
pub mod record;
mod same;
mod schema;
mod show;
mod spec;
pub mod time;
mod titles;
pub mod units;
mod validate;

pub use accept::{Accepted, take_accepted};
pub use answer::{Answers, RuleWaits, Sign, Waiting};
pub use entities::*;
pub use factor::Factor;
pub use field::{Amount, Attribute, Clause, Comparison, Condition, Effect, Nodes};
pub use fields::{FieldAbout, TableAbout, fields, tables};
pub use ids::{
    BuyerId, ChipId, CountryId, DesignerId, FacilityId, GoodId, GroupId, Id, IdVec, LabId, Named, QuantityId,
    RouteId, RuleId, ShockId, StockpileId, ToolId,
};
pub use lever::{Change, Lever, LeverRow, Places};
pub use observation::{Observation, ObservationPlaces};
pub use page_lever::{Moves, PageLever, Track};
pub use quantity::{Between, Dated, Grade, Point, Provenance, Quantity, Shape};
pub use read::OBSERVATION_COLUMNS;
pub(crate) use read::{unit_examples, unit_factor};
pub use record::{Calibration, SimpleRule, Vintage};
pub use same::Same;
pub use schema::schema;
pub use show::{Shown, show};
pub use spec::{Spec, Unit};
use std::sync::Arc;
pub use units::{ChipUnit, PerUnit, h100};

/// A whole scenario, resolved: tables in file order, every number a [`QuantityId`].
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Model {
    /// Title of the scenario.
    pub title: String,
    /// Every number, in order of reading; readings of one scenario share those that they agree on.
    pub quantities: Arc<IdVec<QuantityId, Arc<Quantity>>>,
    pub countries: IdVec<CountryId, Country>,
    pub groups: IdVec<GroupId, Group>,
    pub tools: IdVec<ToolId, Tool>,
    pub goods: IdVec<GoodId, Good>,
    pub facilities: IdVec<FacilityId, Facility>,
    pub designers: IdVec<DesignerId, Designer>,
    pub chips: IdVec<ChipId, Chip>,
    pub stockpiles: IdVec<StockpileId, Stockpile>,
    pub buyers: IdVec<BuyerId, Buyer>,
    pub labs: IdVec<LabId, Lab>,
    pub commitments: Vec<Commitment>,
    pub routes: IdVec<RouteId, Route>,
    pub rules: IdVec<RuleId, Rule>,
    pub shocks: IdVec<ShockId, Shock>,
    pub ratios: Vec<Ratio>,
    pub correlations: Vec<Correlation>,
    pub factors: Vec<Factor>,
    pub observations: Vec<Observation>,
    pub vintages: Vec<Vintage>,
    pub simple_rule: Option<SimpleRule>,
    pub calibration: Option<Calibration>,
    pub accepted: Vec<Accepted>,
    pub levers: Vec<PageLever>,
    pub run: Run,
    pub trade: Trade,
    pub production: Production,
    pub licensing: Licensing,
    pub diversion: Diversion,
    pub fleet: Fleet,
    pub rental: Rental,
    pub training: Training,
    pub science: Science,
    /// What waits for signs.
    pub answers: Answers,
}

impl Model {
    /// The quantity at a path.
    pub fn quantity_of(&self, path: &str) -> Option<QuantityId> {
        self.quantities.find_id(|q| q.path == path)
    }

    /// Country of a buyer's ultimate parent.
    pub fn headquarters(&self, buyer: BuyerId) -> CountryId {
        let buyer = &self.buyers[buyer];
        buyer.headquarters.unwrap_or(buyer.country)
    }

    /// Whether a buyer buys for itself.
    pub fn buys(&self, buyer: BuyerId) -> bool {
        let buyer = &self.buyers[buyer];
        buyer.budget.is_some() && buyer.kind != BuyerKind::Reseller
    }

    /// Chip routes that end in a country.
    pub fn chip_routes_to(&self, country: CountryId) -> Vec<RouteId> {
        let chip_routes = self.routes.iter_enumerated().filter(|(_, route)| route.good.is_none());
        chip_routes.filter(|(_, route)| route.to == country).map(|(id, _)| id).collect()
    }
}

impl Chip {
    /// Whether it comes on sale: it has a price, and a launch of its own or of the chip that it is a variant of.
    pub fn is_sold(&self) -> bool {
        self.price.is_some() && (self.launch.is_some() || self.variant_of.is_some())
    }
}

/// Quantities whose ranks move together.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// The quantities.
    pub of: Vec<QuantityId>,
    /// Correlation of their normal scores, for every pair \[1\].
    pub rho: f64,
}
