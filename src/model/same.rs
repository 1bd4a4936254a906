//! Whether two models say the same, field by field.
//!
//! Ids of numbers, rules and shocks are compared by what they name, since edits shift them; numbers themselves are not compared.

use super::field::{Amount, Attribute, Clause, Comparison, Condition, Date, Effect, Horizon, Nodes};
use super::ids::{
    BuyerId, ChipId, CountryId, DesignerId, FacilityId, GoodId, GroupId, Id, IdVec, LabId, QuantityId,
    RouteId, RuleId, ShockId, StockpileId, ToolId,
};
use super::{Model, Quantity};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Model {
    /// Has numbers of which another reading of the scenario says the same be one with its own.
    pub(crate) fn share_quantities(&mut self, with: &IdVec<QuantityId, Arc<Quantity>>) {
        let theirs: BTreeMap<&str, &Arc<Quantity>> = with.iter().map(|q| (q.path.as_str(), q)).collect();
        for own in Arc::make_mut(&mut self.quantities).iter_mut() {
            // What was written, and where, is part of it: so no two zeros are taken for one another.
            if let Some(other) = theirs.get(own.path.as_str()).filter(|other| ***other == *own) {
                *own = Arc::clone(other);
            }
        }
    }
}

/// Something that two models can both say. The macros that declare tables derive it, so that a new field is compared at once.
pub trait Same {
    /// Whether `self`, of the first model, says what `other` says of the second.
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool;
}

/// Values that are equal or not, in whatever model.
macro_rules! plain { ($($t:ty),* $(,)?) => { $(
    impl Same for $t {
        fn same(&self, other: &Self, _: (&Model, &Model)) -> bool {
            self == other
        }
    }
)* } }

plain!(f64, u32, bool, String, Date, Horizon, Attribute, Comparison, Nodes);
plain!(
    BuyerId,
    ChipId,
    CountryId,
    DesignerId,
    FacilityId,
    GoodId,
    GroupId,
    LabId,
    RouteId,
    StockpileId,
    ToolId
);

impl Same for QuantityId {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        models.0.quantities[*self].path == models.1.quantities[*other].path
    }
}

impl Same for RuleId {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        models.0.rules[*self].id == models.1.rules[*other].id
    }
}

impl Same for ShockId {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        models.0.shocks[*self].id == models.1.shocks[*other].id
    }
}

impl<T: Same> Same for Option<T> {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        match (self, other) {
            (Some(a), Some(b)) => a.same(b, models),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<T: Same> Same for [T] {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a.same(b, models))
    }
}

impl<T: Same> Same for Vec<T> {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        self.as_slice().same(other.as_slice(), models)
    }
}

impl<I: Id, T: Same> Same for IdVec<I, T> {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        self.as_slice().same(other.as_slice(), models)
    }
}

impl<K: Same, V: Same> Same for BTreeMap<K, V> {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        let mut pairs = self.iter().zip(other);
        self.len() == other.len() && pairs.all(|(a, b)| a.0.same(b.0, models) && a.1.same(b.1, models))
    }
}

impl Same for Amount {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        match (self, other) {
            (Self::Units(a), Self::Units(b)) => a.same(b, models),
            (Self::Dies, Self::Dies) | (Self::Memory, Self::Memory) => true,
            (Self::Units(_) | Self::Dies | Self::Memory, _) => false,
        }
    }
}

impl Same for Clause {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        let Self { id, condition } = self;
        id.same(&other.id, models) && condition.same(&other.condition, models)
    }
}

impl Same for Condition {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        match (self, other) {
            (Self::Compare(a, b, x), Self::Compare(c, d, y)) => a == c && b == d && x.same(y, models),
            (Self::Is(a, x), Self::Is(b, y)) => a == b && x == y,
            (Self::All(a), Self::All(b)) | (Self::Any(a), Self::Any(b)) => a.same(b, models),
            (Self::Compare(..) | Self::Is(..) | Self::All(_) | Self::Any(_), _) => false,
        }
    }
}

impl Same for Effect {
    fn same(&self, other: &Self, models: (&Model, &Model)) -> bool {
        let Self { on, to, amount } = self;
        on == &other.on && to == &other.to && amount.same(&other.amount, models)
    }
}
