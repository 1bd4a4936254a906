//! The world with names resolved, units normalised and every error found.

#[macro_use]
mod declare;
pub mod entities;
pub mod field;
mod observation;
mod quantity;
mod read;
mod schema;
mod show;
mod spec;
pub mod time;
pub mod units;
mod validate;

pub use entities::*;
pub use field::{
    Amount, Attribute, BuyerId, ChipId, Clause, Comparison, Condition, CountryId, DesignerId, Effect,
    FacilityId, GoodId, GroupId, LabId, Nodes, RouteId, RuleId, ShockId, StockpileId, ToolId,
};
pub use observation::{Observation, ObservationPlaces};
pub use quantity::{Between, Dated, Grade, Point, Provenance, Quantity, QuantityId, Shape};
pub use read::OBSERVATION_COLUMNS;
pub(crate) use read::{unit_examples, unit_factor};
pub use schema::schema;
pub use show::{Shown, show};
pub use spec::{Spec, Unit};
pub use units::{ChipUnit, PerUnit, h100};

/// A whole scenario, resolved: tables in file order, every number a [`QuantityId`].
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Model {
    /// Title of the scenario.
    pub title: String,
    /// Every number, in order of reading.
    pub quantities: Vec<Quantity>,
    pub countries: Vec<Country>,
    pub groups: Vec<Group>,
    pub tools: Vec<Tool>,
    pub goods: Vec<Good>,
    pub facilities: Vec<Facility>,
    pub designers: Vec<Designer>,
    pub chips: Vec<Chip>,
    pub stockpiles: Vec<Stockpile>,
    pub buyers: Vec<Buyer>,
    pub labs: Vec<Lab>,
    pub commitments: Vec<Commitment>,
    pub routes: Vec<Route>,
    pub rules: Vec<Rule>,
    pub shocks: Vec<Shock>,
    pub ratios: Vec<Ratio>,
    pub correlations: Vec<Correlation>,
    pub observations: Vec<Observation>,
    pub run: Run,
    pub trade: Trade,
    pub production: Production,
    pub licensing: Licensing,
    pub diversion: Diversion,
    pub fleet: Fleet,
    pub rental: Rental,
    pub training: Training,
    pub science: Science,
}

impl Model {
    /// Reads a model from a document; errors and warnings go to `diagnostics`, and none comes back if there are errors.
    pub fn from_document(
        document: &crate::scenario::Document,
        sources: &crate::scenario::Sources,
        diagnostics: &mut crate::scenario::Diagnostics,
    ) -> Option<Self> {
        read::read(document, sources, diagnostics)
    }

    /// The quantity at a path.
    pub fn quantity_of(&self, path: &str) -> Option<QuantityId> {
        self.quantities.iter().position(|q| q.path == path).map(|i| QuantityId(i as u32))
    }
}

/// Quantities whose ranks move together.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// The quantities.
    pub of: Vec<QuantityId>,
    /// Correlation of their normal scores, for every pair [1].
    pub rho: f64,
}
