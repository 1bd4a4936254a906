//! Causes that several quantities have in common.

use super::ids::QuantityId;

/// Smallest and largest quantile at which a factor can be: not 0 and not 1, whose normal scores are infinite.
pub(crate) const QUANTILE: (f64, f64) = (f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0);

/// A cause that several quantities have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// Its id; `factor.<id>` is the path of its own number.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// At which of its quantiles it is: even on (0, 1) unless given.
    pub value: QuantityId,
    /// Quantities that load on it, with the correlation of their normal scores with its own \[1\].
    pub loads: Vec<(QuantityId, f64)>,
}
