//! The types that a field of a table can have.

use std::collections::BTreeMap;

/// A number that does not change over time.
pub type Scalar = QuantityId;
/// A number that may change over time.
pub type Series = QuantityId;
/// A plain number, never uncertain.
pub type Number = f64;
/// A plain whole number.
pub type Whole = u32;
/// A piece of text.
pub type Text = String;
/// Yes or no.
pub type Flag = bool;
/// Values by id, in order of the ids' indices.
pub type Map<K, V> = BTreeMap<K, V>;
/// Shares by id: written as a list of ids (1 each) or a table.
pub type Shares<K> = BTreeMap<K, QuantityId>;
/// A day or the start of a quarter.
pub use super::time::{Date, Horizon};

pub use super::ids::{
    BuyerId, ChipId, CountryId, DesignerId, FacilityId, GoodId, GroupId, LabId, QuantityId, RouteId, RuleId,
    ShockId, StockpileId, ToolId,
};

/// How much of a good goes into one chip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// A number of the good's units.
    Units(QuantityId),
    /// Its logic dies, at the facility's dies per wafer and yield.
    Dies,
    /// Its memory in GB.
    Memory,
}

/// A condition on a data sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// Its name within the rule, part of its numbers' paths.
    pub id: Option<String>,
    /// What it says.
    pub condition: Condition,
}

/// What a condition says.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// An attribute compared with a number: `tpp = ">= 4800"`. A missing attribute satisfies nothing.
    Compare(Attribute, Comparison, QuantityId),
    /// A yes-or-no attribute: `datacenter = true`.
    Is(Attribute, bool),
    /// All of these.
    All(Vec<Clause>),
    /// Any of these.
    Any(Vec<Clause>),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `=`
    Equal,
}

/// What a rule can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attribute {
    /// `tpp`: total processing performance.
    Tpp,
    /// `performance_density` \[TPP/mm2\].
    PerformanceDensity,
    /// `memory_bandwidth` \[GB/s\].
    MemoryBandwidth,
    /// `interconnect` \[GB/s, both directions\].
    Interconnect,
    /// `memory_bandwidth_plus_interconnect` \[GB/s\].
    MemoryBandwidthPlusInterconnect,
    /// `memory_bandwidth_density` \[GB/s/mm2\], of stand-alone memory.
    MemoryBandwidthDensity,
    /// `memory` \[GB\].
    Memory,
    /// `datacenter`: 1 or 0.
    Datacenter,
    /// `node` \[nm\].
    Node,
    /// `transistors` \[1\].
    Transistors,
}

/// What a shock does to a set of nodes: a list of effects, or one.
pub type Effects = Vec<Effect>;

/// A factor (or an addition) on a set of nodes at the effect's full strength.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The nodes, resolved.
    pub on: Nodes,
    /// For sales, fees, tools and servicing: countries of delivery (for tools: of the facility); empty: all.
    pub to: Vec<CountryId>,
    /// Factor at full strength, or addition for a fee \[1\].
    pub amount: QuantityId,
}

/// Nodes that a selector names, resolved to what the effect acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// Facilities.
    Facilities(Vec<FacilityId>),
    /// Countries.
    Countries(Vec<CountryId>),
    /// Buyers.
    Buyers(Vec<BuyerId>),
    /// Routes.
    Routes(Vec<RouteId>),
    /// Chips.
    Chips(Vec<ChipId>),
    /// Tools.
    Tools(Vec<ToolId>),
}
