//! The world with names resolved, units normalised and every error found.

#[macro_use]
mod declare;
pub mod entities;
pub mod field;
mod quantity;
mod read;
mod schema;
mod show;
mod spec;
pub mod time;
mod validate;

pub use entities::*;
pub use field::{
    Amount, Attribute, BuyerId, ChipId, Clause, Comparison, Condition, CountryId, DesignerId, Effect,
    FacilityId, GoodId, GroupId, LabId, Nodes, RouteId, RuleId, ShockId, StockpileId, ToolId,
};
pub use quantity::{Between, Dated, Grade, Point, Provenance, Quantity, QuantityId, Shape};
pub use schema::schema;
pub use show::{Shown, show};
pub use spec::{Spec, Unit};

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

/// A published number that a simulated metric can be held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Metric, such as `shipped_h100e_8bit_cum`.
    pub metric: String,
    /// Actor, such as `designer.nvidia`.
    pub actor: String,
    /// Quarter at whose end it held.
    pub quarter: time::Quarter,
    /// Published low end, if any.
    pub low: Option<f64>,
    /// Published central value, if any.
    pub central: Option<f64>,
    /// Published high end, if any.
    pub high: Option<f64>,
    /// Coverage of low..high [1].
    pub interval: f64,
    /// Whether it is one-sided evidence: the truth is at least this.
    pub at_least: bool,
    /// Quarter from which a cumulative metric counts.
    pub since: Option<time::Quarter>,
    /// Where it was published.
    pub source: String,
}
