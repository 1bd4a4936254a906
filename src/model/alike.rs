//! Whether a part of one model says the same as a part of another, where numbers, rules and shocks go by name.
//!
//! An id is a position, which a row that only one of two models has shifts. Countries, chips and the other tables are compared
//! as wholes, so their ids stand for themselves.

use super::field::{Amount, Clause, Condition, Effect, Nodes};
use super::ids::{
    BuyerId, ChipId, CountryId, DesignerId, FacilityId, GoodId, GroupId, Id, IdVec, LabId, QuantityId,
    RouteId, RuleId, ShockId, StockpileId, ToolId,
};
use super::time::{Date, Horizon};
use std::collections::BTreeMap;

/// Names of what an edit can shift in a model.
pub struct Names<'a> {
    /// Paths of numbers.
    pub(super) quantities: IdVec<QuantityId, &'a str>,
    /// Ids of rules.
    pub(super) rules: IdVec<RuleId, &'a str>,
    /// Ids of shocks.
    pub(super) shocks: IdVec<ShockId, &'a str>,
}

/// What can be compared between two models.
pub trait Alike {
    /// Whether it says the same as `other`; `names` are those of its model and those of the other's.
    fn is_like(&self, other: &Self, names: [&Names<'_>; 2]) -> bool;
}

macro_rules! equal { ($($t:ty),* $(,)?) => { $(
    impl Alike for $t {
        fn is_like(&self, other: &Self, _: [&Names<'_>; 2]) -> bool { self == other }
    }
)* } }
equal! {
    String, bool, u32, Date, Horizon, Nodes, CountryId, GroupId, ToolId, GoodId, FacilityId, DesignerId, ChipId,
    StockpileId, BuyerId, LabId, RouteId,
}

macro_rules! named { ($($t:ty => $table:ident),* $(,)?) => { $(
    impl Alike for $t {
        fn is_like(&self, other: &Self, [own, others]: [&Names<'_>; 2]) -> bool {
            own.$table[*self] == others.$table[*other]
        }
    }
)* } }
named! { QuantityId => quantities, RuleId => rules, ShockId => shocks }

impl Alike for f64 {
    fn is_like(&self, other: &Self, _: [&Names<'_>; 2]) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl<T: Alike> Alike for Option<T> {
    fn is_like(&self, other: &Self, names: [&Names<'_>; 2]) -> bool {
        match (self, other) {
            (None, None) => true,
            (Some(one), Some(other)) => one.is_like(other, names),
            _ => false,
        }
    }
}

impl<T: Alike> Alike for [T] {
    fn is_like(&self, other: &Self, names: [&Names<'_>; 2]) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(one, other)| one.is_like(other, names))
    }
}

impl<T: Alike> Alike for Vec<T> {
    fn is_like(&self, other: &Self, names: [&Names<'_>; 2]) -> bool {
        self.as_slice().is_like(other.as_slice(), names)
    }
}

impl<I: Id, T: Alike> Alike for IdVec<I, T> {
    fn is_like(&self, other: &Self, names: [&Names<'_>; 2]) -> bool {
        self.as_slice().is_like(other.as_slice(), names)
    }
}

impl<K: Alike, V: Alike> Alike for BTreeMap<K, V> {
    fn is_like(&self, other: &Self, names: [&Names<'_>; 2]) -> bool {
        self.len() == other.len()
            && self.iter().zip(other).all(|((k, v), (l, w))| k.is_like(l, names) && v.is_like(w, names))
    }
}

impl Alike for Amount {
    fn is_like(&self, other: &Self, names: [&Names<'_>; 2]) -> bool {
        match (self, other) {
            (Self::Units(one), Self::Units(other)) => one.is_like(other, names),
            (Self::Dies, Self::Dies) | (Self::Memory, Self::Memory) => true,
            _ => false,
        }
    }
}

impl Alike for Clause {
    fn is_like(&self, other: &Self, names: [&Names<'_>; 2]) -> bool {
        let Self { id, condition } = self;
        *id == other.id && condition.is_like(&other.condition, names)
    }
}

impl Alike for Condition {
    fn is_like(&self, other: &Self, names: [&Names<'_>; 2]) -> bool {
        match (self, other) {
            (Self::Compare(a, how, limit), Self::Compare(b, as_well, other)) => {
                a == b && how == as_well && limit.is_like(other, names)
            }
            (Self::Is(a, wanted), Self::Is(b, other)) => a == b && wanted == other,
            (Self::All(one), Self::All(other)) | (Self::Any(one), Self::Any(other)) => {
                one.is_like(other, names)
            }
            _ => false,
        }
    }
}

impl Alike for Effect {
    fn is_like(&self, other: &Self, names: [&Names<'_>; 2]) -> bool {
        let Self { on, to, amount } = self;
        *on == other.on && *to == other.to && amount.is_like(&other.amount, names)
    }
}
